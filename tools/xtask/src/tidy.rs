//! `cargo xtask tidy`: the design's invariants as tests, because prose rots. One file below for each rule; this one only
//! gathers what they find and prints it.

mod architecture;
mod arrows;
mod cycles;
mod decisions;
mod finding;
mod heading;
mod leftovers;
mod length;
mod lexer;
mod licences;
mod links;
mod machine;
mod manifests;
mod paths;
mod safety;
mod unsafe_code;
mod workspace;

use anyhow::Result;
use finding::Finding;
use std::path::Path;
use std::process::ExitCode;
use workspace::Workspace;

type Rule = fn(&Workspace) -> Vec<Finding>;

/// Every rule, with the name that the summary gives it.
const RULES: &[(&str, Rule)] = &[
    ("crate arrows", arrows::check),
    ("module cycles", cycles::check),
    ("lengths", length::check),
    ("file headings", heading::check),
    ("safety comments", safety::check),
    ("unsafe code", unsafe_code::check),
    ("architecture", architecture::check),
    ("leftovers", leftovers::check),
    ("machine paths", machine::check),
    ("decisions", decisions::check),
    ("links", links::check),
    ("licences", licences::check),
    ("manifests", manifests::check),
];

/// Runs every rule on the repository at `root`; with `lower`, writes the ratchets' reached values first.
pub(crate) fn run(root: &Path, lower: bool) -> Result<ExitCode> {
    let mut workspace = Workspace::load(root)?;
    if lower {
        length::lower(root, &mut workspace)?;
    }
    let mut total = 0;
    for (name, rule) in RULES {
        let mut findings = rule(&workspace);
        findings.sort();
        for finding in &findings {
            println!("{finding}");
        }
        println!(
            "tidy: {name}: {}",
            if findings.is_empty() {
                "ok".to_owned()
            } else {
                findings.len().to_string()
            }
        );
        total += findings.len();
    }
    println!(
        "tidy: {} rules, {} files, {total} findings",
        RULES.len(),
        workspace.files.len()
    );
    Ok(if total == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
