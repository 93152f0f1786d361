//! The component model's reference scripts, and what of them cannot pass yet, with reasons.
//!
//! The test `components` runs them in each tier; [`LISTED`] turns red when something in it passes.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

use silica::{Config, Engine, Feature, Features, Tier};
use silica_wast::{Options, Report};

/// Scripts in which as many directives fail as the number says, and why.
pub const LISTED: &[(&str, u64, &str)] = &[
    (
        "binary/binary.wast",
        1,
        "it says `cancellable` where the newer text has a byte that must be 0",
    ),
    (
        "validation/kebab.wast",
        1,
        "names that differ in nothing but dashes conflict, since the script was written",
    ),
    (
        "values/variants.wast",
        1,
        "one of its functions waits, which is not executed yet",
    ),
];

/// A script: its path inside the suite, and its text.
pub type Script = (PathBuf, String);

/// The scripts in `$SILICA_TESTS/component-model`, or in `../shared/tests/component-model` beside the project, but those
/// about what waits. The folder that has none, if there are none.
///
/// # Errors
/// The folder that was looked in.
pub fn suite() -> Result<Vec<Script>, PathBuf> {
    let root = match std::env::var_os("SILICA_TESTS") {
        Some(root) => PathBuf::from(root),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/tests"),
    };
    let root = root.join("component-model/test");
    let mut scripts = Vec::new();
    collect(&root, &root, &mut scripts);
    if scripts.is_empty() {
        return Err(root);
    }
    scripts.sort();
    Ok(scripts)
}

fn collect(root: &Path, folder: &Path, scripts: &mut Vec<Script>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            if !path.ends_with("async") {
                collect(root, &path, scripts);
            }
        } else if path.extension().is_some_and(|e| e == "wast")
            && let (Ok(text), Ok(inside)) =
                (std::fs::read_to_string(&path), path.strip_prefix(root))
        {
            scripts.push((inside.to_owned(), text));
        }
    }
}

/// An engine with what the scripts were written for.
///
/// # Panics
/// If it cannot be made.
#[must_use]
pub fn engine(tier: Tier) -> Engine {
    let mut features = Features::default();
    features
        .enable(Feature::ComponentAsync)
        .enable(Feature::ComponentFixedLengthLists);
    let mut config = Config::new();
    config.features(features).tier(tier);
    Engine::new(&config).expect("the default settings make an engine")
}

/// Runs a script; gives what came out of it, and a line for each thing that is red.
#[must_use]
pub fn run(engine: &Engine, (path, text): &Script) -> (Report, Vec<String>) {
    let report = silica_wast::run(engine, path, text, &Options::default());
    let listed = LISTED
        .iter()
        .find(|(place, ..)| path.as_path() == Path::new(place));
    let red = match listed {
        Some((_, count, _)) if *count == report.failed => Vec::new(),
        Some((place, count, reason)) => {
            let mut red: Vec<String> = report.failures.iter().map(ToString::to_string).collect();
            red.push(format!(
                "{place}: {} directives fail, {count} are listed ({reason})",
                report.failed
            ));
            red
        }
        None => report.failures.iter().map(ToString::to_string).collect(),
    };
    (report, red)
}
