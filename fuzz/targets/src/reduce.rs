//! Making a program that went wrong small enough to read.
//!
//! Any expression of the program's text may stand alone as its body. The shortest one on which the engines
//! still disagree is the answer; what a statement before it had set is lost, so there may be none.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::operators::Type;
use crate::straight_line::Program;

/// The shortest expression of the program on which `agrees` still fails, else the program itself.
#[must_use]
pub fn reduce(program: &Program, agrees: impl Fn(&Program) -> bool) -> Program {
    let mut expressions = expressions(&program.text);
    expressions.sort_by_key(|expression| expression.len());
    for expression in expressions {
        for ty in Type::ALL {
            let alone = alone(program, expression, ty);
            let is_module =
                wat::parse_str(&alone.text).is_ok_and(|bytes| wasmparser::validate(&bytes).is_ok());
            let holds = || catch_unwind(AssertUnwindSafe(|| agrees(&alone))).unwrap_or(false);
            if is_module && !holds() {
                return alone;
            }
        }
    }
    program.clone()
}

/// Everything in parentheses after the function's header.
fn expressions(text: &str) -> Vec<&str> {
    let body = text.find("(local $f64x2 v128)").map_or(0, |at| at + 1);
    let starts = text
        .match_indices('(')
        .map(|(at, _)| at)
        .filter(|at| *at > body);
    starts
        .map(|start| &text[start..start + length(&text[start..])])
        .collect()
}

/// How long the parenthesis at the start of the text is.
fn length(text: &str) -> usize {
    let mut depth = 0;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    text.len()
}

fn alone(program: &Program, expression: &str, result: Type) -> Program {
    let globals = &program.text[..program.text.find("(func").unwrap_or(0)];
    let params: Vec<&str> = program.variables.iter().map(|ty| ty.name()).collect();
    let text = format!(
        "{globals}(func (export \"run\") (param {}) (result {})\n    \
         (local $f32 f32) (local $f64 f64) (local $f32x4 v128) (local $f64x2 v128)\n{expression}))",
        params.join(" "),
        result.name()
    );
    Program {
        text,
        results: vec![result],
        ..program.clone()
    }
}
