;;! show = baseline
;; Division checks for zero and for overflow.
(module
  (func (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (param i32 i32) (result i32) (i32.rem_s (local.get 0) (local.get 1)))
  (func (param i64 i64) (result i64) (i64.div_u (local.get 0) (local.get 1)))
  (func (param i32) (result i32) (i32.div_u (local.get 0) (i32.const 10))))

;; ---- expected ----
;; function 0:
;;      0: push %rbp
;;      1: mov %rsp,%rbp
;;      4: sub $0x20,%rsp
;;      b: mov %rdi,-8(%rbp)
;;      f: mov %edx,-0x10(%rbp)
;;     12: mov %ecx,-0x18(%rbp)
;;     15: mov -0x10(%rbp),%eax
;;     18: mov -0x18(%rbp),%ecx
;;     1b: test %ecx,%ecx
;;     1d: je 0x0000000000000028
;;     23: cltd
;;     24: idiv %ecx
;;     26: leave
;;     27: ret
;;     28: ud2
;; function 1:
;;      0: push %rbp
;;      1: mov %rsp,%rbp
;;      4: sub $0x20,%rsp
;;      b: mov %rdi,-8(%rbp)
;;      f: mov %edx,-0x10(%rbp)
;;     12: mov %ecx,-0x18(%rbp)
;;     15: mov -0x10(%rbp),%eax
;;     18: mov -0x18(%rbp),%ecx
;;     1b: test %ecx,%ecx
;;     1d: je 0x0000000000000031
;;     23: xor %edx,%edx
;;     25: cmp $0xFFFFFFFF,%ecx
;;     28: je 0x000000000000002D
;;     2a: cltd
;;     2b: idiv %ecx
;;     2d: mov %edx,%eax
;;     2f: leave
;;     30: ret
;;     31: ud2
;; function 2:
;;      0: push %rbp
;;      1: mov %rsp,%rbp
;;      4: sub $0x20,%rsp
;;      b: mov %rdi,-8(%rbp)
;;      f: mov %rdx,-0x10(%rbp)
;;     13: mov %rcx,-0x18(%rbp)
;;     17: mov -0x10(%rbp),%rax
;;     1b: mov -0x18(%rbp),%rcx
;;     1f: test %rcx,%rcx
;;     22: je 0x000000000000002F
;;     28: xor %edx,%edx
;;     2a: div %rcx
;;     2d: leave
;;     2e: ret
;;     2f: ud2
;; function 3:
;;      0: push %rbp
;;      1: mov %rsp,%rbp
;;      4: sub $0x10,%rsp
;;      b: mov %rdi,-8(%rbp)
;;      f: mov %edx,-0x10(%rbp)
;;     12: mov -0x10(%rbp),%eax
;;     15: mov $0xA,%ecx
;;     1a: xor %edx,%edx
;;     1c: div %ecx
;;     1e: leave
;;     1f: ret
