//! Functions that are compiled when they are first called (`Tier::Auto`): what callers see is what they see of code that was there.

#![cfg(target_arch = "x86_64")]

use std::fmt::Write as _;

use silica_engine::{
    Caller, Config, Engine, Error, Func, Instance, Module, Result, Store, Tier, Trap, V128, Val,
    WasmBacktrace,
};
use silica_tests_embed::{engine_with, instance_in};

fn engine(tier: Tier) -> Engine {
    engine_with(|config| {
        config.tier(tier);
    })
}

fn compiled(module: &Module) -> Vec<u32> {
    let addresses = module.function_addresses();
    addresses.iter().map(|function| function.index).collect()
}

#[test]
fn only_what_is_called_is_compiled() {
    let text = r#"(module
        (func $a (export "a") (result i32) (i32.const 1))
        (func $b (export "b") (result i32) (i32.add (call $a) (call $c)))
        (func $c (result i32) (i32.const 2))
        (func $d (export "d") (result i32) (call $b)))"#;
    let module = Module::new(&engine(Tier::Auto), text).unwrap();
    assert!(compiled(&module).is_empty());
    let mut store = Store::new(module.engine(), ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    assert!(compiled(&module).is_empty());
    let b = instance.get_typed_func::<(), i32>(&mut store, "b").unwrap();
    assert_eq!(b.call(&mut store, ()).unwrap(), 3);
    assert_eq!(compiled(&module), [0, 1, 2]);
    let range = module.code_range();
    for function in module.function_addresses() {
        assert!(range.contains(&function.address) && function.length > 0);
    }
    // Another instance finds them compiled.
    let mut other = Store::new(module.engine(), ());
    let instance = Instance::new(&mut other, &module, &[]).unwrap();
    let d = instance.get_typed_func::<(), i32>(&mut other, "d").unwrap();
    assert_eq!(d.call(&mut other, ()).unwrap(), 3);
    assert_eq!(compiled(&module), [0, 1, 2, 3]);
}

