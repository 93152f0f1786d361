//! Values of random types are the same after every way through components: to a guest and back to the host that it asks,
//! from a guest to another by the code between them, in every encoding of strings, in registers and in memories.
//!
//! A component has two inside, the outer of which asks the inner one, which asks the host. So one call passes a
//! value six times. Whatever is asked gives back what it got.

use std::fmt::Write as _;
use std::sync::LazyLock;

use arbitrary::{Result, Unstructured};
use silica_component::{Component, Instance, Linker, Val};
use silica_engine::{Config, Engine, Feature, Features, Store, Tier};

use crate::interface::{Core, FLAT_MAX, Type, declared};

/// How deep types nest.
const DEPTH: u32 = 4;

/// Encodings of strings.
const ENCODINGS: [&str; 3] = ["utf8", "utf16", "latin1+utf16"];

/// Has values of a type that the bytes choose passed around.
pub(super) fn run(bytes: &[u8]) {
    let missing = "bytes that are missing are zeros";
    check(&mut Unstructured::new(bytes)).expect(missing);
}

fn engine(tier: Tier) -> Engine {
    let mut features = Features::default();
    features.enable(Feature::ComponentFixedLengthLists);
    let mut config = Config::new();
    config.features(features).tier(tier);
    Engine::new(&config).expect("the settings fit")
}

/// The engines, of which the quicker one to compile is used mostly.
static OPTIMIZE: LazyLock<Engine> = LazyLock::new(|| engine(Tier::Optimize));
static QUICK: LazyLock<Engine> = LazyLock::new(|| {
    let here = cfg!(target_arch = "x86_64");
    engine(if here { Tier::Baseline } else { Tier::Optimize })
});

fn check(bytes: &mut Unstructured<'_>) -> Result<()> {
    let ty = Type::any(bytes, DEPTH, false)?;
    let sides = [Side::any(bytes)?, Side::any(bytes)?];
    let engine = if bytes.ratio(1, 8)? {
        &*OPTIMIZE
    } else {
        &*QUICK
    };
    let text = component(&ty, sides);
    let context = |error: &dyn std::fmt::Display| format!("{error}\n{text}");
    let component = Component::new(engine, &text);
    let component = component.unwrap_or_else(|error| panic!("{}", context(&error)));
    let mut linker = Linker::<Vec<Val>>::new(engine);
    let host = linker.instance("host");
    let defined = host.and_then(|mut host| {
        host.func_new("echo", |mut store, params, results| {
            store.data_mut().push(params[0].clone());
            results[0] = params[0].clone();
            Ok(())
        })
    });
    defined.expect("nothing is defined twice");
    let mut store = Store::new(engine, Vec::new());
    let instance = linker.instantiate(&mut store, &component);
    let instance = instance.unwrap_or_else(|error| panic!("{}", context(&error)));
    for _ in 0..3 {
        let value = ty.value(bytes)?;
        let list = Val::List(vec![value.clone(), ty.value(bytes)?]);
        for side in ["inner", "outer"] {
            same(&mut store, &instance, (side, "echo"), &value, &text);
            let told = store.data_mut().pop();
            assert_eq!(told.as_ref(), Some(&value), "the host got this\n{text}");
            same(&mut store, &instance, (side, "keep"), &list, &text);
        }
    }
    Ok(())
}

/// The function gives back what it gets.
fn same(
    store: &mut Store<Vec<Val>>,
    instance: &Instance,
    (side, name): (&str, &str),
    value: &Val,
    text: &str,
) {
    let side_index = instance.get_export_index(&mut *store, None, side);
    let index = instance.get_export_index(&mut *store, side_index.as_ref(), name);
    let func = index.and_then(|index| instance.get_func(&mut *store, index));
    let func = func.expect("each side exports both functions");
    let mut results = [Val::Bool(false)];
    let called = func.call(&mut *store, std::slice::from_ref(value), &mut results);
    called.unwrap_or_else(|error| panic!("{side}.{name}({value:?}): {error:?}\n{text}"));
    assert_eq!(&results[0], value, "{side}.{name}\n{text}");
}

/// How one of the two components is made.
#[derive(Clone, Copy)]
struct Side {
    encoding: &'static str,
    post_return: bool,
}

impl Side {
    fn any(bytes: &mut Unstructured<'_>) -> Result<Side> {
        Ok(Side {
            encoding: bytes.choose(&ENCODINGS)?,
            post_return: bytes.arbitrary()?,
        })
    }
}

/// A memory whose allocator frees nothing.
const MEMORY: &str = r#"(core module $memory
    (memory (export "memory") 1)
    (global $top (mut i32) (i32.const 16))
    (func (export "realloc") (param $old i32) (param $had i32) (param $align i32) (param $size i32) (result i32)
      (local $at i32) (local $pages i32)
      (local.set $at (i32.and (i32.sub (i32.const 0) (local.get $align))
        (i32.add (global.get $top) (i32.sub (local.get $align) (i32.const 1)))))
      (global.set $top (i32.add (local.get $at) (local.get $size)))
      (local.set $pages (i32.add (i32.const 1) (i32.shr_u (global.get $top) (i32.const 16))))
      (if (i32.gt_u (local.get $pages) (memory.size))
        (then (if (i32.eq (i32.const -1) (memory.grow (i32.sub (local.get $pages) (memory.size)))) (then unreachable))))
      (memory.copy (local.get $at) (local.get $old)
        (select (local.get $had) (local.get $size) (i32.lt_u (local.get $had) (local.get $size))))
      (local.get $at)))
  (core instance $memory (instantiate $memory))
  (alias core export $memory "memory" (core memory $memory))
  (alias core export $memory "realloc" (core func $realloc))"#;

