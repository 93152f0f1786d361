//! Values whose type is known when the host is compiled, and how they travel.
//!
//! A tuple of [`WasmType`]s is placed by the calling convention with constants that the compiler folds: a call with
//! such types costs loads and stores. The rules are those of [`silica_contract::abi::CallLayout`]; a test
//! holds the two together.

use std::{mem::MaybeUninit, ptr::NonNull};

use silica_contract::{
    abi::{
        CONTEXT_ARGUMENTS, FLOAT_RESULT_REGISTERS, RESULT_REGISTERS, RESULT_SLOT_BYTES,
        argument_registers,
    },
    settings::Architecture,
};
use silica_module::{HeapType, RefType, ValueType};

use crate::{
    entry::{Activation, Registers},
    handles::{AnyObject, ExnObject, ExternObject, Function, Object},
    state::{StoreState, wrong_store},
    value::Value,
};

const ARGUMENT_REGISTERS: (u32, u32) = argument_registers(Architecture::HOST);
/// Most values of a tuple.
const VALUES_MAX: usize = 16;

/// Which kind of register a value travels in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegisterClass {
    /// Integers and references.
    Integer,
    /// Floats.
    Float,
    /// Vectors, in float registers.
    Vector,
}

/// A type of the host's that is a WebAssembly value type: `i32`, `u32`, `i64`, `u64`, `f32`, `f64`, [`V128`],
/// [`Function`], [`ExternObject`], [`AnyObject`] and [`ExnObject`] (never null) and `Option` of these (nullable). No other type can be one.
pub trait WasmType: Copy + Send + 'static + Abi {
    /// As a value whose type is known only when the program runs.
    fn into_value(self) -> Value;
    /// From such a value, if it is of this type.
    fn from_value(value: Value) -> Option<Self>;
}

/// A vector of 128 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct V128(pub u128);

mod private {
    //! What [`WasmType`](super::WasmType) is made of, closed to others.
    use super::{RegisterClass, StoreState, ValueType};

    pub trait Abi: Copy {
        /// The type as C passes it.
        type Register: Copy;
        const CLASS: RegisterClass;
        fn value_type() -> ValueType;
        /// As compiled code has it. Panics for a reference of another store.
        fn to_bits(self, store: &StoreState) -> u128;
        fn to_register(self, store: &StoreState) -> Self::Register;
        /// # Safety
        /// The bits are a value of this type in that store.
        unsafe fn from_bits(bits: u128, store: &mut StoreState) -> Self;
        /// # Safety
        /// The register holds a value of this type in that store.
        unsafe fn from_register(register: Self::Register, store: &mut StoreState) -> Self;
    }
}
pub(crate) use private::Abi;

macro_rules! scalar {
    ($($ty:ty, $class:ident, $value:ident, $to:expr, $from:expr, $into:expr, $back:expr;)*) => {$(
        impl WasmType for $ty {
            fn into_value(self) -> Value { Value::$value($into(self)) }
            fn from_value(value: Value) -> Option<$ty> {
                if let Value::$value(value) = value { Some($back(value)) } else { None }
            }
        }
        impl Abi for $ty {
            type Register = $ty;
            const CLASS: RegisterClass = RegisterClass::$class;
            fn value_type() -> ValueType { ValueType::$value }
            #[inline(always)]
            fn to_bits(self, _store: &StoreState) -> u128 { $to(self) }
            #[inline(always)]
            fn to_register(self, _store: &StoreState) -> $ty { self }
            #[inline(always)]
            unsafe fn from_bits(bits: u128, _store: &mut StoreState) -> $ty { $from(bits) }
            #[inline(always)]
            unsafe fn from_register(register: $ty, _store: &mut StoreState) -> $ty { register }
        }
    )*};
}

scalar! {
    i32, Integer, I32, |v: i32| u128::from(v.cast_unsigned()), |b: u128| (b as u32).cast_signed(),
        |v| v, |v| v;
    u32, Integer, I32, |v: u32| u128::from(v), |b: u128| b as u32,
        u32::cast_signed, i32::cast_unsigned;
    i64, Integer, I64, |v: i64| u128::from(v.cast_unsigned()), |b: u128| (b as u64).cast_signed(),
        |v| v, |v| v;
    u64, Integer, I64, |v: u64| u128::from(v), |b: u128| b as u64,
        u64::cast_signed, i64::cast_unsigned;
    f32, Float, F32, |v: f32| u128::from(v.to_bits()), |b: u128| f32::from_bits(b as u32),
        f32::to_bits, f32::from_bits;
    f64, Float, F64, |v: f64| u128::from(v.to_bits()), |b: u128| f64::from_bits(b as u64),
        f64::to_bits, f64::from_bits;
}

