//! Structs and arrays, made by the embedder and by programs.

use silica_engine::{
    AnyRef, ArrayRef, ArrayRefPre, ArrayType, Config, Engine, EqRef, ExternRef, FieldType,
    Finality, Func, HeapType, I31, Instance, Module, Mutability, RefType, RootScope, Rooted,
    StorageType, Store, StoreLimitsBuilder, StructRef, StructRefPre, StructType, Tier, Val,
    ValType,
};

const NODES: &str = r#"(module
  (rec (type $node (sub (struct (field $value (mut i32)) (field $next (mut (ref null $node)))))))
  (type $bytes (array (mut i8)))
  (type $functions (array (mut funcref)))
  (func (export "make") (param i32 (ref null $node)) (result (ref $node))
    (struct.new $node (local.get 0) (local.get 1)))
  (func (export "sum") (param $at (ref null $node)) (result i32) (local $sum i32)
    (block $done
      (loop $next
        (local.set $sum
          (i32.add (local.get $sum) (struct.get $node $value (br_on_null $done (local.get $at)))))
        (local.set $at (struct.get $node $next (local.get $at)))
        (br $next)))
    (local.get $sum))
  (func (export "bytes") (result (ref $bytes)) (array.new_fixed $bytes 3 (i32.const 1) (i32.const -1) (i32.const 0x1234)))
  (func (export "functions") (param funcref) (result (ref $functions))
    (array.new $functions (local.get 0) (i32.const 100)))
  (func (export "is node") (param anyref) (result i32) (ref.test (ref $node) (local.get 0))))"#;

fn call(store: &mut Store<()>, instance: &Instance, name: &str, arguments: &[Val]) -> Val {
    let function = instance.get_func(&mut *store, name).unwrap();
    let mut results = [Val::I32(0)];
    function.call(store, arguments, &mut results).unwrap();
    results[0]
}

fn object(value: Val) -> Rooted<AnyRef> {
    value.any_ref().flatten().expect("an object")
}

#[test]
fn what_a_program_makes_can_be_looked_into() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let module = Module::new(&engine, NODES).unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let mut list = Val::AnyRef(None);
    for value in 1..=10 {
        list = call(&mut store, &instance, "make", &[Val::I32(value), list]);
    }
    assert_eq!(call(&mut store, &instance, "sum", &[list]).i32(), Some(55));
    let node = object(list).unwrap_struct(&store).unwrap();
    assert_eq!(node.field(&mut store, 0).unwrap().i32(), Some(10));
    let next = object(node.field(&mut store, 1).unwrap());
    let next = next.as_struct(&store).unwrap().unwrap();
    next.set_field(&mut store, 0, Val::I32(100)).unwrap();
    assert_eq!(call(&mut store, &instance, "sum", &[list]).i32(), Some(146));
    assert!(node.set_field(&mut store, 1, Val::I32(1)).is_err());
    assert!(node.field(&mut store, 2).is_err());
    assert!(object(list).as_array(&store).unwrap().is_none());
    let bytes = call(&mut store, &instance, "bytes", &[]);
    let bytes = object(bytes).unwrap_array(&store).unwrap();
    let elements: Vec<_> = bytes.elems(&mut store).unwrap().map(|v| v.i32()).collect();
    assert_eq!(elements, [Some(1), Some(255), Some(0x34)]);
    assert!(bytes.get(&mut store, 3).is_err());
}

#[test]
fn what_the_embedder_makes_a_program_can_use() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let module = Module::new(&engine, NODES).unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let made = call(
        &mut store,
        &instance,
        "make",
        &[Val::I32(1), Val::AnyRef(None)],
    );
    let ty = object(made)
        .unwrap_struct(&store)
        .unwrap()
        .ty(&store)
        .unwrap();
    let pre = StructRefPre::new(&mut store, ty.clone());
    let mine = StructRef::new(&mut store, &pre, &[Val::I32(41), made]).unwrap();
    assert_eq!(
        call(&mut store, &instance, "sum", &[mine.into()]).i32(),
        Some(42)
    );
    assert_eq!(
        call(&mut store, &instance, "is node", &[mine.into()]).i32(),
        Some(1)
    );
    assert!(StructRef::new(&mut store, &pre, &[Val::I32(41)]).is_err());
    assert!(StructRef::new(&mut store, &pre, &[Val::I32(41), Val::I32(0)]).is_err());
    // A subtype of the program's type, of which the program has never heard.
    let field = |ty: ValType| FieldType::new(Mutability::Var, StorageType::ValType(ty));
    let next = RefType::new(true, HeapType::ConcreteStruct(ty.clone()));
    let below = StructType::with_finality_and_supertype(
        &engine,
        Finality::Final,
        Some(&ty),
        [
            field(ValType::I32),
            field(next.into()),
            field(ValType::V128),
        ],
    )
    .unwrap();
    let pre = StructRefPre::new(&mut store, below);
    let fields = [Val::I32(5), mine.into(), Val::from(7_u128)];
    let sub = StructRef::new(&mut store, &pre, &fields).unwrap();
    assert_eq!(
        call(&mut store, &instance, "sum", &[sub.into()]).i32(),
        Some(47)
    );
    assert_eq!(
        call(&mut store, &instance, "is node", &[sub.into()]).i32(),
        Some(1)
    );
    let other = StructType::new(&engine, [field(ValType::I32)]).unwrap();
    let pre = StructRefPre::new(&mut store, other);
    let stranger = StructRef::new(&mut store, &pre, &[Val::I32(1)]).unwrap();
    assert_eq!(
        call(&mut store, &instance, "is node", &[stranger.into()]).i32(),
        Some(0)
    );
    let sum = instance.get_func(&mut store, "sum").unwrap();
    let error = sum.call(&mut store, &[stranger.into()], &mut [Val::I32(0)]);
    assert!(error.is_err());
    let small = AnyRef::from_i31(&mut store, I31::wrapping_i32(-1));
    assert_eq!(
        call(&mut store, &instance, "is node", &[small.into()]).i32(),
        Some(0)
    );
}

