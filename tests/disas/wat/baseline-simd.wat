;;! show = baseline
;; Operators of vectors are single instructions.
(module
  (memory 1)
  (func (param i32 v128) (result v128)
    (f32x4.add (f32x4.mul (v128.load (local.get 0)) (local.get 1)) (f32x4.splat (f32.load offset=16 (local.get 0)))))
  (func (param v128 v128) (result i32)
    (i8x16.bitmask (i8x16.eq (local.get 0) (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23 (local.get 0) (local.get 1))))))

;; ---- expected ----
;; function 0:
;;      0: push %rbp
;;      1: mov %rsp,%rbp
;;      4: sub $0x20,%rsp
;;      b: mov %rdi,-8(%rbp)
;;      f: mov %edx,-0x10(%rbp)
;;     12: movups %xmm0,-0x20(%rbp)
;;     16: mov -8(%rbp),%rax
;;     1a: mov 0x20(%rax),%rax
;;     1e: mov -0x10(%rbp),%ecx
;;     21: movups (%rax,%rcx),%xmm0
;;     25: movups -0x20(%rbp),%xmm1
;;     29: mulps %xmm1,%xmm0
;;     2c: mov -8(%rbp),%rax
;;     30: mov 0x20(%rax),%rax
;;     34: mov -0x10(%rbp),%ecx
;;     37: movss 0x10(%rax,%rcx),%xmm1
;;     3d: pshufd $0,%xmm1,%xmm1
;;     42: addps %xmm1,%xmm0
;;     45: leave
;;     46: ret
;; function 1:
;;      0: push %rbp
;;      1: mov %rsp,%rbp
;;      4: sub $0x30,%rsp
;;      b: mov %rdi,-8(%rbp)
;;      f: movups %xmm0,-0x20(%rbp)
;;     13: movups %xmm1,-0x30(%rbp)
;;     17: movups -0x30(%rbp),%xmm0
;;     1b: movups -0x20(%rbp),%xmm1
;;     1f: movaps %xmm0,%xmm2
;;     22: movups 0x50,%xmm15
;;     2a: pshufb %xmm15,%xmm1
;;     30: movups 0x60,%xmm15
;;     38: pshufb %xmm15,%xmm2
;;     3e: por %xmm2,%xmm1
;;     42: movups -0x20(%rbp),%xmm0
;;     46: pcmpeqb %xmm1,%xmm0
;;     4a: pmovmskb %xmm0,%eax
;;     4e: leave
;;     4f: ret
;;     50: add %al,-0x7FFD7FFF(%rax)
;;     56: add -0x7FFA7FFC(%rax),%eax
;;     5c: (bad)
;;     5e: (bad)
;;     60: addb $0x80,(%rax)
;;     63: add %eax,-0x7FFC7FFE(%rax)
;;     69: add $0x80,%al
;;     6b: add $0x7800680,%eax
