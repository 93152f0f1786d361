//! What compiled code calls for what is too long or too rare to be inline ([`silica_contract::builtin`]).
//!
//! Each builtin comes with a stub that notes where compiled code was left. Its Rust part gives a result or why the
//! call ends; nothing is left to drop when it raises. What works long does so in pieces, and looks in between
//! whether the call was interrupted: bounds were checked before, so that every piece leaves a state that the
//! program could have made.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use silica_contract::{builtin::Builtin, image::Section, trap::TrapCode};

use crate::{
    RuntimeError, arrays, binding,
    entries::{FunctionReference, checked_range},
    entry::builtin_stub,
    from_code::run,
    handles::{copy_elements, grow_memory, grow_table},
    memory::{MemoryDefinition, SharedMemory, WaitEnd, WaitOutcome, check_atomic},
    raise::Raise,
    record::MemoryRef,
    segments::write_elements,
    state::State,
};

/// Bytes or elements treated between two looks at the interruption.
const PIECE_BYTES: usize = 1 << 20;
const PIECE_ELEMENTS: u64 = 1 << 17;
/// `memory.grow`'s and `table.grow`'s result when nothing grew.
const FAILED: u64 = u64::MAX;

/// Defines the builtins: the C function, its stub, its place in the table. A function after `quick` may do
/// what is quick and cannot fail; if it says that it did not, the body does everything.
macro_rules! builtins {
    ($($name:ident $function:ident $stub:ident $stub_fuel:ident ($($arg:ident),*) $(-> $result:ident)?
        $(quick $quick:ident)? = $body:expr;)*) => {
        $(
            unsafe extern "C" fn $function(context: *mut u8, $($arg: u64),*) $(-> builtins!(@type $result))? {
                let _arguments = [$($arg),*];
                $(
                    // SAFETY: the arguments are those of compiled code.
                    if unsafe { $quick(_arguments) } {
                        return;
                    }
                )?
                let body: fn(&mut State, u32 $(, builtins!(@u64 $arg))*) -> Result<u64, Raise> = $body;
                // SAFETY: called by compiled code through the table, with its context.
                let _value = unsafe { run(context, |state, instance| body(state, instance $(, $arg)*)) };
                $( let $result = _value; $result )?
            }
            builtin_stub!($stub, $stub_fuel, $function);
        )*
        /// The stub of a builtin.
        fn stub(builtin: Builtin, fuel: bool) -> usize {
            let (plain, counting): (unsafe extern "C" fn(), unsafe extern "C" fn()) = match builtin {
                $(Builtin::$name => ($stub, $stub_fuel),)*
            };
            if fuel { counting as *const () as usize } else { plain as *const () as usize }
        }
    };
    (@type $result:ident) => { u64 };
    (@u64 $arg:ident) => { u64 };
}

