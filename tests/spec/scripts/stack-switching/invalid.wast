;; What validation refuses.

(assert_invalid (module (type $c (cont 0))) "")
(assert_invalid
  (module (type $s (struct)) (type $c (cont $s)))
  "")
(assert_invalid
  (module (type $f (func)) (type $c (cont $f)) (func (drop (cont.new $f (ref.null $f)))))
  "")
(assert_invalid
  (module (type $f (func)) (type $c (cont $f)) (func (resume $c (ref.null cont))))
  "type mismatch")
;; The label has no continuation, or one of another type.
(assert_invalid
  (module (type $f (func)) (type $c (cont $f)) (tag $t)
    (func (param (ref $c)) (block $l (resume $c (on $t $l) (local.get 0)))))
  "type mismatch")
(assert_invalid
  (module (type $f (func)) (type $c (cont $f)) (type $g (func (param i32))) (type $d (cont $g)) (tag $t)
    (func (param (ref $c)) (result (ref $d))
      (block $l (result (ref $d)) (resume $c (on $t $l) (local.get 0)) (unreachable))))
  "type mismatch")
;; A tag with results is not one of exceptions.
(assert_invalid
  (module (tag $t (result i32)) (func (throw $t)))
  "")
(assert_invalid
  (module (tag $t (param i32)) (func (suspend $t)))
  "type mismatch")
;; A tag for switch has no parameters, and the results of all who take part.
(assert_invalid
  (module (type $f (func)) (type $c (cont $f)) (tag $t (param i32))
    (func (param (ref $c)) (resume $c (on $t switch) (local.get 0))))
  "type mismatch")
(assert_invalid
  (module (type $f (func (param i32))) (type $c (cont $f)) (tag $t)
    (func (param (ref $c)) (switch $c $t (i32.const 0) (local.get 0))))
  "type mismatch")
;; Nothing is cast to a continuation.
(assert_invalid
  (module (type $f (func)) (type $c (cont $f))
    (func (param contref) (result (ref $c)) (ref.cast (ref $c) (local.get 0))))
  "")
(assert_invalid
  (module (type $f (func (param i32))) (type $c (cont $f)) (type $g (func (param i64))) (type $d (cont $g))
    (func (param (ref $c)) (result (ref $d)) (cont.bind $c $d (local.get 0))))
  "type mismatch")
