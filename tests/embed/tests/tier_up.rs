//! Functions that are optimized while the program runs, and loops that are entered in mid-flight: what callers see stays the same.

#![cfg(target_arch = "x86_64")]

use silica_engine::{
    Engine, Instance, Module, Occasion, Store, Tier, Trap, TypedFunc, WasmParams, WasmResults,
};
use silica_tests_embed::engine_with;

/// An engine that optimizes a function, while the program waits, after so many uses.
fn at_once(uses: u32) -> Engine {
    engine_with(|config| {
        config.tier(Tier::Auto);
        config.tier_up_threshold(uses).tier_up_stress(true);
    })
}

fn in_one_pass() -> Engine {
    engine_with(|config| {
        config.tier(Tier::Baseline);
    })
}

/// A module's instance, and an export of it.
fn export<P: WasmParams, R: WasmResults>(
    module: &Module,
    name: &str,
) -> (Store<()>, TypedFunc<P, R>) {
    let mut store = Store::new(module.engine(), ());
    let instance = Instance::new(&mut store, module, &[]).unwrap();
    let function = instance.get_typed_func(&mut store, name).unwrap();
    (store, function)
}

/// How many functions were optimized, and how many loops to go on in.
fn optimized(module: &Module) -> (usize, usize) {
    let compilations = module.compilations().unwrap();
    let count = |of: fn(Occasion) -> bool| compilations.iter().filter(|c| of(c.occasion)).count();
    (
        count(|occasion| occasion == Occasion::Use),
        count(|occasion| matches!(occasion, Occasion::Loop(_))),
    )
}

