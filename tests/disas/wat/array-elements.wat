;;! proposals = gc
;; The element's offset is computed in 32 bits, so that it stays in the heap whatever the length says.
(module
  (type $bytes (array (mut i8)))
  (type $objects (array (mut anyref)))
  (func (param (ref null $bytes)) (result i32) (array.len (local.get 0)))
  (func (param (ref null $bytes) i32) (result i32) (array.get_u $bytes (local.get 0) (local.get 1)))
  (func (param (ref null $objects) i32 anyref)
    (array.set $objects (local.get 0) (local.get 1) (local.get 2))))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movq 0x18(%rdi), %rsi
;;     movl %edx, %edi
;;     movl 4(%rsi, %rdi), %eax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;; function 1:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movq 0x18(%rdi), %rdi
;;     movl %edx, %r8d
;;     cmpl 4(%rdi, %r8), %ecx
;;     jnb #trap=user15
;;     leal 8(%rdx, %rcx), %r9d
;;     movzbq (%rdi, %r9), %rax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;; function 2:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movq 0x18(%rdi), %r9
;;     movl %edx, %r10d
;;     cmpl 4(%r9, %r10), %ecx
;;     jnb #trap=user15
;;     movl $0x1, %r11d
;;     leal 8(%rdx, %rcx, 4), %eax
;;     movq %rax, %rcx
;;     shrq $0x9, %rcx
;;     movb %r11b, -0x800000(%r9, %rcx)
;;     movl %r8d, (%r9, %rax)
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
