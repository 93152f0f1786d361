//! Calls into WebAssembly and out of it, typed and with dynamic values.

use silica_engine::{
    Caller, Engine, EngineError, Func, FuncType, Instance, Linker, Module, Store, V128, Val,
    ValType,
};
use silica_tests_embed::{instance, linked};

#[test]
fn every_number_type_passes_through_typed() {
    let (mut store, instance) = instance(
        r#"(module
            (func (export "i32") (param i32) (result i32) local.get 0)
            (func (export "i64") (param i64) (result i64) local.get 0)
            (func (export "f32") (param f32) (result f32) local.get 0)
            (func (export "f64") (param f64) (result f64) local.get 0)
            (func (export "v128") (param v128) (result v128) local.get 0))"#,
    );
    macro_rules! check {
        ($ty:ty, $name:literal, $($value:expr),*) => {
            let f = instance.get_typed_func::<$ty, $ty>(&mut store, $name).unwrap();
            $(assert_eq!(f.call(&mut store, $value).unwrap(), $value);)*
        };
    }
    check!(i32, "i32", 0, -1, i32::MIN, i32::MAX);
    check!(u32, "i32", 0, u32::MAX);
    check!(i64, "i64", 0, -1, i64::MIN, i64::MAX);
    check!(u64, "i64", 0, u64::MAX);
    check!(f32, "f32", 0.0, -1.5, f32::INFINITY);
    check!(f64, "f64", 0.0, -1.5, f64::MIN_POSITIVE);
    check!(V128, "v128", V128::from(u128::MAX), V128::from(1 << 64));
}

#[test]
fn nans_keep_their_bits() {
    let (mut store, instance) = instance(
        r#"(module (func (export "f") (param f32 f64) (result f64 f32) local.get 1 local.get 0))"#,
    );
    let f = instance.get_func(&mut store, "f").unwrap();
    let params = [Val::F32(0x7fa0_0001), Val::F64(0xfff4_0000_0000_0002)];
    let mut results = [Val::I32(0), Val::I32(0)];
    f.call(&mut store, &params, &mut results).unwrap();
    assert!(matches!(results[0], Val::F64(0xfff4_0000_0000_0002)));
    assert!(matches!(results[1], Val::F32(0x7fa0_0001)));
}

#[test]
fn many_parameters_spill_to_the_stack() {
    let (mut store, instance) = instance(
        r#"(module (func (export "f")
            (param i32 i64 f32 f64 i32 i64 f32 f64 i32 i64 f32 f64 i32 i64 i32 i32) (result f64)
            (f64.add (f64.convert_i32_s (local.get 0)) (f64.add (f64.convert_i64_s (local.get 13))
            (f64.add (local.get 11) (f64.add (f64.convert_i32_s (local.get 14))
            (f64.convert_i32_s (local.get 15))))))))"#,
    );
    type Many = (
        i32,
        i64,
        f32,
        f64,
        i32,
        i64,
        f32,
        f64,
        i32,
        i64,
        f32,
        f64,
        i32,
        i64,
        i32,
        i32,
    );
    let f = instance
        .get_typed_func::<Many, f64>(&mut store, "f")
        .unwrap();
    let params = (
        1, 2, 3.0, 4.0, 5, 6, 7.0, 8.0, 9, 10, 11.0, 12.0, 13, 14, 15, 16,
    );
    assert_eq!(f.call(&mut store, params).unwrap(), 58.0);
}

