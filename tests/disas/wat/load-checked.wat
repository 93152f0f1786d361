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
;;     movq 0x28(%rdi), %r10
;;     movl %edx, %r11d
;;     movq 0x20(%rdi), %rax
;;     leaq 0x10(%rax, %r11), %rax
;;     uninit  %r8
;;     xorq %r8, %r8
;;     cmpq %r10, %r11
;;     cmovbq %rax, %r8
;;     movl (%r8), %eax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
