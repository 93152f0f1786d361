//! Lengths as ratchets. No file over [`FILE_MAX`] lines except the listed data tables; how many are over [`FILE_LONG`], and
//! how long each function over [`FUNCTION_MAX`] is, stand in `tools/xtask/ratchets.txt` and may only fall.
//!
//! `cargo xtask tidy --lower` writes what is reached. It never raises a number: that takes an edit by hand, which a reviewer
//! sees, and a reason.

use super::finding::Finding;
use super::lexer::{self, Token};
use super::workspace::Workspace;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

const RATCHETS: &str = "tools/xtask/ratchets.txt";
const FILE_MAX: usize = 800;
const FILE_LONG: usize = 500;
const FUNCTION_MAX: usize = 70;

/// Files that are one long table of data, and nothing else, and so may be as long as the table.
const DATA_TABLES: &[&str] = &[];

const HEADER: &str = "\
# Lengths that may only fall: how many files are over 500 lines, and each function over 70 lines.
# `cargo xtask tidy --lower` writes what is reached; a number is raised by hand only, with a reason in the commit.
";

/// What the file of ratchets says, or what is reached.
#[derive(Debug, Default, PartialEq)]
struct Lengths {
    long_files: usize,
    /// The longest function of each path and name.
    functions: BTreeMap<(String, String), usize>,
}

pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = too_long_files(workspace);
    let text = workspace
        .file(RATCHETS)
        .map_or("", |file| file.text.as_str());
    match Lengths::parse(text) {
        Ok(allowed) => findings.extend(compare(&allowed, &Lengths::measure(workspace))),
        Err((line, what)) => findings.push(Finding::new(RATCHETS, line, what, "restore the line")),
    }
    findings
}

/// Lowers the ratchets in the file and in `workspace` to what is reached. A file that is not there yet is made.
pub(super) fn lower(root: &Path, workspace: &mut Workspace) -> Result<()> {
    let reached = Lengths::measure(workspace);
    let lowered = match workspace.file(RATCHETS) {
        None => reached,
        Some(file) => {
            let allowed = Lengths::parse(&file.text)
                .map_err(|(line, what)| anyhow::anyhow!("{RATCHETS}:{line}: {what}"))?;
            allowed.lowered_to(&reached)
        }
    };
    std::fs::write(root.join(RATCHETS), lowered.to_text()).context(RATCHETS)?;
    *workspace = Workspace::load(root)?;
    Ok(())
}

fn too_long_files(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in workspace
        .rust_files()
        .filter(|file| !DATA_TABLES.contains(&file.path.as_str()))
    {
        let lines = file.text.lines().count();
        if lines > FILE_MAX {
            let what = format!("{lines} lines, where {FILE_MAX} are allowed");
            findings.push(Finding::new(
                &file.path,
                0,
                what,
                "split it by idea: a good file has one noun",
            ));
        }
    }
    findings
}

fn compare(allowed: &Lengths, reached: &Lengths) -> Vec<Finding> {
    let mut findings = Vec::new();
    let lower = "cargo xtask tidy --lower";
    if reached.long_files > allowed.long_files {
        let what = format!(
            "{} files are over {FILE_LONG} lines, where {} were",
            reached.long_files, allowed.long_files
        );
        findings.push(Finding::new(RATCHETS, 0, what, "split the file that grew"));
    } else if reached.long_files < allowed.long_files {
        findings.push(Finding::new(
            RATCHETS,
            0,
            "fewer files are long than it says",
            lower,
        ));
    }
    for ((path, name), &lines) in &reached.functions {
        let before = allowed
            .functions
            .get(&(path.clone(), name.clone()))
            .copied();
        if before.is_none_or(|before| lines > before) {
            let limit = before.unwrap_or(FUNCTION_MAX);
            let what =
                format!("the function `{name}` has {lines} lines, where {limit} are allowed");
            findings.push(Finding::new(
                path,
                0,
                what,
                "give its parts names: a function that needs scrolling usually hides a type",
            ));
        }
    }
    for ((path, name), &before) in &allowed.functions {
        if reached
            .functions
            .get(&(path.clone(), name.clone()))
            .is_none_or(|&lines| lines < before)
        {
            findings.push(Finding::new(
                RATCHETS,
                0,
                format!("`{name}` of {path} is shorter than {before} lines, or gone"),
                lower,
            ));
        }
    }
    findings
}

impl Lengths {
    fn measure(workspace: &Workspace) -> Self {
        let mut lengths = Self::default();
        for file in workspace.rust_files() {
            if file.text.lines().count() > FILE_LONG && !DATA_TABLES.contains(&file.path.as_str()) {
                lengths.long_files += 1;
            }
            for (name, lines) in functions(&file.tokens) {
                if lines > FUNCTION_MAX {
                    let longest = lengths
                        .functions
                        .entry((file.path.clone(), name))
                        .or_default();
                    *longest = lines.max(*longest);
                }
            }
        }
        lengths
    }

