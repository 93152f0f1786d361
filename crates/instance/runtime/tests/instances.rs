//! Memories, tables, globals, segments: what instances are made of.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

mod support;

use std::time::Duration;

use silica_contract::{builtin::Builtin, image::MemoryImage, trap::TrapCode};
use silica_module::{
    ByteRange, ConstExpression, ConstOperator, DataMode, DataSegment, ElementItems, ElementMode,
    ElementSegment, EntityType, Export, GlobalType, IndexType, MemoryType, RefType, TableType,
    ValueType,
};
use silica_runtime::{
    CallError, Extern, Global, HostError, Image, ImportMismatch, Instance, InstantiateError,
    Memory, ResourceLimiter, Runtime, RuntimeConfig, RuntimeError, SharedMemory, Store, Table,
    Value, WaitOutcome,
};
use support::*;

fn constant(operators: &[ConstOperator]) -> ConstExpression {
    ConstExpression {
        operators: operators.into(),
    }
}

fn export_memory(builder: &mut Builder, index: u32) {
    let ty = builder.module.memories[index as usize];
    builder.module.exports.push(Export {
        name: "memory".to_owned(),
        entity: EntityType::Memory(ty),
        index,
    });
}

fn memory_of<T>(store: &Store<T>, instance: Instance) -> Memory {
    match instance.export_by_name(store, "memory") {
        Some(Extern::Memory(memory)) => memory,
        other => panic!("{other:?}"),
    }
}

fn pooled(keep_resident: usize) -> Runtime {
    let config = RuntimeConfig {
        memories_idle_max: 4,
        memory_keep_resident: keep_resident,
        ..RuntimeConfig::default()
    };
    Runtime::new(config).unwrap()
}

fn with_image(byte: u8) -> Builder {
    let mut builder = Builder::new();
    builder.memory(2, None);
    export_memory(&mut builder, 0);
    builder.memories = vec![byte; 20_000];
    builder.memory_images = vec![MemoryImage {
        memory: 0,
        address: 16 << 10,
        bytes: ByteRange {
            start: 0,
            end: 20_000,
        },
    }];
    builder
}

fn expect_contents(data: &[u8], byte: u8) {
    assert_eq!(data.len(), 2 << 16);
    assert!(data[..16 << 10].iter().all(|b| *b == 0));
    assert!(data[16 << 10..][..20_000].iter().all(|b| *b == byte));
    assert!(data[(16 << 10) + 20_000..].iter().all(|b| *b == 0));
}

/// Regression class: a reused slot shows the former tenant's bytes.
#[test]
fn a_reused_slot_begins_with_its_own_contents() {
    for keep_resident in [0, 24 << 10, 1 << 20] {
        let runtime = pooled(keep_resident);
        let a = with_image(1).compile(&runtime);
        let b = with_image(2).compile(&runtime);
        let mut empty = Builder::new();
        empty.memory(1, Some(1));
        export_memory(&mut empty, 0);
        let empty = empty.compile(&runtime);
        for round in 0..12 {
            let mut store = Store::new(&runtime, false, ());
            let (module, byte) = [(&a, 1), (&b, 2), (&empty, 0), (&a, 1)][round % 4];
            let instance = store.instantiate(module, &[]).unwrap();
            let memory = memory_of(&store, instance);
            if byte == 0 {
                assert_eq!(memory.data(&store).len(), 1 << 16);
                assert!(memory.data(&store).iter().all(|b| *b == 0));
            } else {
                expect_contents(memory.data(&store), byte);
                memory.grow(&mut store, 3).unwrap();
                assert!(memory.data(&store)[2 << 16..].iter().all(|b| *b == 0));
            }
            memory.data_mut(&mut store).fill(0xee);
        }
    }
}

/// A smaller memory in a reused slot does not open pages beyond its length.
#[test]
fn a_reused_slot_faults_beyond_its_length() {
    let runtime = pooled(0);
    let big = with_image(1).compile(&runtime);
    let mut small = Builder::new();
    let memory = small.memory(0, None);
    let load = small.function(&[I32], &[I32]);
    let layout = small.layout();
    small.code(
        load,
        &[
            &load_memory_base(&layout, memory),
            &[0x89, 0xd2, 0x8b, 0x04, 0x10],
            RET,
        ],
    );
    small.trap(load, 9, TrapCode::MemoryOutOfBounds);
    let small = small.compile(&runtime);
    for _ in 0..3 {
        let mut store = Store::new(&runtime, false, ());
        store.instantiate(&big, &[]).unwrap();
        drop(store);
        let mut store = Store::new(&runtime, false, ());
        let instance = store.instantiate(&small, &[]).unwrap();
        let function = export(&store, instance, load);
        let typed = store.typed::<(u32,), (i32,)>(function).unwrap();
        for address in [0, 16 << 10, 32 << 10, 1 << 16] {
            assert!(matches!(
                store.call_typed(typed, (address,)),
                Err(CallError::Trap {
                    code: TrapCode::MemoryOutOfBounds,
                    ..
                })
            ));
        }
    }
}

