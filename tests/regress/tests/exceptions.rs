//! Exceptions: handlers that outlive their scope (class 29, WasmEdge 5252), locals that `try_table` corrupts (class 31,
//! wazero 2504), tags of other types and sizes (class 7, GHSA-cfhf, GHSA-p79w), fuel that a throw loses (class 18, GHSA-m63x).

#![forbid(unsafe_code)]

use silica_engine::{
    Caller, Config, Engine, ExternRef, Func, FuncType, Instance, Module, OptLevel, Result, Store,
    Tag, TagType, ThrownException, Val, ValType,
};
use silica_tests_regress::{engines, function, instance};

/// Handlers of a scope that has ended, or of another function's frame, catch nothing.
#[test]
fn a_handler_is_gone_with_its_scope() {
    const TEXT: &str = r#"(module
        (tag $e (param i32))
        (func $throw (param i32) (throw $e (local.get 0)))
        ;; The scope ends before the call that throws.
        (func $after (param i32) (result i32)
            (block $h (result i32)
                (try_table (catch $e $h) (call $throw (local.get 0)) (unreachable))
                (unreachable))
            (call $throw (i32.add (i32.const 1) (local.get 0)))
            (unreachable))
        ;; What a handler throws is not for itself.
        (func (export "after") (param i32) (result i32)
            (block $h (result i32)
                (try_table (catch $e $h) (drop (call $after (local.get 0))))
                (i32.const -1)))
        ;; A branch out of the scope, many times: the handler must not pile up or stay.
        (func (export "left") (param i32) (result i32) (local $sum i32)
            (loop $again
                (block $out
                    (block $h (result i32)
                        (try_table (catch $e $h) (br $out))
                        (unreachable))
                    (local.set $sum (i32.add (i32.const 1000000))))
                (local.set $sum (i32.add (local.get $sum) (i32.const 1)))
                (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
            (block $h (result i32)
                (try_table (catch $e $h) (call $throw (local.get $sum)))
                (unreachable)))
        ;; A tail call leaves the scope, too.
        (func $tail (param i32)
            (block $h (result i32)
                (try_table (catch $e $h) (return_call $throw (local.get 0)))
                (unreachable))
            (unreachable))
        (func (export "tail") (param i32) (result i32)
            (block $h (result i32)
                (try_table (catch $e $h) (call $tail (local.get 0)))
                (i32.const -1))))"#;
    for (name, engine) in engines() {
        let (mut store, instance) = instance(&engine, TEXT);
        for (export, given, expected) in [("after", 5, 6), ("left", 100, 100), ("tail", 9, 9)] {
            let f = function::<i32, i32>(&mut store, &instance, export);
            assert_eq!(
                f.call(&mut store, given).unwrap(),
                expected,
                "{name}: {export}"
            );
        }
    }
}

/// Locals, and operands below the construct, are after a throw what they were at the call that threw.
#[test]
fn locals_and_operands_survive_a_throw() {
    const TEXT: &str = r#"(module
        (tag $e (param f64 i64 v128))
        (func $noise (param i64 i64 i64 i64 i64 i64 i64 i64) (result i64)
            (i64.add (local.get 7) (i64.mul (local.get 0) (local.get 3))))
        (func $throw (param $depth i32)
            (if (local.get $depth)
                (then
                    (drop (call $noise (i64.const -1) (i64.const -2) (i64.const -3) (i64.const -4)
                        (i64.const -5) (i64.const -6) (i64.const -7) (i64.const -8)))
                    (call $throw (i32.sub (local.get $depth) (i32.const 1)))))
            (throw $e (f64.const 0.5) (i64.const 7) (v128.const i64x2 8 9)))
        (func (export "f") (param $a i32) (param $b i64) (param $c f64) (result f64) (local $v v128) (local $d i32)
            (local.set $v (i64x2.splat (local.get $b)))
            (f64.add (local.get $c) ;; an operand that waits
                (block $done (result f64)
                    (block $h (result f64 i64 v128)
                        (try_table (catch $e $h)
                            (local.set $d (i32.const 3))
                            (local.set $b (i64.add (local.get $b) (i64.const 1)))
                            (call $throw (local.get $a))
                            (local.set $d (i32.const 4)))
                        (unreachable))
                    (local.set $v (i64x2.add (local.get $v)))
                    (local.set $b (i64.add (local.get $b)))
                    (br $done
                        (f64.add
                            (f64.add (f64.convert_i64_s (local.get $b)) (f64.convert_i32_s (local.get $d)))
                            (f64.convert_i64_s (i64.add
                                (i64x2.extract_lane 0 (local.get $v)) (i64x2.extract_lane 1 (local.get $v)))))
                        (f64.add))))))"#;
    for (name, engine) in engines() {
        let (mut store, instance) = instance(&engine, TEXT);
        let f = function::<(i32, i64, f64), f64>(&mut store, &instance, "f");
        for depth in [0, 1, 10, 100] {
            // $c + 0.5 + ($b + 1 + 7) + 3 + ($b + 8 + $b + 9)
            let expected = 1000.0 + 0.5 + (20.0 + 8.0) + 3.0 + (40.0 + 17.0);
            let found = f.call(&mut store, (depth, 20, 1000.0)).unwrap();
            assert_eq!(found, expected, "{name}: {depth} deep");
        }
    }
}

