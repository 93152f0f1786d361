//! An open construct of control: what the translation must know of it until its `end`.

use silica_operator::MachineType;
use wasmparser::{BinaryReader, BlockType};

/// What kind of construct a frame is.
pub(crate) enum FrameKind<B, V> {
    /// The whole body.
    Function,
    /// `block`
    Block,
    /// `loop`
    Loop,
    /// `if`, before its `else`: where a false condition goes, and the parameters again.
    If {
        otherwise: B,
        params: Vec<V>,
        /// Whether the condition is rarely false.
        rarely: bool,
    },
    /// After `else`.
    Else,
    /// `try_table`, with its clauses.
    TryTable(Vec<Clause>),
    /// `try`, as first shipped, before its first clause.
    Try,
    /// A clause of such a `try`.
    Catch(Caught<B, V>),
}

/// A clause of a `try_table`.
#[derive(Clone, Copy)]
pub(crate) struct Clause {
    /// The tag that it catches; `None` for every tag.
    pub(crate) tag: Option<u32>,
    /// Whether the exception is among what its branch carries.
    pub(crate) with_exception: bool,
    /// Where it goes, counted from outside of the `try_table`.
    pub(crate) depth: u32,
}

/// What a clause of a `try` has caught.
pub(crate) struct Caught<B, V> {
    /// The exception; `None` where none can come.
    pub(crate) exception: Option<V>,
    /// Where an exception goes on that no clause so far has caught.
    pub(crate) missed: Option<B>,
}

/// Whether anything branches to the end of a construct.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Branched {
    Never,
    /// Only what is rarely executed, or hinted to be unlikely.
    Rarely,
    Often,
}

/// An open construct.
pub(crate) struct Frame<'r, B, V> {
    pub(crate) kind: FrameKind<B, V>,
    /// Where a branch to it goes.
    pub(crate) target: B,
    /// Its type, as the operator says it; `None` of the function.
    pub(crate) ty: Option<BlockType>,
    pub(crate) params: Vec<MachineType>,
    pub(crate) results: Vec<MachineType>,
    /// Operands below its parameters.
    pub(crate) height: usize,
    /// Whether its start was reachable. If not, nothing of it is lowered.
    pub(crate) reachable: bool,
    /// Whether anything branches to its end.
    pub(crate) branched: Branched,
    /// Whether what comes next in it is rarely executed, as far as the module's hints tell.
    pub(crate) rare: bool,
    /// The handler of exceptions in it, by its number in the function; `None` where they leave the function.
    pub(crate) handler: Option<usize>,
    /// Of a loop: the run at its start, which branches back to it repeat.
    pub(crate) dispatch: Option<Box<Dispatch<'r, B>>>,
    /// Of a block in such a run: the index of the loop's frame.
    pub(crate) dispatched_by: Option<usize>,
}

impl<B: Copy, V> Frame<'_, B, V> {
    /// Notes a branch to its end.
    pub(crate) fn branch(&mut self, rare: bool) {
        let now = match rare {
            true => Branched::Rarely,
            false => Branched::Often,
        };
        self.branched = self.branched.max(now);
    }

    /// Types of the values that a branch to it carries.
    pub(crate) fn label_types(&self) -> &[MachineType] {
        match self.kind {
            FrameKind::Loop => &self.params,
            FrameKind::Function
            | FrameKind::Block
            | FrameKind::If { .. }
            | FrameKind::Else
            | FrameKind::TryTable(_)
            | FrameKind::Try
            | FrameKind::Catch(_) => &self.results,
        }
    }
}

/// The run at the start of a loop, and what its blocks became.
pub(crate) struct Dispatch<'r, B> {
    /// The first operator of the run is next here.
    pub(crate) run: BinaryReader<'r>,
    /// How many `block`s are in the run, and how much one repetition brings.
    pub(crate) block_count: usize,
    pub(crate) cost: u64,
    /// Ends of the run's `block`s, the outermost first.
    pub(crate) blocks: Vec<B>,
    /// Those of them that have been passed; branches to them come as long as the loop is open.
    pub(crate) passed: Vec<B>,
}
