//! Traps: their codes, and that a store is usable after one.

use silica_engine::{Caller, Engine, Func, Instance, Module, Store, Trap, Val};
use silica_tests_embed::{engine_with, instance};

#[track_caller]
fn trap_of(body: &str) -> Trap {
    let text = format!(
        r#"(module (memory 1) (table 2 funcref) (type $t (func)) (type $u (func (param i32)))
            (func $typed (param i32)) (elem (i32.const 0) $typed)
            (func (export "f") {body}))"#
    );
    let (mut store, instance) = instance(&text);
    let f = instance.get_typed_func::<(), ()>(&mut store, "f").unwrap();
    let error = f.call(&mut store, ()).unwrap_err();
    let trap = *error.downcast_ref::<Trap>().expect("it is a trap");
    // Once more: the store is in order.
    assert_eq!(
        f.call(&mut store, ()).unwrap_err().downcast_ref(),
        Some(&trap)
    );
    trap
}

/// What a function does, and the trap that it ends with.
const TRAPS: &[(&str, Trap)] = &[
    ("unreachable", Trap::UnreachableCodeReached),
    (
        "(drop (i32.load (i32.const 65536)))",
        Trap::MemoryOutOfBounds,
    ),
    (
        "(drop (i64.load (i32.const 65529)))",
        Trap::MemoryOutOfBounds,
    ),
    (
        "(i32.store8 (i32.const -1) (i32.const 0))",
        Trap::MemoryOutOfBounds,
    ),
    (
        "(drop (i32.load offset=4294967295 (i32.const -1)))",
        Trap::MemoryOutOfBounds,
    ),
    (
        "(memory.fill (i32.const 65530) (i32.const 0) (i32.const 7))",
        Trap::MemoryOutOfBounds,
    ),
    (
        "(memory.copy (i32.const 0) (i32.const 65530) (i32.const 7))",
        Trap::MemoryOutOfBounds,
    ),
    (
        "(call_indirect (type $t) (i32.const 2))",
        Trap::TableOutOfBounds,
    ),
    ("(drop (table.get (i32.const 2)))", Trap::TableOutOfBounds),
    (
        "(call_indirect (type $t) (i32.const 1))",
        Trap::IndirectCallToNull,
    ),
    (
        "(call_indirect (type $t) (i32.const 0))",
        Trap::BadSignature,
    ),
    (
        "(drop (i32.div_s (i32.const -2147483648) (i32.const -1)))",
        Trap::IntegerOverflow,
    ),
    (
        "(drop (i64.div_u (i64.const 1) (i64.const 0)))",
        Trap::IntegerDivisionByZero,
    ),
    (
        "(drop (i32.rem_s (i32.const 1) (i32.const 0)))",
        Trap::IntegerDivisionByZero,
    ),
    (
        "(drop (i32.trunc_f32_s (f32.const nan)))",
        Trap::BadConversionToInteger,
    ),
    (
        "(drop (i32.trunc_f64_u (f64.const 1e30)))",
        Trap::IntegerOverflow,
    ),
    (
        "(drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 0)))",
        Trap::AtomicWaitNonSharedMemory,
    ),
    (
        "(drop (i32.atomic.load (i32.const 1)))",
        Trap::HeapMisaligned,
    ),
];

#[test]
fn each_trap_has_its_code() {
    for &(body, trap) in TRAPS {
        assert_eq!(trap_of(body), trap, "{body}");
    }
}

#[test]
fn exhausting_the_stack_is_a_trap() {
    let (mut store, instance) = instance(
        r#"(module
            (func $forever (export "forever") (call $forever))
            (func $deep (export "deep") (param i32) (result i32)
                (if (result i32) (local.get 0)
                    (then (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))
                    (else (i32.const 0)))))"#,
    );
    let forever = instance
        .get_typed_func::<(), ()>(&mut store, "forever")
        .unwrap();
    let deep = instance
        .get_typed_func::<i32, i32>(&mut store, "deep")
        .unwrap();
    for _ in 0..3 {
        let error = forever.call(&mut store, ()).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Trap::StackOverflow));
        assert_eq!(deep.call(&mut store, 1000).unwrap(), 1000);
    }
    let error = deep.call(&mut store, i32::MAX).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::StackOverflow));
}

