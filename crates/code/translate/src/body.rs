//! From a module's bytes to the translation of one of its bodies.

use silica_module::{BodyToValidate, FunctionBody};
use wasmparser::{BinaryReader, FuncToValidate, FuncValidatorAllocations};

use crate::{Backend, Environment, TranslateError, translate_function};

/// Memory of the validator, reused from one body to the next.
#[derive(Default)]
pub struct Scratch(FuncValidatorAllocations);

impl std::fmt::Debug for Scratch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scratch").finish_non_exhaustive()
    }
}

/// Validates the body at `place` in `module`, the module's bytes, and lowers it.
///
/// # Errors
/// As [`translate_function`].
///
/// # Panics
/// If `place` does not lie in `module`.
pub fn translate_body<B: Backend>(
    environment: &Environment<'_>,
    module: &[u8],
    place: FunctionBody,
    validates: &BodyToValidate,
    scratch: &mut Scratch,
    backend: &mut B,
) -> Result<(), TranslateError> {
    let features = validates.features;
    let validates = FuncToValidate {
        resources: validates.resources.clone(),
        index: validates.index,
        ty: validates.ty,
        features,
    };
    let code = &module[place.bytes.indices()];
    let reader = BinaryReader::new_features(code, u64::from(place.bytes.start), features);
    let body = wasmparser::FunctionBody::new(reader);
    let mut validator = validates.into_validator(std::mem::take(&mut scratch.0));
    translate_function(environment, &body, &mut validator, backend)?;
    scratch.0 = validator.into_allocations();
    Ok(())
}

/// How many locals the body at `place` in `module` declares beside its parameters; `None` where it is malformed.
///
/// # Panics
/// If `place` does not lie in `module`.
#[must_use]
pub fn declared_locals(module: &[u8], place: FunctionBody) -> Option<u64> {
    let reader = BinaryReader::new(&module[place.bytes.indices()], u64::from(place.bytes.start));
    let groups = wasmparser::FunctionBody::new(reader)
        .get_locals_reader()
        .ok()?;
    let add = |sum, group: wasmparser::Result<(u32, _)>| Some(sum + u64::from(group.ok()?.0));
    groups.into_iter().try_fold(0, add)
}
