//! Exceptions in the host's hands: caught, looked into, made and thrown.

use silica_engine::{
    AsContextMut, Caller, Config, Engine, ExnRef, ExternRef, Func, FuncType, Instance, Module,
    Result, Store, Tag, TagType, ThrownException, Val, ValType, WasmBacktrace,
};

const TEXT: &str = r#"(module
    (import "host" "call" (func $host (param i32) (result i32)))
    (import "host" "tag" (tag $e (param i32 externref funcref)))
    (elem declare func $throw)
    (func $throw (export "throw") (param i32 externref)
        (throw $e (local.get 0) (local.get 1) (ref.func $throw)))
    (func (export "catch") (param i32) (result i32)
        (block $h (result i32 externref funcref)
            (try_table (catch $e $h) (return (call $host (local.get 0))))
            (unreachable))
        (drop) (drop) (i32.add (i32.const 100))))"#;

fn tag(store: &mut Store<()>, engine: &Engine) -> Tag {
    let params = [ValType::I32, ValType::EXTERNREF, ValType::FUNCREF];
    Tag::new(store, &TagType::new(FuncType::new(engine, params, []))).unwrap()
}

fn instance(
    engine: &Engine,
    host: impl Fn(Caller<'_, ()>, Tag, i32) -> Result<i32> + Send + Sync + 'static,
) -> (Store<()>, Instance, Tag) {
    let module = Module::new(engine, TEXT).unwrap();
    let mut store = Store::new(engine, ());
    let tag = tag(&mut store, engine);
    let host = Func::wrap(&mut store, move |caller: Caller<'_, ()>, value: i32| {
        host(caller, tag, value)
    });
    let instance = Instance::new(&mut store, &module, &[host.into(), tag.into()]).unwrap();
    (store, instance, tag)
}

#[test]
fn the_host_catches_and_looks_in() {
    for stress in [false, true] {
        let engine = Engine::new(Config::new().gc_stress(stress)).unwrap();
        let (mut store, instance, tag) = instance(&engine, |_, _, value| Ok(value));
        let throw = instance.get_func(&mut store, "throw").unwrap();
        let data = ExternRef::new(&mut store, String::from("carried")).unwrap();
        let params = [Val::I32(7), Val::ExternRef(Some(data))];
        let error = throw.call(&mut store, &params, &mut []).unwrap_err();
        assert!(error.is::<ThrownException>());
        let backtrace = error.downcast_ref::<WasmBacktrace>().unwrap();
        assert_eq!(backtrace.frames()[0].func_name(), Some("throw"));
        assert!(store.as_context_mut().has_pending_exception());
        let exception = store.take_pending_exception().unwrap();
        assert!(store.take_pending_exception().is_none());
        assert!(Tag::eq(&exception.tag(&mut store).unwrap(), &tag, &store));
        let fields: Vec<Val> = exception.fields(&mut store).unwrap().collect();
        assert_eq!(fields[0].i32(), Some(7));
        let carried = fields[1].extern_ref().flatten().unwrap();
        let carried = carried.data(&store).unwrap().unwrap();
        assert_eq!(carried.downcast_ref::<String>().unwrap(), "carried");
        let function = fields[2].func_ref().flatten().unwrap();
        assert_eq!(function.ty(&store).params().len(), 2);
        assert!(exception.field(&mut store, 3).is_err());
    }
}

#[test]
fn the_host_throws() {
    for stress in [false, true] {
        let engine = Engine::new(Config::new().gc_stress(stress)).unwrap();
        let (mut store, instance, _) = instance(&engine, |mut caller, tag, value| {
            let fields = [Val::I32(value), Val::ExternRef(None), Val::FuncRef(None)];
            let exception = ExnRef::new(&mut caller, &tag, &fields)?;
            Ok(caller.throw(exception)?)
        });
        let catch = instance
            .get_typed_func::<i32, i32>(&mut store, "catch")
            .unwrap();
        for value in 0..50 {
            assert_eq!(catch.call(&mut store, value).unwrap(), value + 100);
        }
        assert!(store.take_pending_exception().is_none());
    }
}

#[test]
fn the_host_passes_on_or_catches() {
    let engine = Engine::default();
    let (mut store, instance, _) = instance(&engine, |mut caller, _, value| {
        let throw = caller
            .get_export("throw")
            .and_then(|e| e.into_func())
            .unwrap();
        let params = [Val::I32(value), Val::ExternRef(None)];
        match throw.call(&mut caller, &params, &mut []) {
            Err(error) if value < 0 => {
                assert!(error.is::<ThrownException>());
                caller.take_pending_exception().unwrap();
                Ok(value)
            }
            outcome => outcome.map(|()| 0),
        }
    });
    let catch = instance
        .get_typed_func::<i32, i32>(&mut store, "catch")
        .unwrap();
    assert_eq!(catch.call(&mut store, 1).unwrap(), 101);
    assert_eq!(catch.call(&mut store, -1).unwrap(), -1);
}

#[test]
fn the_error_without_an_exception_is_an_error_and_no_throw() {
    let engine = Engine::default();
    let (mut store, instance, _) = instance(&engine, |_, _, _| Err(ThrownException.into()));
    let catch = instance
        .get_typed_func::<i32, i32>(&mut store, "catch")
        .unwrap();
    assert!(
        catch
            .call(&mut store, 1)
            .unwrap_err()
            .is::<ThrownException>()
    );
    assert!(store.take_pending_exception().is_none());
}

#[test]
fn values_of_an_exception_are_checked() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let tag = tag(&mut store, &engine);
    let null = [Val::ExternRef(None), Val::FuncRef(None)];
    assert!(ExnRef::new(&mut store, &tag, &null).is_err());
    let wrong = [Val::I64(1), Val::ExternRef(None), Val::FuncRef(None)];
    assert!(ExnRef::new(&mut store, &tag, &wrong).is_err());
    let results = FuncType::new(&engine, [], [ValType::I32]);
    assert!(Tag::new(&mut store, &TagType::new(results)).is_err());
}
