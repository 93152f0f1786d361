;;! show = baseline
;;! proposals = gc
;; An object is made in line, where there is room.
(module
  (type $node (struct (field (mut i32)) (field (mut (ref null $node)))))
  (func (param i32 (ref null $node)) (result (ref $node))
    (struct.new $node (local.get 0) (local.get 1))))

;; ---- expected ----
;; function 0:
;;      0: push %rbp
;;      1: mov %rsp,%rbp
;;      4: sub $0x40,%rsp
;;      b: xorps %xmm15,%xmm15
;;      f: movups %xmm15,-0x10(%rbp)
;;     14: mov %rdi,-0x18(%rbp)
;;     18: mov %edx,-0x20(%rbp)
;;     1b: mov %ecx,-0x10(%rbp)
;;     1e: mov -0x18(%rbp),%rax
;;     22: mov (%rax),%rax
;;     25: mov 0x20(%rax),%eax
;;     28: mov %eax,%ecx
;;     2a: mov -0x18(%rbp),%rdx
;;     2e: mov (%rdx),%rdx
;;     31: mov 0x24(%rdx),%edx
;;     34: add $0x10,%rcx
;;     38: mov %rcx,-0x28(%rbp)
;;     3c: mov %rax,-0x30(%rbp)
;;     40: mov -0x10(%rbp),%r11d
;;     44: mov %r11,-0x38(%rbp)
;;     48: mov -0x20(%rbp),%r11d
;;     4c: mov %r11,-0x40(%rbp)
;;     50: cmp -0x28(%rbp),%rdx
;;     54: jb 0x0000000000000087
;;     5a: mov -0x18(%rbp),%rax
;;     5e: mov (%rax),%rax
;;     61: mov -0x28(%rbp),%ecx
;;     64: mov %ecx,0x20(%rax)
;;     67: mov -0x30(%rbp),%eax
;;     6a: mov %eax,%eax
;;     6c: mov %eax,%ecx
;;     6e: mov -0x18(%rbp),%rdx
;;     72: mov 0x18(%rdx),%rdx
;;     76: mov -0x18(%rbp),%rsi
;;     7a: mov 0x20(%rsi),%esi
;;     7d: mov %esi,(%rdx,%rcx)
;;     80: mov %eax,%eax
;;     82: jmp 0x00000000000000A3
;;     87: mov -0x18(%rbp),%rax
;;     8b: mov 0x20(%rax),%eax
;;     8e: mov %rax,%rsi
;;     91: mov -0x18(%rbp),%rdi
;;     95: mov $0x10,%edx
;;     9a: mov 8(%rdi),%rax
;;     9e: callq *0x68(%rax)
;;     a1: mov %eax,%eax
;;     a3: mov %eax,%ecx
;;     a5: mov -0x18(%rbp),%rdx
;;     a9: mov 0x18(%rdx),%rdx
;;     ad: mov -0x40(%rbp),%esi
;;     b0: mov %esi,4(%rdx,%rcx)
;;     b4: mov %eax,%ecx
;;     b6: mov -0x18(%rbp),%rdx
;;     ba: mov 0x18(%rdx),%rdx
;;     be: mov -0x38(%rbp),%esi
;;     c1: mov %esi,8(%rdx,%rcx)
;;     c5: leave
;;     c6: ret
