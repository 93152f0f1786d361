//! Memories through the host: reading, writing, growing, initial contents, what is refused.

use silica_engine::{
    AsContextMut, Caller, Engine, Func, Instance, Memory, MemoryType, Module, SharedMemory, Store,
    Val,
};
use silica_tests_embed::{engine_with, instance, instance_in};

#[test]
fn host_and_program_see_the_same_bytes() {
    let (mut store, instance) = instance(
        r#"(module (memory (export "m") 1) (data (i32.const 100) "data")
            (func (export "get") (param i32) (result i32) (i32.load8_u (local.get 0)))
            (func (export "set") (param i32 i32) (i32.store8 (local.get 0) (local.get 1))))"#,
    );
    let memory = instance.get_memory(&mut store, "m").unwrap();
    let get = instance
        .get_typed_func::<u32, u32>(&mut store, "get")
        .unwrap();
    let set = instance
        .get_typed_func::<(u32, u32), ()>(&mut store, "set")
        .unwrap();
    assert_eq!(&memory.data(&store)[100..104], b"data");
    memory.data_mut(&mut store)[5] = 55;
    assert_eq!(get.call(&mut store, 5).unwrap(), 55);
    set.call(&mut store, (65535, 66)).unwrap();
    assert_eq!(memory.data(&store)[65535], 66);
    memory.write(&mut store, 65534, &[1, 2]).unwrap();
    let mut buffer = [0; 2];
    memory.read(&store, 65534, &mut buffer).unwrap();
    assert_eq!(buffer, [1, 2]);
}

#[test]
fn accesses_out_of_bounds_copy_nothing() {
    let mut store = Store::new(&Engine::default(), ());
    let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    for (offset, length) in [
        (65535, 2),
        (65536, 1),
        (usize::MAX, 1),
        (usize::MAX, 0),
        (0, 65537),
    ] {
        let error = memory
            .write(&mut store, offset, &vec![1; length])
            .unwrap_err();
        assert_eq!(error.memory_bytes, 65536);
        assert!(memory.read(&store, offset, &mut vec![0; length]).is_err());
    }
    memory.write(&mut store, 65536, &[]).unwrap();
    assert!(memory.data(&store).iter().all(|byte| *byte == 0));
}

#[test]
fn growth_from_both_sides() {
    let (mut store, instance) = instance(
        r#"(module (memory (export "m") 1 4)
            (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
            (func (export "size") (result i32) memory.size))"#,
    );
    let memory = instance.get_memory(&mut store, "m").unwrap();
    let grow = instance
        .get_typed_func::<i32, i32>(&mut store, "grow")
        .unwrap();
    let size = instance
        .get_typed_func::<(), i32>(&mut store, "size")
        .unwrap();
    let address = memory.data_ptr(&store);
    assert_eq!(memory.grow(&mut store, 1).unwrap(), 1);
    assert_eq!(size.call(&mut store, ()).unwrap(), 2);
    assert_eq!(grow.call(&mut store, 2).unwrap(), 2);
    assert_eq!(memory.size(&store), 4);
    assert_eq!(memory.data_size(&store), 4 << 16);
    assert_eq!(memory.data_ptr(&store), address);
    assert_eq!(grow.call(&mut store, 1).unwrap(), -1);
    assert!(memory.grow(&mut store, 1).is_err());
    assert!(memory.grow(&mut store, u64::MAX).is_err());
    assert_eq!(memory.size(&store), 4);
}

#[test]
fn new_pages_are_zero_and_usable() {
    let (mut store, instance) = instance(
        r#"(module (memory (export "m") 0)
            (func (export "f") (result i32)
                (drop (memory.grow (i32.const 1)))
                (i32.store (i32.const 65532) (i32.const 9))
                (i32.add (i32.load (i32.const 0)) (i32.load (i32.const 65532)))))"#,
    );
    let f = instance.get_typed_func::<(), i32>(&mut store, "f").unwrap();
    assert_eq!(f.call(&mut store, ()).unwrap(), 9);
}

#[test]
fn bytes_and_data_at_once() {
    let mut store = Store::new(&Engine::default(), vec![1_u8, 2, 3]);
    let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    let (bytes, data) = memory.data_and_store_mut(store.as_context_mut());
    bytes[..3].copy_from_slice(data);
    data.clear();
    assert_eq!(&memory.data(&store)[..4], &[1, 2, 3, 0]);
    assert!(store.data().is_empty());
}

#[test]
fn impossible_types_are_refused() {
    let mut store = Store::new(&Engine::default(), ());
    assert!(Memory::new(&mut store, MemoryType::shared(1, 2)).is_err());
    assert!(MemoryType::builder().min(2).max(Some(1)).build().is_err());
    assert!(MemoryType::builder().min(65537).build().is_err());
    assert!(MemoryType::builder().shared(true).build().is_err());
    assert!(MemoryType::builder().page_size_log2(3).build().is_err());
    let bytes = MemoryType::builder()
        .min(100)
        .page_size_log2(0)
        .build()
        .unwrap();
    let memory = Memory::new(&mut store, bytes).unwrap();
    assert_eq!(memory.data_size(&store), 100);
}

