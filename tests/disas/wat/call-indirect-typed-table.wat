;; The table holds functions of the expected type only: no comparison of types.
(module
  (type $t (func (param i32) (result i32)))
  (table 4 4 (ref null $t))
  (func (param i32 i32) (result i32)
    (call_indirect (type $t) (local.get 0) (local.get 1))))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movl %ecx, %eax
;;     movq 0x20(%rdi), %rcx
;;     movq %rdi, %rsi
;;     leaq (%rcx, %rax, 8), %rcx
;;     uninit  %r11
;;     xorq %r11, %r11
;;     cmpq $0x4, %rax
;;     cmovbq %rcx, %r11
;;     movq (%r11), %rax
;;     movq (%rax), %rcx
;;     movq 8(%rax), %rdi
;;     call    *%rcx
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
