;; One bounds check, one comparison of types, one indirect call. A null element faults at the load of
;; the type.
(module
  (type $t (func (param i32) (result i32)))
  (table 10 funcref)
  (func (param i32 i32) (result i32)
    (call_indirect (type $t) (local.get 0) (local.get 1))))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movq 0x28(%rdi), %rax
;;     movq 0x20(%rdi), %r8
;;     movl %ecx, %esi
;;     leaq (%r8, %rsi, 8), %rcx
;;     uninit  %r8
;;     xorq %r8, %r8
;;     cmpq %rax, %rsi
;;     cmovbq %rcx, %r8
;;     movq (%r8), %rax
;;     movl 0x10(%rax), %ecx
;;     cmpl 0x30(%rdi), %ecx
;;     movq %rdi, %rsi
;;     jnz #trap=user5
;;     movq (%rax), %rcx
;;     movq 8(%rax), %rdi
;;     call    *%rcx
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
