//! What a module's functions need of proposals that are off, found before any of them is compiled.
//!
//! Validation finds it too, function by function as they are compiled. For a large module that is late: minutes of
//! compilation would end with an error that the first second could have told.

use wasmparser::{BinaryReader, FunctionBody as Body, VisitOperator, VisitSimdOperator};

use crate::{DecodeError, Feature, Features, FunctionBody, Module, Place};

/// Fails where an operator is of a proposal that is not among `features`. Operators are read, not validated: what is
/// malformed is left for validation to tell.
///
/// # Errors
/// [`DecodeError::FeatureOff`] for the first such operator.
pub fn check_operators(
    bytes: &[u8],
    module: &Module,
    features: &Features,
) -> Result<(), DecodeError> {
    // With all of them on, there is nothing to find.
    if Feature::ALL
        .iter()
        .all(|&feature| features.contains(feature))
    {
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
    let Some(code) = bytes.get(body.bytes.indices()) else {
        return Ok(());
    };
    let body = Body::new(BinaryReader::new(code, u64::from(body.bytes.start)));
    let Ok(mut operators) = body.get_operators_reader() else {
        return Ok(());
    };
    while !operators.eof() {
        let offset = operators.original_position();
        match operators.visit_operator(&mut Needs) {
            Ok(Some((feature, operator))) if !features.contains(feature) => {
                let name = crate::names::function_name(bytes, module.names, index);
                return Err(DecodeError::FeatureOff {
                    feature,
                    message: format!("`{operator}` is needed"),
                    place: Place::Function {
                        index,
                        name: name.map(str::to_owned),
                    },
                    offset,
                });
            }
            Ok(_) => {}
            Err(_) => return Ok(()),
        }
    }
    Ok(())
}

/// Tells the proposal of each operator, and what the operator is called. Operators of WebAssembly 1.0 need none.
pub(crate) struct Needs;

/// `wasmparser`'s name of a proposal to ours; nothing for the first version, and for proposals that no module may use.
macro_rules! feature {
    (sign_extension) => {
        Some(Feature::SignExtension)
    };
    (saturating_float_to_int) => {
        Some(Feature::SaturatingFloatToInt)
    };
    (bulk_memory) => {
        Some(Feature::BulkMemory)
    };
    (reference_types) => {
        Some(Feature::ReferenceTypes)
    };
    (simd) => {
        Some(Feature::Simd)
    };
    (relaxed_simd) => {
        Some(Feature::RelaxedSimd)
    };
    (tail_call) => {
        Some(Feature::TailCall)
    };
    (threads) => {
        Some(Feature::Threads)
    };
    (exceptions) => {
        Some(Feature::Exceptions)
    };
    (legacy_exceptions) => {
        Some(Feature::LegacyExceptions)
    };
    (gc) => {
        Some(Feature::Gc)
    };
    (function_references) => {
        Some(Feature::FunctionReferences)
    };
    (wide_arithmetic) => {
        Some(Feature::WideArithmetic)
    };
    ($other:ident) => {
        None
    };
}

macro_rules! tell {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
        $(
            fn $visit(&mut self $($(, $arg: $argty)*)?) -> Self::Output {
                $($(let _ = $arg;)*)?
                feature!($proposal).map(|feature: Feature| (feature, stringify!($op)))
            }
        )*
    };
}

impl<'a> VisitOperator<'a> for Needs {
    type Output = Option<(Feature, &'static str)>;

    fn simd_visitor(&mut self) -> Option<&mut dyn VisitSimdOperator<'a, Output = Self::Output>> {
        Some(self)
    }

    wasmparser::for_each_visit_operator!(tell);
}

impl VisitSimdOperator<'_> for Needs {
    wasmparser::for_each_visit_simd_operator!(tell);
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
