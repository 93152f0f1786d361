;;! settings = fuel no-inlining
(module
  (func $f (param i32) (result i32)
    (i32.add (call $f (local.get 0)) (i32.const 1))))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movq    %r15, %r8
;;     leaq -2(%r8), %r8
;;     movq    %r8, %r15
;;     testq %r8, %r8
;;     jl #trap=user13
;;     movq %rdi, %rsi
;;     call    User(userextname0)
;;     movq    %r15, %r11
;;     leaq -2(%r11), %r11
;;     movq    %r11, %r15
;;     leal 1(%rax), %eax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
