//! Any bytes decode or are refused with an offset inside of them; none panic.

use silica_module::{DecodeError, Features, Limits};

/// Decodes and validates the bytes with the default proposals, and with none.
pub(super) fn run(bytes: &[u8]) {
    for features in [Features::default(), Features::mvp()] {
        match silica_module::validate(bytes, &features, &Limits::default()) {
            Ok(module) => {
                for name in 0..module.bodies.len() as u32 {
                    let _ = silica_module::names::function_name(bytes, module.names, name);
                }
            }
            Err(error) => check(&error, bytes.len() as u64),
        }
    }
}

/// The error names a place that a person can look at.
fn check(error: &DecodeError, length: u64) {
    let text = error.to_string();
    assert!(!text.is_empty() && text.len() < 4096, "{text}");
    if let DecodeError::Invalid { offset, .. }
    | DecodeError::FeatureOff { offset, .. }
    | DecodeError::NotExecuted { offset, .. }
    | DecodeError::Limit { offset, .. } = error
    {
        assert!(*offset <= length, "{text}: there are only {length} bytes");
    }
}