/// A call of whatever kind has the handler around it.
#[test]
fn every_kind_of_call_is_caught() {
    const TEXT: &str = r#"(module
        (type $f (func (result i32)))
        (import "m" "host" (func $host (type $f)))
        (tag $e (import "m" "e") (param i32))
        (table 2 2 funcref) (elem (i32.const 0) func $throw $host)
        (func $throw (export "throw") (type $f) (throw $e (i32.const 1)))
        (func (export "direct") (type $f)
            (block $h (result i32) (try_table (catch $e $h) (drop (call $throw))) (i32.const 0)))
        (func (export "import") (type $f)
            (block $h (result i32) (try_table (catch $e $h) (drop (call $host))) (i32.const 0)))
        (func (export "table") (type $f)
            (block $h (result i32)
                (try_table (catch $e $h) (drop (call_indirect (type $f) (i32.const 0)))) (i32.const 0)))
        (func (export "table of import") (type $f)
            (block $h (result i32)
                (try_table (catch $e $h) (drop (call_indirect (type $f) (i32.const 1)))) (i32.const 0)))
        (func (export "reference") (type $f)
            (block $h (result i32)
                (try_table (catch $e $h) (drop (call_ref $f (ref.func $throw)))) (i32.const 0)))
        (func (export "legacy") (type $f)
            try (result i32)
                (call $throw)
            catch $e
            end)
        (func (export "none") (type $f)
            try (result i32)
                (i32.const 1)
            catch $e
            end))"#;
    let names = [
        "direct",
        "import",
        "table",
        "table of import",
        "reference",
        "legacy",
        "none",
    ];
    for (name, engine) in engines() {
        let mut store = Store::new(&engine, ());
        if engine.config().counts_fuel() {
            store.set_fuel(10_000).unwrap();
        }
        let e = tag(&mut store, &engine, &[ValType::I32]);
        let host = Func::wrap(&mut store, |mut caller: Caller<'_, ()>| -> Result<i32> {
            let throw = caller.get_export("throw").and_then(|e| e.into_func());
            let throw = throw.expect("an export").typed::<(), i32>(&caller)?;
            throw.call(&mut caller, ())
        });
        let module = Module::new(&engine, TEXT).unwrap();
        let imports = [host.into(), e.into()];
        let instance = Instance::new(&mut store, &module, &imports).unwrap();
        for export in names {
            let f = function::<(), i32>(&mut store, &instance, export);
            assert_eq!(f.call(&mut store, ()).unwrap(), 1, "{name}: {export}");
        }
    }
}

