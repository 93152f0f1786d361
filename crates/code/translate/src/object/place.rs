//! Objects in the store's heap: their addresses, what is read from them and written to them.
//!
//! The one place where an object's address is formed. A reference becomes an address just before the access: the
//! collector may move the object in any call, and knows references only.

use silica_contract::{
    builtin::Builtin,
    layout::{function, header, store},
    object::{self, heap},
    trap::TrapCode,
};
use silica_module::{HeapType, IndexType, RefType, StorageType, ValueType};
use silica_operator::{IntBinary, IntCompare, IntType, MachineType};

use crate::{
    Backend, BranchTarget, Field, FieldKind, FieldType, Region,
    control::plain,
    function::Translator,
    memory::{POINTER, context_field},
};

/// A place in an object: an address, and so many bytes from it.
pub(super) struct Place<V> {
    pub(super) address: V,
    pub(super) offset: u32,
    /// The trap where the object is null.
    pub(super) null: Option<TrapCode>,
}

/// What a storage's value is on the operand stack.
pub(super) const fn unpacked(storage: StorageType) -> MachineType {
    match storage {
        StorageType::I8 | StorageType::I16 => MachineType::I32,
        StorageType::Value(ty) => ty.machine(),
    }
}

/// The functions that a storage holds by number, if it does.
const fn functions(storage: StorageType) -> Option<RefType> {
    match storage {
        StorageType::Value(ValueType::Ref(ty)) => match ty.heap.machine() {
            MachineType::Reference => Some(ty),
            _ => None,
        },
        StorageType::I8 | StorageType::I16 | StorageType::Value(_) => None,
    }
}

/// Whether a storage holds references that the collector has to know.
pub(super) const fn is_object(storage: StorageType) -> bool {
    match storage {
        StorageType::Value(ValueType::Ref(ty)) => match ty.heap {
            HeapType::I31
            | HeapType::None
            | HeapType::NoExtern
            | HeapType::NoExn
            | HeapType::NoCont => false,
            heap => matches!(heap.machine(), MachineType::Object),
        },
        StorageType::I8 | StorageType::I16 | StorageType::Value(_) => false,
    }
}

/// A field of an object. It is never said to be constant: another object may come to lie there.
pub(super) const fn object_field(offset: u32, ty: FieldType, trap: Option<TrapCode>) -> Field {
    Field {
        offset,
        ty,
        kind: FieldKind::Mutable,
        region: Region::Object,
        trap,
    }
}

/// How a storage lies in an object.
const fn stored_type(storage: StorageType, signed: bool) -> FieldType {
    match storage {
        StorageType::I8 => FieldType::I8 { signed },
        StorageType::I16 => FieldType::I16 { signed },
        StorageType::Value(ty) => match ty.machine() {
            MachineType::Reference => FieldType::Value(MachineType::I32),
            machine => FieldType::Value(machine),
        },
    }
}

/// What remains in machine code of a value as it lies in an object.
pub(super) const fn stored_machine(storage: StorageType) -> MachineType {
    match stored_type(storage, false) {
        FieldType::Value(ty) => ty,
        FieldType::I8 { .. } | FieldType::I16 { .. } => MachineType::I32,
        FieldType::Pointer => MachineType::I64,
    }
}