#[test]
fn recursion_through_the_host_is_bounded() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, None::<Instance>);
    let again = Func::wrap(
        &mut store,
        |mut caller: Caller<'_, Option<Instance>>| -> silica_engine::Result<()> {
            let instance = caller.data().unwrap();
            instance
                .get_typed_func::<(), ()>(&mut caller, "f")?
                .call(&mut caller, ())
        },
    );
    let module = Module::new(
        &engine,
        r#"(module (import "h" "again" (func $a)) (func (export "f") call $a))"#,
    )
    .unwrap();
    let instance = Instance::new(&mut store, &module, &[again.into()]).unwrap();
    *store.data_mut() = Some(instance);
    let f = instance.get_typed_func::<(), ()>(&mut store, "f").unwrap();
    for _ in 0..2 {
        let error = f.call(&mut store, ()).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Trap::StackOverflow));
    }
}

/// How deep a function calls itself, or another through `host`, with so much stack.
fn depth(bytes: usize, body: &str) -> usize {
    let engine = engine_with(|config| {
        config.max_wasm_stack(bytes);
    });
    let text = format!(
        r#"(module (import "" "host" (func $host))
            (global $depth (export "depth") (mut i32) (i32.const 0))
            (func $f (export "f") (param i64 i64)
                (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
                {body}
                (call $f (local.get 1) (local.get 0))
                (global.set $depth (i32.wrap_i64 (i64.add (local.get 0) (local.get 1))))))"#
    );
    let module = Module::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, 0_usize);
    let host = Func::wrap(&mut store, |mut caller: Caller<'_, usize>| {
        *caller.data_mut() += use_stack(64);
    });
    let instance = Instance::new(&mut store, &module, &[host.into()]).unwrap();
    let f = instance
        .get_typed_func::<(i64, i64), ()>(&mut store, "f")
        .unwrap();
    let error = f.call(&mut store, (0, 0)).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::StackOverflow));
    let depth = instance.get_global(&mut store, "depth").unwrap();
    depth.get(&mut store).unwrap_i32() as usize
}

/// Uses this many KiB of stack; gives 1.
fn use_stack(kib: usize) -> usize {
    let room = std::hint::black_box([1_u8; 1 << 10]);
    match kib {
        1 => usize::from(room[0]),
        more => use_stack(more - 1) * usize::from(room[more]),
    }
}

#[test]
fn max_wasm_stack_bounds_what_webassembly_uses() {
    let depths = [128, 256, 1024, 8192].map(|kib| (kib << 10, depth(kib << 10, "")));
    let (bytes, calls) = depths[3];
    // Frames are all of one size, which does not depend on the stack's.
    let frame = (bytes as f64 / calls as f64).round() as usize;
    assert!(frame >= 32, "two arguments are kept: {frame}");
    for (bytes, calls) in depths {
        let used = frame * calls;
        let expected = bytes - 1024..=bytes;
        assert!(expected.contains(&used), "{used} of {bytes} used");
    }
}

/// A host function has its own stack, however little is left of WebAssembly's.
#[test]
fn host_functions_are_called_as_deep_as_webassembly_goes() {
    for kib in [64, 128, 2048] {
        let without = depth(kib << 10, "");
        let with = depth(kib << 10, "(call $host)");
        assert!(with >= without - without / 50 - 20, "{with} of {without}");
    }
}

