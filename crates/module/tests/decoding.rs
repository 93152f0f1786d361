//! What decoding makes of whole modules.

#![forbid(unsafe_code)]

use silica_module::{
    ConstOperator, DataMode, DecodeError, Decoded, ElementItems, ElementMode, EntityType, Feature,
    Features, Limits, Place, decode, parse_text, validate,
};

fn binary(text: &str) -> Vec<u8> {
    parse_text(text.as_bytes(), None).unwrap().into_owned()
}

fn decoded(text: &str) -> Decoded {
    decode(&binary(text), &Features::default(), &Limits::default())
        .unwrap_or_else(|e| panic!("{e}"))
}

fn refused(text: &str) -> DecodeError {
    validate(&binary(text), &Features::default(), &Limits::default()).unwrap_err()
}

#[test]
fn a_module_is_described() {
    let text = r#"(module
        (import "env" "f" (func $f (param i32) (result i64)))
        (import "env" "g" (global $g i32))
        (memory (export "memory") 1 2)
        (table (export "table") 3 funcref)
        (global (mut i64) (i64.const -1))
        (func $h (export "h") (result i32) i32.const 1)
        (func $i)
        (func $j)
        (elem (i32.const 0) $i)
        (elem declare func $f)
        (elem funcref (ref.func $j) (ref.null func))
        (data (global.get $g) "abc")
        (data "defg")
        (start $i))"#;
    let bytes = binary(text);
    let Decoded { module, bodies } = decoded(text);
    assert_eq!(module.imported_functions, 1);
    assert_eq!(module.functions.len(), 4);
    assert_eq!(bodies.len(), 3);
    assert_eq!(
        module.describe_entity(&module.imports[0].entity),
        "function `(i32) -> i64`"
    );
    assert!(matches!(module.exports[0].entity, EntityType::Memory(m) if m.max == Some(2)));
    assert_eq!(module.start, Some(2));
    assert_eq!(module.escaping_functions, [0, 1, 2, 3]);
    assert_eq!(module.escaping_index(3), Some(3));
    assert!(matches!(
        &module.elements[0].mode,
        ElementMode::Active { table: 0, .. }
    ));
    assert!(matches!(module.elements[1].mode, ElementMode::Declared));
    assert!(matches!(&module.elements[2].items, ElementItems::Expressions(e) if e.len() == 2));
    let DataMode::Active { memory: 0, offset } = &module.data[0].mode else {
        panic!("{:?}", module.data[0]);
    };
    assert_eq!(*offset.operators, [ConstOperator::GlobalGet(0)]);
    assert_eq!(&bytes[module.data[0].bytes.indices()], b"abc");
    assert_eq!(&bytes[module.data[1].bytes.indices()], b"defg");
}

#[test]
fn only_functions_whose_reference_is_taken_escape() {
    let module = decoded("(module (func) (func $f) (func) (global funcref (ref.func $f)))").module;
    assert_eq!(module.escaping_functions, [1]);
}

#[test]
fn extended_constants_may_name_earlier_globals_without_gc() {
    let text = "(module (global i32 (i32.const 1))
        (global i32 (i32.add (global.get 0) (i32.const 2))))";
    assert_eq!(decoded(text).module.globals.len(), 2);
    let mut features = Features::default();
    features.disable(Feature::ExtendedConst);
    assert!(decode(&binary(text), &features, &Limits::default()).is_err());
}

#[test]
fn what_needs_gc_names_gc() {
    for text in [
        "(module (type (struct)))",
        "(module (type (array i8)))",
        "(module (rec (type (func)) (type (func))))",
        "(module (type (sub (func))))",
        "(module (global anyref (ref.null any)))",
        "(module (table 1 eqref))",
        "(module (import \"\" \"\" (global i31ref)))",
        "(module (func (param arrayref)))",
        "(module (func (local structref)))",
        "(module (func (drop (ref.i31 (i32.const 1)))))",
        "(module (global externref (extern.convert_any (ref.null any))))",
    ] {
        let mut without = Features::default();
        without.disable(Feature::Gc);
        match validate(&binary(text), &without, &Limits::default()) {
            Err(DecodeError::FeatureOff { feature, .. }) => {
                assert_eq!(feature, Feature::Gc, "{text}");
            }
            other => panic!("{text}: {other:?}"),
        }
        let all = Features::all();
        validate(&binary(text), &all, &Limits::default()).unwrap_or_else(|e| panic!("{text}: {e}"));
    }
}

#[test]
fn each_proposal_that_is_off_is_named() {
    for (text, off) in [
        (
            "(module (func (result i32 i32) unreachable))",
            Feature::MultiValue,
        ),
        (
            "(module (func (drop (v128.const i64x2 0 0))))",
            Feature::Simd,
        ),
        ("(module (func $f (return_call $f)))", Feature::TailCall),
        ("(module (memory 1) (memory 1))", Feature::MultiMemory),
        ("(module (memory i64 1))", Feature::Memory64),
        ("(module (memory 1 1 shared))", Feature::Threads),
        ("(module (memory 1 (pagesize 1)))", Feature::CustomPageSizes),
        ("(module (tag))", Feature::Exceptions),
        (
            "(module (type (func)) (func (param (ref 0))))",
            Feature::FunctionReferences,
        ),
        (
            "(module (global externref (ref.null extern)))",
            Feature::ReferenceTypes,
        ),
        (
            "(module (func (i32.const 0) (drop (i32.extend8_s))))",
            Feature::SignExtension,
        ),
    ] {
        let mut features = Features::default();
        features.disable(off);
        let error = validate(&binary(text), &features, &Limits::default()).unwrap_err();
        match &error {
            DecodeError::FeatureOff { feature, .. } => assert_eq!(*feature, off, "{text}"),
            DecodeError::Invalid { message, .. } => {
                assert!(message.contains("multi"), "{text}: {error}");
            }
            other => panic!("{text}: {other}"),
        }
    }
}

#[test]
fn errors_name_the_function() {
    let error = refused("(module (func) (func $main (result i32) i64.const 1))");
    let text = error.to_string();
    assert!(
        text.contains("function 1 \"main\"") && text.contains("offset 0x"),
        "{text}"
    );
    assert!(error.offset().is_some());
}

#[test]
fn errors_name_the_section() {
    let bytes = binary("(module (func) (export \"f\" (func 0)))");
    let at = bytes.windows(2).position(|w| w == b"f\0").unwrap();
    let mut bytes = bytes;
    bytes[at + 2] = 7;
    let Err(error) = decode(&bytes, &Features::default(), &Limits::default()) else {
        panic!("an export of function 7 was accepted");
    };
    let DecodeError::Invalid { place, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(*place, Place::Section("export"), "{error}");
}

#[test]
fn a_component_is_recognised() {
    let bytes = binary("(component)");
    let Err(error) = decode(&bytes, &Features::default(), &Limits::default()) else {
        panic!("a component was accepted");
    };
    assert_eq!(error, DecodeError::Component);
}

#[test]
fn rec_groups_are_kept() {
    let text = "(module (type (func)) (rec (type (struct)) (type (array i32))))";
    let module = decode(&binary(text), &Features::all(), &Limits::default())
        .unwrap()
        .module;
    let groups: Vec<_> = module
        .rec_groups
        .iter()
        .map(|g| (g.first, g.count))
        .collect();
    assert_eq!(groups, [(0, 1), (1, 2)]);
}
