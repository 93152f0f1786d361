//! References to functions that were taken for what they are not.
//!
//! - Class 28 (GHSA-3982): a typed function whose type has `i31` or the null type of a hierarchy panicked when it was
//!   called.
//! - Class 29 (WasmEdge 4883): `call_ref` of something that is no function.

#![forbid(unsafe_code)]

use silica_engine::{Func, Instance, Module, Ref, Store, Table, TableType, Trap, Val};
use silica_engine::{HeapType, RefType};
use silica_tests_regress::{engines, function, instance, trap_of};

/// References that are null at run time, from each place where one can be.
const NULLS: &str = r#"(module
  (type $t (func (param i64) (result i32)))
  (global $g (mut (ref null $t)) (ref.null $t))
  (table $typed 4 (ref null $t))
  (func $give (type $t) (i32.wrap_i64 (local.get 0)))
  (elem declare func $give)
  (func (export "local") (result i32) (local (ref null $t)) (call_ref $t (i64.const 1) (local.get 0)))
  (func (export "global") (result i32) (call_ref $t (i64.const 1) (global.get $g)))
  (func (export "table") (result i32) (call_ref $t (i64.const 1) (table.get $typed (i32.const 2))))
  (func (export "bottom") (result i32) (call_ref $t (i64.const 1) (ref.null nofunc)))
  (func (export "tail") (result i32) (return_call_ref $t (i64.const 1) (global.get $g)))
  (func (export "indirect") (result i32) (call_indirect $typed (type $t) (i64.const 1) (i32.const 3)))
  (func (export "function") (result i32) (call_ref $t (i64.const 7) (ref.func $give)))
)"#;

#[test]
fn a_call_of_null_is_a_trap() {
    for (name, engine) in engines() {
        let nulls = NULLS.replace("(ref.null nofunc)", "(ref.null $t)");
        let (mut store, instance) = instance(&engine, &nulls);
        for place in ["local", "global", "table", "bottom", "tail"] {
            let call = function::<(), i32>(&mut store, &instance, place);
            let trap = trap_of(call.call(&mut store, ()));
            assert_eq!(trap, Trap::NullFunctionReference, "{name}, {place}");
        }
        let call = function::<(), i32>(&mut store, &instance, "indirect");
        assert_eq!(trap_of(call.call(&mut store, ())), Trap::IndirectCallToNull);
        let call = function::<(), i32>(&mut store, &instance, "function");
        assert_eq!(call.call(&mut store, ()).unwrap(), 7, "{name}");
    }
}

#[test]
fn what_is_no_function_is_not_called() {
    for (_, engine) in engines() {
        for body in [
            "(param externref) (call_ref $t (i64.const 1) (local.get 0))",
            "(param funcref) (call_ref $t (i64.const 1) (local.get 0))",
            "(param (ref $u)) (call_ref $t (i64.const 1) (local.get 0))",
            "(param i64) (call_ref $t (i64.const 1) (local.get 0))",
        ] {
            let text = format!(
                "(module (type $t (func (param i64))) (type $u (func (param i32))) (func {body}))"
            );
            assert!(Module::new(&engine, text).is_err(), "{body}");
        }
    }
}

/// A function that takes references of one type, and one of another type to give it.
const TYPED: &str = r#"(module
  (type $t (func (result i32)))
  (func $seven (export "seven") (type $t) (i32.const 7))
  (func (export "other") (result i64) (i64.const 8))
  (func (export "call") (param (ref null $t)) (result i32)
    (block $null
      (return (call_ref $t (br_on_null $null (local.get 0)))))
    (i32.const -1))
  (func (export "call never null") (param (ref $t)) (result i32) (call_ref $t (local.get 0)))
  (func (export "give") (result (ref $t)) (ref.func $seven))
  (func (export "give null") (result (ref null $t)) (ref.null $t))
)"#;

#[test]
fn a_typed_function_looks_at_references_of_declared_types() {
    for (name, engine) in engines() {
        let (mut store, instance) = instance(&engine, TYPED);
        let seven = instance.get_func(&mut store, "seven").unwrap();
        let other = instance.get_func(&mut store, "other").unwrap();
        let call = function::<Option<Func>, i32>(&mut store, &instance, "call");
        assert_eq!(call.call(&mut store, Some(seven)).unwrap(), 7, "{name}");
        assert_eq!(call.call(&mut store, None).unwrap(), -1, "{name}");
        let error = call.call(&mut store, Some(other)).unwrap_err();
        assert!(error.to_string().contains("argument 0"), "{error:#}");
        let call = function::<Option<Func>, i32>(&mut store, &instance, "call never null");
        assert_eq!(call.call(&mut store, Some(seven)).unwrap(), 7, "{name}");
        assert!(call.call(&mut store, None).is_err(), "{name}");
        let call = function::<Func, i32>(&mut store, &instance, "call never null");
        assert!(call.call(&mut store, other).is_err(), "{name}");
        let give = function::<(), Func>(&mut store, &instance, "give");
        let given = give.call(&mut store, ()).unwrap();
        assert_eq!(call.call(&mut store, given).unwrap(), 7, "{name}");
        let give = function::<(), Option<Func>>(&mut store, &instance, "give null");
        assert!(give.call(&mut store, ()).unwrap().is_none(), "{name}");
    }
}