    fn parse(text: &str) -> Result<Self, (usize, String)> {
        let mut lengths = Self::default();
        for (line, number) in text.lines().zip(1..) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let count = |word: &str| {
                word.parse()
                    .map_err(|_| (number, format!("`{word}` is no number")))
            };
            match words.as_slice() {
                [] => {}
                [first, ..] if first.starts_with('#') => {}
                ["long-files", files] => lengths.long_files = count(files)?,
                ["function", path, name, lines] => {
                    lengths
                        .functions
                        .insert(((*path).to_owned(), (*name).to_owned()), count(lines)?);
                }
                _ => {
                    return Err((
                        number,
                        format!("neither `long-files N` nor `function PATH NAME LINES`: {line}"),
                    ));
                }
            }
        }
        Ok(lengths)
    }

    fn lowered_to(&self, reached: &Self) -> Self {
        let keep = |(key, &before): (&(String, String), &usize)| {
            reached
                .functions
                .get(key)
                .map(|&lines| (key.clone(), lines.min(before)))
        };
        Self {
            long_files: self.long_files.min(reached.long_files),
            functions: self.functions.iter().filter_map(keep).collect(),
        }
    }

    fn to_text(&self) -> String {
        let mut text = format!("{HEADER}long-files {}\n", self.long_files);
        for ((path, name), lines) in &self.functions {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "function {path} {name} {lines}");
        }
        text
    }
}

/// The name and the length in lines of each function with a body.
fn functions(tokens: &[Token]) -> Vec<(String, usize)> {
    let code = lexer::code(tokens);
    let mut found = Vec::new();
    for (index, pair) in code.windows(2).enumerate() {
        if !pair[0].is_word("fn") || pair[1].kind != lexer::Kind::Word {
            continue;
        }
        if let Some(last) = end_of_body(&code[index..]) {
            found.push((pair[1].text.clone(), last - pair[0].line + 1));
        }
    }
    found
}

/// The line of the brace that closes the body of the function that starts here, if it has one.
fn end_of_body(code: &[&Token]) -> Option<usize> {
    let mut groups = 0;
    let mut braces = 0;
    for token in code {
        if token.is_sign('(') || token.is_sign('[') {
            groups += 1;
        } else if token.is_sign(')') || token.is_sign(']') {
            groups -= 1;
        } else if token.is_sign(';') && groups == 0 && braces == 0 {
            return None;
        } else if token.is_sign('{') {
            braces += 1;
        } else if token.is_sign('}') {
            braces -= 1;
            if braces == 0 && groups == 0 {
                return Some(token.last_line());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long_function(lines: usize) -> String {
        format!("fn long() {{\n{}}}\n", "    f();\n".repeat(lines - 2))
    }

    fn whats(files: &[(&str, &str)]) -> Vec<String> {
        check(&Workspace::sample(files))
            .into_iter()
            .map(|finding| finding.what)
            .collect()
    }

    #[test]
    fn functions_are_measured_from_the_name_to_the_last_brace() {
        let source = "trait A { fn none(&self) -> [u8; 3]; }\nfn one() {}\nfn two(a: fn(u8)) {\n if a { \"}\"; }\n}";
        assert_eq!(
            functions(&lexer::tokens(source)),
            [("one".to_owned(), 1), ("two".to_owned(), 3)]
        );
    }

    #[test]
    fn a_long_function_is_found_unless_its_ratchet_allows_it() {
        let source = long_function(90);
        let ratchet = "long-files 0\nfunction a.rs long 90\n";
        assert_eq!(
            whats(&[("a.rs", &source)]),
            ["the function `long` has 90 lines, where 70 are allowed"]
        );
        assert_eq!(whats(&[("a.rs", &source), (RATCHETS, ratchet)]), [""; 0]);
        let grown = long_function(91);
        assert_eq!(
            whats(&[("a.rs", &grown), (RATCHETS, ratchet)]),
            ["the function `long` has 91 lines, where 90 are allowed"]
        );
        assert_eq!(whats(&[("a.rs", &long_function(70))]), [""; 0]);
    }

    #[test]
    fn a_ratchet_that_could_be_lower_is_found() {
        let source = long_function(80);
        let ratchet = "long-files 0\nfunction a.rs long 90\n";
        assert_eq!(
            whats(&[("a.rs", &source), (RATCHETS, ratchet)]),
            ["`long` of a.rs is shorter than 90 lines, or gone"]
        );
        assert_eq!(
            whats(&[(RATCHETS, "long-files 3\n")]),
            ["fewer files are long than it says"]
        );
    }

    #[test]
    fn a_file_that_is_too_long_is_found() {
        let found = whats(&[("a.rs", &"\n".repeat(801)), (RATCHETS, "long-files 1")]);
        assert_eq!(found, ["801 lines, where 800 are allowed"]);
    }

    #[test]
    fn lowering_never_raises() {
        let allowed = Lengths::parse("long-files 2\nfunction a.rs long 80\nfunction b.rs gone 75")
            .expect("it is well formed");
        let source = long_function(90);
        let reached = Lengths::measure(&Workspace::sample(&[("a.rs", &source), ("c.rs", &source)]));
        let lowered = allowed.lowered_to(&reached);
        assert_eq!(
            lowered.to_text(),
            format!("{HEADER}long-files 0\nfunction a.rs long 80\n")
        );
    }
}