#[test]
fn an_image_is_mapped_from_its_file() {
    let runtime = runtime();
    let path = std::env::temp_dir().join(format!("silica-runtime-test-{}", std::process::id()));
    let mut builder = with_image(9);
    let function = builder.with_code(&[], &[I32], &[&[0xb8, 42, 0, 0, 0], RET]);
    std::fs::write(&path, builder.bytes()).unwrap();
    let image = Image::open(std::fs::File::open(&path).unwrap()).unwrap();
    std::fs::remove_file(&path).unwrap();
    // SAFETY: the code is written by hand to do what the module's types say.
    let module = unsafe { silica_runtime::CompiledModule::new(&runtime, image) }.unwrap();
    for _ in 0..3 {
        let mut store = Store::new(&runtime, false, ());
        let instance = store.instantiate(&module, &[]).unwrap();
        let memory = memory_of(&store, instance);
        expect_contents(memory.data(&store), 9);
        memory.data_mut(&mut store).fill(1);
        let function = export(&store, instance, function);
        let typed = store.typed::<(), (i32,)>(function).unwrap();
        assert_eq!(store.call_typed(typed, ()).unwrap(), (42,));
    }
}

#[test]
fn damaged_images_are_errors() {
    let bytes = with_image(1).bytes();
    for length in [0, 7, 8, 100, bytes.len() - 1] {
        assert!(Image::from_vec(bytes[..length].to_vec()).is_err());
    }
    let mut outside = with_image(1);
    outside.memory_images[0].address = 2 << 16;
    let image = Image::from_vec(outside.bytes()).unwrap();
    // SAFETY: there is no code in it.
    assert!(unsafe { silica_runtime::CompiledModule::new(&runtime(), image) }.is_err());
}

struct Limits {
    memory_max: usize,
    table_max: usize,
    failures: usize,
    fail: bool,
}

impl ResourceLimiter for Limits {
    fn memory_growing(
        &mut self,
        _: usize,
        desired: usize,
        _: Option<usize>,
    ) -> Result<bool, HostError> {
        if self.fail {
            return Err(Box::new("the limiter's own error"));
        }
        Ok(desired <= self.memory_max)
    }

    fn memory_grow_failed(&mut self, _: &str) -> Result<(), HostError> {
        self.failures += 1;
        Ok(())
    }

    fn table_growing(
        &mut self,
        _: usize,
        desired: usize,
        _: Option<usize>,
    ) -> Result<bool, HostError> {
        Ok(desired <= self.table_max)
    }
}

#[test]
fn growth_asks_the_limiter() {
    let runtime = runtime();
    let mut builder = Builder::new();
    builder.memory(1, Some(10));
    export_memory(&mut builder, 0);
    let grow = builder.function(&[I32], &[I32]);
    // mov ecx…: builtin(context, memory 0, delta): rsi = 0, rdx stays.
    builder.code(
        grow,
        &[
            &[0x31, 0xf6, 0x89, 0xd2],
            &call_builtin(Builtin::MemoryGrow),
        ],
    );
    let module = builder.compile(&runtime);
    let limits = Limits {
        memory_max: 5 << 16,
        table_max: 0,
        failures: 0,
        fail: false,
    };
    let mut store = Store::new(&runtime, false, limits);
    store.limiter(|limits| limits);
    let instance = store.instantiate(&module, &[]).unwrap();
    let function = export(&store, instance, grow);
    let typed = store.typed::<(i32,), (i32,)>(function).unwrap();
    let memory = memory_of(&store, instance);
    assert_eq!(store.call_typed(typed, (0,)).unwrap(), (1,));
    assert_eq!(store.call_typed(typed, (4,)).unwrap(), (1,));
    assert_eq!(store.call_typed(typed, (1,)).unwrap(), (-1,));
    assert_eq!(memory.size(&store), 5);
    store.data_mut().memory_max = usize::MAX;
    assert_eq!(
        store.call_typed(typed, (6,)).unwrap(),
        (-1,),
        "beyond the maximum"
    );
    assert_eq!(store.data().failures, 1);
    assert_eq!(
        store.call_typed(typed, (-1,)).unwrap(),
        (-1,),
        "beyond everything"
    );
    assert_eq!(store.call_typed(typed, (5,)).unwrap(), (5,));
    assert_eq!(memory.data(&store).len(), 10 << 16);
    store.data_mut().fail = true;
    match store.call_typed(typed, (1,)) {
        Err(CallError::Host { error, .. }) => {
            assert_eq!(
                *error.downcast::<&str>().unwrap(),
                "the limiter's own error"
            );
        }
        other => panic!("{other:?}"),
    }
    store.data_mut().fail = false;
    store.data_mut().memory_max = 0;
    assert!(matches!(
        store.instantiate(&module, &[]),
        Err(InstantiateError::Resource(RuntimeError::Limited(_)))
    ));
}

