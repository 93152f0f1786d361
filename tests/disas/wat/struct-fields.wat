;;! proposals = gc
;; Null faults at the access. A reference that is written marks its card first; a number does not.
(module
  (type $node (struct (field (mut i32)) (field (mut (ref null $node))) (field (mut i8))))
  (func (param (ref null $node)) (result i32) (struct.get $node 0 (local.get 0)))
  (func (param (ref null $node)) (result i32) (struct.get_s $node 2 (local.get 0)))
  (func (param (ref null $node) i32) (struct.set $node 0 (local.get 0) (local.get 1)))
  (func (param (ref null $node) (ref null $node)) (struct.set $node 1 (local.get 0) (local.get 1))))

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
;;     movq 0x18(%rdi), %rsi
;;     movl %edx, %edi
;;     movsbq 0xc(%rsi, %rdi), %rax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;; function 2:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movq 0x18(%rdi), %rsi
;;     movl %edx, %edi
;;     movl %ecx, 4(%rsi, %rdi)
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;; function 3:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movl $0x1, %r10d
;;     movq 0x18(%rdi), %r8
;;     movl %edx, %r9d
;;     movq %r9, %rdi
;;     shrq $0x9, %rdi
;;     movb %r10b, -0x800000(%r8, %rdi)
;;     movl %ecx, 8(%r8, %r9)
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
