//! Every numeric operator by itself, on operands at the edge of something: a wrong one is named.

#![forbid(unsafe_code)]

use arbitrary::Unstructured;
use silica_fuzz_targets::check_straight_line;
use silica_fuzz_targets::operators::NUMERIC_OPERATORS;
use silica_fuzz_targets::random::Random;
use silica_fuzz_targets::straight_line::{Options, single};

/// Sets of operands for each operator.
const SETS: u64 = 40;

#[test]
fn every_operator_gives_the_same_bits_everywhere() {
    let options = Options {
        ours_only: false,
        canonical_nans: true,
    };
    let mut wrong = Vec::new();
    for operator in NUMERIC_OPERATORS
        .iter()
        .filter(|operator| !operator.relaxed)
    {
        for seed in 0..SETS {
            let bytes = Random::new(seed).bytes(1000);
            let program = single(&mut Unstructured::new(&bytes), options, operator)
                .expect("there are bytes enough");
            if std::panic::catch_unwind(|| check_straight_line(&program)).is_err() {
                wrong.push(operator.name.as_str());
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}
