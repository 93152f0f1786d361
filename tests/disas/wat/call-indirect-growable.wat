;;! settings = no-spectre-guards
(module
  (type $t (func (param i32) (result i32)))
  (table 10 20 funcref)
  (func (param i32 i32) (result i32)
    (call_indirect (type $t) (local.get 0) (local.get 1))))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movl %ecx, %r10d
;;     cmpq 0x28(%rdi), %r10
;;     jnb #trap=user3
;;     movq 0x20(%rdi), %rax
;;     movq (%rax, %r10, 8), %rax
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
