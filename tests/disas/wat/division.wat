;; The processor's own fault is the trap of a division by zero.
(module
  (func (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (param i32 i32) (result i32) (i32.rem_s (local.get 0) (local.get 1)))
  (func (param i64 i64) (result i64) (i64.div_u (local.get 0) (local.get 1)))
  (func (param i32) (result i32) (i32.div_u (local.get 0) (i32.const 10))))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movq %rdx, %rax
;;     cltd  ;; implicit: %edx, %eax
;;     testl %ecx, %ecx
;;     jz #trap=int_divz
;;     idivl %ecx ;; implicit: %eax, %edx, trap=252
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;; function 1:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movq %rdx, %rax
;;     cltd  ;; implicit: %edx, %eax
;;     checked_srem_seq %eax, %edx, %ecx, %eax, %edx
;;     movq %rdx, %rax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;; function 2:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movq %rdx, %rax
;;     uninit  %rdx
;;     xorq %rdx, %rdx
;;     divq %rcx ;; implicit: %rax, %rdx, trap=254
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;; function 3:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     mulxl (%rip), %eax, %eax ;; implicit: %edx
;;     shrl $0x3, %eax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
