//! Guests that lie: pointers, lengths, numbers of cases, characters and handles come out of a memory of the fuzzer's choosing,
//! and so does what their allocators give. Whoever takes values from them, or gives them some, has a value or a trap at the
//! end, and nothing else.
//!
//! As in the target `values` a component has two inside, so that the host and the code between components are both asked.

use std::fmt::Write as _;
use std::sync::LazyLock;

use arbitrary::{Result, Unstructured};
use silica_component::{CanonicalTrap, Component, Instance, Linker, Resource, ResourceType, Val};
use silica_engine::{Config, Engine, Feature, Features, Store, Tier, Trap};

use crate::interface::{Core, FLAT_MAX, Type, declared};

/// How deep types nest.
const DEPTH: u32 = 3;

/// What a call may take: lists that overlap can be far longer than the memory they are in.
const FUEL: u64 = 1_000_000;

/// Words at the start of each memory that are chosen.
const WORDS: usize = 64;

/// Words after those, one for each time that the allocator is asked, in turn.
const ALLOCATED: usize = 8;

/// Asks lying guests for values, and gives them some.
pub(super) fn run(bytes: &[u8]) {
    let missing = "bytes that are missing are zeros";
    check(&mut Unstructured::new(bytes)).expect(missing);
}

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let mut features = Features::default();
    features.enable(Feature::ComponentFixedLengthLists);
    let mut config = Config::new();
    config.features(features).consume_fuel(true);
    if cfg!(target_arch = "x86_64") {
        config.tier(Tier::Baseline);
    }
    Engine::new(&config).expect("the settings fit")
});

/// A resource of the host's.
struct Thing;

/// The host's things: whether each that was made is still there.
type Things = Vec<bool>;

/// Has the host make things, and lose each once.
fn linker(engine: &Engine) -> Linker<Things> {
    let mut linker = Linker::<Things>::new(engine);
    let defined = linker.instance("types").and_then(|mut types| {
        types.resource("r", ResourceType::host::<Thing>(), |mut store, number| {
            let there = store.data_mut().get_mut(number as usize);
            assert_eq!(there, Some(&mut true), "a thing is lost once");
            store.data_mut()[number as usize] = false;
            Ok(())
        })?;
        types.func_wrap("make", |mut store, (): ()| {
            store.data_mut().push(true);
            let number = store.data().len() as u32 - 1;
            Ok((Resource::<Thing>::new_own(number),))
        })
    });
    defined.expect("nothing is defined twice");
    linker
}

fn check(bytes: &mut Unstructured<'_>) -> Result<()> {
    let handles = bytes.arbitrary()?;
    let ty = Type::any(bytes, DEPTH, handles)?;
    let text = component(&ty, bytes)?;
    let engine = &*ENGINE;
    let component = Component::new(engine, &text);
    let component = component.unwrap_or_else(|error| panic!("{error}\n{text}"));
    let linker = linker(engine);
    let made = ty.value(bytes).ok();
    for side in ["inner", "outer"] {
        let (mut store, instance) = instantiate(&linker, &component, &text);
        let got = call(&mut store, &instance, (side, "get"), None, &text);
        if let Some(got) = got {
            call(&mut store, &instance, (side, "take"), Some(&got), &text);
        }
        if let Some(made) = &made {
            let (mut store, instance) = instantiate(&linker, &component, &text);
            call(&mut store, &instance, (side, "take"), Some(made), &text);
        }
    }
    Ok(())
}

/// A new instance, since after a trap nothing can be called.
fn instantiate(
    linker: &Linker<Things>,
    component: &Component,
    text: &str,
) -> (Store<Things>, Instance) {
    let mut store = Store::new(component.engine(), Things::new());
    store.set_fuel(FUEL).expect("fuel is counted");
    let instance = linker.instantiate(&mut store, component);
    let instance = instance.unwrap_or_else(|error| panic!("{error:?}\n{text}"));
    (store, instance)
}

/// Calls a function that takes a value or gives one; what it gives, unless it traps.
fn call(
    store: &mut Store<Things>,
    instance: &Instance,
    (side, name): (&str, &str),
    given: Option<&Val>,
    text: &str,
) -> Option<Val> {
    let part = instance.get_export_index(&mut *store, None, side);
    let index = instance.get_export_index(&mut *store, part.as_ref(), name);
    let func = index.and_then(|index| instance.get_func(&mut *store, index));
    let func = func.expect("each side exports both functions");
    let mut results = [Val::Bool(false)];
    let called = match given {
        Some(given) => func.call(&mut *store, std::slice::from_ref(given), &mut []),
        None => func.call(&mut *store, &[], &mut results),
    };
    if let Err(error) = called {
        let trapped = error.downcast_ref::<CanonicalTrap>().is_some()
            || error.downcast_ref::<Trap>().is_some();
        assert!(trapped, "{side}.{name}: {error:?}\n{text}");
        return None;
    }
    let [result] = results;
    Some(result)
}