builtins! {
    MemoryGrow memory_grow memory_grow_stub memory_grow_stub_fuel (memory, delta) -> old = grow_a_memory;
    MemoryCopy memory_copy memory_copy_stub memory_copy_stub_fuel
        (destination_memory, source_memory, destination, source, length) quick copy_piece = copy_memory;
    MemoryFill memory_fill memory_fill_stub memory_fill_stub_fuel (memory, destination, value, length) quick fill_piece = fill_memory;
    MemoryInit memory_init memory_init_stub memory_init_stub_fuel
        (memory, segment, destination, source, length) = |state, instance, memory, segment, destination, source, length| {
            write_data(state, instance, (segment as u32, source), (memory as u32, destination), length).map(|()| 0)
        };
    DataDrop data_drop data_drop_stub data_drop_stub_fuel (segment) = |state, instance, segment| {
        state.instances[instance as usize].dropped_data[segment as usize] = true;
        Ok(0)
    };
    TableGrow table_grow table_grow_stub table_grow_stub_fuel (table, value, delta) -> old = grow_a_table;
    TableFill table_fill table_fill_stub table_fill_stub_fuel (table, destination, value, length) = fill_table;
    TableCopy table_copy table_copy_stub table_copy_stub_fuel (destination_table, source_table, destination, source, length) = copy_table;
    TableInit table_init table_init_stub table_init_stub_fuel
        (table, segment, destination, source, length) = init_table;
    ElemDrop elem_drop elem_drop_stub elem_drop_stub_fuel (segment) = |state, instance, segment| {
        state.instances[instance as usize].drop_elements(segment as usize);
        Ok(0)
    };
    AtomicWait32 atomic_wait32 atomic_wait32_stub atomic_wait32_stub_fuel
        (memory, address, expected, timeout_ns) -> outcome = |state, instance, memory, address, expected, timeout_ns| {
            wait(state, instance, memory, timeout_ns, |shared, timeout, state| {
                shared.wait32(address, expected as u32, timeout, Some(&state.interrupt))
            })
        };
    AtomicWait64 atomic_wait64 atomic_wait64_stub atomic_wait64_stub_fuel
        (memory, address, expected, timeout_ns) -> outcome = |state, instance, memory, address, expected, timeout_ns| {
            wait(state, instance, memory, timeout_ns, |shared, timeout, state| {
                shared.wait64(address, expected, timeout, Some(&state.interrupt))
            })
        };
    AtomicNotify atomic_notify atomic_notify_stub atomic_notify_stub_fuel (memory, address, count) -> woken = notify;
    ObjectNew object_new object_new_stub object_new_stub_fuel (type_id, bytes) -> object = |state, _instance, type_id, bytes| {
        Ok(u64::from(state.new_object(type_id as u32, bytes)?))
    };
    ArrayNew array_new array_new_stub array_new_stub_fuel (type_id, length) -> object = arrays::new;
    ArrayNewData array_new_data array_new_data_stub array_new_data_stub_fuel
        (type_id, segment, source, length) -> object = arrays::new_data;
    ArrayNewElem array_new_elem array_new_elem_stub array_new_elem_stub_fuel
        (type_id, segment, source, length) -> object = arrays::new_elem;
    ArrayFill array_fill array_fill_stub array_fill_stub_fuel (array, start, length, low, high) = arrays::fill;
    ArrayCopy array_copy array_copy_stub array_copy_stub_fuel
        (destination_array, destination, source_array, source, length) = arrays::copy;
    ArrayInitData array_init_data array_init_data_stub array_init_data_stub_fuel
        (array, segment, destination, source, length) = arrays::init_data;
    ArrayInitElem array_init_elem array_init_elem_stub array_init_elem_stub_fuel
        (array, segment, destination, source, length) = arrays::init_elem;
    FunctionNumber function_number function_number_stub function_number_stub_fuel
        (function) -> number = |state, _instance, function| {
            // SAFETY: compiled code passes a function of its store or null; functions live as long as the store.
            Ok(u64::from(unsafe { state.function_number(function as usize as *mut FunctionReference) }))
        };
    Throw throw throw_stub throw_stub_fuel (exception) = |state, _, exception| {
        state.exception = exception as u32;
        Err(Raise::Exception)
    };
    ContinuationNew continuation_new continuation_new_stub continuation_new_stub_fuel (function, type_id) -> place = binding::new;
    ContinuationBind continuation_bind continuation_bind_stub continuation_bind_stub_fuel (place, type_id, count, bound_type_id) -> bound = binding::bind;
    LoopTurned loop_turned loop_turned_stub loop_turned_stub_fuel (function, loop_offset) -> code = go_on_at_loop;
    TypeMatches type_matches type_matches_stub type_matches_stub_fuel
        (found, expected) -> matches = |state, _instance, found, expected| {
            // The function's module, or the host function, keeps its type alive.
            let found = state.runtime.types().get(found as u32);
            Ok(u64::from(found.is_some_and(|found| found.is_subtype_of_id(expected as u32))))
        };
}

