;; Nothing that is called here ever throws: the second function has the instructions of the first.
(module
  (tag $e (param i32))
  (func $fib (param i32) (result i32)
    (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
      (then (local.get 0))
      (else
        (i32.add
          (call $fib (i32.sub (local.get 0) (i32.const 1)))
          (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
  (func $fib_handled (param i32) (result i32)
    (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
      (then (local.get 0))
      (else
        (block $caught (result i32)
          (try_table (result i32) (catch $e $caught)
            (i32.add
              (call $fib_handled (i32.sub (local.get 0) (i32.const 1)))
              (call $fib_handled (i32.sub (local.get 0) (i32.const 2))))))))))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;     subq $0x20, %rsp
;;     movq %r12, (%rsp)
;;     movq %r13, 8(%rsp)
;;     movq %r15, 0x10(%rsp)
;;   block0:
;;     movq %rdi, %r13
;;     cmpl $0x2, %edx
;;     movq %rdx, %r12
;;     jb      label2; j label1
;;   block1:
;;     movq %r12, %rax
;;     movq %rax, %rdx
;;     subl $0x1, %edx
;;     movq %r13, %rsi
;;     movq %r13, %rdi
;;     call    User(userextname0)
;;     movq %r12, %rdx
;;     movq %rax, %r15
;;     subl $0x2, %edx
;;     movq %r13, %rsi
;;     movq %rsi, %rdi
;;     call    User(userextname0)
;;     movq %r15, %rcx
;;     leal (%rcx, %rax), %eax
;;     jmp     label3
;;   block2:
;;     movq %r12, %rdx
;;     movq %rdx, %rax
;;     jmp     label3
;;   block3:
;;     movq (%rsp), %r12
;;     movq 8(%rsp), %r13
;;     movq 0x10(%rsp), %r15
;;     addq $0x20, %rsp
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;; function 1:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;     subq $0x20, %rsp
;;     movq %r12, (%rsp)
;;     movq %r13, 8(%rsp)
;;     movq %r14, 0x10(%rsp)
;;   block0:
;;     movq %rdi, %r13
;;     cmpl $0x2, %edx
;;     movq %rdx, %r12
;;     jb      label3; j label1
;;   block1:
;;     movq %r12, %rax
;;     movq %rax, %rdx
;;     subl $0x1, %edx
;;     movq %r13, %rsi
;;     movq %r13, %rdi
;;     call    User(userextname0)
;;     movq %r12, %rdx
;;     movq %rax, %r14
;;     subl $0x2, %edx
;;     movq %r13, %rsi
;;     movq %rsi, %rdi
;;     call    User(userextname0)
;;     jmp     label2
;;   block2:
;;     movq %r14, %rcx
;;     leal (%rcx, %rax), %eax
;;     jmp     label4
;;   block3:
;;     movq %r12, %rdx
;;     movq %rdx, %rax
;;     jmp     label4
;;   block4:
;;     movq (%rsp), %r12
;;     movq 8(%rsp), %r13
;;     movq 0x10(%rsp), %r14
;;     addq $0x20, %rsp
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
