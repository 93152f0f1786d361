//! Lists and strings: what a pointer and a length stand for.

use silica_component_describe::{FlatType, ValueType};
use silica_module::DecodeError;
use wasm_encoder::{BlockType, Instruction as I};

use crate::body::{Body, Register, access};
use crate::imports::{AdapterImport, AdapterTrap, Side};
use crate::scalars::is_plain;
use crate::values::{Place, Values};

type Result<T> = std::result::Result<T, DecodeError>;

/// The specification's `MAX_LIST_BYTE_LENGTH`.
const LIST_BYTES_MAX: i64 = (1 << 28) - 1;

impl Values<'_> {
    pub(crate) fn flat_list(
        &mut self,
        body: &mut Body,
        element: ValueType,
        to: Side,
        from: &[Register],
        into: &[Register],
    ) -> Result<()> {
        let (pointer, length) = (body.local(FlatType::I32), body.local(FlatType::I32));
        body.get(from[0], FlatType::I32);
        body.emit(I::LocalSet(pointer));
        body.get(from[1], FlatType::I32);
        body.emit(I::LocalSet(length));
        let copy = self.list(body, element, to, pointer, length)?;
        body.emit(I::LocalGet(copy));
        body.set(into[0], FlatType::I32);
        body.emit(I::LocalGet(length));
        body.set(into[1], FlatType::I32);
        Ok(())
    }

    /// Copies a list; gives the local with the copy's address.
    pub(crate) fn list(
        &mut self,
        body: &mut Body,
        element: ValueType,
        to: Side,
        pointer: u32,
        length: u32,
    ) -> Result<u32> {
        let layout = self.types.layout(element);
        let (align, size) = (layout.align, layout.size as u32);
        let bytes = body.local(FlatType::I64);
        let copy = body.local(FlatType::I32);
        body.all([
            I::LocalGet(length),
            I::I64ExtendI32U,
            I::I64Const(size.into()),
            I::I64Mul,
            I::LocalTee(bytes),
            I::I64Const(LIST_BYTES_MAX),
            I::I64GtU,
        ]);
        body.trap_if(AdapterTrap::ListTooLong);
        body.check_aligned(pointer, align);
        body.emit(I::LocalGet(bytes));
        let (source, target) = (self.memory(to.other()), self.memory(to));
        body.check_bounds(pointer, source, AdapterTrap::ListOutOfBounds);
        body.all([
            I::I32Const(0),
            I::I32Const(0),
            I::I32Const(align as i32),
            I::LocalGet(bytes),
            I::I32WrapI64,
            I::Call(self.imports.at(AdapterImport::Realloc(to))),
            I::LocalSet(copy),
        ]);
        body.check_aligned(copy, align);
        body.emit(I::LocalGet(bytes));
        body.check_bounds(copy, target, AdapterTrap::ListOutOfBounds);
        if is_plain(element) {
            body.all([
                I::LocalGet(copy),
                I::LocalGet(pointer),
                I::LocalGet(bytes),
                I::I32WrapI64,
                I::MemoryCopy {
                    src_mem: source,
                    dst_mem: target,
                },
            ]);
            return Ok(copy);
        }
        let (from, into) = (body.local(FlatType::I32), body.local(FlatType::I32));
        let end = body.local(FlatType::I32);
        body.all([
            I::LocalGet(pointer),
            I::LocalTee(from),
            I::LocalGet(bytes),
            I::I32WrapI64,
            I::I32Add,
            I::LocalSet(end),
            I::LocalGet(copy),
            I::LocalSet(into),
        ]);
        self.repeat(body, element, to, [from, into, end], size)?;
        Ok(copy)
    }

    /// Copies elements from one local's address to another's until the first reaches a third.
    pub(crate) fn repeat(
        &mut self,
        body: &mut Body,
        element: ValueType,
        to: Side,
        [from, into, end]: [u32; 3],
        size: u32,
    ) -> Result<()> {
        body.all([
            I::Block(BlockType::Empty),
            I::Loop(BlockType::Empty),
            I::LocalGet(from),
            I::LocalGet(end),
            I::I32Eq,
            I::BrIf(1),
        ]);
        let at = |local| Place { local, offset: 0 };
        self.memory_value(body, element, to, at(from), at(into))?;
        for local in [from, into] {
            body.all([
                I::LocalGet(local),
                I::I32Const(size as i32),
                I::I32Add,
                I::LocalSet(local),
            ]);
        }
        body.all([I::Br(0), I::End, I::End]);
        Ok(())
    }

    pub(crate) fn memory_string(
        &mut self,
        body: &mut Body,
        to: Side,
        from: Place,
        into: Place,
    ) -> Result<()> {
        let (pointer, length) = (body.local(FlatType::I32), body.local(FlatType::I32));
        let source = self.memory(to.other());
        for offset in [from.offset, from.offset + 4] {
            body.emit(I::LocalGet(from.local));
            body.emit(I::I32Load(access(source, offset, 4)));
        }
        body.all([
            I::Call(self.imports.at(AdapterImport::String { to })),
            I::LocalSet(length),
            I::LocalSet(pointer),
        ]);
        self.store_slice(body, to, into, pointer, length);
        Ok(())
    }

    pub(crate) fn memory_list(
        &mut self,
        body: &mut Body,
        element: ValueType,
        to: Side,
        from: Place,
        into: Place,
    ) -> Result<()> {
        let (pointer, length) = (body.local(FlatType::I32), body.local(FlatType::I32));
        let source = self.memory(to.other());
        for (local, offset) in [(pointer, from.offset), (length, from.offset + 4)] {
            body.all([
                I::LocalGet(from.local),
                I::I32Load(access(source, offset, 4)),
                I::LocalSet(local),
            ]);
        }
        let copy = self.list(body, element, to, pointer, length)?;
        self.store_slice(body, to, into, copy, length);
        Ok(())
    }

    fn store_slice(&self, body: &mut Body, to: Side, into: Place, pointer: u32, length: u32) {
        let target = self.memory(to);
        for (local, offset) in [(pointer, into.offset), (length, into.offset + 4)] {
            body.all([
                I::LocalGet(into.local),
                I::LocalGet(local),
                I::I32Store(access(target, offset, 4)),
            ]);
        }
    }
}
