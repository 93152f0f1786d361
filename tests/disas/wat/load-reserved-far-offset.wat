;; An offset beyond the guard is checked against the memory's length.
(module
  (memory 1)
  (func (param i32) (result i32)
    local.get 0
    i32.load offset=0xfffffff0))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movl %edx, %esi
;;     movl $0xfffffff4, %r8d
;;     leaq (%rsi, %r8), %r8
;;     cmpq 0x28(%rdi), %r8
;;     jnbe #trap=user2
;;     addq 0x20(%rdi), %rsi
;;     movl $0xfffffff0, %r10d
;;     movl (%rsi, %r10), %eax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
