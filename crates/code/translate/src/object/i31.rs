//! Integers of 31 bits as references, equality of references, and references that leave the program's hierarchy and
//! come back.

use silica_contract::trap::TrapCode;
use silica_operator::{IntBinary, IntCompare, IntType, MachineType};
use wasmparser::Operator;

use crate::{Backend, TranslateError, function::Translator};

impl<B: Backend> Translator<'_, '_, '_, B> {
    pub(crate) fn i31_operator(&mut self, operator: &Operator<'_>) -> Result<(), TranslateError> {
        match operator {
            Operator::RefI31 => self.ref_i31(),
            Operator::I31GetS => self.i31_get(IntBinary::ShrS),
            Operator::I31GetU => self.i31_get(IntBinary::ShrU),
            Operator::RefEq => {
                let (b, a) = (self.pop(), self.pop());
                let same = self.backend.int_compare(IntCompare::Eq, IntType::I32, a, b);
                self.push(MachineType::I32, same);
            }
            // What a reference is does not change.
            Operator::AnyConvertExtern | Operator::ExternConvertAny => {}
            _ => return Err(self.unsupported(operator)),
        }
        Ok(())
    }

    fn ref_i31(&mut self) {
        let value = self.pop();
        let one = self.backend.constant(MachineType::I32, 1);
        let shifted = self
            .backend
            .int_binary(IntBinary::Shl, IntType::I32, value, one);
        let one = self.backend.constant(MachineType::I32, 1);
        let tagged = self
            .backend
            .int_binary(IntBinary::Or, IntType::I32, shifted, one);
        let reference = self.backend.object(tagged);
        self.push(MachineType::Object, reference);
    }

    fn i31_get(&mut self, shift: IntBinary) {
        let reference = self.pop();
        let copy = self.backend.duplicate(&reference);
        let is_null = self.is_null(MachineType::Object, copy);
        self.backend.trap_if(is_null, TrapCode::NullI31);
        let one = self.backend.constant(MachineType::I32, 1);
        let value = self.backend.int_binary(shift, IntType::I32, reference, one);
        self.push(MachineType::I32, value);
    }
}
