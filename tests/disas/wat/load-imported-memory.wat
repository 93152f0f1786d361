;; The definition is reached through a pointer; it and the base are constants of the instance.
(module
  (import "m" "m" (memory 1))
  (func (param i32) (result f64)
    local.get 0
    f64.load
    local.get 0
    f64.load offset=8
    f64.add))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movq 0x20(%rdi), %rdi
;;     movq (%rdi), %rdi
;;     movl %edx, %r8d
;;     vmovsd (%rdi, %r8), %xmm7
;;     vaddsd 8(%rdi, %r8), %xmm7, %xmm0
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
