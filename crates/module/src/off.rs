//! What a module's functions need of proposals that are off, found before any of them is compiled.
//!
//! Validation finds it too, function by function as they are compiled. For a large module that is late: minutes of
//! compilation would end with an error that the first second could have told.

use crate::{DecodeError, Feature, Features, FunctionBody, Module, Place, uses::for_each_in_body};

/// Fails where something in a body is of a proposal that is not among `features`, or of one that is validated only.
/// Operators are read, not validated: what is malformed is left for validation to tell.
///
/// # Errors
/// [`DecodeError::FeatureOff`], [`DecodeError::NotExecuted`] for the first such thing.
pub fn check_operators(
    bytes: &[u8],
    module: &Module,
    features: &Features,
) -> Result<(), DecodeError> {
    let is_off = |feature: &Feature| !features.contains(*feature) && !feature.shows_in_types();
    let has_descriptors = module.types.iter().any(|ty| ty.descriptor.is_some());
    // With all of them on, there is nothing to find.
    if !has_descriptors && !Feature::ALL.iter().any(is_off) {
        return Ok(());
    }
    for (index, body) in (module.imported_functions..).zip(&module.bodies) {
        check_body(bytes, module, features, index, body)?;
    }
    Ok(())
}

fn check_body(
    bytes: &[u8],
    module: &Module,
    features: &Features,
    index: u32,
    body: &FunctionBody,
) -> Result<(), DecodeError> {
    let place = || Place::Function {
        index,
        name: crate::names::function_name(bytes, module.names, index).map(str::to_owned),
    };
    let mut result = Ok(());
    for_each_in_body(bytes, body.bytes, |needed, offset| {
        let feature = needed.features.iter().find(|f| !features.contains(*f));
        if let Some(feature) = feature {
            result = Err(DecodeError::FeatureOff {
                feature,
                message: format!("`{}` is needed", needed.name),
                place: place(),
                offset,
            });
        } else if needed.is_validated_only {
            result = Err(DecodeError::NotExecuted {
                operator: needed.name,
                place: place(),
                offset,
            });
        }
        result.is_ok()
    });
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, decode, parse_text};

    fn check(text: &str, features: &str) -> Result<(), DecodeError> {
        let features: Features = features.parse().unwrap();
        let bytes = parse_text(text.as_bytes(), None).unwrap();
        let module = decode(&bytes, &Features::all(), &Limits::default())
            .unwrap()
            .module;
        check_operators(&bytes, &module, &features)
    }

    #[test]
    fn the_first_operator_that_is_off_is_told() {
        let text = r#"(module (import "a" "b" (func)) (func nop)
            (func $vector (drop (v128.const i64x2 0 0))))"#;
        check(text, "mvp,simd").unwrap();
        check(text, "all").unwrap();
        let error = check(text, "all,-simd").unwrap_err().to_string();
        let expected = ["V128Const", "function 2 \"vector\"", "`--proposals simd`"];
        for part in expected {
            assert!(error.contains(part), "{error}");
        }
        let text = "(module (func (throw_ref (ref.null exn))))";
        let error = check(text, "default,-exceptions").unwrap_err().to_string();
        assert!(error.contains("`--proposals exceptions`"), "{error}");
    }
}
