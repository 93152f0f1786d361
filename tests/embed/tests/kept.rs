//! What was compiled because it was called, kept for the next run: it is as good there as here.

#![cfg(target_arch = "x86_64")]

use silica_engine::{Cache, Instance, Module, Occasion, Store, Tier, Trap};
use silica_tests_embed::engine_with;

fn compiled(module: &Module) -> usize {
    module.function_addresses().len()
}

/// What a program does that needs all that is known of its code: a trap with its backtrace, an exception that is caught, and references
/// that live through collections.
const NEEDS_TABLES: &str = r#"(module $tables
    (type $box (struct (field (mut i32))))
    (tag $e (param i32))
    (func $garbage (param i32)
      (loop $again
        (drop (struct.new $box (local.get 0)))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br_if $again (local.get 0))))
    (func (export "keep") (param i32) (result i32) (local $kept (ref null $box))
      (local.set $kept (struct.new $box (local.get 0)))
      (call $garbage (i32.const 20000))
      (struct.get $box 0 (local.get $kept)))
    (func $throws (param i32) (throw $e (local.get 0)))
    (func (export "catch") (param i32) (result i32)
      (block $caught (result i32)
        (try_table (catch $e $caught) (call $throws (local.get 0)))
        (i32.const -1)))
    (func $deep (param i32) (result i32)
      (if (result i32) (local.get 0)
        (then (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))
        (else (i32.div_u (i32.const 1) (local.get 0)))))
    (func (export "trap") (result i32) (call $deep (i32.const 3)))
    (func $deep2 (param i32) (result i32) (local.get 0))
    (func (export "later") (result i32)
      LATER
      (call $deep (i32.const 0))))"#;

/// The results of the program, and its backtrace.
fn results(module: &Module) -> (i32, i32, String) {
    let mut store = Store::new(module.engine(), ());
    let instance = Instance::new(&mut store, module, &[]).unwrap();
    let keep = instance.get_typed_func::<i32, i32>(&mut store, "keep");
    let kept = keep.unwrap().call(&mut store, 41).unwrap();
    let catch = instance.get_typed_func::<i32, i32>(&mut store, "catch");
    let caught = catch.unwrap().call(&mut store, 42).unwrap();
    let trap = instance.get_typed_func::<(), i32>(&mut store, "trap");
    let error = trap.unwrap().call(&mut store, ()).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::IntegerDivisionByZero));
    (kept, caught, format!("{error:#}"))
}

#[test]
fn the_code_of_an_earlier_run_is_as_good_as_new() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::new(folder.path().join("cache"));
    let new_engine = || {
        engine_with(|config| {
            config.tier(Tier::Auto).cache(cache.clone());
            config.tier_up_threads(0);
        })
    };
    // Little that is new is not worth keeping.
    let much = "(drop (call $deep2 (i32.const 1)))".repeat(100);
    let text = NEEDS_TABLES.replace("LATER", &much);
    let first = Module::new(&new_engine(), &text).unwrap();
    let expected = results(&first);
    assert_eq!((expected.0, expected.1), (41, 42));
    let count = compiled(&first);
    assert!(first.compilations().unwrap().len() >= 6 && cache.entries().unwrap().is_empty());
    drop(first);
    assert_eq!(cache.entries().unwrap().len(), 1);

    let second = Module::new(&new_engine(), &text).unwrap();
    assert_eq!(compiled(&second), count);
    assert_eq!(results(&second), expected);
    assert!(second.compilations().unwrap().is_empty());
    // What was not called then is compiled now, and kept with the rest.
    let mut store = Store::new(second.engine(), ());
    let instance = Instance::new(&mut store, &second, &[]).unwrap();
    let later = instance.get_typed_func::<(), i32>(&mut store, "later");
    let error = later.unwrap().call(&mut store, ()).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::IntegerDivisionByZero));
    assert_eq!(second.compilations().unwrap().len(), 2);
    drop((store, second, error));

    let third = Module::new(&new_engine(), &text).unwrap();
    assert_eq!(compiled(&third), count + 2);
    assert_eq!(results(&third), expected);
}

/// What was optimized in an earlier run is used from the first call on, and what was not counts on from there, its loops, too.
#[test]
fn what_was_optimized_in_an_earlier_run_is_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::new(folder.path().join("cache"));
    let text = r#"(module $app
        (func $stop (param i32) (drop (i32.div_u (i32.const 1) (local.get 0))))
        (func $much (export "much") (param i32) (result i32)
            (loop $l
                (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
            (i32.const 7))
        (func $little (export "little") (param i32) (result i32)
            (loop $l
                (call $stop (local.get 0))
                MORE
                (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
                (br $l))
            (unreachable)))"#;
    // Little that is new is not worth keeping.
    let text = text.replace("MORE", &"(call $stop (i32.const 1))".repeat(60));
    let module = || {
        let engine = engine_with(|config| {
            config.tier(Tier::Auto).cache(cache.clone());
            config.compiler_inlining(false);
            config.tier_up_threshold(50).tier_up_stress(true);
        });
        Module::new(&engine, &text).unwrap()
    };
    let told = |module: &Module, name: &str, parameter: i32| {
        let mut store = Store::new(module.engine(), ());
        let instance = Instance::new(&mut store, module, &[]).unwrap();
        let f = instance.get_typed_func::<i32, i32>(&mut store, name);
        match f.unwrap().call(&mut store, parameter) {
            Ok(result) => result.to_string(),
            Err(error) => format!("{error:#}"),
        }
    };
    let first = module();
    assert_eq!(told(&first, "much", 100), "7");
    let expected = told(&first, "little", 10);
    assert_eq!(expected.matches("little").count(), 1, "{expected}");
    let optimized = |module: &Module| {
        let compilations = module.compilations().unwrap().into_iter();
        let later = compilations.filter(|c| c.occasion != Occasion::FirstCall);
        later
            .map(|c| (c.index, c.occasion == Occasion::Use))
            .collect::<Vec<_>>()
    };
    assert_eq!(optimized(&first), [(1, true), (1, false), (0, true)]);
    drop(first);

    let second = module();
    assert_eq!(told(&second, "much", 1000), "7");
    assert!(second.compilations().unwrap().is_empty());
    // The loop of the earlier run's code is left for new code.
    assert_eq!(told(&second, "little", 300), expected);
    assert_eq!(optimized(&second), [(2, true), (2, false)]);
    drop(second);

    let third = module();
    assert_eq!(told(&third, "little", 300), expected);
    assert_eq!(optimized(&third), []);
}