#[test]
fn a_host_function_and_a_table_take_declared_types_only() {
    for (name, engine) in engines() {
        let (mut store, typed) = instance(&engine, TYPED);
        let seven = typed.get_func(&mut store, "seven").unwrap();
        let other = typed.get_func(&mut store, "other").unwrap();
        let declared = RefType::new(true, HeapType::ConcreteFunc(seven.ty(&store)));
        let ty = TableType::new(declared, 2, None);
        let table = Table::new(&mut store, ty.clone(), Ref::Func(None)).unwrap();
        assert_eq!(table.ty(&store), ty);
        table.set(&mut store, 0, Ref::from(seven)).unwrap();
        assert!(
            table.set(&mut store, 1, Ref::from(other)).is_err(),
            "{name}"
        );
        // A host function that gives a function of another type than it says.
        let module = Module::new(
            &engine,
            r#"(module (type $t (func (result i32)))
              (import "" "" (func $host (param i32) (result (ref $t))))
              (func (export "run") (param i32) (result i32) (call_ref $t (call $host (local.get 0)))))"#,
        )
        .unwrap();
        let ty = module.imports().next().unwrap().ty().unwrap_func().clone();
        let host = Func::new(&mut store, ty, move |_, params, results| {
            results[0] = match params[0].unwrap_i32() {
                0 => Val::from(seven),
                1 => Val::from(other),
                _ => Val::FuncRef(None),
            };
            Ok(())
        });
        let instance = Instance::new(&mut store, &module, &[host.into()]).unwrap();
        let run = function::<i32, i32>(&mut store, &instance, "run");
        assert_eq!(run.call(&mut store, 0).unwrap(), 7, "{name}");
        assert!(run.call(&mut store, 1).is_err(), "{name}");
        assert!(run.call(&mut store, 2).is_err(), "{name}");
    }
}

/// Equal types of two modules are one; a type that only looks similar is refused when modules are linked.
#[test]
fn types_of_two_modules_meet() {
    for (name, engine) in engines() {
        let (mut store, exporting) = instance(
            &engine,
            r#"(module (type $unused (func (param f32))) (type $t (func (result i32)))
              (func $f (type $t) (i32.const 3))
              (table (export "table") 1 (ref null $t) (ref.func $f))
              (global (export "global") (ref $t) (ref.func $f)))"#,
        );
        let table = exporting.get_export(&mut store, "table").unwrap();
        let global = exporting.get_export(&mut store, "global").unwrap();
        let text = r#"(module (type $t (func (result RESULT)))
          (import "" "table" (table 1 (ref null $t)))
          (import "" "global" (global $g (ref null $t)))
          (func (export "run") (result RESULT) (call_ref $t (global.get $g)))
          (func (export "run table") (result RESULT) (call_indirect (type $t) (i32.const 0))))"#;
        let module = Module::new(&engine, text.replace("RESULT", "i32")).unwrap();
        let imports = [table.clone(), global.clone()];
        let same = Instance::new(&mut store, &module, &imports).unwrap();
        for export in ["run", "run table"] {
            let run = function::<(), i32>(&mut store, &same, export);
            assert_eq!(run.call(&mut store, ()).unwrap(), 3, "{name}, {export}");
        }
        let module = Module::new(&engine, text.replace("RESULT", "i64")).unwrap();
        assert!(Instance::new(&mut store, &module, &[table, global]).is_err());
    }
}

/// A store's own handles only: the check of a narrower type must not be a way around it.
#[test]
#[should_panic(expected = "another store")]
fn a_function_of_another_store_is_refused() {
    let (_, engine) = engines().swap_remove(0);
    let (mut store, first) = instance(&engine, TYPED);
    let mut other = Store::new(&engine, ());
    let stranger = Func::wrap(&mut other, || 7);
    let call = function::<Option<Func>, i32>(&mut store, &first, "call");
    let _ = call.call(&mut store, Some(stranger));
}
