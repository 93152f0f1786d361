;; A shared memory, atomic operators of each width, waiting and notifying.
(module
  (memory (export "memory") 1 2 shared)
  (func (export "modify") (param i32 i64) (result i64 i32)
    (i64.atomic.rmw16.xchg_u (local.get 0) (local.get 1))
    (i32.atomic.rmw.cmpxchg offset=8 (local.get 0) (i32.const 0) (i32.const 1)))
  (func (export "wait") (param i32) (result i32)
    (atomic.fence)
    (memory.atomic.wait32 (local.get 0) (i32.const 1) (i64.const 0)))
  (func (export "notify") (param i32) (result i32)
    (memory.atomic.notify (local.get 0) (i32.const 1))))
