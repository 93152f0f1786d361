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
;;     movq 0x28(%rdi), %r10
;;     cmpq (%rip), %r10
;;     jb #trap=user2
;;     movl %edx, %eax
;;     subq (%rip), %r10
;;     movq %rax, %rcx
;;     addq 0x20(%rdi), %rcx
;;     movl $0xfffffff0, %edx
;;     leaq (%rcx, %rdx), %rcx
;;     uninit  %rdx
;;     xorq %rdx, %rdx
;;     cmpq %r10, %rax
;;     cmovbeq %rcx, %rdx
;;     movl (%rdx), %eax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