impl WasmType for V128 {
    fn into_value(self) -> Value {
        Value::V128(self.0)
    }
    fn from_value(value: Value) -> Option<V128> {
        if let Value::V128(bits) = value {
            Some(V128(bits))
        } else {
            None
        }
    }
}
impl Abi for V128 {
    /// Vectors are never passed as C does.
    type Register = ();
    const CLASS: RegisterClass = RegisterClass::Vector;
    fn value_type() -> ValueType {
        ValueType::V128
    }
    #[inline(always)]
    fn to_bits(self, _store: &StoreState) -> u128 {
        self.0
    }
    fn to_register(self, _store: &StoreState) {
        unreachable!("functions with vectors use the general routine")
    }
    #[inline(always)]
    unsafe fn from_bits(bits: u128, _store: &mut StoreState) -> V128 {
        V128(bits)
    }
    unsafe fn from_register((): (), _store: &mut StoreState) -> V128 {
        unreachable!("functions with vectors use the general routine")
    }
}

impl WasmType for Option<Function> {
    fn into_value(self) -> Value {
        Value::Function(self)
    }
    fn from_value(value: Value) -> Option<Option<Function>> {
        if let Value::Function(reference) = value {
            Some(reference)
        } else {
            None
        }
    }
}
impl Abi for Option<Function> {
    type Register = u64;
    const CLASS: RegisterClass = RegisterClass::Integer;
    fn value_type() -> ValueType {
        ValueType::Ref(RefType::FUNCREF)
    }
    #[inline(always)]
    fn to_bits(self, store: &StoreState) -> u128 {
        u128::from(self.to_register(store))
    }
    #[inline(always)]
    fn to_register(self, store: &StoreState) -> u64 {
        match self {
            None => 0,
            Some(function) if function.store() == store.id() => function.to_bits(),
            Some(_) => wrong_store("the function"),
        }
    }
    #[inline(always)]
    unsafe fn from_bits(bits: u128, store: &mut StoreState) -> Option<Function> {
        // SAFETY: passed on.
        unsafe { Self::from_register(bits as u64, store) }
    }
    #[inline(always)]
    unsafe fn from_register(register: u64, store: &mut StoreState) -> Option<Function> {
        // SAFETY: a reference that is not null points to a function of its store.
        NonNull::new(register as usize as *mut _)
            .map(|pointer| unsafe { Function::new(store.id(), pointer) })
    }
}

/// References to objects, by hierarchy, or null.
macro_rules! objects {
    ($($ty:ident, $value:ident, $heap:ident;)*) => {$(
        impl WasmType for Option<$ty> {
            fn into_value(self) -> Value { Value::$value(self.map(|object| object.0)) }
            fn from_value(value: Value) -> Option<Option<$ty>> {
                if let Value::$value(reference) = value { Some(reference.map($ty)) } else { None }
            }
        }
        impl Abi for Option<$ty> {
            type Register = u32;
            const CLASS: RegisterClass = RegisterClass::Integer;
            fn value_type() -> ValueType {
                ValueType::Ref(RefType { nullable: true, heap: HeapType::$heap })
            }
            #[inline(always)]
            fn to_bits(self, store: &StoreState) -> u128 { u128::from(self.to_register(store)) }
            #[inline(always)]
            fn to_register(self, store: &StoreState) -> u32 {
                self.map_or(0, |object| object.0.to_bits(store))
            }
            #[inline(always)]
            unsafe fn from_bits(bits: u128, store: &mut StoreState) -> Self {
                Object::from_bits(bits as u32, store).map($ty)
            }
            #[inline(always)]
            unsafe fn from_register(register: u32, store: &mut StoreState) -> Self {
                Object::from_bits(register, store).map($ty)
            }
        }
    )*};
}

objects! {
    ExternObject, Extern, Extern;
    AnyObject, Any, Any;
    ExnObject, Exn, Exn;
}