/// Every way to call a function with arguments of all kinds, in registers and on the stack, each for the first time.
#[test]
fn arguments_survive_the_first_call() {
    let types = "i32 i64 f32 f64 v128 i64 i64 i64 i64 f64 f64 f64 f64 f64 f64 f64 v128 i32 f32";
    let gets: String = (0..19).fold(String::new(), |mut text, local| {
        let _ = write!(text, "(local.get {local})");
        text
    });
    let mut text = format!(
        "(module (type $t (func (param {types}) (result {types})))
           (table 1 funcref) (elem (i32.const 0) $by_table) (elem declare func $by_reference)"
    );
    for name in ["host", "direct", "tail", "by_table", "by_reference"] {
        let _ = write!(text, "(func ${name} (export \"{name}\") (type $t) {gets})");
    }
    let _ = write!(
        text,
        "(func (export \"calls direct\") (type $t) {gets} (call $direct))
         (func (export \"calls tail\") (type $t) {gets} (return_call $tail))
         (func (export \"calls by_table\") (type $t) {gets} (i32.const 0) (call_indirect (type $t)))
         (func (export \"calls by_reference\") (type $t) {gets} (ref.func $by_reference) (call_ref $t)))"
    );
    let (mut store, instance) = instance_in(&engine(Tier::Auto), &text);
    let params: Vec<Val> = (0..19_u8)
        .map(|n| match types.split(' ').nth(usize::from(n)).unwrap() {
            "i32" => Val::I32(i32::from(n) - 9),
            "i64" => Val::I64(i64::from(n) << 40),
            "f32" => Val::F32((f32::from(n) + 0.5).to_bits()),
            "f64" => Val::F64((f64::from(n) - 0.25).to_bits()),
            _ => Val::V128(V128::from(u128::MAX / (u128::from(n) + 2))),
        })
        .collect();
    for way in [
        "host",
        "calls direct",
        "calls tail",
        "calls by_table",
        "calls by_reference",
    ] {
        let f = instance.get_func(&mut store, way).unwrap();
        let mut results = vec![Val::I32(0); 19];
        f.call(&mut store, &params, &mut results).unwrap();
        assert_eq!(format!("{results:?}"), format!("{params:?}"), "{way}");
    }
}

/// A module of functions that call each other, each several others.
fn web(functions: u32) -> String {
    let mut text = String::from("(module ");
    for index in 0..functions {
        let _ = write!(
            text,
            "(func $f{index} (export \"f{index}\") (param i64) (result i64)"
        );
        let _ = write!(text, "(local.get 0) (i64.add (i64.const {index}))");
        for callee in [2 * index + 1, 2 * index + 2] {
            if callee < functions {
                let _ = write!(
                    text,
                    "(call $f{callee} (i64.const {index})) (i64.xor) (i64.rotl (i64.const 5))"
                );
            }
        }
        text += ")";
    }
    text + ")"
}

#[test]
fn threads_ask_for_functions_at_once() {
    const FUNCTIONS: u32 = 300;
    let text = web(FUNCTIONS);
    let (mut store, instance) = instance_in(&engine(Tier::Optimize), &text);
    let expected: Vec<i64> = (0..FUNCTIONS)
        .map(|index| {
            let f = instance.get_typed_func::<i64, i64>(&mut store, &format!("f{index}"));
            f.unwrap().call(&mut store, 77).unwrap()
        })
        .collect();
    let engine = engine(Tier::Auto);
    for _ in 0..10 {
        let module = Module::new(&engine, &text).unwrap();
        std::thread::scope(|scope| {
            for thread in 0..6_u32 {
                let (module, expected) = (&module, &expected);
                scope.spawn(move || {
                    let mut store = Store::new(module.engine(), ());
                    let instance = Instance::new(&mut store, module, &[]).unwrap();
                    for turn in 0..FUNCTIONS {
                        // Half of the threads begin at the leaves.
                        let index = if thread % 2 == 0 {
                            FUNCTIONS - 1 - turn
                        } else {
                            turn
                        };
                        let name = format!("f{index}");
                        let f = instance
                            .get_typed_func::<i64, i64>(&mut store, &name)
                            .unwrap();
                        assert_eq!(f.call(&mut store, 77).unwrap(), expected[index as usize]);
                    }
                });
            }
        });
        assert_eq!(compiled(&module).len(), FUNCTIONS as usize);
    }
}

/// The error of a call, without what differs between modules.
fn error_of(engine: &Engine, text: &str, name: &str, parameter: i32) -> String {
    let (mut store, instance) = instance_in(engine, text);
    let f = instance
        .get_typed_func::<i32, i32>(&mut store, name)
        .unwrap();
    format!("{:#}", f.call(&mut store, parameter).unwrap_err())
}

#[test]
fn traps_and_backtraces_are_the_same() {
    let text = r#"(module $app (memory 1)
        (func $divide (param i32) (result i32) (i32.div_s (i32.const 1) (local.get 0)))
        (func $load (param i32) (result i32) (i32.load offset=65533 (local.get 0)))
        (func $stop (param i32) (result i32) (if (result i32) (local.get 0) (then (unreachable)) (else (call $divide (local.get 0)))))
        (func $deep (export "deep") (param i32) (result i32) (i32.add (call $stop (local.get 0)) (i32.const 1)))
        (func (export "far") (param i32) (result i32) (i32.add (call $load (local.get 0)) (i32.const 1))))"#;
    let (auto, baseline) = (engine(Tier::Auto), engine(Tier::Baseline));
    for (name, parameter) in [("deep", 0), ("deep", 1), ("far", 0), ("far", -1)] {
        let expected = error_of(&baseline, text, name, parameter);
        assert_eq!(
            error_of(&auto, text, name, parameter),
            expected,
            "{name}({parameter})"
        );
        assert!(expected.contains("app"), "{expected}");
    }
}

#[test]
fn fuel_is_the_same() {
    let left = |tier| {
        let mut config = Config::new();
        let engine = Engine::new(config.tier(tier).consume_fuel(true)).unwrap();
        let module = Module::new(&engine, web(40)).unwrap();
        let mut store = Store::new(&engine, ());
        store.set_fuel(5_000).unwrap();
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let f = instance
            .get_typed_func::<i64, i64>(&mut store, "f0")
            .unwrap();
        f.call(&mut store, 1).unwrap();
        let left = store.get_fuel().unwrap();
        store.set_fuel(100).unwrap();
        let error = f.call(&mut store, 1).unwrap_err();
        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::OutOfFuel));
        left
    };
    assert_eq!(left(Tier::Auto), left(Tier::Baseline));
}

/// The stack may end anywhere in a first call: in its stub, where registers are saved, in the function.
#[test]
fn the_stack_may_end_in_a_first_call() {
    let text = r#"(module
        (func $leaf (param i32) (result i32) (local.get 0))
        (func $down (export "down") (param i32) (result i32)
            (if (result i32) (local.get 0)
                (then (i32.add (call $down (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
                (else (call $leaf (i32.const 0))))))"#;
    let engine = engine_with(|config| {
        config.tier(Tier::Auto).max_wasm_stack(64 << 10);
    });
    let down = |depth: i32| -> Result<i32> {
        let (mut store, instance) = instance_in(&engine, text);
        let f = instance.get_typed_func::<i32, i32>(&mut store, "down")?;
        // So that only the leaf is new.
        if depth > 0 {
            f.call(&mut store, depth)
        } else {
            Err(Error::msg("no depth"))
        }
    };
    let (mut fits, mut overflows) = (1, 1 << 20);
    while overflows - fits > 1 {
        let depth = i32::midpoint(fits, overflows);
        match down(depth) {
            Ok(_) => fits = depth,
            Err(error) => {
                assert_eq!(
                    error.downcast_ref::<Trap>(),
                    Some(&Trap::StackOverflow),
                    "{error:?}"
                );
                overflows = depth;
            }
        }
    }
    for depth in fits.saturating_sub(40).max(1)..fits + 40 {
        match down(depth) {
            Ok(result) => assert_eq!(result, depth),
            Err(error) => {
                assert_eq!(
                    error.downcast_ref::<Trap>(),
                    Some(&Trap::StackOverflow),
                    "{error:?}"
                );
            }
        }
    }
}

#[test]
fn first_calls_from_the_host_within_a_call() {
    let engine = engine(Tier::Auto);
    let text = r#"(module (import "" "host" (func $host (param i32) (result i32)))
        (func (export "again") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
        (func (export "run") (param i32) (result i32) (i32.add (call $host (local.get 0)) (i32.const 1))))"#;
    let module = Module::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, None::<Instance>);
    let host = Func::wrap(
        &mut store,
        |mut caller: Caller<'_, Option<Instance>>, n: i32| {
            let instance = caller.data().expect("it is set before it is called");
            let again = instance.get_typed_func::<i32, i32>(&mut caller, "again")?;
            again.call(&mut caller, n)
        },
    );
    let instance = Instance::new(&mut store, &module, &[host.into()]).unwrap();
    *store.data_mut() = Some(instance);
    let run = instance
        .get_typed_func::<i32, i32>(&mut store, "run")
        .unwrap();
    assert_eq!(run.call(&mut store, 5).unwrap(), 16);
}

#[test]
fn what_is_invalid_is_told_at_once_and_alike() {
    let valid = "(func (result i32) (i32.const 1))".repeat(3000);
    let module = |wrong: &str| {
        format!("(module {valid} (func $wrong {wrong}) {valid} (func $later (drop)))")
    };
    for wrong in [
        "(i32.add)",
        "(result i32) (i64.const 1)",
        "(br 7)",
        "(local.get 3) (drop)",
    ] {
        let text = module(wrong);
        let told = |tier| format!("{:#}", Module::new(&engine(tier), &text).unwrap_err());
        assert_eq!(told(Tier::Auto), told(Tier::Baseline), "{wrong}");
        assert!(told(Tier::Auto).contains("wrong"), "{}", told(Tier::Auto));
    }
    let told = |tier| {
        let engine = engine_with(|config| {
            config.tier(tier).wasm_simd(false);
        });
        let text = module("(drop (i32x4.splat (i32.const 1)))");
        format!("{:#}", Module::new(&engine, text).unwrap_err())
    };
    assert_eq!(told(Tier::Auto), told(Tier::Optimize));
}

#[test]
fn what_cannot_be_compiled_ends_the_call() {
    let (types, zeros) = ("i32 ".repeat(900), "(i32.const 0)".repeat(900));
    let table = "0 ".repeat(4000);
    let text = format!(
        "(module (func $huge (param i32) (result {types}) {zeros} (br_table {table} (local.get 0)))
           (func (export \"huge\") (result {types}) (call $huge (i32.const 0)))
           (func (export \"small\") (result i32) (i32.const 7)))"
    );
    let engine = engine(Tier::Auto);
    let (mut store, instance) = instance_in(&engine, &text);
    let huge = instance.get_func(&mut store, "huge").unwrap();
    let mut results = vec![Val::I32(0); 900];
    for _ in 0..2 {
        let error = huge.call(&mut store, &[], &mut results).unwrap_err();
        let chain = format!("{error:#}");
        assert!(
            chain.contains("too complex") && chain.contains("huge"),
            "{chain}"
        );
        assert!(error.downcast_ref::<WasmBacktrace>().is_some());
    }
    let small = instance
        .get_typed_func::<(), i32>(&mut store, "small")
        .unwrap();
    assert_eq!(small.call(&mut store, ()).unwrap(), 7);
    assert!(Module::new(&engine, text).unwrap().serialize().is_err());
}

#[test]
fn its_image_is_of_all_functions() {
    let engine = engine(Tier::Auto);
    let module = Module::new(&engine, web(20)).unwrap();
    let image = module.serialize().unwrap();
    assert_eq!(
        image,
        Engine::default()
            .precompile_module(web(20).as_bytes())
            .unwrap()
    );
    assert_eq!(image, engine.precompile_module(web(20).as_bytes()).unwrap());
    assert!(compiled(&module).is_empty());
}

#[test]
#[cfg(target_os = "linux")]
fn its_code_is_gone_with_it() {
    let spaces = |maps: String| {
        let ours = |line: &&str| line.contains("silica-code");
        maps.lines()
            .filter(ours)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let now = || spaces(std::fs::read_to_string("/proc/self/maps").unwrap());
    let module = Module::new(&engine(Tier::Auto), web(5)).unwrap();
    let start = format!("{:x}-", module.code_range().start);
    assert!(
        now()
            .iter()
            .any(|line| line.starts_with(&start) && line.contains(" r-xs "))
    );
    drop(module);
    assert!(!now().iter().any(|line| line.starts_with(&start)));
}