fn tag(store: &mut Store<()>, engine: &Engine, params: &[ValType]) -> Tag {
    let ty = FuncType::new(engine, params.to_vec(), []);
    Tag::new(store, &TagType::new(ty)).unwrap()
}

/// A tag is imported at exactly its type, and nothing else is told apart by it.
#[test]
fn a_tag_of_another_type_is_no_import() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let text = r#"(module (tag $e (import "m" "e") (param i64)) (func (export "f") (throw $e (i64.const 1))))"#;
    let module = Module::new(&engine, text).unwrap();
    for params in [
        &[][..],
        &[ValType::I32],
        &[ValType::F64],
        &[ValType::I64, ValType::I64],
    ] {
        let wrong = tag(&mut store, &engine, params);
        let error = Instance::new(&mut store, &module, &[wrong.into()]).unwrap_err();
        let message = format!("{error:#}");
        assert!(message.contains("tag"), "{params:?}: {message}");
    }
    let function = Func::wrap(&mut store, |_: i64| {});
    assert!(Instance::new(&mut store, &module, &[function.into()]).is_err());
    let right = tag(&mut store, &engine, &[ValType::I64]);
    assert!(Instance::new(&mut store, &module, &[right.into()]).is_ok());
}

/// Odd numbers of tags move nothing else in the context from where code expects it.
#[test]
fn tags_leave_the_context_aligned() {
    for tags in [1, 2, 3, 7, 64] {
        let engine = Engine::default();
        let declared: String = (0..tags)
            .map(|i| format!("(tag $e{i} (param i32))"))
            .collect();
        let text = format!(
            r#"(module {declared}
                (global $g (mut v128) (v128.const i64x2 1 2))
                (table $t 1 1 funcref) (memory 1)
                (elem (table $t) (i32.const 0) func $last)
                (func $last (result i32) (throw $e{last} (i32.load (i32.const 8))))
                (func (export "f") (result i32)
                    (i32.store (i32.const 8) (i32.const 40))
                    (global.set $g (v128.const i64x2 1 1))
                    (i32.add
                        (i32.add (i32x4.extract_lane 0 (global.get $g)) (i32x4.extract_lane 2 (global.get $g)))
                        (block $h (result i32)
                            (try_table (catch $e{last} $h) (call_indirect (result i32) (i32.const 0)) (drop))
                            (i32.const -1)))))"#,
            last = tags - 1,
        );
        let (mut store, instance) = instance(&engine, &text);
        let f = function::<(), i32>(&mut store, &instance, "f");
        assert_eq!(f.call(&mut store, ()).unwrap(), 42, "{tags} tags");
    }
}

/// A throw neither loses nor adds fuel, however deep it was and whoever catches it.
#[test]
fn fuel_is_exact_across_throws() {
    const TEXT: &str = r#"(module
        (import "m" "host" (func $host))
        (tag $e (export "e"))
        (func $throw (param i32)
            (if (local.get 0) (then (call $throw (i32.sub (local.get 0) (i32.const 1)))))
            (throw $e))
        (func (export "deep") (param i32)
            (block $h (try_table (catch $e $h) (call $throw (local.get 0)))))
        (func (export "uncaught") (param i32) (call $throw (local.get 0)))
        (func (export "host") (param i32)
            (block $h (try_table (catch $e $h) (call $host)))))"#;
    let used = |inlining: bool, export: &str, depth: i32| {
        let engine = Engine::new(Config::new().consume_fuel(true).compiler_inlining(inlining));
        let engine = engine.unwrap();
        let module = Module::new(&engine, TEXT).unwrap();
        let mut store = Store::new(&engine, ());
        store.set_fuel(1000).unwrap();
        // Calls back into WebAssembly, whose exception it throws on.
        let host = Func::wrap(&mut store, |mut caller: Caller<'_, ()>| {
            let deep = caller.get_export("uncaught").and_then(|e| e.into_func());
            let deep = deep.expect("an export").typed::<i32, ()>(&caller)?;
            deep.call(&mut caller, 2)
        });
        let instance = Instance::new(&mut store, &module, &[host.into()]).unwrap();
        let f = instance
            .get_typed_func::<i32, ()>(&mut store, export)
            .unwrap();
        match f.call(&mut store, depth) {
            Ok(()) => assert_ne!(export, "uncaught"),
            Err(error) => assert!(
                export == "uncaught" && error.is::<ThrownException>(),
                "{error:#}"
            ),
        }
        1000 - store.get_fuel().unwrap()
    };
    for inlining in [true, false] {
        // In `$throw`: the condition and `if`, then either three operands and the call, or `throw`.
        let throw = |depth: u64| depth * 6 + 3;
        for depth in [0, 1, 10] {
            let deep = used(inlining, "deep", depth);
            assert_eq!(
                deep,
                throw(depth as u64) + 2,
                "inlining {inlining}, {depth} deep"
            );
            let uncaught = used(inlining, "uncaught", depth);
            assert_eq!(
                uncaught,
                throw(depth as u64) + 2,
                "inlining {inlining}, {depth} deep"
            );
        }
        assert_eq!(
            used(inlining, "host", 0),
            1 + throw(2) + 2,
            "inlining {inlining}"
        );
    }
}