/// Code that goes on at a loop.
fn go_on_at_loop(
    state: &mut State,
    instance: u32,
    function: u64,
    loop_offset: u64,
) -> Result<u64, Raise> {
    let module = state.instances[instance as usize].module().clone();
    // Both are numbers of 32 bits.
    let defined = module.module().defined_function(function as u32);
    let code = module.growing().zip(defined).and_then(|(code, defined)| {
        code.turned(defined, loop_offset as u32, state.runtime.optimizer())
    });
    Ok(code.map_or(0, |code| code as u64))
}

/// The table of builtins, as compiled code reads it.
pub(crate) fn table(fuel: bool) -> *const usize {
    use std::sync::OnceLock;
    static PLAIN: OnceLock<Vec<usize>> = OnceLock::new();
    static COUNTING: OnceLock<Vec<usize>> = OnceLock::new();
    let table = if fuel { &COUNTING } else { &PLAIN };
    table
        .get_or_init(|| {
            Builtin::ALL
                .iter()
                .map(|builtin| stub(*builtin, fuel))
                .collect()
        })
        .as_ptr()
}

/// The bytes of a memory, for builtins: base and length now.
#[derive(Clone, Copy)]
struct Bytes {
    base: *mut u8,
    length: usize,
}

impl Bytes {
    /// Those of the memory whose definition compiled code passed the address of.
    ///
    /// # Safety
    /// `definition` is what compiled code passes where a builtin takes a definition.
    #[inline(always)]
    unsafe fn defined(definition: u64) -> Bytes {
        let definition = definition as usize as *mut MemoryDefinition;
        // SAFETY: compiled code passes a definition in its own context, or one that its context points to: it
        // lives as long as the instance. The length of a shared memory may be written by another thread meanwhile.
        unsafe {
            let length = AtomicU64::from_ptr(&raw mut (*definition).length);
            Bytes {
                base: (*definition).base,
                length: length.load(Ordering::Relaxed) as usize,
            }
        }
    }

    fn of(state: &State, instance: u32, memory: u32) -> Bytes {
        match &state.instances[instance as usize].memories[memory as usize] {
            MemoryRef::Store(index) => {
                let memory = &state.memories[*index as usize].memory;
                Bytes {
                    base: memory.base(),
                    length: memory.length(),
                }
            }
            MemoryRef::Shared(memory) => Bytes {
                base: memory.base(),
                length: memory.length(),
            },
        }
    }

    /// A pointer to `length` bytes at `address`, if the memory has them.
    #[inline(always)]
    fn range(self, address: u64, length: u64) -> Result<*mut u8, TrapCode> {
        let range =
            checked_range(self.length, address, length).map_err(|_| TrapCode::MemoryOutOfBounds)?;
        Ok(self.base.wrapping_add(range.start))
    }
}

/// Tells a failure to grow by its kind: the program sees -1, unless the limiter itself failed.
fn grown(result: Result<u64, RuntimeError>) -> Result<u64, Raise> {
    match result {
        Ok(old) => Ok(old),
        Err(error @ RuntimeError::Limiter(_)) => Err(error.into()),
        Err(_) => Ok(FAILED),
    }
}

fn grow_a_memory(state: &mut State, instance: u32, memory: u64, delta: u64) -> Result<u64, Raise> {
    match state.instances[instance as usize].memories[memory as usize].clone() {
        MemoryRef::Store(index) => grown(grow_memory(state, index, delta)),
        MemoryRef::Shared(memory) => grown(grow_shared(state, &memory, delta)),
    }
}

fn grow_shared(state: &mut State, memory: &SharedMemory, delta: u64) -> Result<u64, RuntimeError> {
    let max = memory.plan().max_bytes;
    memory.grow_asking(delta, |before, after| {
        state.ask_growth(crate::limiter::Limited::Memory, before, after, Some(max))
    })
}