/// Regression class: a table larger than the address space; growth out of proportion.
#[test]
fn huge_tables_and_memories_are_errors() {
    let runtime = runtime();
    let mut store = Store::new(&runtime, false, ());
    for min in [u64::MAX, 1 << 61, 1 << 33] {
        let ty = TableType {
            index: IndexType::I64,
            element: RefType::FUNCREF,
            min,
            max: None,
        };
        assert!(Table::new(&mut store, ty, Value::Function(None)).is_err());
        let ty = MemoryType {
            index: IndexType::I64,
            min,
            max: None,
            shared: false,
            page_size_log2: 16,
        };
        assert!(Memory::new(&mut store, ty).is_err());
    }
    let ty = TableType {
        index: IndexType::I64,
        element: RefType::EXTERNREF,
        min: 1,
        max: None,
    };
    let table = Table::new(&mut store, ty, Value::Extern(None)).unwrap();
    assert!(
        table
            .grow(&mut store, u64::MAX, Value::Extern(None))
            .is_err()
    );
    assert!(
        table
            .grow(&mut store, 1 << 40, Value::Extern(None))
            .is_err()
    );
    assert_eq!(table.size(&store), 1);
}

#[test]
fn small_pages() {
    let runtime = runtime();
    let mut store = Store::new(&runtime, false, ());
    let ty = MemoryType {
        index: IndexType::I32,
        min: 3,
        max: Some(100_000),
        shared: false,
        page_size_log2: 0,
    };
    let memory = Memory::new(&mut store, ty).unwrap();
    assert_eq!(memory.data(&store).len(), 3);
    assert_eq!(memory.grow(&mut store, 5000).unwrap(), 3);
    assert_eq!(memory.data(&store).len(), 5003);
    assert!(memory.grow(&mut store, 95_000).is_err());
    assert_eq!(memory.size(&store), 5003);
}

#[test]
fn globals_and_constant_expressions() {
    let runtime = runtime();
    let immutable = |value| GlobalType {
        value,
        mutable: false,
    };
    let mut builder = Builder::new();
    builder.import_global(immutable(ValueType::I64));
    let add = ConstOperator::IntBinary(
        silica_operator::IntBinary::Add,
        silica_operator::IntType::I64,
    );
    let sum = constant(&[
        ConstOperator::GlobalGet(0),
        ConstOperator::I64Const(-2),
        add,
    ]);
    builder.module.globals.push(silica_module::Global {
        ty: GlobalType {
            value: ValueType::I64,
            mutable: true,
        },
        initial: Some(sum),
    });
    for index in [0, 1] {
        builder.module.exports.push(Export {
            name: format!("g{index}"),
            entity: EntityType::Global(builder.module.globals[index as usize].ty),
            index,
        });
    }
    let module = builder.compile(&runtime);
    let mut store = Store::new(&runtime, false, ());
    let imported = Global::new(&mut store, immutable(ValueType::I64), Value::I64(44)).unwrap();
    let instance = store
        .instantiate(&module, &[Extern::Global(imported)])
        .unwrap();
    let Some(Extern::Global(same)) = instance.export_by_name(&store, "g0") else {
        panic!()
    };
    let Some(Extern::Global(sum)) = instance.export_by_name(&store, "g1") else {
        panic!()
    };
    assert_eq!(same, imported);
    assert_eq!(sum.get(&mut store), Value::I64(42));
    sum.set(&mut store, Value::I64(1)).unwrap();
    assert_eq!(sum.get(&mut store), Value::I64(1));
    assert!(matches!(
        sum.set(&mut store, Value::I32(1)),
        Err(RuntimeError::Type { .. })
    ));
    assert!(matches!(
        same.set(&mut store, Value::I64(1)),
        Err(RuntimeError::Immutable(_))
    ));
    let wrong = Global::new(&mut store, immutable(ValueType::I32), Value::I32(44)).unwrap();
    assert!(matches!(
        store.instantiate(&module, &[Extern::Global(wrong)]),
        Err(InstantiateError::Import {
            index: 0,
            mismatch: ImportMismatch::Global { .. }
        })
    ));
}

