;; Small callees stand in place of their calls, and so do theirs.
(module
  (memory 1)
  (func $get (param i32) (result i32) (i32.load offset=4 (local.get 0)))
  (func $sum (param i32) (result i32)
    (i32.add (call $get (local.get 0)) (call $get (i32.add (local.get 0) (i32.const 8)))))
  (func (param i32) (result i32) (call $sum (i32.const 64))))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movq 0x20(%rdi), %rsi
;;     movl %edx, %edi
;;     movl 4(%rsi, %rdi), %eax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;; function 1:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movq 0x20(%rdi), %rdi
;;     movl %edx, %r8d
;;     movl 4(%rdi, %r8), %eax
;;     leal 8(%rdx), %r8d
;;     addl 4(%rdi, %r8), %eax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;; function 2:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movq 0x20(%rdi), %rsi
;;     movl 0x44(%rsi), %eax
;;     addl 0x4c(%rsi), %eax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
