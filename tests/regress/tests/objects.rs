//! Objects, and references that are integers or can only be null, on their way between the program and the embedder.
//!
//! - Class 28 (GHSA-3982): a function whose type has `i31`, or a type of which null is the only value, panicked when it was called.
//! - Class 6 (GHSA-hw8m) and class 31 (wazero 2504): what is live across a call that throws was no root; `try_table` corrupted locals.
//! - Class 8 (GHSA-hgjw): the number of a type was given to another type while an object had it.
//! - Class 29 (WasmEdge 4883): what is no function, or one of another type, is taken out of an object and called.

#![forbid(unsafe_code)]

use silica_engine::{
    AnyRef, ArrayRef, ArrayRefPre, ArrayType, Config, Engine, ExnRef, ExternRef, FieldType, Func,
    FuncType, HeapType, I31, Instance, Module, Mutability, RefType, Rooted, StorageType, Store,
    StructRef, StructRefPre, StructType, Val, ValType,
};
use silica_tests_regress::{engines, function, instance};

const NARROW: &str = r#"(module
  (import "" "host" (func $host (param i31ref nullref nullfuncref nullexternref) (result i31ref)))
  (func (export "i31") (param i31ref) (result i31ref) (local.get 0))
  (func (export "some i31") (param (ref i31)) (result i32) (i31.get_s (local.get 0)))
  (func (export "null") (param nullref) (result nullref) (local.get 0))
  (func (export "null function") (param nullfuncref) (result nullfuncref) (local.get 0))
  (func (export "null extern") (param nullexternref) (result nullexternref) (local.get 0))
  (func (export "null exception") (param nullexnref) (result nullexnref) (local.get 0))
  (func (export "host") (param i31ref) (result i31ref)
    (call $host (local.get 0) (ref.null none) (ref.null nofunc) (ref.null noextern))))"#;

type Any = Option<Rooted<AnyRef>>;

#[test]
fn types_with_few_values_are_called_like_any() {
    for (name, engine) in engines() {
        let mut store = Store::new(&engine, ());
        // Where fuel is counted.
        let _ = store.set_fuel(1_000_000);
        let module = Module::new(&engine, NARROW).unwrap();
        let ty = module.imports().next().unwrap().ty().unwrap_func().clone();
        let host = Func::new(&mut store, ty, |_, params, results| {
            for null in &params[1..] {
                assert!(null.ref_().is_some_and(|reference| reference.is_null()));
            }
            results[0] = params[0];
            Ok(())
        });
        let instance = Instance::new(&mut store, &module, &[host.into()]).unwrap();
        let small = AnyRef::from_i31(&mut store, I31::wrapping_i32(-7));
        let object = StructType::new(&engine, []).unwrap();
        let object = StructRefPre::new(&mut store, object);
        let object = StructRef::new(&mut store, &object, &[]).unwrap();
        for export in ["i31", "host"] {
            let call = function::<Any, Any>(&mut store, &instance, export);
            assert!(call.call(&mut store, None).unwrap().is_none(), "{name}");
            let given = call.call(&mut store, Some(small)).unwrap().unwrap();
            let given = given.as_i31(&store).unwrap().map(I31::get_i32);
            assert_eq!(given, Some(-7), "{name}");
            let wrong = call.call(&mut store, Some(object.to_anyref()));
            assert!(wrong.is_err(), "{name}");
            let call = instance.get_func(&mut store, export).unwrap();
            let mut results = [Val::I32(0)];
            call.call(&mut store, &[Val::AnyRef(None)], &mut results)
                .unwrap();
            assert!(matches!(results[0], Val::AnyRef(None)), "{name}");
        }
        let some = function::<Rooted<AnyRef>, i32>(&mut store, &instance, "some i31");
        assert_eq!(some.call(&mut store, small).unwrap(), -7, "{name}");
        assert!(some.call(&mut store, object.to_anyref()).is_err());
        let null = function::<Any, Any>(&mut store, &instance, "null");
        assert!(null.call(&mut store, None).unwrap().is_none(), "{name}");
        assert!(null.call(&mut store, Some(small)).is_err(), "{name}");
        let null = function::<Option<Func>, Option<Func>>(&mut store, &instance, "null function");
        assert!(null.call(&mut store, None).unwrap().is_none(), "{name}");
        assert!(null.call(&mut store, Some(host)).is_err(), "{name}");
        type Extern = Option<Rooted<ExternRef>>;
        let null = function::<Extern, Extern>(&mut store, &instance, "null extern");
        assert!(null.call(&mut store, None).unwrap().is_none(), "{name}");
        let value = ExternRef::new(&mut store, 1).unwrap();
        assert!(null.call(&mut store, Some(value)).is_err(), "{name}");
        type Exn = Option<Rooted<ExnRef>>;
        let null = function::<Exn, Exn>(&mut store, &instance, "null exception");
        assert!(null.call(&mut store, None).unwrap().is_none(), "{name}");
    }
}

