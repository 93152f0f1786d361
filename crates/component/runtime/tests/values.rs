//! Values of every type, to a guest and back, typed and dynamic; and what is said where types differ.

#![forbid(unsafe_code)]

use silica_component::{Component, ComponentError, Instance, Linker, Resource, ResourceType, Val};
use silica_engine::{Config, Engine, Feature, Store, StoreContextMut};

fn engine() -> Engine {
    let mut config = Config::new();
    let mut features = silica_engine::Features::default();
    features.enable(Feature::ComponentFixedLengthLists);
    Engine::new(config.features(features)).unwrap()
}

/// A component whose `echo` gives back the list of `ty` that it gets: through its memory, where all of a value is.
fn echo(ty: &str, encoding: &str) -> (Store<()>, Instance) {
    let text = format!(
        r#"(component
      (core module $m
        (memory (export "memory") 4)
        (global $top (mut i32) (i32.const 1024))
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
          (local.set $at (i32.and (i32.const -8) (i32.add (i32.const 7) (global.get $top))))
          (memory.copy (local.get $at) (local.get 0)
            (select (local.get 1) (local.get 3) (i32.lt_u (local.get 1) (local.get 3))))
          (global.set $top (i32.add (local.get $at) (local.get 3)))
          (local.get $at))
        (func (export "echo") (param i32 i32) (result i32)
          (i32.store (i32.const 8) (local.get 0))
          (i32.store (i32.const 12) (local.get 1))
          (i32.const 8)))
      (core instance $i (instantiate $m))
      (type $t' {ty})
      (export $t "t" (type $t'))
      (func (export "echo") (param "list" (list $t)) (result (list $t)) (canon lift (core func $i "echo")
        (memory (core memory $i "memory")) (realloc (core func $i "realloc")) string-encoding={encoding})))"#
    );
    let engine = engine();
    let component = Component::new(&engine, text).unwrap_or_else(|error| panic!("{ty}: {error:?}"));
    let mut store = Store::new(&engine, ());
    let linker = Linker::new(&engine);
    let instance = linker.instantiate(&mut store, &component).unwrap();
    (store, instance)
}

/// Each of these comes back as it was.
fn same(ty: &str, values: Vec<Val>) {
    for encoding in ["utf8", "utf16", "latin1+utf16"] {
        let (mut store, instance) = echo(ty, encoding);
        let echo = instance.get_func(&mut store, "echo").unwrap();
        let given = Val::List(values.clone());
        let mut results = [Val::Bool(false)];
        echo.call(&mut store, std::slice::from_ref(&given), &mut results)
            .unwrap_or_else(|error| panic!("{ty}: {error:?}"));
        assert_eq!(results[0], given, "{ty}");
    }
}

fn text(text: &str) -> Val {
    Val::String(text.to_owned())
}

fn some(value: Val) -> Option<Box<Val>> {
    Some(Box::new(value))
}

#[test]
fn primitives() {
    same("bool", vec![Val::Bool(true), Val::Bool(false)]);
    same("s8", vec![Val::S8(-128), Val::S8(127)]);
    same("u8", vec![Val::U8(255)]);
    same("s16", vec![Val::S16(-32768)]);
    same("u16", vec![Val::U16(65535)]);
    same("s32", vec![Val::S32(i32::MIN)]);
    same("u32", vec![Val::U32(u32::MAX)]);
    same("s64", vec![Val::S64(i64::MIN)]);
    same("u64", vec![Val::U64(u64::MAX)]);
    same("f32", vec![Val::Float32(-0.0), Val::Float32(f32::NAN)]);
    same("f64", vec![Val::Float64(1.5), Val::Float64(f64::INFINITY)]);
    same("char", vec![Val::Char('a'), Val::Char('\u{10ffff}')]);
    same("string", vec![text(""), text("é"), text("日本 😀")]);
}

#[test]
fn compound_types() {
    same(
        "(tuple u8 u64 string)",
        vec![Val::Tuple(vec![Val::U8(1), Val::U64(2), text("three")])],
    );
    same(
        r#"(record (field "a" u8) (field "b" (list bool)))"#,
        vec![Val::Record(vec![
            ("a".to_owned(), Val::U8(1)),
            ("b".to_owned(), Val::List(vec![Val::Bool(true)])),
        ])],
    );
    same(
        r#"(variant (case "x") (case "y" u64) (case "z" string))"#,
        vec![
            Val::Variant("x".to_owned(), None),
            Val::Variant("y".to_owned(), some(Val::U64(5))),
            Val::Variant("z".to_owned(), some(text("zed"))),
        ],
    );
    same(
        r#"(enum "red" "green")"#,
        vec![Val::Enum("green".to_owned()), Val::Enum("red".to_owned())],
    );
    same(
        "(option (option u16))",
        vec![
            Val::Option(None),
            Val::Option(some(Val::Option(None))),
            Val::Option(some(Val::Option(some(Val::U16(7))))),
        ],
    );
    same(
        "(result u8 (error string))",
        vec![
            Val::Result(Ok(some(Val::U8(1)))),
            Val::Result(Err(some(text("no")))),
        ],
    );
    same(
        "(result)",
        vec![Val::Result(Ok(None)), Val::Result(Err(None))],
    );
    same(
        r#"(flags "a" "b" "c" "d" "e" "f" "g" "h" "i")"#,
        vec![Val::Flags(vec!["a".to_owned(), "i".to_owned()])],
    );
    same(
        "(list u32 3)",
        vec![Val::List(vec![Val::U32(1), Val::U32(2), Val::U32(3)])],
    );
    same(
        "(map string u8)",
        vec![Val::Map(vec![
            (text("one"), Val::U8(1)),
            (text("two"), Val::U8(2)),
        ])],
    );
}

#[test]
fn typed_values() {
    type Item = (u8, String, Option<char>, Result<Vec<f64>, ()>);
    let ty = "(tuple u8 string (option char) (result (list f64)))";
    let (mut store, instance) = echo(ty, "utf16");
    let echo = instance
        .get_typed_func::<(Vec<Item>,), (Vec<Item>,)>(&mut store, "echo")
        .unwrap();
    let items: Vec<Item> = vec![
        (1, "one".to_owned(), None, Ok(vec![1.0, -2.5])),
        (2, "zwei ☃".to_owned(), Some('ß'), Err(())),
    ];
    let (back,) = echo.call(&mut store, (items.clone(),)).unwrap();
    assert_eq!(back, items);
}

#[test]
fn differences_are_told() {
    let (mut store, instance) = echo("(tuple u8 string)", "utf8");
    let error = instance
        .get_typed_func::<(Vec<(u8, u8)>,), (Vec<(u8, String)>,)>(&mut store, "echo")
        .unwrap_err();
    let expected = ComponentError::Type {
        expected: "string".to_owned(),
        found: "u8".to_owned(),
    };
    assert_eq!(error.downcast_ref(), Some(&expected), "{error:?}");
    let echo = instance.get_func(&mut store, "echo").unwrap();
    let wrong = [Val::List(vec![Val::U8(1)])];
    let error = echo
        .call(&mut store, &wrong, &mut [Val::Bool(false)])
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("expected tuple<u8, string>, found u8")
    );
    let error = echo.call(&mut store, &[], &mut []).unwrap_err();
    assert!(
        error.to_string().contains("1 parameters, 0 were given"),
        "{error}"
    );
}

