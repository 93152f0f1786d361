//! Components: what guests say at their interface, and what hosts do with it.
//!
//! - Class 11 (GHSA-hfr4, GHSA-hc7m): a cloned linker frees twice.
//! - Class 12 (GHSA-394w, GHSA-hx6p, GHSA-jxhv): transcoding strings writes or reads past the end; misaligned pointers panic.
//! - Class 13 (GHSA-m758, GHSA-4h67): lifting flags panics.
//! - Class 14 (GHSA-32h6): the type of an asynchronous callback is not validated.
//! - Class 15 (GHSA-9pvw, GHSA-93g3): a handle viewed at another type; nothing at all, beyond the end of memory.
//! - Class 16 (GHSA-7v24, GHSA-vcg5): a host call inside `realloc`; calls after a trap.
//! - Class 17 (GHSA-q554, GHSA-852m): handles and lifted values grow host memory without bound.
//! - Class 19 (GHSA-wjc8): deeply nested types overflow the stack.

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use silica_component::{
    CanonicalTrap, Component, ComponentError, Instance, Linker, Resource, ResourceType, Val,
};
use silica_engine::{Engine, Error, Store, StoreContextMut};

fn load(engine: &Engine, text: &str) -> (Store<()>, Instance) {
    let component = Component::new(engine, text).unwrap();
    let mut store = Store::new(engine, ());
    let instance = Linker::new(engine)
        .instantiate(&mut store, &component)
        .unwrap();
    (store, instance)
}

fn trap(error: &Error) -> CanonicalTrap {
    match error.downcast_ref() {
        Some(trap) => *trap,
        None => panic!("no trap of a component's, but {error:?}"),
    }
}

const ENCODINGS: [&str; 3] = ["utf8", "utf16", "latin1+utf16"];

/// `get(pointer, length)` says that there is a string; `forward` does the same, and hands it to another component.
fn teller(encoding: &str, other: &str) -> String {
    format!(
        r#"(component
      (component $Ear
        (core module $m
          (memory (export "memory") 1)
          (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
          (func (export "hear") (param i32 i32)))
        (core instance $i (instantiate $m))
        (func (export "hear") (param "text" string) (canon lift (core func $i "hear")
          (memory (core memory $i "memory")) (realloc (core func $i "realloc")) string-encoding={other})))
      (component $Mouth
        (import "hear" (func $hear (param "text" string)))
        (core module $memory (memory (export "memory") 1))
        (core instance $memory (instantiate $memory))
        (core func $hear (canon lower (func $hear)
          (memory (core memory $memory "memory")) string-encoding={encoding}))
        (core module $m
          (import "" "memory" (memory 1))
          (import "" "hear" (func $hear (param i32 i32)))
          (func (export "get") (param i32 i32) (result i32)
            (i32.store (i32.const 8) (local.get 0))
            (i32.store (i32.const 12) (local.get 1))
            (i32.const 8))
          (func (export "forward") (param i32 i32) (call $hear (local.get 0) (local.get 1))))
        (core instance $i (instantiate $m (with "" (instance
          (export "memory" (memory $memory "memory")) (export "hear" (func $hear))))))
        (func (export "get") (param "pointer" u32) (param "length" u32) (result string)
          (canon lift (core func $i "get") (memory (core memory $memory "memory")) string-encoding={encoding}))
        (func (export "forward") (param "pointer" u32) (param "length" u32)
          (canon lift (core func $i "forward"))))
      (instance $ear (instantiate $Ear))
      (instance $mouth (instantiate $Mouth (with "hear" (func $ear "hear"))))
      (func (export "get") (alias export $mouth "get"))
      (func (export "forward") (alias export $mouth "forward")))"#
    )
}

