(module
  (memory 1 1 shared)
  (func (param i32) (result i32) (i32.atomic.load (local.get 0)))
  (func (param i32 i64) (i64.atomic.store (local.get 0) (local.get 1)))
  (func atomic.fence))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movl %edx, %esi
;;     testq $0x3, %rsi
;;     jnz #trap=user10
;;     movq 0x20(%rdi), %r8
;;     movq (%r8), %r8
;;     movl (%r8, %rsi), %eax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;; function 1:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movl %edx, %r8d
;;     testq $0x7, %r8
;;     jnz #trap=user10
;;     movq 0x20(%rdi), %r9
;;     movq (%r9), %r9
;;     xchgq %rcx, (%r9, %r8)
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;; function 2:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     mfence
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