#[test]
fn imports_that_differ_are_told() {
    let engine = engine();
    let component = Component::new(
        &engine,
        r#"(component (import "a:b/c@1.2.0" (instance
            (export "f" (func (param "x" u8) (result string))))))"#,
    )
    .unwrap();
    let mut linker = Linker::<()>::new(&engine);
    let error = linker.instantiate_pre(&component).unwrap_err();
    let message = "import `a:b/c@1.2.0`, an instance, is not defined";
    assert_eq!(error.to_string(), message);
    linker
        .instance("a:b/c@1.3.0")
        .unwrap()
        .func_wrap("f", |_: StoreContextMut<'_, ()>, (x,): (u16,)| {
            Ok((x.to_string(),))
        })
        .unwrap();
    let error = linker.instantiate_pre(&component).unwrap_err().to_string();
    for part in [
        "`a:b/c@1.2.0#f`",
        "func(x: u8) -> string",
        "expected u8, found u16",
    ] {
        assert!(error.contains(part), "no {part:?} in {error}");
    }
    let mut linker = Linker::<()>::new(&engine);
    linker
        .instance("a:b/c@1.3.0")
        .unwrap()
        .func_wrap("f", |_: StoreContextMut<'_, ()>, (x,): (u8,)| {
            Ok((x.to_string(),))
        })
        .unwrap();
    linker.instantiate_pre(&component).unwrap();
}