#[test]
fn a_function_is_optimized_at_its_second_call() {
    let text = r#"(module
        (func $leaf (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
        (func (export "f") (param i32) (result i32) (i32.add (call $leaf (local.get 0)) (i32.const 1))))"#;
    let module = Module::new(&at_once(1), text).unwrap();
    let (mut store, f) = export::<i32, i32>(&module, "f");
    assert_eq!(f.call(&mut store, 5).unwrap(), 16);
    assert_eq!(optimized(&module), (0, 0));
    assert_eq!(f.call(&mut store, 6).unwrap(), 19);
    // The leaf is part of it now, and was not called.
    assert_eq!(optimized(&module), (1, 0));
    assert_eq!(f.call(&mut store, 7).unwrap(), 22);
    assert_eq!(optimized(&module), (1, 0));
}

/// Loops in loops, each left at its first or second turn, with operands below and parameters of all types.
const LOOPS: &str = r#"(module
    (type $state (func (param i32 i64 f32 f64 v128) (result i32 i64 f32 f64 v128)))
    (func $mix (param i32 i64 f32 f64 v128) (result i64)
        (i64.add (i64.extend_i32_u (local.get 0))
            (i64.add (local.get 1)
                (i64.add (i64.extend_i32_u (i32.reinterpret_f32 (local.get 2)))
                    (i64.add (i64.reinterpret_f64 (local.get 3))
                        (i64.xor (i64x2.extract_lane 0 (local.get 4)) (i64x2.extract_lane 1 (local.get 4))))))))
    (func $f (export "f") (param $n i32) (param $seed i64) (result i64)
        (local $i i32) (local $j i32) (local $s i64) (local $v v128) (local $f f32) (local $d f64)
        (local.set $s (local.get $seed))
        (i64.mul (local.get $seed) (i64.const 77))
        (f64.convert_i64_s (local.get $seed))
        (i8x16.splat (i32.wrap_i64 (local.get $seed)))
        (local.set $i (local.get $n))
        (loop $outer
            (local.set $j (local.get $n))
            (i32.add (local.get $i) (i32.const 9))
            (f32.convert_i32_s (local.get $i))
            (block $skip
                (br_if $skip (i32.eq (local.get $i) (i32.const 2)))
                (i64.extend_i32_u (local.get $j))
                (local.get $v)
                (i32.const 5) (local.get $s) (local.get $f) (local.get $d) (local.get $v)
                (loop $inner (type $state)
                    (local.set $v (i32x4.add (i32x4.splat (local.get $j))))
                    (local.set $d (f64.add (f64.const 1.5)))
                    (local.set $f (f32.add (f32.const 0.25)))
                    (local.set $s (i64.add (i64.extend_i32_s (local.get $j))))
                    (local.set $i (i32.sub (i32.add (local.get $i)) (i32.const 5)))
                    (i32.const 5) (local.get $s) (local.get $f) (local.get $d) (local.get $v)
                    (br_if $inner (local.tee $j (i32.sub (local.get $j) (i32.const 1)))))
                (local.set $s (i64.add (call $mix) (local.get $s)))
                (local.set $v (i8x16.add (local.get $v)))
                (local.set $s (i64.xor (local.get $s))))
            (local.set $f (f32.add (local.get $f)))
            (local.set $s (i64.add (i64.extend_i32_u) (local.get $s)))
            (br_if $outer (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
        (local.set $v (i32x4.add (local.get $v)))
        (local.set $d (f64.add (local.get $d)))
        (i64.add (call $mix (local.get $i) (local.get $s) (local.get $f) (local.get $d) (local.get $v)))))"#;

#[test]
fn loops_in_loops_are_entered_with_all_that_they_need() {
    let expected = |n, seed| {
        let module = Module::new(&in_one_pass(), LOOPS).unwrap();
        let (mut store, f) = export::<(i32, i64), i64>(&module, "f");
        f.call(&mut store, (n, seed)).unwrap()
    };
    for uses in 1..40 {
        let module = Module::new(&at_once(uses), LOOPS).unwrap();
        let (mut store, f) = export::<(i32, i64), i64>(&module, "f");
        for (n, seed) in [(7, 3), (5, -9), (1, 12345)] {
            let found = f.call(&mut store, (n, seed)).unwrap();
            assert_eq!(found, expected(n, seed), "{uses}, {n}, {seed}");
        }
        let (functions, loops) = optimized(&module);
        assert!(functions > 0 && loops > 0, "{uses}: {functions}, {loops}");
    }
}

/// Parameters and results that are more than registers, and references of each kind that live on around the loop.
#[test]
fn references_and_much_else_live_on_around_a_loop() {
    let text = r#"(module
        (type $box (struct (field i32)))
        (type $next (func (param i32) (result i32)))
        (func $twice (type $next) (i32.mul (local.get 0) (i32.const 2)))
        (func $more (type $next) (i32.add (local.get 0) (i32.const 1)))
        (elem declare func $twice $more)
        (func (export "f")
            (param $n i32) (param i64 i64 i64 i64 i64 i64 f64 f64 f64 f64 f64 f64 f64 f64 f64)
            (result i32 i64 f64 i64 i64 i64 i64 i64 i64 i32 f64 f64)
            (local $b (ref null $box)) (local $t (ref null $next)) (local $s i32)
            (local.set $b (struct.new $box (i32.const 3)))
            (local.set $t (ref.func $twice))
            (struct.new $box (i32.const 100))
            (ref.func $more)
            (loop $l (param (ref null $next)) (result (ref null $next))
                (local.set $t)
                (local.set $b (struct.new $box (i32.add (struct.get $box 0 (local.get $b)) (i32.const 1))))
                (local.set $s (i32.add (local.get $s) (call_ref $next (struct.get $box 0 (local.get $b)) (local.get $t))))
                (select (result (ref null $next)) (ref.func $twice) (ref.func $more) (i32.and (local.get $s) (i32.const 1)))
                (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (local.set $t)
            (call_ref $next (local.get $s) (local.get $t))
            (local.set $s)
            (struct.get $box 0)
            (local.set $s (i32.add (local.get $s)))
            (local.get $s) (local.get 1) (local.get 15)
            (local.get 2) (local.get 3) (local.get 4) (local.get 5) (local.get 6) (local.get 1)
            (struct.get $box 0 (local.get $b)) (local.get 7) (local.get 14)))"#;
    let ran = |engine: &Engine| {
        let module = Module::new(engine, text).unwrap();
        let mut store = Store::new(engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let f = instance.get_func(&mut store, "f").unwrap();
        let mut told = String::new();
        for n in [30, 1, 2] {
            let mut params = vec![silica_engine::Val::I32(n)];
            params.extend((1..7).map(|p| silica_engine::Val::I64(p << 33)));
            params.extend((7..16_u8).map(|p| silica_engine::Val::F64(f64::from(p).to_bits())));
            let mut results = vec![silica_engine::Val::I32(0); 12];
            f.call(&mut store, &params, &mut results).unwrap();
            told += &format!("{results:?}\n");
        }
        (told, module)
    };
    let (expected, _) = ran(&in_one_pass());
    for (uses, collects) in [(1, false), (2, false), (3, true), (9, true)] {
        let engine = engine_with(|config| {
            config.tier(Tier::Auto).gc_stress(collects);
            config.tier_up_threshold(uses).tier_up_stress(true);
        });
        let (found, module) = ran(&engine);
        assert_eq!(found, expected, "{uses}");
        assert!(optimized(&module).1 > 0, "{uses}");
    }
}

/// An exception comes out of code that a loop went on in: into a handler around the loop, or to a caller.
#[test]
fn exceptions_leave_a_loop_that_was_entered() {
    let text = r#"(module
        (tag $e (param i32))
        (func $throws (param i32) (if (i32.eqz (local.get 0)) (then (throw $e (i32.const 40)))))
        (func $out (export "out") (param i32) (result i32)
            (loop $l
                (call $throws (local.get 0))
                (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
                (br $l))
            (unreachable))
        (func (export "caught") (param i32) (result i32)
            (block $h (result i32)
                (try_table (result i32) (catch $e $h) (call $out (local.get 0)))))
        (func (export "around") (param i32) (result i32) (local $sum i32)
            (i32.const 1000)
            (block $h (result i32)
                (try_table (catch $e $h)
                    (loop $l
                        (call $throws (local.get 0))
                        (local.set $sum (i32.add (local.get $sum) (local.get 0)))
                        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
                        (br $l)))
                (unreachable))
            (i32.add (local.get $sum))
            (i32.add))
        (func (export "legacy") (param i32) (result i32) (local $sum i32)
            try (result i32)
                (loop $l
                    (call $throws (local.get 0))
                    (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
                    (br $l))
                unreachable
            catch $e
                (loop $l
                    (local.set $sum (i32.add (local.get $sum) (i32.const 2)))
                    (local.set 0 (i32.add (local.get 0) (i32.const 1)))
                    (br_if $l (i32.lt_s (local.get 0) (i32.const 20))))
                (i32.add (local.get $sum))
            end))"#;
    let ran = |engine: &Engine| {
        let module = Module::new(engine, text).unwrap();
        let mut told = Vec::new();
        for name in ["caught", "around", "legacy"] {
            let (mut store, f) = export::<i32, i32>(&module, name);
            told.extend([25, 0, 1, 2].map(|n| f.call(&mut store, n).unwrap()));
        }
        (told, module)
    };
    let (expected, _) = ran(&in_one_pass());
    assert_eq!(expected[..8], [40, 40, 40, 40, 1365, 1040, 1041, 1043]);
    for uses in 1..8 {
        let (found, module) = ran(&at_once(uses));
        assert_eq!(found, expected, "{uses}");
        assert!(optimized(&module).1 > 0, "{uses}");
    }
}

/// The error of a call, without what differs between modules.
fn error_of(module: &Module, name: &str, parameter: i32) -> String {
    let (mut store, f) = export::<i32, i32>(module, name);
    format!("{:#}", f.call(&mut store, parameter).unwrap_err())
}

#[test]
fn backtraces_show_a_loop_that_was_entered_once() {
    let text = r#"(module $app (memory 1)
        (func $inner (param i32) (result i32)
            (loop $l
                (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
                (br_if $l (i32.load8_u (i32.sub (i32.const 65535) (local.get 0))))
                (br $l))
            (unreachable))
        (func $middle (param i32) (result i32) (local i32)
            (local.set 1 (i32.const 4))
            (loop $l
                (br_if $l (local.tee 1 (i32.sub (local.get 1) (i32.const 1))))
                (drop (call $inner (local.get 0))))
            (local.get 1))
        (func (export "f") (param i32) (result i32) (i32.add (call $middle (local.get 0)) (i32.const 1))))"#;
    let engine = |tier_up: Option<u32>| {
        engine_with(|config| {
            config.compiler_inlining(false);
            match tier_up {
                None => config.tier(Tier::Baseline),
                Some(uses) => {
                    (config.tier(Tier::Auto).tier_up_stress(true)).tier_up_threshold(uses)
                }
            };
        })
    };
    let module = Module::new(&engine(None), text).unwrap();
    let expected = error_of(&module, "f", 50);
    assert_eq!(expected.matches("inner").count(), 1, "{expected}");
    for uses in 1..40 {
        let module = Module::new(&engine(Some(uses)), text).unwrap();
        for _ in 0..3 {
            assert_eq!(error_of(&module, "f", 50), expected, "{uses}");
        }
        assert!(optimized(&module).1 > 0, "{uses}");
    }
}

#[test]
fn fuel_is_the_same_in_each_tier() {
    let run = |tier_up: Option<u32>| {
        let engine = engine_with(|config| {
            config.consume_fuel(true);
            match tier_up {
                None => config.tier(Tier::Baseline),
                Some(uses) => {
                    (config.tier(Tier::Auto).tier_up_stress(true)).tier_up_threshold(uses)
                }
            };
        });
        let module = Module::new(&engine, LOOPS).unwrap();
        let (mut store, f) = export::<(i32, i64), i64>(&module, "f");
        let mut told = Vec::new();
        for fuel in [100, 300, 1000, 100_000] {
            store.set_fuel(fuel).unwrap();
            match f.call(&mut store, (8, 5)) {
                Ok(result) => told.push((result, store.get_fuel().unwrap())),
                Err(error) => {
                    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::OutOfFuel));
                    told.push((-1, store.get_fuel().unwrap()));
                }
            }
        }
        told
    };
    let expected = run(None);
    assert!(expected[0].0 == -1 && expected[3].0 != -1, "{expected:?}");
    for uses in 1..30 {
        assert_eq!(run(Some(uses)), expected, "{uses}");
    }
}

/// A loop that asks for better code and gets none goes on with all that it had: operands below it whose places are used for something else later, and
/// locals in registers that a callee may change.
#[test]
fn a_loop_that_gets_no_code_goes_on_as_it_was() {
    let loops = r#"
        (f64.add (local.get $d) (f64.const 0.5)) (i64.mul (local.get $s) (i64.const 3)) (i32.add (local.get $n) (i32.const 2))
        (local.set $i (i32.const 60))
        (loop $l
            (local.set $d (f64.add (local.get $d) (f64.const 0.125)))
            (local.set $s (i64.add (local.get $s) (i64.extend_i32_s (local.get $i))))
            (local.set $m (i32.load (i32.and (i32.add (local.get $m) (i32.load (i32.const 8))) (i32.const 255))))
            (local.set $n (i32.add (local.get $n) (local.get $m)))
            (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
        (local.set $n (i32.xor (local.get $n)))
        (local.set $s (i64.xor (local.get $s)))
        (local.set $d (f64.add (local.get $d)))"#;
    let calls = "(local.set $s (i64.add (local.get $s) (call $g (local.get $n)))) (i64.store (i32.const 16) (i64.add (local.get $s) (call $g (i32.const 1))))";
    let text = format!(
        r#"(module (memory 1) (data (i32.const 0) "\01\02\03\04\05\06\07\08\09\0a\0b")
        (func $g (param i32) (result i64) (i64.extend_i32_s (local.get 0)))
        (func (export "f") (param $n i32) (param $m i32) (result i64) (local $i i32) (local $s i64) (local $d f64)
            {loops} {calls} {loops} {calls} {calls}
            (i64.add (i64.add (local.get $s) (i64.reinterpret_f64 (local.get $d))) (i64.extend_i32_s (local.get $n)))))"#
    );
    let result = |engine: &Engine| {
        let module = Module::new(engine, &text).unwrap();
        let (mut store, f) = export::<(i32, i32), i64>(&module, "f");
        [3, 4, 5].map(|n| f.call(&mut store, (n, n + 1)).unwrap())
    };
    let expected = result(&in_one_pass());
    for uses in 1..20 {
        let engine = engine_with(|config| {
            config.tier(Tier::Auto).tier_up_threshold(uses);
            config.tier_up_queue(0);
        });
        assert_eq!(result(&engine), expected, "{uses}");
        assert_eq!(result(&at_once(uses)), expected, "{uses}");
    }
}

/// A program that calls in all ways, and turns much.
const BUSY: &str = r#"(module
    (type $f (func (param i64) (result i64)))
    (table 4 funcref) (elem (i32.const 0) $a $b $c $d)
    (func $a (type $f) (i64.add (local.get 0) (i64.const 1)))
    (func $b (type $f) (i64.rotl (call $a (local.get 0)) (i64.const 7)))
    (func $c (type $f) (return_call $b (i64.xor (local.get 0) (i64.const 0x5555))))
    (func $d (type $f) (local i32)
        (local.set 1 (i32.const 9))
        (loop $l
            (local.set 0 (call $c (local.get 0)))
            (br_if $l (local.tee 1 (i32.sub (local.get 1) (i32.const 1)))))
        (local.get 0))
    (func (export "run") (param i64 i32) (result i64)
        (loop $l
            (local.set 0 (call_indirect (type $f) (local.get 0) (i32.and (local.get 1) (i32.const 3))))
            (local.set 0 (call $d (local.get 0)))
            (br_if $l (local.tee 1 (i32.sub (local.get 1) (i32.const 1)))))
        (local.get 0)))"#;

fn busy_result() -> i64 {
    let module = Module::new(&in_one_pass(), BUSY).unwrap();
    let (mut store, run) = export::<(i64, i32), i64>(&module, "run");
    run.call(&mut store, (1, 3000)).unwrap()
}

#[test]
fn threads_run_while_code_is_published() {
    let expected = busy_result();
    for (uses, threads) in [(1, 1), (20, 2), (300, 1), (2000, 3)] {
        let engine = engine_with(|config| {
            config.tier(Tier::Auto);
            config.tier_up_threshold(uses).tier_up_threads(threads);
        });
        for _ in 0..4 {
            let module = Module::new(&engine, BUSY).unwrap();
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        let (mut store, run) = export::<(i64, i32), i64>(&module, "run");
                        for _ in 0..5 {
                            assert_eq!(run.call(&mut store, (1, 3000)).unwrap(), expected);
                        }
                    });
                }
            });
        }
    }
}

