;; A hash map from strings to records: chains of entries, a table that doubles, records that are replaced and taken out.
(module
  (type $string (array (mut i8)))
  (type $record (struct (field $id i32) (field $count (mut i64)) (field $name (ref $string))))
  (type $entry (struct
    (field $hash i32) (field $key (ref $string)) (field $value (mut (ref $record))) (field $next (mut (ref null $entry)))))
  (type $entries (array (mut (ref null $entry))))
  (type $map (struct (field $size (mut i32)) (field $entries (mut (ref $entries)))))

  (global $seed (mut i32) (i32.const 1))

  (func $random (param $below i32) (result i32)
    (global.set $seed
      (i32.add (i32.mul (global.get $seed) (i32.const 1664525)) (i32.const 1013904223)))
    (i32.rem_u (i32.shr_u (global.get $seed) (i32.const 4)) (local.get $below)))

  ;; "key" and the digits of a number, the last first.
  (func $key (param $number i32) (result (ref $string))
    (local $string (ref $string)) (local $length i32) (local $rest i32)
    (local.set $length (i32.const 4))
    (local.set $rest (local.get $number))
    (block $counted
      (loop $digit
        (local.set $rest (i32.div_u (local.get $rest) (i32.const 10)))
        (br_if $counted (i32.eqz (local.get $rest)))
        (local.set $length (i32.add (local.get $length) (i32.const 1)))
        (br $digit)))
    (local.set $string (array.new_default $string (local.get $length)))
    (array.set $string (local.get $string) (i32.const 0) (i32.const 0x6b))
    (array.set $string (local.get $string) (i32.const 1) (i32.const 0x65))
    (array.set $string (local.get $string) (i32.const 2) (i32.const 0x79))
    (local.set $length (i32.const 3))
    (loop $digit
      (array.set $string (local.get $string) (local.get $length)
        (i32.add (i32.const 0x30) (i32.rem_u (local.get $number) (i32.const 10))))
      (local.set $length (i32.add (local.get $length) (i32.const 1)))
      (br_if $digit (local.tee $number (i32.div_u (local.get $number) (i32.const 10)))))
    (local.get $string))

  (func $hash (param $string (ref $string)) (result i32) (local $hash i32) (local $at i32) (local $length i32)
    (local.set $hash (i32.const 0x811c9dc5))
    (local.set $length (array.len (local.get $string)))
    (loop $next
      (if (i32.lt_u (local.get $at) (local.get $length))
        (then
          (local.set $hash
            (i32.mul (i32.const 0x01000193)
              (i32.xor (local.get $hash) (array.get_u $string (local.get $string) (local.get $at)))))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $next))))
    (local.get $hash))

  (func $equal (param $a (ref $string)) (param $b (ref $string)) (result i32) (local $at i32) (local $length i32)
    (local.set $length (array.len (local.get $a)))
    (if (i32.ne (local.get $length) (array.len (local.get $b)))
      (then (return (i32.const 0))))
    (loop $next
      (if (i32.lt_u (local.get $at) (local.get $length))
        (then
          (if (i32.ne
              (array.get_u $string (local.get $a) (local.get $at))
              (array.get_u $string (local.get $b) (local.get $at)))
            (then (return (i32.const 0))))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $next))))
    (i32.const 1))

  (func $new (result (ref $map))
    (struct.new $map (i32.const 0) (array.new_default $entries (i32.const 16))))

  (func $place (param $entries (ref $entries)) (param $hash i32) (result i32)
    (i32.and (local.get $hash) (i32.sub (array.len (local.get $entries)) (i32.const 1))))

  (func $find (param $map (ref $map)) (param $key (ref $string)) (result (ref null $entry))
    (local $entry (ref null $entry)) (local $hash i32) (local $entries (ref $entries))
    (local.set $hash (call $hash (local.get $key)))
    (local.set $entries (struct.get $map $entries (local.get $map)))
    (local.set $entry
      (array.get $entries (local.get $entries) (call $place (local.get $entries) (local.get $hash))))
    (block $found
      (loop $next
        (br_if $found (ref.is_null (local.get $entry)))
        (if (i32.eq (struct.get $entry $hash (local.get $entry)) (local.get $hash))
          (then
            (br_if $found (call $equal (struct.get $entry $key (local.get $entry)) (local.get $key)))))
        (local.set $entry (struct.get $entry $next (local.get $entry)))
        (br $next)))
    (local.get $entry))

  ;; Puts an entry that is in no chain into its chain.
  (func $chain (param $entries (ref $entries)) (param $entry (ref $entry)) (local $place i32)
    (local.set $place (call $place (local.get $entries) (struct.get $entry $hash (local.get $entry))))
    (struct.set $entry $next (local.get $entry) (array.get $entries (local.get $entries) (local.get $place)))
    (array.set $entries (local.get $entries) (local.get $place) (local.get $entry)))

  (func $double (param $map (ref $map))
    (local $old (ref $entries)) (local $new (ref $entries)) (local $at i32)
    (local $entry (ref null $entry)) (local $next (ref null $entry))
    (local.set $old (struct.get $map $entries (local.get $map)))
    (local.set $new
      (array.new_default $entries (i32.shl (array.len (local.get $old)) (i32.const 1))))
    (loop $next_place
      (local.set $entry (array.get $entries (local.get $old) (local.get $at)))
      (block $end
        (loop $next_entry
          (br_if $end (ref.is_null (local.get $entry)))
          (local.set $next (struct.get $entry $next (local.get $entry)))
          (call $chain (local.get $new) (ref.as_non_null (local.get $entry)))
          (local.set $entry (local.get $next))
          (br $next_entry)))
      (br_if $next_place
        (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (array.len (local.get $old)))))
    (struct.set $map $entries (local.get $map) (local.get $new)))

  (func $put (param $map (ref $map)) (param $key (ref $string)) (param $value (ref $record))
    (local $entry (ref null $entry)) (local $size i32)
    (local.set $entry (call $find (local.get $map) (local.get $key)))
    (if (i32.eqz (ref.is_null (local.get $entry)))
      (then
        (struct.set $entry $value (local.get $entry) (local.get $value))
        (return)))
    (local.set $size (i32.add (struct.get $map $size (local.get $map)) (i32.const 1)))
    (struct.set $map $size (local.get $map) (local.get $size))
    (if (i32.gt_u (local.get $size) (array.len (struct.get $map $entries (local.get $map))))
      (then (call $double (local.get $map))))
    (call $chain (struct.get $map $entries (local.get $map))
      (struct.new $entry
        (call $hash (local.get $key)) (local.get $key) (local.get $value) (ref.null $entry))))

  ;; Takes out the entry with a key; gives whether there was one.
  (func $remove (param $map (ref $map)) (param $key (ref $string)) (result i32)
    (local $entry (ref null $entry)) (local $before (ref null $entry)) (local $found (ref null $entry))
    (local $entries (ref $entries)) (local $place i32)
    (local.set $found (call $find (local.get $map) (local.get $key)))
    (if (ref.is_null (local.get $found))
      (then (return (i32.const 0))))
    (local.set $entries (struct.get $map $entries (local.get $map)))
    (local.set $place (call $place (local.get $entries) (struct.get $entry $hash (local.get $found))))
    (local.set $entry (array.get $entries (local.get $entries) (local.get $place)))
    (block $here
      (loop $next
        (br_if $here (ref.eq (local.get $entry) (local.get $found)))
        (local.set $before (local.get $entry))
        (local.set $entry (struct.get $entry $next (local.get $entry)))
        (br $next)))
    (if (ref.is_null (local.get $before))
      (then
        (array.set $entries (local.get $entries) (local.get $place)
          (struct.get $entry $next (local.get $found))))
      (else
        (struct.set $entry $next (local.get $before) (struct.get $entry $next (local.get $found)))))
    (struct.set $map $size (local.get $map)
      (i32.sub (struct.get $map $size (local.get $map)) (i32.const 1)))
    (i32.const 1))

  (func $record (param $id i32) (param $name (ref $string)) (result (ref $record))
    (struct.new $record (local.get $id) (i64.const 1) (local.get $name)))

  ;; Of sixteen operations ten look a record up and count, four replace or put one, two take one out.
  (func $operate (param $map (ref $map)) (param $keys i32) (result i64)
    (local $number i32) (local $choice i32) (local $key (ref $string)) (local $entry (ref null $entry))
    (local $record (ref $record))
    (local.set $number (call $random (local.get $keys)))
    (local.set $choice (call $random (i32.const 16)))
    (local.set $key (call $key (local.get $number)))
    (if (i32.lt_u (local.get $choice) (i32.const 10))
      (then
        (local.set $entry (call $find (local.get $map) (local.get $key)))
        (if (ref.is_null (local.get $entry))
          (then (return (i64.const 1))))
        (local.set $record (struct.get $entry $value (local.get $entry)))
        (struct.set $record $count (local.get $record)
          (i64.add (struct.get $record $count (local.get $record)) (i64.const 1)))
        (return
          (i64.add (struct.get $record $count (local.get $record))
            (i64.extend_i32_u (struct.get $record $id (local.get $record)))))))
    (if (i32.lt_u (local.get $choice) (i32.const 14))
      (then
        (call $put (local.get $map) (local.get $key)
          (call $record (i32.add (local.get $number) (local.get $choice)) (local.get $key)))
        (return (i64.const 2))))
    (i64.extend_i32_u (call $remove (local.get $map) (local.get $key))))

  (func $map (export "map") (param $keys i32) (param $operations i32) (result i64)
    (local $map (ref $map)) (local $at i32) (local $key (ref $string)) (local $sum i64)
    (local.set $map (call $new))
    (loop $next
      (local.set $key (call $key (local.get $at)))
      (call $put (local.get $map) (local.get $key) (call $record (local.get $at) (local.get $key)))
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (local.get $keys))))
    (loop $next
      (local.set $sum
        (i64.add (i64.mul (local.get $sum) (i64.const 31)) (call $operate (local.get $map) (local.get $keys))))
      (br_if $next (local.tee $operations (i32.sub (local.get $operations) (i32.const 1)))))
    (i64.xor (local.get $sum) (i64.extend_i32_u (struct.get $map $size (local.get $map)))))

  (func $run (export "run") (param $percent i32) (result i64)
    (call $map (i32.const 250000) (i32.mul (i32.const 30000) (local.get $percent)))))
