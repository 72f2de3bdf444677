;; Reads the fields of the present row out of Arrow buffers, in place.
;;
;; The layout is declared in table.rs; a word that begins with a percent sign is put in by
;; modules.rs, from there or from a fragment at the end of this file. Getters call no function of
;; this module: each entry into a function costs a check of the epoch, even where it is inlined.
;;
;; Every handle is checked against the table's length and its entry's kind, every other index by
;; a checked load against the length beside its pointer. Words are read at their natural
;; alignment and never beyond the buffer.
(module
  (import "whittle:host/native@0.1.0" "store-data-address" (func $frame (result i64)))
  (import "whittle:host/native@0.1.0" "u16-native-load" (func $u16 (param i64) (result i32)))
  (import "whittle:host/native@0.1.0" "u32-native-load" (func $u32 (param i64) (result i32)))
  (import "whittle:host/native@0.1.0" "u64-native-load" (func $u64 (param i64) (result i64)))
  (import "whittle:host/native@0.1.0" "u8-checked-native-load"
    (func $u8-checked (param i64 i64 i64) (result i32)))
  (import "whittle:host/native@0.1.0" "u32-checked-native-load"
    (func $u32-checked (param i64 i64 i64) (result i32)))
  (import "whittle:host/native@0.1.0" "u64-checked-native-load"
    (func $u64-checked (param i64 i64 i64) (result i64)))
  (import "whittle:host/fields@0.1.0" "resolve"
    (func $resolve (param i32 i32 i32) (result i32)))
  (import "whittle:host/fields@0.1.0" "long-text" (func $long-text (param i32 i32)))
  (import "whittle:host/fields@0.1.0" "misuse" (func $misuse (param i32 i32)))

  (memory (export "memory") 1)
  %realloc

  (func (export "whittle:udf/document@0.1.0#resolve")
    (param $path i32) (param $length i32) (param $kind i32) (result i32)
    (local $handle i32)
    (local.set $handle (call $resolve (local.get $path) (local.get $length) (local.get $kind)))
    (global.set $free (i32.const %heap))
    (local.get $handle))

  %getters
)

;;= locate: $entry and $row of $field, or a branch to $misuse or $none. Put in: the test for a
;; kind that the entry does not have.
(local.set $frame (call $frame))
(local.set $entry (i64.shl (i64.extend_i32_u (local.get $field)) (i64.const %entry.shift)))
(br_if $misuse (i64.ge_u (local.get $entry)
  (call $u64 (i64.add (local.get $frame) (i64.const %frame.columns_bytes)))))
(local.set $entry (i64.add (local.get $entry)
  (call $u64 (i64.add (local.get $frame) (i64.const %frame.columns)))))
%wrong-kind
(local.set $row (call $u64 (i64.add (local.get $frame) (i64.const %frame.row))))
(local.set $validity (call $u64 (i64.add (local.get $entry) (i64.const %entry.validity))))
(if (i64.ne (local.get $validity) (i64.const 0)) (then
  (local.set $bit (i64.add (local.get $row) (i64.extend_i32_u
    (call $u16 (i64.add (local.get $entry) (i64.const %entry.validity_bit))))))
  (br_if $none (i32.eqz (i32.and (i32.const 1) (i32.shr_u
    (call $u8-checked
      (local.get $validity)
      (i64.shr_u (local.get $bit) (i64.const 3))
      (call $u64 (i64.add (local.get $entry) (i64.const %entry.validity_bytes))))
    (i32.and (i32.wrap_i64 (local.get $bit)) (i32.const 7))))))))

;;= boolean: the bit of $row, as an i32.
(local.set $bit (i64.add (local.get $row) (i64.extend_i32_u
  (call $u16 (i64.add (local.get $entry) (i64.const %entry.values_bit))))))
(i32.and (i32.const 1) (i32.shr_u
  (call $u8-checked
    (call $u64 (i64.add (local.get $entry) (i64.const %entry.values)))
    (i64.shr_u (local.get $bit) (i64.const 3))
    (call $u64 (i64.add (local.get $entry) (i64.const %entry.values_bytes))))
  (i32.and (i32.wrap_i64 (local.get $bit)) (i32.const 7))))

;;= word: the eight bytes of $row, as an i64.
(call $u64-checked
  (call $u64 (i64.add (local.get $entry) (i64.const %entry.values)))
  (i64.shl (local.get $row) (i64.const 3))
  (call $u64 (i64.add (local.get $entry) (i64.const %entry.values_bytes))))