impl<B: Backend> Translator<'_, '_, '_, B> {
    fn heap_base(&mut self) -> B::Value {
        let context = self.backend.context();
        let field = context_field(header::HEAP, POINTER, FieldKind::Constant);
        self.backend.field_get(context, field)
    }

    /// The address of a heap offset, of 32 bits.
    pub(super) fn heap_address(&mut self, offset: B::Value) -> B::Value {
        let offset = self.widen(IndexType::I32, offset);
        let base = self.heap_base();
        self.backend.pointer_add(base, offset)
    }

    /// A place in an object whose reference may be null: then an access faults, if it is not too far from the start.
    pub(super) fn place(
        &mut self,
        object: B::Value,
        offset: u32,
        bytes: u32,
        null: TrapCode,
    ) -> Place<B::Value> {
        if offset + bytes > heap::INACCESSIBLE {
            let copy = self.backend.duplicate(&object);
            let is_null = self.is_null(MachineType::Object, copy);
            self.backend.trap_if(is_null, null);
        }
        Place {
            address: self.heap_address(object),
            offset,
            null: Some(null),
        }
    }

    /// Reads an `i32` of an object that is no field of its type: its type id, or its length.
    pub(crate) fn header_get(&mut self, object: B::Value, offset: u32, null: TrapCode) -> B::Value {
        let address = self.heap_address(object);
        let ty = FieldType::Value(MachineType::I32);
        let field = object_field(offset, ty, Some(null));
        self.backend.field_get(address, field)
    }

    pub(crate) fn header_set(&mut self, object: B::Value, offset: u32, value: B::Value) {
        let address = self.heap_address(object);
        let field = object_field(offset, FieldType::Value(MachineType::I32), None);
        self.backend.field_set(address, field, value);
    }

    /// Reads what lies at a place, as the operand stack has it.
    pub(super) fn read(
        &mut self,
        place: Place<B::Value>,
        storage: StorageType,
        signed: bool,
    ) -> B::Value {
        let field = object_field(place.offset, stored_type(storage, signed), place.null);
        let value = self.backend.field_get(place.address, field);
        match functions(storage) {
            None => value,
            Some(ty) => self.function_of_number(value, ty),
        }
    }

    /// An operand as it lies in an object: to be called before an address is formed, since it may be a call.
    pub(super) fn stored(&mut self, storage: StorageType, value: B::Value) -> B::Value {
        match functions(storage) {
            None => value,
            Some(_) => self.number_of_function(value),
        }
    }

    /// Writes what [`Translator::stored`] gave. The card, if there has to be one, is marked.
    pub(super) fn write(&mut self, place: Place<B::Value>, storage: StorageType, value: B::Value) {
        let field = object_field(place.offset, stored_type(storage, false), place.null);
        self.backend.field_set(place.address, field, value);
    }

    /// Zero, or null, as it lies in an object.
    pub(super) fn stored_zero(&mut self, storage: StorageType) -> B::Value {
        self.backend.constant(stored_machine(storage), 0)
    }

    /// Marks the card of a heap offset, of 32 bits: a reference is about to be written there.
    pub(super) fn mark_card(&mut self, offset: B::Value) {
        let offset = self.widen(IndexType::I32, offset);
        let shift = self.i64(heap::CARD_SHIFT.into());
        let card = self
            .backend
            .int_binary(IntBinary::ShrU, IntType::I64, offset, shift);
        let base = self.heap_base();
        let address = self.backend.pointer_add(base, card);
        let cards = self.i64(i64::from(heap::CARDS).cast_unsigned());
        let card = self.backend.pointer_add(address, cards);
        let dirty = self
            .backend
            .constant(MachineType::I32, heap::CARD_DIRTY.into());
        let field = Field {
            offset: 0,
            ty: FieldType::I8 { signed: false },
            kind: FieldKind::Mutable,
            region: Region::Card,
            // Every offset has a card, and all cards are accessible.
            trap: None,
        };
        self.backend.field_set(card, field, dirty);
    }

    // ---- the store's fields ----

    pub(super) fn store_field_get(&mut self, offset: u32, ty: FieldType) -> B::Value {
        let context = self.backend.context();
        let field = context_field(header::STORE, POINTER, FieldKind::Constant);
        let store = self.backend.field_get(context, field);
        let field = context_field(offset, ty, FieldKind::Mutable);
        self.backend.field_get(store, field)
    }

    pub(super) fn store_field_set(&mut self, offset: u32, ty: FieldType, value: B::Value) {
        let context = self.backend.context();
        let field = context_field(header::STORE, POINTER, FieldKind::Constant);
        let store = self.backend.field_get(context, field);
        let field = context_field(offset, ty, FieldKind::Mutable);
        self.backend.field_set(store, field, value);
    }

    // ---- functions in objects ----

    /// The number of a function that may be null, which has the number 0.
    fn number_of_function(&mut self, reference: B::Value) -> B::Value {
        let some = self.backend.block(&[], false);
        let unnumbered = self.backend.block(&[], false);
        let done = self.backend.block(&[MachineType::I32], false);
        self.backend.mark_cold(unnumbered);
        let copy = self.backend.duplicate(&reference);
        let is_null = self.is_null(MachineType::Reference, copy);
        let null = self.backend.constant(MachineType::I32, 0);
        self.backend.branch(is_null, one(done, null), plain(some));
        self.backend.seal(some);
        self.backend.enter_block(some);
        let field = Field {
            offset: function::NUMBER,
            ty: FieldType::Value(MachineType::I32),
            kind: FieldKind::Mutable,
            region: Region::Function,
            trap: None,
        };
        let copy = self.backend.duplicate(&reference);
        let number = self.backend.field_get(copy, field);
        let copy = self.backend.duplicate(&number);
        self.backend
            .branch(copy, one(done, number), plain(unnumbered));
        self.backend.seal(unnumbered);
        self.backend.enter_block(unnumbered);
        let number = self.builtin_value(Builtin::FunctionNumber, vec![reference]);
        let number = self.narrow(IndexType::I32, number);
        self.backend.jump(one(done, number));
        self.continue_with(done)
    }

    /// The function with a number that was read from an object. The number is believed only after a look, and so is
    /// the function's type: what lies in the heap must never decide where code goes on.
    fn function_of_number(&mut self, number: B::Value, ty: RefType) -> B::Value {
        if ty.heap == HeapType::NoFunc {
            self.backend.discard(number);
            return self.backend.constant(MachineType::Reference, 0);
        }
        let number = self.widen(IndexType::I32, number);
        let copy = self.backend.duplicate(&number);
        let value = FieldType::Value(MachineType::I64);
        let length = self.store_field_get(store::FUNCTIONS_LENGTH, value);
        let beyond = self
            .backend
            .int_compare(IntCompare::GeU, IntType::I64, copy, length);
        self.backend.trap_if(beyond, TrapCode::HeapDamaged);
        let table = self.store_field_get(store::FUNCTIONS, POINTER);
        let shift = self.i64(3);
        let distance = self
            .backend
            .int_binary(IntBinary::Shl, IntType::I64, number, shift);
        let place = self.backend.pointer_add(table, distance);
        let field = Field {
            offset: 0,
            ty: FieldType::Value(MachineType::Reference),
            kind: FieldKind::Mutable,
            region: Region::Context,
            trap: None,
        };
        let reference = self.backend.field_get(place, field);
        self.check_read_function(&reference, ty);
        reference
    }

    fn check_read_function(&mut self, reference: &B::Value, ty: RefType) {
        let index = match ty.heap {
            HeapType::Concrete { index, .. } => Some(index),
            _ => None,
        };
        if ty.nullable && index.is_none() {
            return;
        }
        if let (false, Some(index)) = (ty.nullable, index) {
            // Null faults.
            self.check_read_type(reference, index);
            return;
        }
        let copy = self.backend.duplicate(reference);
        let is_null = self.is_null(MachineType::Reference, copy);
        if !ty.nullable {
            self.backend.trap_if(is_null, TrapCode::HeapDamaged);
            return;
        }
        let some = self.backend.block(&[], false);
        let done = self.backend.block(&[], false);
        self.backend.branch(is_null, plain(done), plain(some));
        self.backend.seal(some);
        self.backend.enter_block(some);
        if let Some(index) = index {
            self.check_read_type(reference, index);
        }
        self.backend.jump(plain(done));
        self.backend.seal(done);
        self.backend.enter_block(done);
    }

    fn check_read_type(&mut self, reference: &B::Value, index: u32) {
        let copy = self.backend.duplicate(reference);
        let found = self.function_type_id(copy, TrapCode::HeapDamaged);
        self.trap_unless_subtype(found, index, TrapCode::HeapDamaged);
    }

    /// Goes on in a block with one parameter, to which no more branches come.
    pub(super) fn continue_with(&mut self, block: B::Block) -> B::Value {
        self.backend.seal(block);
        let value = self.backend.enter_block(block).pop();
        value.expect("the block was made with one parameter")
    }

    /// The canonical id of a type of the module.
    pub(crate) fn type_id(&mut self, index: u32) -> B::Value {
        let place = self.environment.layout.type_id(index);
        let ty = FieldType::Value(MachineType::I32);
        let context = self.backend.context();
        self.backend
            .field_get(context, context_field(place, ty, FieldKind::Constant))
    }

    /// The type id at the start of an object.
    pub(super) fn object_type_id(&mut self, object: B::Value, null: TrapCode) -> B::Value {
        self.header_get(object, object::TYPE, null)
    }
}

/// A branch that carries one value.
pub(super) fn one<B, V>(block: B, value: V) -> BranchTarget<B, V> {
    BranchTarget {
        block,
        arguments: vec![value],
    }
}