#[test]
fn functions_in_objects_come_out_as_they_went_in() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let module = Module::new(&engine, NODES).unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let seven = Func::wrap(&mut store, || 7);
    let array = call(&mut store, &instance, "functions", &[seven.into()]);
    let array = object(array).unwrap_array(&store).unwrap();
    assert_eq!(array.len(&mut store).unwrap(), 100);
    for index in [0, 63, 99] {
        let function = array.get(&mut store, index).unwrap().funcref().unwrap();
        let function = function.typed::<(), i32>(&store).unwrap();
        assert_eq!(function.call(&mut store, ()).unwrap(), 7);
    }
    array.set(&mut store, 1, Val::FuncRef(None)).unwrap();
    assert!(array.get(&mut store, 1).unwrap().funcref().is_none());
}

#[test]
fn immutable_elements_stay() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let element = FieldType::new(Mutability::Const, StorageType::ValType(ValType::F64));
    let pre = ArrayRefPre::new(&mut store, ArrayType::new(&engine, element));
    let values = [Val::from(1.5_f64), Val::from(-0.0_f64)];
    let array = ArrayRef::new_fixed(&mut store, &pre, &values).unwrap();
    assert!(array.set(&mut store, 0, values[1]).is_err());
    let read: Vec<_> = array
        .elems(&mut store)
        .unwrap()
        .map(|v| v.unwrap_f64())
        .collect();
    assert_eq!(read, [1.5, 0.0]);
    assert!(ArrayRef::new(&mut store, &pre, &Val::I32(1), 1).is_err());
}

#[test]
fn what_an_object_is_can_be_asked() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let ty = StructType::new(&engine, []).unwrap();
    let pre = StructRefPre::new(&mut store, ty.clone());
    let object = StructRef::new(&mut store, &pre, &[]).unwrap();
    assert_eq!(object.fields(&mut store).unwrap().len(), 0);
    let any = object.to_anyref();
    assert!(matches!(any.ty(&store).unwrap(), HeapType::ConcreteStruct(found) if found == ty));
    assert!(any.matches_ty(&store, &HeapType::Struct).unwrap());
    assert!(!any.matches_ty(&store, &HeapType::Array).unwrap());
    let eq = any.as_eqref(&store).unwrap().unwrap();
    assert!(eq.as_array(&store).unwrap().is_none() && eq.as_i31(&store).unwrap().is_none());
    let same = eq.unwrap_struct(&store).unwrap();
    assert!(Rooted::ref_eq(&store, &same, &object).unwrap());
    let small = EqRef::from_i31(&mut store, I31::wrapping_u32(5));
    assert_eq!(small.as_i31(&store).unwrap().map(I31::get_u32), Some(5));
    assert!(matches!(small.ty(&store).unwrap(), HeapType::I31));
    assert!(small.as_struct(&store).unwrap().is_none());
    let value = ExternRef::new(&mut store, "a value").unwrap();
    let value = AnyRef::convert_extern(&mut store, value).unwrap();
    assert!(value.as_eqref(&store).unwrap().is_none());
    assert!(matches!(value.ty(&store).unwrap(), HeapType::Any));
}

