;;! settings = checked
(module
  (memory 1)
  (func (param $end i32) (result i32) (local $at i32) (local $sum i32)
    loop $next
      local.get $sum
      local.get $at
      i32.load
      i32.add
      local.set $sum
      local.get $at
      i32.const 4
      i32.add
      local.tee $at
      local.get $end
      i32.lt_u
      br_if $next
    end
    local.get $sum))

;; ---- expected ----
;; function 0:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     uninit  %rax
;;     xorl %eax, %eax
;;     movq %rax, %r8
;;     jmp     label1
;;   block1:
;;     movq 0x28(%rdi), %rcx
;;     movq 0x20(%rdi), %rsi
;;     movl %r8d, %r9d
;;     leaq (%rsi, %r9), %rsi
;;     uninit  %r10
;;     xorq %r10, %r10
;;     cmpq %rcx, %r9
;;     cmovbq %rsi, %r10
;;     movl (%r10), %ecx
;;     leal 4(%r8), %r8d
;;     leal (%rax, %rcx), %eax
;;     cmpl %edx, %r8d
;;     jb      label2; j label3
;;   block2:
;;     jmp     label1
;;   block3:
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
