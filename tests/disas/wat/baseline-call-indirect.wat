;;! show = baseline
;; A call through a table: bounds, type, and an indirect call.
(module
  (type $t (func (param i32) (result i32)))
  (table 10 funcref)
  (func (param i32 i32) (result i32)
    (call_indirect (type $t) (local.get 0) (local.get 1))))

;; ---- expected ----
;; function 0:
;;      0: push %rbp
;;      1: mov %rsp,%rbp
;;      4: sub $0x20,%rsp
;;      b: mov %rdi,-8(%rbp)
;;      f: mov %edx,-0x10(%rbp)
;;     12: mov %ecx,-0x18(%rbp)
;;     15: mov -8(%rbp),%rax
;;     19: mov 0x28(%rax),%rax
;;     1d: mov -8(%rbp),%rcx
;;     21: mov 0x20(%rcx),%rcx
;;     25: mov -0x18(%rbp),%edx
;;     28: lea (%rcx,%rdx,8),%rsi
;;     2c: mov -0x18(%rbp),%ecx
;;     2f: cmp %rcx,%rax
;;     32: mov $0,%r11d
;;     38: cmovbe %r11,%rsi
;;     3c: mov (%rsi),%rax
;;     3f: mov 0x10(%rax),%ecx
;;     42: mov -8(%rbp),%rdx
;;     46: mov 0x30(%rdx),%edx
;;     49: cmp %edx,%ecx
;;     4b: jne 0x000000000000006A
;;     51: mov (%rax),%rcx
;;     54: mov 8(%rax),%rax
;;     58: mov %rax,%rdi
;;     5b: mov %rcx,%r10
;;     5e: mov -0x10(%rbp),%edx
;;     61: mov -8(%rbp),%rsi
;;     65: call *%r10
;;     68: leave
;;     69: ret
;;     6a: ud2
