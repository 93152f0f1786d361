;; Traps of integers, conversions at their bounds, and what floats do with zeros.
(module
  (func (export "divide") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (export "remainder") (param i64 i64) (result i64) (i64.rem_s (local.get 0) (local.get 1)))
  (func (export "truncate") (param f64) (result i32 i64)
    (i32.trunc_f64_u (local.get 0))
    (i64.trunc_sat_f64_s (local.get 0)))
  (func (export "least") (param f32 f32) (result f32)
    (f32.copysign (f32.min (local.get 0) (local.get 1)) (f32.nearest (local.get 1))))
  (func (export "wide") (param i64 i64) (result i64 i64)
    (i64.add128 (local.get 0) (local.get 1) (i64.mul_wide_u (local.get 0) (local.get 1)))))
