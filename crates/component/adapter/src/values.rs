//! Passing values: from registers to registers, from memory to memory.

use std::collections::HashMap;

use silica_component_describe::{
    DefinedType, FlatType, Types, ValueType, align_to, discriminant_bytes,
};
use silica_module::DecodeError;
use wasm_encoder::{BlockType, Instruction as I, ValType};

use crate::body::{Body, Register, access};
use crate::imports::{AdapterImport, Imports, Side};
use crate::scalars::{check_case, check_scalar, load, load_unsigned, scalar, store, zero};

type Result<T> = std::result::Result<T, DecodeError>;

/// Instructions of one function. A type that needs more is refused.
const INSTRUCTIONS_MAX: usize = 1_000_000;

/// What is known while functions are written: types, imports, and which copies there are to be.
pub(crate) struct Values<'a> {
    pub(crate) types: &'a Types,
    pub(crate) imports: &'a Imports,
    /// Functions that copy a type in memory, by type and direction, and in order.
    copies: HashMap<(u32, Side), u32>,
    pub(crate) queue: Vec<(u32, Side)>,
}

/// A place in a memory: the local with an address, and an offset.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) local: u32,
    pub(crate) offset: u32,
}

impl Place {
    fn after(self, offset: u64) -> Place {
        Place {
            offset: self.offset + offset as u32,
            ..self
        }
    }
}

impl<'a> Values<'a> {
    pub(crate) fn new(types: &'a Types, imports: &'a Imports) -> Self {
        Values {
            types,
            imports,
            copies: HashMap::new(),
            queue: Vec::new(),
        }
    }

    pub(crate) fn memory(&self, side: Side) -> u32 {
        self.imports.at(AdapterImport::Memory(side))
    }

    fn registers(&self, ty: ValueType) -> usize {
        let flat = self.types.layout(ty).flat;
        flat.types().map_or(0, <[FlatType]>::len)
    }

    /// Passes a value that is in `from` to `to_registers`.
    pub(crate) fn flat(
        &mut self,
        body: &mut Body,
        ty: ValueType,
        to: Side,
        from: &[Register],
        into: &[Register],
    ) -> Result<()> {
        if body.len() > INSTRUCTIONS_MAX {
            return Err(DecodeError::Unsupported(
                "types of this size between components",
            ));
        }
        let ValueType::Defined(index) = ty else {
            return self.flat_primitive(body, ty, to, from, into);
        };
        let types = self.types;
        match types.defined(index) {
            DefinedType::Record(_) | DefinedType::Tuple(_) => {
                let mut at = 0;
                for part in types.parts(types.defined(index)) {
                    let end = at + self.registers(part);
                    self.flat(body, part, to, &from[at..end], &into[at..end])?;
                    at = end;
                }
                Ok(())
            }
            DefinedType::FixedLengthList(part, count) => {
                let registers = self.registers(*part);
                for at in (0..*count as usize).map(|number| number * registers) {
                    let end = at + registers;
                    self.flat(body, *part, to, &from[at..end], &into[at..end])?;
                }
                Ok(())
            }
            DefinedType::List(element) => self.flat_list(body, *element, to, from, into),
            DefinedType::Map(key, value) => {
                let entry = types.entry(*key, *value);
                self.flat_list(body, entry, to, from, into)
            }
            cased @ (DefinedType::Variant(_)
            | DefinedType::Enum(_)
            | DefinedType::Option(_)
            | DefinedType::Result { .. }) => self.flat_cases(body, cased, to, from, into),
            number @ (DefinedType::Flags(_)
            | DefinedType::Own(_)
            | DefinedType::Borrow(_)
            | DefinedType::Future(_)
            | DefinedType::Stream(_)) => {
                body.get(from[0], FlatType::I32);
                self.number(body, number, to)?;
                body.set(into[0], FlatType::I32);
                Ok(())
            }
        }
    }

    fn flat_primitive(
        &mut self,
        body: &mut Body,
        ty: ValueType,
        to: Side,
        from: &[Register],
        into: &[Register],
    ) -> Result<()> {
        if ty == ValueType::String {
            body.get(from[0], FlatType::I32);
            body.get(from[1], FlatType::I32);
            body.emit(I::Call(self.imports.at(AdapterImport::String { to })));
            body.set(into[1], FlatType::I32);
            body.set(into[0], FlatType::I32);
            return Ok(());
        }
        let flat = scalar(ty)?;
        body.get(from[0], flat);
        check_scalar(body, ty);
        body.set(into[0], flat);
        Ok(())
    }

