//! Fields of objects, as the host reads and writes them.

use std::ptr::NonNull;

use silica_module::ValueType;
use silica_operator::MachineType;

use super::function::Function;
use crate::{error::RuntimeError, state::StoreState, value::Value};

impl StoreState {
    /// A value as it lies in an object.
    pub(super) fn stored(&mut self, value: Value) -> u128 {
        let bits = value.to_bits(self);
        match value {
            Value::Function(_) => {
                let function = bits as u64 as usize as *mut _;
                // SAFETY: it is null or a function of the store, as was checked.
                u128::from(unsafe { self.state_mut().function_number(function) })
            }
            Value::I32(_)
            | Value::I64(_)
            | Value::F32(_)
            | Value::F64(_)
            | Value::V128(_)
            | Value::Extern(_)
            | Value::Any(_)
            | Value::Exn(_)
            | Value::Continuation(_) => bits,
        }
    }

    /// Writes a field of an object: one that was just made, or one whose card is marked if it is of references.
    pub(super) fn write_field(
        &mut self,
        object: u32,
        offset: u32,
        bytes: u32,
        bits: u128,
    ) -> Result<(), RuntimeError> {
        let objects = self.state_mut().heap()?.objects();
        let field = objects.field_mut(object, offset, bytes)?;
        field.copy_from_slice(&bits.to_le_bytes()[..bytes as usize]);
        Ok(())
    }

    /// Reads a field of an object.
    pub(super) fn read_field(
        &mut self,
        object: u32,
        offset: u32,
        bytes: u32,
    ) -> Result<u128, RuntimeError> {
        let objects = self.state_mut().heap()?.objects();
        let field = objects.field_mut(object, offset, bytes)?;
        let mut bits = [0; 16];
        bits[..bytes as usize].copy_from_slice(field);
        Ok(u128::from_le_bytes(bits))
    }

    /// What lies in an object as a value of a type.
    pub(super) fn loaded(&mut self, ty: ValueType, bits: u128) -> Result<Value, RuntimeError> {
        if ty.machine() != MachineType::Reference {
            // SAFETY: a field of the heap of this store that holds such a value; a reference to an object is
            // only ever followed by the heap, which looks at it first.
            return Ok(unsafe { Value::from_bits(bits, ty, self) });
        }
        let functions = &self.state().functions;
        let function = functions
            .get(bits as u32)
            .ok_or(RuntimeError::HeapDamaged)?;
        let id = self.id();
        // SAFETY: functions with numbers live as long as the store.
        let function =
            NonNull::new(function).map(|function| unsafe { Function::new(id, function) });
        let value = Value::Function(function);
        let fits = value.matches(self, ty);
        fits.then_some(value).ok_or(RuntimeError::HeapDamaged)
    }
}
