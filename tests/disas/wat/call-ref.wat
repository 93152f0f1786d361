;; No comparison of types: a null reference faults at the load of the code.
(module
  (type $t (func (param i32) (result i32)))
  (func (param (ref null $t) i32) (result i32)
    (call_ref $t (local.get 1) (local.get 0)))
  (func (param (ref null $t) i32) (result i32)
    (return_call_ref $t (local.get 1) (local.get 0))))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movq %rdi, %rsi
;;     movq (%rdx), %r8
;;     movq 8(%rdx), %rdi
;;     movq %rcx, %rdx
;;     call    *%r8
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;; function 1:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movq %rdi, %rsi
;;     movq (%rdx), %r10
;;     movq 8(%rdx), %rdi
;;     movq %rcx, %rdx
;;     return_call_unknown %r10 (0) tmp=%r11 %rdi=%rdi %rsi=%rsi %rdx=%rdx
