//! The collector: what it keeps, what it lets go, and what it makes of damage.

mod graphs;

use std::sync::Arc;

use silica_contract::object::{ArrayLayout, StructLayout};
use silica_module::{
    ArrayType, CompositeType, FieldType, HeapType, RefType, StorageType, StructType, SubType,
    ValueType,
};

use super::*;
use crate::{HostError, types::RegisteredType};

const ANY: ValueType = ValueType::Ref(RefType {
    nullable: true,
    heap: HeapType::Any,
});

fn field(storage: StorageType) -> FieldType {
    FieldType {
        mutable: true,
        storage,
    }
}

fn value(ty: ValueType) -> FieldType {
    field(StorageType::Value(ty))
}

/// What owns a heap in these tests.
struct TestOwner {
    roots: Vec<u32>,
    bytes_max: usize,
}

impl Owner for TestOwner {
    fn roots(&mut self, visit: &mut Visit<'_>) -> Result<(), Damaged> {
        for root in &mut self.roots {
            *root = visit(*root)?;
        }
        Ok(())
    }

    fn suspended(&mut self, _: Suspended, _: &mut Visit<'_>) -> Result<(), Damaged> {
        Ok(())
    }

    fn continuation(&mut self, _: u32, _: &mut Visit<'_>) -> Result<(), Damaged> {
        Err(Damaged)
    }

    fn marked(&mut self) {}

    fn may_grow(&mut self, _: usize, desired: usize) -> Result<bool, HostError> {
        Ok(desired <= self.bytes_max)
    }
}

/// The same numbers for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end.max(1)
    }
}

struct Types {
    /// A number, a reference, a byte, another reference.
    pair: RegisteredType,
    references: RegisteredType,
    bytes: RegisteredType,
}

struct Fixture {
    heap: Heap,
    owner: TestOwner,
    types: Types,
}

fn pair_fields() -> [FieldType; 4] {
    [
        value(ValueType::I64),
        value(ANY),
        field(StorageType::I8),
        value(ANY),
    ]
}

impl Fixture {
    fn new(config: HeapConfig, bytes_max: usize) -> Fixture {
        let registry = Arc::new(TypeRegistry::default());
        let ty = SubType::from;
        let fields = Box::new(pair_fields());
        let array = |element| ty(CompositeType::Array(ArrayType { element }));
        let types = Types {
            pair: registry.register_one(ty(CompositeType::Struct(StructType { fields }))),
            references: registry.register_one(array(value(ANY))),
            bytes: registry.register_one(array(field(StorageType::I8))),
        };
        let mut owner = TestOwner {
            roots: Vec::new(),
            bytes_max,
        };
        Fixture {
            heap: Heap::new(registry, config, &mut owner).unwrap(),
            owner,
            types,
        }
    }

    fn pair(&mut self, number: u64) -> Result<u32, HeapError> {
        let layout = StructLayout::new(&pair_fields());
        let id = self.types.pair.id();
        let bytes = u64::from(layout.bytes);
        let start = self.heap.allocate(id, bytes, &mut self.owner)?;
        let object = self.heap.objects.space.check(start, layout.bytes)?;
        let halves = [number as u32, (number >> 32) as u32];
        for (half, bits) in (0..).zip(halves) {
            let space = &mut self.heap.objects.space;
            space.write(object, layout.offsets[0] + 4 * half, bits)?;
        }
        Ok(start)
    }

    fn array(&mut self, ty: &RegisteredType, length: u32) -> Result<u32, HeapError> {
        self.heap.allocate_array(ty.id(), length, &mut self.owner)
    }

    /// Offsets of the references of an object.
    fn reference_offsets(&mut self, object: u32) -> Vec<u32> {
        let header = self.heap.type_of(object).unwrap();
        if header == self.types.pair.id() {
            let layout = StructLayout::new(&pair_fields());
            return vec![layout.offsets[1], layout.offsets[3]];
        }
        if header == self.types.references.id() {
            let array = self.heap.objects.array(object).unwrap();
            return (0..array.length()).map(|index| 8 + 4 * index).collect();
        }
        Vec::new()
    }

    fn get(&mut self, object: u32, offset: u32) -> u32 {
        let (extent, _) = self.heap.objects.describe(object).unwrap();
        self.heap.objects.space.read(extent, offset).unwrap()
    }

    /// Writes a reference as compiled code does: the card first.
    fn set(&mut self, object: u32, offset: u32, reference: u32) {
        let (extent, shape) = self.heap.objects.describe(object).unwrap();
        let at = match shape {
            Shape::Array { .. } => object + offset,
            Shape::Fixed { .. } | Shape::Continuation | Shape::Unknown => object,
        };
        let space = &mut self.heap.objects.space;
        space.set_dirty(at >> heap::CARD_SHIFT, true);
        space.write(extent, offset, reference).unwrap();
    }

