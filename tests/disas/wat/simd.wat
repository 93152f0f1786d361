(module
  (memory 1)
  (func (param i32 v128) (result v128)
    (f32x4.add (f32x4.mul (v128.load (local.get 0)) (local.get 1)) (f32x4.splat (f32.load offset=16 (local.get 0)))))
  (func (param v128 v128) (result i32)
    (i8x16.bitmask (i8x16.eq (local.get 0) (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23 (local.get 0) (local.get 1))))))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movq 0x20(%rdi), %r9
;;     movl %edx, %r10d
;;     vmovdqu (%r9, %r10), %xmm1
;;     vmulps %xmm0, %xmm1, %xmm0
;;     vbroadcastss 0x10(%r9, %r10), %xmm1
;;     vaddps %xmm1, %xmm0, %xmm0
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;; function 1:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     vpunpcklbw %xmm1, %xmm0, %xmm5
;;     vpcmpeqb %xmm5, %xmm0, %xmm5
;;     vpmovmskb %xmm5, %eax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
