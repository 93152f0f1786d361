;;! settings = no-inlining
;; Nine integers do not fit in registers: they go through an area of the caller.
(module
  (func $nine (param i32) (result i32 i32 i32 i32 i32 i32 i32 i32 i32)
    (local.get 0) (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4) (i32.const 5) (i32.const 6)
    (i32.const 7) (i32.const 8))
  (func (param i32) (result i32)
    (call $nine (local.get 0))
    drop drop drop drop drop drop drop drop))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movl %ecx, (%rdx)
;;     movl $0x1, 0x10(%rdx)
;;     movl $0x2, 0x20(%rdx)
;;     movl $0x3, 0x30(%rdx)
;;     movl $0x4, 0x40(%rdx)
;;     movl $0x5, 0x50(%rdx)
;;     movl $0x6, 0x60(%rdx)
;;     movl $0x7, 0x70(%rdx)
;;     movl $0x8, 0x80(%rdx)
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;; function 1:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;     subq $0x90, %rsp
;;   block0:
;;     movq %rdx, %rcx
;;     leaq <offset:1>+(%rsp), %rdx
;;     movq %rdi, %rsi
;;     call    User(userextname0)
;;     movl <offset:1>+(%rsp), %eax
;;     movl <offset:1>+0x10(%rsp), %ecx
;;     movl <offset:1>+0x20(%rsp), %ecx
;;     movl <offset:1>+0x30(%rsp), %ecx
;;     movl <offset:1>+0x40(%rsp), %ecx
;;     movl <offset:1>+0x50(%rsp), %ecx
;;     movl <offset:1>+0x60(%rsp), %ecx
;;     movl <offset:1>+0x70(%rsp), %ecx
;;     movl <offset:1>+0x80(%rsp), %ecx
;;     addq $0x90, %rsp
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
