//! A backend that makes no code but the result itself.
//!
//! The evaluator runs a function while it is translated, on values whose bits are known. It goes
//! along the one path that execution takes: blocks that it does not reach are passed over. It is the
//! oracle of tests of compiled code, and may fold calls of small functions with constant operands.
//!
//! What it cannot know, it does not guess: a memory, a table, a call and a loop's second turn make
//! it stop with [`NotConstant`], and so does an unknown value that would decide anything. It does not
//! look for time or stack either: straight-line code takes as long as it is.

mod backend;

use std::collections::BTreeMap;

use silica_contract::trap::TrapCode;
use silica_operator::{ArithmeticTrap, MachineType};

/// A value as far as the evaluator knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// Its bits.
    Known(u128),
    /// The pointer to the instance's context.
    Context,
    /// Nothing is known.
    Unknown,
}

/// How a function ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It returned these bits, one for each result.
    Returned(Vec<u128>),
    /// It trapped.
    Trapped(TrapCode),
}

/// What evaluating a function came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// How it ended.
    pub outcome: Outcome,
    /// Fields of the context that it wrote (globals that the module defines), by offset.
    pub written: BTreeMap<u32, u128>,
    /// Fuel taken along the way.
    pub fuel: u64,
}

/// Why a function's result is not known before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not constant: {reason} (offset {module_offset:#x})")]
pub struct NotConstant {
    /// What stood in the way.
    pub reason: Reason,
    /// Where in the module.
    pub module_offset: u32,
}

/// What the evaluator does not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// It knows no memories.
    #[error("it reads or writes a memory")]
    Memory,
    /// It knows no tables, no imported globals and no functions' references.
    #[error("it reaches for something outside of the instance's context")]
    Pointer,
    /// It does not go into calls.
    #[error("it calls a function")]
    Call,
    /// It knows no objects.
    #[error("it throws an exception")]
    Throw,
    /// It does not go back.
    #[error("it branches backwards")]
    Loop,
    /// A condition, a divisor or the like is not known.
    #[error("it depends on a value that is not known")]
    Unknown,
    /// The body was never translated to its end.
    #[error("it has no end")]
    Unfinished,
}

/// How far evaluation came.
#[derive(Debug)]
enum State {
    /// The current block is on the path.
    Running,
    /// The path goes on in a later block.
    Skipping,
    /// The path ended.
    Ended(Outcome),
    /// The path leads where the evaluator cannot follow.
    Stopped(NotConstant),
}

/// A place to branch to.
#[derive(Debug)]
struct BlockState {
    params: Vec<MachineType>,
    /// The arguments of the branch that was taken to it and not followed yet.
    arrived: Option<Vec<Value>>,
    entered: bool,
}

/// A block of the evaluator: its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block(usize);

/// The backend. Give it to the translation of one function, then ask [`Evaluator::finish_evaluation`].
///
/// ```
/// use silica_operator::{IntBinary, IntType, MachineType};
/// use silica_translate::{Backend, evaluator::{Evaluator, Outcome}};
///
/// let mut evaluator = Evaluator::new(vec![]);
/// let six = evaluator.constant(MachineType::I32, 6);
/// let seven = evaluator.constant(MachineType::I32, 7);
/// let product = evaluator.int_binary(IntBinary::Mul, IntType::I32, six, seven);
/// evaluator.return_(vec![product]);
/// assert_eq!(evaluator.finish_evaluation()?.outcome, Outcome::Returned(vec![42]));
/// # Ok::<(), silica_translate::evaluator::NotConstant>(())
/// ```
#[derive(Debug)]
pub struct Evaluator {
    /// The parameters, then the declared locals.
    locals: Vec<Value>,
    /// What is known of the context, by offset.
    fields: BTreeMap<u32, u128>,
    blocks: Vec<BlockState>,
    state: State,
    module_offset: u32,
    written: BTreeMap<u32, u128>,
    fuel: u64,
    canonical_nans: bool,
}

