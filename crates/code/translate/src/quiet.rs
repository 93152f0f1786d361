//! Which functions never throw: a call of one needs no handler, whatever construct it is in.
//!
//! Looked for where it is asked, and no further than a few hundred bytes: what small functions call is mostly small, and a
//! large one is taken to throw. What is found depends on the module alone.

use std::sync::{Arc, OnceLock};

use silica_module::Module;
use wasmparser::{BinaryReader, FunctionBody, Operator};

/// Bytes of bodies that one answer may cost.
const BYTES_MAX: u32 = 512;

/// For each function of a module whether it never throws, once somebody asked; none where nothing is known of the bytes. Cloning
/// gives the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found(Arc<[OnceLock<bool>]>);

impl Found {
    /// Nothing is found yet.
    pub(crate) fn nothing_yet(module: &Module) -> Found {
        // Without tags, nothing catches.
        let count = match module.tags.is_empty() {
            true => 0,
            false => module.functions.len(),
        };
        Found((0..count).map(|_| OnceLock::new()).collect())
    }
}

/// A module's functions that never throw.
#[derive(Debug)]
pub(crate) struct QuietFunctions<'a> {
    /// The module.
    bytes: &'a [u8],
    found: Found,
}

impl<'a> QuietFunctions<'a> {
    /// Of the module that `bytes` are, of which this was found.
    pub(crate) fn new(bytes: &'a [u8], found: Found) -> QuietFunctions<'a> {
        QuietFunctions { bytes, found }
    }

    /// Whether no exception comes out of a call of this function.
    pub(crate) fn contains(&self, module: &Module, function: u32) -> bool {
        let found = self.found.0.get(function as usize);
        found.is_some_and(|found| *found.get_or_init(|| is_quiet(self.bytes, module, function)))
    }
}

fn is_quiet(bytes: &[u8], module: &Module, function: u32) -> bool {
    let mut reached = vec![function];
    let (mut next, mut left) = (0, BYTES_MAX);
    while let Some(&function) = reached.get(next) {
        next += 1;
        let body = module.defined_function(function);
        let body = body.and_then(|defined| module.bodies.get(defined as usize));
        let Some((body, rest)) = body.and_then(|b| Some((b, left.checked_sub(b.bytes.len())?)))
        else {
            return false;
        };
        left = rest;
        let code = bytes.get(body.bytes.indices());
        if code.and_then(|code| calls(code, &mut reached)).is_none() {
            return false;
        }
    }
    true
}

/// Adds the functions that a body calls; `None` where something in it may throw.
fn calls(code: &[u8], reached: &mut Vec<u32>) -> Option<()> {
    let body = FunctionBody::new(BinaryReader::new(code, 0));
    let mut operators = body.get_operators_reader().ok()?;
    while !operators.eof() {
        match operators.read().ok()? {
            Operator::Call { function_index } | Operator::ReturnCall { function_index }
                if !reached.contains(&function_index) =>
            {
                reached.push(function_index);
            }
            Operator::CallIndirect { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::CallRef { .. }
            | Operator::ReturnCallRef { .. }
            | Operator::Throw { .. }
            | Operator::ThrowRef
            | Operator::Rethrow { .. }
            | Operator::Resume { .. }
            | Operator::ResumeThrow { .. }
            | Operator::ResumeThrowRef { .. }
            | Operator::Suspend { .. }
            | Operator::Switch { .. } => return None,
            _ => {}
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use silica_module::{Features, Limits, decode, parse_text};

    use super::*;

    #[test]
    fn what_may_throw_is_told_from_what_does_not() {
        let text = br#"(module
            (import "" "" (func $import))
            (tag $e) (table 1 funcref)
            (func $leaf nop)
            (func $even (call $odd) (call $leaf))
            (func $odd (call $even))
            (func $throws (throw $e))
            (func $calls_it (call $leaf) (call $throws))
            (func $calls_import (return_call $import))
            (func $indirect (call_indirect (i32.const 0))))"#;
        let bytes = parse_text(text, None).unwrap();
        let decoded = decode(&bytes, &Features::default(), &Limits::default()).unwrap();
        let quiet = QuietFunctions::new(&bytes, Found::nothing_yet(&decoded.module));
        let found = (0..8).map(|function| quiet.contains(&decoded.module, function));
        let expected = [false, true, true, true, false, false, false, false];
        assert_eq!(found.collect::<Vec<_>>(), expected);
    }
}
