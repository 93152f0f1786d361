//! References to functions: calls through them, branches on null, and the comparison of a function's type with
//! the expected one.

use silica_contract::{layout::function, trap::TrapCode};
use silica_module::HeapType;
use silica_operator::{IntType, IntUnary, MachineType};
use wasmparser::Operator;

use crate::{
    Backend, BranchTarget, CallTarget, Field, FieldKind, FieldType, Region, TranslateError,
    control::plain,
    function::{Operand, Translator},
    memory::POINTER,
};

/// A field of a function reference. Such a pointer may be null: then the access faults, since the first page of the
/// address space is never mapped.
const fn function_field(offset: u32, ty: FieldType, null: TrapCode) -> Field {
    Field {
        offset,
        ty,
        kind: FieldKind::Mutable,
        region: Region::Function,
        trap: Some(null),
    }
}

impl<B: Backend> Translator<'_, '_, '_, B> {
    pub(crate) fn reference_operator(
        &mut self,
        operator: &Operator<'_>,
    ) -> Result<(), TranslateError> {
        match operator {
            Operator::CallRef { type_index } => self.call_ref(*type_index),
            Operator::ReturnCallRef { type_index } => self.return_call_ref(*type_index),
            Operator::RefAsNonNull => self.ref_as_non_null(),
            Operator::BrOnNull { relative_depth } => return self.br_on_null(*relative_depth),
            Operator::BrOnNonNull { relative_depth } => {
                return self.br_on_non_null(*relative_depth);
            }
            _ => return self.struct_operator(operator),
        }
        Ok(())
    }

    // ---- null ----

    /// Whether a reference is null, as an `i32`.
    pub(crate) fn is_null(&mut self, ty: MachineType, value: B::Value) -> B::Value {
        let bits = match ty.bytes() {
            4 => IntType::I32,
            _ => IntType::I64,
        };
        self.backend.int_unary(IntUnary::Eqz, bits, value)
    }

    fn ref_as_non_null(&mut self) {
        let Operand { value, ty } = self.pop_operand();
        let copy = self.backend.duplicate(&value);
        let is_null = self.is_null(ty, copy);
        self.backend.trap_if(is_null, TrapCode::NullReference);
        self.push(ty, value);
    }

    /// Branches without the reference where it is null; else it stays.
    fn br_on_null(&mut self, depth: u32) -> Result<(), TranslateError> {
        let Operand { value, ty } = self.pop_operand();
        let copy = self.backend.duplicate(&value);
        let is_null = self.is_null(ty, copy);
        let next = self.backend.block(&[], false);
        let target = self.label(depth)?;
        self.backend.branch(is_null, target, plain(next));
        self.backend.seal(next);
        self.backend.enter_block(next);
        self.push(ty, value);
        Ok(())
    }

    /// Branches with the reference where it is not null; else it is gone.
    fn br_on_non_null(&mut self, depth: u32) -> Result<(), TranslateError> {
        let Operand { value, ty } = self.pop_operand();
        let copy = self.backend.duplicate(&value);
        let is_null = self.is_null(ty, copy);
        let next = self.backend.block(&[], false);
        self.push(ty, value);
        let target = self.label(depth)?;
        self.backend.branch(is_null, plain(next), target);
        self.backend.seal(next);
        self.backend.enter_block(next);
        let value = self.pop();
        self.backend.discard(value);
        Ok(())
    }

    /// Where a branch that may not be taken goes, with copies of the operands that it carries.
    pub(crate) fn label(
        &mut self,
        depth: u32,
    ) -> Result<BranchTarget<B::Block, B::Value>, TranslateError> {
        self.settle_fuel();
        self.table_target(depth)
    }

    // ---- calls through references ----

    fn call_ref(&mut self, type_index: u32) {
        self.settle_fuel();
        let ty = self.environment.function_type(type_index);
        let reference = self.pop();
        let target = self.reference_target(reference, TrapCode::NullFunction);
        let arguments = self.pop_many(ty.params.len());
        let values = self.call_with_handler(target, ty, arguments);
        self.push_results(ty, values);
    }

    fn return_call_ref(&mut self, type_index: u32) {
        self.settle_fuel();
        let ty = self.environment.function_type(type_index);
        let reference = self.pop();
        let target = self.reference_target(reference, TrapCode::NullFunction);
        let arguments = self.pop_many(ty.params.len());
        self.backend.return_call(target, ty, arguments);
        self.reachable = false;
    }

    /// What a call through a reference goes to. Null faults, and that is the trap.
    pub(crate) fn reference_target(
        &mut self,
        reference: B::Value,
        null: TrapCode,
    ) -> CallTarget<B::Value> {
        let copy = self.backend.duplicate(&reference);
        let field = |offset| function_field(offset, POINTER, null);
        let code = self.backend.field_get(copy, field(function::CODE));
        let context = self.backend.field_get(reference, field(function::CONTEXT));
        CallTarget::Pointer { code, context }
    }

    // ---- types of functions ----

    /// Traps unless the function that `reference` refers to is of the expected type. Null faults here, if it is looked
    /// at at all: not where the table's type says all that there is to know.
    pub(crate) fn check_function_type(
        &mut self,
        reference: &B::Value,
        type_index: u32,
        table: u32,
    ) {
        let module = self.environment.module;
        if let HeapType::Concrete { index, .. } = self.environment.table(table).element.heap
            && module.is_subtype(index, type_index)
        {
            return;
        }
        let copy = self.backend.duplicate(reference);
        let found = self.function_type_id(copy, TrapCode::IndirectCallToNull);
        self.trap_unless_subtype(found, type_index, TrapCode::BadSignature);
    }

    /// The canonical id of a function's type. Null faults.
    pub(crate) fn function_type_id(&mut self, reference: B::Value, null: TrapCode) -> B::Value {
        let id = FieldType::Value(MachineType::I32);
        let field = function_field(function::TYPE, id, null);
        self.backend.field_get(reference, field)
    }
}