    fn flat_cases(
        &mut self,
        body: &mut Body,
        ty: &DefinedType,
        to: Side,
        from: &[Register],
        into: &[Register],
    ) -> Result<()> {
        let number = body.local(FlatType::I32);
        body.get(from[0], FlatType::I32);
        body.emit(I::LocalSet(number));
        check_case(body, number, self.types.cases(ty));
        body.emit(I::LocalGet(number));
        body.set(into[0], FlatType::I32);
        // A loop may have left another case's values there.
        for register in &into[1..] {
            body.emit(zero(register.ty));
            body.emit(I::LocalSet(register.local));
        }
        self.each_case(body, ty, number, |this, body, payload| {
            let registers = this.registers(payload);
            this.flat(
                body,
                payload,
                to,
                &from[1..=registers],
                &into[1..=registers],
            )
        })
    }

    /// For each case that carries something: code that runs if `number` is that case.
    fn each_case(
        &mut self,
        body: &mut Body,
        ty: &DefinedType,
        number: u32,
        mut payload: impl FnMut(&mut Self, &mut Body, ValueType) -> Result<()>,
    ) -> Result<()> {
        let payloads: Vec<Option<ValueType>> = match ty {
            DefinedType::Variant(cases) => cases.iter().map(|case| case.ty).collect(),
            DefinedType::Option(ty) => vec![None, Some(*ty)],
            DefinedType::Result { ok, err } => vec![*ok, *err],
            _ => Vec::new(),
        };
        for (index, ty) in payloads.into_iter().enumerate() {
            let Some(ty) = ty else { continue };
            body.all([
                I::LocalGet(number),
                I::I32Const(index as i32),
                I::I32Eq,
                I::If(BlockType::Empty),
            ]);
            payload(self, body, ty)?;
            body.emit(I::End);
        }
        Ok(())
    }

    /// What is one number: on the stack before and after.
    fn number(&mut self, body: &mut Body, ty: &DefinedType, to: Side) -> Result<()> {
        match ty {
            DefinedType::Flags(names) => {
                if names.len() < 32 {
                    let known = !(u32::MAX << names.len());
                    body.all([I::I32Const(known as i32), I::I32And]);
                }
            }
            DefinedType::Own(resource) => {
                let resource = *resource;
                let import = AdapterImport::Own { resource, to };
                body.emit(I::Call(self.imports.at(import)));
            }
            DefinedType::Borrow(resource) => {
                let resource = *resource;
                let import = AdapterImport::Borrow { resource };
                body.emit(I::Call(self.imports.at(import)));
            }
            _ => {
                return Err(DecodeError::Unsupported(
                    "futures and streams between components",
                ));
            }
        }
        Ok(())
    }

    /// Passes a value from memory to memory. Both places are within their memories.
    pub(crate) fn memory_value(
        &mut self,
        body: &mut Body,
        ty: ValueType,
        to: Side,
        from: Place,
        into: Place,
    ) -> Result<()> {
        let ValueType::Defined(index) = ty else {
            return self.memory_primitive(body, ty, to, from, into);
        };
        let types = self.types;
        match types.defined(index) {
            DefinedType::List(element) => self.memory_list(body, *element, to, from, into),
            DefinedType::Map(key, value) => {
                let entry = types.entry(*key, *value);
                self.memory_list(body, entry, to, from, into)
            }
            number @ (DefinedType::Flags(_)
            | DefinedType::Own(_)
            | DefinedType::Borrow(_)
            | DefinedType::Future(_)
            | DefinedType::Stream(_)) => {
                let (source, target) = (self.memory(to.other()), self.memory(to));
                let bytes = types.layout(ty).size as u32;
                body.emit(I::LocalGet(into.local));
                body.emit(I::LocalGet(from.local));
                body.emit(load_unsigned(access(source, from.offset, bytes), bytes));
                self.number(body, number, to)?;
                let place = access(target, into.offset, bytes);
                body.emit(store(FlatType::I32, bytes, place));
                Ok(())
            }
            DefinedType::Record(_)
            | DefinedType::Tuple(_)
            | DefinedType::FixedLengthList(..)
            | DefinedType::Variant(_)
            | DefinedType::Enum(_)
            | DefinedType::Option(_)
            | DefinedType::Result { .. } => {
                for place in [from, into] {
                    body.all([
                        I::LocalGet(place.local),
                        I::I32Const(place.offset as i32),
                        I::I32Add,
                    ]);
                }
                let copy = self.copy_of(index, to);
                body.emit(I::Call(copy));
                Ok(())
            }
        }
    }