macro_rules! never_null {
    ($($ty:ty, $register:ty, $heap:ident;)*) => {$(
        impl WasmType for $ty {
            fn into_value(self) -> Value { Some(self).into_value() }
            fn from_value(value: Value) -> Option<$ty> { <Option<$ty>>::from_value(value).flatten() }
        }
        impl Abi for $ty {
            type Register = $register;
            const CLASS: RegisterClass = RegisterClass::Integer;
            fn value_type() -> ValueType {
                ValueType::Ref(RefType { nullable: false, heap: HeapType::$heap })
            }
            #[inline(always)]
            fn to_bits(self, store: &StoreState) -> u128 { Some(self).to_bits(store) }
            #[inline(always)]
            fn to_register(self, store: &StoreState) -> $register { Some(self).to_register(store) }
            #[inline(always)]
            unsafe fn from_bits(bits: u128, store: &mut StoreState) -> $ty {
                // SAFETY: passed on.
                unsafe { Self::from_register(bits as $register, store) }
            }
            #[inline(always)]
            unsafe fn from_register(register: $register, store: &mut StoreState) -> $ty {
                // SAFETY: passed on.
                let value = unsafe { <Option<$ty> as Abi>::from_register(register, store) };
                value.expect("validation proved that the reference is not null")
            }
        }
    )*};
}

never_null! {
    Function, u64, Func;
    ExternObject, u32, Extern;
    AnyObject, u32, Any;
    ExnObject, u32, Exn;
}

/// Arguments on the stack, as they are pushed.
pub(crate) struct StackArguments {
    pub(crate) words: [MaybeUninit<u64>; 2 * VALUES_MAX + 2],
    pub(crate) bytes: usize,
}

/// Room for results that do not fit in registers.
pub(crate) struct ResultArea([MaybeUninit<u128>; VALUES_MAX]);

impl ResultArea {
    #[inline(always)]
    pub(crate) fn uninit() -> ResultArea {
        ResultArea([MaybeUninit::uninit(); VALUES_MAX])
    }

    #[inline(always)]
    pub(crate) fn as_mut_ptr(&mut self) -> *mut u128 {
        self.0.as_mut_ptr().cast()
    }

    #[inline(always)]
    pub(crate) fn as_ptr(&self) -> *const u128 {
        self.0.as_ptr().cast()
    }
}

/// Places values in registers, then elsewhere, in the convention's order.
pub struct Outgoing<'a> {
    registers: &'a mut Registers,
    integers: u32,
    floats: u32,
    limits: (u32, u32),
    stack: StackArguments,
    /// Where results that are not in registers go.
    area: *mut u128,
}

