;; Linked lists of boxed numbers: filled, mapped, filtered, reversed in place, sorted by merging.
(module
  (type $number (struct (field $value i32)))
  (type $list (struct (field $head (ref $number)) (field $tail (mut (ref null $list)))))

  (global $seed (mut i32) (i32.const 1))

  (func $random (result i32)
    (global.set $seed
      (i32.add (i32.mul (global.get $seed) (i32.const 1664525)) (i32.const 1013904223)))
    (i32.shr_u (global.get $seed) (i32.const 8)))

  (func $fill (param $length i32) (result (ref null $list)) (local $list (ref null $list))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $length)))
        (local.set $list
          (struct.new $list (struct.new $number (call $random)) (local.get $list)))
        (local.set $length (i32.sub (local.get $length) (i32.const 1)))
        (br $next)))
    (local.get $list))

  (func $reverse (param $list (ref null $list)) (result (ref null $list))
    (local $done (ref null $list)) (local $next (ref null $list))
    (block $end
      (loop $again
        (br_if $end (ref.is_null (local.get $list)))
        (local.set $next (struct.get $list $tail (local.get $list)))
        (struct.set $list $tail (local.get $list) (local.get $done))
        (local.set $done (local.get $list))
        (local.set $list (local.get $next))
        (br $again)))
    (local.get $done))

  ;; A new list of each number times 3, in the opposite order.
  (func $triple (param $list (ref null $list)) (result (ref null $list)) (local $new (ref null $list))
    (block $end
      (loop $again
        (br_if $end (ref.is_null (local.get $list)))
        (local.set $new
          (struct.new $list
            (struct.new $number
              (i32.mul (i32.const 3) (struct.get $number $value (struct.get $list $head (local.get $list)))))
            (local.get $new)))
        (local.set $list (struct.get $list $tail (local.get $list)))
        (br $again)))
    (local.get $new))

  ;; A new list of the even numbers, in the opposite order.
  (func $even (param $list (ref null $list)) (result (ref null $list))
    (local $new (ref null $list)) (local $head (ref null $number))
    (block $end
      (loop $again
        (br_if $end (ref.is_null (local.get $list)))
        (local.set $head (struct.get $list $head (local.get $list)))
        (if (i32.eqz (i32.and (i32.const 1) (struct.get $number $value (local.get $head))))
          (then (local.set $new (struct.new $list (ref.as_non_null (local.get $head)) (local.get $new)))))
        (local.set $list (struct.get $list $tail (local.get $list)))
        (br $again)))
    (local.get $new))

  (func $before (param $a (ref null $list)) (param $b (ref null $list)) (result i32)
    (i32.le_s
      (struct.get $number $value (struct.get $list $head (local.get $a)))
      (struct.get $number $value (struct.get $list $head (local.get $b)))))

  ;; One sorted list of two.
  (func $merge (param $a (ref null $list)) (param $b (ref null $list)) (result (ref null $list))
    (local $first (ref null $list)) (local $last (ref null $list)) (local $taken (ref null $list))
    (local.set $last (struct.new $list (struct.new $number (i32.const 0)) (ref.null $list)))
    (local.set $first (local.get $last))
    (block $end
      (loop $again
        (if (ref.is_null (local.get $a))
          (then (struct.set $list $tail (local.get $last) (local.get $b)) (br $end)))
        (if (ref.is_null (local.get $b))
          (then (struct.set $list $tail (local.get $last) (local.get $a)) (br $end)))
        (if (call $before (local.get $a) (local.get $b))
          (then
            (local.set $taken (local.get $a))
            (local.set $a (struct.get $list $tail (local.get $a))))
          (else
            (local.set $taken (local.get $b))
            (local.set $b (struct.get $list $tail (local.get $b)))))
        (struct.set $list $tail (local.get $last) (local.get $taken))
        (local.set $last (local.get $taken))
        (br $again)))
    (struct.get $list $tail (local.get $first)))

  ;; Sorts in place the first numbers of a list, and cuts them off.
  (func $sort (param $list (ref null $list)) (param $length i32) (result (ref null $list))
    (local $half i32) (local $middle (ref null $list)) (local $left i32)
    (if (i32.le_u (local.get $length) (i32.const 1))
      (then
        (if (local.get $length)
          (then (struct.set $list $tail (local.get $list) (ref.null $list))))
        (return (local.get $list))))
    (local.set $half (i32.shr_u (local.get $length) (i32.const 1)))
    (local.set $middle (local.get $list))
    (local.set $left (local.get $half))
    (loop $next
      (local.set $middle (struct.get $list $tail (local.get $middle)))
      (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (call $merge
      (call $sort (local.get $list) (local.get $half))
      (call $sort (local.get $middle) (i32.sub (local.get $length) (local.get $half)))))

  (func $length (param $list (ref null $list)) (result i32) (local $length i32)
    (block $end
      (loop $again
        (br_if $end (ref.is_null (local.get $list)))
        (local.set $length (i32.add (local.get $length) (i32.const 1)))
        (local.set $list (struct.get $list $tail (local.get $list)))
        (br $again)))
    (local.get $length))

  ;; Each number times its place: says whether the order is right.
  (func $weigh (param $list (ref null $list)) (result i64) (local $place i64) (local $sum i64)
    (block $end
      (loop $again
        (br_if $end (ref.is_null (local.get $list)))
        (local.set $place (i64.add (local.get $place) (i64.const 1)))
        (local.set $sum
          (i64.add (local.get $sum)
            (i64.mul (local.get $place)
              (i64.extend_i32_u (struct.get $number $value (struct.get $list $head (local.get $list)))))))
        (local.set $list (struct.get $list $tail (local.get $list)))
        (br $again)))
    (local.get $sum))

  (func $lists (export "lists") (param $length i32) (param $rounds i32) (result i64)
    (local $list (ref null $list)) (local $sum i64)
    (loop $next
      (local.set $list (call $fill (local.get $length)))
      (local.set $list (call $even (call $triple (call $reverse (local.get $list)))))
      (local.set $list (call $sort (local.get $list) (call $length (local.get $list))))
      (local.set $sum
        (i64.rotl (i64.xor (local.get $sum) (call $weigh (local.get $list))) (i64.const 7)))
      (br_if $next (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (local.get $sum))

  (func $run (export "run") (param $percent i32) (result i64)
    (call $lists (i32.const 50000) (local.get $percent))))
