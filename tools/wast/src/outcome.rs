//! What executing something gave, held against what is expected.

use silica::component::{self, CanonicalTrap};
use silica::{Error, ThrownException, Trap, Val};
use wast::{QuoteWat, WastDirective, Wat};

use crate::report::Failed;
use crate::{trap, value};

type Result<T> = std::result::Result<T, Failed>;

/// What executing something gave.
pub(crate) enum Outcome {
    Values(Vec<Val>),
    Component(Vec<component::Val>),
    Error(Error),
}

pub(crate) fn is_assertion(directive: &WastDirective<'_>) -> bool {
    match directive {
        WastDirective::Module(_)
        | WastDirective::ModuleDefinition(_)
        | WastDirective::ModuleInstance { .. }
        | WastDirective::Register { .. }
        | WastDirective::Invoke(_)
        | WastDirective::Thread(_)
        | WastDirective::Wait { .. } => false,
        WastDirective::AssertMalformed { .. }
        | WastDirective::AssertInvalid { .. }
        | WastDirective::AssertMalformedCustom { .. }
        | WastDirective::AssertInvalidCustom { .. }
        | WastDirective::AssertTrap { .. }
        | WastDirective::AssertReturn { .. }
        | WastDirective::AssertExhaustion { .. }
        | WastDirective::AssertUnlinkable { .. }
        | WastDirective::AssertException { .. }
        | WastDirective::AssertSuspension { .. } => true,
    }
}

/// Whether a component is meant, which its first word says.
pub(crate) fn is_component(module: &QuoteWat<'_>) -> bool {
    matches!(
        module,
        QuoteWat::Wat(Wat::Component(_)) | QuoteWat::QuoteComponent(..)
    )
}

pub(crate) fn is_trap(error: &Error) -> bool {
    error.downcast_ref::<Trap>().is_some() || error.downcast_ref::<CanonicalTrap>().is_some()
}

pub(crate) fn assert_trap(outcome: Outcome, expected: &str) -> Result<()> {
    match outcome {
        Outcome::Values(values) => {
            let values: Vec<_> = values.iter().map(value::show).collect();
            let values = values.join(", ");
            Err(Failed::new(format!(
                "gave ({values}), expected a trap: {expected}"
            )))
        }
        Outcome::Component(values) => Err(Failed::new(format!(
            "gave {values:?}, expected a trap: {expected}"
        ))),
        Outcome::Error(error) => match error.downcast_ref::<Trap>() {
            None if crate::component::trap_matches(&error, expected) == Some(true) => Ok(()),
            // Scripts of components say whose trap it is.
            Some(found)
                if trap::matches(
                    *found,
                    expected.strip_prefix("wasm trap: ").unwrap_or(expected),
                ) =>
            {
                Ok(())
            }
            Some(found) => Err(Failed::new(format!("trap: {found}, expected: {expected}"))),
            None => Err(Failed::engine("no trap, but an error", &error)),
        },
    }
}

/// An exception that left the program is an error of its own, and no trap.
pub(crate) fn assert_exception(outcome: Outcome) -> Result<()> {
    match outcome {
        Outcome::Values(_) | Outcome::Component(_) => {
            Err(Failed::new("returned, expected an exception"))
        }
        Outcome::Error(error) if error.downcast_ref::<ThrownException>().is_some() => Ok(()),
        Outcome::Error(error) => Err(Failed::engine("expected an exception", &error)),
    }
}
