//! Continuations: making them, resuming them, suspending to a clause, switching from one to another.
//!
//! What goes from stack to stack, and how, says [`silica_contract::continuation`]. A new continuation that may come about while another
//! runs is made before: nothing of what is passed is known to the collector, so that nothing may be made between passing and receiving.

use silica_contract::{
    builtin::Builtin,
    continuation::{
        CLAUSE_BYTES, CLAUSES, CLAUSES_SHIFT, RESUME_PARAMS, SLOT_BYTES, SLOTS, SUSPEND_PARAMS,
        SWITCH_PARAMS, clause, outcome,
    },
    layout::{header, store},
    object::CONTINUATION_PLACE,
    trap::TrapCode,
};
use silica_module::{FunctionType, HeapType, IndexType, RefType, ValueType};
use silica_operator::{IntBinary, IntType, IntUnary, MachineType};
use wasmparser::{BlockType, Handle, Operator};

use crate::{
    Backend, BranchTarget, CallTarget, Field, FieldKind, FieldType, Region, TranslateError,
    control::plain,
    frame::FrameKind,
    function::Translator,
    memory::{POINTER, context_field},
};

const WORD: FieldType = FieldType::Value(MachineType::I32);

impl<B: Backend> Translator<'_, '_, '_, B> {
    pub(crate) fn continuation_operator(
        &mut self,
        operator: &Operator<'_>,
    ) -> Result<(), TranslateError> {
        match operator {
            Operator::ContNew { cont_type_index } => self.cont_new(*cont_type_index),
            Operator::ContBind {
                argument_index,
                result_index,
            } => self.cont_bind(*argument_index, *result_index),
            Operator::Suspend { tag_index } => self.suspend(*tag_index),
            Operator::Switch {
                cont_type_index,
                tag_index,
            } => self.switch(*cont_type_index, *tag_index),
            Operator::Resume {
                cont_type_index,
                resume_table,
            } => {
                let continuation = self.pop();
                let count = self.continuation_params(*cont_type_index).len();
                let arguments = self.pop_many(count);
                let resumed = (continuation, arguments, None);
                return self.resume(*cont_type_index, &resume_table.handlers, resumed);
            }
            Operator::ResumeThrow {
                cont_type_index,
                tag_index,
                resume_table,
            } => {
                let continuation = self.pop();
                let exception = self.new_exception(*tag_index);
                let resumed = (continuation, Vec::new(), Some(exception));
                return self.resume(*cont_type_index, &resume_table.handlers, resumed);
            }
            Operator::ResumeThrowRef {
                cont_type_index,
                resume_table,
            } => {
                let continuation = self.pop();
                let exception = self.pop();
                let copy = self.backend.duplicate(&exception);
                let is_null = self.backend.int_unary(IntUnary::Eqz, IntType::I32, copy);
                self.backend.trap_if(is_null, TrapCode::NullReference);
                let resumed = (continuation, Vec::new(), Some(exception));
                return self.resume(*cont_type_index, &resume_table.handlers, resumed);
            }
            _ => return self.object_operator(operator),
        }
        Ok(())
    }

    /// What a continuation of a type is resumed with.
    fn continuation_params(&self, type_index: u32) -> &[ValueType] {
        &self.environment.continuation_function(type_index).params
    }

    // ---- continuations as objects ----

    fn cont_new(&mut self, type_index: u32) {
        let function = self.pop();
        let continuation = self.new_continuation();
        let id = self.wide_type_id(type_index);
        let place = self.builtin_value(Builtin::ContinuationNew, vec![function, id]);
        self.set_place(&continuation, place);
        self.push(MachineType::Object, continuation);
    }

    fn cont_bind(&mut self, argument_type: u32, result_type: u32) {
        let before = self.continuation_params(argument_type).len();
        let after = self.continuation_params(result_type).len();
        let continuation = self.pop();
        let values = self.pop_many(before - after);
        let bound = self.new_continuation();
        let place = self.take_place(continuation);
        let count = self.i64(values.len() as u64);
        let types: Vec<MachineType> = self.continuation_params(argument_type)[..values.len()]
            .iter()
            .map(|ty| ty.machine())
            .collect();
        self.pass(&types, values);
        let place = self.widen(IndexType::I32, place);
        let argument_type = self.wide_type_id(argument_type);
        let result_type = self.wide_type_id(result_type);
        let arguments = vec![place, argument_type, count, result_type];
        let place = self.builtin_value(Builtin::ContinuationBind, arguments);
        self.set_place(&bound, place);
        self.push(MachineType::Object, bound);
    }

    fn wide_type_id(&mut self, type_index: u32) -> B::Value {
        let id = self.type_id(type_index);
        self.widen(IndexType::I32, id)
    }

    /// Makes an object stand for what is at a place (`i64`) of the store's table.
    fn set_place(&mut self, continuation: &B::Value, place: B::Value) {
        let place = self.narrow(IndexType::I32, place);
        let copy = self.backend.duplicate(continuation);
        self.header_set(copy, CONTINUATION_PLACE, place);
    }

    /// The place of what a continuation stands for, which it does no longer afterwards.
    fn take_place(&mut self, continuation: B::Value) -> B::Value {
        let copy = self.backend.duplicate(&continuation);
        let place = self.header_get(copy, CONTINUATION_PLACE, TrapCode::NullContinuation);
        let none = self.backend.constant(MachineType::I32, 0);
        self.header_set(continuation, CONTINUATION_PLACE, none);
        place
    }

    // ---- from stack to stack ----

    /// A field of the store's that never changes.
    fn store_constant(&mut self, offset: u32) -> B::Value {
        let context = self.backend.context();
        let field = context_field(header::STORE, POINTER, FieldKind::Constant);
        let store = self.backend.field_get(context, field);
        let field = context_field(offset, POINTER, FieldKind::Constant);
        self.backend.field_get(store, field)
    }

    fn pass(&mut self, types: &[MachineType], values: Vec<B::Value>) {
        // The validator allows no more.
        assert!(values.len() <= SLOTS as usize);
        for ((slot, ty), value) in (0_u32..).zip(types).zip(values) {
            let pointer = self.store_constant(store::PASSED);
            let field = passed_field(slot * SLOT_BYTES, FieldType::Value(*ty));
            self.backend.field_set(pointer, field, value);
        }
    }

    fn passed(&mut self, types: &[ValueType]) -> Vec<B::Value> {
        let values = (0_u32..).zip(types).map(|(slot, ty)| {
            let pointer = self.store_constant(store::PASSED);
            let field = passed_field(slot * SLOT_BYTES, FieldType::Value(ty.machine()));
            self.backend.field_get(pointer, field)
        });
        values.collect()
    }

    fn push_passed(&mut self, types: &[ValueType]) {
        let values = self.passed(types);
        for (ty, value) in types.iter().zip(values) {
            self.push(ty.machine(), value);
        }
    }

    /// Writes a clause: of a tag, and of a type of continuations if it is not one for `switch`.
    fn write_clause(&mut self, index: u32, tag: u32, continuation: Option<u32>) {
        // The validator allows no more.
        assert!(index < CLAUSES);
        let number = self.tag_number(tag);
        let ty = match continuation {
            Some(ty) => self.type_id(ty),
            None => self.backend.constant(MachineType::I32, 0),
        };
        for (offset, value) in [(clause::TAG, number), (clause::TYPE, ty)] {
            let pointer = self.store_constant(store::CLAUSES);
            let field = passed_field(index * CLAUSE_BYTES + offset, WORD);
            self.backend.field_set(pointer, field, value);
        }
    }

    /// Calls one of the routines.
    fn routine(&mut self, code: u32, params: &[ValueType], arguments: Vec<B::Value>) -> B::Value {
        let code = self.store_constant(code);
        let context = self.backend.context();
        let ty = FunctionType {
            params: params.into(),
            results: [ValueType::I64].into(),
        };
        let target = CallTarget::Pointer { code, context };
        let result = self.call_with_handler(target, &ty, arguments).pop();
        result.expect("the routine has one result")
    }

    fn suspend(&mut self, tag: u32) {
        self.settle_fuel();
        let ty = self.environment.tag_type(tag);
        let values = self.pop_many(ty.params.len());
        let number = self.tag_number(tag);
        self.pass(&machines(&ty.params), values);
        let result = self.routine(store::SUSPEND, &SUSPEND_PARAMS, vec![number]);
        self.backend.discard(result);
        self.push_passed(&ty.results);
    }

    fn switch(&mut self, type_index: u32, tag: u32) {
        self.settle_fuel();
        let ty = self.environment.continuation_function(type_index);
        let types = machines(&ty.params);
        let own_type = ty.params.last().and_then(concrete);
        let own_type = own_type.expect("the validator proved that it is a continuation");
        let continuation = self.pop();
        let mut values = self.pop_many(ty.params.len() - 1);
        let own = self.new_continuation();
        let place = self.take_place(continuation);
        values.push(self.backend.duplicate(&own));
        let count = self
            .backend
            .constant(MachineType::I32, values.len() as u128);
        self.pass(&types, values);
        self.write_clause(0, tag, Some(own_type));
        let id = self.type_id(type_index);
        let arguments = vec![place, id, count, own];
        let result = self.routine(store::SWITCH, &SWITCH_PARAMS, arguments);
        self.backend.discard(result);
        let own_params = &self.environment.continuation_function(own_type).params;
        self.push_passed(own_params);
    }

    // ---- resuming ----

    /// Resumes a continuation, with values or by throwing.
    fn resume(
        &mut self,
        type_index: u32,
        clauses: &[Handle],
        (continuation, values, exception): (B::Value, Vec<B::Value>, Option<B::Value>),
    ) -> Result<(), TranslateError> {
        self.settle_fuel();
        let ty = self.environment.continuation_function(type_index);
        let is_label = |clause: &Handle| matches!(clause, Handle::OnLabel { .. });
        let suspended = clauses
            .iter()
            .any(is_label)
            .then(|| self.new_continuation());
        let place = self.take_place(continuation);
        let count = values.len() | clauses.len() << CLAUSES_SHIFT;
        self.pass(&machines(&ty.params), values);
        for (index, clause) in (0..).zip(clauses) {
            match *clause {
                Handle::OnLabel { tag, label } => {
                    let ty = self.label_continuation(label);
                    self.write_clause(index, tag, Some(ty));
                }
                Handle::OnSwitch { tag } => self.write_clause(index, tag, None),
            }
        }
        let id = self.type_id(type_index);
        let count = self.backend.constant(MachineType::I32, count as u128);
        let null = |this: &mut Self| this.backend.constant(MachineType::Object, 0);
        let exception = exception.unwrap_or_else(|| null(self));
        let arguments = vec![place, id, count, exception];
        let result = self.routine(store::RESUME, &RESUME_PARAMS, arguments);
        match suspended {
            Some(suspended) => self.go_to_outcome(clauses, result, suspended)?,
            None => self.backend.discard(result),
        }
        self.push_passed(&ty.results);
        Ok(())
    }

    /// Goes to the label of the clause that applies, if one does; goes on where the continuation has returned.
    fn go_to_outcome(
        &mut self,
        clauses: &[Handle],
        result: B::Value,
        suspended: B::Value,
    ) -> Result<(), TranslateError> {
        let returned = self.backend.block(&[], false);
        let mut blocks = Vec::with_capacity(clauses.len());
        let mut targets = vec![plain(returned)];
        for clause in clauses {
            let block = match *clause {
                Handle::OnLabel { tag, label } => {
                    let block = self.backend.block(&[], false);
                    blocks.push((block, tag, label));
                    block
                }
                // Such a clause never is the outcome.
                Handle::OnSwitch { .. } => returned,
            };
            targets.push(plain(block));
        }
        let copy = self.backend.duplicate(&result);
        let index = self.narrow(IndexType::I32, copy);
        self.backend.branch_table(index, targets, plain(returned));
        self.backend.seal(returned);
        for (block, ..) in &blocks {
            self.backend.seal(*block);
        }
        for (block, tag, label) in blocks {
            self.backend.enter_block(block);
            let copy = self.backend.duplicate(&result);
            let shift = self.i64(outcome::PLACE_SHIFT.into());
            let place = self
                .backend
                .int_binary(IntBinary::ShrU, IntType::I64, copy, shift);
            self.set_place(&suspended, place);
            let mut arguments = self.passed(&self.environment.tag_type(tag).params);
            arguments.push(self.backend.duplicate(&suspended));
            self.spend_branch_values(arguments.len())?;
            let frame = self.frame(label);
            frame.branch(false);
            let block = frame.target;
            self.backend.jump(BranchTarget { block, arguments });
        }
        self.backend.enter_block(returned);
        self.backend.discard(result);
        self.backend.discard(suspended);
        Ok(())
    }

    /// The type of the continuation that is the last of what a label carries.
    fn label_continuation(&self, depth: u32) -> u32 {
        let environment = self.environment;
        let frame = &self.frames[self.frames.len() - 1 - depth as usize];
        let of_function = |ty: &FunctionType| match frame.kind {
            FrameKind::Loop => ty.params.last().and_then(concrete),
            _ => ty.results.last().and_then(concrete),
        };
        let ty = match frame.ty {
            Some(BlockType::Empty) => None,
            Some(BlockType::Type(wasmparser::ValType::Ref(ty))) => {
                match environment.ref_type(ty.is_nullable(), ty.heap_type()).heap {
                    HeapType::Concrete { index, .. } => Some(index),
                    _ => None,
                }
            }
            Some(BlockType::Type(_)) => None,
            Some(BlockType::FuncType(index)) => of_function(environment.function_type(index)),
            None => of_function(environment.module.type_of_function(self.function)),
        };
        ty.expect("the validator proved that the label carries a continuation")
    }
}

/// A place among what is passed.
const fn passed_field(offset: u32, ty: FieldType) -> Field {
    Field {
        offset,
        ty,
        kind: FieldKind::Mutable,
        region: Region::Passed,
        trap: None,
    }
}

fn machines(types: &[ValueType]) -> Vec<MachineType> {
    types.iter().map(|ty| ty.machine()).collect()
}

/// The type that a reference type names.
fn concrete(ty: &ValueType) -> Option<u32> {
    match ty {
        ValueType::Ref(RefType {
            heap: HeapType::Concrete { index, .. },
            ..
        }) => Some(*index),
        _ => None,
    }
}
