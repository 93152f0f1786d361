;;! settings = no-inlining
;; A direct call passes the context twice, and loads nothing.
(module
  (func $callee (param i32) (result i32) (local.get 0))
  (func (param i32) (result i32) (call $callee (local.get 0))))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movq %rdx, %rax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;; function 1:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movq %rdi, %rsi
;;     call    User(userextname0)
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
