;;! settings = checked
(module
  (memory 1)
  (func (param i32) (result i32)
    local.get 0
    i32.load offset=16))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movq 0x28(%rdi), %r9
;;     movl %edx, %r10d
;;     cmpq %r9, %r10
;;     jnb #trap=user2
;;     movq %r10, %r11
;;     addq 0x20(%rdi), %r11
;;     uninit  %rax
;;     xorq %rax, %rax
;;     cmpq %r9, %r10
;;     cmovbq %r11, %rax
;;     movl 0x10(%rax), %eax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
