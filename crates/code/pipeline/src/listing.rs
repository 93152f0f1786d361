//! What functions become, for people and for tests to read.

use silica_contract::settings::Settings;
use silica_module::{Decoded, Features, Limits, decode};
use silica_optimize::{InlineSource, Listing, Workspace};
use silica_translate::{Environment, Scratch};

use crate::{
    CompileError,
    bodies::{Callees, Functions},
    targets::{Failure, Targets},
};

/// Compiles each function and says what it became at each step, with its index.
///
/// # Errors
/// As [`crate::compile`].
pub fn list(
    bytes: &[u8],
    features: &Features,
    limits: &Limits,
    settings: &Settings,
) -> Result<Vec<(u32, Listing)>, CompileError> {
    let Decoded {
        module,
        bodies,
        not_executed,
    } = decode(bytes, features, limits)?;
    if let Some(error) = not_executed {
        return Err(error.into());
    }
    let targets = Targets::new(settings).map_err(CompileError::Settings)?;
    let target = targets.optimize().map_err(CompileError::Settings)?;
    let environment = Environment::new(&module, settings).with_bytes(bytes);
    let functions = Functions {
        bytes,
        environment: &environment,
        bodies: &bodies,
        targets: &targets,
    };
    let callees = settings.inlining.then(|| Callees::new(functions));
    let inliner = callees.as_ref().map(|c| c as &dyn InlineSource);
    let (mut workspace, mut scratch) = (Workspace::new(), Scratch::default());
    (0..bodies.len())
        .map(|defined| {
            let input = functions.input(defined);
            workspace
                .list(target, input, inliner, |backend| {
                    functions.translate(defined, &mut scratch, backend)
                })
                .map(|listing| (input.function, listing))
                .map_err(|failure| functions.error(defined, Failure::from(failure)))
        })
        .collect()
}