/// The threads beside the program outlive neither what they work for nor the engine, in whichever order these go.
#[test]
fn modules_and_engines_go_while_they_are_optimized() {
    let expected = busy_result();
    for turn in 0..30 {
        let engine = engine_with(|config| {
            config.tier(Tier::Auto).tier_up_threshold(50);
        });
        for _ in 0..3 {
            let module = Module::new(&engine, BUSY).unwrap();
            let (mut store, run) = export::<(i64, i32), i64>(&module, "run");
            assert_eq!(run.call(&mut store, (1, 3000)).unwrap(), expected);
            if turn % 2 == 0 {
                drop(module);
            }
        }
    }
}

#[test]
fn a_queue_without_room_changes_nothing_else() {
    let expected = busy_result();
    for (room, threads) in [(0, 1), (1, 1), (1000, 0)] {
        let engine = engine_with(|config| {
            config.tier(Tier::Auto).tier_up_threshold(3);
            config.tier_up_queue(room).tier_up_threads(threads);
        });
        let module = Module::new(&engine, BUSY).unwrap();
        let (mut store, run) = export::<(i64, i32), i64>(&module, "run");
        for _ in 0..20 {
            assert_eq!(run.call(&mut store, (1, 3000)).unwrap(), expected);
        }
        if room == 0 || threads == 0 {
            assert_eq!(optimized(&module), (0, 0));
        }
    }
}

