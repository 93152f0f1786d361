(module
  (memory 1)
  (func (param i32 i32 i32)
    (memory.fill (local.get 0) (local.get 1) (local.get 2))))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movq 8(%rdi), %r10
;;     movq 0x10(%r10), %r10
;;     leaq 0x20(%rdi), %rsi
;;     movl %edx, %edx
;;     movl %ecx, %ecx
;;     movl %r8d, %r8d
;;     call    *%r10
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