    fn memory_primitive(
        &mut self,
        body: &mut Body,
        ty: ValueType,
        to: Side,
        from: Place,
        into: Place,
    ) -> Result<()> {
        if ty == ValueType::String {
            return self.memory_string(body, to, from, into);
        }
        let (source, target) = (self.memory(to.other()), self.memory(to));
        let flat = scalar(ty)?;
        let bytes = self.types.layout(ty).size as u32;
        body.emit(I::LocalGet(into.local));
        body.emit(I::LocalGet(from.local));
        body.emit(load(ty, access(source, from.offset, bytes)));
        check_scalar(body, ty);
        body.emit(store(flat, bytes, access(target, into.offset, bytes)));
        Ok(())
    }

    /// The function that copies a type, which is written later if it is not yet.
    fn copy_of(&mut self, index: u32, to: Side) -> u32 {
        let queue = &mut self.queue;
        let number = *self.copies.entry((index, to)).or_insert_with(|| {
            queue.push((index, to));
            queue.len() as u32 - 1
        });
        // After the imports and the function that is called.
        self.imports.functions + 1 + number
    }

    /// Passes values that lie one after the other.
    pub(crate) fn sequence(
        &mut self,
        body: &mut Body,
        parts: impl Iterator<Item = ValueType>,
        to: Side,
        from: Place,
        into: Place,
    ) -> Result<()> {
        let mut offset = 0;
        for part in parts {
            let layout = self.types.layout(part);
            offset = align_to(offset, layout.align);
            self.memory_value(body, part, to, from.after(offset), into.after(offset))?;
            offset += layout.size;
        }
        Ok(())
    }

    /// Writes the function that copies a type: from the address in its first parameter to that in its second.
    pub(crate) fn copy(&mut self, index: u32, to: Side, trap: u32) -> Result<Body> {
        let mut body = Body::new(2, trap);
        let (from, into) = (
            Place {
                local: 0,
                offset: 0,
            },
            Place {
                local: 1,
                offset: 0,
            },
        );
        let types = self.types;
        let ty = types.defined(index);
        match ty {
            DefinedType::FixedLengthList(element, count) => {
                let size = types.layout(*element).size as u32;
                let end = body.local(FlatType::I32);
                body.all([
                    I::LocalGet(0),
                    I::I32Const(size.wrapping_mul(*count) as i32),
                    I::I32Add,
                    I::LocalSet(end),
                ]);
                self.repeat(&mut body, *element, to, [0, 1, end], size)?;
            }
            DefinedType::Record(_) | DefinedType::Tuple(_) => {
                let parts = types.parts(ty).into_iter();
                self.sequence(&mut body, parts, to, from, into)?;
            }
            _ => {
                let bytes = discriminant_bytes(types.cases(ty));
                let number = body.local(FlatType::I32);
                body.all([
                    I::LocalGet(0),
                    load_unsigned(access(self.memory(to.other()), 0, bytes), bytes),
                    I::LocalSet(number),
                ]);
                check_case(&mut body, number, types.cases(ty));
                body.all([I::LocalGet(1), I::LocalGet(number)]);
                body.emit(store(
                    FlatType::I32,
                    bytes,
                    access(self.memory(to), 0, bytes),
                ));
                let offset = align_to(bytes.into(), types.payload_align(ty));
                self.each_case(&mut body, ty, number, |this, body, payload| {
                    this.memory_value(body, payload, to, from.after(offset), into.after(offset))
                })?;
            }
        }
        Ok(body)
    }
}

/// The parameters of functions that copy.
pub(crate) fn copy_type() -> (Vec<ValType>, Vec<ValType>) {
    (vec![ValType::I32; 2], Vec::new())
}
