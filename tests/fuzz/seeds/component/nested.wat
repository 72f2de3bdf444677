(component
  (type $list (list (option (tuple string (result u8 (error string))))))
  (component $inner
    (import "a" (type $a (sub resource)))
    (component (component (core module (start $f) (func $f (loop (br 0)))))))
  (instance (instantiate $inner (with "a" (type 1))))
  (type $resource (resource (rep i32))))
