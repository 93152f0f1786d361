;;! show = baseline
;; Each target takes its values where its block expects them.
(module
  (func (param i32) (result i32)
    (block $c (block $b (block $a
      (br_table $a $b $c $a (local.get 0)))
      (return (i32.const 10)))
      (return (i32.const 20)))
    (i32.const 30)))

;; ---- expected ----
;; function 0:
;;      0: push %rbp
;;      1: mov %rsp,%rbp
;;      4: sub $0x10,%rsp
;;      b: mov %rdi,-8(%rbp)
;;      f: mov %edx,-0x10(%rbp)
;;     12: mov -0x10(%rbp),%eax
;;     15: mov %eax,%eax
;;     17: mov $3,%r11d
;;     1d: cmp %r11d,%eax
;;     20: cmovae %r11d,%eax
;;     24: lea 0x34,%r11
;;     2b: movslq (%r11,%rax,4),%rax
;;     2f: add %r11,%rax
;;     32: jmp *%rax
;;     34: adc %al,(%rax)
;;     36: add %al,(%rax)
;;     38: (bad)
;;     3a: add %al,(%rax)
;;     3c: (bad)
;;     3e: add %al,(%rax)
;;     40: adc %al,(%rax)
;;     42: add %al,(%rax)
;;     44: mov $0xA,%eax
;;     49: leave
;;     4a: ret
;;     4b: mov $0x14,%eax
;;     50: leave
;;     51: ret
;;     52: mov $0x1E,%eax
;;     57: leave
;;     58: ret
