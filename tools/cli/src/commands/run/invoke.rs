//! `--invoke`: parameters from words, results as lines.

use std::ffi::OsString;

use silica::{FuncType, V128, Val, ValType};

use crate::failure::{Failure, Result};
use crate::status::Status;

/// The parameters of `name` that `words` give.
pub(super) fn arguments(name: &str, ty: &FuncType, words: &[OsString]) -> Result<Vec<Val>> {
    let parameters: Vec<ValType> = ty.params().collect();
    if parameters.len() != words.len() {
        let message = format!(
            "`{name}` is a function `{ty}`: it takes {} arguments, {} were given",
            parameters.len(),
            words.len()
        );
        return Err(Failure::new(Status::Usage, message));
    }
    let mut values = Vec::with_capacity(words.len());
    for (i, (ty, word)) in parameters.iter().zip(words).enumerate() {
        let value = word.to_str().and_then(|word| value(ty, word));
        values.push(value.ok_or_else(|| {
            let word = word.to_string_lossy();
            let message = format!("argument {} of `{name}`: {word:?} is no {ty}", i + 1);
            Failure::new(Status::Usage, message)
        })?);
    }
    Ok(values)
}

fn value(ty: &ValType, word: &str) -> Option<Val> {
    Some(match ty {
        ValType::I32 => {
            let value = integer(word)?;
            let value = i32::try_from(value)
                .or_else(|_| u32::try_from(value).map(|v| v as i32))
                .ok()?;
            Val::I32(value)
        }
        ValType::I64 => {
            let value = integer(word)?;
            let value = i64::try_from(value)
                .or_else(|_| u64::try_from(value).map(|v| v as i64))
                .ok()?;
            Val::I64(value)
        }
        ValType::F32 => Val::from(word.parse::<f32>().ok()?),
        ValType::F64 => Val::from(word.parse::<f64>().ok()?),
        ValType::V128 => {
            let digits = word.strip_prefix("0x")?;
            Val::V128(V128::from(u128::from_str_radix(digits, 16).ok()?))
        }
        ValType::Ref(ty) if word == "null" => Val::null_ref(ty.heap_type())?,
        ValType::Ref(_) => return None,
    })
}

/// Decimal or hexadecimal, signed or not.
fn integer(word: &str) -> Option<i128> {
    let (negative, digits) = match word.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, word),
    };
    let value = match digits.strip_prefix("0x") {
        Some(digits) => i128::from(u64::from_str_radix(digits, 16).ok()?),
        None => i128::from(digits.parse::<u64>().ok()?),
    };
    Some(if negative { -value } else { value })
}

/// Where results go.
pub(super) fn room(ty: &FuncType) -> Vec<Val> {
    vec![Val::I32(0); ty.results().len()]
}

/// A line for each result.
pub(super) fn show(results: &[Val]) -> String {
    results.iter().map(|value| line(value) + "\n").collect()
}

fn line(value: &Val) -> String {
    match value {
        Val::I32(v) => v.to_string(),
        Val::I64(v) => v.to_string(),
        Val::F32(v) => f32::from_bits(*v).to_string(),
        Val::F64(v) => f64::from_bits(*v).to_string(),
        Val::V128(v) => format!("{:#034x}", v.as_u128()),
        Val::FuncRef(None)
        | Val::ExternRef(None)
        | Val::AnyRef(None)
        | Val::ExnRef(None)
        | Val::ContRef(None) => "null".to_owned(),
        Val::FuncRef(Some(_)) => "a function".to_owned(),
        Val::ExternRef(Some(_)) | Val::AnyRef(Some(_)) => "a reference".to_owned(),
        Val::ExnRef(Some(_)) => "an exception".to_owned(),
        Val::ContRef(Some(_)) => "a continuation".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_values() {
        for (word, expected) in [("-1", -1), ("4294967295", -1), ("0x10", 16), ("7", 7)] {
            assert_eq!(value(&ValType::I32, word).unwrap().unwrap_i32(), expected);
        }
        for word in ["", "x", "4294967296", "-2147483649", "1.5", "--1", "0x-1"] {
            assert!(value(&ValType::I32, word).is_none(), "{word}");
        }
        let value = value(&ValType::F64, "-inf").unwrap();
        assert_eq!(value.unwrap_f64(), f64::NEG_INFINITY);
    }

    #[test]
    fn results_are_lines() {
        let results = [Val::I32(-1), Val::from(1.5_f64), Val::ExternRef(None)];
        assert_eq!(show(&results), "-1\n1.5\nnull\n");
    }
}
