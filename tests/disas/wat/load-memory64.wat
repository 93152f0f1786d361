(module
  (memory i64 1)
  (func (param i64) (result i64)
    local.get 0
    i64.load offset=8))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movq 0x28(%rdi), %r8
;;     cmpq %r8, %rdx
;;     jnb #trap=user2
;;     movq %rdx, %r10
;;     addq 0x20(%rdi), %r10
;;     uninit  %r9
;;     xorq %r9, %r9
;;     cmpq %r8, %rdx
;;     cmovbq %r10, %r9
;;     movq 8(%r9), %rax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
