//! What is told of calls: arguments and results of every kind, and not more than a line's worth of them.

#![forbid(unsafe_code)]

use std::sync::{Arc, Mutex};

use silica_component::{Component, Linker, Resource, ResourceType, Val};
use silica_engine::{Engine, Result, Store, StoreContextMut};

struct Thing;

/// Calls `all`, then drops what `make` gave; `long` has strings and lists that are as long as the memory.
const GUEST: &str = r#"(component
  (import "a:b/c@1.2.3" (instance $c
    (export "thing" (type $thing (sub resource)))
    (export "[constructor]thing" (func (result (own $thing))))
    (type $point' (record (field "x" s8) (field "y" f64)))
    (export "point" (type $point (eq $point')))
    (type $shape' (variant (case "dot" $point) (case "none")))
    (export "shape" (type $shape (eq $shape')))
    (type $code' (enum "access" "no-entry"))
    (export "code" (type $code (eq $code')))
    (export "[method]thing.all" (func
      (param "self" (borrow $thing)) (param "shape" $shape) (param "text" string) (param "last" (option char))
      (result (result (list u16) (error $code)))))
    (export "long" (func (param "bytes" (list u8)) (param "numbers" (list u32)) (param "texts" (list string))))
    (export "fail" (func (param "yes" bool)))))
  (alias export $c "thing" (type $thing))
  (core module $memory
    (memory (export "memory") 2)
    (global $top (mut i32) (i32.const 4096))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.set $top (i32.add (global.get $top) (i32.const 64)))
      (global.get $top)))
  (core instance $memory (instantiate $memory))
  (alias core export $memory "memory" (core memory $m))
  (alias core export $memory "realloc" (core func $realloc))
  (core func $new (canon lower (func $c "[constructor]thing")))
  (core func $all (canon lower (func $c "[method]thing.all") (memory $m) (realloc $realloc)))
  (core func $long (canon lower (func $c "long") (memory $m)))
  (core func $fail (canon lower (func $c "fail")))
  (core func $drop (canon resource.drop $thing))
  (core module $main
    (import "" "memory" (memory 2))
    (import "" "new" (func $new (result i32)))
    (import "" "all" (func $all (param i32 i32 i32 f64 i32 i32 i32 i32 i32)))
    (import "" "long" (func $long (param i32 i32 i32 i32 i32 i32)))
    (import "" "fail" (func $fail (param i32)))
    (import "" "drop" (func $drop (param i32)))
    (data (i32.const 16) "a\1b[2J\22\c3\a9")
    (func (export "run") (local $thing i32)
      (local.set $thing (call $new))
      (call $all (local.get $thing) (i32.const 0) (i32.const -5) (f64.const 0.5) (i32.const 16) (i32.const 8)
        (i32.const 1) (i32.const 0x1f600) (i32.const 256))
      (call $all (local.get $thing) (i32.const 1) (i32.const 0) (f64.const 0) (i32.const 0) (i32.const 0)
        (i32.const 0) (i32.const 0) (i32.const 256))
      (call $drop (local.get $thing)))
    (func (export "long")
      (call $long (i32.const 0) (i32.const 131072) (i32.const 0) (i32.const 30000) (i32.const 65536) (i32.const 9)))
    (func (export "wild")
      (call $long (i32.const -1) (i32.const 5) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
    (func (export "fail") (call $fail (i32.const 2))))
  (core instance $i (instantiate $main (with "" (instance
    (export "memory" (memory $m)) (export "new" (func $new)) (export "all" (func $all))
    (export "long" (func $long)) (export "fail" (func $fail)) (export "drop" (func $drop))))))
  (func (export "run") (canon lift (core func $i "run")))
  (func (export "long") (canon lift (core func $i "long")))
  (func (export "wild") (canon lift (core func $i "wild")))
  (func (export "fail") (canon lift (core func $i "fail"))))"#;

fn linker(engine: &Engine) -> Result<Linker<()>> {
    type Called<'a> = StoreContextMut<'a, ()>;
    let mut linker = Linker::new(engine);
    let mut instance = linker.instance("a:b/c@1.2.3")?;
    instance.resource("thing", ResourceType::host::<Thing>(), |_, _| Ok(()))?;
    instance.func_wrap("[constructor]thing", |_: Called<'_>, ()| {
        Ok((Resource::<Thing>::new_own(7),))
    })?;
    instance.func_new(
        "[method]thing.all",
        |_: Called<'_>, params: &[Val], results: &mut [Val]| {
            results[0] = Val::Result(match &params[1] {
                Val::Variant(_, Some(_)) => {
                    let numbers = [Val::U16(5), Val::U16(0)];
                    Ok(Some(Box::new(Val::List(numbers.to_vec()))))
                }
                _ => Err(Some(Box::new(Val::Enum("no-entry".to_owned())))),
            });
            Ok(())
        },
    )?;
    instance.func_wrap(
        "long",
        |_: Called<'_>, _: (Vec<u8>, Vec<u32>, Vec<String>)| Ok(()),
    )?;
    instance.func_wrap("fail", |_: Called<'_>, _: (bool,)| -> Result<()> {
        Err(silica_engine::Error::msg("it fails"))
    })?;
    Ok(linker)
}

/// What is told while this function runs.
fn lines(function: &str) -> Vec<String> {
    let engine = Engine::default();
    let component = Component::new(&engine, GUEST).unwrap();
    let mut linker = linker(&engine).unwrap();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&lines);
    linker.trace(move |call| sink.lock().unwrap().push(call.to_string()));
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component).unwrap();
    let run = instance
        .get_typed_func::<(), ()>(&mut store, function)
        .unwrap();
    let failed = run.call(&mut store, ()).is_err();
    assert_eq!(failed, matches!(function, "fail" | "wild"));
    let lines = lines.lock().unwrap();
    lines.clone()
}

#[test]
fn arguments_and_results_are_told() {
    let expected = [
        "a:b/c#[constructor]thing() = #7",
        r#"a:b/c#thing.all(#7, dot({x: -5, y: 0.5}), "a\u{1b}[2J\"é", some('😀')) = ok([5, 0])"#,
        r#"a:b/c#thing.all(#7, none, "", none) = err(no-entry)"#,
        "a:b/c#thing.drop(#7) = ()",
    ];
    assert_eq!(lines("run"), expected);
    assert_eq!(lines("fail"), ["a:b/c#fail(true) = ?"]);
}

#[test]
fn what_is_long_is_cut_off_and_what_is_wrong_is_not_read() {
    let [line] = &lines("long")[..] else {
        panic!("it calls once");
    };
    assert!(line.len() < 1000, "{line}");
    assert!(line.contains(r#"\0"..., [0, 0, "#), "{line}");
    assert!(line.contains(", ...], ["), "{line}");
    assert_eq!(lines("wild"), ["a:b/c#long(?) = ?"]);
}
