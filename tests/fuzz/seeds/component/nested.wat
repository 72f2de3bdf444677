(component
  (component $c (core module $m (func (export "f"))) (core instance (instantiate $m)))
  (instance (instantiate $c)) (type (instance (type (component))))
  (export "whittle:udf/functions@0.1.0" (instance 0)))
