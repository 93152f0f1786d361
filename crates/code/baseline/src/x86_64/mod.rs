//! [`BaselineBackend`]: machine code of x86-64 for what `translate` says.
//!
//! The state of a function is here; how values come into registers and leave them in `place` and `load`, what happens at edges
//! in `edge`, calls in `call` and `tail_call`, how a function begins and ends in `body`, what stays in registers in `choose`, how turns are
//! counted and a loop is left for better code in `count`.
//! Operators are beside these: `integer`, `compare`, `divide`, `float`, `convert`, `memory`, `atomic`, and `vector` with what follows it. `table` lists the instructions and `assembler` encodes them.

mod assembler;
mod atomic;
mod backend;
mod body;
mod call;
mod choose;
mod compare;
mod convert;
mod count;
mod counting;
mod divide;
mod edge;
mod float;
mod integer;
mod lane;
mod load;
mod memory;
mod place;
mod register;
mod table;
mod tail_call;
mod vector;
mod vector_binary;
mod vector_unary;

use silica_contract::{
    artefact::{Relocation, SourceLocation},
    call_sites::{Run, StackMap},
    trap::TrapCode,
};
use silica_operator::MachineType;

use crate::{
    Error, Target,
    frame::{Frame, Place},
    value::{Id, NONE, Values},
};
use assembler::{Assembler, Memory};
use counting::Counting;
pub(crate) use register::Register;
use table::{Condition, Instruction};

/// A block: a place to branch to.
#[derive(Clone, Copy, Debug)]
pub struct Block(u32);

impl Block {
    fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where something stays while the function runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Home {
    Register(Register),
    Frame(Place),
}

/// A register that holds the same thing throughout.
#[derive(Clone, Copy, Debug)]
struct Kept {
    register: Register,
    ty: MachineType,
    /// Whether a callee preserves it.
    preserved: bool,
    /// Where it is saved around calls that do not.
    place: Option<Place>,
}

#[derive(Clone, Copy, Debug)]
struct Local {
    ty: MachineType,
    home: Home,
}

/// What is known of a block.
#[derive(Clone, Copy, Debug)]
struct BlockState {
    /// Where its code begins, or [`NONE`].
    offset: u32,
    /// The last of the jumps to it that wait for its offset.
    fixups: u32,
    params_start: u32,
    params_count: u32,
    is_loop: bool,
    is_handler: bool,
    /// Whether its parameters have places.
    placed: bool,
}

#[derive(Clone, Copy, Debug)]
struct Param {
    ty: MachineType,
    home: Home,
}

/// A distance that waits for a block's offset.
#[derive(Clone, Copy, Debug)]
struct Fixup {
    at: u32,
    /// What the distance is counted from.
    base: u32,
    next: u32,
}

/// A jump that ends a block, as long as nothing follows it.
#[derive(Clone, Copy, Debug)]
enum Tail {
    None,
    Jump {
        start: u32,
        to: Block,
    },
    Branch {
        condition: Condition,
        start: u32,
        yes: Block,
        no: Block,
    },
}

/// A trap that is jumped to.
#[derive(Clone, Copy, Debug)]
struct Stub {
    /// The distance of the jump.
    at: u32,
    code: TrapCode,
    module_offset: u32,
}

/// What the flags say about a comparison.
#[derive(Clone, Copy, Debug)]
struct Test {
    condition: Condition,
    parity: Parity,
}

/// What the outcome "unordered" makes of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parity {
    /// The condition tells the truth.
    Ignored,
    /// The comparison is false if unordered.
    False,
    /// The comparison is true if unordered.
    True,
}

/// A load that has just been written, and could as well have another destination.
#[derive(Clone, Copy, Debug)]
struct LastLoad {
    start: u32,
    end: u32,
    instruction: Instruction,
    wide: bool,
    memory: Memory,
    id: Id,
}

