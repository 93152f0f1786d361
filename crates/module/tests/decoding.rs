//! What decoding makes of whole modules.

#![forbid(unsafe_code)]

use silica_module::{
    ConstOperator, DataMode, DecodeError, Decoded, ElementItems, ElementMode, EntityType, Feature,
    Features, Limits, Place, check_operators, decode, inspect, parse_text, validate,
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
    let Decoded { module, bodies, .. } = decoded(text);
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

/// A module that uses the proposal, and beside it only what that needs.
fn user_of(feature: Feature) -> &'static str {
    match feature {
        Feature::MutableGlobals => "(module (global (export \"\") (mut i32) (i32.const 0)))",
        Feature::SaturatingFloatToInt => {
            "(module (func (drop (i32.trunc_sat_f32_s (f32.const 0)))))"
        }
        Feature::SignExtension => "(module (func (drop (i32.extend8_s (i32.const 0)))))",
        Feature::MultiValue => "(module (func (result i32 i32) unreachable))",
        Feature::BulkMemory => "(module (memory 1) (data \"\") (func (data.drop 0)))",
        Feature::ReferenceTypes => "(module (func (param externref)))",
        Feature::Simd => "(module (func (drop (v128.const i64x2 0 0))))",
        Feature::RelaxedSimd => {
            "(module (func (param v128) (drop (i8x16.relaxed_swizzle (local.get 0) (local.get 0)))))"
        }
        Feature::TailCall => "(module (func $f (return_call $f)))",
        Feature::ExtendedConst => "(module (global i32 (i32.add (i32.const 1) (i32.const 2))))",
        Feature::MultiMemory => "(module (memory 1) (memory 1))",
        Feature::Memory64 => "(module (memory i64 1))",
        Feature::Threads => "(module (memory 1 1 shared))",
        Feature::CustomPageSizes => "(module (memory 1 (pagesize 1)))",
        Feature::WideArithmetic => {
            "(module (func (param i64) (result i64 i64) (i64.mul_wide_s (local.get 0) (local.get 0))))"
        }
        Feature::CompactImports => {
            "(module (import \"m\" (item \"a\" (func)) (item \"b\" (func))))"
        }
        Feature::FunctionReferences => "(module (type (func)) (func (param (ref 0))))",
        Feature::Gc => "(module (func (drop (ref.i31 (i32.const 1)))))",
        Feature::Exceptions => "(module (func (throw_ref (ref.null exn))))",
        Feature::LegacyExceptions => "(module (func try catch_all end))",
        Feature::CustomDescriptors => {
            "(module (rec (type (descriptor 1) (struct)) (type (describes 0) (struct)))
                (func (param (ref (exact 1))) (drop (struct.new_default_desc 0 (local.get 0)))))"
        }
        Feature::StackSwitching => {
            "(module (type $f (func)) (type (cont $f)) (func $f) (elem declare func $f)
                (func (drop (cont.new 1 (ref.func $f)))))"
        }
        Feature::ComponentModel
        | Feature::ComponentMaps
        | Feature::ComponentFixedLengthLists
        | Feature::ComponentImplements
        | Feature::ComponentAsync => unreachable!("these are of components"),
    }
}

/// The proposals that a module can use.
fn of_modules() -> impl Iterator<Item = Feature> {
    let all = Feature::ALL.iter().copied();
    all.filter(|feature| !feature.is_of_components())
}

#[test]
fn each_proposal_that_is_off_is_named_before_bodies_are_validated() {
    for off in of_modules() {
        let bytes = binary(user_of(off));
        let (mut features, limits) = (Features::all(), Limits::default());
        features.disable(off);
        let result = decode(&bytes, &features, &limits)
            .and_then(|decoded| check_operators(&bytes, &decoded.module, &features));
        match result {
            Err(error @ DecodeError::FeatureOff { feature, .. }) if feature == off => {
                let flag = format!("`--proposals {off}`");
                assert!(error.to_string().contains(&flag), "{error}");
            }
            other => panic!("{off}: {other:?}"),
        }
        assert!(validate(&bytes, &features, &limits).is_err(), "{off}");
    }
}

#[test]
fn each_proposal_that_is_used_is_told_and_no_more_is_needed() {
    for feature in of_modules() {
        let bytes = binary(user_of(feature));
        let module = validate(&bytes, &Features::all(), &Limits::default()).unwrap();
        let used = inspect::used_features(&bytes, &module);
        assert!(used.contains(feature), "{feature}: {used:?}");
        let mut enough = Features::mvp();
        for feature in used.iter() {
            enough.enable(feature);
        }
        validate(&bytes, &enough, &Limits::default())
            .unwrap_or_else(|error| panic!("{feature}, of {used:?}: {error}"));
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
