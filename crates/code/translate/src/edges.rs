//! How much control flow a body has, counted before it is lowered.
//!
//! Values that change in one place and are used in another cross every edge in between. A few bytes may so stand for many
//! values: a backend is told beforehand how many edges there are, and chooses where locals live.

use wasmparser::{BinaryReader, Operator, OperatorsReader};

/// Below so many locals times bytes of operators, counting is not worth it.
const COUNTED_FROM: u64 = 1 << 18;

/// How many edges these operators make at most, but for those of bodies put in place of calls. Where locals
/// are few, a coarse bound.
pub(crate) fn edges_max(reader: &BinaryReader<'_>, locals: u64) -> u64 {
    let bytes = reader.bytes_remaining() as u64;
    if bytes * locals < COUNTED_FROM {
        return bytes;
    }
    let mut operators = OperatorsReader::new(reader.clone());
    let (mut edges, mut may_catch) = (0, false);
    // What is malformed is found when it is lowered.
    while !operators.eof()
        && let Ok(operator) = operators.read()
    {
        edges += match operator {
            Operator::BrTable { targets } => u64::from(targets.len()) + 1,
            Operator::TryTable { try_table } => {
                may_catch = true;
                try_table.catches.len() as u64 + 1
            }
            Operator::Try { .. } | Operator::Catch { .. } | Operator::CatchAll => {
                may_catch = true;
                1
            }
            // An exception may go from here to where it is caught.
            Operator::Call { .. }
            | Operator::CallIndirect { .. }
            | Operator::CallRef { .. }
            | Operator::Suspend { .. }
            | Operator::Switch { .. }
            | Operator::Throw { .. }
            | Operator::ThrowRef => u64::from(may_catch),
            Operator::Resume { resume_table, .. }
            | Operator::ResumeThrow { resume_table, .. }
            | Operator::ResumeThrowRef { resume_table, .. } => {
                resume_table.handlers.len() as u64 + 1 + u64::from(may_catch)
            }
            Operator::If { .. } => 2,
            Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::Else
            | Operator::Br { .. }
            | Operator::BrIf { .. }
            | Operator::BrOnNull { .. }
            | Operator::BrOnNonNull { .. }
            | Operator::BrOnCast { .. }
            | Operator::BrOnCastFail { .. } => 1,
            _ => 0,
        };
    }
    edges
}