    fn verify(&mut self) {
        self.heap.collect_young(&mut self.owner).unwrap();
        verify::verify(&mut self.heap.objects, &mut self.owner).unwrap();
    }
}

fn config(nursery_bytes: u32) -> HeapConfig {
    HeapConfig {
        full_min: 256 << 10,
        ..HeapConfig::new(64 << 20, nursery_bytes)
    }
}

#[test]
fn garbage_goes_and_memory_is_given_back() {
    let mut fixture = Fixture::new(config(GRAIN), 64 << 20);
    let ty = fixture.types.bytes.clone();
    let before = fixture.heap.bytes();
    let large = fixture.array(&ty, 20 << 20).unwrap();
    fixture.owner.roots.push(large);
    assert!(fixture.heap.bytes() > 20 << 20);
    fixture.owner.roots.clear();
    fixture.heap.collect_all(&mut fixture.owner).unwrap();
    assert!(fixture.heap.bytes() <= before + (512 << 10));
    // The same place again, and zero.
    let again = fixture.array(&ty, 20 << 20).unwrap();
    let array = fixture.heap.objects.array(again).unwrap();
    let bytes = fixture.heap.objects.elements(array, 0, 20 << 20).unwrap();
    assert!(bytes.iter().all(|byte| *byte == 0));
}

#[test]
fn a_long_list_is_no_recursion_and_wide_arrays_overflow_no_stack() {
    let mut fixture = Fixture::new(config(GRAIN), 64 << 20);
    fixture.owner.roots.push(0);
    for number in 0..100_000 {
        let object = fixture.pair(number).unwrap();
        let head = fixture.owner.roots[0];
        fixture.set(object, 16, head);
        fixture.owner.roots[0] = object;
    }
    let ty = fixture.types.references.clone();
    let array = fixture.array(&ty, 10_000).unwrap();
    fixture.owner.roots.push(array);
    for index in 0..10_000 {
        let object = fixture.pair(index).unwrap();
        let array = fixture.owner.roots[1];
        fixture.set(array, 8 + 4 * index as u32, object);
    }
    fixture.heap.collect_all(&mut fixture.owner).unwrap();
    fixture.verify();
    let mut at = fixture.owner.roots[0];
    let mut length = 0;
    while at != 0 {
        at = fixture.get(at, 16);
        length += 1;
    }
    assert_eq!(length, 100_000);
}

#[test]
fn a_full_heap_is_an_error_and_stays_usable() {
    let mut fixture = Fixture::new(config(GRAIN), 4 << 20);
    let mut made = 0;
    let error = loop {
        match fixture.pair(made) {
            Ok(object) => fixture.owner.roots.push(object),
            Err(error) => break error,
        }
        made += 1;
    };
    assert!(matches!(error, HeapError::Exhausted), "{error:?}");
    assert!(made * 32 > 3 << 20, "only {made} objects fit in 4 MiB");
    assert!(fixture.heap.bytes() <= 4 << 20);
    let ty = fixture.types.bytes.clone();
    assert!(matches!(
        fixture.array(&ty, 1 << 20),
        Err(HeapError::Exhausted)
    ));
    assert!(matches!(
        fixture.array(&ty, u32::MAX),
        Err(HeapError::Exhausted)
    ));
    fixture.verify();
    fixture.owner.roots.truncate(10);
    fixture.pair(1).unwrap();
    fixture.array(&ty, 1 << 20).unwrap();
    fixture.verify();
}

#[test]
fn values_of_the_host_live_as_long_as_their_objects() {
    let mut fixture = Fixture::new(config(GRAIN), 64 << 20);
    let token = Arc::new(());
    for _ in 0..3 {
        let value = Box::new(Arc::clone(&token));
        let object = fixture.heap.allocate_host_value(value, &mut fixture.owner);
        fixture.owner.roots.push(object.unwrap().unwrap());
    }
    fixture.verify();
    fixture.owner.roots.remove(1);
    assert_eq!(Arc::strong_count(&token), 4);
    fixture.heap.collect_all(&mut fixture.owner).unwrap();
    assert_eq!(fixture.heap.take_dropped().len(), 1);
    assert_eq!(Arc::strong_count(&token), 3);
    for root in fixture.owner.roots.clone() {
        let value = fixture.heap.host_value(root).unwrap();
        assert!(value.is::<Arc<()>>());
    }
    // One that dies young.
    let value = Box::new(Arc::clone(&token));
    let object = fixture.heap.allocate_host_value(value, &mut fixture.owner);
    assert!(object.unwrap().is_some());
    fixture.verify();
    assert_eq!(fixture.heap.take_dropped().len(), 1);
    let pair = fixture.pair(1).unwrap();
    assert!(fixture.heap.host_value(pair).is_none());
    assert!(fixture.heap.host_value(0).is_none() && fixture.heap.host_value(7).is_none());
}

