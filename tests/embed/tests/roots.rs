//! References that the host holds to objects: for how long, and what they keep.

use std::sync::Arc;

use silica_engine::{
    AnyRef, Caller, Config, Engine, ExternRef, I31, Instance, Linker, Module, OwnedRooted,
    RootScope, Rooted, Store, StoreLimitsBuilder, Val,
};

/// An engine that collects whenever an object is made.
fn stressed() -> Engine {
    Engine::new(Config::new().gc_stress(true)).unwrap()
}

fn number(store: &Store<()>, reference: Rooted<ExternRef>) -> u32 {
    let data = reference.data(store).unwrap().unwrap();
    *data.downcast_ref().unwrap()
}

const KEEPER: &str = r#"(module
    (table $t (export "t") 4 externref)
    (global $g (export "g") (mut externref) (ref.null extern))
    (func (export "keep") (param i32 externref) (table.set $t (local.get 0) (local.get 1)))
    (func (export "kept") (param i32) (result externref) (table.get $t (local.get 0)))
    (func (export "global") (param externref) (global.set $g (local.get 0))))"#;

#[test]
fn what_is_kept_lives_and_what_is_not_goes() {
    let engine = stressed();
    let mut store = Store::new(&engine, ());
    let module = Module::new(&engine, KEEPER).unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let keep = instance
        .get_typed_func::<(i32, Option<Rooted<ExternRef>>), ()>(&mut store, "keep")
        .unwrap();
    let kept = instance
        .get_typed_func::<i32, Option<Rooted<ExternRef>>>(&mut store, "kept")
        .unwrap();
    let token = Arc::new(());
    for index in 0..4 {
        let mut scope = RootScope::new(&mut store);
        for _ in 0..3 {
            let value = ExternRef::new(&mut scope, (index, token.clone())).unwrap();
            keep.call(&mut scope, (index, Some(value))).unwrap();
        }
    }
    store.gc().unwrap();
    assert_eq!(Arc::strong_count(&token), 5);
    for index in 0..4 {
        let value = kept.call(&mut store, index).unwrap().unwrap();
        let data = value.data(&store).unwrap().unwrap();
        assert_eq!(data.downcast_ref::<(i32, Arc<()>)>().unwrap().0, index);
    }
    keep.call(&mut store, (2, None)).unwrap();
    store.gc().unwrap();
    assert_eq!(
        Arc::strong_count(&token),
        5,
        "a root of the store's life keeps it"
    );
}

#[test]
fn globals_keep_what_they_refer_to() {
    let engine = stressed();
    let mut store = Store::new(&engine, ());
    let module = Module::new(&engine, KEEPER).unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let global = instance.get_global(&mut store, "g").unwrap();
    {
        let mut scope = RootScope::new(&mut store);
        let value = ExternRef::new(&mut scope, 7_u32).unwrap();
        global.set(&mut scope, Val::from(value)).unwrap();
    }
    store.gc().unwrap();
    let value = global.get(&mut store).extern_ref().flatten().unwrap();
    assert_eq!(number(&store, value), 7);
}

#[test]
fn a_reference_after_its_scope_is_an_error() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let module = Module::new(&engine, KEEPER).unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let (gone, owned): (_, OwnedRooted<ExternRef>) = {
        let mut scope = RootScope::new(&mut store);
        let value = ExternRef::new(&mut scope, 3_u32).unwrap();
        (value, value.to_owned_rooted(&mut scope).unwrap())
    };
    // Another root takes the place of the first.
    let other = ExternRef::new(&mut store, 4_u32).unwrap();
    assert!(gone.data(&store).is_err());
    assert!(gone.to_owned_rooted(&mut store).is_err());
    assert!(Rooted::ref_eq(&store, &gone, &other).is_err());
    let keep = instance.get_func(&mut store, "keep").unwrap();
    let error = keep.call(&mut store, &[Val::I32(0), Val::from(gone)], &mut []);
    assert!(error.is_err());
    store.gc().unwrap();
    let again = owned.to_rooted(&mut store);
    assert_eq!(number(&store, again), 3);
    assert_eq!(number(&store, other), 4);
    assert!(!Rooted::ref_eq(&store, &again, &other).unwrap());
}

