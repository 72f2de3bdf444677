;; `wasi_snapshot_preview1` without a system behind it.
;;
;; Toolchains whose runtime insists on WASI (Go, C, C++) get this at encoding, so that the component
;; imports the contract alone and gives the same answers every time. Clocks count the calls, random
;; bytes are one sequence, files are none, what is written to standard output and standard error
;; goes to the UDF's log, and `proc_exit` logs an error and traps. What a guest does not use is dropped from it.
;;
;; Function names and signatures: the witx files of WASI's preview 1. Global variables are i64 since
;; `wit-component` takes a mutable i32 for a stack pointer.
(module
  (import "env" "memory" (memory 0))
  (import "whittle:udf/logging@0.1.0" "log" (func $log (param i32 i32 i32)))

  ;; Nanoseconds.
  (global $clock (mut i64) (i64.const 0))
  (global $random (mut i64) (i64.const 0x2545f4914f6cdd1d))
  ;; Whether anything was written to standard error.
  (global $complained (mut i64) (i64.const 0))

  ;; The codes of errors.
  (global $EBADF i32 (i32.const 8))
  (global $ENOSYS i32 (i32.const 52))
  ;; Of `logging.level`.
  (global $INFO i32 (i32.const 2))
  (global $WARN i32 (i32.const 3))
  (global $ERROR i32 (i32.const 4))

  ;; No arguments, no environment.
  (func $nothing (param $count i32) (param $bytes i32) (result i32)
    (i32.store (local.get $count) (i32.const 0))
    (i32.store (local.get $bytes) (i32.const 0))
    (i32.const 0))
  (func (export "args_sizes_get") (param i32 i32) (result i32)
    (call $nothing (local.get 0) (local.get 1)))
  (func (export "environ_sizes_get") (param i32 i32) (result i32)
    (call $nothing (local.get 0) (local.get 1)))
  (func (export "args_get") (param i32 i32) (result i32) (i32.const 0))
  (func (export "environ_get") (param i32 i32) (result i32) (i32.const 0))

  ;; A millisecond passes between any two looks at a clock.
  (func (export "clock_res_get") (param $id i32) (param $out i32) (result i32)
    (i64.store (local.get $out) (i64.const 1000000))
    (i32.const 0))
  (func (export "clock_time_get") (param $id i32) (param $precision i64) (param $out i32) (result i32)
    (global.set $clock (i64.add (global.get $clock) (i64.const 1000000)))
    (i64.store (local.get $out) (global.get $clock))
    (i32.const 0))

  ;; Marsaglia's xorshift64.
  (func (export "random_get") (param $out i32) (param $length i32) (result i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $out) (local.get $length)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $out) (local.get $end)))
        (global.set $random (i64.xor (global.get $random) (i64.shl (global.get $random) (i64.const 13))))
        (global.set $random (i64.xor (global.get $random) (i64.shr_u (global.get $random) (i64.const 7))))
        (global.set $random (i64.xor (global.get $random) (i64.shl (global.get $random) (i64.const 17))))
        (i64.store8 (local.get $out) (global.get $random))
        (local.set $out (i32.add (local.get $out) (i32.const 1)))
        (br $next)))
    (i32.const 0))

  ;; Standard input, output and error are character devices; there is nothing else.
  (func $is_standard (param $fd i32) (result i32) (i32.lt_u (local.get $fd) (i32.const 3)))
  (func (export "fd_fdstat_get") (param $fd i32) (param $out i32) (result i32)
    (if (i32.eqz (call $is_standard (local.get $fd))) (then (return (global.get $EBADF))))
    (i64.store (local.get $out) (i64.const 2))
    (i64.store offset=8 (local.get $out) (i64.const -1))
    (i64.store offset=16 (local.get $out) (i64.const -1))
    (i32.const 0))
  (func (export "fd_fdstat_set_flags") (param $fd i32) (param i32) (result i32)
    (select (i32.const 0) (global.get $EBADF) (call $is_standard (local.get $fd))))
  (func (export "fd_close") (param $fd i32) (result i32)
    (select (i32.const 0) (global.get $EBADF) (call $is_standard (local.get $fd))))

  ;; Each buffer is a line, less the line feed at its end.
  (func (export "fd_write") (param $fd i32) (param $buffers i32) (param $count i32) (param $out i32)
    (result i32)
    (local $text i32) (local $length i32) (local $written i32)
    (if (i32.eqz (call $is_standard (local.get $fd))) (then (return (global.get $EBADF))))
    (if (i32.eq (local.get $fd) (i32.const 2)) (then (global.set $complained (i64.const 1))))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $count)))
        (local.set $text (i32.load (local.get $buffers)))
        (local.set $length (i32.load offset=4 (local.get $buffers)))
        (local.set $written (i32.add (local.get $written) (local.get $length)))
        (if (local.get $length) (then
          (if (i32.eq (i32.const 10) (i32.load8_u (i32.sub
                (i32.add (local.get $text) (local.get $length)) (i32.const 1))))
            (then (local.set $length (i32.sub (local.get $length) (i32.const 1)))))))
        (if (local.get $length) (then
          (call $log
            (select (global.get $WARN) (global.get $INFO) (i32.eq (local.get $fd) (i32.const 2)))
            (local.get $text) (local.get $length))))
        (local.set $buffers (i32.add (local.get $buffers) (i32.const 8)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next)))
    (i32.store (local.get $out) (local.get $written))
    (i32.const 0))
  ;; The end of the file.
  (func (export "fd_read") (param $fd i32) (param i32 i32) (param $out i32) (result i32)
    (if (local.get $fd) (then (return (global.get $EBADF))))
    (i32.store (local.get $out) (i32.const 0))
    (i32.const 0))

  ;; Every subscription fires at once. A subscription has 48 bytes, an event 32; both begin with
  ;; the user's data.
  (func (export "poll_oneoff") (param $in i32) (param $events i32) (param $count i32) (param $out i32)
    (result i32)
    (i32.store (local.get $out) (local.get $count))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $count)))
        (i64.store (local.get $events) (i64.load (local.get $in)))
        ;; No error; the event's type is the subscription's tag.
        (i64.store offset=8 (local.get $events)
          (i64.shl (i64.load8_u offset=8 (local.get $in)) (i64.const 16)))
        (i64.store offset=16 (local.get $events) (i64.const 0))
        (i64.store offset=24 (local.get $events) (i64.const 0))
        (local.set $in (i32.add (local.get $in) (i32.const 48)))
        (local.set $events (i32.add (local.get $events) (i32.const 32)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next)))
    (i32.const 0))

  (func (export "sched_yield") (result i32) (i32.const 0))

  ;; Says why it traps, in memory that nobody uses: an adapter has no data of its own. Go's runtime exits
  ;; with status 2 after it has written to standard error what is wrong.
  (func (export "proc_exit") (param $status i32)
    (local $text i32)
    (if (i32.and (i32.eq (local.get $status) (i32.const 2)) (i32.wrap_i64 (global.get $complained)))
      (then unreachable))
    (local.set $text (memory.grow (i32.const 1)))
    (if (i32.eq (local.get $text) (i32.const -1)) (then unreachable))
    (local.set $text (i32.shl (local.get $text) (i32.const 16)))
    (i64.store (local.get $text) (i64.const 0x6163204644552061)) ;; "a UDF ca"
    (i64.store offset=8 (local.get $text) (i64.const 0x69786520746f6e6e)) ;; "nnot exi"
    (i64.store offset=16 (local.get $text) (i64.const 0x7275746572203a74)) ;; "t: retur"
    (i64.store offset=24 (local.get $text) (i64.const 0x727265206e61206e)) ;; "n an err"
    (i64.store offset=32 (local.get $text) (i64.const 0x6574736e6920726f)) ;; "or inste"
    (i64.store offset=40 (local.get $text) (i64.const 0x0000000000006461)) ;; "ad"
    (call $log (global.get $ERROR) (local.get $text) (i32.const 42))
    unreachable)
  (func (export "proc_raise") (param i32) (result i32) (global.get $ENOSYS))

  (func (export "fd_advise") (param i32 i64 i64 i32) (result i32) (global.get $EBADF))
  (func (export "fd_allocate") (param i32 i64 i64) (result i32) (global.get $EBADF))
  (func (export "fd_datasync") (param i32) (result i32) (global.get $EBADF))
  (func (export "fd_fdstat_set_rights") (param i32 i64 i64) (result i32) (global.get $EBADF))
  (func (export "fd_filestat_get") (param i32 i32) (result i32) (global.get $EBADF))
  (func (export "fd_filestat_set_size") (param i32 i64) (result i32) (global.get $EBADF))
  (func (export "fd_filestat_set_times") (param i32 i64 i64 i32) (result i32) (global.get $EBADF))
  (func (export "fd_pread") (param i32 i32 i32 i64 i32) (result i32) (global.get $EBADF))
  (func (export "fd_prestat_get") (param i32 i32) (result i32) (global.get $EBADF))
  (func (export "fd_prestat_dir_name") (param i32 i32 i32) (result i32) (global.get $EBADF))
  (func (export "fd_pwrite") (param i32 i32 i32 i64 i32) (result i32) (global.get $EBADF))
  (func (export "fd_readdir") (param i32 i32 i32 i64 i32) (result i32) (global.get $EBADF))
  (func (export "fd_renumber") (param i32 i32) (result i32) (global.get $EBADF))
  (func (export "fd_seek") (param i32 i64 i32 i32) (result i32) (global.get $EBADF))
  (func (export "fd_sync") (param i32) (result i32) (global.get $EBADF))
  (func (export "fd_tell") (param i32 i32) (result i32) (global.get $EBADF))
  (func (export "path_create_directory") (param i32 i32 i32) (result i32) (global.get $EBADF))
  (func (export "path_filestat_get") (param i32 i32 i32 i32 i32) (result i32) (global.get $EBADF))
  (func (export "path_filestat_set_times") (param i32 i32 i32 i32 i64 i64 i32) (result i32)
    (global.get $EBADF))
  (func (export "path_link") (param i32 i32 i32 i32 i32 i32 i32) (result i32) (global.get $EBADF))
  (func (export "path_open") (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)
    (global.get $EBADF))
  (func (export "path_readlink") (param i32 i32 i32 i32 i32 i32) (result i32) (global.get $EBADF))
  (func (export "path_remove_directory") (param i32 i32 i32) (result i32) (global.get $EBADF))
  (func (export "path_rename") (param i32 i32 i32 i32 i32 i32) (result i32) (global.get $EBADF))
  (func (export "path_symlink") (param i32 i32 i32 i32 i32) (result i32) (global.get $EBADF))
  (func (export "path_unlink_file") (param i32 i32 i32) (result i32) (global.get $EBADF))
  (func (export "sock_accept") (param i32 i32 i32) (result i32) (global.get $EBADF))
  (func (export "sock_recv") (param i32 i32 i32 i32 i32 i32) (result i32) (global.get $EBADF))
  (func (export "sock_send") (param i32 i32 i32 i32 i32) (result i32) (global.get $EBADF))
  (func (export "sock_shutdown") (param i32 i32) (result i32) (global.get $EBADF)))
