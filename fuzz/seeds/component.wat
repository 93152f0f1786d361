;; A component with a component inside that is instantiated twice, resources of three kinds, aliases, types with names.
(component
  (import "host" (instance $host
    (export "r" (type $r (sub resource)))
    (export "f" (func (param "x" (list (tuple string u8))) (result (own $r))))))
  (alias export $host "r" (type $R))
  (component $inner
    (import "a" (type $A (sub resource)))
    (core module $m
      (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64))
      (func (export "gone") (param i32))
      (func (export "f") (param i32 i32)))
    (core instance $i (instantiate $m))
    (type $B' (resource (rep i32) (dtor (core func $i "gone"))))
    (export $B "b" (type $B'))
    (type $v' (variant (case "x" (option f64)) (case "y" (result u8 (error char)))))
    (export $v "v" (type $v'))
    (core func $new (canon resource.new $B'))
    (core func $drop (canon resource.drop $A))
    (func (export "f") (param "s" string) (canon lift (core func $i "f")
      (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
  (instance $x (instantiate $inner (with "a" (type $R))))
  (instance $y (instantiate $inner (with "a" (type $R))))
  (export "x" (instance $x))
  (export "g" (func $y "f")))