/// A number that is likely to be something: a small one, an address, a number at a border.
fn word(bytes: &mut Unstructured<'_>) -> Result<u32> {
    Ok(match bytes.int_in_range(0..=9)? {
        0..=2 => bytes.int_in_range(0..=4)?,
        3..=6 => 8 * bytes.int_in_range(0..=WORDS as u32 / 2)?,
        7 => *bytes.choose(&[0xfff8, 0xfffc, 0xffff, 0x1_0000, 0xd800, 0x11_0000])?,
        8 => *bytes.choose(&[0x8000_0002, 0x8000_0000, 0x7fff_ffff, u32::MAX, 1 << 28])?,
        _ => bytes.arbitrary()?,
    })
}

/// Where a value could be, mostly.
fn place(bytes: &mut Unstructured<'_>) -> Result<u32> {
    if bytes.ratio(1, 8)? {
        return word(bytes);
    }
    Ok(8 * bytes.int_in_range(0..=WORDS as u32 / 2)?)
}

/// A memory with whatever is in it, and an allocator that gives whatever it has.
fn memory(bytes: &mut Unstructured<'_>) -> Result<String> {
    let mut data = String::new();
    let mut put = |word: u32| {
        for byte in word.to_le_bytes() {
            let _ = write!(data, "\\{byte:02x}");
        }
    };
    for _ in 0..WORDS {
        put(word(bytes)?);
    }
    for _ in 0..ALLOCATED {
        put(place(bytes)?);
    }
    let (table, last) = (4 * WORDS, ALLOCATED - 1);
    Ok(format!(
        r#"(core module $memory
    (memory (export "memory") 1)
    (data (i32.const 0) "{data}")
    (global $asked (mut i32) (i32.const 0))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.set $asked (i32.and (i32.const {last}) (i32.add (i32.const 1) (global.get $asked))))
      (i32.load offset={table} (i32.mul (i32.const 4) (global.get $asked)))))
  (core instance $memory (instantiate $memory))
  (alias core export $memory "memory" (core memory $memory))
  (alias core export $memory "realloc" (core func $realloc))"#
    ))
}

/// What a function gives in core code, and the parameters of one that takes it.
fn signature(ty: &Type) -> (Core, Vec<Core>) {
    let flat = ty.flat();
    let result = if flat.len() == 1 { flat[0] } else { Core::I32 };
    let params = if flat.len() > FLAT_MAX {
        vec![Core::I32]
    } else {
        flat
    };
    (result, params)
}

fn number(core: Core, bytes: &mut Unstructured<'_>) -> Result<String> {
    let bits = word(bytes)?;
    Ok(match core {
        Core::I32 => format!("(i32.const {bits})"),
        Core::I64 => format!("(i64.extend_i32_s (i32.const {bits}))"),
        Core::F32 => format!("(f32.reinterpret_i32 (i32.const {bits}))"),
        Core::F64 => format!("(f64.promote_f32 (f32.reinterpret_i32 (i32.const {bits})))"),
    })
}

/// The host's function that makes things.
const MAKE: &str = r#"(export "make" (func (result (own $r))))"#;

/// A component with two inside, the second of which asks the first.
fn component(ty: &Type, bytes: &mut Unstructured<'_>) -> Result<String> {
    let interface = Interface::new(ty);
    let (inner, outer) = (interface.inner(bytes)?, interface.outer(bytes)?);
    let declared = &interface.declared;
    Ok(format!(
        r#"(component
  (component $inner {inner})
  (component $outer {outer})
  (import "types" (instance $types {declared}{MAKE}))
  (instance $i (instantiate $inner (with "types" (instance $types))))
  (instance $o (instantiate $outer (with "above" (instance $i))))
  (export "inner" (instance $i))
  (export "outer" (instance $o)))"#
    ))
}

/// What both sides have to say of the type.
struct Interface {
    name: String,
    /// How many types have names of their own.
    types: usize,
    /// The resource and those types, as an instance's.
    declared: String,
    /// What `get` gives in core code, and what `take` takes.
    result: Core,
    params: Vec<Core>,
    in_registers: bool,
}

