//! Casts and tests of references, and branches on them.
//!
//! A test is a few questions in a row (is it null, is it an `i31`, what is its type), each asked only where what is known
//! of the operand leaves it open. All but the last are branches; the last is a condition, for whoever asks to use as it likes.

use silica_contract::{
    builtin::Builtin,
    layout::store,
    object::{self, supertypes, type_id},
    trap::TrapCode,
};
use silica_module::{HeapType, IndexType, RefType, TypeKind};
use silica_operator::{IntBinary, IntCompare, IntType, IntUnary, MachineType};
use wasmparser::Operator;

use super::place::one;
use crate::{
    Backend, FieldKind, FieldType, TranslateError,
    control::plain,
    function::{Operand, Translator},
    memory::{POINTER, context_field},
};

/// Where the questions before the last lead, as far as they do.
struct Exits<B> {
    yes: Option<B>,
    no: Option<B>,
}

/// What is left to ask.
enum Last<V> {
    Always,
    Never,
    If(V),
}

impl<B: Backend> Translator<'_, '_, '_, B> {
    pub(crate) fn cast_operator(&mut self, operator: &Operator<'_>) -> Result<(), TranslateError> {
        let target = |this: &Self, nullable, heap| this.environment.ref_type(nullable, heap);
        match *operator {
            Operator::RefTestNonNull { hty } => self.ref_test(target(self, false, hty)),
            Operator::RefTestNullable { hty } => self.ref_test(target(self, true, hty)),
            Operator::RefCastNonNull { hty } => self.ref_cast(target(self, false, hty)),
            Operator::RefCastNullable { hty } => self.ref_cast(target(self, true, hty)),
            Operator::BrOnCast {
                relative_depth,
                to_ref_type: to,
                ..
            } => {
                let target = target(self, to.is_nullable(), to.heap_type());
                return self.br_on_cast(relative_depth, target, true);
            }
            Operator::BrOnCastFail {
                relative_depth,
                to_ref_type: to,
                ..
            } => {
                let target = target(self, to.is_nullable(), to.heap_type());
                return self.br_on_cast(relative_depth, target, false);
            }
            _ => return self.i31_operator(operator),
        }
        Ok(())
    }

    fn ref_test(&mut self, target: RefType) {
        let Operand { value, ty } = self.pop_operand();
        let mut exits = Exits {
            yes: None,
            no: None,
        };
        let last = self.ask(&value, ty, target, &mut exits, None);
        self.backend.discard(value);
        let last = match last {
            Last::Always => self.backend.constant(MachineType::I32, 1),
            Last::Never => self.backend.constant(MachineType::I32, 0),
            Last::If(condition) => condition,
        };
        let outcome = if exits.yes.is_none() && exits.no.is_none() {
            last
        } else {
            let done = self.backend.block(&[MachineType::I32], false);
            self.backend.jump(one(done, last));
            for (exit, outcome) in [(exits.yes, 1), (exits.no, 0)] {
                if let Some(exit) = exit {
                    self.backend.seal(exit);
                    self.backend.enter_block(exit);
                    let outcome = self.backend.constant(MachineType::I32, outcome);
                    self.backend.jump(one(done, outcome));
                }
            }
            self.continue_with(done)
        };
        self.push(MachineType::I32, outcome);
    }

    fn ref_cast(&mut self, target: RefType) {
        let Operand { value, ty } = self.pop_operand();
        let mut exits = Exits {
            yes: None,
            no: None,
        };
        let last = self.ask(&value, ty, target, &mut exits, Some(TrapCode::CastFailure));
        match last {
            Last::Always => {}
            Last::Never => {
                let always = self.backend.constant(MachineType::I32, 1);
                self.backend.trap_if(always, TrapCode::CastFailure);
            }
            Last::If(condition) => {
                let fails = self
                    .backend
                    .int_unary(IntUnary::Eqz, IntType::I32, condition);
                self.backend.trap_if(fails, TrapCode::CastFailure);
            }
        }
        if exits.yes.is_some() || exits.no.is_some() {
            let done = exits.yes.unwrap_or_else(|| self.backend.block(&[], false));
            self.backend.jump(plain(done));
            if let Some(no) = exits.no {
                self.backend.mark_cold(no);
                self.backend.seal(no);
                self.backend.enter_block(no);
                self.backend.trap(TrapCode::CastFailure);
            }
            self.backend.seal(done);
            self.backend.enter_block(done);
        }
        self.push(ty, value);
    }

    /// Branches with the reference where the outcome is `taken`; else it stays.
    fn br_on_cast(
        &mut self,
        depth: u32,
        target: RefType,
        taken: bool,
    ) -> Result<(), TranslateError> {
        let Operand { value, ty } = self.pop_operand();
        let mut exits = Exits {
            yes: None,
            no: None,
        };
        let last = self.ask(&value, ty, target, &mut exits, None);
        self.push(ty, value);
        let (taken_exit, other_exit) = match taken {
            true => (exits.yes, exits.no),
            false => (exits.no, exits.yes),
        };
        let next = other_exit.unwrap_or_else(|| self.backend.block(&[], false));
        let label = self.label(depth)?;
        match (last, taken) {
            (Last::Always, true) | (Last::Never, false) => self.backend.jump(label),
            (Last::Always, false) | (Last::Never, true) => self.backend.jump(plain(next)),
            (Last::If(condition), true) => self.backend.branch(condition, label, plain(next)),
            (Last::If(condition), false) => self.backend.branch(condition, plain(next), label),
        }
        if let Some(exit) = taken_exit {
            self.backend.seal(exit);
            self.backend.enter_block(exit);
            let label = self.label(depth)?;
            self.backend.jump(label);
        }
        self.backend.seal(next);
        self.backend.enter_block(next);
        Ok(())
    }

    fn exit(&mut self, exit: &mut Option<B::Block>) -> B::Block {
        *exit.get_or_insert_with(|| self.backend.block(&[], false))
    }

    /// Asks whether a reference is of a type. Where `null` is given, a null that is not may fault with that trap.
    fn ask(
        &mut self,
        value: &B::Value,
        ty: MachineType,
        target: RefType,
        exits: &mut Exits<B::Block>,
        null: Option<TrapCode>,
    ) -> Last<B::Value> {
        let known = self.known;
        let is_bottom = matches!(
            target.heap,
            HeapType::None | HeapType::NoFunc | HeapType::NoExtern | HeapType::NoExn
        );
        let is_top = known.matches
            || matches!(
                target.heap,
                HeapType::Any | HeapType::Func | HeapType::Extern | HeapType::Exn
            );
        let copy = self.backend.duplicate(value);
        if is_bottom || is_top {
            // Nothing is of a bottom type but null, whatever is known of the operand.
            let is_empty = is_bottom && !target.nullable;
            if is_empty || !known.nullable || (is_top && target.nullable) {
                self.backend.discard(copy);
                return match is_top && !is_empty {
                    true => Last::Always,
                    false => Last::Never,
                };
            }
            let is_null = self.is_null(ty, copy);
            return Last::If(match is_top {
                true => self.backend.int_unary(IntUnary::Eqz, IntType::I32, is_null),
                false => is_null,
            });
        }
        // What is no `i31` is looked at, and so null may fault; but an `i31` has to be told apart first.
        let looks = !matches!(target.heap, HeapType::I31 | HeapType::Eq);
        let faults = null.is_some() && !target.nullable && looks;
        // Null is no `i31` to begin with.
        let asked = target.heap == HeapType::I31 && !target.nullable;
        if known.nullable && !faults && !asked {
            let is_null = self.is_null(ty, copy);
            let exit = match target.nullable {
                true => self.exit(&mut exits.yes),
                false => self.exit(&mut exits.no),
            };
            self.branch_away(is_null, exit);
        } else {
            self.backend.discard(copy);
        }
        self.ask_kind(
            value,
            target.heap,
            exits,
            null.unwrap_or(TrapCode::HeapDamaged),
        )
    }

    /// Goes to `exit` where the condition holds.
    fn branch_away(&mut self, condition: B::Value, exit: B::Block) {
        let next = self.backend.block(&[], false);
        self.backend.branch(condition, plain(exit), plain(next));
        self.backend.seal(next);
        self.backend.enter_block(next);
    }

    /// Asks whether a reference that is not null, or faults, is to something of a type.
    fn ask_kind(
        &mut self,
        value: &B::Value,
        heap: HeapType,
        exits: &mut Exits<B::Block>,
        null: TrapCode,
    ) -> Last<B::Value> {
        if let HeapType::Concrete {
            kind: TypeKind::Function,
            index,
            exact,
        } = heap
        {
            let copy = self.backend.duplicate(value);
            let found = self.function_type_id(copy, null);
            return Last::If(self.ask_subtype(found, (index, exact), exits));
        }
        if self.known.i31 || heap == HeapType::I31 {
            let copy = self.backend.duplicate(value);
            let one = self.backend.constant(MachineType::I32, 1);
            let is_i31 = self
                .backend
                .int_binary(IntBinary::And, IntType::I32, copy, one);
            match heap {
                HeapType::I31 => return Last::If(is_i31),
                HeapType::Eq => {
                    let exit = self.exit(&mut exits.yes);
                    self.branch_away(is_i31, exit);
                }
                _ => {
                    let exit = self.exit(&mut exits.no);
                    self.branch_away(is_i31, exit);
                }
            }
        }
        if heap == HeapType::Eq && !self.known.host {
            return Last::Always;
        }
        let copy = self.backend.duplicate(value);
        let found = self.object_type_id(copy, null);
        Last::If(match heap {
            HeapType::Eq => {
                let host = self
                    .backend
                    .constant(MachineType::I32, type_id::HOST.into());
                self.compare_ids(IntCompare::Ne, found, host)
            }
            HeapType::Concrete { index, exact, .. } => {
                self.ask_subtype(found, (index, exact), exits)
            }
            HeapType::Struct => self.ask_top(found, type_id::STRUCT),
            HeapType::Array => self.ask_top(found, type_id::ARRAY),
            HeapType::Any
            | HeapType::None
            | HeapType::I31
            | HeapType::Func
            | HeapType::NoFunc
            | HeapType::Extern
            | HeapType::NoExtern
            | HeapType::Exn
            | HeapType::NoExn
            | HeapType::Cont
            | HeapType::NoCont => unreachable!("`ask` has answered for these, or this has"),
        })
    }

    fn compare_ids(&mut self, op: IntCompare, a: B::Value, b: B::Value) -> B::Value {
        self.backend.int_compare(op, IntType::I32, a, b)
    }

    fn ask_top(&mut self, found: B::Value, top: u32) -> B::Value {
        let above = self.supertype_at(found, 0);
        let top = self.backend.constant(MachineType::I32, top.into());
        self.compare_ids(IntCompare::Eq, above, top)
    }

    /// The supertype at a depth of the type with an id, in the table of supertypes.
    fn supertype_at(&mut self, id: B::Value, depth: u32) -> B::Value {
        let table = self.store_field_get(store::SUPERTYPES, POINTER);
        let id = self.widen(IndexType::I32, id);
        let shift = self.i64(supertypes::ENTRY_SHIFT.into());
        let entry = self
            .backend
            .int_binary(IntBinary::Shl, IntType::I64, id, shift);
        let entry = self.backend.pointer_add(table, entry);
        let mut field = context_field(
            4 * depth,
            FieldType::Value(MachineType::I32),
            FieldKind::Mutable,
        );
        // An id that is none may lead beyond the table.
        field.trap = Some(TrapCode::HeapDamaged);
        self.backend.field_get(entry, field)
    }

    /// Asks whether the type with an id is a subtype of a type of the module, or exactly that.
    fn ask_subtype(
        &mut self,
        found: B::Value,
        (index, exact): (u32, bool),
        exits: &mut Exits<B::Block>,
    ) -> B::Value {
        let expected = self.type_id(index);
        if exact || self.environment.is_final(index) {
            return self.compare_ids(IntCompare::Eq, found, expected);
        }
        let copies = (
            self.backend.duplicate(&found),
            self.backend.duplicate(&expected),
        );
        let same = self.compare_ids(IntCompare::Eq, copies.0, copies.1);
        let exit = self.exit(&mut exits.yes);
        self.branch_away(same, exit);
        self.ask_above(found, expected, index)
    }

    /// Asks whether a type that is not the expected one is below it.
    fn ask_above(&mut self, found: B::Value, expected: B::Value, index: u32) -> B::Value {
        let depth = object::depth(&self.environment.module.types, index);
        if depth < supertypes::DEPTHS {
            let above = self.supertype_at(found, depth);
            return self.compare_ids(IntCompare::Eq, above, expected);
        }
        let found = self.widen(IndexType::I32, found);
        let expected = self.widen(IndexType::I32, expected);
        let matches = self.builtin_value(Builtin::TypeMatches, vec![found, expected]);
        self.narrow(IndexType::I32, matches)
    }

    /// Traps unless the type with an id is a subtype of a type of the module.
    pub(crate) fn trap_unless_subtype(&mut self, found: B::Value, index: u32, trap: TrapCode) {
        if self.environment.is_final(index) {
            let expected = self.type_id(index);
            let differs = self.compare_ids(IntCompare::Ne, found, expected);
            self.backend.trap_if(differs, trap);
            return;
        }
        let mut exits = Exits {
            yes: None,
            no: None,
        };
        let condition = self.ask_subtype(found, (index, false), &mut exits);
        let fails = self
            .backend
            .int_unary(IntUnary::Eqz, IntType::I32, condition);
        self.backend.trap_if(fails, trap);
        if let Some(yes) = exits.yes {
            self.backend.jump(plain(yes));
            self.backend.seal(yes);
            self.backend.enter_block(yes);
        }
    }
}
