//! A module behaves here as it does on `wasmi`: results, traps, globals, memories, tables.

use arbitrary::{Result, Unstructured};
use silica_contract::trap::TrapCode;
use wasmparser::{Operator, Parser, Payload};

use crate::engines::EngineKind;
use crate::modules::{Purpose, generate};
use crate::operators::Type;
use crate::sessions::{Session, SilicaSession, State, WasmiSession};

/// Turns of loops and calls of functions in one call from outside.
const TURNS: u32 = 1000;
/// Calls of one run.
const CALLS_MAX: usize = 30;

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
    let (mut ours, mut theirs) = match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        (ours, theirs) => {
            let (ours, theirs) = (ours.err(), theirs.err());
            let overflow = Some(TrapCode::StackOverflow);
            if ours == overflow || theirs == overflow {
                return Ok(());
            }
            assert_eq!(ours, theirs, "instantiation: ours (left), wasmi (right)");
            return Ok(());
        }
    };
    for (name, params) in theirs.functions().into_iter().take(CALLS_MAX) {
        let arguments = arguments(choices, &params)?;
        let (ours_gave, theirs_gave) =
            (ours.call(&name, &arguments), theirs.call(&name, &arguments));
        let overflow = Err(TrapCode::StackOverflow);
        if ours_gave == overflow || theirs_gave == overflow {
            return Ok(());
        }
        assert_eq!(
            ours_gave, theirs_gave,
            "{name} {arguments:x?}: ours (left), wasmi (right)"
        );
        same_state(&name, &ours.state(), &theirs.state());
    }
    Ok(())
}

fn same_state(name: &str, ours: &State, theirs: &State) {
    assert_eq!(
        ours.globals, theirs.globals,
        "globals after {name}: ours (left), wasmi (right)"
    );
    assert_eq!(
        ours.tables, theirs.tables,
        "tables after {name}: ours (left), wasmi (right)"
    );
    for (ours, theirs) in ours.memories.iter().zip(&theirs.memories) {
        assert_eq!(ours.len(), theirs.len(), "a memory's size after {name}");
        let differs = ours
            .iter()
            .zip(theirs)
            .position(|(ours, theirs)| ours != theirs);
        assert_eq!(differs, None, "a byte of a memory differs after {name}");
    }
}

fn arguments(
    choices: &mut Unstructured<'_>,
    params: &[Option<Type>],
) -> Result<Vec<Option<(Type, u128)>>> {
    let argument = |ty: &Option<Type>| {
        let Some(ty) = *ty else {
            return Ok(None);
        };
        let bits: u128 = choices.arbitrary()?;
        let bits = if choices.arbitrary()? {
            bits & 0xff
        } else {
            bits
        };
        Ok(Some((ty, bits & (u128::MAX >> (128 - ty.bits())))))
    };
    params.iter().map(argument).collect()
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
