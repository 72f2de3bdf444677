(component
  (import "whittle:host/columns@0.1.0" (instance (export "f" (func (result u32)))))
  (import "wasi:clocks/monotonic-clock@0.2.0" (instance (export "now" (func (result u64)))))
  (import "whittle:udf/document@0.1.0" (instance
    (export "resolve" (func (param "path" string) (param "kind" u32) (result u32))))))