/// References that are live across a call that throws are roots, in the frame that catches and in those between
/// (class 6, GHSA-hw8m): here each object that is made moves all others.
#[test]
fn references_across_a_throw_are_rooted() {
    const TEXT: &str = r#"(module
        (tag $e (param externref i32))
        (func $throw (param $depth i32) (param $carried externref) (param $waits externref) (result externref)
            (if (local.get $depth)
                (then
                    (drop (call $throw
                        (i32.sub (local.get $depth) (i32.const 1)) (local.get $waits) (local.get $carried)))
                    (return (local.get $waits))))
            (throw $e (local.get $carried) (i32.const 5)))
        (func (export "f") (param $depth i32) (param $a externref) (param $b externref)
            (result externref externref externref)
            (local $again i32)
            (local.set $again (i32.const 20))
            (loop $loop
                (block $h (result externref i32)
                    (local.get $a) ;; an operand that waits
                    (try_table (catch $e $h)
                        (drop (call $throw (local.get $depth) (local.get $b) (local.get $a))))
                    (unreachable))
                (drop) (local.set $b)
                (br_if $loop (local.tee $again (i32.sub (local.get $again) (i32.const 1)))))
            (local.get $a)
            (block $h (result externref i32)
                (try_table (catch $e $h) (drop (call $throw (local.get $depth) (local.get $b) (local.get $a))))
                (unreachable))
            (drop)
            (local.get $b)))"#;
    for level in [OptLevel::None, OptLevel::Speed] {
        for inlining in [true, false] {
            let mut config = Config::new();
            config
                .cranelift_opt_level(level)
                .compiler_inlining(inlining);
            let engine = Engine::new(config.gc_stress(true)).unwrap();
            let (mut store, instance) = instance(&engine, TEXT);
            let f = instance.get_func(&mut store, "f").unwrap();
            for depth in [0, 2, 10] {
                let [a, b] = ["a", "b"].map(|name| ExternRef::new(&mut store, name).unwrap());
                let params = [
                    Val::I32(depth),
                    Val::ExternRef(Some(a)),
                    Val::ExternRef(Some(b)),
                ];
                let mut results = vec![Val::I32(0); 3];
                f.call(&mut store, &params, &mut results).unwrap();
                let names: Vec<&str> = (results.iter())
                    .map(|result| {
                        let reference = result.extern_ref().flatten().expect("it is not null");
                        let data = reference.data(&store).unwrap().expect("it is the host's");
                        *data.downcast_ref::<&str>().expect("it is what was given")
                    })
                    .collect();
                assert_eq!(
                    names,
                    ["a", "b", "b"],
                    "{level:?}, inlining {inlining}, {depth} deep"
                );
            }
        }
    }
}
