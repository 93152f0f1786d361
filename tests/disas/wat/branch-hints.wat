;; The first arm is unlikely, and so is leaving the block: both lie behind what is likely.
(module
  (import "" "slow" (func $slow (param i32) (result i32)))
  (func (param i32) (result i32)
    local.get 0
    (@metadata.code.branch_hint "\00")
    if (result i32)
      local.get 0
      call $slow
    else
      local.get 0
      i32.const 1
      i32.add
    end)
  (func (param i32) (result i32)
    block $unlikely
      local.get 0
      (@metadata.code.branch_hint "\00")
      br_if $unlikely
      i32.const 7
      return
    end
    local.get 0
    call $slow))

;; ---- expected ----
;; function 1:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     testl %edx, %edx
;;     jnz     label2; j label1
;;   block1:
;;     leal 1(%rdx), %eax
;;     jmp     label3
;;   block3:
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;;   block2:
;;     movq 0x20(%rdi), %r10
;;     movq %rdi, %rax
;;     movq 0x28(%rax), %rdi
;;     movq %rax, %rsi
;;     call    *%r10
;;     jmp     label3
;; function 2:
;;     pushq %rbp
;;     movq %rsp, %rbp
;;   block0:
;;     testl %edx, %edx
;;     jnz     label2; j label1
;;   block1:
;;     movl $0x7, %eax
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
;;   block2:
;;     movq 0x20(%rdi), %r9
;;     movq %rdi, %rax
;;     movq 0x28(%rax), %rdi
;;     movq %rax, %rsi
;;     call    *%r9
;;     movq %rbp, %rsp
;;     popq %rbp
;;     retq