/// A component with two inside that ask each other, and the host, for values of the type.
fn component(ty: &Type, sides: [Side; 2]) -> String {
    let mut definitions = Vec::new();
    let name = ty.text(&mut definitions);
    let declared = declared(&definitions);
    let echo = format!("(export \"echo\" (func (param \"v\" {name}) (result {name})))");
    let keep =
        format!("(export \"keep\" (func (param \"v\" (list {name})) (result (list {name}))))");
    let mut text = "(component\n".to_owned();
    let kinds = [("inner", echo.clone()), ("outer", echo.clone() + &keep)];
    for ((kind, above), side) in kinds.iter().zip(sides) {
        let _ = write!(
            text,
            "  (component ${kind}\n  (import \"above\" (instance $above\n    {declared}{above}))\n"
        );
        inside(
            &mut text,
            ty,
            &name,
            definitions.len(),
            side,
            *kind == "outer",
        );
        text.push_str(")\n");
    }
    let _ = write!(
        text,
        r#"  (import "host" (instance $host
    {declared}{echo}))
  (instance $i (instantiate $inner (with "above" (instance $host))))
  (instance $o (instantiate $outer (with "above" (instance $i))))
  (export "inner" (instance $i))
  (export "outer" (instance $o)))"#
    );
    text
}

/// What is in one of the two, after its import.
fn inside(text: &mut String, ty: &Type, name: &str, types: usize, side: Side, asks_keep: bool) {
    for index in 0..types {
        let _ = writeln!(
            text,
            "  (alias export $above \"t{index}\" (type $t{index}))"
        );
    }
    let _ = writeln!(text, "  {MEMORY}");
    let options = format!(
        "(memory $memory) (realloc $realloc) string-encoding={}",
        side.encoding
    );
    let asked: &[&str] = if asks_keep {
        &["echo", "keep"]
    } else {
        &["echo"]
    };
    let mut given = String::new();
    for function in asked {
        let _ = writeln!(
            text,
            "  (core func ${function} (canon lower (func $above \"{function}\") {options}))"
        );
        let _ = write!(given, " (export \"{function}\" (func ${function}))");
    }
    let _ = writeln!(
        text,
        r#"{}
  (core instance $m (instantiate $m (with "" (instance
    (export "memory" (memory $memory)) (export "realloc" (func $realloc)){given}))))"#,
        module(ty, asks_keep)
    );
    for (function, ty) in [
        ("echo", name.to_owned()),
        ("keep", format!("(list {name})")),
    ] {
        let done = match side.post_return {
            true => format!("(post-return (core func $m \"{function}-done\"))"),
            false => String::new(),
        };
        let _ = writeln!(
            text,
            r#"  (func ${function}' (param "v" {ty}) (result {ty})
    (canon lift (core func $m "{function}") {options} {done}))
  (export "{function}" (func ${function}'))"#
        );
    }
    for index in 0..types {
        let _ = writeln!(text, "  (export \"t{index}\" (type $t{index}))");
    }
}

/// The core module that asks on.
fn module(ty: &Type, asks_keep: bool) -> String {
    let flat = ty.flat();
    let params = if flat.len() > FLAT_MAX {
        &[Core::I32][..]
    } else {
        &flat[..]
    };
    let texts: Vec<&str> = params.iter().map(|core| core.text()).collect();
    let params = texts.join(" ");
    let mut call = "(call $echo".to_owned();
    for index in 0..texts.len() {
        let _ = write!(call, " (local.get {index})");
    }
    let room = ty.room();
    let (asked, result, echo) = match flat[..] {
        [one] => {
            let one = one.text();
            (format!("(param {params}) (result {one})"), one, call + ")")
        }
        _ => (
            format!("(param {params} i32)"),
            "i32",
            format!(
                "(local.set $at (call $room (i32.const {room})))\n      {call} (local.get $at))\n      (local.get $at)"
            ),
        ),
    };
    let (import, keep) = match asks_keep {
        true => (
            "(import \"\" \"keep\" (func $keep (param i32 i32 i32)))",
            "(call $keep (local.get 0) (local.get 1) (local.get $at))",
        ),
        false => (
            "",
            "(i32.store (local.get $at) (local.get 0)) (i32.store offset=4 (local.get $at) (local.get 1))",
        ),
    };
    format!(
        r#"  (core module $m
    (import "" "memory" (memory 1))
    (import "" "realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
    (import "" "echo" (func $echo {asked}))
    {import}
    (func $room (param i32) (result i32)
      (call $realloc (i32.const 0) (i32.const 0) (i32.const 8) (local.get 0)))
    (func (export "echo") (param {params}) (result {result}) (local $at i32)
      {echo})
    (func (export "echo-done") (param {result}))
    (func (export "keep") (param i32 i32) (result i32) (local $at i32)
      (local.set $at (call $room (i32.const 8)))
      {keep}
      (local.get $at))
    (func (export "keep-done") (param i32)))"#
    )
}
