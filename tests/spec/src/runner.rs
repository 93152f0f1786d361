//! Runs a suite on all processors, and says what differs from what is expected.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use silica::{Config, Engine, Feature, Features, Tier};
use silica_wast::{Failure, Options, Report};

use crate::expectation::{self, Reason};
use crate::suite::Script;

/// Totals of a suite.
#[derive(Debug, Default)]
pub struct Totals {
    /// Scripts that were run.
    pub scripts: usize,
    /// Scripts of those that are listed.
    pub listed: usize,
    /// Assertions that hold.
    pub passed: u64,
    /// Assertions of listed scripts that do not hold, as expected.
    pub expected: u64,
    /// What is red: a line for each.
    pub red: Vec<String>,
}

/// How scripts are run.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// The tier of their code.
    pub tier: Tier,
    /// After how many entries and turns of loops each function is optimized, and the loop left, while the script waits.
    pub tier_up: Option<u32>,
    /// Whether objects are collected whenever one is made, and the heap verified.
    pub stress: bool,
}

/// Runs `scripts`.
///
/// # Panics
/// If an engine cannot be made, or a script makes the runner panic.
#[must_use]
pub fn run(scripts: &[Script], manner: Manner) -> Totals {
    let next = AtomicUsize::new(0);
    let totals = Mutex::new(Totals::default());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut engines = HashMap::new();
                while let Some(script) = scripts.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let engine = (engines.entry(script.features()))
                        .or_insert_with_key(|features| engine(features, manner));
                    let report =
                        silica_wast::run(engine, &script.path, &script.text, &Options::default());
                    let mut totals = totals.lock().expect("no thread panics while it adds");
                    totals.add(script, report);
                }
            });
        }
    });
    totals.into_inner().expect("no thread panics while it adds")
}

fn engine(features: &Features, manner: Manner) -> Engine {
    let mut config = Config::new();
    config.features(*features).tier(manner.tier);
    // Scripts run in parallel already.
    config.parallel_compilation(false);
    config.gc_stress(manner.stress);
    if let Some(uses) = manner.tier_up {
        config.tier_up_threshold(uses).tier_up_stress(true);
    }
    Engine::new(&config).expect("the default settings make an engine")
}

impl Totals {
    fn add(&mut self, script: &Script, report: Report) {
        self.scripts += 1;
        self.passed += report.passed;
        let reason = expectation::of(&script.path);
        if let Some(reason) = reason {
            self.listed += 1;
            self.expected += report.failed;
            if report.failed == 0 {
                let path = script.path.display();
                self.red.push(format!(
                    "{path}: passes, though it is listed ({reason}): take it from the list"
                ));
            }
        }
        let unexpected = report
            .failures
            .iter()
            .filter(|failure| !is_expected(reason, failure));
        self.red.extend(unexpected.map(ToString::to_string));
    }
}

fn is_expected(reason: Option<Reason>, failure: &Failure) -> bool {
    let needs = |features: &[Feature]| {
        let proposal = failure.proposal;
        proposal.is_some_and(|feature| features.contains(&feature))
    };
    match reason {
        None => false,
        Some(Reason::Needs(features)) => needs(features),
        Some(Reason::Older(features, message)) => {
            needs(features) || failure.message.contains(message)
        }
    }
}
