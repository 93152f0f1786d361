//! Objects: where their parts lie, and where they lie themselves.
//!
//! A reference to an object is 32 bits wide: 0 is null, an odd number is an `i31`, an even one is the offset of an object from
//! the base of the store's heap ([`heap`]), a multiple of [`ALIGNMENT`]. Every object begins with its type's canonical id
//! ([`type_id`]), 32 bits; fields and elements follow, as [`StructLayout`] and [`ArrayLayout`] say.
//!
//! A reference in an object is 32 bits wide too, whatever it refers to: of a function it is the function's number in the store
//! ([`crate::layout::store::FUNCTIONS`]), never an address, so that who could write any bytes to the heap still could not make code jump
//! anywhere. Code that reads one checks the number against the length, and the function's type against the field's.

use silica_module::{FieldType, StorageType, SubType, ValueType};

/// Every object's offset and length is a multiple of it.
pub const ALIGNMENT: u32 = 8;
/// Offset of an object's canonical type id.
pub const TYPE: u32 = 0;
/// Bytes before a struct's first field.
pub const HEADER_BYTES: u32 = 4;
/// Offset of an array's length in elements, 32 bits.
pub const ARRAY_LENGTH: u32 = 4;
/// Offset of the number, in the store, of an exception's tag: 32 bits.
pub const EXCEPTION_TAG: u32 = 4;
/// Bytes before an exception's first parameter.
pub const EXCEPTION_HEADER_BYTES: u32 = 8;
/// Offset of the place, in the store's table of such values, of a value of the host: 32 bits. Its type id is [`type_id::HOST`].
pub const HOST_PLACE: u32 = 4;
/// Bytes of an object that stands for a value of the host.
pub const HOST_BYTES: u32 = 8;

/// Offset of the place, in the store's table of continuations, of a continuation: 32 bits; 0 once it was consumed. Who resumes it, binds it or switches to it
/// writes the 0. Its header says only that it is a continuation; of which type, the store's table knows.
pub const CONTINUATION_PLACE: u32 = 4;
/// Bytes of a continuation.
pub const CONTINUATION_BYTES: u32 = 8;

/// Canonical ids of types: even numbers, so that a low bit of 1 can mark an object that was moved.
pub mod type_id {
    /// What an object that stands for a value of the host has as its type.
    pub const HOST: u32 = 0;
    /// The supertype of all structs, in the table of supertypes.
    pub const STRUCT: u32 = 2;
    /// The supertype of all arrays, there.
    pub const ARRAY: u32 = 4;
    /// The supertype of all functions, there.
    pub const FUNCTION: u32 = 6;
    /// The supertype of all continuations, there.
    pub const CONTINUATION: u32 = 8;
    /// The first id of a type that a module declares.
    pub const FIRST: u32 = 10;
    /// From one id to the next.
    pub const STEP: u32 = 2;
}

/// The table of supertypes ([`crate::layout::store::SUPERTYPES`]): for each canonical id the ids of the types above it and its own, from
/// the top down, 32 bits each. At depth 0 is [`type_id::STRUCT`], [`type_id::ARRAY`] or [`type_id::FUNCTION`].
///
/// A type with id `found` is a subtype of `expected`, whose depth is `d` < [`DEPTHS`](supertypes::DEPTHS), when the id at byte
/// `(found << ENTRY_SHIFT) + 4 * d` is `expected`. Below that, a builtin finds out.
pub mod supertypes {
    /// How many of a type's supertypes the table has, from the top.
    pub const DEPTHS: u32 = 16;
    /// Bytes for each type.
    pub const ENTRY_BYTES: u32 = 4 * DEPTHS;
    /// A canonical id shifted left by this is where its entry begins.
    pub const ENTRY_SHIFT: u32 =
        ENTRY_BYTES.trailing_zeros() - super::type_id::STEP.trailing_zeros();

    /// Where the entry of a canonical id begins.
    #[must_use]
    pub const fn entry(id: u32) -> u64 {
        (id as u64) << ENTRY_SHIFT
    }
}

/// The depth of a type of a module in the table of supertypes: 1 for a type that declares no supertype.
#[must_use]
pub fn depth(types: &[SubType], index: u32) -> u32 {
    let above = |index: &u32| types.get(*index as usize).and_then(|ty| ty.supertype);
    // A supertype has a lower index in a valid module, so that this ends.
    std::iter::successors(Some(index), above).count() as u32
}

/// The heap of a store: a reservation of address space, of which the context's header has the base
/// ([`crate::layout::header::HEAP`]).
pub mod heap {
    /// Bytes from the base that any 32-bit offset may reach.
    pub const RESERVATION: u64 = 4 << 30;
    /// Bytes after them that fault, more than any field's or element's distance from its object.
    pub const GUARD: u64 = 1 << 20;
    /// Bytes at the start that fault: an access to a field of null that is nearer than this needs no check.
    pub const INACCESSIBLE: u32 = 64 << 10;
    /// A heap offset shifted right by this is the number of its card.
    pub const CARD_SHIFT: u32 = 9;
    /// Bytes of a card.
    pub const CARD_BYTES: u32 = 1 << CARD_SHIFT;
    /// Distance of card 0 from the base: the byte of the card of offset `o` is at `base + CARDS + (o >> CARD_SHIFT)`.
    ///
    /// [`CARD_DIRTY`] is written there *before* a reference to an object is written to a field or an element, since code may be stopped
    /// between the two. Of a struct or an exception it is the card of its offset; of an array, the card of the element's.
    /// The fields of an object that was just made need no mark until the next call.
    pub const CARDS: i32 = -((RESERVATION >> CARD_SHIFT) as i32);
    /// What a card's byte is that was written to.
    pub const CARD_DIRTY: u8 = 1;
}

