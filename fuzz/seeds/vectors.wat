;; Vector loads, lanes, saturation and relaxed operators.
(module
  (memory 1)
  (data (i32.const 0) "\01\02\03\04\05\06\07\08\f9\fa\fb\fc\fd\fe\ff\00")
  (func (export "lanes") (param i32) (result v128 i32)
    (i8x16.shuffle 0 17 2 19 4 21 6 23 8 25 10 27 12 29 14 31
      (v128.load8x8_s (local.get 0)) (v128.load32_splat offset=4 (local.get 0)))
    (i16x8.extract_lane_s 7 (v128.load64_zero (local.get 0))))
  (func (export "arithmetic") (param v128 v128) (result v128)
    (i16x8.q15mulr_sat_s
      (i8x16.narrow_i16x8_u (local.get 0) (local.get 1))
      (i32x4.trunc_sat_f64x2_u_zero (f64x2.div (local.get 0) (local.get 1)))))
  (func (export "relaxed") (param v128 v128 v128) (result v128)
    (i32x4.relaxed_dot_i8x16_i7x16_add_s
      (f32x4.relaxed_madd (local.get 0) (local.get 1) (local.get 2))
      (i8x16.relaxed_swizzle (local.get 0) (local.get 1))
      (i64x2.relaxed_laneselect (local.get 0) (local.get 1) (local.get 2))))
  (func (export "store") (param i32 v128)
    (v128.store16_lane offset=2 5 (local.get 0) (local.get 1))))