impl<'a> Outgoing<'a> {
    /// Places arguments of a call after the contexts.
    #[inline(always)]
    pub(crate) fn arguments(activation: &'a mut Activation) -> Outgoing<'a> {
        Outgoing {
            registers: &mut activation.registers,
            integers: CONTEXT_ARGUMENTS,
            floats: 0,
            limits: ARGUMENT_REGISTERS,
            stack: StackArguments {
                words: [MaybeUninit::uninit(); 2 * VALUES_MAX + 2],
                bytes: 0,
            },
            area: std::ptr::null_mut(),
        }
    }

    /// Places results, in registers where `area` is null, else there.
    #[inline(always)]
    pub(crate) fn results(registers: &'a mut Registers, area: *mut u128) -> Outgoing<'a> {
        Outgoing {
            registers,
            integers: 0,
            floats: 0,
            limits: (RESULT_REGISTERS, FLOAT_RESULT_REGISTERS),
            stack: StackArguments {
                words: [MaybeUninit::uninit(); 2 * VALUES_MAX + 2],
                bytes: 0,
            },
            area,
        }
    }

    /// Places an integer.
    #[inline(always)]
    pub(crate) fn put_integer(&mut self, value: u64) {
        self.put(RegisterClass::Integer, u128::from(value));
    }

    #[inline(always)]
    pub(crate) fn put(&mut self, class: RegisterClass, bits: u128) {
        if !self.area.is_null() {
            // SAFETY: who made this for an area has room there for all results, 16 bytes each.
            unsafe {
                self.area.write_unaligned(bits);
                self.area = self.area.byte_add(RESULT_SLOT_BYTES as usize);
            }
            return;
        }
        match class {
            RegisterClass::Integer if self.integers < self.limits.0 => {
                self.registers.integers[self.integers as usize].write(bits as u64);
                self.integers += 1;
            }
            RegisterClass::Float | RegisterClass::Vector if self.floats < self.limits.1 => {
                self.registers.floats[self.floats as usize].write(bits);
                self.floats += 1;
            }
            RegisterClass::Integer | RegisterClass::Float => {
                self.stack.words[self.stack.bytes / 8].write(bits as u64);
                self.stack.bytes += 8;
            }
            RegisterClass::Vector => {
                self.stack.bytes = self.stack.bytes.next_multiple_of(16);
                self.stack.words[self.stack.bytes / 8].write(bits as u64);
                self.stack.words[self.stack.bytes / 8 + 1].write((bits >> 64) as u64);
                self.stack.bytes += 16;
            }
        }
    }

    /// The arguments that go to the stack, a whole number of 16 bytes.
    #[inline(always)]
    pub(crate) fn finish(mut self) -> StackArguments {
        if !self.stack.bytes.is_multiple_of(16) {
            self.stack.words[self.stack.bytes / 8].write(0);
            self.stack.bytes += 8;
        }
        self.stack
    }
}

/// Finds values where the convention has them.
pub struct Incoming<'a> {
    registers: &'a Registers,
    integers: u32,
    floats: u32,
    limits: (u32, u32),
    /// Where values are that are not in registers, and how many bytes of them were taken.
    elsewhere: *const u8,
    taken: usize,
    /// Bytes of each value there, if all have a slot of one size.
    slot: Option<usize>,
}

impl<'a> Incoming<'a> {
    /// Arguments after the contexts, and after the pointer to the result area if there is one.
    #[inline(always)]
    pub(crate) fn arguments(
        registers: &'a Registers,
        stack: *const u8,
        has_area: bool,
    ) -> Incoming<'a> {
        Incoming {
            registers,
            integers: CONTEXT_ARGUMENTS + u32::from(has_area),
            floats: 0,
            limits: ARGUMENT_REGISTERS,
            elsewhere: stack,
            taken: 0,
            slot: None,
        }
    }

    /// Results, in registers or else all in the area.
    #[inline(always)]
    pub(crate) fn results(
        registers: &'a Registers,
        area: *const u128,
        in_registers: bool,
    ) -> Incoming<'a> {
        Incoming {
            registers,
            integers: 0,
            floats: 0,
            limits: if in_registers {
                (RESULT_REGISTERS, FLOAT_RESULT_REGISTERS)
            } else {
                (0, 0)
            },
            elsewhere: area.cast(),
            taken: 0,
            slot: Some(RESULT_SLOT_BYTES as usize),
        }
    }

    /// Takes the next value.
    ///
    /// # Safety
    /// The next value is of that class, and its register or place was written.
    #[inline(always)]
    pub(crate) unsafe fn take(&mut self, class: RegisterClass) -> u128 {
        // SAFETY: see above.
        unsafe {
            match class {
                RegisterClass::Integer if self.integers < self.limits.0 => {
                    self.integers += 1;
                    u128::from(self.registers.integers[self.integers as usize - 1].assume_init())
                }
                RegisterClass::Float if self.floats < self.limits.1 => {
                    self.floats += 1;
                    // The upper half of the register is whatever it was.
                    self.registers.floats[self.floats as usize - 1].assume_init()
                        & u128::from(u64::MAX)
                }
                RegisterClass::Vector if self.floats < self.limits.1 => {
                    self.floats += 1;
                    self.registers.floats[self.floats as usize - 1].assume_init()
                }
                RegisterClass::Integer | RegisterClass::Float => {
                    let value = self
                        .elsewhere
                        .add(self.taken)
                        .cast::<u64>()
                        .read_unaligned();
                    self.taken += self.slot.unwrap_or(8);
                    u128::from(value)
                }
                RegisterClass::Vector => {
                    self.taken = self.taken.next_multiple_of(16);
                    let value = self
                        .elsewhere
                        .add(self.taken)
                        .cast::<u128>()
                        .read_unaligned();
                    self.taken += 16;
                    value
                }
            }
        }
    }
}