#[test]
fn many_results_come_back() {
    let (mut store, instance) = instance(
        r#"(module
            (func (export "few") (result i32 f64 i64) i32.const 1 f64.const 2 i64.const 3)
            (func (export "many") (result i32 i32 i32 i32 i32 i32 i32 i32 i32 f32)
                i32.const 1 i32.const 2 i32.const 3 i32.const 4 i32.const 5
                i32.const 6 i32.const 7 i32.const 8 i32.const 9 f32.const 10))"#,
    );
    let few = instance
        .get_typed_func::<(), (i32, f64, i64)>(&mut store, "few")
        .unwrap();
    assert_eq!(few.call(&mut store, ()).unwrap(), (1, 2.0, 3));
    type Many = (i32, i32, i32, i32, i32, i32, i32, i32, i32, f32);
    let many = instance
        .get_typed_func::<(), Many>(&mut store, "many")
        .unwrap();
    assert_eq!(
        many.call(&mut store, ()).unwrap(),
        (1, 2, 3, 4, 5, 6, 7, 8, 9, 10.0)
    );
}

#[test]
fn dynamic_calls_check_their_arguments() {
    let (mut store, instance) =
        instance(r#"(module (func (export "f") (param i32 f64) (result i64) i64.const 7))"#);
    let f = instance.get_func(&mut store, "f").unwrap();
    let mut one = [Val::I32(0)];
    f.call(&mut store, &[Val::I32(1), Val::from(2.0)], &mut one)
        .unwrap();
    assert_eq!(one[0].unwrap_i64(), 7);

    let error = f.call(&mut store, &[Val::I32(1)], &mut one).unwrap_err();
    assert!(error.to_string().contains('2'), "{error}");
    let error = f
        .call(&mut store, &[Val::I32(1), Val::I32(2)], &mut one)
        .unwrap_err();
    assert!(error.to_string().contains("f64"), "{error}");
    let error = f
        .call(&mut store, &[Val::I32(1), Val::from(2.0)], &mut [])
        .unwrap_err();
    assert!(error.to_string().contains("result"), "{error}");
}

#[test]
fn a_wrong_type_is_told_in_words() {
    let (mut store, instance) = instance(r#"(module (func (export "f") (param i64)))"#);
    let error = instance
        .get_typed_func::<i32, f32>(&mut store, "f")
        .unwrap_err();
    let found = error.downcast_ref::<EngineError>().unwrap();
    assert_eq!(
        found.to_string(),
        "function type mismatch: expected `(i32) -> f32`, found `(i64) -> ()`"
    );
}

#[test]
fn a_missing_export_is_told_with_those_there_are() {
    let (mut store, instance) =
        instance(r#"(module (func (export "run")) (memory (export "m") 0))"#);
    let error = instance
        .get_typed_func::<(), ()>(&mut store, "main")
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "no export `main` that is a function: the module exports `run`, `m`"
    );
    let error = instance
        .get_typed_func::<(), ()>(&mut store, "m")
        .unwrap_err();
    assert!(error.to_string().contains("it is a memory"), "{error}");
}

#[test]
fn host_functions_are_called_with_arguments_of_every_type() {
    let engine = Engine::default();
    let mut linker: Linker<()> = Linker::new(&engine);
    linker
        .func_wrap("h", "f", |a: i32, b: i64, c: f32, d: f64| -> f64 {
            f64::from(a) + b as f64 + f64::from(c) + d
        })
        .unwrap();
    linker
        .func_wrap("h", "v", |v: V128| V128::from(!v.as_u128()))
        .unwrap();
    linker
        .func_wrap("h", "two", |a: i32| (a, i64::from(a) + 1))
        .unwrap();
    linker.func_wrap("h", "none", || {}).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linked(
        &mut store,
        &linker,
        r#"(module
            (import "h" "f" (func $f (param i32 i64 f32 f64) (result f64)))
            (import "h" "v" (func $v (param v128) (result v128)))
            (import "h" "two" (func $two (param i32) (result i32 i64)))
            (import "h" "none" (func $none))
            (func (export "f") (result f64)
                call $none
                (call $f (i32.const 1) (i64.const 2) (f32.const 3) (f64.const 4)))
            (func (export "v") (param v128) (result v128) (call $v (local.get 0)))
            (func (export "two") (result i32 i64) (call $two (i32.const 5))))"#,
    );
    let f = instance.get_typed_func::<(), f64>(&mut store, "f").unwrap();
    assert_eq!(f.call(&mut store, ()).unwrap(), 10.0);
    let v = instance
        .get_typed_func::<V128, V128>(&mut store, "v")
        .unwrap();
    assert_eq!(
        v.call(&mut store, V128::from(0)).unwrap(),
        V128::from(u128::MAX)
    );
    let two = instance
        .get_typed_func::<(), (i32, i64)>(&mut store, "two")
        .unwrap();
    assert_eq!(two.call(&mut store, ()).unwrap(), (5, 6));
}

#[test]
fn host_functions_with_sixteen_parameters() {
    let engine = Engine::default();
    let mut linker: Linker<()> = Linker::new(&engine);
    #[expect(clippy::too_many_arguments, reason = "that is what is tested")]
    fn sum(
        a: i32,
        b: i64,
        c: f32,
        d: f64,
        e: i32,
        f: i64,
        g: f32,
        h: f64,
        i: i32,
        j: i64,
        k: f32,
        l: f64,
        m: i32,
        n: i64,
        o: f32,
        p: f64,
    ) -> f64 {
        f64::from(a + e + i + m)
            + (b + f + j + n) as f64
            + f64::from(c + g + k + o)
            + d
            + h
            + l * 100.0
            + p
    }
    linker.func_wrap("h", "sum", sum).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linked(
        &mut store,
        &linker,
        r#"(module
            (import "h" "sum" (func $sum (param i32 i64 f32 f64 i32 i64 f32 f64 i32 i64 f32 f64 i32 i64 f32 f64) (result f64)))
            (func (export "f") (result f64) (call $sum
                (i32.const 1) (i64.const 2) (f32.const 3) (f64.const 4) (i32.const 5) (i64.const 6) (f32.const 7) (f64.const 8)
                (i32.const 9) (i64.const 10) (f32.const 11) (f64.const 12) (i32.const 13) (i64.const 14) (f32.const 15) (f64.const 16))))"#,
    );
    let f = instance.get_typed_func::<(), f64>(&mut store, "f").unwrap();
    assert_eq!(f.call(&mut store, ()).unwrap(), 136.0 - 12.0 + 1200.0);
}

