;;! settings = fuel
(module
  (memory 1)
  (func (param $p i32) (param $end i32) (result i32)
    (local $sum i32)
    (loop $l
      (local.set $sum (i32.add (local.get $sum) (i32.load (local.get $p))))
      (local.set $p (i32.add (local.get $p) (i32.const 4)))
      (br_if $l (i32.lt_u (local.get $p) (local.get $end))))
    (local.get $sum)))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movq    %r15, %rax
;;     movq    %rax, %r15
;;     testq %rax, %rax
;;     jl #trap=user13
;;     uninit  %rax
;;     xorl %eax, %eax
;;     movq 0x20(%rdi), %rsi
;;     jmp     label1
;;   block1:
;;     movq    %r15, %rdi
;;     leaq -0xd(%rdi), %rdi
;;     movq    %rdi, %r15
;;     testq %rdi, %rdi
;;     jl #trap=user13
;;     movl %edx, %edi
;;     movl (%rsi, %rdi), %edi
;;     leal 4(%rdx), %edx
;;     leal (%rax, %rdi), %eax
;;     cmpl %ecx, %edx
;;     jb      label2; j label3
;;   block2:
;;     jmp     label1
;;   block3:
;;     movq    %r15, %rcx
;;     leaq -1(%rcx), %rcx
;;     movq    %rcx, %r15
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