#[test]
fn memories_larger_than_the_address_space_are_errors() {
    let mut store = Store::new(&Engine::default(), ());
    for pages in [1 << 40, 1 << 47, (1 << 48) - 1, 1 << 48] {
        assert!(
            Memory::new(&mut store, MemoryType::new64(pages, None)).is_err(),
            "{pages}"
        );
    }
    let memory = Memory::new(&mut store, MemoryType::new64(1, Some(1 << 48))).unwrap();
    assert!(memory.grow(&mut store, 1 << 47).is_err());
    assert_eq!(memory.size(&store), 1);
}

#[test]
fn every_plan_of_bounds_traps_at_the_end() {
    for (reservation, guard) in [
        (4_u64 << 30, 2_u64 << 30),
        (4 << 30, 0),
        (1 << 20, 1 << 16),
        (0, 0),
    ] {
        let engine = engine_with(|config| {
            config
                .memory_reservation(reservation)
                .memory_guard_size(guard);
        });
        for index in ["", "i64"] {
            let address = if index.is_empty() { "i32" } else { "i64" };
            let (mut store, instance) = instance_in(
                &engine,
                &format!(
                    r#"(module (memory {index} 1 2)
                    (func (export "load") (param {address}) (result i64) (i64.load offset=8 (local.get 0)))
                    (func (export "far") (param {address}) (result i32) (i32.load8_u offset=0x7fffffff (local.get 0)))
                    (func (export "grow") (result {address}) (memory.grow ({address}.const 1))))"#
                ),
            );
            let mut load = |at: u64| {
                let f = instance.get_func(&mut store, "load").unwrap();
                let at = if index.is_empty() {
                    (at as u32 as i32).into()
                } else {
                    (at as i64).into()
                };
                f.call(&mut store, &[at], &mut [Val::I64(0)]).is_ok()
            };
            assert!(load(65536 - 16), "{reservation} {guard} {index}");
            assert!(!load(65536 - 15), "{reservation} {guard} {index}");
            assert!(!load(u64::from(u32::MAX)));
            assert!(!load(u64::MAX));
            assert!(!load(u64::MAX - 7));
            let grow = instance.get_func(&mut store, "grow").unwrap();
            grow.call(&mut store, &[], &mut [Val::I32(0)]).unwrap();
            let far = instance.get_func(&mut store, "far").unwrap();
            for at in [0_u64, 1, 0x7fff_ffff] {
                let at = if index.is_empty() {
                    (at as i32).into()
                } else {
                    (at as i64).into()
                };
                assert!(far.call(&mut store, &[at], &mut [Val::I32(0)]).is_err());
            }
        }
    }
}

#[test]
fn initial_contents_are_each_instances_own() {
    let text = r#"(module (memory (export "m") 2) (data (i32.const 65530) "across pages") (data (i32.const 0) "a"))"#;
    let engine = Engine::default();
    let (mut first, one) = instance_in(&engine, text);
    let memory = one.get_memory(&mut first, "m").unwrap();
    memory.data_mut(&mut first)[65530] = b'!';
    let (mut second, two) = instance_in(&engine, text);
    let memory = two.get_memory(&mut second, "m").unwrap();
    assert_eq!(&memory.data(&second)[65530..65542], b"across pages");
    assert_eq!(memory.data(&second)[0], b'a');
}

#[test]
fn types_are_those_that_were_declared() {
    let (mut store, instance) = instance(r#"(module (memory (export "m") 1 5))"#);
    let memory = instance.get_memory(&mut store, "m").unwrap();
    assert_eq!(memory.ty(&store).maximum(), Some(5));
    assert_eq!(memory.page_size(&store), 65536);
    assert!(!memory.ty(&store).is_64());
}

/// Adds one page after the other while it writes and reads all over the memory; gives how often a word was not what it
/// should be. Everything goes through one function, so that its code has to look where the memory is after each growth.
const GROWING: &str = r#"(module
    (memory (export "memory") {index} 1)
    (data (i32.const 100) "before")
    (data $late "after")
    (func (export "grow") (param $pages {index}) (result i32) (local $page {index}) (local $wrong i32)
        (loop $next
            (i32.store offset=8 (i32mul) (local.get $wrong))
            (i32.store offset=16 (i32mul) (i32.const 77))
            (if (TYPE.eq (memory.grow (TYPE.const 1)) (TYPE.const -1)) (then (return (i32.const -1))))
            (local.set $wrong (i32.add (local.get $wrong)
                (i32.ne (i32.load offset=16 (i32mul)) (i32.const 77))))
            (local.set $wrong (i32.add (local.get $wrong)
                (i32.ne (i32.load8_u (TYPE.const 105)) (i32.const 101))))
            (memory.copy (TYPE.shl (memory.size) (TYPE.const 15)) (TYPE.const 100) (TYPE.const 6))
            (memory.fill (TYPE.sub (TYPE.shl (memory.size) (TYPE.const 16)) (TYPE.const 9)) (i32.const 9) (TYPE.const 9))
            (memory.init $late (TYPE.const 200) (i32.const 0) (i32.const 5))
            (local.set $wrong (i32.add (local.get $wrong)
                (i32.ne (i32.load8_u (TYPE.shl (memory.size) (TYPE.const 15))) (i32.const 98))))
            (local.set $page (TYPE.add (local.get $page) (TYPE.const 1)))
            (br_if $next (TYPE.lt_u (local.get $page) (local.get $pages))))
        (local.get $wrong)))"#;

