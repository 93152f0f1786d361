//! The wrong index width in `table.grow`, `table.fill` and the other operators on 64-bit tables and memories
//! (class 5: GHSA-f984, GHSA-m9w2, GHSA-q49f).

#![forbid(unsafe_code)]

use silica_engine::Trap;
use silica_tests_regress::{engines, function, instance, trap_of};

const TABLES: &str = r#"(module
  (table $t i64 10 20 funcref)
  (table $u i64 10 funcref)
  (table $s 10 funcref)
  (elem $e func $f $f $f)
  (type $v (func))
  (func $f)
  (func (export "size") (result i64) (table.size $t))
  (func (export "grow") (param i64) (result i64) (table.grow $t (ref.null func) (local.get 0)))
  (func (export "grow unbounded") (param i64) (result i64) (table.grow $u (ref.func $f) (local.get 0)))
  (func (export "fill") (param i64 i64) (table.fill $t (local.get 0) (ref.func $f) (local.get 1)))
  (func (export "get") (param i64) (result i32) (ref.is_null (table.get $t (local.get 0))))
  (func (export "set") (param i64) (table.set $t (local.get 0) (ref.func $f)))
  (func (export "call") (param i64) (call_indirect $t (type $v) (local.get 0)))
  (func (export "init") (param i64 i32 i32) (table.init $t $e (local.get 0) (local.get 1) (local.get 2)))
  (func (export "copy") (param i64 i64 i64) (table.copy $t $u (local.get 0) (local.get 1) (local.get 2)))
  (func (export "copy from 32") (param i64 i32 i32) (table.copy $t $s (local.get 0) (local.get 1) (local.get 2)))
  (func (export "copy to 32") (param i32 i64 i32) (table.copy $s $t (local.get 0) (local.get 1) (local.get 2)))
)"#;

/// Indices whose lower half is in bounds, and which are not.
const FAR: [u64; 4] = [1 << 32, (1 << 32) + 3, 0xffff_ffff_0000_0000, u64::MAX - 3];

#[test]
fn a_64_bit_table_index_is_compared_whole() {
    for (what, engine) in engines() {
        let (mut store, instance) = instance(&engine, TABLES);
        let out = Trap::TableOutOfBounds;
        let set = function::<u64, ()>(&mut store, &instance, "set");
        set.call(&mut store, 3).unwrap();
        let get = function::<u64, u32>(&mut store, &instance, "get");
        assert_eq!(get.call(&mut store, 3).unwrap(), 0, "{what}");
        assert_eq!(get.call(&mut store, 4).unwrap(), 1, "{what}");
        let call = function::<u64, ()>(&mut store, &instance, "call");
        call.call(&mut store, 3).unwrap();
        let fill = function::<(u64, u64), ()>(&mut store, &instance, "fill");
        let init = function::<(u64, u32, u32), ()>(&mut store, &instance, "init");
        let copy = function::<(u64, u64, u64), ()>(&mut store, &instance, "copy");
        let from = function::<(u64, u32, u32), ()>(&mut store, &instance, "copy from 32");
        let to = function::<(u32, u64, u32), ()>(&mut store, &instance, "copy to 32");
        for far in FAR {
            assert_eq!(trap_of(set.call(&mut store, far)), out, "{what} {far:#x}");
            assert_eq!(trap_of(get.call(&mut store, far)), out, "{what} {far:#x}");
            assert_eq!(trap_of(call.call(&mut store, far)), out, "{what} {far:#x}");
            assert_eq!(
                trap_of(fill.call(&mut store, (far, 1))),
                out,
                "{what} {far:#x}"
            );
            assert_eq!(
                trap_of(fill.call(&mut store, (1, far))),
                out,
                "{what} {far:#x}"
            );
            assert_eq!(
                trap_of(init.call(&mut store, (far, 0, 1))),
                out,
                "{what} {far:#x}"
            );
            assert_eq!(
                trap_of(copy.call(&mut store, (far, 0, 1))),
                out,
                "{what} {far:#x}"
            );
            assert_eq!(
                trap_of(copy.call(&mut store, (0, far, 1))),
                out,
                "{what} {far:#x}"
            );
            assert_eq!(
                trap_of(copy.call(&mut store, (0, 0, far))),
                out,
                "{what} {far:#x}"
            );
            assert_eq!(
                trap_of(from.call(&mut store, (far, 0, 1))),
                out,
                "{what} {far:#x}"
            );
            assert_eq!(
                trap_of(to.call(&mut store, (0, far, 1))),
                out,
                "{what} {far:#x}"
            );
        }
        fill.call(&mut store, (8, 2)).unwrap();
        init.call(&mut store, (0, 0, 3)).unwrap();
        copy.call(&mut store, (4, 0, 6)).unwrap();
        from.call(&mut store, (4, 0, 6)).unwrap();
        to.call(&mut store, (4, 0, 6)).unwrap();
    }
}

