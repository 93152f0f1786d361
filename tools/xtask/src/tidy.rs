//! `cargo xtask tidy`: the design's invariants as tests, because prose rots. One file below for each rule; this one only
//! gathers what they find and prints it.

mod architecture;
mod arrows;
mod cycles;
mod decisions;
mod heading;
mod leftovers;
mod length;
mod lexer;
mod links;
mod machine;
mod manifests;
mod safety;
mod unsafe_code;
mod workspace;

use anyhow::Result;
use std::fmt;
use std::path::Path;
use std::process::ExitCode;
use workspace::Workspace;

/// One thing that is not as it should be: where, what, and what to do about it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    line: usize,
    what: String,
    remedy: String,
}

impl Finding {
    /// A finding at `line` of `path`; line 0 means the file as a whole.
    fn new(path: &str, line: usize, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => writeln!(formatter, "{}: {}", self.path, self.what)?,
            line => writeln!(formatter, "{}:{line}: {}", self.path, self.what)?,
        }
        write!(formatter, "    {}", self.remedy)
    }
}

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
        println!("tidy: {name}: {}", if findings.is_empty() { "ok".to_owned() } else { findings.len().to_string() });
        total += findings.len();
    }
    println!("tidy: {} rules, {} files, {total} findings", RULES.len(), workspace.files.len());
    Ok(if total == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
