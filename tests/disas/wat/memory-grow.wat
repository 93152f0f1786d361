(module
  (memory 1)
  (func (param i32) (result i32)
    (i32.add (memory.grow (local.get 0)) (memory.size))))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;     subq $0x10, %rsp
;;     movq %rbx, (%rsp)
;;   block0:
;;     movq 8(%rdi), %r11
;;     movq %rdi, %rbx
;;     movq (%r11), %r11
;;     uninit  %rsi
;;     xorq %rsi, %rsi
;;     movl %edx, %edx
;;     call    *%r11
;;     movq 0x28(%rbx), %r10
;;     shrq $0x10, %r10
;;     leal (%rax, %r10), %eax
;;     movq (%rsp), %rbx
;;     addq $0x10, %rsp
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