;;= extent: the text of $row is $length bytes at $start of $values, which has $bytes.
(local.set $offsets (call $u64 (i64.add (local.get $entry) (i64.const %entry.offsets))))
(local.set $bytes (call $u64 (i64.add (local.get $entry) (i64.const %entry.offsets_bytes))))
(local.set $start (i64.extend_i32_u (call $u32-checked
  (local.get $offsets) (i64.shl (local.get $row) (i64.const 2)) (local.get $bytes))))
(local.set $length (i64.sub
  (i64.extend_i32_u (call $u32-checked
    (local.get $offsets)
    (i64.add (i64.shl (local.get $row) (i64.const 2)) (i64.const 4))
    (local.get $bytes)))
  (local.get $start)))

;;= text-word: $word gets up to eight bytes at $start of $values, of which $left are the text's;
;; the others are zero. Two aligned words hold them; at the buffer's edges, where one of those
;; would reach beyond it, they are read one by one.
(local.set $shift (i64.shl
  (i64.and (i64.add (local.get $values) (local.get $start)) (i64.const 7)) (i64.const 3)))
(local.set $aligned (i64.sub (local.get $start) (i64.shr_u (local.get $shift) (i64.const 3))))
(block $read
  (block $edge
    (br_if $edge (i64.lt_s (local.get $aligned) (i64.const 0)))
    (br_if $edge (i64.gt_u
      (i64.add (local.get $aligned) (i64.const 8)) (local.get $bytes)))
    (local.set $word (i64.shr_u
      (call $u64-checked (local.get $values) (local.get $aligned) (local.get $bytes))
      (local.get $shift)))
    (if (i64.gt_u
          (i64.add (local.get $left) (i64.shr_u (local.get $shift) (i64.const 3)))
          (i64.const 8))
      (then (if (i64.ne (local.get $shift) (i64.const 0)) (then
        (br_if $edge (i64.gt_u
          (i64.add (local.get $aligned) (i64.const 16)) (local.get $bytes)))
        (local.set $word (i64.or (local.get $word) (i64.shl
          (call $u64-checked
            (local.get $values)
            (i64.add (local.get $aligned) (i64.const 8))
            (local.get $bytes))
          (i64.sub (i64.const 64) (local.get $shift)))))))))
    (br $read))
  (local.set $word (i64.const 0))
  (local.set $shift (i64.const 0))
  (loop $byte
    (local.set $word (i64.or (local.get $word) (i64.shl
      (i64.extend_i32_u (call $u8-checked
        (local.get $values)
        (i64.add (local.get $start) (i64.shr_u (local.get $shift) (i64.const 3)))
        (local.get $bytes)))
      (local.get $shift))))
    (local.set $shift (i64.add (local.get $shift) (i64.const 8)))
    (br_if $byte (i32.and
      (i64.lt_u (local.get $shift) (i64.const 64))
      (i64.lt_u (i64.shr_u (local.get $shift) (i64.const 3)) (local.get $left))))))
(if (i64.lt_u (local.get $left) (i64.const 8)) (then
  (local.set $word (i64.and (local.get $word) (i64.sub
    (i64.shl (i64.const 1) (i64.shl (local.get $left) (i64.const 3)))
    (i64.const 1))))))

;;= text: the text of $row as pointer and length at the address that is put in.
%extent
(block $told
  (if (i64.gt_u (local.get $length) (i64.const %buffer.bytes)) (then
    (global.set $free (i32.const %heap))
    (call $long-text (local.get $field) (i32.const %place))
    (br $told)))
  (i32.store (i32.const %place) (i32.const %buffer))
  (i32.store (i32.add (i32.const %place) (i32.const 4)) (i32.wrap_i64 (local.get $length)))
  (local.set $values (call $u64 (i64.add (local.get $entry) (i64.const %entry.values))))
  (local.set $bytes (call $u64 (i64.add (local.get $entry) (i64.const %entry.values_bytes))))
  (local.set $left (local.get $length))
  (local.set $to (i32.const %buffer))
  (loop $copy
    (br_if $told (i64.le_s (local.get $left) (i64.const 0)))
    %text-word
    (i64.store (local.get $to) (local.get $word))
    (local.set $to (i32.add (local.get $to) (i32.const 8)))
    (local.set $start (i64.add (local.get $start) (i64.const 8)))
    (local.set $left (i64.sub (local.get $left) (i64.const 8)))
    (br $copy)))
