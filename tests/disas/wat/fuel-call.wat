;;! settings = fuel no-inlining
(module
  (func $f (param i32) (result i32)
    (i32.add (call $f (local.get 0)) (i32.const 1))))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movq    %r15, %r9
;;     testq %r9, %r9
;;     jl #trap=user13
;;     movq    %r15, %r11
;;     leaq -2(%r11), %r11
;;     movq    %r11, %r15
;;     movq %rdi, %rsi
;;     call    User(userextname0)
;;     movq    %r15, %rcx
;;     leaq -2(%rcx), %rcx
;;     movq    %rcx, %r15
;;     leal 1(%rax), %eax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
