(module
  (memory 1)
  (func (param i32 i64)
    local.get 0
    local.get 1
    i64.store8 offset=3))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movq 0x20(%rdi), %rsi
;;     movl %edx, %edi
;;     movb %cl, 3(%rsi, %rdi)
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
