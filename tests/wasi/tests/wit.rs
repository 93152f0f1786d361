//! The project's WIT against the standard's: the same packages, interfaces, worlds, types and functions, with the same gates.
//!
//! The standard's own files are not part of this repository; they are looked for beside it.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use silica_test_guests::skip;
use wit_parser::{
    Function, Handle, InterfaceId, Resolve, Stability, Type, TypeDefKind, TypeId, TypeOwner,
    WorldItem, WorldKey,
};

/// The packages, each after those that it uses.
const PACKAGES: [&str; 7] = [
    "io",
    "clocks",
    "random",
    "filesystem",
    "sockets",
    "cli",
    "http",
];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn parse(paths: impl IntoIterator<Item = PathBuf>) -> Resolve {
    let mut resolve = Resolve {
        all_features: true,
        ..Resolve::default()
    };
    for path in paths {
        resolve
            .push_path(&path)
            .unwrap_or_else(|error| panic!("{}: {error:#}", path.display()));
    }
    resolve
}

fn ours() -> Resolve {
    let folder = repository().join("wit/0.2.12");
    parse(PACKAGES.map(|name| folder.join(format!("{name}.wit"))))
}

#[test]
fn the_interfaces_are_the_standards() {
    let folder = repository().join("../shared/wit/0.2.12");
    if !folder.is_dir() {
        skip("the standard's WIT is not beside the repository, in ../shared/wit");
        return;
    }
    let standard = structure(&parse(PACKAGES.map(|name| folder.join(name))));
    let ours = structure(&ours());
    let names = |structure: &BTreeMap<String, String>| -> Vec<String> {
        structure.keys().cloned().collect()
    };
    assert_eq!(names(&ours), names(&standard));
    for (name, what) in &standard {
        assert_eq!(&ours[name], what, "{name}");
    }
}

#[test]
fn a_difference_would_be_seen() {
    let folder = repository().join("wit/0.2.12");
    let text = std::fs::read_to_string(folder.join("io.wit")).expect("it is in the repository");
    let whole = structure_of(&text);
    for (from, to) in [
        ("ready: func() -> bool;", "ready: func() -> u8;"),
        ("    closed,\n", "    closed(u8),\n"),
        ("blocking-flush: func", "wait-flush: func"),
        ("splice: func(src: borrow", "splice: func(source: borrow"),
        ("@since(version = 0.2.0)\ninterface poll", "interface poll"),
        ("use error.{error};", "use error.{error as error};"),
    ] {
        assert!(text.contains(from), "{from}");
        let changed = structure_of(&text.replacen(from, to, 1));
        // The last one says the same in other words.
        assert_eq!(changed == whole, from.starts_with("use"), "{from}");
    }
}

fn structure_of(text: &str) -> BTreeMap<String, String> {
    let mut resolve = Resolve::default();
    resolve
        .push_str("changed.wit", text)
        .expect("it is still WIT");
    structure(&resolve)
}

/// Everything that has a name, with what it is.
fn structure(resolve: &Resolve) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (id, interface) in resolve.interfaces.iter() {
        let name = resolve.id_of(id).expect("no interface is anonymous");
        found.insert(name.clone(), stability(&interface.stability));
        for (ty, id) in &interface.types {
            let definition = &resolve.types[*id];
            let what = format!(
                "{} {}",
                stability(&definition.stability),
                kind(resolve, &definition.kind)
            );
            found.insert(format!("{name}#{ty}"), what);
        }
        for (called, function) in &interface.functions {
            found.insert(format!("{name}#{called}()"), signature(resolve, function));
        }
    }
    for (_, world) in resolve.worlds.iter() {
        let package = world.package.expect("every world is in a package");
        let name = format!("{}#{}", resolve.packages[package].name, world.name);
        for (direction, items) in [("import", &world.imports), ("export", &world.exports)] {
            for (key, item) in items {
                let (key, what) = (key_name(resolve, key), world_item(item));
                found.insert(format!("{name} {direction} {key}"), what);
            }
        }
        found.insert(name, stability(&world.stability));
    }
    found
}

