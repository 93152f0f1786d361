;;! show = baseline
;; A local stays in its register over the loop; the compare and the branch are one.
(module
  (memory 1)
  (func (param $p i32) (param $end i32) (result i32)
    (local $sum i32)
    (loop $l
      (local.set $sum (i32.add (local.get $sum) (i32.load (local.get $p))))
      (local.set $p (i32.add (local.get $p) (i32.const 4)))
      (br_if $l (i32.lt_u (local.get $p) (local.get $end))))
    (local.get $sum)))

;; ---- expected ----
;; function 0:
;;      0: push %rbp
;;      1: mov %rsp,%rbp
;;      4: sub $0x30,%rsp
;;      b: mov %rbx,-8(%rbp)
;;      f: mov %r12,-0x10(%rbp)
;;     13: mov %r13,-0x18(%rbp)
;;     17: mov %r14,-0x20(%rbp)
;;     1b: mov %rdi,-0x28(%rbp)
;;     1f: mov %edx,%ebx
;;     21: mov %ecx,%r14d
;;     24: xor %r12d,%r12d
;;     27: mov -0x28(%rbp),%r13
;;     2b: mov 0x20(%r13),%r13
;;     2f: mov (%r13,%rbx),%eax
;;     34: mov %r12d,%r12d
;;     37: add %eax,%r12d
;;     3a: mov %ebx,%ebx
;;     3c: add $4,%ebx
;;     3f: cmp %r14d,%ebx
;;     42: jb 0x000000000000002F
;;     48: mov %r12d,%eax
;;     4b: mov -8(%rbp),%rbx
;;     4f: mov -0x10(%rbp),%r12
;;     53: mov -0x18(%rbp),%r13
;;     57: mov -0x20(%rbp),%r14
;;     5b: leave
;;     5c: ret
