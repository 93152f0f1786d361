//! Globals, references, tables and calls; what is done with objects of the store's heap is in the files beneath.

mod allocation;
mod array;
mod cast;
mod exception;
mod i31;
mod place;
mod structure;

use silica_contract::{
    builtin::Builtin,
    layout::{Slot, function, table},
    trap::TrapCode,
};
use silica_module::{ConstOperator, FunctionType, IndexType};
use silica_operator::{Convert, IntBinary, IntCompare, IntType, MachineType};
use wasmparser::Operator;

use crate::{
    Backend, CallTarget, Field, FieldKind, FieldType, Region, TranslateError,
    class::memory_argument,
    function::{Operand, Translator},
    memory::{POINTER, context_field, index_machine, narrower},
};

impl<B: Backend> Translator<'_, '_, '_, B> {
    pub(crate) fn object_operator(
        &mut self,
        operator: &Operator<'_>,
    ) -> Result<(), TranslateError> {
        match operator {
            Operator::GlobalGet { global_index } => self.global_get(*global_index),
            Operator::GlobalSet { global_index } => self.global_set(*global_index),
            Operator::RefNull { hty } => {
                let ty = self.environment.heap_machine_type(*hty);
                let null = self.backend.constant(ty, 0);
                self.push(ty, null);
            }
            Operator::RefIsNull => self.ref_is_null(),
            Operator::RefFunc { function_index } => self.ref_func(*function_index),
            Operator::Call { function_index } => self.call(*function_index),
            Operator::ReturnCall { function_index } => self.return_call(*function_index),
            Operator::CallIndirect {
                type_index,
                table_index,
            } => {
                self.call_indirect(*type_index, *table_index);
            }
            Operator::ReturnCallIndirect {
                type_index,
                table_index,
            } => {
                self.return_call_indirect(*type_index, *table_index);
            }
            Operator::MemoryAtomicNotify { memarg }
            | Operator::MemoryAtomicWait32 { memarg }
            | Operator::MemoryAtomicWait64 { memarg } => {
                let Some(argument) = memory_argument(memarg) else {
                    return Err(self.unsupported(operator));
                };
                match operator {
                    Operator::MemoryAtomicWait32 { .. } => self.atomic_wait(argument, IntType::I32),
                    Operator::MemoryAtomicWait64 { .. } => self.atomic_wait(argument, IntType::I64),
                    _ => self.atomic_notify(argument),
                }
            }
            Operator::AtomicFence { .. } => self.backend.atomic_fence(),
            _ => return self.bulk_operator(operator),
        }
        Ok(())
    }

    fn bulk_operator(&mut self, operator: &Operator<'_>) -> Result<(), TranslateError> {
        match operator {
            Operator::MemorySize { mem } => self.memory_size(*mem),
            Operator::MemoryGrow { mem } => self.memory_grow(*mem),
            Operator::MemoryFill { mem } => self.memory_fill(*mem),
            Operator::MemoryCopy { dst_mem, src_mem } => self.memory_copy(*dst_mem, *src_mem),
            Operator::MemoryInit { data_index, mem } => self.memory_init(*mem, *data_index),
            Operator::DataDrop { data_index } => self.drop_segment(Builtin::DataDrop, *data_index),
            Operator::ElemDrop { elem_index } => self.drop_segment(Builtin::ElemDrop, *elem_index),
            Operator::TableGet { table } => self.table_get(*table),
            Operator::TableSet { table } => self.table_set(*table),
            Operator::TableSize { table } => {
                let length = self.table_length(*table);
                let index = self.environment.table(*table).index;
                let length = self.narrow(index, length);
                self.push(index_machine(index), length);
            }
            Operator::TableGrow { table } => self.table_grow(*table),
            Operator::TableFill { table } => self.table_fill(*table),
            Operator::TableCopy {
                dst_table,
                src_table,
            } => self.table_copy(*dst_table, *src_table),
            Operator::TableInit { elem_index, table } => self.table_init(*table, *elem_index),
            _ => return self.reference_operator(operator),
        }
        Ok(())
    }

    fn drop_segment(&mut self, builtin: Builtin, segment: u32) {
        let segment = self.i64(segment.into());
        self.builtin_effect(builtin, vec![segment]);
    }

    // ---- globals ----

    /// A pointer and the field of a global's value.
    fn global_place(&mut self, global: u32) -> (B::Value, Field) {
        let ty = self.environment.module.globals[global as usize].ty;
        let kind = if ty.mutable {
            FieldKind::Mutable
        } else {
            FieldKind::Constant
        };
        let field = |offset| Field {
            offset,
            ty: FieldType::Value(ty.value.machine()),
            kind,
            region: Region::Global,
            trap: None,
        };
        let context = self.backend.context();
        match self.environment.layout.global(global) {
            Slot::Inline(offset) => (context, field(offset)),
            Slot::Pointer(offset) => {
                let pointer = context_field(offset, POINTER, FieldKind::Constant);
                (self.backend.field_get(context, pointer), field(0))
            }
        }
    }

    fn global_get(&mut self, index: u32) {
        let global = &self.environment.module.globals[index as usize];
        let ty = global.ty.value.machine();
        let constant = match &global.initial {
            Some(initial) if !global.ty.mutable => constant_bits(&initial.operators),
            Some(_) | None => None,
        };
        let value = match constant {
            Some(bits) => self.backend.constant(ty, bits),
            None => {
                let (pointer, field) = self.global_place(index);
                self.backend.field_get(pointer, field)
            }
        };
        self.push(ty, value);
    }

    fn global_set(&mut self, index: u32) {
        let value = self.pop();
        let (pointer, field) = self.global_place(index);
        self.backend.field_set(pointer, field, value);
    }

    // ---- references ----

    fn ref_is_null(&mut self) {
        let Operand { value, ty } = self.pop_operand();
        let is_null = self.is_null(ty, value);
        self.push(MachineType::I32, is_null);
    }

    fn ref_func(&mut self, index: u32) {
        let place = self
            .environment
            .module
            .escaping_index(index)
            .expect("the validator proved that the reference is declared");
        let offset = self.i64(self.environment.layout.reference(place).into());
        let context = self.backend.context();
        let reference = self.backend.pointer_add(context, offset);
        self.push(MachineType::Reference, reference);
    }

    // ---- tables ----

    /// The length of a table that cannot grow and is this module's own.
    fn fixed_table_length(&self, index: u32) -> Option<u64> {
        let ty = self.environment.table(index);
        let own = index >= self.environment.module.imported_tables;
        (own && ty.max == Some(ty.min)).then_some(ty.min)
    }

    fn table_length(&mut self, index: u32) -> B::Value {
        if let Some(length) = self.fixed_table_length(index) {
            return self.i64(length);
        }
        let slot = self.environment.layout.table(index);
        let value = FieldType::Value(MachineType::I64);
        self.definition_field(slot, table::LENGTH, value, FieldKind::Mutable)
    }

    /// The address of an element whose index, of the table's index type, is checked here.
    fn element(&mut self, table: u32, index: B::Value) -> B::Value {
        let index = self.widen(self.environment.table(table).index, index);
        let length = self.table_length(table);
        let copy = self.backend.duplicate(&index);
        let guarded = self.environment.settings.spectre_guards;
        let op = match guarded {
            true => IntCompare::LtU,
            false => IntCompare::GeU,
        };
        let condition = self.backend.int_compare(op, IntType::I64, copy, length);
        if guarded {
            let address = self.element_address(table, index);
            // Out of bounds, the address is null and the access faults.
            return self.backend.speculation_guard(condition, address);
        }
        self.backend.trap_if(condition, TrapCode::TableOutOfBounds);
        self.element_address(table, index)
    }

    fn element_address(&mut self, table: u32, index: B::Value) -> B::Value {
        let slot = self.environment.layout.table(table);
        let kind = match self.fixed_table_length(table) {
            Some(_) => FieldKind::Constant,
            None => FieldKind::Mutable,
        };
        let base = self.definition_field(slot, table::BASE, POINTER, kind);
        let shift = self.i64(u64::from(table::ELEMENT_BYTES.trailing_zeros()));
        let distance = self
            .backend
            .int_binary(IntBinary::Shl, IntType::I64, index, shift);
        self.backend.pointer_add(base, distance)
    }

    /// The field of a table's element.
    fn element_field(&self, table: u32) -> Field {
        let guarded = self.environment.settings.spectre_guards;
        Field {
            offset: 0,
            // An object takes the lower half of an element; the upper half is always zero.
            ty: FieldType::Value(self.element_type(table)),
            kind: FieldKind::Mutable,
            region: Region::Table,
            trap: guarded.then_some(TrapCode::TableOutOfBounds),
        }
    }

    /// What an element of a table is in machine code.
    fn element_type(&self, table: u32) -> MachineType {
        self.environment.table(table).element.heap.machine()
    }

    /// An element for a builtin: zero-extended.
    fn pop_element(&mut self) -> B::Value {
        let Operand { value, ty } = self.pop_operand();
        match ty {
            MachineType::Object => self
                .backend
                .convert(Convert::Extend { signed: false }, value),
            _ => value,
        }
    }

    fn table_get(&mut self, table: u32) {
        let index = self.pop();
        let element = self.element(table, index);
        let value = self.backend.field_get(element, self.element_field(table));
        self.push(self.element_type(table), value);
    }

    fn table_set(&mut self, table: u32) {
        let value = self.pop();
        let index = self.pop();
        let element = self.element(table, index);
        self.backend
            .field_set(element, self.element_field(table), value);
    }

    fn table_grow(&mut self, table: u32) {
        let index = self.environment.table(table).index;
        let delta = self.pop();
        let value = self.pop_element();
        let delta = self.widen(index, delta);
        let table = self.i64(table.into());
        let old = self.builtin_value(Builtin::TableGrow, vec![table, value, delta]);
        let old = self.narrow(index, old);
        self.push(index_machine(index), old);
    }

    fn table_fill(&mut self, table: u32) {
        let index = self.environment.table(table).index;
        let (length, value, destination) = (self.pop(), self.pop_element(), self.pop());
        let length = self.widen(index, length);
        let destination = self.widen(index, destination);
        let table = self.i64(table.into());
        self.builtin_effect(Builtin::TableFill, vec![table, destination, value, length]);
    }

    fn table_copy(&mut self, destination_table: u32, source_table: u32) {
        let to = self.environment.table(destination_table).index;
        let from = self.environment.table(source_table).index;
        let (length, source, destination) = (self.pop(), self.pop(), self.pop());
        let length = self.widen(narrower(to, from), length);
        let source = self.widen(from, source);
        let destination = self.widen(to, destination);
        let (to, from) = (
            self.i64(destination_table.into()),
            self.i64(source_table.into()),
        );
        self.builtin_effect(
            Builtin::TableCopy,
            vec![to, from, destination, source, length],
        );
    }

    fn table_init(&mut self, table: u32, segment: u32) {
        let index = self.environment.table(table).index;
        let (length, source, destination) = (self.pop(), self.pop(), self.pop());
        let length = self.widen(IndexType::I32, length);
        let source = self.widen(IndexType::I32, source);
        let destination = self.widen(index, destination);
        let (table, segment) = (self.i64(table.into()), self.i64(segment.into()));
        let arguments = vec![table, segment, destination, source, length];
        self.builtin_effect(Builtin::TableInit, arguments);
    }

    // ---- calls ----

    pub(crate) fn push_results(&mut self, ty: &FunctionType, values: Vec<B::Value>) {
        for (value, result) in values.into_iter().zip(&ty.results) {
            self.operands.push(Operand {
                value,
                ty: result.machine(),
            });
        }
    }

    /// What a call of a function of the index space goes to.
    fn function_target(&mut self, index: u32) -> CallTarget<B::Value> {
        if self.environment.module.defined_function(index).is_some() {
            return CallTarget::Direct(index);
        }
        let place = self.environment.layout.imported_function(index);
        let field = |offset| context_field(place + offset, POINTER, FieldKind::Constant);
        let context = self.backend.context();
        let code = self.backend.field_get(context, field(function::CODE));
        let context = self.backend.context();
        let context = self.backend.field_get(context, field(function::CONTEXT));
        CallTarget::Pointer { code, context }
    }

    /// What a call through a table goes to: one bounds check, and one type comparison where the type is final.
    fn table_target_of_call(&mut self, type_index: u32, table: u32) -> CallTarget<B::Value> {
        let index = self.pop();
        let element = self.element(table, index);
        let reference = self.backend.field_get(element, self.element_field(table));
        self.check_function_type(&reference, type_index, table);
        self.reference_target(reference, TrapCode::IndirectCallToNull)
    }

    fn call(&mut self, index: u32) {
        self.settle_fuel();
        let ty = self.environment.module.type_of_function(index);
        let arguments = self.pop_many(ty.params.len());
        let target = self.function_target(index);
        let values = self.call_with_handler(target, ty, arguments);
        self.push_results(ty, values);
    }

    fn return_call(&mut self, index: u32) {
        self.settle_fuel();
        let ty = self.environment.module.type_of_function(index);
        let arguments = self.pop_many(ty.params.len());
        let target = self.function_target(index);
        self.backend.return_call(target, ty, arguments);
        self.reachable = false;
    }

    fn call_indirect(&mut self, type_index: u32, table: u32) {
        self.settle_fuel();
        let ty = self.environment.function_type(type_index);
        let target = self.table_target_of_call(type_index, table);
        let arguments = self.pop_many(ty.params.len());
        let values = self.call_with_handler(target, ty, arguments);
        self.push_results(ty, values);
    }

    fn return_call_indirect(&mut self, type_index: u32, table: u32) {
        self.settle_fuel();
        let ty = self.environment.function_type(type_index);
        let target = self.table_target_of_call(type_index, table);
        let arguments = self.pop_many(ty.params.len());
        self.backend.return_call(target, ty, arguments);
        self.reachable = false;
    }
}

/// The value of an initial expression that is one constant.
fn constant_bits(operators: &[ConstOperator]) -> Option<u128> {
    match operators {
        [ConstOperator::I32Const(value)] => Some(*value as u32 as u128),
        [ConstOperator::I64Const(value)] => Some(*value as u64 as u128),
        [ConstOperator::F32Const(bits)] => Some((*bits).into()),
        [ConstOperator::F64Const(bits)] => Some((*bits).into()),
        [ConstOperator::V128Const(bits)] => Some(*bits),
        _ => None,
    }
}
