;;! settings = deterministic
(module
  (func (param v128 v128 v128) (result v128)
    (f32x4.relaxed_madd (local.get 0) (local.get 1) (local.get 2)))
  (func (param v128 v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (local.get 1)))
  (func (param v128 v128) (result v128) (f32x4.relaxed_min (local.get 0) (local.get 1)))
  (func (param v128) (result v128) (i32x4.relaxed_trunc_f32x4_s (local.get 0)))
  (func (param v128 v128 v128) (result v128)
    (i32x4.relaxed_dot_i8x16_i7x16_add_s (local.get 0) (local.get 1) (local.get 2))))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     vmulps %xmm1, %xmm0, %xmm5
;;     vaddps %xmm2, %xmm5, %xmm0
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;; function 1:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     vpaddusb (%rip), %xmm1, %xmm3
;;     vpshufb %xmm3, %xmm0, %xmm0
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;; function 2:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     vminps %xmm1, %xmm0, %xmm3
;;     vminps %xmm0, %xmm1, %xmm5
;;     vorps %xmm5, %xmm3, %xmm7
;;     vcmpunordps %xmm5, %xmm7, %xmm1
;;     vorps %xmm1, %xmm7, %xmm0
;;     vpsrld $0xa, %xmm1, %xmm1
;;     vandnps %xmm0, %xmm1, %xmm0
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;; function 3:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     vcmpeqps %xmm0, %xmm0, %xmm2
;;     vandps %xmm2, %xmm0, %xmm4
;;     vpxor %xmm4, %xmm2, %xmm6
;;     vcvttps2dq %xmm4, %xmm0
;;     vpand %xmm6, %xmm0, %xmm1
;;     vpsrad $0x1f, %xmm1, %xmm1
;;     vpxor %xmm0, %xmm1, %xmm0
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;; function 4:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     vpmovsxbw %xmm0, %xmm3
;;     vpmovsxbw %xmm1, %xmm4
;;     vpmullw %xmm4, %xmm3, %xmm3
;;     vpalignr $0x8, %xmm0, %xmm0, %xmm0
;;     vpmovsxbw %xmm0, %xmm0
;;     vpalignr $0x8, %xmm1, %xmm1, %xmm1
;;     vpmovsxbw %xmm1, %xmm1
;;     vpmullw %xmm1, %xmm0, %xmm0
;;     vphaddw %xmm0, %xmm3, %xmm0
;;     vpmaddwd (%rip), %xmm0, %xmm0
;;     vpaddd %xmm2, %xmm0, %xmm0
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
