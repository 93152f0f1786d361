//! Traps: their codes, and that a store is usable after one.

use silica_engine::{Engine, Func, Instance, Module, Store, Trap, Val};
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
        |mut caller: silica_engine::Caller<'_, Option<Instance>>| -> silica_engine::Result<()> {
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

#[test]
fn a_smaller_stack_is_exhausted_earlier() {
    let depth = |bytes: usize| {
        let engine = engine_with(|config| {
            config
                .max_wasm_stack(bytes)
                .async_stack_size(bytes + (64 << 10));
        });
        let (mut store, instance) = silica_tests_embed::instance_in(
            &engine,
            r#"(module (global $depth (export "depth") (mut i32) (i32.const 0))
                (func $f (export "f") (global.set $depth (i32.add (global.get $depth) (i32.const 1))) call $f))"#,
        );
        let f = instance.get_typed_func::<(), ()>(&mut store, "f").unwrap();
        f.call(&mut store, ()).unwrap_err();
        instance
            .get_global(&mut store, "depth")
            .unwrap()
            .get(&mut store)
            .unwrap_i32()
    };
    let (small, large) = (depth(64 << 10), depth(1 << 20));
    assert!(small > 100 && large > 3 * small, "{small} {large}");
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