/// A `memory.copy` of one piece, within bounds. False if it is not.
///
/// # Safety
/// The memories are definitions that compiled code passed.
#[inline(always)]
unsafe fn copy_piece([to, from, destination, source, length]: [u64; 5]) -> bool {
    // SAFETY: see above.
    let (from, to) = unsafe { (Bytes::defined(from), Bytes::defined(to)) };
    match (from.range(source, length), to.range(destination, length)) {
        (Ok(from), Ok(to)) if length <= PIECE_BYTES as u64 => {
            // SAFETY: both ranges were checked against the memories' lengths, which never shrink; the bytes may overlap.
            unsafe { std::ptr::copy(from, to, length as usize) };
            true
        }
        _ => false,
    }
}

/// A `memory.fill` of one piece, within bounds. False if it is not.
///
/// # Safety
/// The memory is a definition that compiled code passed.
#[inline(always)]
unsafe fn fill_piece([memory, destination, value, length]: [u64; 4]) -> bool {
    // SAFETY: see above.
    match unsafe { Bytes::defined(memory) }.range(destination, length) {
        Ok(to) if length <= PIECE_BYTES as u64 => {
            // SAFETY: the range was checked against the memory's length, which never shrinks.
            unsafe { to.write_bytes(value as u8, length as usize) };
            true
        }
        _ => false,
    }
}

#[cold]
fn copy_memory(
    state: &mut State,
    _: u32,
    destination_memory: u64,
    source_memory: u64,
    destination: u64,
    source: u64,
    length: u64,
) -> Result<u64, Raise> {
    // SAFETY: the first two arguments of `memory.copy`'s builtin are definitions.
    let (from, to) = unsafe {
        (
            Bytes::defined(source_memory),
            Bytes::defined(destination_memory),
        )
    };
    let from = from.range(source, length)?;
    let to = to.range(destination, length)?;
    let length = length as usize;
    // Where the ranges overlap, the pieces go in the direction in which no piece overwrites a later one.
    let upwards = to <= from;
    let mut done = 0;
    while done < length {
        let piece = PIECE_BYTES.min(length - done);
        let at = if upwards { done } else { length - done - piece };
        // SAFETY: both ranges were checked against the memories' lengths, which never shrink; the bytes may overlap.
        unsafe { std::ptr::copy(from.add(at), to.add(at), piece) };
        done += piece;
        state.check_interrupt()?;
    }
    Ok(0)
}

#[cold]
fn fill_memory(
    state: &mut State,
    _: u32,
    memory: u64,
    destination: u64,
    value: u64,
    length: u64,
) -> Result<u64, Raise> {
    // SAFETY: the first argument of `memory.fill`'s builtin is a definition.
    let to = unsafe { Bytes::defined(memory) }.range(destination, length)?;
    let length = length as usize;
    let mut done = 0;
    while done < length {
        let piece = PIECE_BYTES.min(length - done);
        // SAFETY: the range was checked against the memory's length, which never shrinks.
        unsafe { to.add(done).write_bytes(value as u8, piece) };
        done += piece;
        state.check_interrupt()?;
    }
    Ok(0)
}

/// Writes `length` bytes of a data segment of an instance, from some byte on, to a memory of the instance's index space,
/// from some address on.
pub(crate) fn write_data(
    state: &mut State,
    instance: u32,
    (segment, source): (u32, u64),
    (memory, target): (u32, u64),
    length: u64,
) -> Result<(), Raise> {
    let record = &state.instances[instance as usize];
    let module = record.module().clone();
    let kept = module.image().section(Section::Kept);
    let bytes = match record.dropped_data[segment as usize] {
        true => &[][..],
        false => &kept[module.module().data[segment as usize].bytes.indices()],
    };
    let range =
        checked_range(bytes.len(), source, length).map_err(|_| TrapCode::MemoryOutOfBounds)?;
    let mut to = Bytes::of(state, instance, memory).range(target, length)?;
    for piece in bytes[range].chunks(PIECE_BYTES) {
        // SAFETY: the range was checked against the memory's length, which never shrinks; a memory
        // never overlaps an image.
        unsafe {
            std::ptr::copy_nonoverlapping(piece.as_ptr(), to, piece.len());
            to = to.add(piece.len());
        }
        state.check_interrupt()?;
    }
    Ok(())
}