#[test]
fn a_string_beyond_its_memory_is_a_trap() {
    let engine = Engine::default();
    for (index, encoding) in ENCODINGS.into_iter().enumerate() {
        let other = ENCODINGS[(index + 1) % 3];
        let component = Component::new(&engine, teller(encoding, other)).unwrap();
        let pairs = [
            (65_536, 2),
            (65_534, 4),
            (0xffff_fffe, 4),
            (0x8000_0000, 0),
            (0, 0x0fff_ffff),
            (0, 0x7fff_ffff),
            (0, 0x8fff_ffff),
            (2, 0xffff_ffff),
        ];
        for (pointer, length) in pairs {
            for name in ["get", "forward"] {
                let mut store = Store::new(&engine, ());
                let instance = Linker::new(&engine)
                    .instantiate(&mut store, &component)
                    .unwrap();
                let arguments = [Val::U32(pointer), Val::U32(length)];
                let mut results = vec![Val::Bool(false); usize::from(name == "get")];
                let function = instance.get_func(&mut store, name).unwrap();
                let error = function
                    .call(&mut store, &arguments, &mut results)
                    .unwrap_err();
                let found = trap(&error);
                assert!(
                    matches!(
                        found,
                        CanonicalTrap::StringOutOfBounds | CanonicalTrap::StringTooLong
                    ),
                    "{encoding} {name} {pointer:#x} {length:#x}: {found}"
                );
            }
        }
    }
}

#[test]
fn a_misaligned_string_is_a_trap() {
    let engine = Engine::default();
    for encoding in ["utf16", "latin1+utf16"] {
        for name in ["get", "forward"] {
            let (mut store, instance) = load(&engine, &teller(encoding, "utf8"));
            let function = instance.get_func(&mut store, name).unwrap();
            let mut results = vec![Val::Bool(false); usize::from(name == "get")];
            let error = function
                .call(&mut store, &[Val::U32(1), Val::U32(2)], &mut results)
                .unwrap_err();
            assert_eq!(trap(&error), CanonicalTrap::UnalignedPointer);
        }
    }
}

/// Says that there is a list.
const LISTER: &str = r#"(component
  (core module $m
    (memory (export "memory") 1)
    (func (export "get") (param i32 i32) (result i32)
      (i32.store (i32.const 8) (local.get 0))
      (i32.store (i32.const 12) (local.get 1))
      (i32.const 8)))
  (core instance $i (instantiate $m))
  (func (export "get") (param "pointer" u32) (param "length" u32) (result (list u64))
    (canon lift (core func $i "get") (memory (core memory $i "memory")))))"#;

#[test]
fn a_list_of_nothing_is_somewhere_in_memory_too() {
    let engine = Engine::default();
    let component = Component::new(&engine, LISTER).unwrap();
    for (pointer, length, expected) in [
        (65_536, 0, None),
        (65_544, 0, Some(CanonicalTrap::ListOutOfBounds)),
        (0xffff_fff8, 0, Some(CanonicalTrap::ListOutOfBounds)),
        (4, 0, Some(CanonicalTrap::UnalignedPointer)),
        (65_528, 2, Some(CanonicalTrap::ListOutOfBounds)),
        (0xffff_fff8, 1, Some(CanonicalTrap::ListOutOfBounds)),
        (8, 0xffff_ffff, Some(CanonicalTrap::ListTooLong)),
        (8, 0x2000_0001, Some(CanonicalTrap::ListTooLong)),
    ] {
        let mut store = Store::new(&engine, ());
        let linker = Linker::new(&engine);
        let instance = linker.instantiate(&mut store, &component).unwrap();
        let get = instance
            .get_typed_func::<(u32, u32), (Vec<u64>,)>(&mut store, "get")
            .unwrap();
        let outcome = get.call(&mut store, (pointer, length));
        let found = outcome.as_ref().err().map(trap);
        assert_eq!(found, expected, "{pointer:#x} {length:#x}");
    }
}

