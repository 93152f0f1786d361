(module
  (func $clamp (param i32) (result i32)
    (if (i32.lt_s (local.get 0) (i32.const 0)) (then (return (i32.const 0))))
    (if (i32.gt_s (local.get 0) (i32.const 255)) (then (return (i32.const 255))))
    (local.get 0))
  (func (param i32 i32) (result i32)
    (i32.or (call $clamp (local.get 0)) (call $clamp (local.get 1)))))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     testl %edx, %edx
;;     jl      label4; j label1
;;   block1:
;;     cmpl $0xff, %edx
;;     jnle    label3; j label2
;;   block2:
;;     movq %rdx, %rax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;;   block3:
;;     movl $0xff, %eax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;;   block4:
;;     uninit  %rax
;;     xorl %eax, %eax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;; function 1:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     testl %edx, %edx
;;     jl      label4; j label1
;;   block1:
;;     cmpl $0xff, %edx
;;     jnle    label3; j label2
;;   block2:
;;     movq %rdx, %rax
;;     jmp     label5
;;   block3:
;;     movl $0xff, %eax
;;     jmp     label5
;;   block4:
;;     uninit  %rax
;;     xorl %eax, %eax
;;     jmp     label5
;;   block5:
;;     testl %ecx, %ecx
;;     jl      label9; j label6
;;   block6:
;;     movl $0xff, %edx
;;     cmpl $0xff, %ecx
;;     jnle    label8; j label7
;;   block7:
;;     jmp     label10
;;   block8:
;;     movq %rdx, %rcx
;;     jmp     label10
;;   block9:
;;     uninit  %rcx
;;     xorl %ecx, %ecx
;;     jmp     label10
;;   block10:
;;     orl %ecx, %eax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
