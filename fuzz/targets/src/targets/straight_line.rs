//! A straight-line program gives the same bits on the evaluator, on `wasmi` and as compiled code.

use arbitrary::Unstructured;

use crate::engines::{EngineKind, Ran, on_evaluator, on_silica, on_wasmi};
use crate::reduce::reduce;
use crate::straight_line::{Options, Program, generate};

/// Makes two programs of the bytes and runs them every way there is.
pub(super) fn run(bytes: &[u8]) {
    for ours_only in [false, true] {
        let options = Options {
            ours_only,
            canonical_nans: !ours_only,
        };
        if let Ok(program) = generate(&mut Unstructured::new(bytes), options) {
            check(&program, options);
        }
    }
}

/// Runs a program every way there is.
///
/// # Panics
/// Where two ways do not agree.
pub fn check(program: &Program, options: Options) {
    if agree(program, options) {
        return;
    }
    let program = reduce(program, |program| agree(program, options));
    let runs: Vec<String> = (ways(options).iter())
        .map(|(name, run)| format!("{name} {:x?}", run(&program)))
        .collect();
    panic!("{program:?}\n{}", runs.join("\n"));
}

fn agree(program: &Program, options: Options) -> bool {
    let ways = ways(options);
    let first = ways[0].1(program);
    ways[1..].iter().all(|(_, run)| run(program) == first)
}

type Way = (&'static str, fn(&Program) -> Ran);

/// The ways that must agree: where the program leaves NaNs and relaxed operators to the engine, those
/// that settle them alike.
fn ways(options: Options) -> Vec<Way> {
    if options.ours_only {
        let mut ways: Vec<Way> = vec![
            ("evaluator", |program| on_evaluator(program, true)),
            ("deterministic", |program| {
                on_silica(program, EngineKind::Deterministic)
            }),
        ];
        if EngineKind::OnePassDeterministic.is_here() {
            ways.push(("one pass, deterministic", |program| {
                on_silica(program, EngineKind::OnePassDeterministic)
            }));
        }
        return ways;
    }
    let mut ways: Vec<Way> = vec![
        ("evaluator", |program| on_evaluator(program, false)),
        ("wasmi", on_wasmi),
        ("default", |program| on_silica(program, EngineKind::Default)),
        ("checked", |program| on_silica(program, EngineKind::Checked)),
        ("baseline", |program| {
            on_silica(program, EngineKind::Baseline)
        }),
    ];
    if EngineKind::OnePass.is_here() {
        ways.push(("one pass", |program| {
            on_silica(program, EngineKind::OnePass)
        }));
        ways.push(("one pass, checked", |program| {
            on_silica(program, EngineKind::OnePassChecked)
        }));
    }
    ways
}
