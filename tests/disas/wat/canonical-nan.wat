;;! settings = canonical-nans
(module
  (func (param f64 f64) (result f64) (f64.div (local.get 0) (local.get 1)))
  (func (param v128 v128) (result v128) (f32x4.add (local.get 0) (local.get 1))))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     vdivsd %xmm1, %xmm0, %xmm0
;;     uninit  %xmm7
;;     vxorpd %xmm7, %xmm7, %xmm1
;;     vmovsd %xmm0, %xmm1, %xmm0
;;     vcmpunordpd %xmm0, %xmm0, %xmm1
;;     vmovupd (%rip), %xmm2
;;     vpblendvb %xmm1, %xmm2, %xmm0, %xmm0
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;; function 1:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     vaddps %xmm1, %xmm0, %xmm6
;;     vcmpunordps %xmm6, %xmm6, %xmm7
;;     vmovups (%rip), %xmm0
;;     vpblendvb %xmm7, %xmm0, %xmm6, %xmm0
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
