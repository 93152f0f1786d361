//! Element segments and constant expressions: what is computed when an instance is made, with no compiler and by the
//! same functions that know each operator's meaning.

use silica_contract::{
    object::{ArrayLayout, StructLayout, storage_bytes},
    trap::TrapCode,
};
use silica_module::{
    CompositeType, ConstExpression, ConstOperator, ElementItems, FieldType, StorageType, ValueType,
};
use silica_operator::evaluate_int_binary;

use crate::{
    RegisteredType,
    entries::{FunctionReference, checked_range},
    error::RuntimeError,
    heap::is_object,
    raise::Raise,
    record::InstanceRecord,
    state::State,
};

/// How many elements a segment of an instance has: none once it is dropped.
pub(crate) fn length(record: &InstanceRecord, segment: u32) -> usize {
    match record.dropped_elements[segment as usize] {
        true => 0,
        false => record.module().module().elements[segment as usize]
            .items
            .len(),
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
    let out_of_bounds = |_| TrapCode::TableOutOfBounds;
    let items = checked_range(length(record, segment), source, count).map_err(out_of_bounds)?;
    let State {
        instances, tables, ..
    } = state;
    let record = &instances[instance as usize];
    let places = tables[table as usize].range_mut(target, count);
    let places = places.map_err(out_of_bounds)?;
    if let ElementItems::Functions(functions) = &module.module().elements[segment as usize].items {
        for (place, function) in places.iter_mut().zip(&functions[items]) {
            *place = record.reference(*function) as u64;
        }
        return Ok(());
    }
    for (place, item) in (target as usize..).zip(items) {
        let value = element(state, instance, segment, item)?;
        state.tables[table as usize].elements_mut()[place] = value;
    }
    Ok(())
}

/// An element of a segment, as compiled code has it.
fn element(
    state: &mut State,
    instance: u32,
    segment: u32,
    item: usize,
) -> Result<u64, RuntimeError> {
    let record = &state.instances[instance as usize];
    if let Some(Some(objects)) = record.objects.get(segment as usize) {
        return Ok(u64::from(objects[item]));
    }
    let module = record.module().clone();
    match &module.module().elements[segment as usize].items {
        ElementItems::Functions(functions) => Ok(record.reference(functions[item]) as u64),
        ElementItems::Expressions(expressions) => {
            Ok(evaluate(state, instance, &expressions[item])? as u64)
        }
    }
}

/// An element of a segment, as an object has it.
pub(crate) fn element_in_object(
    state: &mut State,
    instance: u32,
    segment: u32,
    item: usize,
) -> Result<u32, RuntimeError> {
    let value = element(state, instance, segment, item)?;
    let record = &state.instances[instance as usize];
    let module = record.module();
    let ty = module.canonical(ValueType::Ref(
        module.module().elements[segment as usize].ty,
    ));
    if is_object(ty) {
        return Ok(value as u32);
    }
    // SAFETY: an element that is no object is a function of the store, or null.
    Ok(unsafe { state.function_number(value as usize as *mut FunctionReference) })
}

/// Makes the elements of an instance's segments of objects.
pub(crate) fn make_objects(state: &mut State, instance: u32) -> Result<(), RuntimeError> {
    let module = state.instances[instance as usize].module().clone();
    let mut made = false;
    for (segment, description) in module.module().elements.iter().enumerate() {
        let ty = module.canonical(ValueType::Ref(description.ty));
        let ElementItems::Expressions(expressions) = &description.items else {
            continue;
        };
        if !is_object(ty) {
            continue;
        }
        if !made {
            made = true;
            state.instances[instance as usize].objects = vec![None; module.module().elements.len()];
        }
        let zeros = vec![0; expressions.len()].into_boxed_slice();
        state.instances[instance as usize].objects[segment] = Some(zeros);
        for (item, expression) in expressions.iter().enumerate() {
            let value = evaluate(state, instance, expression)? as u32;
            if let Some(objects) = &mut state.instances[instance as usize].objects[segment] {
                objects[item] = value;
            }
        }
    }
    Ok(())
}

/// A value on the stack of a constant expression.
#[derive(Clone, Copy)]
enum Operand {
    Bits(u128),
    /// A reference to an object, which the store keeps there.
    Kept(usize),
}

/// The value of a constant expression in an instance, as compiled code has it. It may make objects; those that others refer to have to be
/// roots.
pub(crate) fn evaluate(
    state: &mut State,
    instance: u32,
    expression: &ConstExpression,
) -> Result<u128, RuntimeError> {
    let kept = state.roots.kept_count();
    let mut evaluation = Evaluation {
        state,
        instance,
        stack: Vec::new(),
    };
    let result = evaluation.run(expression);
    state.roots.forget_kept(kept);
    result
}

fn malformed() -> RuntimeError {
    RuntimeError::Unsupported("a constant expression that leaves no value")
}

struct Evaluation<'a> {
    state: &'a mut State,
    instance: u32,
    stack: Vec<Operand>,
}