fn growing(index: &str) -> String {
    let ty = if index.is_empty() { "i32" } else { index };
    GROWING
        .replace("(param $pages {index})", &format!("(param $pages {ty})"))
        .replace("(local $page {index})", &format!("(local $page {ty})"))
        .replace("{index}", index)
        .replace(
            "(i32.const 100) \"before",
            &format!("({ty}.const 100) \"before"),
        )
        .replace("(i32mul)", "(TYPE.shl (local.get $page) (TYPE.const 16))")
        .replace("TYPE", ty)
}

fn small_reservation(moves: bool, spectre: bool) -> Engine {
    engine_with(|config| {
        config
            .memory_reservation(3 << 16)
            .memory_may_move(moves)
            .spectre_guards(spectre);
    })
}

#[test]
fn a_memory_moves_when_it_outgrows_a_small_reservation() {
    for (index, spectre) in [("", true), ("", false), ("i64", true), ("i64", false)] {
        let engine = small_reservation(true, spectre);
        let (mut store, instance) = instance_in(&engine, &growing(index));
        let grow = instance.get_func(&mut store, "grow").unwrap();
        let pages = if index.is_empty() {
            Val::I32(200)
        } else {
            Val::I64(200)
        };
        let mut wrong = [Val::I32(0)];
        grow.call(&mut store, &[pages], &mut wrong).unwrap();
        assert_eq!(wrong[0].unwrap_i32(), 0, "{index}");
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        assert_eq!(memory.size(&store), 201);
        for page in 0..200_usize {
            assert_eq!(memory.data(&store)[(page << 16) + 16], 77, "page {page}");
        }
        let before = memory.data_ptr(&store);
        memory.grow(&mut store, 1000).unwrap();
        assert_ne!(memory.data_ptr(&store), before);
        assert_eq!(memory.data(&store)[100..106], *b"before");
        assert!(memory.data(&store)[201 << 16..].iter().all(|b| *b == 0));
    }
}

#[test]
fn code_finds_an_imported_memory_that_moved() {
    let engine = small_reservation(true, true);
    let mut store = Store::new(&engine, ());
    let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    let module = Module::new(
        &engine,
        r#"(module (import "" "grow" (func $grow)) (import "" "memory" (memory 1))
        (func (export "f") (result i32)
            (i32.store (i32.const 8) (i32.const 5))
            (call $grow)
            (i32.store (i32.const 900000) (i32.const 6))
            (i32.add (i32.load (i32.const 8)) (i32.load (i32.const 900000)))))"#,
    )
    .unwrap();
    let grow = Func::wrap(&mut store, move |mut caller: Caller<'_, ()>| {
        memory.grow(&mut caller, 20).unwrap();
    });
    let instance = Instance::new(&mut store, &module, &[grow.into(), memory.into()]).unwrap();
    let f = instance.get_typed_func::<(), i32>(&mut store, "f").unwrap();
    for _ in 0..5 {
        assert_eq!(f.call(&mut store, ()).unwrap(), 11);
    }
    assert_eq!(memory.size(&store), 101);
    assert_eq!(memory.data(&store)[8], 5);
}

#[test]
fn a_memory_that_may_not_move_ends_with_its_reservation() {
    let engine = small_reservation(false, true);
    let mut store = Store::new(&engine, ());
    let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    memory.grow(&mut store, 2).unwrap();
    let base = memory.data_ptr(&store);
    assert!(memory.grow(&mut store, 1).is_err());
    assert_eq!((memory.size(&store), memory.data_ptr(&store)), (3, base));
}

#[test]
fn a_shared_memory_with_a_small_reservation_grows_in_place() {
    let engine = small_reservation(true, true);
    let memory = SharedMemory::new(&engine, MemoryType::shared(1, 100)).unwrap();
    let base = memory.bytes().as_ptr();
    memory.grow(99).unwrap();
    assert_eq!((memory.size(), memory.bytes().as_ptr()), (100, base));
}
