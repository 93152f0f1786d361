//! A straight-line program gives the same bits on the evaluator and on `wasmi`.

use arbitrary::Unstructured;

use crate::engines::{on_evaluator, on_wasmi};
use crate::reduce::reduce;
use crate::straight_line::{Options, Program, generate};

/// Makes a program of the bytes and runs it every way there is.
pub(super) fn run(bytes: &[u8]) {
    let options = Options {
        ours_only: false,
        canonical_nans: true,
    };
    if let Ok(program) = generate(&mut Unstructured::new(bytes), options) {
        check(&program);
    }
}

/// Runs a program every way there is.
///
/// # Panics
/// Where two ways do not agree.
pub fn check(program: &Program) {
    if agrees(program) {
        return;
    }
    let program = reduce(program, agrees);
    let (evaluator, wasmi) = (on_evaluator(&program, false), on_wasmi(&program));
    panic!("{program:?}\nevaluator {evaluator:x?}\nwasmi {wasmi:x?}");
}

fn agrees(program: &Program) -> bool {
    on_evaluator(program, false) == on_wasmi(program)
}
