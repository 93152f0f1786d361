//! An open construct of control: what the translation must know of it until its `end`.

use silica_operator::MachineType;

/// What kind of construct a frame is.
pub(crate) enum FrameKind<B, V> {
    /// The whole body.
    Function,
    /// `block`
    Block,
    /// `loop`
    Loop,
    /// `if`, before its `else`: where a false condition goes, and the parameters again.
    If { otherwise: B, params: Vec<V> },
    /// After `else`.
    Else,
}

/// An open construct.
pub(crate) struct Frame<B, V> {
    pub(crate) kind: FrameKind<B, V>,
    /// Where a branch to it goes.
    pub(crate) target: B,
    pub(crate) params: Vec<MachineType>,
    pub(crate) results: Vec<MachineType>,
    /// Operands below its parameters.
    pub(crate) height: usize,
    /// Whether its start was reachable. If not, nothing of it is lowered.
    pub(crate) reachable: bool,
    /// Whether anything branches to its end.
    pub(crate) branched: bool,
}

impl<B: Copy, V> Frame<B, V> {
    /// Types of the values that a branch to it carries.
    pub(crate) fn label_types(&self) -> &[MachineType] {
        match self.kind {
            FrameKind::Loop => &self.params,
            FrameKind::Function | FrameKind::Block | FrameKind::If { .. } | FrameKind::Else => {
                &self.results
            }
        }
    }
}
