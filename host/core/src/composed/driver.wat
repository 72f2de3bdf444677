;; Calls the guest's `evaluate` for each row of a piece and writes the results where the frame
;; says. One entry into WebAssembly for up to %piece.rows rows.
;;
;; The layout is declared in table.rs; a word that begins with a percent sign is put in from there.
;; `evaluate` returns a `result<value, error>` in memory, by the canonical ABI:
;;
;;   result + 0    0: a value, 1: an error
;;   result + 8    the value's case (0: null), or the error's
;;   result + 16   the value's payload; a text is a pointer and a length
;;   result + 12   the error's text: a pointer and a length
(module
  (import "whittle:host/native@0.1.0" "store-data-address" (func $frame (result i64)))
  (import "whittle:host/native@0.1.0" "u64-native-load" (func $u64 (param i64) (result i64)))
  (import "whittle:host/native@0.1.0" "u64-native-store" (func $store-u64 (param i64 i64)))
  (import "whittle:host/native@0.1.0" "u8-checked-native-store"
    (func $store-u8-checked (param i64 i64 i64 i32)))
  (import "whittle:host/native@0.1.0" "u64-checked-native-store"
    (func $store-u64-checked (param i64 i64 i64 i64)))
  (import "whittle:udf/functions@0.1.0" "evaluate" (func $evaluate (param i32)))
  (import "whittle:host/sink@0.1.0" "text" (func $text (param i32 i32)))
  (import "whittle:host/sink@0.1.0" "fail" (func $fail (param i32 i32 i32)))
  (import "whittle:host/sink@0.1.0" "wrong-kind" (func $wrong-kind (param i32)))

  (memory (export "memory") 1)
  %realloc

  (func (export "run") (param $rows i32)
    (local $row i64) (local $end i64) (local $frame i64) (local $returns i32) (local $case i32)
    (local $values i64) (local $values-bytes i64) (local $states i64) (local $states-bytes i64)
    (local $value i64)
    (local.set $frame (call $frame))
    (local.set $returns
      (i32.wrap_i64 (call $u64 (i64.add (local.get $frame) (i64.const %frame.returns)))))
    (local.set $values (call $u64 (i64.add (local.get $frame) (i64.const %frame.values))))
    (local.set $values-bytes
      (call $u64 (i64.add (local.get $frame) (i64.const %frame.values_bytes))))
    (local.set $states (call $u64 (i64.add (local.get $frame) (i64.const %frame.states))))
    (local.set $states-bytes
      (call $u64 (i64.add (local.get $frame) (i64.const %frame.states_bytes))))
    (local.set $end (i64.extend_i32_u (local.get $rows)))
    (block $done
      (loop $next
        (br_if $done (i64.ge_u (local.get $row) (local.get $end)))
        (call $store-u64 (i64.add (local.get $frame) (i64.const %frame.row)) (local.get $row))
        (global.set $free (i32.const %heap))
        (call $evaluate (i32.const %result))
        (block $written
          (block $has-value
            (br_if $has-value (i32.eqz (i32.load8_u (i32.const %result))))
            (call $fail
              (i32.load8_u offset=8 (i32.const %result))
              (i32.load offset=12 (i32.const %result))
              (i32.load offset=16 (i32.const %result)))
            (br $written))
          (local.set $case (i32.load8_u offset=8 (i32.const %result)))
          (br_if $written (i32.eqz (local.get $case)))
          (if (i32.ne (local.get $case) (local.get $returns)) (then
            (call $wrong-kind (local.get $case))
            (br $written)))
          (if (i32.or
                (i32.eq (local.get $case) (i32.const %case.text))
                (i32.eq (local.get $case) (i32.const %case.json)))
            (then
              (call $text
                (i32.load offset=16 (i32.const %result))
                (i32.load offset=20 (i32.const %result)))
              (br $written)))
          (local.set $value
            (if (result i64) (i32.eq (local.get $case) (i32.const %case.boolean))
              (then (i64.load8_u offset=16 (i32.const %result)))
              (else (i64.load offset=16 (i32.const %result)))))
          (call $store-u64-checked
            (local.get $values) (i64.shl (local.get $row) (i64.const 3)) (local.get $values-bytes)
            (local.get $value))
          (call $store-u8-checked
            (local.get $states) (local.get $row) (local.get $states-bytes) (i32.const 1)))
        (local.set $row (i64.add (local.get $row) (i64.const 1)))
        (br $next)))))