/// A file of the host's.
struct File;

/// Opens files, lends them, drops them or forgets to.
const FILES: &str = r#"(component
      (import "files" (instance $files
        (export "file" (type $f (sub resource)))
        (export "open" (func (param "name" string) (result (own $f))))
        (export "size" (func (param "file" (borrow $f)) (result u32)))))
      (alias export $files "file" (type $f))
      (core module $memory (memory (export "memory") 1) (data (i32.const 8) "name")
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64)))
      (core instance $memory (instantiate $memory))
      (core func $open (canon lower (func $files "open") (memory (core memory $memory "memory"))))
      (core func $size (canon lower (func $files "size")))
      (core func $drop (canon resource.drop $f))
      (core module $m
        (import "" "open" (func $open (param i32 i32) (result i32)))
        (import "" "size" (func $size (param i32) (result i32)))
        (import "" "drop" (func $drop (param i32)))
        (func (export "run") (result i32) (local $file i32)
          (local.set $file (call $open (i32.const 8) (i32.const 4)))
          (call $size (local.get $file))
          (call $drop (local.get $file)))
        (func (export "look") (param i32) (result i32)
          (call $size (local.get 0))
          (call $drop (local.get 0)))
        (func (export "keep") (param i32) (result i32) (i32.const 0)))
      (core instance $i (instantiate $m (with "" (instance
        (export "open" (func $open)) (export "size" (func $size)) (export "drop" (func $drop))))))
      (func (export "run") (result u32) (canon lift (core func $i "run")))
      (func (export "look") (param "f" (borrow $f)) (result u32) (canon lift (core func $i "look")))
      (func (export "keep") (param "f" (borrow $f)) (result u32) (canon lift (core func $i "keep"))))"#;

/// The host's side of [`FILES`], which notes what is done.
fn files(engine: &Engine) -> Linker<Vec<String>> {
    let mut linker = Linker::new(engine);
    let mut files = linker.instance("files").unwrap();
    files
        .resource(
            "file",
            ResourceType::host::<File>(),
            |mut store: StoreContextMut<'_, Vec<String>>, number| {
                store.data_mut().push(format!("dropped {number}"));
                Ok(())
            },
        )
        .unwrap();
    files
        .func_wrap(
            "open",
            |mut store: StoreContextMut<'_, Vec<String>>, (name,): (String,)| {
                store.data_mut().push(format!("opened {name}"));
                Ok((Resource::<File>::new_own(40),))
            },
        )
        .unwrap();
    files
        .func_wrap(
            "size",
            |_: StoreContextMut<'_, Vec<String>>, (file,): (Resource<File>,)| {
                assert!(!file.owned());
                Ok((file.rep() + 2,))
            },
        )
        .unwrap();
    linker
}

#[test]
fn resources_of_the_host_are_lent_and_given() {
    let engine = engine();
    let component = Component::new(&engine, FILES).unwrap();
    let linker = files(&engine);
    let mut store = Store::new(&engine, Vec::new());
    let instance = linker.instantiate(&mut store, &component).unwrap();
    let run = instance
        .get_typed_func::<(), (u32,)>(&mut store, "run")
        .unwrap();
    assert_eq!(run.call(&mut store, ()).unwrap(), (42,));
    assert_eq!(store.data()[..], ["opened name", "dropped 40"]);
    let look = instance
        .get_typed_func::<(Resource<File>,), (u32,)>(&mut store, "look")
        .unwrap();
    let lent = Resource::new_borrow(5);
    assert_eq!(look.call(&mut store, (lent,)).unwrap(), (7,));
    let keep = instance
        .get_typed_func::<(Resource<File>,), (u32,)>(&mut store, "keep")
        .unwrap();
    let error = keep
        .call(&mut store, (Resource::new_borrow(5),))
        .unwrap_err();
    assert!(
        error.to_string().contains("borrow handles still remain"),
        "{error:?}"
    );
    assert_eq!(store.data().len(), 2);
}
