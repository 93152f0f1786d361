;;! proposals = gc
;; A new object takes its bytes of the nursery; a builtin makes it where that is full. Nothing else marks its fields.
(module
  (type $node (struct (field (mut i32)) (field (mut (ref null $node)))))
  (func (param i32 (ref null $node)) (result (ref $node))
    (struct.new $node (local.get 0) (local.get 1))))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;     subq $0x20, %rsp
;;     movq %rbx, 0x10(%rsp)
;;     movq %r12, 0x18(%rsp)
;;   block0:
;;     movq %rdx, %r12
;;     movl %ecx, <offset:1>+(%rsp)
;;     movq (%rdi), %rdx
;;     movl 0x20(%rdx), %eax
;;     movl %eax, %ecx
;;     leaq 0x10(%rcx), %rsi
;;     movl 0x24(%rdx), %r8d
;;     cmpq %r8, %rsi
;;     jnbe    label2; j label1
;;   block1:
;;     leal 0x10(%rax), %esi
;;     movl %esi, 0x20(%rdx)
;;     movl 0x20(%rdi), %edx
;;     movq 0x18(%rdi), %rsi
;;     movl %edx, (%rsi, %rcx)
;;     movq %rdi, %rbx
;;     jmp     label3
;;   block3:
;;     movq 0x18(%rbx), %rcx
;;     movl %eax, %edx
;;     movq %r12, %rsi
;;     movl %esi, 4(%rcx, %rdx)
;;     movl <offset:1>+(%rsp), %esi
;;     movl %esi, 8(%rcx, %rdx)
;;     movq 0x10(%rsp), %rbx
;;     movq 0x18(%rsp), %r12
;;     addq $0x20, %rsp
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;;   block2:
;;     movq 8(%rdi), %rax
;;     movq 0x68(%rax), %rax
;;     movl 0x20(%rdi), %esi
;;     movq %rdi, %rbx
;;     movl $0x10, %edx
;;     call    *%rax
;;     ; UserStackMap { by_type: [(types::I32, CompoundBitSet {0})], sp_to_sized_stack_slots: None }
;;     jmp     label3
