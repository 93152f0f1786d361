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
;;     movq 0x20(%rdi), %r11
;;     movl %edx, %eax
;;     leaq 0x10(%r11, %rax), %r11
;;     uninit  %r8
;;     xorq %r8, %r8
;;     cmpq %r10, %rax
;;     cmovbq %r11, %r8
;;     movl (%r8), %eax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
