//! `unsafe` lives in the listed files and nowhere else, and each package that has none of them forbids it.

use super::finding::Finding;
use super::lexer;
use super::workspace::Workspace;

/// Folders (ending in `/`) and files where `unsafe` may stand, each with the reason that it must.
pub(super) const LISTED: &[(&str, &str)] = &[
    (
        "crates/component/runtime/src/load.rs",
        "vouches for machine code from images of components",
    ),
    (
        "crates/instance/os/src/",
        "system calls, page protection, signals and stacks",
    ),
    (
        "crates/instance/runtime/src/beginning.rs",
        "called on a new stack, and enters compiled code",
    ),
    (
        "crates/instance/runtime/src/binding.rs",
        "computations of the store",
    ),
    (
        "crates/instance/runtime/src/builtins.rs",
        "called by compiled code, with the context as a pointer",
    ),
    (
        "crates/instance/runtime/src/call.rs",
        "enters compiled code",
    ),
    (
        "crates/instance/runtime/src/code/",
        "publishes machine code, and finds it by address",
    ),
    (
        "crates/instance/runtime/src/collection.rs",
        "has the collector look at frames",
    ),
    (
        "crates/instance/runtime/src/continuations.rs",
        "computations that link to each other",
    ),
    (
        "crates/instance/runtime/src/entries.rs",
        "definitions that compiled code reads and writes",
    ),
    (
        "crates/instance/runtime/src/entry/",
        "the assembly that enters and leaves compiled code, and its records",
    ),
    (
        "crates/instance/runtime/src/fault.rs",
        "stops compiled code and walks its frames",
    ),
    (
        "crates/instance/runtime/src/from_code.rs",
        "called by compiled code, with the context as a pointer",
    ),
    (
        "crates/instance/runtime/src/function_numbers.rs",
        "functions that compiled code passes",
    ),
    (
        "crates/instance/runtime/src/growth.rs",
        "reaches the limiter beside the state",
    ),
    (
        "crates/instance/runtime/src/handles/",
        "elements, bytes and values behind handles",
    ),
    (
        "crates/instance/runtime/src/heap/space.rs",
        "the heap's bytes, and the tables beside them",
    ),
    (
        "crates/instance/runtime/src/host.rs",
        "called by compiled code, with arguments in registers",
    ),
    (
        "crates/instance/runtime/src/host_call.rs",
        "called by compiled code, with the host function's context as a pointer",
    ),
    (
        "crates/instance/runtime/src/host_context.rs",
        "a context that compiled code passes back",
    ),
    ("crates/instance/runtime/src/image.rs", "maps a file"),
    (
        "crates/instance/runtime/src/instance.rs",
        "makes handles to functions of a context",
    ),
    (
        "crates/instance/runtime/src/instantiate.rs",
        "connects definitions to contexts",
    ),
    (
        "crates/instance/runtime/src/limiter.rs",
        "the type of the access to a limiter",
    ),
    ("crates/instance/runtime/src/memory/", "linear memory"),
    (
        "crates/instance/runtime/src/module.rs",
        "trusts an image's code for the embedder",
    ),
    (
        "crates/instance/runtime/src/raise.rs",
        "a record that may not allocate",
    ),
    (
        "crates/instance/runtime/src/record.rs",
        "the context that compiled code reads",
    ),
    (
        "crates/instance/runtime/src/resolve.rs",
        "called by stubs of code, with the context as a pointer",
    ),
    (
        "crates/instance/runtime/src/running.rs",
        "computations that link to each other",
    ),
    (
        "crates/instance/runtime/src/segments.rs",
        "reads globals of a context",
    ),
    (
        "crates/instance/runtime/src/state.rs",
        "what contexts point to",
    ),
    (
        "crates/instance/runtime/src/store.rs",
        "the state and the embedder's data in one",
    ),
    (
        "crates/instance/runtime/src/suspend.rs",
        "moves a call's stack between polls",
    ),
    (
        "crates/instance/runtime/src/switching.rs",
        "called by compiled code, and goes on on other stacks",
    ),
    (
        "crates/instance/runtime/src/throw.rs",
        "walks frames of compiled code and goes on in one",
    ),
    (
        "crates/instance/runtime/src/tuple.rs",
        "routines that compiled code calls",
    ),
    (
        "crates/instance/runtime/src/typed.rs",
        "values in registers and result areas",
    ),
    (
        "crates/instance/runtime/src/value.rs",
        "references as numbers",
    ),
    (
        "crates/instance/runtime/benches/calls.rs",
        "includes the tests' code written by hand",
    ),
    (
        "crates/instance/runtime/tests/",
        "enters code written by hand",
    ),
    (
        "crates/engine/src/load.rs",
        "loads images that the caller vouches for",
    ),
    (
        "tools/cli/src/image.rs",
        "loads images that the user vouches for",
    ),
    (
        "tools/cli/src/commands/run/profile.rs",
        "maps a profiler's marker",
    ),
    (
        "examples/precompiled.rs",
        "loads an image that it has just made",
    ),
    (
        "tests/embed/tests/modules.rs",
        "loads images that it has just made, whole and broken",
    ),
    (
        "tests/regress/tests/precompiled.rs",
        "loads an image that it has just made",
    ),
    (
        "tests/wasi/tests/no_threads.rs",
        "loads an image that it has just made",
    ),
    (
        "examples/precompiled.rs",
        "loading an image of machine code, which only the embedder can vouch for",
    ),
    (
        "tests/embed/tests/modules.rs",
        "loading images of machine code, sound and damaged",
    ),
    (
        "tests/regress/tests/precompiled.rs",
        "loading an image of machine code, which only the embedder can vouch for",
    ),
    (
        "tests/guests/rust/",
        "programs for the guest side, whose exports need `unsafe(no_mangle)`",
    ),
];

pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = outside(workspace);
    findings.extend(not_forbidden(workspace));
    findings.extend(stale(workspace));
    findings
}

fn listed(path: &str) -> bool {
    LISTED
        .iter()
        .any(|(place, _)| path == *place || (place.ends_with('/') && path.starts_with(place)))
}

fn outside(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in workspace.rust_files().filter(|file| !listed(&file.path)) {
        if let Some(token) = file.tokens.iter().find(|token| token.is_word("unsafe")) {
            let remedy = "move it to a listed file behind a safe function; tools/xtask/src/tidy/unsafe_code.rs has the list";
            findings.push(Finding::new(
                &file.path,
                token.line,
                "`unsafe` outside the listed files",
                remedy,
            ));
        }
    }
    findings
}

fn not_forbidden(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &workspace.packages {
        for root in &package.roots {
            if includes_listed(root, &package.roots) {
                continue;
            }
            let forbids = workspace
                .file(root)
                .is_some_and(|file| forbids(&lexer::code(&file.tokens)));
            if !forbids && root.ends_with(".rs") && !listed(root) {
                let what = format!("a root of {} does not forbid unsafe code", package.name);
                findings.push(Finding::new(
                    root,
                    1,
                    what,
                    "add `#![forbid(unsafe_code)]` below its `//!`",
                ));
            }
        }
    }
    findings
}

/// Whether a listed place lies beside or below a root without being a root itself, so that it is a module of it.
fn includes_listed(root: &str, roots: &[String]) -> bool {
    let folder = root.rsplit_once('/').map_or("", |(folder, _)| folder);
    LISTED.iter().any(|(place, _)| {
        place.starts_with(&format!("{folder}/")) && !roots.iter().any(|root| root == place)
    })
}

fn forbids(code: &[&lexer::Token]) -> bool {
    code.windows(3).any(|three| {
        three[0].is_word("forbid") && three[1].is_sign('(') && three[2].is_word("unsafe_code")
    })
}

fn stale(workspace: &Workspace) -> Vec<Finding> {
    let needless = |place: &str| {
        let mut files = workspace
            .rust_files()
            .filter(|file| file.path == place || file.path.starts_with(place));
        !files.any(|file| file.tokens.iter().any(|token| token.is_word("unsafe")))
    };
    let places = LISTED.iter().filter(|(place, _)| needless(place));
    let list = "tools/xtask/src/tidy/unsafe_code.rs";
    places
        .map(|(place, _)| {
            Finding::new(
                list,
                0,
                format!("{place} holds no `unsafe` any more"),
                "take it off the list",
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_code_elsewhere_is_found_and_words_in_text_are_not() {
        let workspace = Workspace::sample(&[
            ("crates/module/src/a.rs", "fn a() {\n unsafe { f() }\n}"),
            (
                "crates/module/src/b.rs",
                "// unsafe\nconst A: &str = \"unsafe\";",
            ),
        ]);
        let found = outside(&workspace);
        assert_eq!((found.len(), found[0].line), (1, 2));
    }

    #[test]
    fn a_package_without_listed_files_must_forbid() {
        let sample = |source| {
            let workspace = Workspace::sample(&[("crates/module/src/lib.rs", source)]);
            not_forbidden(&workspace.with_package("silica-module", "crates/module", &[])).len()
        };
        assert_eq!(sample("//! Bytes to modules.\n#![forbid(unsafe_code)]"), 0);
        assert_eq!(sample("//! Bytes to modules. `#![forbid(unsafe_code)]`"), 1);
    }

    #[test]
    fn a_listed_place_that_needs_it_no_more_is_found() {
        let found = stale(&Workspace::sample(&[]));
        assert_eq!(found.len(), LISTED.len());
    }
}
