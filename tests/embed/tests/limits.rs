//! Limits of stores: memories, tables, counts; errors and refusals.

use silica_engine::{
    Engine, Instance, Memory, MemoryType, Module, Ref, RefType, ResourceLimiter, Result, Store,
    StoreLimits, StoreLimitsBuilder, Table, TableType,
};

const GROWS: &str = r#"(module (memory (export "m") 1) (table (export "t") 1 funcref)
    (func (export "memory") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "table") (param i32) (result i32) (table.grow (ref.null func) (local.get 0))))"#;

fn limited(limits: StoreLimits) -> (Store<StoreLimits>, Result<Instance>) {
    let engine = Engine::default();
    let mut store = Store::new(&engine, limits);
    store.limiter(|limits| limits);
    let module = Module::new(&engine, GROWS).unwrap();
    let instance = Instance::new(&mut store, &module, &[]);
    (store, instance)
}

#[test]
fn growth_stops_at_the_limit() {
    let limits = StoreLimitsBuilder::new()
        .memory_size(3 << 16)
        .table_elements(5)
        .build();
    let (mut store, instance) = limited(limits);
    let instance = instance.unwrap();
    let memory = instance
        .get_typed_func::<i32, i32>(&mut store, "memory")
        .unwrap();
    let table = instance
        .get_typed_func::<i32, i32>(&mut store, "table")
        .unwrap();
    assert_eq!(memory.call(&mut store, 3).unwrap(), -1);
    assert_eq!(memory.call(&mut store, 2).unwrap(), 1);
    assert_eq!(memory.call(&mut store, 1).unwrap(), -1);
    assert_eq!(table.call(&mut store, 5).unwrap(), -1);
    assert_eq!(table.call(&mut store, 4).unwrap(), 1);
    assert!(
        instance
            .get_memory(&mut store, "m")
            .unwrap()
            .grow(&mut store, 1)
            .is_err()
    );
    assert!(
        instance
            .get_table(&mut store, "t")
            .unwrap()
            .grow(&mut store, 1, Ref::Func(None))
            .is_err()
    );
}

#[test]
fn initial_sizes_are_limited_too() {
    let (_, instance) = limited(StoreLimitsBuilder::new().memory_size(100).build());
    assert!(instance.is_err());
    let (_, instance) = limited(StoreLimitsBuilder::new().table_elements(0).build());
    assert!(instance.is_err());
    let (mut store, _) = limited(
        StoreLimitsBuilder::new()
            .memory_size(1 << 16)
            .table_elements(2)
            .build(),
    );
    assert!(Memory::new(&mut store, MemoryType::new(2, None)).is_err());
    assert!(
        Table::new(
            &mut store,
            TableType::new(RefType::FUNCREF, 3, None),
            Ref::Func(None)
        )
        .is_err()
    );
}

#[test]
fn counts_are_limited() {
    for limits in [
        StoreLimitsBuilder::new().instances(1).build(),
        StoreLimitsBuilder::new().memories(1).build(),
        StoreLimitsBuilder::new().tables(1).build(),
    ] {
        let (mut store, first) = limited(limits);
        first.unwrap();
        let module = Module::new(store.engine(), GROWS).unwrap();
        assert!(Instance::new(&mut store, &module, &[]).is_err());
    }
}

#[test]
fn a_failed_growth_may_be_a_trap() {
    let limits = StoreLimitsBuilder::new()
        .memory_size(1 << 16)
        .trap_on_grow_failure(true)
        .build();
    let (mut store, instance) = limited(limits);
    let memory = instance
        .unwrap()
        .get_typed_func::<i32, i32>(&mut store, "memory")
        .unwrap();
    let error = memory.call(&mut store, 1).unwrap_err();
    assert!(format!("{error:#}").contains("forced trap"), "{error:#}");
}

#[derive(Default)]
struct Notes {
    asked: Vec<(usize, usize, Option<usize>)>,
    failed: u32,
    refuse_with_error: bool,
}

impl ResourceLimiter for Notes {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool> {
        self.asked.push((current, desired, maximum));
        if self.refuse_with_error {
            silica_engine::bail!("my own reason");
        }
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _error: silica_engine::Error) -> Result<()> {
        self.failed += 1;
        Ok(())
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool> {
        Ok(true)
    }
}

#[test]
fn a_limiter_is_asked_with_bytes() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, Notes::default());
    store.limiter(|notes| notes);
    let module = Module::new(
        &engine,
        r#"(module (memory 1 3) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))"#,
    )
    .unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let grow = instance
        .get_typed_func::<i32, i32>(&mut store, "grow")
        .unwrap();
    assert_eq!(grow.call(&mut store, 1).unwrap(), 1);
    assert_eq!(
        store.data().asked,
        [(0, 65536, Some(3 << 16)), (65536, 131_072, Some(3 << 16))]
    );
    assert_eq!(grow.call(&mut store, 2).unwrap(), -1);
    assert_eq!(store.data().failed, 1);
    store.data_mut().refuse_with_error = true;
    let error = grow.call(&mut store, 1).unwrap_err();
    assert!(format!("{error:#}").contains("my own reason"), "{error:#}");
}

#[test]
fn an_error_of_a_limiter_reaches_the_host_that_grows() {
    let mut store = Store::new(&Engine::default(), Notes::default());
    store.limiter(|notes| notes);
    let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    store.data_mut().refuse_with_error = true;
    let error = memory.grow(&mut store, 1).unwrap_err();
    assert!(format!("{error:#}").contains("my own reason"), "{error:#}");
}
