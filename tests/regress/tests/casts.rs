//! A null of the lowest type of a hierarchy, cast to that type without null, passed: that the operand's type is the one that is
//! asked for hid that nothing is of it. (Found here, by comparing with V8.)

#![forbid(unsafe_code)]

use silica_engine::Trap;
use silica_tests_regress::{engines, function, instance, trap_of};

const HIERARCHIES: [&str; 4] = ["none", "nofunc", "noextern", "noexn"];

/// Each way to ask whether a null is of the type that has no values.
fn module(bottom: &str) -> String {
    format!(
        r#"(module
          (func (export "cast") (local (ref null {bottom}))
            (drop (ref.cast (ref {bottom}) (local.get 0))))
          (func (export "test") (result i32) (local (ref null {bottom}))
            (ref.test (ref {bottom}) (local.get 0)))
          (func (export "branch") (result i32) (local (ref null {bottom}))
            (block $is (result (ref null {bottom}))
              (br_on_cast $is (ref null {bottom}) (ref {bottom}) (local.get 0))
              (return (ref.is_null)))
            (drop)
            (i32.const 7))
          (func (export "branch away") (result i32) (local (ref null {bottom}))
            (block $is_not (result (ref null {bottom}))
              (br_on_cast_fail $is_not (ref null {bottom}) (ref {bottom}) (local.get 0))
              (drop)
              (return (i32.const 7)))
            (ref.is_null))
          (func (export "to null") (result i32) (local (ref null {bottom}))
            (ref.is_null (ref.cast (ref null {bottom}) (local.get 0)))))"#
    )
}

#[test]
fn null_is_not_of_a_type_without_values() {
    for (what, engine) in engines() {
        for bottom in HIERARCHIES {
            let (mut store, instance) = instance(&engine, &module(bottom));
            let place = format!("{what}: {bottom}");
            let cast = function::<(), ()>(&mut store, &instance, "cast");
            assert_eq!(
                trap_of(cast.call(&mut store, ())),
                Trap::CastFailure,
                "{place}"
            );
            for (name, expected) in [
                ("test", 0),
                ("branch", 1),
                ("branch away", 1),
                ("to null", 1),
            ] {
                let asks = function::<(), u32>(&mut store, &instance, name);
                assert_eq!(
                    asks.call(&mut store, ()).unwrap(),
                    expected,
                    "{place}: {name}"
                );
            }
        }
    }
}
