//! What compiled code asks for when an array is made, filled or copied: the long operations on objects.
//!
//! Bounds are checked first, and then elements are written in pieces, between which the call may be interrupted: nothing here makes an
//! object once it has begun to write one.

use silica_contract::{image::Section, trap::TrapCode};

use crate::{
    entries::checked_range,
    heap::{Array, Heap},
    raise::Raise,
    segments,
    state::State,
};

/// Bytes written between two looks at the interruption.
const PIECE_BYTES: u32 = 1 << 20;

/// The array that a reference is to, which is not null.
fn array(state: &mut State, reference: u64) -> Result<Array, Raise> {
    if reference == 0 {
        return Err(Raise::Trap(TrapCode::NullArray));
    }
    Ok(state.heap()?.objects().array(reference as u32)?)
}

/// Checks that an array has `count` elements from `start`.
fn check(array: Array, start: u64, count: u64) -> Result<(u32, u32), Raise> {
    let range = checked_range(array.length() as usize, start, count);
    let range = range.map_err(|_| TrapCode::ArrayOutOfBounds)?;
    Ok((range.start as u32, range.len() as u32))
}

/// Gives ranges of elements to `act`, piece by piece, from the first or from the last.
fn in_pieces(
    state: &mut State,
    array: Array,
    count: u32,
    upwards: bool,
    mut act: impl FnMut(&mut Heap, u32, u32) -> Result<(), Raise>,
) -> Result<u64, Raise> {
    let piece_max = PIECE_BYTES / array.element_bytes();
    let mut done = 0;
    while done < count {
        let piece = piece_max.min(count - done);
        let at = if upwards { done } else { count - done - piece };
        act(state.heap()?, at, piece)?;
        done += piece;
        state.check_interrupt()?;
    }
    Ok(0)
}

/// `array.new_default`, and `array.new` before its elements are set.
pub(crate) fn new(state: &mut State, _: u32, type_id: u64, length: u64) -> Result<u64, Raise> {
    Ok(u64::from(state.new_array(type_id as u32, length as u32)?))
}

/// `array.fill`
pub(crate) fn fill(
    state: &mut State,
    _: u32,
    reference: u64,
    start: u64,
    length: u64,
    low: u64,
    high: u64,
) -> Result<u64, Raise> {
    let array = array(state, reference)?;
    let (start, count) = check(array, start, length)?;
    let value = u128::from(low) | u128::from(high) << 64;
    in_pieces(state, array, count, true, |heap, at, piece| {
        Ok(heap.objects().fill(array, start + at, piece, value)?)
    })
}

/// `array.copy`
pub(crate) fn copy(
    state: &mut State,
    _: u32,
    to_reference: u64,
    to_start: u64,
    from_reference: u64,
    from_start: u64,
    length: u64,
) -> Result<u64, Raise> {
    let to = array(state, to_reference)?;
    let from = array(state, from_reference)?;
    let (to_start, count) = check(to, to_start, length)?;
    let (from_start, _) = check(from, from_start, length)?;
    let upwards = to_start <= from_start;
    in_pieces(state, to, count, upwards, |heap, at, piece| {
        let (to, from) = ((to, to_start + at), (from, from_start + at));
        Ok(heap.objects().copy(to, from, piece)?)
    })
}

/// Bytes of a data segment that is not dropped: `length` elements of so many bytes, from byte `source` on.
fn data_range(
    state: &State,
    instance: u32,
    segment: u64,
    source: u64,
    bytes: u64,
) -> Result<std::ops::Range<usize>, Raise> {
    let record = &state.instances[instance as usize];
    let all = match record.dropped_data[segment as usize] {
        true => 0..0,
        false => record.module().module().data[segment as usize]
            .bytes
            .indices(),
    };
    let range = checked_range(all.len(), source, bytes).map_err(|_| TrapCode::MemoryOutOfBounds)?;
    Ok(all.start + range.start..all.start + range.end)
}

/// `array.init_data`
pub(crate) fn init_data(
    state: &mut State,
    instance: u32,
    reference: u64,
    segment: u64,
    start: u64,
    source: u64,
    length: u64,
) -> Result<u64, Raise> {
    let array = array(state, reference)?;
    let (start, count) = check(array, start, length)?;
    let bytes = length * u64::from(array.element_bytes());
    let range = data_range(state, instance, segment, source, bytes)?;
    let module = state.instances[instance as usize].module().clone();
    let bytes = &module.image().section(Section::Kept)[range];
    let size = array.element_bytes();
    in_pieces(state, array, count, true, |heap, at, piece| {
        let from = &bytes[(at * size) as usize..((at + piece) * size) as usize];
        let to = heap.objects().elements_mut(array, start + at, piece)?;
        to.copy_from_slice(from);
        Ok(())
    })
}

/// `array.new_data`
pub(crate) fn new_data(
    state: &mut State,
    instance: u32,
    type_id: u64,
    segment: u64,
    source: u64,
    length: u64,
) -> Result<u64, Raise> {
    let element_bytes = state.heap()?.element_bytes(type_id as u32)?;
    data_range(
        state,
        instance,
        segment,
        source,
        length * u64::from(element_bytes),
    )?;
    let reference = new(state, instance, type_id, length)?;
    init_data(state, instance, reference, segment, 0, source, length)?;
    Ok(reference)
}

/// `array.init_elem`
pub(crate) fn init_elem(
    state: &mut State,
    instance: u32,
    reference: u64,
    segment: u64,
    start: u64,
    source: u64,
    length: u64,
) -> Result<u64, Raise> {
    let array = array(state, reference)?;
    let (start, count) = check(array, start, length)?;
    let elements = segments::length(&state.instances[instance as usize], segment as u32);
    checked_range(elements, source, length).map_err(|_| TrapCode::TableOutOfBounds)?;
    for at in 0..count {
        let element = source + u64::from(at);
        let value = segments::element_in_object(state, instance, segment as u32, element as usize)?;
        let objects = state.heap()?.objects();
        objects.fill(array, start + at, 1, u128::from(value))?;
        if at % 4096 == 4095 {
            state.check_interrupt()?;
        }
    }
    Ok(0)
}

/// `array.new_elem`
pub(crate) fn new_elem(
    state: &mut State,
    instance: u32,
    type_id: u64,
    segment: u64,
    source: u64,
    length: u64,
) -> Result<u64, Raise> {
    let elements = segments::length(&state.instances[instance as usize], segment as u32);
    checked_range(elements, source, length).map_err(|_| TrapCode::TableOutOfBounds)?;
    let reference = new(state, instance, type_id, length)?;
    init_elem(state, instance, reference, segment, 0, source, length).map(|_| reference)
}
