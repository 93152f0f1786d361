(module
  (memory 1 1 shared)
  (func (param i32) (result i32) (i32.atomic.load (local.get 0)))
  (func (param i32 i64) (i64.atomic.store (local.get 0) (local.get 1)))
  (func atomic.fence))

;; ---- expected ----