fn key_name(resolve: &Resolve, key: &WorldKey) -> String {
    match key {
        WorldKey::Name(name) => name.clone(),
        WorldKey::Interface(id) => interface_name(resolve, *id),
    }
}

fn world_item(item: &WorldItem) -> String {
    match item {
        WorldItem::Interface {
            stability: gate, ..
        } => stability(gate),
        WorldItem::Function(function) => stability(&function.stability),
        WorldItem::Type { .. } => "a type".to_owned(),
    }
}

fn interface_name(resolve: &Resolve, id: InterfaceId) -> String {
    resolve.id_of(id).expect("no interface is anonymous")
}

fn stability(stability: &Stability) -> String {
    match stability {
        Stability::Unknown => "ungated".to_owned(),
        Stability::Stable { since, deprecated } => format!("since {since}, {deprecated:?}"),
        Stability::Unstable {
            feature,
            deprecated,
        } => format!("unstable {feature}, {deprecated:?}"),
    }
}

fn signature(resolve: &Resolve, function: &Function) -> String {
    let params: Vec<String> = function
        .params
        .iter()
        .map(|param| format!("{}: {}", param.name, type_name(resolve, &param.ty)))
        .collect();
    let kind = std::mem::discriminant(&function.kind);
    format!(
        "{} {kind:?} ({}) -> {}",
        stability(&function.stability),
        params.join(", "),
        optional(resolve, function.result.as_ref())
    )
}

fn optional(resolve: &Resolve, ty: Option<&Type>) -> String {
    ty.map_or_else(|| "_".to_owned(), |ty| type_name(resolve, ty))
}

/// A type by its name, or by what it is where it has none.
fn type_name(resolve: &Resolve, ty: &Type) -> String {
    match ty {
        Type::Id(id) => named(resolve, *id),
        other => format!("{other:?}"),
    }
}

fn named(resolve: &Resolve, id: TypeId) -> String {
    let definition = &resolve.types[id];
    match (&definition.name, definition.owner) {
        (Some(name), TypeOwner::Interface(interface)) => {
            format!("{}#{name}", interface_name(resolve, interface))
        }
        (Some(name), TypeOwner::World(_) | TypeOwner::None) => name.clone(),
        (None, _) => kind(resolve, &definition.kind),
    }
}

fn kind(resolve: &Resolve, kind: &TypeDefKind) -> String {
    let ty = |ty: &Type| type_name(resolve, ty);
    match kind {
        TypeDefKind::Record(record) => record
            .fields
            .iter()
            .map(|field| format!("{}: {}, ", field.name, ty(&field.ty)))
            .collect(),
        TypeDefKind::Resource => "resource".to_owned(),
        TypeDefKind::Handle(Handle::Own(id)) => format!("own {}", named(resolve, *id)),
        TypeDefKind::Handle(Handle::Borrow(id)) => format!("borrow {}", named(resolve, *id)),
        TypeDefKind::Flags(flags) => flags.flags.iter().map(|f| f.name.clone() + " ").collect(),
        TypeDefKind::Tuple(tuple) => {
            let types: Vec<String> = tuple.types.iter().map(ty).collect();
            format!("({})", types.join(", "))
        }
        TypeDefKind::Variant(variant) => variant
            .cases
            .iter()
            .map(|case| format!("{}({}), ", case.name, optional(resolve, case.ty.as_ref())))
            .collect(),
        TypeDefKind::Enum(cases) => cases.cases.iter().map(|c| c.name.clone() + " ").collect(),
        TypeDefKind::Option(inner) => format!("option<{}>", ty(inner)),
        TypeDefKind::Result(result) => format!(
            "result<{}, {}>",
            optional(resolve, result.ok.as_ref()),
            optional(resolve, result.err.as_ref())
        ),
        TypeDefKind::List(inner) => format!("list<{}>", ty(inner)),
        TypeDefKind::Type(inner) => format!("type {}", ty(inner)),
        // WASI 0.2 has none of the others.
        TypeDefKind::Map(..)
        | TypeDefKind::FixedLengthList(..)
        | TypeDefKind::Future(_)
        | TypeDefKind::Stream(_)
        | TypeDefKind::Unknown => panic!("a {} in WASI 0.2", kind.as_str()),
    }
}