/// Structs and arrays that wait in locals and operands while what is called makes others and throws one of them.
const THROWS: &str = r#"(module
  (type $box (struct (field $value (mut i32))))
  (type $boxes (array (mut (ref null $box))))
  (tag $e (param (ref $box)))
  (func $throw (param $depth i32) (param $box (ref $box)) (result i32)
    (local $mine (ref $box))
    (local.set $mine (struct.new $box (local.get $depth)))
    (if (i32.eqz (local.get $depth)) (then (throw $e (local.get $box))))
    (i32.add
      (call $throw (i32.sub (local.get $depth) (i32.const 1)) (local.get $box))
      (struct.get $box $value (local.get $mine))))
  (func (export "f") (param $depth i32) (result i32)
    (local $a (ref $box)) (local $all (ref $boxes)) (local $again i32) (local $caught (ref null $box)) (local $waited (ref null $box))
    (local.set $a (struct.new $box (i32.const 1)))
    (local.set $all (array.new_default $boxes (i32.const 4)))
    (loop $loop
      (array.set $boxes (local.get $all) (local.get $again) (struct.new $box (local.get $again)))
      (struct.new $box (i32.const 5)) ;; an operand that waits
      (block $h (result (ref $box))
        (try_table (catch $e $h)
          (struct.set $box $value (local.get $a)
            (i32.add (struct.get $box $value (local.get $a)) (i32.const 10)))
          (local.set $caught (local.get $a))
          (drop (call $throw (local.get $depth) (struct.new $box (i32.const 100)))))
        (unreachable))
      (local.set $caught)
      (local.set $waited)
      (struct.set $box $value (local.get $a)
        (i32.add (struct.get $box $value (local.get $a)) (struct.get $box $value (local.get $waited))))
      (struct.set $box $value (local.get $a)
        (i32.add (struct.get $box $value (local.get $a)) (struct.get $box $value (local.get $caught))))
      (br_if $loop
        (i32.lt_u (local.tee $again (i32.add (local.get $again) (i32.const 1))) (i32.const 4))))
    (i32.add (struct.get $box $value (local.get $a))
      (struct.get $box $value (array.get $boxes (local.get $all) (i32.const 3))))))"#;

#[test]
fn objects_across_a_throw_are_rooted() {
    for stress in [false, true] {
        let mut configs = vec![Config::new(), Config::new()];
        configs[1].compiler_inlining(false);
        if cfg!(target_arch = "x86_64") {
            let mut config = Config::new();
            config.tier(silica_engine::Tier::Baseline);
            configs.push(config);
        }
        for config in &mut configs {
            let engine = Engine::new(config.gc_stress(stress)).unwrap();
            let (mut store, instance) = instance(&engine, THROWS);
            let f = function::<i32, i32>(&mut store, &instance, "f");
            for depth in [0, 1, 10] {
                // 1, four times 10 and 5 and 100; and the last of the array.
                assert_eq!(f.call(&mut store, depth).unwrap(), 1 + 4 * 115 + 3);
            }
        }
    }
}

#[test]
fn a_number_is_not_reused_while_an_object_has_it() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let field = || FieldType::new(Mutability::Var, StorageType::I16);
    let mut objects = Vec::new();
    for count in 0..20 {
        let ty = StructType::new(&engine, std::iter::repeat_with(field).take(count)).unwrap();
        let pre = StructRefPre::new(&mut store, ty);
        let fields = vec![Val::I32(count as i32); count];
        objects.push(StructRef::new(&mut store, &pre, &fields).unwrap());
        let element = FieldType::new(Mutability::Var, StorageType::ValType(ValType::I64));
        drop(ArrayType::new(&engine, element));
        store.gc().unwrap();
    }
    for (count, object) in objects.into_iter().enumerate() {
        assert_eq!(object.ty(&store).unwrap().fields().len(), count);
        let fields = object.fields(&mut store).unwrap();
        assert!(fields.into_iter().all(|f| f.i32() == Some(count as i32)));
    }
}

#[test]
fn an_object_takes_functions_of_its_fields_type_only() {
    const CALL: &str = r#"(module
      (type $t (func (result i32)))
      (type $functions (array (mut (ref null $t))))
      (func (export "call") (param (ref $functions)) (result i32)
        (call_ref $t (array.get $functions (local.get 0) (i32.const 0)))))"#;
    for (name, engine) in engines() {
        let (mut store, instance) = instance(&engine, CALL);
        let ty = FuncType::new(&engine, [], [ValType::I32]);
        let element = RefType::new(true, HeapType::ConcreteFunc(ty));
        let element = FieldType::new(Mutability::Var, StorageType::ValType(element.into()));
        let pre = ArrayRefPre::new(&mut store, ArrayType::new(&engine, element));
        let array = ArrayRef::new(&mut store, &pre, &Val::FuncRef(None), 1).unwrap();
        let call = function::<Rooted<AnyRef>, i32>(&mut store, &instance, "call");
        assert!(call.call(&mut store, array.to_anyref()).is_err(), "{name}");
        let other = Func::wrap(&mut store, |_: i32| 7);
        assert!(array.set(&mut store, 0, other.into()).is_err(), "{name}");
        let number = AnyRef::from_i31(&mut store, I31::wrapping_u32(1));
        assert!(array.set(&mut store, 0, number.into()).is_err(), "{name}");
        let seven = Func::wrap(&mut store, || 7);
        array.set(&mut store, 0, seven.into()).unwrap();
        assert_eq!(
            call.call(&mut store, array.to_anyref()).unwrap(),
            7,
            "{name}"
        );
    }
}
