;; DeltaBlue: a solver of constraints of graded strength, incremental and one-way. Constraints are a hierarchy of types, asked through
;; tables of functions; lists are of objects of any type, which are cast when they are taken out.
(module
  (rec
    (type $object (sub (struct)))
    (type $objects (array (mut (ref null $object))))
    (type $list (sub final $object (struct (field $size (mut i32)) (field $objects (mut (ref $objects))))))
    (type $variable (sub final $object (struct
      (field $value (mut i32)) (field $constraints (ref $list)) (field $determined_by (mut (ref null $constraint)))
      (field $mark (mut i32)) (field $walk_strength (mut i32)) (field $stay (mut i32)))))
    (type $constraint (sub $object (struct (field $methods (ref $methods)) (field $strength i32))))
    (type $unary (sub $constraint (struct (field $methods (ref $methods)) (field $strength i32)
      (field $output (ref $variable)) (field $satisfied (mut i32)))))
    (type $binary (sub $constraint (struct (field $methods (ref $methods)) (field $strength i32)
      (field $v1 (ref $variable)) (field $v2 (ref $variable)) (field $direction (mut i32)))))
    (type $scale (sub final $binary (struct (field $methods (ref $methods)) (field $strength i32)
      (field $v1 (ref $variable)) (field $v2 (ref $variable)) (field $direction (mut i32))
      (field $scale (ref $variable)) (field $offset (ref $variable)))))
    (type $planner (struct (field $mark (mut i32))))
    (type $tell (func (param (ref $constraint))))
    (type $tell_mark (func (param (ref $constraint) i32)))
    (type $ask (func (param (ref $constraint)) (result i32)))
    (type $ask_mark (func (param (ref $constraint) i32) (result i32)))
    (type $ask_variable (func (param (ref $constraint)) (result (ref $variable))))
    (type $methods (struct
      (field $add_to_graph (ref $tell)) (field $remove_from_graph (ref $tell)) (field $choose_method (ref $tell_mark))
      (field $is_satisfied (ref $ask)) (field $mark_unsatisfied (ref $tell)) (field $mark_inputs (ref $tell_mark))
      (field $inputs_known (ref $ask_mark)) (field $output (ref $ask_variable)) (field $recalculate (ref $tell))
      (field $execute (ref $tell)) (field $is_input (ref $ask)))))

  ;; Strengths: 0 required, 1 strong preferred, 2 preferred, 3 strong default, 4 normal, 5 weak default, 6 weakest.

  (global $stay_methods (ref $methods) (struct.new $methods
    (ref.func $unary_add) (ref.func $unary_remove) (ref.func $unary_choose) (ref.func $unary_is_satisfied)
    (ref.func $unary_mark_unsatisfied) (ref.func $unary_mark_inputs) (ref.func $unary_inputs_known) (ref.func $unary_output)
    (ref.func $unary_recalculate) (ref.func $nothing) (ref.func $no)))
  (global $edit_methods (ref $methods) (struct.new $methods
    (ref.func $unary_add) (ref.func $unary_remove) (ref.func $unary_choose) (ref.func $unary_is_satisfied)
    (ref.func $unary_mark_unsatisfied) (ref.func $unary_mark_inputs) (ref.func $unary_inputs_known) (ref.func $unary_output)
    (ref.func $unary_recalculate) (ref.func $nothing) (ref.func $yes)))
  (global $equality_methods (ref $methods) (struct.new $methods
    (ref.func $binary_add) (ref.func $binary_remove) (ref.func $binary_choose) (ref.func $binary_is_satisfied)
    (ref.func $binary_mark_unsatisfied) (ref.func $binary_mark_inputs) (ref.func $binary_inputs_known) (ref.func $binary_output)
    (ref.func $binary_recalculate) (ref.func $equality_execute) (ref.func $no)))
  (global $scale_methods (ref $methods) (struct.new $methods
    (ref.func $scale_add) (ref.func $scale_remove) (ref.func $binary_choose) (ref.func $binary_is_satisfied)
    (ref.func $binary_mark_unsatisfied) (ref.func $scale_mark_inputs) (ref.func $binary_inputs_known) (ref.func $binary_output)
    (ref.func $scale_recalculate) (ref.func $scale_execute) (ref.func $no)))

  (global $planner (mut (ref $planner)) (struct.new $planner (i32.const 0)))

  ;; ---- lists ----

  (func $list (result (ref $list))
    (struct.new $list (i32.const 0) (array.new_default $objects (i32.const 4))))

  (func $push (param $list (ref $list)) (param $object (ref $object)) (local $size i32) (local $new (ref $objects))
    (local.set $size (struct.get $list $size (local.get $list)))
    (if (i32.eq (local.get $size) (array.len (struct.get $list $objects (local.get $list))))
      (then
        (local.set $new (array.new_default $objects (i32.shl (local.get $size) (i32.const 1))))
        (array.copy $objects $objects (local.get $new) (i32.const 0)
          (struct.get $list $objects (local.get $list)) (i32.const 0) (local.get $size))
        (struct.set $list $objects (local.get $list) (local.get $new))))
    (array.set $objects (struct.get $list $objects (local.get $list)) (local.get $size) (local.get $object))
    (struct.set $list $size (local.get $list) (i32.add (local.get $size) (i32.const 1))))

  (func $at (param $list (ref $list)) (param $index i32) (result (ref null $object))
    (array.get $objects (struct.get $list $objects (local.get $list)) (local.get $index)))

  (func $constraint_at (param $list (ref $list)) (param $index i32) (result (ref $constraint))
    (ref.cast (ref $constraint) (call $at (local.get $list) (local.get $index))))

  ;; Takes out the last object.
  (func $pop (param $list (ref $list)) (result (ref null $object)) (local $last i32) (local $object (ref null $object))
    (local.set $last (i32.sub (struct.get $list $size (local.get $list)) (i32.const 1)))
    (struct.set $list $size (local.get $list) (local.get $last))
    (local.set $object (call $at (local.get $list) (local.get $last)))
    (array.set $objects (struct.get $list $objects (local.get $list)) (local.get $last) (ref.null $object))
    (local.get $object))

  ;; Takes out an object, wherever it is.
  (func $take (param $list (ref $list)) (param $object (ref $object))
    (local $from i32) (local $to i32) (local $size i32) (local $objects (ref $objects)) (local $here (ref null $object))
    (local.set $size (struct.get $list $size (local.get $list)))
    (local.set $objects (struct.get $list $objects (local.get $list)))
    (block $end
      (loop $next
        (br_if $end (i32.eq (local.get $from) (local.get $size)))
        (local.set $here (array.get $objects (local.get $objects) (local.get $from)))
        (if (i32.eqz (ref.eq (local.get $here) (local.get $object)))
          (then
            (array.set $objects (local.get $objects) (local.get $to) (local.get $here))
            (local.set $to (i32.add (local.get $to) (i32.const 1)))))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (br $next)))
    (struct.set $list $size (local.get $list) (local.get $to))
    (if (i32.lt_u (local.get $to) (local.get $size))
      (then (array.set $objects (local.get $objects) (local.get $to) (ref.null $object)))))

  ;; ---- variables ----

  (func $variable (param $value i32) (result (ref $variable))
    (struct.new $variable (local.get $value) (call $list) (ref.null $constraint)
      (i32.const 0) (i32.const 6) (i32.const 1)))

  (func $attach (param $variable (ref $variable)) (param $constraint (ref $constraint))
    (call $push (struct.get $variable $constraints (local.get $variable)) (local.get $constraint)))

  (func $detach (param $variable (ref $variable)) (param $constraint (ref $constraint))
    (call $take (struct.get $variable $constraints (local.get $variable)) (local.get $constraint))
    (if (ref.eq (struct.get $variable $determined_by (local.get $variable)) (local.get $constraint))
      (then (struct.set $variable $determined_by (local.get $variable) (ref.null $constraint)))))

  ;; ---- what every constraint is asked ----

  (func $methods (param $constraint (ref $constraint)) (result (ref $methods))
    (struct.get $constraint $methods (local.get $constraint)))
  (func $add_to_graph (type $tell)
    (call_ref $tell (local.get 0) (struct.get $methods $add_to_graph (call $methods (local.get 0)))))
  (func $remove_from_graph (type $tell)
    (call_ref $tell (local.get 0) (struct.get $methods $remove_from_graph (call $methods (local.get 0)))))
  (func $choose_method (type $tell_mark)
    (call_ref $tell_mark (local.get 0) (local.get 1) (struct.get $methods $choose_method (call $methods (local.get 0)))))
  (func $is_satisfied (type $ask)
    (call_ref $ask (local.get 0) (struct.get $methods $is_satisfied (call $methods (local.get 0)))))
  (func $mark_unsatisfied (type $tell)
    (call_ref $tell (local.get 0) (struct.get $methods $mark_unsatisfied (call $methods (local.get 0)))))
  (func $mark_inputs (type $tell_mark)
    (call_ref $tell_mark (local.get 0) (local.get 1) (struct.get $methods $mark_inputs (call $methods (local.get 0)))))
  (func $inputs_known (type $ask_mark)
    (call_ref $ask_mark (local.get 0) (local.get 1) (struct.get $methods $inputs_known (call $methods (local.get 0)))))
  (func $output (type $ask_variable)
    (call_ref $ask_variable (local.get 0) (struct.get $methods $output (call $methods (local.get 0)))))
  (func $recalculate (type $tell)
    (call_ref $tell (local.get 0) (struct.get $methods $recalculate (call $methods (local.get 0)))))
  (func $execute (type $tell)
    (call_ref $tell (local.get 0) (struct.get $methods $execute (call $methods (local.get 0)))))
  (func $is_input (type $ask)
    (call_ref $ask (local.get 0) (struct.get $methods $is_input (call $methods (local.get 0)))))

  (func $nothing (type $tell))
  (func $no (type $ask) (i32.const 0))
  (func $yes (type $ask) (i32.const 1))

  (func $add (param $constraint (ref $constraint)) (result (ref $constraint))
    (call $add_to_graph (local.get $constraint))
    (call $incremental_add (local.get $constraint))
    (local.get $constraint))

  (func $destroy (param $constraint (ref $constraint))
    (if (call $is_satisfied (local.get $constraint))
      (then (call $incremental_remove (local.get $constraint)))
      (else (call $remove_from_graph (local.get $constraint)))))

  ;; Tries to find a way to satisfy a constraint; gives the one that this overrides, if it does.
  (func $satisfy (param $constraint (ref $constraint)) (param $mark i32) (result (ref null $constraint))
    (local $output (ref $variable)) (local $overridden (ref null $constraint))
    (call $choose_method (local.get $constraint) (local.get $mark))
    (if (i32.eqz (call $is_satisfied (local.get $constraint)))
      (then
        ;; A required constraint has to be satisfied.
        (if (i32.eqz (struct.get $constraint $strength (local.get $constraint))) (then (unreachable)))
        (return (ref.null $constraint))))
    (call $mark_inputs (local.get $constraint) (local.get $mark))
    (local.set $output (call $output (local.get $constraint)))
    (local.set $overridden (struct.get $variable $determined_by (local.get $output)))
    (if (i32.eqz (ref.is_null (local.get $overridden)))
      (then (call $mark_unsatisfied (ref.as_non_null (local.get $overridden)))))
    (struct.set $variable $determined_by (local.get $output) (local.get $constraint))
    ;; There must be no cycle.
    (if (i32.eqz (call $add_propagate (local.get $constraint) (local.get $mark))) (then (unreachable)))
    (struct.set $variable $mark (local.get $output) (local.get $mark))
    (local.get $overridden))

  ;; ---- constraints on one variable ----

  (func $unary (param $constraint (ref $constraint)) (result (ref $unary))
    (ref.cast (ref $unary) (local.get $constraint)))
  (func $unary_output (type $ask_variable)
    (struct.get $unary $output (call $unary (local.get 0))))
  (func $unary_add (type $tell) (local $this (ref $unary))
    (local.set $this (call $unary (local.get 0)))
    (call $attach (struct.get $unary $output (local.get $this)) (local.get 0))
    (struct.set $unary $satisfied (local.get $this) (i32.const 0)))
  (func $unary_remove (type $tell) (local $this (ref $unary))
    (local.set $this (call $unary (local.get 0)))
    (call $detach (struct.get $unary $output (local.get $this)) (local.get 0))
    (struct.set $unary $satisfied (local.get $this) (i32.const 0)))
  (func $unary_choose (type $tell_mark) (local $this (ref $unary)) (local $output (ref $variable))
    (local.set $this (call $unary (local.get 0)))
    (local.set $output (struct.get $unary $output (local.get $this)))
    (struct.set $unary $satisfied (local.get $this)
      (i32.and
        (i32.ne (struct.get $variable $mark (local.get $output)) (local.get 1))
        (i32.lt_u
          (struct.get $unary $strength (local.get $this))
          (struct.get $variable $walk_strength (local.get $output))))))
  (func $unary_is_satisfied (type $ask)
    (struct.get $unary $satisfied (call $unary (local.get 0))))
  (func $unary_mark_unsatisfied (type $tell)
    (struct.set $unary $satisfied (call $unary (local.get 0)) (i32.const 0)))
  (func $unary_mark_inputs (type $tell_mark))
  (func $unary_inputs_known (type $ask_mark) (i32.const 1))
  (func $unary_recalculate (type $tell) (local $output (ref $variable))
    (local.set $output (call $unary_output (local.get 0)))
    (struct.set $variable $walk_strength (local.get $output) (struct.get $constraint $strength (local.get 0)))
    (struct.set $variable $stay (local.get $output) (i32.eqz (call $is_input (local.get 0))))
    (if (struct.get $variable $stay (local.get $output))
      (then (call $execute (local.get 0)))))

  ;; ---- constraints on two variables: 1 is forward, from the first to the second, -1 backward, 0 neither ----

  (func $binary (param $constraint (ref $constraint)) (result (ref $binary))
    (ref.cast (ref $binary) (local.get $constraint)))
  (func $input_of (param $this (ref $binary)) (result (ref $variable))
    (if (result (ref $variable)) (i32.eq (struct.get $binary $direction (local.get $this)) (i32.const 1))
      (then (struct.get $binary $v1 (local.get $this)))
      (else (struct.get $binary $v2 (local.get $this)))))
  (func $output_of (param $this (ref $binary)) (result (ref $variable))
    (if (result (ref $variable)) (i32.eq (struct.get $binary $direction (local.get $this)) (i32.const 1))
      (then (struct.get $binary $v2 (local.get $this)))
      (else (struct.get $binary $v1 (local.get $this)))))
  (func $binary_output (type $ask_variable) (call $output_of (call $binary (local.get 0))))
  (func $binary_add (type $tell) (local $this (ref $binary))
    (local.set $this (call $binary (local.get 0)))
    (call $attach (struct.get $binary $v1 (local.get $this)) (local.get 0))
    (call $attach (struct.get $binary $v2 (local.get $this)) (local.get 0))
    (struct.set $binary $direction (local.get $this) (i32.const 0)))
  (func $binary_remove (type $tell) (local $this (ref $binary))
    (local.set $this (call $binary (local.get 0)))
    (call $detach (struct.get $binary $v1 (local.get $this)) (local.get 0))
    (call $detach (struct.get $binary $v2 (local.get $this)) (local.get 0))
    (struct.set $binary $direction (local.get $this) (i32.const 0)))

  ;; The direction, if the output has no mark and gives way to the constraint.
  (func $direction_if (param $this (ref $binary)) (param $output (ref $variable)) (param $mark i32) (param $direction i32)
    (result i32)
    (select (local.get $direction) (i32.const 0)
      (i32.and
        (i32.ne (struct.get $variable $mark (local.get $output)) (local.get $mark))
        (i32.lt_u
          (struct.get $binary $strength (local.get $this))
          (struct.get $variable $walk_strength (local.get $output))))))
  (func $direction (param $this (ref $binary)) (param $mark i32) (result i32)
    (local $v1 (ref $variable)) (local $v2 (ref $variable))
    (local.set $v1 (struct.get $binary $v1 (local.get $this)))
    (local.set $v2 (struct.get $binary $v2 (local.get $this)))
    (if (i32.eq (struct.get $variable $mark (local.get $v1)) (local.get $mark))
      (then (return (call $direction_if (local.get $this) (local.get $v2) (local.get $mark) (i32.const 1)))))
    (if (i32.eq (struct.get $variable $mark (local.get $v2)) (local.get $mark))
      (then (return (call $direction_if (local.get $this) (local.get $v1) (local.get $mark) (i32.const -1)))))
    (if (result i32)
      (i32.gt_u
        (struct.get $variable $walk_strength (local.get $v1))
        (struct.get $variable $walk_strength (local.get $v2)))
      (then (call $direction_if (local.get $this) (local.get $v1) (local.get $mark) (i32.const -1)))
      (else (call $direction_if (local.get $this) (local.get $v2) (local.get $mark) (i32.const 1)))))
  (func $binary_choose (type $tell_mark) (local $this (ref $binary))
    (local.set $this (call $binary (local.get 0)))
    (struct.set $binary $direction (local.get $this) (call $direction (local.get $this) (local.get 1))))
  (func $binary_is_satisfied (type $ask)
    (i32.ne (struct.get $binary $direction (call $binary (local.get 0))) (i32.const 0)))
  (func $binary_mark_unsatisfied (type $tell)
    (struct.set $binary $direction (call $binary (local.get 0)) (i32.const 0)))
  (func $binary_mark_inputs (type $tell_mark)
    (struct.set $variable $mark (call $input_of (call $binary (local.get 0))) (local.get 1)))
  (func $binary_inputs_known (type $ask_mark) (local $input (ref $variable))
    (local.set $input (call $input_of (call $binary (local.get 0))))
    (i32.or
      (i32.eq (struct.get $variable $mark (local.get $input)) (local.get 1))
      (i32.or
        (struct.get $variable $stay (local.get $input))
        (ref.is_null (struct.get $variable $determined_by (local.get $input))))))

  ;; Tells the output how strongly it is determined, and whether it may change.
  (func $determine (param $this (ref $binary)) (param $stay i32)
    (local $input (ref $variable)) (local $output (ref $variable)) (local $a i32) (local $b i32)
    (local.set $input (call $input_of (local.get $this)))
    (local.set $output (call $output_of (local.get $this)))
    (local.set $a (struct.get $binary $strength (local.get $this)))
    (local.set $b (struct.get $variable $walk_strength (local.get $input)))
    (struct.set $variable $walk_strength (local.get $output)
      (select (local.get $a) (local.get $b) (i32.gt_u (local.get $a) (local.get $b))))
    (local.set $stay (i32.and (local.get $stay) (struct.get $variable $stay (local.get $input))))
    (struct.set $variable $stay (local.get $output) (local.get $stay))
    (if (local.get $stay)
      (then (call $execute (local.get $this)))))
  (func $binary_recalculate (type $tell)
    (call $determine (call $binary (local.get 0)) (i32.const 1)))
  (func $equality_execute (type $tell) (local $this (ref $binary))
    (local.set $this (call $binary (local.get 0)))
    (struct.set $variable $value (call $output_of (local.get $this))
      (struct.get $variable $value (call $input_of (local.get $this)))))

  ;; ---- v2 = v1 * scale + offset ----

  (func $scale (param $constraint (ref $constraint)) (result (ref $scale))
    (ref.cast (ref $scale) (local.get $constraint)))
  (func $scale_add (type $tell) (local $this (ref $scale))
    (local.set $this (call $scale (local.get 0)))
    (call $binary_add (local.get 0))
    (call $attach (struct.get $scale $scale (local.get $this)) (local.get 0))
    (call $attach (struct.get $scale $offset (local.get $this)) (local.get 0)))
  (func $scale_remove (type $tell) (local $this (ref $scale))
    (local.set $this (call $scale (local.get 0)))
    (call $binary_remove (local.get 0))
    (call $detach (struct.get $scale $scale (local.get $this)) (local.get 0))
    (call $detach (struct.get $scale $offset (local.get $this)) (local.get 0)))
  (func $scale_mark_inputs (type $tell_mark) (local $this (ref $scale))
    (local.set $this (call $scale (local.get 0)))
    (call $binary_mark_inputs (local.get 0) (local.get 1))
    (struct.set $variable $mark (struct.get $scale $scale (local.get $this)) (local.get 1))
    (struct.set $variable $mark (struct.get $scale $offset (local.get $this)) (local.get 1)))
  (func $scale_recalculate (type $tell) (local $this (ref $scale))
    (local.set $this (call $scale (local.get 0)))
    (call $determine (local.get $this)
      (i32.and
        (struct.get $variable $stay (struct.get $scale $scale (local.get $this)))
        (struct.get $variable $stay (struct.get $scale $offset (local.get $this))))))
  (func $scale_execute (type $tell) (local $this (ref $scale)) (local $scale i32) (local $offset i32)
    (local.set $this (call $scale (local.get 0)))
    (local.set $scale (struct.get $variable $value (struct.get $scale $scale (local.get $this))))
    (local.set $offset (struct.get $variable $value (struct.get $scale $offset (local.get $this))))
    (if (i32.eq (struct.get $scale $direction (local.get $this)) (i32.const 1))
      (then
        (struct.set $variable $value (struct.get $scale $v2 (local.get $this))
          (i32.add
            (i32.mul (struct.get $variable $value (struct.get $scale $v1 (local.get $this))) (local.get $scale))
            (local.get $offset))))
      (else
        (struct.set $variable $value (struct.get $scale $v1 (local.get $this))
          (i32.div_s
            (i32.sub (struct.get $variable $value (struct.get $scale $v2 (local.get $this))) (local.get $offset))
            (local.get $scale))))))

  ;; ---- making constraints ----

  (func $stay (param $output (ref $variable)) (param $strength i32) (result (ref $constraint))
    (call $add
      (struct.new $unary (global.get $stay_methods) (local.get $strength) (local.get $output) (i32.const 0))))
  (func $edit (param $output (ref $variable)) (param $strength i32) (result (ref $constraint))
    (call $add
      (struct.new $unary (global.get $edit_methods) (local.get $strength) (local.get $output) (i32.const 0))))
  (func $equality (param $v1 (ref $variable)) (param $v2 (ref $variable)) (param $strength i32) (result (ref $constraint))
    (call $add
      (struct.new $binary (global.get $equality_methods) (local.get $strength)
        (local.get $v1) (local.get $v2) (i32.const 0))))
  (func $scaled (param $v1 (ref $variable)) (param $scale (ref $variable)) (param $offset (ref $variable))
    (param $v2 (ref $variable)) (param $strength i32) (result (ref $constraint))
    (call $add
      (struct.new $scale (global.get $scale_methods) (local.get $strength)
        (local.get $v1) (local.get $v2) (i32.const 0) (local.get $scale) (local.get $offset))))

  ;; ---- the planner ----

  (func $new_mark (result i32) (local $mark i32)
    (local.set $mark (i32.add (struct.get $planner $mark (global.get $planner)) (i32.const 1)))
    (struct.set $planner $mark (global.get $planner) (local.get $mark))
    (local.get $mark))

  (func $incremental_add (param $constraint (ref null $constraint)) (local $mark i32)
    (local.set $mark (call $new_mark))
    (loop $next
      (local.set $constraint (call $satisfy (ref.as_non_null (local.get $constraint)) (local.get $mark)))
      (br_if $next (i32.eqz (ref.is_null (local.get $constraint))))))

  ;; Takes a satisfied constraint out, and satisfies what it stood in the way of, the strongest first.
  (func $incremental_remove (param $constraint (ref $constraint))
    (local $output (ref $variable)) (local $unsatisfied (ref $list)) (local $strength i32) (local $at i32)
    (local $next (ref $constraint))
    (local.set $output (call $output (local.get $constraint)))
    (call $mark_unsatisfied (local.get $constraint))
    (call $remove_from_graph (local.get $constraint))
    (local.set $unsatisfied (call $remove_propagate_from (local.get $output)))
    (loop $weaker
      (local.set $at (i32.const 0))
      (block $end
        (loop $again
          (br_if $end (i32.eq (local.get $at) (struct.get $list $size (local.get $unsatisfied))))
          (local.set $next (call $constraint_at (local.get $unsatisfied) (local.get $at)))
          (if (i32.eq (struct.get $constraint $strength (local.get $next)) (local.get $strength))
            (then (call $incremental_add (local.get $next))))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $again)))
      (br_if $weaker
        (i32.ne (local.tee $strength (i32.add (local.get $strength) (i32.const 1))) (i32.const 6)))))

  ;; The constraints in the order in which they have to be executed after a change of the sources, which this empties.
  (func $make_plan (param $sources (ref $list)) (result (ref $list))
    (local $mark i32) (local $plan (ref $list)) (local $constraint (ref $constraint)) (local $output (ref $variable))
    (local.set $mark (call $new_mark))
    (local.set $plan (call $list))
    (block $end
      (loop $again
        (br_if $end (i32.eqz (struct.get $list $size (local.get $sources))))
        (local.set $constraint (ref.cast (ref $constraint) (call $pop (local.get $sources))))
        (local.set $output (call $output (local.get $constraint)))
        (br_if $again (i32.eq (struct.get $variable $mark (local.get $output)) (local.get $mark)))
        (br_if $again (i32.eqz (call $inputs_known (local.get $constraint) (local.get $mark))))
        (call $push (local.get $plan) (local.get $constraint))
        (struct.set $variable $mark (local.get $output) (local.get $mark))
        (call $add_consuming (local.get $output) (local.get $sources))
        (br $again)))
    (local.get $plan))

  (func $extract_plan (param $constraints (ref $list)) (result (ref $list))
    (local $sources (ref $list)) (local $at i32) (local $constraint (ref $constraint))
    (local.set $sources (call $list))
    (block $end
      (loop $again
        (br_if $end (i32.eq (local.get $at) (struct.get $list $size (local.get $constraints))))
        (local.set $constraint (call $constraint_at (local.get $constraints) (local.get $at)))
        (if (i32.and (call $is_input (local.get $constraint)) (call $is_satisfied (local.get $constraint)))
          (then (call $push (local.get $sources) (local.get $constraint))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $again)))
    (call $make_plan (local.get $sources)))

  (func $execute_plan (param $plan (ref $list)) (local $at i32)
    (block $end
      (loop $again
        (br_if $end (i32.eq (local.get $at) (struct.get $list $size (local.get $plan))))
        (call $execute (call $constraint_at (local.get $plan) (local.get $at)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $again))))

  ;; Recalculates everything downstream of a constraint; gives whether there is no cycle.
  (func $add_propagate (param $constraint (ref $constraint)) (param $mark i32) (result i32)
    (local $todo (ref $list)) (local $next (ref $constraint)) (local $output (ref $variable))
    (local.set $todo (call $list))
    (call $push (local.get $todo) (local.get $constraint))
    (block $end
      (loop $again
        (br_if $end (i32.eqz (struct.get $list $size (local.get $todo))))
        (local.set $next (ref.cast (ref $constraint) (call $pop (local.get $todo))))
        (local.set $output (call $output (local.get $next)))
        (if (i32.eq (struct.get $variable $mark (local.get $output)) (local.get $mark))
          (then
            (call $incremental_remove (local.get $constraint))
            (return (i32.const 0))))
        (call $recalculate (local.get $next))
        (call $add_consuming (local.get $output) (local.get $todo))
        (br $again)))
    (i32.const 1))

  ;; Recalculates everything downstream of a variable that nothing determines any more; gives the constraints on them that are not
  ;; satisfied.
  (func $remove_propagate_from (param $output (ref $variable)) (result (ref $list))
    (local $unsatisfied (ref $list)) (local $todo (ref $list)) (local $variable (ref $variable)) (local $at i32)
    (local $constraints (ref $list)) (local $constraint (ref $constraint))
    (struct.set $variable $determined_by (local.get $output) (ref.null $constraint))
    (struct.set $variable $walk_strength (local.get $output) (i32.const 6))
    (struct.set $variable $stay (local.get $output) (i32.const 1))
    (local.set $unsatisfied (call $list))
    (local.set $todo (call $list))
    (call $push (local.get $todo) (local.get $output))
    (block $end
      (loop $again
        (br_if $end (i32.eqz (struct.get $list $size (local.get $todo))))
        (local.set $variable (ref.cast (ref $variable) (call $pop (local.get $todo))))
        (local.set $constraints (struct.get $variable $constraints (local.get $variable)))
        (local.set $at (i32.const 0))
        (loop $next
          (if (i32.lt_u (local.get $at) (struct.get $list $size (local.get $constraints)))
            (then
              (local.set $constraint (call $constraint_at (local.get $constraints) (local.get $at)))
              (if (call $is_satisfied (local.get $constraint))
                (then
                  (if (i32.eqz
                      (ref.eq (local.get $constraint) (struct.get $variable $determined_by (local.get $variable))))
                    (then
                      (call $recalculate (local.get $constraint))
                      (call $push (local.get $todo) (call $output (local.get $constraint))))))
                (else (call $push (local.get $unsatisfied) (local.get $constraint))))
              (local.set $at (i32.add (local.get $at) (i32.const 1)))
              (br $next))))
        (br $again)))
    (local.get $unsatisfied))

  ;; Adds the satisfied constraints that a variable is an input of to a list.
  (func $add_consuming (param $variable (ref $variable)) (param $list (ref $list))
    (local $at i32) (local $constraints (ref $list)) (local $constraint (ref $constraint))
    (local.set $constraints (struct.get $variable $constraints (local.get $variable)))
    (block $end
      (loop $again
        (br_if $end (i32.eq (local.get $at) (struct.get $list $size (local.get $constraints))))
        (local.set $constraint (call $constraint_at (local.get $constraints) (local.get $at)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br_if $again (ref.eq (local.get $constraint) (struct.get $variable $determined_by (local.get $variable))))
        (if (call $is_satisfied (local.get $constraint))
          (then (call $push (local.get $list) (local.get $constraint))))
        (br $again))))

  ;; ---- two tests ----

  (func $expect (param $variable (ref $variable)) (param $value i32)
    (if (i32.ne (struct.get $variable $value (local.get $variable)) (local.get $value))
      (then (unreachable))))

  ;; A chain of equalities: a change at its one end arrives at the other.
  (func $chain (param $length i32) (result i64)
    (local $first (ref $variable)) (local $last (ref $variable)) (local $next (ref $variable)) (local $at i32)
    (local $edits (ref $list)) (local $plan (ref $list)) (local $sum i64) (local $edit (ref $constraint))
    (global.set $planner (struct.new $planner (i32.const 0)))
    (local.set $first (call $variable (i32.const 0)))
    (local.set $last (local.get $first))
    (loop $again
      (local.set $next (call $variable (i32.const 0)))
      (drop (call $equality (local.get $last) (local.get $next) (i32.const 0)))
      (local.set $last (local.get $next))
      (br_if $again (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (local.get $length))))
    (drop (call $stay (local.get $last) (i32.const 3)))
    (local.set $edit (call $edit (local.get $first) (i32.const 2)))
    (local.set $edits (call $list))
    (call $push (local.get $edits) (local.get $edit))
    (local.set $plan (call $extract_plan (local.get $edits)))
    (local.set $at (i32.const 0))
    (loop $again
      (struct.set $variable $value (local.get $first) (local.get $at))
      (call $execute_plan (local.get $plan))
      (call $expect (local.get $last) (local.get $at))
      (local.set $sum
        (i64.add (local.get $sum) (i64.extend_i32_u (struct.get $variable $value (local.get $last)))))
      (br_if $again (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.const 100))))
    (call $destroy (local.get $edit))
    (local.get $sum))

  (func $change (param $variable (ref $variable)) (param $value i32)
    (local $edit (ref $constraint)) (local $edits (ref $list)) (local $plan (ref $list)) (local $left i32)
    (local.set $edit (call $edit (local.get $variable) (i32.const 2)))
    (local.set $edits (call $list))
    (call $push (local.get $edits) (local.get $edit))
    (local.set $plan (call $extract_plan (local.get $edits)))
    (local.set $left (i32.const 10))
    (loop $again
      (struct.set $variable $value (local.get $variable) (local.get $value))
      (call $execute_plan (local.get $plan))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (call $destroy (local.get $edit)))

  (func $expect_projected (param $variables (ref $list)) (param $count i32) (param $scale i32) (param $offset i32)
    (result i64) (local $at i32) (local $variable (ref $variable)) (local $sum i64)
    (loop $again
      (local.set $variable (ref.cast (ref $variable) (call $at (local.get $variables) (local.get $at))))
      (call $expect (local.get $variable)
        (i32.add (i32.mul (local.get $at) (local.get $scale)) (local.get $offset)))
      (local.set $sum
        (i64.add (local.get $sum) (i64.extend_i32_u (struct.get $variable $value (local.get $variable)))))
      (br_if $again (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (local.get $count))))
    (local.get $sum))

  ;; Many variables, each scaled and shifted by two that are common.
  (func $projection (param $count i32) (result i64)
    (local $scale (ref $variable)) (local $offset (ref $variable)) (local $at i32) (local $outputs (ref $list))
    (local $source (ref $variable)) (local $target (ref $variable)) (local $last i32)
    (global.set $planner (struct.new $planner (i32.const 0)))
    (local.set $scale (call $variable (i32.const 10)))
    (local.set $offset (call $variable (i32.const 1000)))
    (local.set $source (local.get $scale))
    (local.set $target (local.get $scale))
    (local.set $outputs (call $list))
    (loop $again
      (local.set $source (call $variable (local.get $at)))
      (local.set $target (call $variable (local.get $at)))
      (call $push (local.get $outputs) (local.get $target))
      (drop (call $stay (local.get $source) (i32.const 4)))
      (drop
        (call $scaled
          (local.get $source) (local.get $scale) (local.get $offset) (local.get $target) (i32.const 0)))
      (br_if $again (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (local.get $count))))
    (call $change (local.get $source) (i32.const 17))
    (call $expect (local.get $target) (i32.const 1170))
    (call $change (local.get $target) (i32.const 1050))
    (call $expect (local.get $source) (i32.const 5))
    (local.set $last (i32.sub (local.get $count) (i32.const 1)))
    (call $change (local.get $scale) (i32.const 5))
    (drop (call $expect_projected (local.get $outputs) (local.get $last) (i32.const 5) (i32.const 1000)))
    (call $change (local.get $offset) (i32.const 2000))
    (call $expect_projected (local.get $outputs) (local.get $last) (i32.const 5) (i32.const 2000)))

  (func $deltablue (export "deltablue") (param $size i32) (result i64)
    (i64.add (call $chain (local.get $size)) (call $projection (local.get $size))))

  (func $run (export "run") (param $percent i32) (result i64) (local $left i32) (local $sum i64)
    (local.set $left (i32.mul (i32.const 20) (local.get $percent)))
    (loop $next
      (local.set $sum (i64.add (local.get $sum) (call $deltablue (i32.const 100))))
      (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (local.get $sum)))