#[test]
fn a_callback_of_another_type_is_refused() {
    let mut features = silica_engine::Features::default();
    features.enable(silica_engine::Feature::ComponentAsync);
    let engine = Engine::new(silica_engine::Config::new().features(features)).unwrap();
    let text = |callback: &str| {
        format!(
            r#"(component
          (core module $m
            (func (export "run") (result i32) (i32.const 0))
            (func (export "callback") {callback} unreachable))
          (core instance $i (instantiate $m))
          (func (export "run") async (canon lift (core func $i "run") async
            (callback (core func $i "callback")))))"#
        )
    };
    Component::new(&engine, text("(param i32 i32 i32) (result i32)")).unwrap();
    for callback in [
        "(param i32 i32 i32)",
        "(param i32 i32 i32) (result i64)",
        "(param i32 i32 i32) (result i32 i32)",
        "(param i32 i32) (result i32)",
    ] {
        let refused = Component::new(&engine, text(callback));
        assert!(refused.is_err(), "{callback}");
    }
}

/// `echo` gives back what it gets. Its `realloc` gives the last bytes of the memory, so that what is written beyond what was
/// asked for is out of bounds.
fn echo(encoding: &str) -> String {
    format!(
        r#"(component
      (core module $m
        (memory (export "memory") 1)
        (func (export "realloc") (param $old i32) (param $size i32) (param i32) (param $new i32) (result i32)
          (local $to i32)
          (local.set $to (i32.and (i32.const -2) (i32.sub (i32.const 65536) (local.get $new))))
          (memory.copy (local.get $to) (local.get $old)
            (select (local.get $size) (local.get $new) (i32.lt_u (local.get $size) (local.get $new))))
          (local.get $to))
        (func (export "echo") (param i32 i32) (result i32)
          (i32.store (i32.const 8) (local.get 0))
          (i32.store (i32.const 12) (local.get 1))
          (i32.const 8)))
      (core instance $i (instantiate $m))
      (func (export "echo") (param "text" string) (result string) (canon lift (core func $i "echo")
        (memory (core memory $i "memory")) (realloc (core func $i "realloc")) string-encoding={encoding})))"#
    )
}

#[test]
fn strings_survive_each_encoding_at_the_end_of_memory() {
    let engine = Engine::default();
    let long = "aé日😀".repeat(500);
    let texts = [
        "", "a", "abc", "é", "éé", "aé", "日本", "😀", "a😀", "éa日", &long,
    ];
    for encoding in ENCODINGS {
        let (mut store, instance) = load(&engine, &echo(encoding));
        let echo = instance
            .get_typed_func::<(&str,), (String,)>(&mut store, "echo")
            .unwrap();
        for text in texts {
            let (back,) = echo.call(&mut store, (text,)).unwrap();
            assert_eq!(back, text, "{encoding}");
        }
    }
}