/// On the stack of its own, a host function calls back; what it calls is stopped, panics and errors pass.
#[test]
fn calls_back_from_the_end_of_the_stack() {
    let text = r#"(module (import "" "host" (func $host))
        (func $endless (export "endless") (call $endless) (call $endless))
        (func $f (export "f") (param $depth i32)
            (if (local.get $depth)
                (then (call $f (i32.sub (local.get $depth) (i32.const 1))))
                (else (call $host) (call $host)))
            (drop (memory.grow (i32.const 1))))
        (memory 0)
        (func (export "one") (result i32) (i32.const 1)))"#;
    let engine = engine_with(|config| {
        config.max_wasm_stack(64 << 10);
    });
    let module = Module::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, None::<Instance>);
    let host = Func::wrap(&mut store, |mut caller: Caller<'_, Option<Instance>>| {
        let instance = caller.data().unwrap();
        let one = instance
            .get_typed_func::<(), i32>(&mut caller, "one")
            .unwrap();
        let endless = instance
            .get_typed_func::<(), ()>(&mut caller, "endless")
            .unwrap();
        for _ in 0..3 {
            assert_eq!(one.call(&mut caller, ()).unwrap(), 1);
            let error = endless.call(&mut caller, ()).unwrap_err();
            assert_eq!(error.downcast_ref(), Some(&Trap::StackOverflow));
        }
    });
    let instance = Instance::new(&mut store, &module, &[host.into()]).unwrap();
    *store.data_mut() = Some(instance);
    let f = instance.get_typed_func::<i32, ()>(&mut store, "f").unwrap();
    for depth in [0, 100, 500] {
        f.call(&mut store, depth).unwrap();
    }
}

#[test]
fn a_trap_in_a_start_function() {
    let engine = Engine::default();
    let module = Module::new(&engine, "(module (func unreachable) (start 0))").unwrap();
    let mut store = Store::new(&engine, ());
    let error = Instance::new(&mut store, &module, &[]).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::UnreachableCodeReached));
}

#[test]
fn segments_out_of_bounds() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    for (text, trap) in [
        (
            r#"(module (memory 1) (data (i32.const 65535) "ab"))"#,
            Trap::MemoryOutOfBounds,
        ),
        (
            "(module (table 1 funcref) (func) (elem (i32.const 1) 0))",
            Trap::TableOutOfBounds,
        ),
    ] {
        let module = Module::new(&engine, text).unwrap();
        let error = Instance::new(&mut store, &module, &[]).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&trap), "{error:?}");
    }
}

#[test]
fn an_error_of_a_host_function_comes_back_as_itself() {
    #[derive(Debug, PartialEq)]
    struct Mine(u32);
    impl std::fmt::Display for Mine {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "mine {}", self.0)
        }
    }
    impl std::error::Error for Mine {}

    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let fails = Func::wrap(&mut store, || -> silica_engine::Result<()> {
        Err(Mine(3).into())
    });
    let module = Module::new(
        &engine,
        r#"(module (import "" "" (func $f)) (func (export "f") call $f))"#,
    )
    .unwrap();
    let instance = Instance::new(&mut store, &module, &[fails.into()]).unwrap();
    let f = instance.get_typed_func::<(), ()>(&mut store, "f").unwrap();
    let error = f.call(&mut store, ()).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Mine(3)));
    assert!(error.downcast_ref::<Trap>().is_none());
    assert!(error.to_string().starts_with("mine 3\n"), "{error}");
    // Called with no WebAssembly between, it is there as well.
    let error = fails.call(&mut store, &[], &mut []).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Mine(3)));
}

#[test]
fn memory_is_as_it_was_when_a_store_trapped() {
    let (mut store, instance) = instance(
        r#"(module (memory (export "m") 1)
            (func (export "f") (i32.store (i32.const 8) (i32.const 42)) unreachable))"#,
    );
    let f = instance.get_func(&mut store, "f").unwrap();
    f.call(&mut store, &[], &mut []).unwrap_err();
    let memory = instance.get_memory(&mut store, "m").unwrap();
    assert_eq!(memory.data(&store)[8], 42);
}

#[test]
fn dynamic_results_are_untouched_by_a_trap() {
    let (mut store, instance) =
        instance(r#"(module (func (export "f") (result i32) unreachable))"#);
    let f = instance.get_func(&mut store, "f").unwrap();
    let mut results = [Val::I32(9)];
    f.call(&mut store, &[], &mut results).unwrap_err();
    assert_eq!(results[0].unwrap_i32(), 9);
}