/// Bytes that a value has in an object, and what its offset is a multiple of.
#[must_use]
pub const fn storage_bytes(storage: StorageType) -> u32 {
    match storage {
        StorageType::I8 => 1,
        StorageType::I16 => 2,
        StorageType::Value(ValueType::I32 | ValueType::F32 | ValueType::Ref(_)) => 4,
        StorageType::Value(ValueType::I64 | ValueType::F64) => 8,
        StorageType::Value(ValueType::V128) => 16,
    }
}

/// Where the fields of a struct, or the parameters of an exception, lie. The fields of a supertype lie where they lie in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StructLayout {
    /// The offset of each field from the object's.
    pub offsets: Box<[u32]>,
    /// Bytes of the whole object.
    pub bytes: u32,
}

impl StructLayout {
    /// The layout of a struct.
    #[must_use]
    pub fn new(fields: &[FieldType]) -> StructLayout {
        StructLayout::after(HEADER_BYTES, fields.iter().map(|field| field.storage))
    }

    /// The layout of an exception with these parameters.
    #[must_use]
    pub fn exception(parameters: &[ValueType]) -> StructLayout {
        let storages = parameters.iter().map(|ty| StorageType::Value(*ty));
        StructLayout::after(EXCEPTION_HEADER_BYTES, storages)
    }

    fn after(header: u32, storages: impl Iterator<Item = StorageType>) -> StructLayout {
        let mut end = header;
        let mut place = |storage| {
            let bytes = storage_bytes(storage);
            let offset = end.next_multiple_of(bytes);
            end = offset + bytes;
            offset
        };
        let offsets = storages.map(&mut place).collect();
        StructLayout {
            offsets,
            bytes: end.next_multiple_of(ALIGNMENT),
        }
    }
}

/// Where the elements of an array lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArrayLayout {
    /// Offset of the first element.
    pub elements: u32,
    /// The base-two logarithm of an element's bytes.
    pub element_shift: u32,
}

impl ArrayLayout {
    /// The layout of arrays with elements of that type.
    #[must_use]
    pub const fn new(element: StorageType) -> ArrayLayout {
        let bytes = storage_bytes(element);
        ArrayLayout {
            elements: if bytes > 8 { bytes } else { 8 },
            element_shift: bytes.trailing_zeros(),
        }
    }

    /// Bytes of an array of `length` elements.
    #[must_use]
    pub const fn bytes(self, length: u32) -> u64 {
        (self.elements as u64 + ((length as u64) << self.element_shift))
            .next_multiple_of(ALIGNMENT as u64)
    }
}

#[cfg(test)]
mod tests {
    use silica_module::{CompositeType, RefType, StructType};

    use super::*;

    fn field(storage: StorageType) -> FieldType {
        FieldType {
            mutable: true,
            storage,
        }
    }

    #[test]
    fn a_subtype_begins_as_its_supertype() {
        let all = [
            StorageType::I8,
            StorageType::Value(ValueType::I64),
            StorageType::I16,
            StorageType::Value(ValueType::Ref(RefType::EXTERNREF)),
            StorageType::Value(ValueType::V128),
            StorageType::I8,
        ]
        .map(field);
        let whole = StructLayout::new(&all);
        assert_eq!(*whole.offsets, [4, 8, 16, 20, 32, 48]);
        assert_eq!(whole.bytes, 56);
        for length in 0..all.len() {
            let part = StructLayout::new(&all[..length]);
            assert_eq!(part.offsets[..], whole.offsets[..length]);
            assert!(part.bytes <= whole.bytes && part.bytes.is_multiple_of(ALIGNMENT));
        }
    }

    #[test]
    fn an_empty_struct_has_room_for_its_new_place() {
        assert_eq!(StructLayout::new(&[]).bytes, 8);
    }

    #[test]
    fn arrays() {
        let bytes = |storage, length| ArrayLayout::new(storage).bytes(length);
        assert_eq!(bytes(StorageType::I8, 0), 8);
        assert_eq!(bytes(StorageType::I8, 9), 24);
        assert_eq!(bytes(StorageType::Value(ValueType::I32), 3), 24);
        assert_eq!(bytes(StorageType::Value(ValueType::V128), 1), 32);
        let most = bytes(StorageType::Value(ValueType::V128), u32::MAX);
        assert_eq!(most, 16 * (1 << 32));
    }

    #[test]
    fn an_exception_has_its_tag_before_its_parameters() {
        let layout = StructLayout::exception(&[ValueType::I32, ValueType::F64]);
        assert_eq!((*layout.offsets).to_vec(), [8, 16]);
        assert_eq!(layout.bytes, 24);
    }

    #[test]
    fn depths_count_declared_supertypes() {
        let ty = |supertype| SubType {
            is_final: false,
            supertype,
            ..SubType::from(CompositeType::Struct(StructType { fields: [].into() }))
        };
        let types = [ty(None), ty(Some(0)), ty(None), ty(Some(1))];
        let depths: Vec<u32> = (0..4).map(|index| depth(&types, index)).collect();
        assert_eq!(depths, [1, 2, 1, 3]);
    }
}