#[test]
fn objects_of_the_embedder_move_and_keep_what_they_refer_to() {
    let engine = Engine::new(Config::new().gc_stress(true)).unwrap();
    let mut store = Store::new(&engine, ());
    let field = |ty: ValType| FieldType::new(Mutability::Var, StorageType::ValType(ty));
    let any = ValType::Ref(RefType::new(true, HeapType::Any));
    let pair = StructType::new(&engine, [field(ValType::I64), field(any.clone())]).unwrap();
    let pair = StructRefPre::new(&mut store, pair);
    let array = ArrayType::new(&engine, field(any));
    let array = ArrayRefPre::new(&mut store, array);
    let all = ArrayRef::new(&mut store, &array, &Val::AnyRef(None), 50).unwrap();
    for index in 0..50 {
        let mut scope = RootScope::new(&mut store);
        let fields = [Val::I64(index), Val::AnyRef(None)];
        let inner = StructRef::new(&mut scope, &pair, &fields).unwrap();
        let outer = [Val::I64(-index), Val::AnyRef(None)];
        let outer = StructRef::new(&mut scope, &pair, &outer).unwrap();
        // The outer one is old when it gets to know one that is younger.
        let younger = StructRef::new(&mut scope, &pair, &[Val::I64(7), inner.into()]).unwrap();
        outer.set_field(&mut scope, 1, younger.into()).unwrap();
        all.set(&mut scope, index as u32, outer.into()).unwrap();
    }
    store.gc().unwrap();
    for index in 0..50 {
        let outer = object(all.get(&mut store, index).unwrap());
        let outer = outer.unwrap_struct(&store).unwrap();
        assert_eq!(
            outer.field(&mut store, 0).unwrap().i64(),
            Some(-i64::from(index))
        );
        let younger = object(outer.field(&mut store, 1).unwrap());
        let younger = younger.unwrap_struct(&store).unwrap();
        let inner = object(younger.field(&mut store, 1).unwrap());
        let inner = inner.unwrap_struct(&store).unwrap();
        assert_eq!(
            inner.field(&mut store, 0).unwrap().i64(),
            Some(i64::from(index))
        );
    }
}

#[test]
fn an_object_that_has_no_room_is_an_error() {
    let engine = Engine::default();
    let limits = StoreLimitsBuilder::new().memory_size(8 << 20).build();
    let mut store = Store::new(&engine, limits);
    store.limiter(|limits| limits);
    let element = FieldType::new(Mutability::Var, StorageType::I8);
    let pre = ArrayRefPre::new(&mut store, ArrayType::new(&engine, element));
    for length in [u32::MAX, 1 << 24] {
        assert!(ArrayRef::new(&mut store, &pre, &Val::I32(0), length).is_err());
    }
    let array = ArrayRef::new(&mut store, &pre, &Val::I32(-1), 1 << 20).unwrap();
    assert_eq!(
        array.get(&mut store, (1 << 20) - 1).unwrap().i32(),
        Some(255)
    );
}

#[test]
#[should_panic(expected = "another engine")]
fn a_type_of_another_engine_is_refused() {
    let ty = StructType::new(&Engine::default(), []).unwrap();
    let mut store = Store::new(&Engine::default(), ());
    StructRefPre::new(&mut store, ty);
}

#[test]
#[should_panic(expected = "another store")]
fn an_object_of_another_store_is_refused() {
    let engine = Engine::default();
    let mut other = Store::new(&engine, ());
    let pre = StructRefPre::new(&mut other, StructType::new(&engine, []).unwrap());
    let stranger = StructRef::new(&mut other, &pre, &[]).unwrap();
    let mut store = Store::new(&engine, ());
    let any = FieldType::new(
        Mutability::Var,
        StorageType::ValType(RefType::new(true, HeapType::Any).into()),
    );
    let pre = ArrayRefPre::new(&mut store, ArrayType::new(&engine, any));
    let _ = ArrayRef::new_fixed(&mut store, &pre, &[stranger.into()]);
}

/// The benchmark's programs: a module, what it exports, with which arguments, and what V8 gives.
const PROGRAMS: [(&str, &str, &[i32], i64); 5] = [
    (
        include_str!("../../../bench/programs/objects/trees.wat"),
        "trees",
        &[6, 1],
        633,
    ),
    (
        include_str!("../../../bench/programs/objects/lists.wat"),
        "lists",
        &[300, 2],
        5_106_370_193_573_888,
    ),
    (
        include_str!("../../../bench/programs/objects/map.wat"),
        "map",
        &[200, 800],
        -2_016_293_888_884_661_017,
    ),
    (
        include_str!("../../../bench/programs/objects/richards.wat"),
        "richards",
        &[100],
        23_900_095,
    ),
    (
        include_str!("../../../bench/programs/objects/deltablue.wat"),
        "deltablue",
        &[8],
        19_055,
    ),
];

#[test]
fn programs_of_objects_do_not_notice_collections() {
    let mut tiers = vec![Tier::Optimize];
    if cfg!(target_arch = "x86_64") {
        tiers.push(Tier::Baseline);
    }
    for tier in tiers {
        for stress in [false, true] {
            let engine = Engine::new(Config::new().tier(tier).gc_stress(stress)).unwrap();
            for (text, name, arguments, expected) in PROGRAMS {
                let mut store = Store::new(&engine, ());
                let module = Module::new(&engine, text).unwrap();
                let instance = Instance::new(&mut store, &module, &[]).unwrap();
                let arguments: Vec<Val> = arguments.iter().map(|v| Val::I32(*v)).collect();
                let found = call(&mut store, &instance, name, &arguments);
                assert_eq!(found.i64(), Some(expected), "{name}, {tier:?}, {stress}");
            }
        }
    }
}