impl Evaluation<'_> {
    fn run(&mut self, expression: &ConstExpression) -> Result<u128, RuntimeError> {
        for operator in &expression.operators {
            let value = self.operator(*operator)?;
            self.stack.push(value);
        }
        self.pop_bits()
    }

    fn record(&self) -> &InstanceRecord {
        &self.state.instances[self.instance as usize]
    }

    fn pop(&mut self) -> Result<Operand, RuntimeError> {
        self.stack.pop().ok_or_else(malformed)
    }

    fn bits(&self, operand: Operand) -> u128 {
        match operand {
            Operand::Bits(bits) => bits,
            Operand::Kept(place) => u128::from(self.state.roots.kept(place)),
        }
    }

    fn pop_bits(&mut self) -> Result<u128, RuntimeError> {
        let operand = self.pop()?;
        Ok(self.bits(operand))
    }

    /// The last `count` operands, in their order.
    fn pop_many(&mut self, count: usize) -> Result<Vec<Operand>, RuntimeError> {
        let first = self.stack.len().checked_sub(count).ok_or_else(malformed)?;
        Ok(self.stack.split_off(first))
    }

    fn operator(&mut self, operator: ConstOperator) -> Result<Operand, RuntimeError> {
        let bits = match operator {
            ConstOperator::I32Const(value) => u128::from(value.cast_unsigned()),
            ConstOperator::I64Const(value) => u128::from(value.cast_unsigned()),
            ConstOperator::F32Const(bits) => u128::from(bits),
            ConstOperator::F64Const(bits) => u128::from(bits),
            ConstOperator::V128Const(bits) => bits,
            ConstOperator::IntBinary(operator, ty) => {
                let right = self.pop_bits()?;
                let left = self.pop_bits()?;
                let result = evaluate_int_binary(operator, ty, left as u64, right as u64);
                u128::from(result.map_err(|_| malformed())?)
            }
            ConstOperator::GlobalGet(index) => return Ok(self.global(index)),
            ConstOperator::RefNull(_) => 0,
            ConstOperator::RefFunc(function) => self.record().reference(function) as usize as u128,
            ConstOperator::RefI31 => u128::from((self.pop_bits()? as u32) << 1 | 1),
            // The same object, by another type.
            ConstOperator::AnyConvertExtern | ConstOperator::ExternConvertAny => return self.pop(),
            ConstOperator::StructNew(ty) => return self.new_struct(ty, false),
            ConstOperator::StructNewDefault(ty) => return self.new_struct(ty, true),
            ConstOperator::ArrayNew(ty) => {
                let length = self.pop_bits()? as u32;
                let value = self.pop()?;
                return self.new_array(ty, length, std::iter::repeat_n(value, length as usize));
            }
            ConstOperator::ArrayNewDefault(ty) => {
                let length = self.pop_bits()? as u32;
                return self.new_array(ty, length, std::iter::empty());
            }
            ConstOperator::ArrayNewFixed { array_type, count } => {
                let values = self.pop_many(count as usize)?;
                return self.new_array(array_type, count, values.into_iter());
            }
        };
        Ok(Operand::Bits(bits))
    }

    fn global(&mut self, index: u32) -> Operand {
        let record = self.record();
        let bits = global_value(record, index);
        let module = record.module();
        let ty = module.canonical(module.module().globals[index as usize].ty.value);
        if is_object(ty) {
            return Operand::Kept(self.state.roots.keep(bits as u32));
        }
        Operand::Bits(bits)
    }

    fn ty(&self, index: u32) -> RegisteredType {
        self.record().module().registered_type(index)
    }

    fn new_struct(&mut self, index: u32, default: bool) -> Result<Operand, RuntimeError> {
        let ty = self.ty(index);
        let CompositeType::Struct(fields) = &ty.sub_type().composite else {
            return Err(malformed());
        };
        let fields = &fields.fields;
        let values = self.pop_many(if default { 0 } else { fields.len() })?;
        let layout = StructLayout::new(fields);
        let object = self.state.new_object(ty.id(), u64::from(layout.bytes))?;
        for ((value, field), offset) in values.into_iter().zip(fields).zip(&layout.offsets) {
            self.set(object, *offset, field, value)?;
        }
        Ok(Operand::Kept(self.state.roots.keep(object)))
    }

    fn new_array(
        &mut self,
        index: u32,
        length: u32,
        values: impl Iterator<Item = Operand>,
    ) -> Result<Operand, RuntimeError> {
        let ty = self.ty(index);
        let CompositeType::Array(array) = &ty.sub_type().composite else {
            return Err(malformed());
        };
        let element = &array.element;
        let layout = ArrayLayout::new(element.storage);
        let object = self.state.new_array(ty.id(), length)?;
        for (index, value) in (0_u32..).zip(values) {
            let offset = layout.elements + (index << layout.element_shift);
            self.set(object, offset, element, value)?;
        }
        Ok(Operand::Kept(self.state.roots.keep(object)))
    }

    /// Sets a field or an element of an object that was just made.
    fn set(
        &mut self,
        object: u32,
        offset: u32,
        field: &FieldType,
        value: Operand,
    ) -> Result<(), RuntimeError> {
        let mut bits = self.bits(value);
        if let StorageType::Value(ty @ ValueType::Ref(_)) = field.storage
            && !is_object(ty)
        {
            let function = bits as u64 as usize as *mut FunctionReference;
            // SAFETY: a value of the type of a function is a function of the store, or null.
            bits = u128::from(unsafe { self.state.function_number(function) });
        }
        let bytes = storage_bytes(field.storage);
        let heap = self.state.heap().map_err(|_| RuntimeError::HeapDamaged)?;
        let place = heap.objects().field_mut(object, offset, bytes);
        let place = place.map_err(|_| RuntimeError::HeapDamaged)?;
        place.copy_from_slice(&bits.to_le_bytes()[..bytes as usize]);
        Ok(())
    }
}

pub(crate) fn global_value(record: &InstanceRecord, index: u32) -> u128 {
    let module = record.module();
    // SAFETY: the address is of a global that lives as long as the store, which is borrowed by who evaluates.
    let bits = unsafe { *record.global_address(index) };
    // Compiled code writes no more of a global than its type has.
    match module.module().globals[index as usize].ty.value {
        ValueType::I32 | ValueType::F32 => u128::from(bits as u32),
        ValueType::I64 | ValueType::F64 | ValueType::Ref(_) => u128::from(bits as u64),
        ValueType::V128 => bits,
    }
}
