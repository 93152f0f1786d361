//! Bytes that nobody meant: whatever they are, describing ends, and with an error.

#![forbid(unsafe_code)]

use silica_component_describe::{ComponentLimits, describe, validate};
use silica_module::{DecodeError, Features, parse_text};

/// One of most things that a component can have.
const RICH: &str = r#"(component
  (import "host" (instance $host
    (export "r" (type $r (sub resource)))
    (export "f" (func (param "x" (list (tuple string u8))) (result (own $r))))))
  (alias export $host "r" (type $R))
  (component $inner
    (import "a" (type $A (sub resource)))
    (type $B' (resource (rep i32)))
    (export $B "b" (type $B'))
    (core module $m (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0))
      (func (export "f") (param i32 i32)))
    (core instance $i (instantiate $m))
    (type $v' (variant (case "x" (option f64)) (case "y" (result u8 (error char)))))
    (export $v "v" (type $v'))
    (func (export "f") (param "s" string) (canon lift (core func $i "f")
      (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
  (instance $x (instantiate $inner (with "a" (type $R))))
  (instance $y (instantiate $inner (with "a" (type $R))))
  (export "x" (instance $x))
  (export "g" (func $y "f")))"#;

fn rich() -> Vec<u8> {
    parse_text(RICH.as_bytes(), None).unwrap().into_owned()
}

fn plan(bytes: &[u8]) -> Result<(), DecodeError> {
    describe(bytes, Features::all(), &ComponentLimits::default()).map(drop)
}

#[test]
fn a_plan_has_each_instance_and_its_own_types() {
    let bytes = rich();
    let plan = describe(&bytes, Features::default(), &ComponentLimits::default()).unwrap();
    assert_eq!((plan.instances.len(), plan.modules.len()), (3, 1));
    assert_eq!(plan.core_instances, 2);
    let owners: Vec<_> = plan.resources.iter().map(|r| r.instance).collect();
    assert_eq!(owners, [None, Some(1), Some(2)]);
    assert!(plan.are_nested(0, 2) && !plan.are_nested(1, 2));
    assert_eq!(plan.export_text(&plan.exports[1].item), "func(s: string)");
    validate(&bytes, Features::default(), &ComponentLimits::default()).unwrap();
}

#[test]
fn truncated_bytes_are_errors() {
    let bytes = rich();
    let mut whole = 0;
    for end in 0..bytes.len() {
        let part = &bytes[..end];
        // What ends with a section is a component, too.
        let is_whole = validate(part, Features::all(), &ComponentLimits::default()).is_ok();
        assert_eq!(plan(part).is_ok(), is_whole, "the first {end} bytes");
        whole += usize::from(is_whole);
    }
    assert!((1..40).contains(&whole), "{whole} of {}", bytes.len());
}

#[test]
fn altered_bytes_are_no_panic() {
    let bytes = rich();
    for index in 0..bytes.len() {
        for change in [0x01, 0x7f, 0x80, 0xff] {
            let mut altered = bytes.clone();
            altered[index] ^= change;
            let _ = plan(&altered);
        }
    }
}

#[test]
fn limits_are_limits() {
    let mut limits = ComponentLimits::default();
    limits.instances = 2;
    let error = describe(&rich(), Features::default(), &limits).unwrap_err();
    assert!(matches!(error, DecodeError::Limit { .. }), "{error}");
    let mut limits = ComponentLimits::default();
    limits.name_bytes = 8;
    let error = describe(&rich(), Features::default(), &limits).unwrap_err();
    assert!(error.to_string().contains("names"), "{error}");
}

#[test]
fn proposals_that_are_off_are_named() {
    let text = r#"(component (import "f" (func async)))"#;
    let bytes = parse_text(text.as_bytes(), None).unwrap();
    let error = describe(&bytes, Features::default(), &ComponentLimits::default()).unwrap_err();
    assert!(
        error.to_string().contains("`component-model-async`"),
        "{error}"
    );
}