/// The one-pass backend. One is used for many functions, one after the other.
#[derive(Debug)]
pub struct BaselineBackend {
    target: Target,
    asm: Assembler,
    values: Values,
    /// Vectors that are constant values.
    vectors: Vec<u128>,
    /// Which value is in each register, or [`NONE`].
    owners: [Id; 32],
    /// The registers that have owners, as a set.
    owned: u32,
    /// Registers that the instruction at hand uses: they are not given out.
    locked: u32,
    /// Registers for values, as a set: not those that hold locals.
    available: u32,
    /// Where to look next for a register to be taken away.
    turn: u32,
    frame: Frame,
    locals: Vec<Local>,
    context: Home,
    /// The register that holds the first memory's address, and where that address is.
    base: Option<Register>,
    base_field: Option<(Option<u32>, u32)>,
    /// Registers to be restored at the end, with their places.
    saved: Vec<(Register, Place)>,
    /// Registers that hold locals, the context or the memory's address.
    kept: Vec<Kept>,
    /// Whether exceptions may go on in this function.
    has_handlers: bool,
    /// Places in the frame that hold objects of values, and the row of those of locals.
    object_places: Vec<Place>,
    object_locals: Run,
    /// How many of the former the stack maps name in all.
    noted_objects: usize,
    stack_maps: Vec<StackMap>,
    /// Return offsets of calls with a handler.
    handled: Vec<(u32, Block)>,
    /// Weights of locals, from the survey.
    weights: Vec<u32>,
    calls_weight: u32,
    context_weight: u32,
    memory_weight: u32,
    /// Where the caller's result area's address is.
    result_area: Place,
    /// Where callees' results go that do not fit registers.
    callee_area: (Place, u32),
    /// Types of the function's results.
    results: Vec<MachineType>,
    /// Bytes of arguments that the caller has put on the stack.
    stack_argument_bytes: u32,
    /// The distance in `sub rsp, distance` at the start.
    frame_size_at: u32,
    epilogue: u32,
    blocks: Vec<BlockState>,
    params: Vec<Param>,
    fixups: Vec<Fixup>,
    tail: Tail,
    tail_end: u32,
    last_load: Option<LastLoad>,
    stubs: Vec<Stub>,
    counting: Counting,
    /// Constants in memory, and the distances that wait for them.
    pool: Vec<u128>,
    pool_uses: Vec<(u32, u32)>,
    traps: Vec<(u32, TrapCode)>,
    locations: Vec<SourceLocation>,
    relocations: Vec<Relocation>,
    module_offset: u32,
    /// Moves into fixed registers that are to be made at once.
    moves: Vec<(Register, Id)>,
    /// Those of them that are between registers.
    register_moves: Vec<(Register, Register, MachineType)>,
    failure: Option<Error>,
}

impl BaselineBackend {
    pub(crate) fn new(target: Target) -> BaselineBackend {
        BaselineBackend {
            target,
            asm: Assembler::default(),
            values: Values::default(),
            vectors: Vec::new(),
            owners: [NONE; 32],
            owned: 0,
            locked: 0,
            available: 0,
            turn: 0,
            frame: Frame::default(),
            locals: Vec::new(),
            context: Home::Frame(0),
            base: None,
            base_field: None,
            saved: Vec::new(),
            kept: Vec::new(),
            has_handlers: false,
            object_places: Vec::new(),
            object_locals: Run { below: 0, count: 0 },
            noted_objects: 0,
            stack_maps: Vec::new(),
            handled: Vec::new(),
            weights: Vec::new(),
            calls_weight: 0,
            context_weight: 0,
            memory_weight: 0,
            result_area: 0,
            callee_area: (0, 0),
            results: Vec::new(),
            stack_argument_bytes: 0,
            frame_size_at: 0,
            epilogue: NONE,
            blocks: Vec::new(),
            params: Vec::new(),
            fixups: Vec::new(),
            tail: Tail::None,
            tail_end: 0,
            last_load: None,
            stubs: Vec::new(),
            counting: Counting::default(),
            pool: Vec::new(),
            pool_uses: Vec::new(),
            traps: Vec::new(),
            locations: Vec::new(),
            relocations: Vec::new(),
            module_offset: 0,
            moves: Vec::new(),
            register_moves: Vec::new(),
            failure: None,
        }
    }

    /// Remembers that this function is given up.
    fn refuse(&mut self, why: &'static str) {
        self.failure.get_or_insert(Error::Refused(why));
    }

    /// Says that the next instruction may trap.
    fn trap_site(&mut self, code: TrapCode) {
        self.locate(Some(self.module_offset));
        self.traps.push((self.asm.offset(), code));
    }

    /// Traps if the condition holds.
    fn trap_on(&mut self, condition: Condition, code: TrapCode) {
        let at = self.asm.jcc(condition);
        self.stubs.push(Stub {
            at,
            code,
            module_offset: self.module_offset,
        });
    }
}
