;;! settings = checked fixed no-spectre-guards
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
;;     movl %edx, %esi
;;     cmpq 0x28(%rdi), %rsi
;;     jnb #trap=user2
;;     movq 0x20(%rdi), %rdi
;;     movl 0x10(%rdi, %rsi), %eax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
