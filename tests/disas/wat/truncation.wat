(module
  (func (param f64) (result i32) (i32.trunc_f64_s (local.get 0)))
  (func (param f32) (result i64) (i64.trunc_f32_u (local.get 0)))
  (func (param f64) (result i32) (i32.trunc_sat_f64_s (local.get 0))))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     cvt_float64_to_sint32_seq %xmm0, %eax, %rsi, %xmm3
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;; function 1:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     cvt_float32_to_uint64_seq %xmm0, %rax, %rsi, %xmm3, %xmm4
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;; function 2:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     cvt_float64_to_sint32_sat_seq %xmm0, %eax, %rsi, %xmm3
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
