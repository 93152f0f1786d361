//! A module behaves here as it does on `wasmi`: results, traps, globals, memories, tables.

use arbitrary::{Result, Unstructured};
use wasmparser::{Operator, Parser, Payload};

use crate::compare::{TURNS, same_behaviour};
use crate::engines::EngineKind;
use crate::modules::{Purpose, generate};
use crate::sessions::{SilicaSession, WasmiSession};

/// Makes a module of the bytes, and calls of what it exports.
pub(super) fn run(bytes: &[u8]) {
    // Running out of bytes ends the run.
    let _ = compare(&mut Unstructured::new(bytes));
}

fn compare(choices: &mut Unstructured<'_>) -> Result<()> {
    let kinds = [
        EngineKind::Default,
        EngineKind::Checked,
        EngineKind::Baseline,
        EngineKind::OnePass,
        EngineKind::OnePassChecked,
    ];
    let kind = *choices.choose(&kinds)?;
    if !kind.is_here() {
        return Ok(());
    }
    let mut module = generate(choices, Purpose::Compare)?;
    if module.ensure_termination(TURNS).is_err() {
        return Ok(());
    }
    let bytes = module.to_bytes();
    if wasmi_is_mistaken(&bytes) {
        return Ok(());
    }
    let Some(theirs) = WasmiSession::new(&bytes) else {
        return Ok(());
    };
    let ours = SilicaSession::new(&bytes, kind);
    same_behaviour(choices, ours, theirs)
}

/// wasmi 2.0.0 takes the wrong operand of `select` where the condition is an `eqz`.
fn wasmi_is_mistaken(bytes: &[u8]) -> bool {
    let bodies = Parser::new(0)
        .parse_all(bytes)
        .filter_map(|payload| match payload {
            Ok(Payload::CodeSectionEntry(body)) => Some(body),
            Ok(_) | Err(_) => None,
        });
    bodies.into_iter().any(|body| {
        let Ok(operators) = body.get_operators_reader() else {
            return false;
        };
        let operators: Vec<Operator<'_>> = operators.into_iter().flatten().collect();
        operators.windows(2).any(|pair| {
            let eqz = matches!(
                pair[0],
                Operator::I32Eqz | Operator::I64Eqz | Operator::I32Eq | Operator::I64Eq
            );
            eqz && matches!(pair[1], Operator::Select | Operator::TypedSelect { .. })
        })
    })
}
