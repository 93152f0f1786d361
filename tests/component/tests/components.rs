//! Runs the component model's scripts in each tier and prints totals. An argument picks those whose path contains it.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use silica::Tier;
use silica_tests_component::{engine, run, suite};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        println!("components: test");
        return ExitCode::SUCCESS;
    }
    let filter: Vec<&String> = arguments.iter().filter(|a| !a.starts_with('-')).collect();
    let scripts = match suite() {
        Ok(scripts) => scripts,
        Err(folder) => {
            println!("skipped: no scripts in {}", folder.display());
            return ExitCode::SUCCESS;
        }
    };
    let mut tiers = vec![Tier::Optimize];
    if cfg!(target_arch = "x86_64") {
        tiers.push(Tier::Baseline);
    }
    let (mut passed, mut failed, mut red) = (0, 0, 0);
    for tier in tiers {
        let engine = engine(tier);
        for script in &scripts {
            let path = script.0.to_string_lossy();
            if !filter.is_empty() && !filter.iter().any(|part| path.contains(*part)) {
                continue;
            }
            let (report, lines) = run(&engine, script);
            passed += report.passed;
            failed += report.failed;
            red += lines.len();
            lines.iter().for_each(|line| println!("{line}"));
        }
    }
    println!("{failed} directives fail");
    println!("{passed} passed, {red} failed");
    ExitCode::from(u8::from(red > 0))
}
