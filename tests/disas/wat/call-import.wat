(module
  (import "m" "f" (func $f (param i32) (result i32)))
  (func (param i32) (result i32)
    (i32.add (call $f (local.get 0)) (i32.const 1))))

;; ---- expected ----
;; function 1:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movq 0x20(%rdi), %r8
;;     movq %rdi, %r9
;;     movq 0x28(%r9), %rdi
;;     movq %r9, %rsi
;;     call    *%r8
;;     leal 1(%rax), %eax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
