;;! processor = aarch64
(module
  (func (param i32) (result i32)
    (block $c (block $b (block $a
      (br_table $a $b $c $a (local.get 0)))
      (return (i32.const 10)))
      (return (i32.const 20)))
    (i32.const 30)))

;; ---- expected ----
;; function 0:
;;     stp fp, lr, [sp, #-16]!
;;     mov fp, sp
;;   block0:
;;     emit_island 48
;;     subs wzr, w4, #3
;;     mov x8, #3 ; csel x8, x4, x8, lo ; csdb ; adr x7, pc+16 ; ldrsw x8, [x7, x8, uxtw #2] ; add x7, x7, x8 ; br x7 ; jt_entries [MachLabel(2), MachLabel(4), MachLabel(3)] ; default label1
;;   block1:
;;     b label5
;;   block2:
;;     b label5
;;   block3:
;;     movz w2, #30
;;     ldp fp, lr, [sp], #16
;;     ret
;;   block4:
;;     movz w2, #20
;;     ldp fp, lr, [sp], #16
;;     ret
;;   block5:
;;     b label6
;;   block6:
;;     movz w2, #10
;;     ldp fp, lr, [sp], #16
;;     ret