/// Regression class: things of another type imported.
#[test]
fn imports_are_checked() {
    let runtime = runtime();
    let mut store = Store::new(&runtime, false, ());
    let memory = |min, max| MemoryType {
        index: IndexType::I32,
        min,
        max,
        shared: false,
        page_size_log2: 16,
    };
    let table = |min, max| TableType {
        index: IndexType::I32,
        element: RefType::FUNCREF,
        min,
        max,
    };
    let mut builder = Builder::new();
    builder.import_memory(memory(2, Some(4)));
    builder.import_table(table(1, None));
    let module = builder.compile(&runtime);
    let good_memory = Extern::Memory(Memory::new(&mut store, memory(2, Some(3))).unwrap());
    let good_table =
        Extern::Table(Table::new(&mut store, table(5, Some(9)), Value::Function(None)).unwrap());
    store
        .instantiate(&module, &[good_memory.clone(), good_table.clone()])
        .unwrap();
    for ty in [memory(1, Some(3)), memory(2, None), memory(2, Some(5))] {
        let bad = Extern::Memory(Memory::new(&mut store, ty).unwrap());
        let error = store
            .instantiate(&module, &[bad, good_table.clone()])
            .unwrap_err();
        assert!(matches!(
            error,
            InstantiateError::Import {
                index: 0,
                mismatch: ImportMismatch::Memory { .. }
            }
        ));
    }
    let error = store
        .instantiate(&module, &[good_memory.clone(), good_memory.clone()])
        .unwrap_err();
    assert!(matches!(
        error,
        InstantiateError::Import {
            index: 1,
            mismatch: ImportMismatch::Kind
        }
    ));
    let error = store
        .instantiate(&module, std::slice::from_ref(&good_memory))
        .unwrap_err();
    assert!(matches!(
        error,
        InstantiateError::ImportCount {
            expected: 2,
            found: 1
        }
    ));
    // Memories that were made for other settings than the code counts on.
    let mut other = Builder::new();
    other.settings.memory_guard = 4 << 30;
    other.import_memory(memory(1, None));
    let other = other.compile(&runtime);
    let error = store.instantiate(&other, &[good_memory]).unwrap_err();
    assert!(matches!(
        error,
        InstantiateError::Import {
            index: 0,
            mismatch: ImportMismatch::MemoryPlan
        }
    ));
}

#[test]
fn segments_are_written_in_order_up_to_the_one_that_traps() {
    let runtime = runtime();
    let mut builder = Builder::new();
    let memory_type = MemoryType {
        index: IndexType::I32,
        min: 1,
        max: None,
        shared: false,
        page_size_log2: 16,
    };
    let table_type = TableType {
        index: IndexType::I32,
        element: RefType::FUNCREF,
        min: 4,
        max: None,
    };
    builder.import_memory(memory_type);
    builder.import_table(table_type);
    let function = builder.with_code(&[], &[I32], &[&[0xb8, 42, 0, 0, 0], RET]);
    builder.kept = b"abcdef".to_vec();
    for (offset, start, end) in [(10, 0, 3), (65_535, 3, 5), (20, 5, 6)] {
        builder.module.data.push(DataSegment {
            bytes: ByteRange { start, end },
            mode: DataMode::Active {
                memory: 0,
                offset: constant(&[ConstOperator::I32Const(offset)]),
            },
        });
    }
    builder.module.elements.push(ElementSegment {
        ty: RefType::FUNCREF,
        items: ElementItems::Functions(Box::new([function])),
        mode: ElementMode::Active {
            table: 0,
            offset: constant(&[ConstOperator::I32Const(1)]),
        },
    });
    let module = builder.compile(&runtime);
    let mut store = Store::new(&runtime, false, ());
    let memory = Memory::new(&mut store, memory_type).unwrap();
    let table = Table::new(&mut store, table_type, Value::Function(None)).unwrap();
    match store.instantiate(&module, &[Extern::Memory(memory), Extern::Table(table)]) {
        Err(InstantiateError::Call(CallError::Trap { code, .. })) => {
            assert_eq!(code, TrapCode::MemoryOutOfBounds)
        }
        other => panic!("{other:?}"),
    }
    let data = memory.data(&store);
    assert_eq!(&data[10..13], b"abc");
    assert_eq!((data[65_535], data[20]), (0, 0));
    // The function lives on in the table, though there is no instance.
    let Some(Value::Function(Some(function))) = table.get(&mut store, 1) else {
        panic!()
    };
    assert_eq!(table.get(&mut store, 0), Some(Value::Function(None)));
    assert_eq!(table.get(&mut store, 4), None);
    let typed = store.typed::<(), (i32,)>(function).unwrap();
    assert_eq!(store.call_typed(typed, ()).unwrap(), (42,));
}