impl Interface {
    fn new(ty: &Type) -> Interface {
        let mut definitions = Vec::new();
        let name = ty.text(&mut definitions);
        let (result, params) = signature(ty);
        let resource = "(export \"r\" (type $r (sub resource)))";
        Interface {
            name,
            types: definitions.len(),
            declared: format!("{resource}{}", declared(&definitions)),
            result,
            params,
            in_registers: ty.flat().len() == 1,
        }
    }

    fn params(&self) -> String {
        let texts: Vec<&str> = self.params.iter().map(|core| core.text()).collect();
        texts.join(" ")
    }

    /// The one that makes things, loses one that it may not have, and lies.
    fn inner(&self, bytes: &mut Unstructured<'_>) -> Result<String> {
        let (declared, result, params) = (&self.declared, self.result.text(), self.params());
        let value = match self.in_registers {
            true => number(self.result, bytes)?,
            false => format!("(i32.const {})", place(bytes)?),
        };
        let made = "(drop (call $make))".repeat(bytes.int_in_range(0..=3)?);
        let dropped = match bytes.ratio(1, 4)? {
            true => format!("(call $drop (i32.const {}))", word(bytes)?),
            false => String::new(),
        };
        let memory = memory(bytes)?;
        let mut text = format!(
            r#"
  (import "types" (instance $types {declared}{MAKE}))
  {memory}
  (alias export $types "r" (type $r))
  (core func $make (canon lower (func $types "make")))
  (core func $drop (canon resource.drop $r))
  (core module $m
    (import "" "make" (func $make (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (func $start {made})
    (start $start)
    (func (export "get") (result {result}) {dropped} {value})
    (func (export "take") (param {params}) {dropped}))
  (core instance $m (instantiate $m (with "" (instance (export "make" (func $make)) (export "drop" (func $drop))))))
"#
        );
        exports(&mut text, "types", &self.name, self.types, bytes)?;
        Ok(text)
    }

    /// The one that hands on, and lies about where.
    fn outer(&self, bytes: &mut Unstructured<'_>) -> Result<String> {
        let (declared, name) = (&self.declared, &self.name);
        let (result, params) = (self.result.text(), self.params());
        let (asked, get) = if self.in_registers {
            (format!("(result {result})"), "(call $get)".to_owned())
        } else {
            let (there, told) = (place(bytes)?, place(bytes)?);
            let told = if bytes.ratio(3, 4)? { there } else { told };
            let call = format!("(call $get (i32.const {there})) (i32.const {told})");
            ("(param i32)".to_owned(), call)
        };
        let mut take = "(call $take".to_owned();
        for index in 0..self.params.len() {
            let _ = write!(take, " (local.get {index})");
        }
        let (options, memory) = (options(bytes)?, memory(bytes)?);
        let mut text = format!(
            r#"
  (import "above" (instance $above {declared}
    (export "get" (func (result {name}))) (export "take" (func (param "v" {name})))))
  {memory}
  (alias export $above "r" (type $r))
  (core func $get (canon lower (func $above "get") {options}))
  (core func $take (canon lower (func $above "take") {options}))
  (core module $m
    (import "" "get" (func $get {asked}))
    (import "" "take" (func $take (param {params})))
    (func (export "get") (result {result}) {get})
    (func (export "take") (param {params}) {take})))
  (core instance $m (instantiate $m (with "" (instance (export "get" (func $get)) (export "take" (func $take))))))
"#
        );
        exports(&mut text, "above", name, self.types, bytes)?;
        Ok(text)
    }
}

fn options(bytes: &mut Unstructured<'_>) -> Result<String> {
    let encoding = bytes.choose(&["utf8", "utf16", "latin1+utf16"])?;
    Ok(format!(
        "(memory $memory) (realloc $realloc) string-encoding={encoding}"
    ))
}

/// Both functions lifted and exported, with the types of an imported instance.
fn exports(
    text: &mut String,
    from: &str,
    name: &str,
    types: usize,
    bytes: &mut Unstructured<'_>,
) -> Result<()> {
    text.push_str("  (export \"r\" (type $r))\n");
    for index in 0..types {
        let _ = writeln!(
            text,
            "  (alias export ${from} \"t{index}\" (type $t{index}))"
        );
        let _ = writeln!(text, "  (export \"t{index}\" (type $t{index}))");
    }
    let options = options(bytes)?;
    for (function, ty) in [
        ("get", format!("(result {name})")),
        ("take", format!("(param \"v\" {name})")),
    ] {
        let _ = writeln!(
            text,
            r#"  (func ${function}' {ty} (canon lift (core func $m "{function}") {options}))
  (export "{function}" (func ${function}'))"#
        );
    }
    Ok(())
}
