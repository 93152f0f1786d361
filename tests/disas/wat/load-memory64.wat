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
;;     movq 0x28(%rdi), %r9
;;     movq 0x20(%rdi), %r10
;;     leaq 8(%r10, %rdx), %r10
;;     uninit  %rdi
;;     xorq %rdi, %rdi
;;     cmpq %r9, %rdx
;;     cmovbq %r10, %rdi
;;     movq (%rdi), %rax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