fn table_number(state: &State, instance: u32, table: u64) -> u32 {
    state.instances[instance as usize].tables[table as usize]
}

fn grow_a_table(
    state: &mut State,
    instance: u32,
    table: u64,
    value: u64,
    delta: u64,
) -> Result<u64, Raise> {
    let table = table_number(state, instance, table);
    grown(grow_table(state, table, delta, value))
}

fn fill_table(
    state: &mut State,
    instance: u32,
    table: u64,
    destination: u64,
    value: u64,
    length: u64,
) -> Result<u64, Raise> {
    let table = table_number(state, instance, table) as usize;
    let range = checked_range(state.tables[table].elements().len(), destination, length);
    let range = range.map_err(|_| TrapCode::TableOutOfBounds)?;
    let mut start = range.start;
    while start < range.end {
        let end = range.end.min(start + PIECE_ELEMENTS as usize);
        state.tables[table].elements_mut()[start..end].fill(value);
        start = end;
        state.check_interrupt()?;
    }
    Ok(0)
}

fn copy_table(
    state: &mut State,
    instance: u32,
    destination_table: u64,
    source_table: u64,
    destination: u64,
    source: u64,
    length: u64,
) -> Result<u64, Raise> {
    let to = table_number(state, instance, destination_table);
    let from = table_number(state, instance, source_table);
    for (table, start) in [(to, destination), (from, source)] {
        checked_range(state.tables[table as usize].elements().len(), start, length)
            .map_err(|_| TrapCode::TableOutOfBounds)?;
    }
    let upwards = destination <= source;
    let mut done = 0;
    while done < length {
        let piece = PIECE_ELEMENTS.min(length - done);
        let at = if upwards { done } else { length - done - piece };
        copy_elements(state, (to, destination + at), (from, source + at), piece)
            .map_err(|_| TrapCode::TableOutOfBounds)?;
        done += piece;
        state.check_interrupt()?;
    }
    Ok(0)
}

fn init_table(
    state: &mut State,
    instance: u32,
    table: u64,
    segment: u64,
    destination: u64,
    source: u64,
    length: u64,
) -> Result<u64, Raise> {
    // A segment is no longer than its module, and is written at once.
    let table = table_number(state, instance, table);
    write_elements(
        state,
        instance,
        (segment as u32, source),
        (table, destination),
        length,
    )?;
    state.check_interrupt()?;
    Ok(0)
}

fn wait(
    state: &mut State,
    instance: u32,
    memory: u64,
    timeout_ns: u64,
    wait: impl FnOnce(&SharedMemory, Option<Duration>, &State) -> Result<WaitEnd, TrapCode>,
) -> Result<u64, Raise> {
    let MemoryRef::Shared(memory) =
        state.instances[instance as usize].memories[memory as usize].clone()
    else {
        return Err(Raise::Trap(TrapCode::AtomicWaitNonShared));
    };
    // Negative is forever.
    let timeout = u64::try_from(timeout_ns.cast_signed())
        .ok()
        .map(Duration::from_nanos);
    match wait(&memory, timeout, state)? {
        WaitEnd::Outcome(WaitOutcome::Woken) => Ok(0),
        WaitEnd::Outcome(WaitOutcome::Mismatch) => Ok(1),
        WaitEnd::Outcome(WaitOutcome::TimedOut) => Ok(2),
        WaitEnd::Interrupted => {
            state.check_interrupt()?;
            Err(Raise::Trap(TrapCode::Interrupt))
        }
    }
}

fn notify(
    state: &mut State,
    instance: u32,
    memory: u64,
    address: u64,
    count: u64,
) -> Result<u64, Raise> {
    match &state.instances[instance as usize].memories[memory as usize] {
        MemoryRef::Shared(memory) => Ok(u64::from(memory.atomic_notify(address, count as u32)?)),
        MemoryRef::Store(_) => {
            let bytes = Bytes::of(state, instance, memory as u32);
            check_atomic(address, 4, bytes.length as u64)?;
            Ok(0)
        }
    }
}
