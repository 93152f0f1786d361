//! Operators on whole memories: their size, growth, and copies between them.
//!
//! Copies and fills of a constant, small length are loads and stores; all others are builtins.

use silica_contract::builtin::Builtin;
use silica_module::IndexType;
use silica_operator::{IntBinary, IntType, LaneShape, LoadKind, MachineType, StoreKind};

use crate::{
    Access, Backend,
    function::Translator,
    memory::{index_machine, narrower},
};

/// Bytes of the longest copy or fill that becomes loads and stores: as many vectors as leave half of the
/// registers free.
const INLINE_BYTES_MAX: u32 = 128;
/// The bytes of a vector, all 1: times a byte gives a vector of that byte.
const ONES: u128 = u128::from_ne_bytes([1; 16]);

/// A piece of a short copy: where it begins, and what moves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    offset: u32,
    load: LoadKind,
    store: StoreKind,
}

/// Pieces of equal width that cover so many bytes; the last two may overlap.
fn pieces(bytes: u32) -> impl Iterator<Item = Piece> {
    let width = 1 << bytes.min(16).ilog2();
    let (load, store) = match width {
        16 => (LoadKind::V128, StoreKind::V128),
        8 => (LoadKind::I64, StoreKind::I64),
        4 => (LoadKind::I32, StoreKind::I32),
        2 => (LoadKind::I32Load16U, StoreKind::I32Store16),
        _ => (LoadKind::I32Load8U, StoreKind::I32Store8),
    };
    (0..bytes.div_ceil(width)).map(move |index| Piece {
        offset: (index * width).min(bytes - width),
        load,
        store,
    })
}

impl<B: Backend> Translator<'_, '_, '_, B> {
    pub(crate) fn memory_size(&mut self, memory: u32) {
        let ty = *self.environment.memory(memory);
        let length = self.memory_length(memory);
        let shift = self.i64(ty.page_size_log2.into());
        let pages = self
            .backend
            .int_binary(IntBinary::ShrU, IntType::I64, length, shift);
        let pages = self.narrow(ty.index, pages);
        self.push(index_machine(ty.index), pages);
    }

    pub(crate) fn memory_grow(&mut self, memory: u32) {
        let ty = self.environment.memory(memory).index;
        let delta = self.pop();
        let delta = self.widen(ty, delta);
        let index = self.i64(memory.into());
        let old = self.builtin_value(Builtin::MemoryGrow, vec![index, delta]);
        let old = self.narrow(ty, old);
        self.push(index_machine(ty), old);
    }

    pub(crate) fn memory_fill(&mut self, memory: u32) {
        let ty = self.environment.memory(memory).index;
        let (length, value, destination) = (self.pop(), self.pop(), self.pop());
        match self.inline_length(&length) {
            // Shorter ones compilers make stores of by themselves.
            Some(bytes) if bytes >= 16 => {
                self.backend.discard(length);
                return self.fill_inline((memory, destination), value, bytes);
            }
            _ => {}
        }
        let length = self.widen(ty, length);
        let value = self.widen(IndexType::I32, value);
        let destination = self.widen(ty, destination);
        let memory = self.memory_definition(memory);
        self.builtin_effect(
            Builtin::MemoryFill,
            vec![memory, destination, value, length],
        );
    }

    pub(crate) fn memory_copy(&mut self, destination_memory: u32, source_memory: u32) {
        let to = self.environment.memory(destination_memory).index;
        let from = self.environment.memory(source_memory).index;
        let (length, source, destination) = (self.pop(), self.pop(), self.pop());
        if let Some(bytes) = self.inline_length(&length) {
            self.backend.discard(length);
            let to = (destination_memory, destination);
            return self.copy_inline(to, (source_memory, source), bytes);
        }
        let length = self.widen(narrower(to, from), length);
        let source = self.widen(from, source);
        let destination = self.widen(to, destination);
        let to = self.memory_definition(destination_memory);
        let from = self.memory_definition(source_memory);
        self.builtin_effect(
            Builtin::MemoryCopy,
            vec![to, from, destination, source, length],
        );
    }

    pub(crate) fn memory_init(&mut self, memory: u32, segment: u32) {
        let ty = self.environment.memory(memory).index;
        let (length, source, destination) = (self.pop(), self.pop(), self.pop());
        let length = self.widen(IndexType::I32, length);
        let source = self.widen(IndexType::I32, source);
        let destination = self.widen(ty, destination);
        let (memory, segment) = (self.i64(memory.into()), self.i64(segment.into()));
        let arguments = vec![memory, segment, destination, source, length];
        self.builtin_effect(Builtin::MemoryInit, arguments);
    }

    /// The length of a copy that becomes loads and stores.
    fn inline_length(&self, length: &B::Value) -> Option<u32> {
        let bytes = u32::try_from(self.backend.known_constant(length)?).ok()?;
        (1..=INLINE_BYTES_MAX).contains(&bytes).then_some(bytes)
    }

    /// Loads everything, then stores it: the ranges may overlap, and nothing is written where either is out of bounds.
    fn copy_inline(
        &mut self,
        (to, destination): (u32, B::Value),
        (from, source): (u32, B::Value),
        bytes: u32,
    ) {
        let (read, source) = self.bytes_to_read(from, source, bytes);
        let (write, destination) = self.bytes_to_write(to, destination, bytes);
        let loaded: Vec<(Piece, B::Value)> = pieces(bytes)
            .map(|piece| {
                let address = self.backend.duplicate(&source);
                let access = at(read, piece);
                (piece, self.backend.load(piece.load, access, address))
            })
            .collect();
        self.backend.discard(source);
        for (piece, value) in loaded {
            let address = self.backend.duplicate(&destination);
            self.backend
                .store(piece.store, at(write, piece), address, value);
        }
        self.backend.discard(destination);
    }

    fn fill_inline(&mut self, (memory, destination): (u32, B::Value), value: B::Value, bytes: u32) {
        let (write, destination) = self.bytes_to_write(memory, destination, bytes);
        let vector = match self.backend.known_constant(&value) {
            Some(byte) => {
                self.backend.discard(value);
                let bits = u128::from(byte as u8) * ONES;
                self.backend.constant(MachineType::V128, bits)
            }
            None => self.backend.vector_splat(LaneShape::I8x16, value),
        };
        for piece in pieces(bytes) {
            let (address, value) = (
                self.backend.duplicate(&destination),
                self.backend.duplicate(&vector),
            );
            self.backend
                .store(piece.store, at(write, piece), address, value);
        }
        self.backend.discard(vector);
        self.backend.discard(destination);
    }
}

/// The access of a piece of the bytes that `access` is the first of.
fn at(access: Access, piece: Piece) -> Access {
    Access {
        offset: access.offset + piece.offset,
        ..access
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_every_byte_and_no_other() {
        for bytes in 1..=INLINE_BYTES_MAX {
            let mut covered = vec![0; bytes as usize];
            for piece in pieces(bytes) {
                assert_eq!(piece.load.bytes(), piece.store.bytes());
                for byte in piece.offset..piece.offset + piece.load.bytes() {
                    covered[byte as usize] += 1;
                }
            }
            assert!(
                covered.iter().all(|times| (1..=2).contains(times)),
                "{bytes}: {covered:?}"
            );
        }
    }
}
