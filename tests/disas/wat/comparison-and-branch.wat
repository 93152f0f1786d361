;; A comparison whose outcome is branched on makes no value.
(module
  (func (param i32 i32) (result i32)
    (if (result i32) (i32.eqz (i32.lt_s (local.get 0) (local.get 1)))
      (then (i32.const 7)) (else (local.get 0))))
  (func (param f64 f64) (result f64)
    (select (local.get 0) (local.get 1) (f64.lt (local.get 0) (local.get 1)))))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     cmpl %ecx, %edx
;;     jnl     label2; j label1
;;   block1:
;;     movq %rdx, %rax
;;     jmp     label3
;;   block2:
;;     movl $0x7, %eax
;;     jmp     label3
;;   block3:
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;; function 1:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     vminsd %xmm1, %xmm0, %xmm0
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