impl Evaluator {
    /// An evaluator of one call with these arguments, given as bits.
    #[must_use]
    pub fn new(arguments: Vec<u128>) -> Evaluator {
        Evaluator {
            locals: arguments.into_iter().map(Value::Known).collect(),
            fields: BTreeMap::new(),
            blocks: Vec::new(),
            state: State::Running,
            module_offset: 0,
            written: BTreeMap::new(),
            fuel: 0,
            canonical_nans: false,
        }
    }

    /// Makes every NaN that a float operator chooses the canonical one.
    #[must_use]
    pub fn with_canonical_nans(mut self) -> Evaluator {
        self.canonical_nans = true;
        self
    }

    /// Tells what a field of the context holds at the start, by its offset: a global, say.
    #[must_use]
    pub fn with_field(mut self, offset: u32, bits: u128) -> Evaluator {
        self.fields.insert(offset, bits);
        self
    }

    /// What came out.
    ///
    /// # Errors
    ///
    /// Where the result depends on what the evaluator does not know.
    pub fn finish_evaluation(self) -> Result<Evaluation, NotConstant> {
        match self.state {
            State::Ended(outcome) => Ok(Evaluation {
                outcome,
                written: self.written,
                fuel: self.fuel,
            }),
            State::Stopped(reason) => Err(reason),
            State::Running | State::Skipping => Err(NotConstant {
                reason: Reason::Unfinished,
                module_offset: self.module_offset,
            }),
        }
    }

    fn is_running(&self) -> bool {
        matches!(self.state, State::Running)
    }

    /// Gives up, if the current block is on the path at all.
    fn stop(&mut self, reason: Reason) -> Value {
        if self.is_running() {
            self.state = State::Stopped(NotConstant {
                reason,
                module_offset: self.module_offset,
            });
        }
        Value::Unknown
    }

    fn end(&mut self, outcome: Outcome) {
        if self.is_running() {
            self.state = State::Ended(outcome);
        }
    }

    /// The bits of a value that something depends on.
    fn need(&mut self, value: Value) -> Option<u128> {
        match value {
            Value::Known(bits) if self.is_running() => Some(bits),
            Value::Known(_) => None,
            Value::Context | Value::Unknown => {
                self.stop(Reason::Unknown);
                None
            }
        }
    }

    /// A result of known operands, which is unknown if one of them is.
    fn pure<const N: usize>(
        &self,
        operands: [Value; N],
        evaluate: impl FnOnce([u128; N]) -> u128,
    ) -> Value {
        let mut bits = [0; N];
        for (bits, operand) in bits.iter_mut().zip(operands) {
            match operand {
                Value::Known(known) => *bits = known,
                Value::Context | Value::Unknown => return Value::Unknown,
            }
        }
        Value::Known(evaluate(bits))
    }

    /// A result, or the trap instead of it. Operands must be known, since they decide which.
    fn or_trap(&mut self, result: Result<u64, ArithmeticTrap>) -> Value {
        match result {
            Ok(bits) => Value::Known(bits.into()),
            Err(trap) => {
                self.end(Outcome::Trapped(trap_code(trap)));
                Value::Unknown
            }
        }
    }

    /// Takes a branch.
    fn go(&mut self, block: Block, arguments: Vec<Value>) {
        if !self.is_running() {
            return;
        }
        let target = &mut self.blocks[block.0];
        assert_eq!(
            target.params.len(),
            arguments.len(),
            "arguments of a branch"
        );
        if target.entered {
            self.stop(Reason::Loop);
        } else {
            target.arrived = Some(arguments);
            self.state = State::Skipping;
        }
    }
}

/// The trap that compiled code would raise.
fn trap_code(trap: ArithmeticTrap) -> TrapCode {
    match trap {
        ArithmeticTrap::DivideByZero => TrapCode::IntegerDivisionByZero,
        ArithmeticTrap::IntegerOverflow => TrapCode::IntegerOverflow,
        ArithmeticTrap::BadConversionToInteger => TrapCode::BadConversionToInteger,
    }
}

/// Bits cut to the width of a type.
fn truncate(ty: MachineType, bits: u128) -> u128 {
    bits & (u128::MAX >> (128 - ty.bytes() * 8))
}