#[test]
fn a_dynamic_host_function_sees_and_gives_values() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, 0_u32);
    let ty = FuncType::new(
        &engine,
        [ValType::I32, ValType::F64],
        [ValType::F64, ValType::I32],
    );
    let swap = Func::new(&mut store, ty.clone(), |mut caller, params, results| {
        *caller.data_mut() += 1;
        results[0] = params[1];
        results[1] = params[0];
        Ok(())
    });
    assert_eq!(swap.ty(&store), ty);
    let mut results = [Val::I32(0), Val::I32(0)];
    swap.call(&mut store, &[Val::I32(3), Val::from(4.0)], &mut results)
        .unwrap();
    assert_eq!(results[0].unwrap_f64(), 4.0);
    assert_eq!(results[1].unwrap_i32(), 3);
    assert_eq!(*store.data(), 1);
}

#[test]
fn a_dynamic_host_function_with_a_wrong_result_is_an_error() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let ty = FuncType::new(&engine, [], [ValType::I32]);
    let wrong = Func::new(&mut store, ty, |_, _, results| {
        results[0] = Val::I64(1);
        Ok(())
    });
    let error = wrong.call(&mut store, &[], &mut [Val::I32(0)]).unwrap_err();
    assert!(
        format!("{error:#}").contains("expected a host function's result of type i32, found i64"),
        "{error:#}"
    );
}

