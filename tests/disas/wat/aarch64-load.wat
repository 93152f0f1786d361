;;! processor = aarch64
(module
  (memory 1)
  (func (param i32) (result i32)
    local.get 0
    i32.load offset=16))

;; ---- expected ----
;; function 0:
;;     stp fp, lr, [sp, #-16]!
;;     mov fp, sp
;;   block0:
;;     ldr x5, [x2, #32]
;;     add x5, x5, x4, UXTW
;;     ldr w2, [x5, #16]
;;     ldp fp, lr, [sp], #16
;;     ret
