(module
  (memory 1 1 shared)
  (func (param i32 i32) (result i32) (i32.atomic.rmw.add offset=4 (local.get 0) (local.get 1)))
  (func (param i32 i64 i64) (result i64)
    (i64.atomic.rmw16.cmpxchg_u (local.get 0) (local.get 1) (local.get 2))))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movl %edx, %r8d
;;     leaq 4(%r8), %r9
;;     testq $0x3, %r9
;;     jnz #trap=user10
;;     movq 0x20(%rdi), %r10
;;     movq (%r10), %r10
;;     movq %rcx, %rax
;;     lock xaddl %eax, 4(%r10, %r8)
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;; function 1:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movl %edx, %r9d
;;     testq $0x1, %r9
;;     jnz #trap=user10
;;     movq 0x20(%rdi), %r11
;;     movq (%r11), %r11
;;     movq %rcx, %rax
;;     lock cmpxchgw %r8w, (%r11, %r9) ;; implicit: %ax
;;     movzwq %ax, %rax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