#[test]
fn values_of_the_host_are_limited_by_those_that_live() {
    let limited = HeapConfig {
        host_values_max: 4,
        ..config(GRAIN)
    };
    let mut fixture = Fixture::new(limited, 64 << 20);
    for round in 0..20 {
        let object = fixture
            .heap
            .allocate_host_value(Box::new(round), &mut fixture.owner);
        assert!(object.unwrap().is_some());
    }
    for _ in 0..4 {
        let object = fixture
            .heap
            .allocate_host_value(Box::new(()), &mut fixture.owner);
        fixture.owner.roots.extend(object.unwrap());
    }
    assert_eq!(fixture.owner.roots.len(), 4);
    let object = fixture
        .heap
        .allocate_host_value(Box::new(()), &mut fixture.owner);
    assert!(object.unwrap().is_none());
}

/// Whatever is written over objects, a collection ends, with an error at worst, and touches nothing else.
#[test]
fn a_damaged_heap_ends_calls_and_nothing_worse() {
    let mut damaged = 0;
    for seed in 1..30 {
        let mut random = Random(seed);
        let mut fixture = Fixture::new(config(GRAIN), 64 << 20);
        for number in 0..3_000 {
            let object = fixture.pair(number).unwrap();
            if number % 3 == 0 {
                fixture.owner.roots.push(object);
            }
            let count = fixture.owner.roots.len();
            let to = fixture.owner.roots[random.below(count)];
            fixture.set(to, 16, object);
        }
        for _ in 0..1 + random.below(20) {
            let top = fixture.heap.objects.top - heap::INACCESSIBLE;
            let at = heap::INACCESSIBLE + random.below(top as usize / 8) as u32 * 8;
            let bits = random.below(1 << 32) as u32;
            let bits = [bits, bits & 0xff_fff8, bits & 0x1ff][random.below(3)];
            let extent = fixture.heap.objects.space.check(at, 8).unwrap();
            let half = random.below(2) as u32 * 4;
            fixture
                .heap
                .objects
                .space
                .write(extent, half, bits)
                .unwrap();
        }
        let mut result = fixture.heap.collect_all(&mut fixture.owner);
        for number in 0..3_000 {
            if result.is_err() {
                break;
            }
            result = fixture.pair(number).map(|_| ());
        }
        if let Err(error) = result {
            assert!(
                matches!(error, HeapError::Damaged | HeapError::Exhausted),
                "{error:?}"
            );
            damaged += 1;
        }
    }
    assert!(damaged > 5, "{damaged}");
}

#[test]
fn arrays_are_filled_and_copied_within_their_bounds() {
    let mut fixture = Fixture::new(config(GRAIN), 64 << 20);
    let ty = fixture.types.bytes.clone();
    let object = fixture.array(&ty, 8).unwrap();
    let objects = &mut fixture.heap.objects;
    let array = objects.array(object).unwrap();
    objects.fill(array, 2, 3, 0x107).unwrap();
    objects.copy((array, 3), (array, 2), 4).unwrap();
    assert_eq!(
        objects.elements(array, 0, 8).unwrap(),
        [0, 0, 7, 7, 7, 7, 0, 0]
    );
    assert!(objects.fill(array, 6, 3, 0).is_err());
    assert!(objects.copy((array, 6), (array, 0), 3).is_err());
    assert!(objects.elements(array, u32::MAX, 2).is_err());
    let references = fixture.types.references.clone();
    let other = fixture.array(&references, 8).unwrap();
    let objects = &mut fixture.heap.objects;
    let (array, other) = (
        objects.array(object).unwrap(),
        objects.array(other).unwrap(),
    );
    assert!(objects.copy((other, 0), (array, 0), 1).is_err());
    assert_eq!(ArrayLayout::new(StorageType::I8).elements, 8);
}

#[test]
fn a_small_limit_makes_a_small_nursery() {
    let fixture = Fixture::new(config(4 << 20), 1 << 20);
    assert_eq!(fixture.heap.bytes(), 1 << 20);
    let registry = Arc::new(TypeRegistry::default());
    let mut owner = TestOwner {
        roots: Vec::new(),
        bytes_max: 1000,
    };
    let heap = Heap::new(registry, config(4 << 20), &mut owner);
    assert!(matches!(heap.err(), Some(HeapError::Exhausted)));
}
