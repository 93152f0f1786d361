;;! show = baseline
;; An access to a reserved memory is one instruction, with the offset in it.
(module
  (memory 1)
  (func (param i32) (result i32)
    local.get 0
    i32.load offset=16))

;; ---- expected ----
;; function 0:
;;      0: push %rbp
;;      1: mov %rsp,%rbp
;;      4: sub $0x10,%rsp
;;      b: mov %rdi,-8(%rbp)
;;      f: mov %edx,-0x10(%rbp)
;;     12: mov -8(%rbp),%rax
;;     16: mov 0x20(%rax),%rax
;;     1a: mov -0x10(%rbp),%ecx
;;     1d: mov 0x10(%rax,%rcx),%eax
;;     21: leave
;;     22: ret
