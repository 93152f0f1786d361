;;! proposals = gc
;; A cast to a final type is one load and one comparison; to another type, an equality and then the table of supertypes.
(module
  (type $base (sub (struct)))
  (type $open (sub $base (struct (field i32))))
  (type $last (sub final $open (struct (field i32) (field i32))))
  (func (param (ref null $base)) (result (ref $last)) (ref.cast (ref $last) (local.get 0)))
  (func (param (ref $base)) (result (ref $open)) (ref.cast (ref $open) (local.get 0)))
  (func (param (ref $base)) (result i32) (ref.test (ref $last) (local.get 0)))
  (func (param anyref) (result (ref null $last)) (ref.cast (ref null $last) (local.get 0))))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movq 0x18(%rdi), %rsi
;;     movl %edx, %r8d
;;     movl (%rsi, %r8), %esi
;;     cmpl 0x28(%rdi), %esi
;;     jnz #trap=user16
;;     movq %rdx, %rax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;; function 1:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movq 0x18(%rdi), %r11
;;     movl %edx, %eax
;;     movl (%r11, %rax), %eax
;;     movl 0x24(%rdi), %r11d
;;     cmpl %r11d, %eax
;;     jz      label1; j label2
;;   block1:
;;     movq %rdx, %rax
;;     jmp     label3
;;   block2:
;;     movq (%rdi), %rcx
;;     movq 0x28(%rcx), %rcx
;;     movl %eax, %eax
;;     shlq $0x5, %rax
;;     movl 8(%rcx, %rax), %eax
;;     cmpl %r11d, %eax
;;     jnz #trap=user16
;;     movq %rdx, %rax
;;     jmp     label3
;;   block3:
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;; function 2:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movq 0x18(%rdi), %r8
;;     movl %edx, %r9d
;;     movl (%r8, %r9), %r8d
;;     cmpl 0x28(%rdi), %r8d
;;     sete %r8b
;;     movzbl %r8b, %eax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;; function 3:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     testl %edx, %edx
;;     jz      label1; j label2
;;   block1:
;;     movq %rdx, %rax
;;     jmp     label4
;;   block2:
;;     testl $0x1, %edx
;;     jnz #trap=user16
;;     jmp     label3
;;   block3:
;;     movq 0x18(%rdi), %r11
;;     movl %edx, %eax
;;     movl (%r11, %rax), %r11d
;;     cmpl 0x28(%rdi), %r11d
;;     jnz #trap=user16
;;     movq %rdx, %rax
;;     jmp     label4
;;   block4:
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
