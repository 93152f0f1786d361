//! Element segments and constant expressions: what is computed when an instance is made, with no compiler and by the
//! same functions that know each operator's meaning.

use silica_contract::trap::TrapCode;
use silica_module::{
    ConstExpression, ConstOperator, ElementItems, ElementSegment, Module, ValueType,
};
use silica_operator::evaluate_int_binary;

use crate::{
    entries::checked_range, error::RuntimeError, raise::Raise, record::InstanceRecord, state::State,
};

/// How many elements a segment has.
pub(crate) fn element_count(segment: &ElementSegment) -> usize {
    match &segment.items {
        ElementItems::Functions(functions) => functions.len(),
        ElementItems::Expressions(expressions) => expressions.len(),
    }
}

/// Writes `count` elements of an element segment of an instance, from some element on, to a table of the store, from
/// some place on. As a whole, or not at all.
pub(crate) fn write_elements(
    state: &mut State,
    instance: u32,
    (segment, source): (u32, u64),
    (table, target): (u32, u64),
    count: u64,
) -> Result<(), Raise> {
    let record = &state.instances[instance as usize];
    let module = record.module().clone();
    let segment_length = match record.dropped_elements[segment as usize] {
        true => 0,
        false => element_count(&module.module().elements[segment as usize]),
    };
    let items =
        checked_range(segment_length, source, count).map_err(|_| TrapCode::TableOutOfBounds)?;
    let State {
        instances, tables, ..
    } = state;
    let record = &instances[instance as usize];
    let places = tables[table as usize]
        .range_mut(target, count)
        .map_err(|_| TrapCode::TableOutOfBounds)?;
    match &module.module().elements[segment as usize].items {
        ElementItems::Functions(functions) => {
            for (place, function) in places.iter_mut().zip(&functions[items]) {
                *place = record.reference(*function) as u64;
            }
        }
        ElementItems::Expressions(expressions) => {
            for (place, expression) in places.iter_mut().zip(&expressions[items]) {
                *place = evaluate(record, expression)? as u64;
            }
        }
    }
    Ok(())
}

/// The value of a constant expression in an instance, as compiled code has it.
pub(crate) fn evaluate(
    record: &InstanceRecord,
    expression: &ConstExpression,
) -> Result<u128, RuntimeError> {
    let mut stack: Vec<u128> = Vec::new();
    let malformed = || RuntimeError::Unsupported("a constant expression that leaves no value");
    for operator in &expression.operators {
        let value = match *operator {
            ConstOperator::I32Const(value) => u128::from(value.cast_unsigned()),
            ConstOperator::I64Const(value) => u128::from(value.cast_unsigned()),
            ConstOperator::F32Const(bits) => u128::from(bits),
            ConstOperator::F64Const(bits) => u128::from(bits),
            ConstOperator::V128Const(bits) => bits,
            ConstOperator::IntBinary(operator, ty) => {
                let right = stack.pop().ok_or_else(malformed)?;
                let left = stack.pop().ok_or_else(malformed)?;
                let result = evaluate_int_binary(operator, ty, left as u64, right as u64);
                u128::from(result.map_err(|_| malformed())?)
            }
            ConstOperator::GlobalGet(index) => global_value(record, index),
            ConstOperator::RefNull(_) => 0,
            ConstOperator::RefFunc(function) => record.reference(function) as usize as u128,
            ConstOperator::RefI31
            | ConstOperator::StructNew(_)
            | ConstOperator::StructNewDefault(_)
            | ConstOperator::ArrayNew(_)
            | ConstOperator::ArrayNewDefault(_)
            | ConstOperator::ArrayNewFixed { .. }
            | ConstOperator::AnyConvertExtern
            | ConstOperator::ExternConvertAny => {
                return Err(RuntimeError::Unsupported("a garbage-collected object"));
            }
        };
        stack.push(value);
    }
    stack.pop().ok_or_else(malformed)
}

pub(crate) fn global_value(record: &InstanceRecord, index: u32) -> u128 {
    let module: &Module = record.module().module();
    // SAFETY: the address is of a global that lives as long as the store, which is borrowed by who evaluates.
    let bits = unsafe { *record.global_address(index) };
    // Compiled code writes no more of a global than its type has.
    match module.globals[index as usize].ty.value {
        ValueType::I32 | ValueType::F32 => u128::from(bits as u32),
        ValueType::I64 | ValueType::F64 | ValueType::Ref(_) => u128::from(bits as u64),
        ValueType::V128 => bits,
    }
}
