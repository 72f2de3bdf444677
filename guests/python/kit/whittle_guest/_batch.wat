;; Compiled from native/batch.c, and printed by a test.
(module $_batch
 (@dylink.0
  (mem-info (memory 528 4) (table 12 0))
 )
 (type (;0;) (func (param i32 i32) (result i32)))
 (type (;1;) (func (param i32) (result i32)))
 (type (;2;) (func (param i32) (result i64)))
 (type (;3;) (func (param i32 i32)))
 (type (;4;) (func (result i32)))
 (type (;5;) (func (param i32 i32 i32) (result i32)))
 (type (;6;) (func))
 (type (;7;) (func (param i32)))
 (type (;8;) (func (param i64) (result i32)))
 (type (;9;) (func (param f64) (result i32)))
 (type (;10;) (func (param i32) (result f64)))
 (type (;11;) (func (param i32 i32 i32 i32) (result i32)))
 (import "env" "memory" (memory (;0;) 1))
 (import "env" "__indirect_function_table" (table (;0;) 12 funcref))
 (import "env" "__stack_pointer" (global $__stack_pointer (;0;) (mut i32)))
 (import "env" "__memory_base" (global $__memory_base (;1;) i32))
 (import "env" "__table_base" (global $__table_base (;2;) i32))
 (import "env" "PyModule_Create2" (func $PyModule_Create2 (;0;) (type 0)))
 (import "env" "PyType_FromSpec" (func $PyType_FromSpec (;1;) (type 1)))
 (import "env" "PyModule_AddType" (func $PyModule_AddType (;2;) (type 0)))
 (import "env" "PyLong_AsLongLong" (func $PyLong_AsLongLong (;3;) (type 2)))
 (import "env" "Py_NewRef" (func $Py_NewRef (;4;) (type 1)))
 (import "whittle:batch/results@0.2.0" "watch" (func $results_watch (;5;) (type 3)))
 (import "env" "PyBytes_AsString" (func $PyBytes_AsString (;6;) (type 1)))
 (import "env" "PyMem_Realloc" (func $PyMem_Realloc (;7;) (type 0)))
 (import "env" "PyErr_NoMemory" (func $PyErr_NoMemory (;8;) (type 4)))
 (import "env" "PyObject_CallNoArgs" (func $PyObject_CallNoArgs (;9;) (type 1)))
 (import "env" "PyList_GetItem" (func $PyList_GetItem (;10;) (type 0)))
 (import "env" "memset" (func $memset (;11;) (type 5)))
 (import "env" "PyErr_Clear" (func $PyErr_Clear (;12;) (type 6)))
 (import "env" "PyObject_CallFunctionObjArgs" (func $PyObject_CallFunctionObjArgs (;13;) (type 0)))
 (import "env" "Py_DecRef" (func $Py_DecRef (;14;) (type 7)))
 (import "env" "PyErr_GetRaisedException" (func $PyErr_GetRaisedException (;15;) (type 4)))
 (import "env" "PyLong_FromLongLong" (func $PyLong_FromLongLong (;16;) (type 8)))
 (import "env" "memcpy" (func $memcpy (;17;) (type 5)))
 (import "env" "PyFloat_FromDouble" (func $PyFloat_FromDouble (;18;) (type 9)))
 (import "env" "PyBytes_Size" (func $PyBytes_Size (;19;) (type 1)))
 (import "env" "PyBytes_FromStringAndSize" (func $PyBytes_FromStringAndSize (;20;) (type 0)))
 (import "env" "PyErr_Occurred" (func $PyErr_Occurred (;21;) (type 4)))
 (import "env" "PyFloat_AsDouble" (func $PyFloat_AsDouble (;22;) (type 10)))
 (import "env" "PyUnicode_AsUTF8AndSize" (func $PyUnicode_AsUTF8AndSize (;23;) (type 0)))
 (import "env" "PyTuple_Size" (func $PyTuple_Size (;24;) (type 1)))
 (import "env" "PyTuple_GetItem" (func $PyTuple_GetItem (;25;) (type 0)))
 (import "env" "PyUnicode_CompareWithASCIIString" (func $PyUnicode_CompareWithASCIIString (;26;) (type 0)))
 (import "env" "PyErr_SetString" (func $PyErr_SetString (;27;) (type 3)))
 (import "env" "PyUnicode_DecodeUTF8" (func $PyUnicode_DecodeUTF8 (;28;) (type 5)))
 (import "env" "PyObject_IsTrue" (func $PyObject_IsTrue (;29;) (type 1)))
 (import "env" "PyNumber_Float" (func $PyNumber_Float (;30;) (type 1)))
 (import "GOT.mem" "_Py_TrueStruct" (global $_Py_TrueStruct (;3;) (mut i32)))
 (import "GOT.mem" "_Py_NoneStruct" (global $_Py_NoneStruct (;4;) (mut i32)))
 (import "GOT.mem" "_Py_FalseStruct" (global $_Py_FalseStruct (;5;) (mut i32)))
 (import "GOT.mem" "PyLong_Type" (global $PyLong_Type (;6;) (mut i32)))
 (import "GOT.mem" "PyFloat_Type" (global $PyFloat_Type (;7;) (mut i32)))
 (import "GOT.mem" "PyUnicode_Type" (global $PyUnicode_Type (;8;) (mut i32)))
 (import "GOT.mem" "PyExc_TypeError" (global $PyExc_TypeError (;9;) (mut i32)))
 (export "__wasm_apply_data_relocs" (func $__wasm_apply_data_relocs))
 (export "PyInit__batch" (func $PyInit__batch))
 (elem (;0;) (global.get $__table_base) func $bind $enter_batch $at $evaluate $score $filled $leave_batch $column_bind $column_open $column_close $column_get $column_has)
 (func $__wasm_call_ctors (;31;) (type 6))
 (func $__wasm_apply_data_relocs (;32;) (type 6)
  (i32.store
   (i32.add
    (i32.const 164)
    (global.get $__memory_base))
   (i32.add
    (global.get $__memory_base)
    (i32.const 58)))
  (i32.store
   (i32.add
    (i32.const 176)
    (global.get $__memory_base))
   (i32.add
    (global.get $__memory_base)
    (i32.const 224)))
  (i32.store
   (i32.add
    (i32.const 196)
    (global.get $__memory_base))
   (i32.add
    (global.get $__memory_base)
    (i32.const 25)))
  (i32.store
   (i32.add
    (i32.const 212)
    (global.get $__memory_base))
   (i32.add
    (global.get $__memory_base)
    (i32.const 352)))
  (i32.store
   (i32.add
    (i32.const 224)
    (global.get $__memory_base))
   (i32.add
    (global.get $__memory_base)
    (i32.const 92)))
  (i32.store
   (i32.add
    (i32.const 228)
    (global.get $__memory_base))
   (i32.add
    (global.get $__table_base)
    (i32.const 0)))
  (i32.store
   (i32.add
    (i32.const 240)
    (global.get $__memory_base))
   (i32.add
    (global.get $__memory_base)
    (i32.const 19)))
  (i32.store
   (i32.add
    (i32.const 244)
    (global.get $__memory_base))
   (i32.add
    (global.get $__table_base)
    (i32.const 1)))
  (i32.store
   (i32.add
    (i32.const 256)
    (global.get $__memory_base))
   (i32.add
    (global.get $__memory_base)
    (i32.const 12)))
  (i32.store
   (i32.add
    (i32.const 260)
    (global.get $__memory_base))
   (i32.add
    (global.get $__table_base)
    (i32.const 2)))
  (i32.store
   (i32.add
    (i32.const 272)
    (global.get $__memory_base))
   (i32.add
    (global.get $__memory_base)
    (i32.const 71)))
  (i32.store
   (i32.add
    (i32.const 276)
    (global.get $__memory_base))
   (i32.add
    (global.get $__table_base)
    (i32.const 3)))
  (i32.store
   (i32.add
    (i32.const 288)
    (global.get $__memory_base))
   (i32.add
    (global.get $__memory_base)
    (i32.const 86)))
  (i32.store
   (i32.add
    (i32.const 292)
    (global.get $__memory_base))
   (i32.add
    (global.get $__table_base)
    (i32.const 4)))
  (i32.store
   (i32.add
    (i32.const 304)
    (global.get $__memory_base))
   (i32.add
    (global.get $__memory_base)
    (i32.const 97)))
  (i32.store
   (i32.add
    (i32.const 308)
    (global.get $__memory_base))
   (i32.add
    (global.get $__table_base)
    (i32.const 5)))
  (i32.store
   (i32.add
    (i32.const 320)
    (global.get $__memory_base))
   (i32.add
    (global.get $__memory_base)
    (i32.const 65)))
  (i32.store
   (i32.add
    (i32.const 324)
    (global.get $__memory_base))
   (i32.add
    (global.get $__table_base)
    (i32.const 6)))
  (i32.store
   (i32.add
    (i32.const 356)
    (global.get $__memory_base))
   (i32.add
    (global.get $__memory_base)
    (i32.const 368)))
  (i32.store
   (i32.add
    (i32.const 368)
    (global.get $__memory_base))
   (i32.add
    (global.get $__memory_base)
    (i32.const 92)))
  (i32.store
   (i32.add
    (i32.const 372)
    (global.get $__memory_base))
   (i32.add
    (global.get $__table_base)
    (i32.const 7)))
  (i32.store
   (i32.add
    (i32.const 384)
    (global.get $__memory_base))
   (i32.add
    (global.get $__memory_base)
    (i32.const 53)))
  (i32.store
   (i32.add
    (i32.const 388)
    (global.get $__memory_base))
   (i32.add
    (global.get $__table_base)
    (i32.const 8)))
  (i32.store
   (i32.add
    (i32.const 400)
    (global.get $__memory_base))
   (i32.add
    (global.get $__memory_base)
    (i32.const 80)))
  (i32.store
   (i32.add
    (i32.const 404)
    (global.get $__memory_base))
   (i32.add
    (global.get $__table_base)
    (i32.const 9)))
  (i32.store
   (i32.add
    (i32.const 416)
    (global.get $__memory_base))
   (i32.add
    (global.get $__memory_base)
    (i32.const 8)))
  (i32.store
   (i32.add
    (i32.const 420)
    (global.get $__memory_base))
   (i32.add
    (global.get $__table_base)
    (i32.const 10)))
  (i32.store
   (i32.add
    (i32.const 432)
    (global.get $__memory_base))
   (i32.add
    (global.get $__memory_base)
    (i32.const 15)))
  (i32.store
   (i32.add
    (i32.const 436)
    (global.get $__memory_base))
   (i32.add
    (global.get $__table_base)
    (i32.const 11)))
 )
 (func $PyInit__batch (;33;) (type 4) (result i32)
  (local i32 i32 i32)
  (local.set 0
   (i32.const 0))
  (local.set 2
   (call $PyModule_Create2
    (i32.add
     (local.tee 1
      (global.get $__memory_base))
     (i32.const 144))
    (i32.const 3)))
  (local.set 1
   (call $PyType_FromSpec
    (i32.add
     (local.get 1)
     (i32.const 196))))
  (block ;; label = @1
   (br_if 0 (;@1;)
    (i32.eqz
     (local.get 2)))
   (br_if 0 (;@1;)
    (i32.eqz
     (local.get 1)))
   (local.set 0
    (select
     (i32.const 0)
     (local.get 2)
     (i32.lt_s
      (call $PyModule_AddType
       (local.get 2)
       (local.get 1))
      (i32.const 0)))))
  (local.get 0)
 )
 (func $bind (;34;) (type 5) (param i32 i32 i32) (result i32)
  (local i32)
  (i64.store32
   (i32.add
    (local.tee 3
     (global.get $__memory_base))
    (i32.const 464))
   (call $PyLong_AsLongLong
    (i32.load
     (local.get 1))))
  (i32.store8
   (i32.add
    (local.get 3)
    (i32.const 468))
   (i32.eq
    (i32.load offset=4
     (local.get 1))
    (global.get $_Py_TrueStruct)))
  (i32.store
   (i32.add
    (local.get 3)
    (i32.const 472))
   (call $Py_NewRef
    (i32.load offset=8
     (local.get 1))))
  (i32.store
   (i32.add
    (local.get 3)
    (i32.const 476))
   (call $Py_NewRef
    (i32.load offset=12
     (local.get 1))))
  (i32.store
   (i32.add
    (local.get 3)
    (i32.const 480))
   (call $Py_NewRef
    (i32.load offset=16
     (local.get 1))))
  (call $results_watch
   (i32.add
    (local.get 3)
    (i32.const 484))
   (i32.const 1))
  (call $Py_NewRef
   (global.get $_Py_NoneStruct))
 )
 (func $enter_batch (;35;) (type 0) (param i32 i32) (result i32)
  (local i32)
  (local.set 2
   (i32.const 0))
  (block ;; label = @1
   (br_if 0 (;@1;)
    (i32.eq
     (local.get 1)
     (global.get $_Py_NoneStruct)))
   (local.set 2
    (call $PyBytes_AsString
     (local.get 1))))
  (i32.store8
   (i32.add
    (local.tee 1
     (global.get $__memory_base))
    (i32.const 492))
   (i32.const 1))
  (i32.store
   (i32.add
    (local.get 1)
    (i32.const 488))
   (local.get 2))
  (i32.store
   (i32.add
    (local.get 1)
    (i32.const 496))
   (i32.const 0))
  (i32.store
   (i32.add
    (local.get 1)
    (i32.const 484))
   (i32.const 0))
  (call $Py_NewRef
   (global.get $_Py_NoneStruct))
 )
 (func $at (;36;) (type 0) (param i32 i32) (result i32)
  (local i32)
  (i32.store
   (i32.add
    (local.tee 2
     (global.get $__memory_base))
    (i32.const 484))
   (local.tee 1
    (i32.wrap_i64
     (call $PyLong_AsLongLong
      (local.get 1)))))
  (i32.store
   (i32.add
    (local.get 2)
    (i32.const 496))
   (local.get 1))
  (call $Py_NewRef
   (global.get $_Py_NoneStruct))
 )
 (func $evaluate (;37;) (type 5) (param i32 i32 i32) (result i32)
  (local i32 i32 i32 i64 i32 i32 i32 i32 i32 i32)
  (global.set $__stack_pointer
   (local.tee 3
    (i32.sub
     (global.get $__stack_pointer)
     (i32.const 32))))
  (local.set 4
   (global.get $__memory_base))
  (local.set 5
   (i32.const 0))
  (local.set 6
   (call $PyLong_AsLongLong
    (i32.load
     (local.get 1))))
  (i32.store
   (i32.add
    (local.get 4)
    (i32.const 500))
   (i32.const 0))
  (i32.store8
   (i32.add
    (local.get 4)
    (i32.const 504))
   (i32.const 1))
  (i32.store
   (i32.add
    (local.get 4)
    (i32.const 520))
   (i32.const 0))
  (local.set 7
   (i32.load offset=8
    (local.get 1)))
  (local.set 8
   (i32.load offset=4
    (local.get 1)))
  (block ;; label = @1
   (block ;; label = @2
    (br_if 0 (;@2;)
     (local.tee 4
      (call $PyMem_Realloc
       (i32.load
        (i32.add
         (local.get 4)
         (i32.const 508)))
       (local.tee 9
        (i32.wrap_i64
         (local.get 6))))))
    (drop
     (call $PyErr_NoMemory))
    (br 1 (;@1;)))
   (i32.store
    (i32.add
     (local.tee 1
      (global.get $__memory_base))
     (i32.const 508))
    (local.get 4))
   (block ;; label = @2
    (br_if 0 (;@2;)
     (local.tee 4
      (call $PyMem_Realloc
       (i32.load
        (i32.add
         (local.get 1)
         (i32.const 516)))
       (i32.add
        (i32.shl
         (local.get 9)
         (i32.const 2))
        (i32.const 4)))))
    (drop
     (call $PyErr_NoMemory))
    (local.set 5
     (i32.const 0))
    (br 1 (;@1;)))
   (i32.store
    (local.get 4)
    (i32.const 0))
   (i32.store
    (i32.add
     (local.tee 1
      (global.get $__memory_base))
     (i32.const 516))
    (local.get 4))
   (block ;; label = @2
    (br_if 0 (;@2;)
     (i32.ge_u
      (local.tee 1
       (i32.load
        (i32.add
         (local.get 1)
         (i32.const 524))))
      (local.tee 4
       (i32.shl
        (local.get 9)
        (i32.const 3)))))
    (block ;; label = @3
     (br_if 0 (;@3;)
      (local.tee 1
       (call $PyMem_Realloc
        (i32.load
         (i32.add
          (global.get $__memory_base)
          (i32.const 512)))
        (local.tee 4
         (select
          (local.tee 1
           (i32.shl
            (local.get 1)
            (i32.const 1)))
          (local.get 4)
          (i32.gt_u
           (local.get 1)
           (local.get 4)))))))
     (drop
      (call $PyErr_NoMemory))
     (local.set 5
      (i32.const 0))
     (br 2 (;@1;)))
    (i32.store
     (i32.add
      (local.tee 5
       (global.get $__memory_base))
      (i32.const 524))
     (local.get 4))
    (i32.store
     (i32.add
      (local.get 5)
      (i32.const 512))
     (local.get 1)))
   (block ;; label = @2
    (br_if 0 (;@2;)
     (i32.eqz
      (local.get 9)))
    (local.set 10
     (i32.const 4))
    (local.set 4
     (i32.const 1))
    (loop ;; label = @3
     (i32.store
      (i32.add
       (local.tee 5
        (global.get $__memory_base))
       (i32.const 484))
      (local.tee 1
       (i32.add
        (local.get 4)
        (i32.const -1))))
     (i32.store
      (i32.add
       (local.get 5)
       (i32.const 496))
      (local.get 1))
     (block ;; label = @4
      (block ;; label = @5
       (br_if 0 (;@5;)
        (i32.ne
         (local.get 7)
         (global.get $_Py_NoneStruct)))
       (local.set 1
        (call $PyObject_CallNoArgs
         (local.get 8)))
       (br 1 (;@4;)))
      (local.set 1
       (call $Py_NewRef
        (call $PyList_GetItem
         (local.get 7)
         (local.get 1)))))
     (block ;; label = @4
      (block ;; label = @5
       (block ;; label = @6
        (block ;; label = @7
         (br_if 0 (;@7;)
          (i32.eqz
           (local.get 1)))
         (block ;; label = @8
          (block ;; label = @9
           (block ;; label = @10
            (br_if 0 (;@10;)
             (i32.ne
              (local.get 1)
              (global.get $_Py_NoneStruct)))
            (br_if 0 (;@10;)
             (i32.ne
              (i32.load8_u
               (i32.add
                (global.get $__memory_base)
                (i32.const 468)))
              (i32.const 1)))
            (block ;; label = @11
             (br_if 0 (;@11;)
              (i32.eqz
               (i32.load8_u
                (i32.add
                 (global.get $__memory_base)
                 (i32.const 504)))))
             (drop
              (call $memset
               (i32.load
                (i32.add
                 (local.tee 5
                  (global.get $__memory_base))
                 (i32.const 508)))
               (i32.const 1)
               (local.get 9)))
             (i32.store8
              (i32.add
               (local.get 5)
               (i32.const 504))
              (i32.const 0)))
            (i32.store8
             (i32.add
              (i32.load
               (i32.add
                (local.tee 5
                 (global.get $__memory_base))
                (i32.const 508)))
              (local.tee 11
               (i32.load
                (i32.add
                 (local.get 5)
                 (i32.const 496)))))
             (i32.const 0))
            (br_table 2 (;@8;) 1 (;@9;) 2 (;@8;) 1 (;@9;)
             (i32.add
              (local.tee 5
               (i32.load
                (i32.add
                 (local.get 5)
                 (i32.const 464))))
              (i32.const -3))))
           (br_if 1 (;@8;)
            (call $store_as
             (i32.const 0)
             (local.get 1)))
           (call $PyErr_Clear)
           (i32.store offset=16
            (local.get 3)
            (local.get 1))
           (i32.store offset=20
            (local.get 3)
            (i32.const 0))
           (br_if 3 (;@6;)
            (i32.eqz
             (local.tee 11
              (call $PyObject_CallFunctionObjArgs
               (i32.load
                (i32.add
                 (global.get $__memory_base)
                 (i32.const 472)))
               (i32.add
                (local.get 3)
                (i32.const 16))))))
           (local.set 5
            (i32.const 1))
           (local.set 12
            (call $store_as
             (i32.const 1)
             (local.get 11)))
           (call $Py_DecRef
            (local.get 11))
           (call $Py_DecRef
            (local.get 1))
           (br_if 4 (;@5;)
            (i32.eqz
             (local.get 12)))
           (br 5 (;@4;)))
          (drop
           (call $memset
            (i32.add
             (i32.load
              (i32.add
               (global.get $__memory_base)
               (i32.const 512)))
             (i32.shl
              (local.get 11)
              (select
               (i32.const 3)
               (i32.const 0)
               (local.get 5))))
            (i32.const 0)
            (select
             (i32.const 8)
             (i32.const 1)
             (local.get 5)))))
         (call $Py_DecRef
          (local.get 1))
         (local.set 5
          (i32.const 1))
         (br 3 (;@4;)))
        (call $Py_DecRef
         (i32.const 0))
        (br 1 (;@5;)))
       (call $Py_DecRef
        (i32.const 0))
       (call $Py_DecRef
        (local.get 1)))
      (block ;; label = @5
       (br_if 0 (;@5;)
        (i32.eqz
         (i32.load8_u
          (i32.add
           (global.get $__memory_base)
           (i32.const 504)))))
       (drop
        (call $memset
         (i32.load
          (i32.add
           (local.tee 1
            (global.get $__memory_base))
           (i32.const 508)))
         (i32.const 1)
         (local.get 9)))
       (i32.store8
        (i32.add
         (local.get 1)
         (i32.const 504))
        (i32.const 0)))
      (i32.store8
       (i32.add
        (i32.load
         (i32.add
          (local.tee 1
           (global.get $__memory_base))
          (i32.const 508)))
        (local.tee 5
         (i32.load
          (i32.add
           (local.get 1)
           (i32.const 496)))))
       (i32.const 0))
      (block ;; label = @5
       (block ;; label = @6
        (br_table 1 (;@5;) 0 (;@6;) 1 (;@5;) 0 (;@6;)
         (i32.add
          (local.tee 1
           (i32.load
            (i32.add
             (local.get 1)
             (i32.const 464))))
          (i32.const -3))))
       (drop
        (call $memset
         (i32.add
          (i32.load
           (i32.add
            (global.get $__memory_base)
            (i32.const 512)))
          (i32.shl
           (local.get 5)
           (select
            (i32.const 3)
            (i32.const 0)
            (local.get 1))))
         (i32.const 0)
         (select
          (i32.const 8)
          (i32.const 1)
          (local.get 1)))))
      (local.set 11
       (global.get $__memory_base))
      (local.set 1
       (call $PyErr_GetRaisedException))
      (local.set 5
       (i32.const 0))
      (local.set 11
       (call $PyLong_FromLongLong
        (i64.load32_u
         (i32.add
          (local.get 11)
          (i32.const 496)))))
      (block ;; label = @5
       (br_if 0 (;@5;)
        (i32.eqz
         (local.get 1)))
       (br_if 0 (;@5;)
        (i32.eqz
         (local.get 11)))
       (i32.store
        (local.get 3)
        (local.get 11))
       (i32.store offset=4
        (local.get 3)
        (local.get 1))
       (i32.store offset=8
        (local.get 3)
        (i32.const 0))
       (local.set 5
        (call $PyObject_CallFunctionObjArgs
         (i32.load
          (i32.add
           (global.get $__memory_base)
           (i32.const 476)))
         (local.get 3))))
      (call $Py_DecRef
       (local.get 1))
      (call $Py_DecRef
       (local.get 11))
      (call $Py_DecRef
       (local.get 5))
      (local.set 5
       (i32.ne
        (local.get 5)
        (i32.const 0))))
     (block ;; label = @4
      (block ;; label = @5
       (br_table 0 (;@5;) 1 (;@4;) 0 (;@5;) 1 (;@4;)
        (i32.add
         (i32.load
          (i32.add
           (global.get $__memory_base)
           (i32.const 464)))
         (i32.const -3))))
      (i32.store
       (i32.add
        (i32.sub
         (i32.load
          (i32.add
           (local.tee 1
            (global.get $__memory_base))
           (i32.const 516)))
         (i32.shl
          (i32.load
           (i32.add
            (local.get 1)
            (i32.const 500)))
          (i32.const 2)))
        (local.get 10))
       (local.tee 1
        (i32.load
         (i32.add
          (local.get 1)
          (i32.const 520)))))
      (block ;; label = @5
       (br_if 0 (;@5;)
        (local.get 5))
       (local.set 5
        (i32.const 0))
       (br 4 (;@1;)))
      (block ;; label = @5
       (br_if 0 (;@5;)
        (i32.gt_u
         (local.get 1)
         (i32.const 65535)))
       (local.set 5
        (i32.const 1))
       (br_if 1 (;@4;)
        (i32.ne
         (local.get 9)
         (local.get 4))))
      (local.set 5
       (call $put
        (local.get 4))))
     (block ;; label = @4
      (br_if 0 (;@4;)
       (i32.eqz
        (local.get 5)))
      (local.set 10
       (i32.add
        (local.get 10)
        (i32.const 4)))
      (local.set 1
       (i32.lt_u
        (local.get 4)
        (local.get 9)))
      (local.set 4
       (i32.add
        (local.get 4)
        (i32.const 1)))
      (br_if 1 (;@3;)
       (local.get 1))))
    (br_if 0 (;@2;)
     (local.get 5))
    (local.set 5
     (i32.const 0))
    (br 1 (;@1;)))
   (block ;; label = @2
    (block ;; label = @3
     (br_table 1 (;@2;) 0 (;@3;) 1 (;@2;) 0 (;@3;)
      (i32.add
       (i32.load
        (i32.add
         (global.get $__memory_base)
         (i32.const 464)))
       (i32.const -3))))
    (br_if 0 (;@2;)
     (call $put
      (local.get 9)))
    (local.set 5
     (i32.const 0))
    (br 1 (;@1;)))
   (local.set 5
    (call $Py_NewRef
     (global.get $_Py_NoneStruct))))
  (global.set $__stack_pointer
   (i32.add
    (local.get 3)
    (i32.const 32)))
  (local.get 5)
 )
 (func $store_as (;38;) (type 0) (param i32 i32) (result i32)
  (local i32 i32 i32 i32 i32 i32)
  (global.set $__stack_pointer
   (local.tee 2
    (i32.sub
     (global.get $__stack_pointer)
     (i32.const 16))))
  (local.set 6
   (i32.add
    (local.tee 4
     (i32.load
      (i32.add
       (local.tee 3
        (global.get $__memory_base))
       (i32.const 512))))
    (i32.shl
     (local.tee 5
      (i32.load
       (i32.add
        (local.get 3)
        (i32.const 496))))
     (i32.const 3))))
  (block ;; label = @1
   (block ;; label = @2
    (block ;; label = @3
     (block ;; label = @4
      (block ;; label = @5
       (block ;; label = @6
        (block ;; label = @7
         (br_table 0 (;@7;) 1 (;@6;) 2 (;@5;) 3 (;@4;) 1 (;@6;) 3 (;@4;) 6 (;@1;)
          (local.tee 3
           (i32.load
            (i32.add
             (local.get 3)
             (i32.const 464))))))
        (i32.store8
         (i32.add
          (local.get 4)
          (local.get 5))
         (local.tee 7
          (i32.eq
           (local.get 1)
           (global.get $_Py_TrueStruct))))
        (local.set 7
         (i32.or
          (local.get 7)
          (i32.eq
           (local.get 1)
           (global.get $_Py_FalseStruct))))
        (br 5 (;@1;)))
       (block ;; label = @6
        (br_if 0 (;@6;)
         (local.get 0))
        (br_if 0 (;@6;)
         (i32.eq
          (i32.load offset=4
           (local.get 1))
          (global.get $PyLong_Type)))
        (local.set 7
         (i32.const 0))
        (br 5 (;@1;)))
       (i64.store offset=8
        (local.get 2)
        (call $PyLong_AsLongLong
         (local.get 1)))
       (drop
        (call $memcpy
         (local.get 6)
         (i32.add
          (local.get 2)
          (i32.const 8))
         (i32.const 8)))
       (local.set 7
        (i32.const 1))
       (br_if 4 (;@1;)
        (i64.ne
         (i64.load offset=8
          (local.get 2))
         (i64.const -1)))
       (local.set 7
        (i32.eqz
         (call $PyErr_Occurred)))
       (br 4 (;@1;)))
      (block ;; label = @5
       (br_if 0 (;@5;)
        (local.get 0))
       (br_if 0 (;@5;)
        (i32.eq
         (i32.load offset=4
          (local.get 1))
         (global.get $PyFloat_Type)))
       (local.set 7
        (i32.const 0))
       (br 4 (;@1;)))
      (f64.store offset=8
       (local.get 2)
       (call $PyFloat_AsDouble
        (local.get 1)))
      (drop
       (call $memcpy
        (local.get 6)
        (i32.add
         (local.get 2)
         (i32.const 8))
        (i32.const 8)))
      (br 1 (;@3;)))
     (block ;; label = @4
      (br_if 0 (;@4;)
       (local.get 0))
      (local.set 7
       (i32.const 0))
      (br_if 3 (;@1;)
       (i32.eq
        (local.get 3)
        (i32.const 5)))
      (br_if 3 (;@1;)
       (i32.ne
        (i32.load offset=4
         (local.get 1))
        (global.get $PyUnicode_Type))))
     (local.set 7
      (i32.const 0))
     (br_if 2 (;@1;)
      (i32.eqz
       (local.tee 0
        (call $PyUnicode_AsUTF8AndSize
         (local.get 1)
         (i32.add
          (local.get 2)
          (i32.const 8))))))
     (local.set 3
      (i32.load
       (i32.add
        (local.tee 1
         (global.get $__memory_base))
        (i32.const 512))))
     (block ;; label = @4
      (br_if 0 (;@4;)
       (i32.ge_u
        (local.tee 5
         (i32.load
          (i32.add
           (local.get 1)
           (i32.const 524))))
        (local.tee 4
         (i32.add
          (local.tee 6
           (i32.load offset=8
            (local.get 2)))
          (local.tee 1
           (i32.load
            (i32.add
             (local.get 1)
             (i32.const 520))))))))
      (br_if 2 (;@2;)
       (i32.eqz
        (local.tee 3
         (call $PyMem_Realloc
          (local.get 3)
          (local.tee 1
           (select
            (local.tee 1
             (i32.shl
              (local.get 5)
              (i32.const 1)))
            (local.get 4)
            (i32.gt_u
             (local.get 1)
             (local.get 4))))))))
      (i32.store
       (i32.add
        (local.tee 7
         (global.get $__memory_base))
        (i32.const 524))
       (local.get 1))
      (i32.store
       (i32.add
        (local.get 7)
        (i32.const 512))
       (local.get 3))
      (local.set 1
       (i32.load
        (i32.add
         (local.get 7)
         (i32.const 520))))
      (local.set 6
       (i32.load offset=8
        (local.get 2))))
     (drop
      (call $memcpy
       (i32.add
        (local.get 3)
        (local.get 1))
       (local.get 0)
       (local.get 6)))
     (i32.store
      (local.tee 7
       (i32.add
        (global.get $__memory_base)
        (i32.const 520)))
      (i32.add
       (i32.load
        (local.get 7))
       (i32.load offset=8
        (local.get 2)))))
    (local.set 7
     (i32.const 1))
    (br 1 (;@1;)))
   (drop
    (call $PyErr_NoMemory)))
  (global.set $__stack_pointer
   (i32.add
    (local.get 2)
    (i32.const 16)))
  (i32.and
   (local.get 7)
   (i32.const 1))
 )
 (func $put (;39;) (type 1) (param i32) (result i32)
  (local i32 i32 i32 i32 i32 i32)
  (global.set $__stack_pointer
   (local.tee 1
    (i32.sub
     (global.get $__stack_pointer)
     (i32.const 16))))
  (local.set 4
   (i32.sub
    (local.get 0)
    (local.tee 3
     (i32.load
      (i32.add
       (local.tee 2
        (global.get $__memory_base))
       (i32.const 500))))))
  (block ;; label = @1
   (block ;; label = @2
    (br_if 0 (;@2;)
     (i32.eqz
      (i32.load8_u
       (i32.add
        (local.get 2)
        (i32.const 504)))))
    (local.set 2
     (call $Py_NewRef
      (global.get $_Py_NoneStruct)))
    (br 1 (;@1;)))
   (local.set 2
    (call $PyBytes_FromStringAndSize
     (i32.add
      (i32.load
       (i32.add
        (global.get $__memory_base)
        (i32.const 508)))
      (local.get 3))
     (local.get 4))))
  (local.set 5
   (i32.load
    (i32.add
     (local.tee 3
      (global.get $__memory_base))
     (i32.const 512))))
  (block ;; label = @1
   (block ;; label = @2
    (block ;; label = @3
     (br_table 0 (;@3;) 1 (;@2;) 0 (;@3;) 1 (;@2;)
      (i32.add
       (local.tee 3
        (i32.load
         (i32.add
          (local.get 3)
          (i32.const 464))))
       (i32.const -3))))
    (local.set 3
     (i32.load
      (i32.add
       (global.get $__memory_base)
       (i32.const 520))))
    (br 1 (;@1;)))
   (local.set 3
    (i32.shl
     (local.get 4)
     (select
      (i32.const 3)
      (i32.const 0)
      (local.get 3)))))
  (local.set 6
   (global.get $__memory_base))
  (local.set 3
   (call $PyBytes_FromStringAndSize
    (local.get 5)
    (local.get 3)))
  (block ;; label = @1
   (block ;; label = @2
    (block ;; label = @3
     (br_table 0 (;@3;) 1 (;@2;) 0 (;@3;) 1 (;@2;)
      (i32.add
       (i32.load
        (i32.add
         (local.get 6)
         (i32.const 464)))
       (i32.const -3))))
    (local.set 5
     (call $PyBytes_FromStringAndSize
      (i32.load
       (i32.add
        (global.get $__memory_base)
        (i32.const 516)))
      (i32.add
       (i32.shl
        (local.get 4)
        (i32.const 2))
       (i32.const 4))))
    (br 1 (;@1;)))
   (local.set 5
    (call $Py_NewRef
     (global.get $_Py_NoneStruct))))
  (local.set 4
   (i32.const 0))
  (block ;; label = @1
   (br_if 0 (;@1;)
    (i32.eqz
     (local.get 2)))
   (local.set 4
    (i32.const 0))
   (br_if 0 (;@1;)
    (i32.eqz
     (local.get 3)))
   (local.set 4
    (i32.const 0))
   (br_if 0 (;@1;)
    (i32.eqz
     (local.get 5)))
   (i32.store
    (local.get 1)
    (local.get 2))
   (i32.store offset=4
    (local.get 1)
    (local.get 3))
   (i32.store offset=8
    (local.get 1)
    (local.get 5))
   (i32.store offset=12
    (local.get 1)
    (i32.const 0))
   (local.set 4
    (call $PyObject_CallFunctionObjArgs
     (i32.load
      (i32.add
       (global.get $__memory_base)
       (i32.const 480)))
     (local.get 1))))
  (call $Py_DecRef
   (local.get 2))
  (call $Py_DecRef
   (local.get 3))
  (call $Py_DecRef
   (local.get 5))
  (local.set 2
   (global.get $__memory_base))
  (call $Py_DecRef
   (local.get 4))
  (i32.store
   (i32.add
    (local.get 2)
    (i32.const 520))
   (i32.const 0))
  (i32.store
   (i32.add
    (local.get 2)
    (i32.const 500))
   (local.get 0))
  (global.set $__stack_pointer
   (i32.add
    (local.get 1)
    (i32.const 16)))
  (i32.ne
   (local.get 4)
   (i32.const 0))
 )
 (func $score (;40;) (type 0) (param i32 i32) (result i32)
  (local i32 i32 f64)
  (global.set $__stack_pointer
   (local.tee 2
    (i32.sub
     (global.get $__stack_pointer)
     (i32.const 16))))
  (block ;; label = @1
   (block ;; label = @2
    (br_if 0 (;@2;)
     (i32.load8_u
      (i32.add
       (global.get $__memory_base)
       (i32.const 492))))
    (local.set 3
     (call $Py_NewRef
      (global.get $_Py_NoneStruct)))
    (br 1 (;@1;)))
   (i64.store offset=8
    (local.get 2)
    (i64.const 4607182418800017408))
   (block ;; label = @2
    (block ;; label = @3
     (br_if 0 (;@3;)
      (local.tee 3
       (i32.load
        (i32.add
         (global.get $__memory_base)
         (i32.const 488)))))
     (local.set 4
      (f64.const 0x1p+0 (;=1;)))
     (br 1 (;@2;)))
    (drop
     (call $memcpy
      (i32.add
       (local.get 2)
       (i32.const 8))
      (i32.add
       (local.get 3)
       (i32.shl
        (i32.load
         (i32.add
          (global.get $__memory_base)
          (i32.const 496)))
        (i32.const 3)))
      (i32.const 8)))
    (local.set 4
     (f64.load offset=8
      (local.get 2))))
   (local.set 3
    (call $PyFloat_FromDouble
     (local.get 4))))
  (global.set $__stack_pointer
   (i32.add
    (local.get 2)
    (i32.const 16)))
  (local.get 3)
 )
 (func $filled (;41;) (type 5) (param i32 i32 i32) (result i32)
  (local i32 i32 i32 i32 i32 i32 i32)
  (local.set 3
   (call $PyBytes_Size
    (i32.load offset=8
     (local.get 1))))
  (local.set 4
   (call $PyBytes_Size
    (i32.load offset=4
     (local.get 1))))
  (local.set 5
   (call $PyBytes_AsString
    (i32.load offset=4
     (local.get 1))))
  (local.set 6
   (call $PyBytes_AsString
    (i32.load offset=8
     (local.get 1))))
  (block ;; label = @1
   (br_if 0 (;@1;)
    (i32.eqz
     (local.tee 8
      (call $PyBytes_FromStringAndSize
       (i32.const 0)
       (local.tee 7
        (i32.mul
         (local.get 4)
         (local.get 3)))))))
   (drop
    (call $memcpy
     (local.tee 9
      (call $PyBytes_AsString
       (local.get 8)))
     (call $PyBytes_AsString
      (i32.load
       (local.get 1)))
     (local.get 7)))
   (br_if 0 (;@1;)
    (i32.eqz
     (local.get 4)))
   (loop ;; label = @2
    (block ;; label = @3
     (br_if 0 (;@3;)
      (i32.load8_u
       (local.get 5)))
     (drop
      (call $memcpy
       (local.get 9)
       (local.get 6)
       (local.get 3))))
    (local.set 5
     (i32.add
      (local.get 5)
      (i32.const 1)))
    (local.set 9
     (i32.add
      (local.get 9)
      (local.get 3)))
    (br_if 0 (;@2;)
     (local.tee 4
      (i32.add
       (local.get 4)
       (i32.const -1))))))
  (local.get 8)
 )
 (func $leave_batch (;42;) (type 0) (param i32 i32) (result i32)
  (i32.store8
   (i32.add
    (global.get $__memory_base)
    (i32.const 492))
   (i32.const 0))
  (call $Py_NewRef
   (global.get $_Py_NoneStruct))
 )
 (func $column_bind (;43;) (type 5) (param i32 i32 i32) (result i32)
  (i64.store32 offset=8
   (local.get 0)
   (call $PyLong_AsLongLong
    (i32.load
     (local.get 1))))
  (i32.store offset=12
   (local.get 0)
   (call $Py_NewRef
    (i32.load offset=4
     (local.get 1))))
  (i32.store offset=16
   (local.get 0)
   (call $Py_NewRef
    (i32.load offset=8
     (local.get 1))))
  (i32.store offset=20
   (local.get 0)
   (call $Py_NewRef
    (i32.load offset=12
     (local.get 1))))
  (i32.store offset=24
   (local.get 0)
   (call $Py_NewRef
    (i32.load offset=16
     (local.get 1))))
  (call $Py_NewRef
   (global.get $_Py_NoneStruct))
 )
 (func $column_open (;44;) (type 5) (param i32 i32 i32) (result i32)
  (local i32 i32 i32)
  (local.set 3
   (i32.const 0))
  (local.set 4
   (i32.const 0))
  (block ;; label = @1
   (br_if 0 (;@1;)
    (i32.eq
     (local.tee 5
      (i32.load
       (local.get 1)))
     (global.get $_Py_NoneStruct)))
   (local.set 4
    (call $PyBytes_AsString
     (local.get 5))))
  (i32.store offset=32
   (local.get 0)
   (local.get 4))
  (block ;; label = @1
   (br_if 0 (;@1;)
    (i32.eq
     (local.tee 4
      (i32.load offset=4
       (local.get 1)))
     (global.get $_Py_NoneStruct)))
   (local.set 3
    (call $PyBytes_AsString
     (local.get 4))))
  (i32.store offset=36
   (local.get 0)
   (local.get 3))
  (block ;; label = @1
   (block ;; label = @2
    (br_if 0 (;@2;)
     (i32.ne
      (local.tee 1
       (i32.load offset=8
        (local.get 1)))
      (global.get $_Py_NoneStruct)))
    (local.set 1
     (i32.const 0))
    (br 1 (;@1;)))
   (local.set 1
    (call $PyBytes_AsString
     (local.get 1)))
   (local.set 3
    (i32.load offset=36
     (local.get 0))))
  (i32.store offset=40
   (local.get 0)
   (local.get 1))
  (i32.store offset=28
   (local.get 0)
   (select
    (i32.const 2)
    (i32.const 1)
    (local.get 3)))
  (call $Py_NewRef
   (global.get $_Py_NoneStruct))
 )
 (func $column_close (;45;) (type 0) (param i32 i32) (result i32)
  (i32.store offset=28
   (local.get 0)
   (i32.const 0))
  (call $Py_NewRef
   (global.get $_Py_NoneStruct))
 )
 (func $column_get (;46;) (type 11) (param i32 i32 i32 i32) (result i32)
  (local i32 i32)
  (global.set $__stack_pointer
   (local.tee 4
    (i32.sub
     (global.get $__stack_pointer)
     (i32.const 32))))
  (block ;; label = @1
   (block ;; label = @2
    (block ;; label = @3
     (block ;; label = @4
      (br_if 0 (;@4;)
       (i32.eqz
        (local.get 3)))
      (br_if 2 (;@2;)
       (i32.gt_s
        (local.tee 2
         (i32.add
          (local.tee 5
           (call $PyTuple_Size
            (local.get 3)))
          (local.get 2)))
        (i32.const 1)))
      (br_if 1 (;@3;)
       (i32.eqz
        (local.get 5)))
      (local.set 5
       (global.get $__memory_base))
      (br_if 1 (;@3;)
       (i32.eqz
        (call $PyUnicode_CompareWithASCIIString
         (call $PyTuple_GetItem
          (local.get 3)
          (i32.const 0))
         (i32.add
          (local.get 5)
          (i32.const 0)))))
      (br 2 (;@2;)))
     (br_if 1 (;@2;)
      (i32.gt_s
       (local.get 2)
       (i32.const 1))))
    (local.set 3
     (global.get $_Py_NoneStruct))
    (block ;; label = @3
     (br_if 0 (;@3;)
      (i32.eqz
       (local.get 2)))
     (local.set 3
      (i32.load
       (local.get 1)))
     (br_if 0 (;@3;)
      (i32.load offset=28
       (local.get 0)))
     (br_if 0 (;@3;)
      (i32.eq
       (local.get 3)
       (global.get $_Py_NoneStruct)))
     (br_if 0 (;@3;)
      (i32.eq
       (i32.load offset=16
        (local.get 0))
       (global.get $_Py_NoneStruct)))
     (block ;; label = @4
      (br_if 0 (;@4;)
       (local.tee 3
        (call $defaulted
         (local.get 0)
         (local.get 3))))
      (local.set 2
       (i32.const 0))
      (br 3 (;@1;)))
     (local.set 1
      (i32.load offset=16
       (local.get 0)))
     (local.set 5
      (i32.load offset=20
       (local.get 0)))
     (local.set 2
      (i32.const 0))
     (i32.store offset=24
      (local.get 4)
      (i32.const 0))
     (i32.store offset=20
      (local.get 4)
      (local.get 3))
     (i32.store offset=16
      (local.get 4)
      (local.get 5))
     (local.set 1
      (call $PyObject_CallFunctionObjArgs
       (local.get 1)
       (i32.add
        (local.get 4)
        (i32.const 16))))
     (call $Py_DecRef
      (local.get 3))
     (br_if 2 (;@1;)
      (i32.eqz
       (local.get 1)))
     (block ;; label = @4
      (br_if 0 (;@4;)
       (i32.ne
        (local.tee 2
         (i32.load offset=24
          (local.get 0)))
        (global.get $_Py_NoneStruct)))
      (local.set 2
       (local.get 1))
      (br 3 (;@1;)))
     (i32.store offset=4
      (local.get 4)
      (i32.const 0))
     (i32.store
      (local.get 4)
      (local.get 1))
     (local.set 2
      (call $PyObject_CallFunctionObjArgs
       (local.get 2)
       (local.get 4)))
     (call $Py_DecRef
      (local.get 1))
     (br 2 (;@1;)))
    (br_if 1 (;@1;)
     (i32.ne
      (global.get $_Py_NoneStruct)
      (local.tee 2
       (call $read
        (local.get 0)))))
    (local.set 2
     (call $defaulted
      (local.get 0)
      (local.get 3)))
    (br 1 (;@1;)))
   (local.set 2
    (global.get $__memory_base))
   (call $PyErr_SetString
    (i32.load
     (global.get $PyExc_TypeError))
    (i32.add
     (local.get 2)
     (i32.const 104)))
   (local.set 2
    (i32.const 0)))
  (global.set $__stack_pointer
   (i32.add
    (local.get 4)
    (i32.const 32)))
  (local.get 2)
 )
 (func $defaulted (;47;) (type 0) (param i32 i32) (result i32)
  (local i32 i32 i64)
  (global.set $__stack_pointer
   (local.tee 2
    (i32.sub
     (global.get $__stack_pointer)
     (i32.const 16))))
  (block ;; label = @1
   (block ;; label = @2
    (br_if 0 (;@2;)
     (i32.ne
      (local.get 1)
      (global.get $_Py_NoneStruct)))
    (local.set 3
     (call $Py_NewRef
      (global.get $_Py_NoneStruct)))
    (br 1 (;@1;)))
   (block ;; label = @2
    (block ;; label = @3
     (block ;; label = @4
      (block ;; label = @5
       (block ;; label = @6
        (br_table 0 (;@6;) 1 (;@5;) 2 (;@4;) 4 (;@2;) 3 (;@3;) 4 (;@2;) 5 (;@1;)
         (i32.load offset=8
          (local.get 0))))
       (local.set 3
        (i32.const 0))
       (br_if 4 (;@1;)
        (i32.lt_s
         (local.tee 1
          (call $PyObject_IsTrue
           (local.get 1)))
         (i32.const 0)))
       (local.set 3
        (global.get $_Py_FalseStruct))
       (local.set 3
        (call $Py_NewRef
         (select
          (global.get $_Py_TrueStruct)
          (local.get 3)
          (local.get 1))))
       (br 4 (;@1;)))
      (block ;; label = @5
       (br_if 0 (;@5;)
        (i64.ne
         (local.tee 4
          (call $PyLong_AsLongLong
           (local.get 1)))
         (i64.const -1)))
       (br_if 0 (;@5;)
        (i32.eqz
         (call $PyErr_Occurred)))
       (local.set 3
        (i32.const 0))
       (br 4 (;@1;)))
      (local.set 3
       (call $PyLong_FromLongLong
        (local.get 4)))
      (br 3 (;@1;)))
     (local.set 3
      (call $PyNumber_Float
       (local.get 1)))
     (br 2 (;@1;)))
    (block ;; label = @3
     (br_if 0 (;@3;)
      (local.tee 1
       (call $Py_NewRef
        (local.get 1))))
     (local.set 3
      (i32.const 0))
     (br 2 (;@1;)))
    (block ;; label = @3
     (br_if 0 (;@3;)
      (i32.ne
       (local.tee 3
        (i32.load offset=24
         (local.get 0)))
       (global.get $_Py_NoneStruct)))
     (local.set 3
      (local.get 1))
     (br 2 (;@1;)))
    (i32.store offset=4
     (local.get 2)
     (i32.const 0))
    (i32.store
     (local.get 2)
     (local.get 1))
    (local.set 3
     (call $PyObject_CallFunctionObjArgs
      (local.get 3)
      (local.get 2)))
    (call $Py_DecRef
     (local.get 1))
    (br 1 (;@1;)))
   (local.set 3
    (call $Py_NewRef
     (local.get 1))))
  (global.set $__stack_pointer
   (i32.add
    (local.get 2)
    (i32.const 16)))
  (local.get 3)
 )
 (func $read (;48;) (type 1) (param i32) (result i32)
  (local i32 i32 i32 i32 i32)
  (global.set $__stack_pointer
   (local.tee 1
    (i32.sub
     (global.get $__stack_pointer)
     (i32.const 64))))
  (block ;; label = @1
   (block ;; label = @2
    (block ;; label = @3
     (block ;; label = @4
      (block ;; label = @5
       (br_table 0 (;@5;) 2 (;@3;) 1 (;@4;)
        (i32.load offset=28
         (local.get 0))))
      (local.set 2
       (i32.load offset=12
        (local.get 0)))
      (local.set 3
       (i32.load offset=20
        (local.get 0)))
      (i32.store offset=52
       (local.get 1)
       (i32.const 0))
      (i32.store offset=48
       (local.get 1)
       (local.get 3))
      (br_if 3 (;@1;)
       (i32.eq
        (local.tee 3
         (global.get $_Py_NoneStruct))
        (local.tee 2
         (call $PyObject_CallFunctionObjArgs
          (local.get 2)
          (i32.add
           (local.get 1)
           (i32.const 48))))))
      (local.set 3
       (i32.const 0))
      (br_if 3 (;@1;)
       (i32.eqz
        (local.get 2)))
      (block ;; label = @5
       (br_if 0 (;@5;)
        (i32.ne
         (local.tee 0
          (i32.load offset=24
           (local.get 0)))
         (global.get $_Py_NoneStruct)))
       (local.set 3
        (local.get 2))
       (br 4 (;@1;)))
      (i32.store offset=36
       (local.get 1)
       (i32.const 0))
      (i32.store offset=32
       (local.get 1)
       (local.get 2))
      (local.set 3
       (call $PyObject_CallFunctionObjArgs
        (local.get 0)
        (i32.add
         (local.get 1)
         (i32.const 32))))
      (call $Py_DecRef
       (local.get 2))
      (br 3 (;@1;)))
     (local.set 2
      (i32.load
       (i32.add
        (global.get $__memory_base)
        (i32.const 496))))
     (br_if 1 (;@2;)
      (i32.eqz
       (local.tee 3
        (i32.load offset=32
         (local.get 0)))))
     (br_if 1 (;@2;)
      (i32.load8_u
       (i32.add
        (local.get 3)
        (local.get 2)))))
    (local.set 3
     (call $Py_NewRef
      (global.get $_Py_NoneStruct)))
    (br 1 (;@1;)))
   (local.set 5
    (i32.add
     (local.tee 4
      (i32.load offset=36
       (local.get 0)))
     (i32.shl
      (local.get 2)
      (i32.const 3))))
   (block ;; label = @2
    (block ;; label = @3
     (block ;; label = @4
      (block ;; label = @5
       (br_table 0 (;@5;) 1 (;@4;) 2 (;@3;) 3 (;@2;) 1 (;@4;) 3 (;@2;) 4 (;@1;)
        (i32.load offset=8
         (local.get 0))))
      (local.set 0
       (i32.load8_u
        (i32.add
         (local.get 4)
         (local.get 2))))
      (local.set 3
       (global.get $_Py_FalseStruct))
      (local.set 3
       (call $Py_NewRef
        (select
         (global.get $_Py_TrueStruct)
         (local.get 3)
         (local.get 0))))
      (br 3 (;@1;)))
     (drop
      (call $memcpy
       (i32.add
        (local.get 1)
        (i32.const 56))
       (local.get 5)
       (i32.const 8)))
     (block ;; label = @4
      (br_if 0 (;@4;)
       (local.tee 2
        (call $PyLong_FromLongLong
         (i64.load offset=56
          (local.get 1)))))
      (local.set 3
       (i32.const 0))
      (br 3 (;@1;)))
     (block ;; label = @4
      (br_if 0 (;@4;)
       (i32.ne
        (local.tee 0
         (i32.load offset=24
          (local.get 0)))
        (global.get $_Py_NoneStruct)))
      (local.set 3
       (local.get 2))
      (br 3 (;@1;)))
     (i32.store offset=4
      (local.get 1)
      (i32.const 0))
     (i32.store
      (local.get 1)
      (local.get 2))
     (local.set 3
      (call $PyObject_CallFunctionObjArgs
       (local.get 0)
       (local.get 1)))
     (call $Py_DecRef
      (local.get 2))
     (br 2 (;@1;)))
    (drop
     (call $memcpy
      (i32.add
       (local.get 1)
       (i32.const 56))
      (local.get 5)
      (i32.const 8)))
    (local.set 3
     (call $PyFloat_FromDouble
      (f64.load offset=56
       (local.get 1))))
    (br 1 (;@1;)))
   (drop
    (call $memcpy
     (i32.add
      (local.get 1)
      (i32.const 56))
     (i32.add
      (i32.load offset=40
       (local.get 0))
      (i32.shl
       (local.get 2)
       (i32.const 2)))
     (i32.const 4)))
   (local.set 3
    (global.get $__memory_base))
   (local.set 2
    (i32.load offset=56
     (local.get 1)))
   (drop
    (call $memcpy
     (i32.add
      (local.get 1)
      (i32.const 56))
     (i32.add
      (i32.add
       (i32.load offset=40
        (local.get 0))
       (i32.shl
        (i32.load
         (i32.add
          (local.get 3)
          (i32.const 496)))
        (i32.const 2)))
      (i32.const 4))
     (i32.const 4)))
   (local.set 3
    (i32.const 0))
   (br_if 0 (;@1;)
    (i32.eqz
     (local.tee 2
      (call $PyUnicode_DecodeUTF8
       (i32.add
        (local.get 2)
        (i32.load offset=36
         (local.get 0)))
       (i32.sub
        (i32.load offset=56
         (local.get 1))
        (local.get 2))
       (i32.const 0)))))
   (block ;; label = @2
    (br_if 0 (;@2;)
     (i32.ne
      (local.tee 0
       (i32.load offset=24
        (local.get 0)))
      (global.get $_Py_NoneStruct)))
    (local.set 3
     (local.get 2))
    (br 1 (;@1;)))
   (i32.store offset=20
    (local.get 1)
    (i32.const 0))
   (i32.store offset=16
    (local.get 1)
    (local.get 2))
   (local.set 3
    (call $PyObject_CallFunctionObjArgs
     (local.get 0)
     (i32.add
      (local.get 1)
      (i32.const 16))))
   (call $Py_DecRef
    (local.get 2)))
  (global.set $__stack_pointer
   (i32.add
    (local.get 1)
    (i32.const 64)))
  (local.get 3)
 )
 (func $column_has (;49;) (type 0) (param i32 i32) (result i32)
  (local i32 i32)
  (block ;; label = @1
   (br_if 0 (;@1;)
    (local.tee 0
     (call $read
      (local.get 0))))
   (return
    (i32.const 0)))
  (call $Py_DecRef
   (local.get 0))
  (local.set 2
   (global.get $_Py_NoneStruct))
  (local.set 3
   (global.get $_Py_TrueStruct))
  (call $Py_NewRef
   (select
    (global.get $_Py_FalseStruct)
    (local.get 3)
    (i32.eq
     (local.get 0)
     (local.get 2))))
 )
 (data $.data (;0;) (global.get $__memory_base) "default\00get\00at\00has\00enter\00whittle_guest._batch.Column\00open\00_batch\00leave\00evaluate\00close\00score\00bind\00filled\00`get` takes one argument, `default`\00\00\00\00\00\01\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00:\00\00\00\00\00\00\00\ff\ff\ff\ff\e0\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\19\00\00\00,\00\00\00\00\00\00\00\00\04\00\00`\01\00\00\00\00\00\00\00\00\00\00\5c\00\00\00\00\00\00\00\80\00\00\00\00\00\00\00\13\00\00\00\01\00\00\00\08\00\00\00\00\00\00\00\0c\00\00\00\02\00\00\00\08\00\00\00\00\00\00\00G\00\00\00\03\00\00\00\80\00\00\00\00\00\00\00V\00\00\00\04\00\00\00\04\00\00\00\00\00\00\00a\00\00\00\05\00\00\00\80\00\00\00\00\00\00\00A\00\00\00\06\00\00\00\04\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00@\00\00\00p\01\00\00\00\00\00\00\00\00\00\00\5c\00\00\00\07\00\00\00\80\00\00\00\00\00\00\005\00\00\00\08\00\00\00\80\00\00\00\00\00\00\00P\00\00\00\09\00\00\00\04\00\00\00\00\00\00\00\08\00\00\00\0a\00\00\00\82\00\00\00\00\00\00\00\0f\00\00\00\0b\00\00\00\04\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00")
 (@custom "target_features" (after data) "\05+\0bbulk-memory+\0amultivalue+\0fmutable-globals+\0freference-types+\08sign-ext")
)
