(module
  (func (param i32) (result i32)
    (block $c (block $b (block $a
      (br_table $a $b $c $a (local.get 0)))
      (return (i32.const 10)))
      (return (i32.const 20)))
    (i32.const 30)))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movl $0x3, %edi
;;     movl %edx, %r8d
;;     cmpl %edi, %r8d
;;     cmovbl %r8d, %edi
;;     br_table %rdi, %rcx, %rax
;;   block1:
;;     jmp     label5
;;   block2:
;;     jmp     label5
;;   block3:
;;     movl $0x1e, %eax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;;   block4:
;;     movl $0x14, %eax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;;   block5:
;;     jmp     label6
;;   block6:
;;     movl $0xa, %eax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
