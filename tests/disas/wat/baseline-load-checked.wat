;;! show = baseline
;;! settings = checked
;; Where nothing is reserved, the bounds are checked first.
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
;;     16: mov 0x28(%rax),%rax
;;     1a: mov -8(%rbp),%rcx
;;     1e: mov 0x20(%rcx),%rcx
;;     22: mov -0x10(%rbp),%edx
;;     25: lea (%rcx,%rdx),%rsi
;;     29: lea 0x10(%rsi),%rcx
;;     2d: mov -0x10(%rbp),%edx
;;     30: cmp %rdx,%rax
;;     33: mov $0,%r11d
;;     39: cmovbe %r11,%rcx
;;     3d: mov (%rcx),%eax
;;     3f: leave
;;     40: ret
