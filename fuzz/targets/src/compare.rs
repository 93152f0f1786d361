//! One module as two instances: called with the same arguments, they must give and leave behind the same.

use arbitrary::{Result, Unstructured};

use crate::operators::Type;
use crate::sessions::{Argument, Session, State, Stop};

/// Turns of loops and calls of functions in one run.
pub const TURNS: u32 = 1000;
/// Calls of one run.
pub const CALLS_MAX: usize = 30;

/// Calls what both instances export, one function after the other.
///
/// # Errors
/// Where the bytes do not suffice.
///
/// # Panics
/// Where the instances differ.
pub fn same_behaviour(
    choices: &mut Unstructured<'_>,
    ours: std::result::Result<impl Session, Stop>,
    theirs: std::result::Result<impl Session, Stop>,
) -> Result<()> {
    let is_limit = |stop: Option<&Stop>| stop.is_some_and(|stop| stop.is_limit());
    let (mut ours, mut theirs) = match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        (ours, theirs) => {
            let (ours, theirs) = (ours.err(), theirs.err());
            if is_limit(ours.as_ref()) || is_limit(theirs.as_ref()) {
                return Ok(());
            }
            assert_eq!(ours, theirs, "instantiation: ours (left), theirs (right)");
            return Ok(());
        }
    };
    for (name, params) in theirs.functions().into_iter().take(CALLS_MAX) {
        let arguments = arguments(choices, &params)?;
        let (ours_gave, theirs_gave) =
            (ours.call(&name, &arguments), theirs.call(&name, &arguments));
        if is_limit(ours_gave.as_ref().err()) || is_limit(theirs_gave.as_ref().err()) {
            return Ok(());
        }
        assert_eq!(
            ours_gave, theirs_gave,
            "{name} {arguments:x?}: ours (left), theirs (right)"
        );
        if let (Err(Stop::Trap(_)), Some(ours), Some(theirs)) =
            (&ours_gave, ours.trace(), theirs.trace())
        {
            assert_eq!(ours, theirs, "where {name} {arguments:x?} trapped");
        }
        same_state(&name, &ours.state(), &theirs.state());
    }
    Ok(())
}

fn same_state(name: &str, ours: &State, theirs: &State) {
    assert_eq!(
        ours.globals, theirs.globals,
        "globals after {name}: ours (left), theirs (right)"
    );
    assert_eq!(
        ours.tables, theirs.tables,
        "tables after {name}: ours (left), theirs (right)"
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

/// Arguments for parameters of these types.
///
/// # Errors
/// Where the bytes do not suffice.
pub fn arguments(choices: &mut Unstructured<'_>, params: &[Option<Type>]) -> Result<Vec<Argument>> {
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
