;; Exports the interface, with functions of other types.
(component
  (core module $module
    (func (export "f") (result i32) (unreachable)))
  (core instance $core (instantiate $module))
  (func $describe (result u32) (canon lift (core func $core "f")))
  (instance $functions (export "describe" (func $describe)) (export "evaluate" (func $describe)))
  (export "whittle:udf/functions@0.1.0" (instance $functions)))
