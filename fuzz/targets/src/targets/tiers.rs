//! A module with objects and exceptions behaves the same whichever compiler made its code.

use arbitrary::{Result, Unstructured};

use crate::compare::{TURNS, same_behaviour};
use crate::engines::EngineKind;
use crate::modules::{Purpose, generate};
use crate::sessions::SilicaSession;

/// Makes a module of the bytes, and calls of what it exports.
pub(super) fn run(bytes: &[u8]) {
    // Running out of bytes ends the run.
    let _ = compare(&mut Unstructured::new(bytes));
}

fn compare(choices: &mut Unstructured<'_>) -> Result<()> {
    let others = [
        EngineKind::OnePass,
        EngineKind::OnePassChecked,
        EngineKind::Checked,
        EngineKind::Baseline,
        EngineKind::TierUp,
        EngineKind::TierUpStress,
        EngineKind::Stress,
    ];
    let kind = *choices.choose(&others)?;
    if !kind.is_here() {
        return Ok(());
    }
    let mut module = generate(choices, Purpose::Tiers)?;
    if module.ensure_termination(TURNS).is_err() {
        return Ok(());
    }
    let bytes = module.to_bytes();
    let ours = SilicaSession::new(&bytes, EngineKind::Default);
    let theirs = SilicaSession::new(&bytes, kind);
    same_behaviour(choices, ours, theirs)
}
