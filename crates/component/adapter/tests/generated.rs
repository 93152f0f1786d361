//! What is generated for each type is a valid module, and the same each time.

#![forbid(unsafe_code)]

use silica_component_adapter::{AdapterImport, Side, generate};
use silica_component_describe::{Callee, ComponentLimits, Plan, Step, Trampoline, describe};
use silica_module::{Features, parse_text};

/// The type of so many flags.
fn flags(count: usize) -> String {
    let names: Vec<String> = (0..count).map(|number| format!("\"f{number}\"")).collect();
    format!("(flags {})", names.join(" "))
}

/// A component in which one part calls another with a list of `ty`.
fn plan(ty: &str) -> Plan {
    let text = r#"(component
      (component $Callee
        (type $t' TYPE)
        (export $t "t" (type $t'))
        (core module $m
          (memory (export "memory") 1)
          (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0))
          (func (export "take") (param i32 i32)))
        (core instance $i (instantiate $m))
        (func (export "take") (param "l" (list $t)) (canon lift (core func $i "take")
          (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
      (component $Caller
        (import "callee" (instance $callee
          (type $t' TYPE)
          (export "t" (type $t (eq $t')))
          (export "take" (func (param "l" (list $t))))))
        (core module $memory (memory (export "memory") 1))
        (core instance $memory (instantiate $memory))
        (core func (canon lower (func $callee "take") (memory (core memory $memory "memory")))))
      (instance $callee (instantiate $Callee))
      (instance (instantiate $Caller (with "callee" (instance $callee)))))"#
        .replace("TYPE", ty);
    let bytes = parse_text(text.as_bytes(), None).unwrap();
    let mut features = Features::default();
    features
        .apply("component-model-fixed-length-lists")
        .unwrap();
    describe(&bytes, features, &ComponentLimits::default()).unwrap()
}

#[test]
fn adapters_are_valid_modules() {
    // Of 31 all the bits but one stand for something, of 32 all.
    let (nearly_all, all) = (flags(31), flags(32));
    let types = [
        &nearly_all,
        &all,
        "bool",
        "s8",
        "u16",
        "f64",
        "char",
        "string",
        "(list string)",
        "(list u32 3)",
        "(tuple u8 u64 f32)",
        "(option (option s16))",
        "(result string (error char))",
        "(record (field \"a\" u8) (field \"b\" (list (tuple string bool))))",
        "(variant (case \"a\" f32) (case \"b\" u64) (case \"c\"))",
        "(enum \"a\" \"b\" \"c\")",
        "(flags \"a\" \"b\" \"c\" \"d\" \"e\" \"f\" \"g\" \"h\" \"i\")",
        "(map string (list u8))",
    ];
    for ty in types {
        let plan = plan(ty);
        let lowered = plan.steps.iter().find_map(|step| match step {
            Step::Trampoline(Trampoline::Lower {
                callee: Callee::Lifted(lift),
                ty,
                options,
                instance,
            }) => Some((&plan.lifts[*lift as usize], *ty, options, *instance)),
            _ => None,
        });
        let (lift, function, options, instance) = lowered.unwrap();
        let adapter = generate(&plan, function, lift, options, instance).unwrap();
        wasmparser::validate(&adapter.binary).unwrap_or_else(|error| panic!("{ty}: {error}"));
        let again = generate(&plan, function, lift, options, instance).unwrap();
        assert_eq!(adapter.binary, again.binary, "{ty}");
        let memories = adapter
            .imports
            .iter()
            .filter(|import| matches!(import, AdapterImport::Memory(Side::Caller | Side::Callee)));
        assert_eq!(memories.count(), 2, "{ty}");
    }
}