#[test]
fn calls_nest_through_the_host() {
    let engine = Engine::default();
    let mut linker: Linker<Option<Instance>> = Linker::new(&engine);
    linker
        .func_wrap(
            "h",
            "again",
            |mut caller: Caller<'_, Option<Instance>>, n: i32| -> silica_engine::Result<i32> {
                let instance = caller.data().expect("it is there");
                let f = instance.get_typed_func::<i32, i32>(&mut caller, "f")?;
                f.call(&mut caller, n - 1)
            },
        )
        .unwrap();
    let mut store = Store::new(&engine, None);
    let instance = linked(
        &mut store,
        &linker,
        r#"(module
            (import "h" "again" (func $again (param i32) (result i32)))
            (func (export "f") (param i32) (result i32)
                (if (result i32) (local.get 0)
                    (then (i32.add (i32.const 1) (call $again (local.get 0))))
                    (else (i32.const 0)))))"#,
    );
    *store.data_mut() = Some(instance);
    let f = instance
        .get_typed_func::<i32, i32>(&mut store, "f")
        .unwrap();
    assert_eq!(f.call(&mut store, 100).unwrap(), 100);
}

#[test]
fn callers_know_the_calling_instance() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, Vec::new());
    let note = Func::wrap(&mut store, |mut caller: Caller<'_, Vec<bool>>| {
        let exported = caller.get_export("memory").is_some();
        let by_an_instance = caller.instance().is_some();
        caller.data_mut().push(exported && by_an_instance);
    });
    let module = Module::new(
        &engine,
        r#"(module (import "h" "note" (func $note)) (memory (export "memory") 1) (func (export "f") call $note))"#,
    )
    .unwrap();
    let instance = Instance::new(&mut store, &module, &[note.into()]).unwrap();
    instance
        .get_typed_func::<(), ()>(&mut store, "f")
        .unwrap()
        .call(&mut store, ())
        .unwrap();
    note.call(&mut store, &[], &mut []).unwrap();
    assert_eq!(store.data(), &[true, false]);
}

#[test]
fn an_exported_import_is_the_same_host_function() {
    let engine = Engine::default();
    let mut linker: Linker<()> = Linker::new(&engine);
    linker.func_wrap("h", "f", |n: i32| n + 1).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linked(
        &mut store,
        &linker,
        r#"(module (import "h" "f" (func $f (param i32) (result i32))) (export "g" (func $f)))"#,
    );
    let g = instance
        .get_typed_func::<i32, i32>(&mut store, "g")
        .unwrap();
    assert_eq!(g.call(&mut store, 41).unwrap(), 42);
}

#[test]
fn a_tail_call_to_a_host_function() {
    let engine = Engine::default();
    let mut linker: Linker<()> = Linker::new(&engine);
    linker.func_wrap("h", "f", |a: i32, b: i32| a * b).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linked(
        &mut store,
        &linker,
        r#"(module (import "h" "f" (func $f (param i32 i32) (result i32)))
            (func $g (param i32) (result i32) (return_call $f (local.get 0) (i32.const 2)))
            (func (export "f") (param i32) (result i32) (i32.add (i32.const 1) (call $g (local.get 0)))))"#,
    );
    let f = instance
        .get_typed_func::<i32, i32>(&mut store, "f")
        .unwrap();
    for n in 0..100 {
        assert_eq!(f.call(&mut store, n).unwrap(), 2 * n + 1);
    }
}

#[test]
fn a_function_of_one_instance_imported_by_another() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let mut linker: Linker<()> = Linker::new(&engine);
    let first = linked(
        &mut store,
        &linker,
        r#"(module (global $n (mut i32) (i32.const 0))
            (func (export "next") (result i32)
                (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n)))"#,
    );
    linker.instance(&mut store, "first", first).unwrap();
    let second = linked(
        &mut store,
        &linker,
        r#"(module (import "first" "next" (func $next (result i32)))
            (func (export "f") (result i32) (i32.mul (call $next) (i32.const 10))))"#,
    );
    let f = second.get_typed_func::<(), i32>(&mut store, "f").unwrap();
    assert_eq!(f.call(&mut store, ()).unwrap(), 10);
    assert_eq!(f.call(&mut store, ()).unwrap(), 20);
}