#[test]
fn externals_have_a_quota() {
    let runtime = Runtime::new(RuntimeConfig {
        externrefs_max: 2,
        ..RuntimeConfig::default()
    })
    .unwrap();
    let mut store = Store::new(&runtime, false, ());
    let a = store.new_extern(Box::new(1_u32)).unwrap();
    store.new_extern(Box::new("b")).unwrap();
    assert!(matches!(
        store.new_extern(Box::new(3)),
        Err(RuntimeError::ExternQuota(2))
    ));
    let data = a.data_mut(&mut store).unwrap().unwrap();
    *data.downcast_mut::<u32>().unwrap() = 7;
    let data = a.data(&store).unwrap().unwrap();
    assert_eq!(data.downcast_ref(), Some(&7_u32));
    let ty = TableType {
        index: IndexType::I32,
        element: RefType::EXTERNREF,
        min: 1,
        max: Some(3),
    };
    let table = Table::new(&mut store, ty, Value::Extern(Some(a))).unwrap();
    let Some(Value::Extern(Some(element))) = table.get(&mut store, 0) else {
        panic!("the element is a reference");
    };
    assert!(element.is_same(a, &store).unwrap());
    assert_eq!(table.grow(&mut store, 2, Value::Extern(None)).unwrap(), 1);
    assert!(table.grow(&mut store, 1, Value::Extern(None)).is_err());
    assert!(table.set(&mut store, 0, Value::Function(None)).is_err());
}

#[test]
fn waiters_are_woken() {
    let runtime = runtime();
    let ty = MemoryType {
        index: IndexType::I32,
        min: 1,
        max: Some(3),
        shared: true,
        page_size_log2: 16,
    };
    let memory = SharedMemory::new(&runtime, ty).unwrap();
    assert_eq!(memory.atomic_wait32(8, 1, None), Ok(WaitOutcome::Mismatch));
    assert_eq!(
        memory.atomic_wait64(8, 0, Some(Duration::from_millis(5))),
        Ok(WaitOutcome::TimedOut)
    );
    assert_eq!(
        memory.atomic_wait32(6, 0, None),
        Err(TrapCode::UnalignedAtomic)
    );
    assert_eq!(
        memory.atomic_notify(1 << 16, 1),
        Err(TrapCode::MemoryOutOfBounds)
    );
    std::thread::scope(|scope| {
        let waiters: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| memory.atomic_wait32(16, 0, None)))
            .collect();
        let mut woken = 0;
        while woken < 3 {
            woken += memory.atomic_notify(16, 2).unwrap();
            std::thread::yield_now();
        }
        for waiter in waiters {
            assert_eq!(waiter.join().unwrap(), Ok(WaitOutcome::Woken));
        }
    });
    assert_eq!(memory.atomic_notify(16, 1), Ok(0));
    assert_eq!(memory.grow(1).unwrap(), 1);
    assert_eq!(memory.grow(1).unwrap(), 2);
    assert!(memory.grow(1).is_err());
    assert_eq!(memory.bytes().len(), 3 << 16);
}

/// Regression class: a shared memory reached through the plain memory.
#[test]
fn a_shared_memory_is_no_plain_memory() {
    let runtime = runtime();
    let mut store = Store::new(&runtime, false, ());
    let mut ty = MemoryType {
        index: IndexType::I32,
        min: 1,
        max: Some(3),
        shared: true,
        page_size_log2: 16,
    };
    assert!(Memory::new(&mut store, ty).is_err());
    let mut builder = Builder::new();
    builder.module.memories.push(ty);
    export_memory(&mut builder, 0);
    let module = builder.compile(&runtime);
    let instance = store.instantiate(&module, &[]).unwrap();
    assert!(matches!(
        instance.export_by_name(&store, "memory"),
        Some(Extern::SharedMemory(_))
    ));
    let shared = SharedMemory::new(&runtime, ty).unwrap();
    ty.shared = false;
    assert!(SharedMemory::new(&runtime, ty).is_err());
    let mut builder = Builder::new();
    builder.import_memory(ty);
    let module = builder.compile(&runtime);
    assert!(matches!(
        store.instantiate(&module, &[Extern::SharedMemory(shared)]),
        Err(InstantiateError::Import {
            mismatch: ImportMismatch::Memory { .. },
            ..
        })
    ));
}