/// A function that a thread beside the program optimizes is used in the end, without anybody waiting for it.
#[test]
fn what_is_optimized_beside_the_program_is_used() {
    let engine = engine_with(|config| {
        config.tier(Tier::Auto).tier_up_threshold(100);
    });
    let module = Module::new(&engine, BUSY).unwrap();
    let (mut store, run) = export::<(i64, i32), i64>(&module, "run");
    let expected = busy_result();
    // All five functions, and the loops that were turning: the program runs until they are there.
    while optimized(&module).0 < 5 {
        assert_eq!(run.call(&mut store, (1, 3000)).unwrap(), expected);
    }
}

#[test]
fn a_loop_that_was_entered_is_interrupted() {
    let text =
        r#"(module (func (export "f") (param i32) (result i32) (loop (br 0)) (unreachable)))"#;
    let module = Module::new(&at_once(1), text).unwrap();
    let (mut store, f) = export::<i32, i32>(&module, "f");
    let handle = store.interrupt_handle();
    let stop = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(100));
        handle.interrupt();
    });
    let error = f.call(&mut store, 0).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::Interrupt));
    stop.join().unwrap();
    assert_eq!(optimized(&module), (1, 1));
}

#[test]
fn many_locals_and_loops_cost_in_proportion() {
    // Each loop would pass all locals.
    let locals = "(local ".to_owned() + &"i64 ".repeat(2000) + ")";
    let text = format!(
        "(module (func (export \"f\") (param i32) (result i32) {locals} {} (local.get 0)))",
        "(loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (local.set 0 (i32.const 5))"
            .repeat(500)
    );
    let module = Module::new(&at_once(1), text).unwrap();
    let (mut store, f) = export::<i32, i32>(&module, "f");
    assert_eq!(f.call(&mut store, 9).unwrap(), 5);
    let compilations = module.compilations().unwrap();
    let first = &compilations[0];
    assert!(
        first.code_bytes < 40 * first.body_bytes,
        "{} bytes of {}",
        first.code_bytes,
        first.body_bytes
    );
}