#[test]
fn a_64_bit_table_grows_by_the_whole_number() {
    for (what, engine) in engines() {
        let (mut store, instance) = instance(&engine, TABLES);
        let grow = function::<u64, u64>(&mut store, &instance, "grow");
        let unbounded = function::<u64, u64>(&mut store, &instance, "grow unbounded");
        let size = function::<(), u64>(&mut store, &instance, "size");
        for far in FAR {
            // The failure is -1 in 64 bits, not in 32.
            assert_eq!(
                grow.call(&mut store, far).unwrap(),
                u64::MAX,
                "{what} {far:#x}"
            );
            assert_eq!(
                unbounded.call(&mut store, far).unwrap(),
                u64::MAX,
                "{what} {far:#x}"
            );
        }
        assert_eq!(grow.call(&mut store, 5).unwrap(), 10, "{what}");
        assert_eq!(size.call(&mut store, ()).unwrap(), 15, "{what}");
        assert_eq!(grow.call(&mut store, 6).unwrap(), u64::MAX, "{what}");
    }
}

const MEMORY: &str = r#"(module
  (memory $m i64 1 3)
  (memory $s 1)
  (data $d "abcdef")
  (func (export "size") (result i64) (memory.size $m))
  (func (export "grow") (param i64) (result i64) (memory.grow $m (local.get 0)))
  (func (export "load") (param i64) (result i32) (i32.load8_u (local.get 0)))
  (func (export "load far") (param i64) (result i32) (i32.load8_u offset=0x100000000 (local.get 0)))
  (func (export "load farthest") (param i64) (result i64) (i64.load offset=0xffffffffffffffff (local.get 0)))
  (func (export "store") (param i64) (i64.store (local.get 0) (i64.const -1)))
  (func (export "fill") (param i64 i64) (memory.fill $m (local.get 0) (i32.const 7) (local.get 1)))
  (func (export "copy") (param i64 i64 i64) (memory.copy $m $m (local.get 0) (local.get 1) (local.get 2)))
  (func (export "copy to 32") (param i32 i64 i32) (memory.copy $s $m (local.get 0) (local.get 1) (local.get 2)))
  (func (export "init") (param i64) (memory.init $m $d (local.get 0) (i32.const 0) (i32.const 6)))
)"#;

#[test]
fn a_64_bit_address_is_compared_whole() {
    for (what, engine) in engines() {
        let (mut store, instance) = instance(&engine, MEMORY);
        let out = Trap::MemoryOutOfBounds;
        let load = function::<u64, u32>(&mut store, &instance, "load");
        let load_far = function::<u64, u32>(&mut store, &instance, "load far");
        let farthest = function::<u64, u64>(&mut store, &instance, "load farthest");
        let write = function::<u64, ()>(&mut store, &instance, "store");
        let fill = function::<(u64, u64), ()>(&mut store, &instance, "fill");
        let copy = function::<(u64, u64, u64), ()>(&mut store, &instance, "copy");
        let to = function::<(u32, u64, u32), ()>(&mut store, &instance, "copy to 32");
        let init = function::<u64, ()>(&mut store, &instance, "init");
        let grow = function::<u64, u64>(&mut store, &instance, "grow");
        for far in FAR {
            assert_eq!(trap_of(load.call(&mut store, far)), out, "{what} {far:#x}");
            assert_eq!(
                trap_of(load_far.call(&mut store, far)),
                out,
                "{what} {far:#x}"
            );
            assert_eq!(
                trap_of(farthest.call(&mut store, far)),
                out,
                "{what} {far:#x}"
            );
            assert_eq!(trap_of(write.call(&mut store, far)), out, "{what} {far:#x}");
            assert_eq!(
                trap_of(fill.call(&mut store, (far, 1))),
                out,
                "{what} {far:#x}"
            );
            assert_eq!(
                trap_of(fill.call(&mut store, (1, far))),
                out,
                "{what} {far:#x}"
            );
            assert_eq!(
                trap_of(copy.call(&mut store, (far, 0, 1))),
                out,
                "{what} {far:#x}"
            );
            assert_eq!(
                trap_of(copy.call(&mut store, (0, 0, far))),
                out,
                "{what} {far:#x}"
            );
            assert_eq!(
                trap_of(to.call(&mut store, (0, far, 1))),
                out,
                "{what} {far:#x}"
            );
            assert_eq!(trap_of(init.call(&mut store, far)), out, "{what} {far:#x}");
            assert_eq!(
                grow.call(&mut store, far).unwrap(),
                u64::MAX,
                "{what} {far:#x}"
            );
        }
        assert_eq!(trap_of(farthest.call(&mut store, 1)), out, "{what}");
        assert_eq!(trap_of(farthest.call(&mut store, 9)), out, "{what}");
        assert_eq!(trap_of(load.call(&mut store, 65536)), out, "{what}");
        assert_eq!(load.call(&mut store, 65535).unwrap(), 0, "{what}");
        assert_eq!(grow.call(&mut store, 2).unwrap(), 1, "{what}");
        assert_eq!(load.call(&mut store, 3 * 65536 - 1).unwrap(), 0, "{what}");
    }
}
