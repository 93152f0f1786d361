//! Every numeric operator by itself, on operands at the edge of something: a wrong one is named.

#![forbid(unsafe_code)]

use arbitrary::Unstructured;
use silica_fuzz_targets::check_straight_line;
use silica_fuzz_targets::operators::{NUMERIC_OPERATORS, NumericOperator};
use silica_fuzz_targets::random::Random;
use silica_fuzz_targets::straight_line::{Options, single};

/// Sets of operands for each operator.
const SETS: u64 = 8;

/// Checks these operators; fails with the names of the wrong ones.
fn check(options: Options, fits: impl Fn(&NumericOperator) -> bool) {
    let mut wrong = Vec::new();
    for operator in NUMERIC_OPERATORS.iter().filter(|operator| fits(operator)) {
        for seed in 0..SETS {
            let bytes = Random::new(seed).bytes(1000);
            let program = single(&mut Unstructured::new(&bytes), options, operator)
                .expect("there are bytes enough");
            if std::panic::catch_unwind(|| check_straight_line(&program, options)).is_err() {
                wrong.push(operator.name.as_str());
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn every_operator_gives_the_same_bits_everywhere() {
    let options = Options {
        ours_only: false,
        canonical_nans: true,
    };
    check(options, |operator| !operator.relaxed);
}

#[test]
fn every_operator_is_deterministic_where_that_is_asked_for() {
    let options = Options {
        ours_only: true,
        canonical_nans: false,
    };
    check(options, |operator| {
        operator.relaxed || operator.chooses_nan.is_some()
    });
}
