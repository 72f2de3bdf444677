(component
  (import "whittle:udf/logging@0.1.0" (instance $l
    (type (enum "trace" "debug" "info" "warn" "error")) (export "level" (type (eq 0)))
    (export "log" (func (param "level" 1) (param "message" string)))))
  (core module $m (memory (export "m") 1)
    (func (export "r") (param i32 i32 i32 i32) (result i32) i32.const 0))
  (core instance $i (instantiate $m))
  (core func (canon lower (func $l "log") (memory $i "m") (realloc (core func $i "r")))))
