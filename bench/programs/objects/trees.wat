;; Binary trees: many that die young, beside one that lives long.
(module
  (type $tree (struct (field $left (ref null $tree)) (field $right (ref null $tree))))

  (func $make (param $depth i32) (result (ref $tree))
    (if (result (ref $tree)) (i32.eqz (local.get $depth))
      (then (struct.new $tree (ref.null $tree) (ref.null $tree)))
      (else
        (struct.new $tree
          (call $make (i32.sub (local.get $depth) (i32.const 1)))
          (call $make (i32.sub (local.get $depth) (i32.const 1)))))))

  ;; How many nodes a tree has.
  (func $count (param $tree (ref $tree)) (result i32) (local $left (ref null $tree))
    (local.set $left (struct.get $tree $left (local.get $tree)))
    (if (result i32) (ref.is_null (local.get $left))
      (then (i32.const 1))
      (else
        (i32.add
          (i32.add (i32.const 1) (call $count (ref.as_non_null (local.get $left))))
          (call $count (ref.as_non_null (struct.get $tree $right (local.get $tree))))))))

  ;; Makes as many nodes of trees of each even depth up to a depth.
  (func $trees (export "trees") (param $depth_max i32) (param $rounds i32) (result i64)
    (local $long_lived (ref null $tree)) (local $depth i32) (local $left i32) (local $sum i64)
    (local.set $sum (i64.extend_i32_u (call $count (call $make (i32.add (local.get $depth_max) (i32.const 1))))))
    (local.set $long_lived (call $make (local.get $depth_max)))
    (local.set $depth (i32.const 4))
    (loop $next_depth
      (local.set $left
        (i32.mul (local.get $rounds)
          (i32.shl (i32.const 1) (i32.sub (local.get $depth_max) (local.get $depth)))))
      (loop $next
        (local.set $sum
          (i64.add (local.get $sum) (i64.extend_i32_u (call $count (call $make (local.get $depth))))))
        (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (local.set $depth (i32.add (local.get $depth) (i32.const 2)))
      (br_if $next_depth (i32.le_u (local.get $depth) (local.get $depth_max))))
    (i64.add (local.get $sum)
      (i64.extend_i32_u (call $count (ref.as_non_null (local.get $long_lived))))))

  (func $run (export "run") (param $percent i32) (result i64)
    (call $trees (i32.const 16) (local.get $percent))))
