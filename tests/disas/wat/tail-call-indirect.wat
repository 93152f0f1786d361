(module
  (type $t (func (param i32) (result i32)))
  (table 4 4 funcref)
  (func (param i32 i32) (result i32)
    (return_call_indirect (type $t) (local.get 0) (local.get 1))))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movl %ecx, %eax
;;     movq 0x20(%rdi), %rcx
;;     leaq (%rcx, %rax, 8), %rcx
;;     uninit  %rsi
;;     xorq %rsi, %rsi
;;     cmpq $0x4, %rax
;;     cmovbq %rcx, %rsi
;;     movq (%rsi), %rax
;;     movl 0x10(%rax), %ecx
;;     cmpl 0x30(%rdi), %ecx
;;     movq %rdi, %rsi
;;     jnz #trap=user5
;;     movq (%rax), %r10
;;     movq 8(%rax), %rdi
;;     return_call_unknown %r10 (0) tmp=%r11 %rdi=%rdi %rsi=%rsi %rdx=%rdx