/// A host function's references live as long as its call, and those that it gives back are the caller's.
#[test]
fn a_call_of_the_host_is_a_scope() {
    let engine = stressed();
    let mut linker: Linker<Vec<Rooted<ExternRef>>> = Linker::new(&engine);
    linker
        .func_wrap("h", "make", |mut caller: Caller<'_, Vec<_>>, n: i32| {
            let made = ExternRef::new(&mut caller, n)?;
            ExternRef::new(&mut caller, -1)?;
            caller.data_mut().push(made);
            Ok(made)
        })
        .unwrap();
    linker
        .func_wrap(
            "h",
            "add",
            |caller: Caller<'_, Vec<_>>, a: Rooted<ExternRef>, b: Option<Rooted<ExternRef>>| {
                let value = |reference: Rooted<ExternRef>| {
                    let data = reference.data(&caller)?;
                    Ok::<i32, silica_engine::Error>(*data.unwrap().downcast_ref().unwrap())
                };
                Ok(value(a)? + value(b.unwrap())?)
            },
        )
        .unwrap();
    // References are in locals, on the stack and in arguments while the host collects.
    let module = Module::new(
        &engine,
        r#"(module
            (import "h" "make" (func $make (param i32) (result (ref extern))))
            (import "h" "add" (func $add (param (ref extern) externref) (result i32)))
            (func (export "run") (result i32) (local $a externref) (local $i i32)
                (local.set $a (call $make (i32.const 100)))
                (loop $again (result i32)
                    (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (local.set $a (call $make
                        (call $add (call $make (local.get $i)) (local.get $a))))
                    (br_if $again (i32.const 0) (i32.lt_u (local.get $i) (i32.const 50)))
                    drop
                    (call $add (call $make (i32.const 0)) (local.get $a)))))"#,
    );
    let module = match module {
        Ok(module) => module,
        Err(error) => panic!("{error:#}"),
    };
    let mut store = Store::new(&engine, Vec::new());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let run = instance
        .get_typed_func::<(), i32>(&mut store, "run")
        .unwrap();
    assert_eq!(run.call(&mut store, ()).unwrap(), 100 + 50 * 51 / 2);
    for reference in store.data().clone() {
        assert!(reference.data(&store).is_err());
    }
}

#[test]
fn integers_are_references_without_an_object() {
    let mut store = Store::new(&stressed(), ());
    let reference = AnyRef::from_i31(&mut store, I31::wrapping_i32(-5));
    assert_eq!(
        reference.as_i31(&store).unwrap().map(I31::get_i32),
        Some(-5)
    );
    assert!(reference.is_i31(&store).unwrap() && reference.is_eqref(&store).unwrap());
    assert!(!reference.is_struct(&store).unwrap());
    let host = ExternRef::new(&mut store, 1_u32).unwrap();
    let any = AnyRef::convert_extern(&mut store, host).unwrap();
    assert!(!any.is_eqref(&store).unwrap() && any.as_i31(&store).unwrap().is_none());
}

#[test]
#[should_panic(expected = "belongs to another store")]
fn a_reference_of_another_store_is_told() {
    let engine = Engine::default();
    let mut one = Store::new(&engine, ());
    let other = Store::new(&engine, ());
    let value = ExternRef::new(&mut one, 1).unwrap();
    let _ = value.data(&other);
}

#[test]
fn the_limiter_is_asked_for_the_heap() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, StoreLimitsBuilder::new().memory_size(1000).build());
    store.limiter(|limits| limits);
    assert!(ExternRef::new(&mut store, 1).is_err());
    let mut store = Store::new(
        &engine,
        StoreLimitsBuilder::new().memory_size(256 << 10).build(),
    );
    store.limiter(|limits| limits);
    for number in 0..100_000 {
        let mut scope = RootScope::new(&mut store);
        ExternRef::new(&mut scope, number).unwrap();
    }
}
