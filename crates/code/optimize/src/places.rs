//! Which operator machine code is said to be made for.
//!
//! Cranelift has a place for each of its instructions, and what traps or calls is found by it. Where one instruction does the work of two, only one
//! place is left, which has to be that of the one that can trap.

use cranelift_codegen::{
    cursor::{Cursor, FuncCursor},
    entity::SecondaryMap,
    ir::{Block, Function, Inst, InstBuilder, InstructionData, Opcode, SourceLoc, Value},
};
use silica_contract::artefact::{InlinedPlace, Place, SourceLocation};

/// How many instructions after a load it may become part of: an extension, a comparison, a branch or a selection.
const FUSED_MAX: usize = 4;

/// A branch to a block that only traps becomes a conditional trap: it gets the place of the trap. It cannot trap itself. Of two such blocks, the other is
/// kept from looking like one.
pub(crate) fn before_optimizing(function: &mut Function) {
    let mut blocks = function.layout.entry_block();
    while let Some(block) = blocks {
        blocks = function.layout.next_block(block);
        let Some(branch) = function.layout.last_inst(block) else {
            continue;
        };
        let InstructionData::Brif { blocks: to, .. } = function.dfg.insts[branch] else {
            continue;
        };
        let lists = &function.dfg.value_lists;
        let traps = to.map(|call| trap_of(function, call.block(lists)));
        if let [Some(_), Some(other)] = traps {
            FuncCursor::new(function)
                .at_inst(other)
                .ins()
                .sequence_point();
        }
        if let Some(trap) = traps.into_iter().flatten().next() {
            function.set_srcloc(branch, function.srcloc(trap));
        }
    }
}

/// The trap that ends a block.
fn trap_of(function: &Function, block: Block) -> Option<Inst> {
    let last = function.layout.last_inst(block)?;
    (function.dfg.insts[last].opcode() == Opcode::Trap).then_some(last)
}

/// A load that is used once may become an operand of the instruction that uses it: that gets the place of the load.
pub(crate) fn after_optimizing(function: &mut Function) {
    let users = single_users(function);
    let mut cursor = FuncCursor::new(function);
    while cursor.next_block().is_some() {
        while let Some(inst) = cursor.next_inst() {
            if loads_and_may_trap(cursor.func, inst) {
                give_place(cursor.func, &users, inst);
            }
        }
    }
}

fn loads_and_may_trap(function: &Function, inst: Inst) -> bool {
    let opcode = function.dfg.insts[inst].opcode();
    opcode.can_load() && !opcode.can_store() && may_trap(function, inst)
}

fn may_trap(function: &Function, inst: Inst) -> bool {
    let data = &function.dfg.insts[inst];
    let opcode = data.opcode();
    match data.memflags() {
        Some(flags) => !function.dfg.mem_flags[flags].notrap(),
        None => opcode.can_trap() || opcode.can_load() || opcode.can_store(),
    }
}

fn give_place(function: &mut Function, users: &SecondaryMap<Value, User>, load: Inst) {
    let (block, place) = (function.layout.inst_block(load), function.srcloc(load));
    let mut from = load;
    for _ in 0..FUSED_MAX {
        let Some(result) = function.dfg.inst_results(from).first() else {
            return;
        };
        let User::One(user) = users[*result] else {
            return;
        };
        let is_here = function.layout.inst_block(user) == block;
        let traps = function.dfg.insts[user].opcode().is_call() || may_trap(function, user);
        if !is_here || (traps && !is_written_back(function, load, user)) {
            return;
        }
        function.set_srcloc(user, place);
        from = user;
    }
}

/// Whether a store is to where the load is from, which has not trapped then.
fn is_written_back(function: &Function, load: Inst, store: Inst) -> bool {
    match (&function.dfg.insts[load], &function.dfg.insts[store]) {
        (
            InstructionData::Load { arg, offset, .. },
            InstructionData::Store {
                args, offset: to, ..
            },
        ) => args[1] == *arg && offset == to,
        _ => false,
    }
}

/// What uses a value.
#[derive(Clone, Copy, Default)]
enum User {
    #[default]
    Nothing,
    One(Inst),
    Several,
}

fn single_users(function: &Function) -> SecondaryMap<Value, User> {
    let mut users = SecondaryMap::with_capacity(function.dfg.num_values());
    for block in function.layout.blocks() {
        for inst in function.layout.block_insts(block) {
            for value in function.dfg.inst_values(inst) {
                users[value] = match users[value] {
                    User::Nothing => User::One(inst),
                    User::One(_) | User::Several => User::Several,
                };
            }
        }
    }
    users
}

/// Entries that hold until the next, made of ranges that may leave gaps.
pub(crate) fn source_locations(
    ranges: impl Iterator<Item = (u32, u32, SourceLoc)>,
) -> Vec<SourceLocation> {
    let mut entries: Vec<SourceLocation> = Vec::new();
    let mut push = |offset: u32, place: Option<Place>| match entries.last_mut() {
        Some(last) if last.place == place => {}
        Some(last) if last.offset == offset => last.place = place,
        _ => entries.push(SourceLocation { offset, place }),
    };
    let mut end = 0;
    for (start, stop, location) in ranges {
        if start > end {
            push(end, None);
        }
        push(start, place(location));
        end = stop;
    }
    push(end, None);
    entries
}

/// Leaves out the operators of bodies in place of calls that no code was made for, and counts the others anew.
pub(crate) fn compact(locations: &mut [SourceLocation], all: &[InlinedPlace]) -> Vec<InlinedPlace> {
    let mut is_used = vec![false; all.len()];
    let numbers = locations.iter().filter_map(|l| l.place?.number());
    numbers.for_each(|number| is_used[number as usize] = true);
    // Calls have lower numbers than what is in their place.
    for (number, place) in all.iter().enumerate().rev() {
        if let Some(call) = place.called_at.number().filter(|_| is_used[number]) {
            is_used[call as usize] = true;
        }
    }
    let (mut kept, mut numbers) = (Vec::new(), vec![0; all.len()]);
    let renumbered = |place: Place, numbers: &[u32]| match place.number() {
        Some(number) => Place::inlined(numbers[number as usize]),
        None => place,
    };
    for (number, place) in all.iter().enumerate().filter(|(n, _)| is_used[*n]) {
        numbers[number] = kept.len() as u32;
        kept.push(InlinedPlace {
            called_at: renumbered(place.called_at, &numbers),
            ..*place
        });
    }
    for location in locations {
        location.place = location.place.map(|place| renumbered(place, &numbers));
    }
    kept
}

/// What was noted with [`location`].
pub(crate) fn place(location: SourceLoc) -> Option<Place> {
    Place::from_bits(location.bits())
}

/// How Cranelift keeps a place.
pub(crate) fn location(place: Place) -> SourceLoc {
    SourceLoc::new(place.bits())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_places_that_have_code_are_kept() {
        let inlined = |module_offset, called_at| InlinedPlace {
            module_offset,
            called_at,
        };
        let all = [
            inlined(10, Place::at(1)),
            inlined(11, Place::at(1)),
            inlined(20, Place::inlined(1)),
            inlined(21, Place::inlined(1)),
        ];
        let at = |place| SourceLocation {
            offset: 0,
            place: Some(place),
        };
        let mut locations = [at(Place::inlined(3)), at(Place::at(5))];
        let kept = compact(&mut locations, &all);
        assert_eq!(kept, [all[1], inlined(21, Place::inlined(0))]);
        assert_eq!(locations, [at(Place::inlined(1)), at(Place::at(5))]);
    }
}