#[test]
fn flags_have_no_bits_beyond_theirs() {
    let engine = Engine::default();
    for count in [1, 3, 8, 9, 31, 32] {
        let names: Vec<String> = (0..count).map(|index| format!("\"f{index}\"")).collect();
        let names = names.join(" ");
        let (mut store, instance) = load(
            &engine,
            &format!(
                r#"(component
          (core module $m (func (export "f") (result i32) (i32.const -1)))
          (core instance $i (instantiate $m))
          (type $flags' (flags {names}))
          (export $flags "t" (type $flags'))
          (func (export "f") (result $flags) (canon lift (core func $i "f"))))"#
            ),
        );
        let mut results = [Val::Bool(false)];
        let function = instance.get_func(&mut store, "f").unwrap();
        function.call(&mut store, &[], &mut results).unwrap();
        let Val::Flags(set) = &results[0] else {
            panic!("no flags: {results:?}");
        };
        assert_eq!(set.len(), count);
    }
}

/// Two resource types; each function uses a handle of the first as one of the second.
const TWO_RESOURCES: &str = r#"(component
  (type $A' (resource (rep i32)))
  (type $B' (resource (rep i32)))
  (export $A "a" (type $A'))
  (export $B "b" (type $B'))
  (core func $new (canon resource.new $A'))
  (core func $rep (canon resource.rep $B'))
  (core func $drop (canon resource.drop $B'))
  (core module $m
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "rep" (func $rep (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (func (export "rep") (drop (call $rep (call $new (i32.const 1)))))
    (func (export "drop") (call $drop (call $new (i32.const 1))))
    (func (export "give") (result i32) (call $new (i32.const 1)))
    (func (export "take") (param i32))
    (func (export "many") (loop (drop (call $new (i32.const 1))) (br 0))))
  (core instance $i (instantiate $m (with "" (instance
    (export "new" (func $new)) (export "rep" (func $rep)) (export "drop" (func $drop))))))
  (func (export "rep") (canon lift (core func $i "rep")))
  (func (export "drop") (canon lift (core func $i "drop")))
  (func (export "many") (canon lift (core func $i "many")))
  (func (export "give") (result (own $A)) (canon lift (core func $i "give")))
  (func (export "give-wrong") (result (own $B)) (canon lift (core func $i "give")))
  (func (export "take") (param "b" (own $B)) (canon lift (core func $i "take"))))"#;

#[test]
fn a_handle_of_another_type_is_none() {
    let engine = Engine::default();
    for name in ["rep", "drop", "give-wrong"] {
        let (mut store, instance) = load(&engine, TWO_RESOURCES);
        let function = instance.get_func(&mut store, name).unwrap();
        let mut results = vec![Val::Bool(false); usize::from(name == "give-wrong")];
        let error = function.call(&mut store, &[], &mut results).unwrap_err();
        assert_eq!(trap(&error), CanonicalTrap::HandleType(1));
    }
    let (mut store, instance) = load(&engine, TWO_RESOURCES);
    let mut given = [Val::Bool(false)];
    let give = instance.get_func(&mut store, "give").unwrap();
    give.call(&mut store, &[], &mut given).unwrap();
    let take = instance.get_func(&mut store, "take").unwrap();
    let error = take.call(&mut store, &given, &mut []).unwrap_err();
    assert!(matches!(
        error.downcast_ref(),
        Some(ComponentError::Type { .. })
    ));
    // The host's mistake has done the guest no harm.
    give.call(&mut store, &[], &mut given).unwrap();
}

#[test]
fn a_resource_is_given_once() {
    let engine = Engine::default();
    let (mut store, instance) = load(&engine, TWO_RESOURCES);
    let mut given = [Val::Bool(false)];
    let give = instance.get_func(&mut store, "give").unwrap();
    give.call(&mut store, &[], &mut given).unwrap();
    let Val::Resource(resource) = given[0] else {
        panic!("no resource: {given:?}");
    };
    resource.resource_drop(&mut store).unwrap();
    let error = resource.resource_drop(&mut store).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&ComponentError::NoResource));
}

#[test]
fn handles_have_a_quota() {
    let engine = Engine::default();
    let (mut store, instance) = load(&engine, TWO_RESOURCES);
    let many = instance.get_func(&mut store, "many").unwrap();
    let error = many.call(&mut store, &[], &mut []).unwrap_err();
    assert_eq!(trap(&error), CanonicalTrap::TooManyHandles);
}

#[test]
fn strings_that_are_the_same_memory_are_bounded() {
    // Sixteen thousand strings, each the whole memory.
    let (mut store, instance) = load(
        &Engine::default(),
        r#"(component
      (core module $m
        (memory (export "memory") 3)
        (func (export "f") (result i32) (local $i i32)
          (loop
            (i32.store offset=4 (i32.mul (local.get $i) (i32.const 8)) (i32.const 131072))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if 0 (i32.lt_u (local.get $i) (i32.const 16384))))
          (i32.store (i32.const 131072) (i32.const 0))
          (i32.store (i32.const 131076) (i32.const 16384))
          (i32.const 131072)))
      (core instance $i (instantiate $m))
      (func (export "f") (result (list string)) (canon lift (core func $i "f")
        (memory (core memory $i "memory")))))"#,
    );
    let function = instance
        .get_typed_func::<(), (Vec<String>,)>(&mut store, "f")
        .unwrap();
    let error = function.call(&mut store, ()).unwrap_err();
    assert!(
        matches!(
            trap(&error),
            CanonicalTrap::TooLarge | CanonicalTrap::InvalidUtf8
        ),
        "{error:?}"
    );
}

#[test]
fn realloc_must_not_call_out_and_a_trap_is_the_end() {
    let engine = Engine::default();
    let component = Component::new(
        &engine,
        r#"(component
      (import "host" (func $host))
      (core func $host (canon lower (func $host)))
      (core module $m
        (import "" "host" (func $host))
        (memory (export "memory") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (call $host) (i32.const 0))
        (func (export "f") (param i32 i32))
        (func (export "g")))
      (core instance $i (instantiate $m (with "" (instance (export "host" (func $host))))))
      (func (export "f") (param "text" string) (canon lift (core func $i "f")
        (memory (core memory $i "memory")) (realloc (core func $i "realloc"))))
      (func (export "g") (canon lift (core func $i "g"))))"#,
    )
    .unwrap();
    let mut linker = Linker::new(&engine);
    linker
        .root()
        .func_wrap("host", |_: StoreContextMut<'_, ()>, (): ()| Ok(()))
        .unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component).unwrap();
    let f = instance
        .get_typed_func::<(&str,), ()>(&mut store, "f")
        .unwrap();
    let g = instance.get_typed_func::<(), ()>(&mut store, "g").unwrap();
    g.call(&mut store, ()).unwrap();
    let error = f.call(&mut store, ("text",)).unwrap_err();
    assert_eq!(trap(&error), CanonicalTrap::CannotLeave);
    let error = g.call(&mut store, ()).unwrap_err();
    assert_eq!(trap(&error), CanonicalTrap::CannotEnter);
}

#[test]
fn a_cloned_linker_drops_each_resource_once() {
    struct Thing;
    let engine = Engine::default();
    let component = Component::new(
        &engine,
        r#"(component
      (import "thing" (type $T (sub resource)))
      (import "make" (func $make (result (own $T))))
      (core func $make (canon lower (func $make)))
      (core func $drop (canon resource.drop $T))
      (core module $m
        (import "" "make" (func $make (result i32)))
        (import "" "drop" (func $drop (param i32)))
        (func (export "f") (call $drop (call $make))))
      (core instance $i (instantiate $m (with "" (instance
        (export "make" (func $make)) (export "drop" (func $drop))))))
      (func (export "f") (canon lift (core func $i "f"))))"#,
    )
    .unwrap();
    let dropped = Arc::new(AtomicU32::new(0));
    let mut linker = Linker::new(&engine);
    let count = Arc::clone(&dropped);
    linker
        .root()
        .resource("thing", ResourceType::host::<Thing>(), move |_, number| {
            count.fetch_add(number, Ordering::Relaxed);
            Ok(())
        })
        .unwrap();
    linker
        .root()
        .func_wrap("make", |_: StoreContextMut<'_, ()>, (): ()| {
            Ok((Resource::<Thing>::new_own(7),))
        })
        .unwrap();
    let clone = linker.clone();
    for linker in [linker, clone] {
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate(&mut store, &component).unwrap();
        drop(linker);
        let f = instance.get_typed_func::<(), ()>(&mut store, "f").unwrap();
        f.call(&mut store, ()).unwrap();
    }
    assert_eq!(dropped.load(Ordering::Relaxed), 14);
    assert_eq!(Arc::strong_count(&dropped), 1);
}

#[test]
fn deep_types_are_refused() {
    use std::fmt::Write;
    let engine = Engine::default();
    let mut text = String::from("(component (type $t0 (list u8))\n");
    for index in 1..5_000 {
        let _ = writeln!(text, "(type $t{index} (list $t{}))", index - 1);
    }
    text.push_str("(import \"f\" (func (param \"p\" $t4999))))");
    let error = Component::new(&engine, &text).unwrap_err();
    assert!(
        error.to_string().contains("type nesting is too deep"),
        "{error}"
    );
}

#[test]
fn doubling_instances_are_refused() {
    let engine = Engine::default();
    let mut text = String::from("(component $c0)");
    for index in 1..40 {
        text = format!(
            "(component $c{index} {text} (instance (instantiate $c{0})) (instance (instantiate $c{0})))",
            index - 1
        );
    }
    let error = Component::new(&engine, &text).unwrap_err();
    assert!(error.to_string().contains("component instances"), "{error}");
}
