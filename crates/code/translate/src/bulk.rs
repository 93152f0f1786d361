//! Operators on whole memories: their size, growth, and copies between them.

use silica_contract::builtin::Builtin;
use silica_module::IndexType;
use silica_operator::{IntBinary, IntType};

use crate::{
    Backend,
    function::Translator,
    memory::{index_machine, narrower},
};

impl<B: Backend> Translator<'_, '_, B> {
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
}
