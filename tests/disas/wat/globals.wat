(module
  (import "m" "g" (global $imported (mut i64)))
  (global $sp (mut i32) (i32.const 65536))
  (func (result i32)
    (global.set $sp (i32.sub (global.get $sp) (i32.const 16)))
    (global.set $imported (i64.extend_i32_u (global.get $sp)))
    (global.get $sp)))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     movl 0x30(%rdi), %esi
;;     subl $0x10, %esi
;;     movl %esi, 0x30(%rdi)
;;     movq 0x20(%rdi), %r8
;;     movq %rsi, (%r8)
;;     movl 0x30(%rdi), %eax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
