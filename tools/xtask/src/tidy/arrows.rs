//! Which crate may build upon which. The table is the architecture: a new arrow is a decision, and is written down in
//! `docs/decisions/` before it is added here.
//!
//! Dependencies that only tests have are free, since nothing ships with them.

use super::finding::Finding;
use super::workspace::{Workspace, crate_name};
use std::collections::{BTreeMap, BTreeSet};

const MANIFEST: &str = "Cargo.toml";

/// Each of our crates, with the ones of ours that it may name. Crates for tests, examples and benchmarks see what an
/// embedder sees, or more where they test a crate's inside.
const ARROWS: &[(&str, &[&str])] = &[
    ("silica-operator", &[]),
    ("silica-module", &["silica-operator"]),
    ("silica-contract", &["silica-operator", "silica-module"]),
    (
        "silica-translate",
        &["silica-operator", "silica-module", "silica-contract"],
    ),
    (
        "silica-baseline",
        &[
            "silica-operator",
            "silica-module",
            "silica-contract",
            "silica-translate",
        ],
    ),
    (
        "silica-optimize",
        &[
            "silica-operator",
            "silica-module",
            "silica-contract",
            "silica-translate",
        ],
    ),
    (
        "silica-pipeline",
        &[
            "silica-operator",
            "silica-module",
            "silica-contract",
            "silica-translate",
            "silica-baseline",
            "silica-optimize",
        ],
    ),
    ("silica-os", &[]),
    (
        "silica-runtime",
        &[
            "silica-operator",
            "silica-module",
            "silica-contract",
            "silica-os",
        ],
    ),
    (
        "silica-engine",
        &[
            "silica-operator",
            "silica-module",
            "silica-contract",
            "silica-pipeline",
            "silica-runtime",
        ],
    ),
    ("silica-component-describe", &["silica-module"]),
    (
        "silica-component-adapter",
        &["silica-module", "silica-component-describe"],
    ),
    ("silica-component-macro", &[]),
    ("silica-guest", &[]),
    (
        "silica-component-compose",
        &["silica-module", "silica-component-describe"],
    ),
    (
        "silica-component",
        &[
            "silica-module",
            "silica-component-describe",
            "silica-component-adapter",
            "silica-component-macro",
            "silica-engine",
        ],
    ),
    ("silica-sandbox", &[]),
    ("silica-wasi-host", &[]),
    ("silica-wasi-p1", &["silica-engine", "silica-wasi-host"]),
    (
        "silica-wasi-p2",
        &["silica-engine", "silica-component", "silica-wasi-host"],
    ),
    (
        "silica-wasi-keyvalue",
        &["silica-engine", "silica-component"],
    ),
    ("silica-wasi-sqlite", &["silica-wasi-keyvalue"]),
    (
        "silica-wasi-http",
        &[
            "silica-component",
            "silica-engine",
            "silica-wasi-host",
            "silica-wasi-p2",
        ],
    ),
    ("silica-wasi-threads", &["silica-engine"]),
    (
        "silica",
        &[
            "silica-engine",
            "silica-component",
            "silica-wasi-host",
            "silica-wasi-p1",
            "silica-wasi-p2",
            "silica-wasi-threads",
        ],
    ),
    ("silica-wast", &["silica", "silica-module"]),
    (
        "silica-cli",
        &[
            "silica",
            "silica-component-compose",
            "silica-module",
            "silica-sandbox",
            "silica-wasi-http",
            "silica-wasi-keyvalue",
            "silica-wasi-sqlite",
            "silica-wast",
        ],
    ),
    ("xtask", &[]),
];

/// Packages whose folder starts so are not shipped: they test, measure or show, and may name any of ours.
const NOT_SHIPPED: &[&str] = &["tests/", "bench", "examples", "fuzz/"];

/// Crates of others that only the listed ones of ours may name.
const NAMERS: &[(&str, &[&str])] = &[
    (
        "wasmparser",
        &[
            "silica-module",
            "silica-translate",
            "silica-component-describe",
            "silica-component-compose",
        ],
    ),
    ("cranelift-codegen", &["silica-optimize"]),
    ("cranelift-frontend", &["silica-optimize"]),
    ("cranelift-entity", &["silica-optimize"]),
    ("cranelift-control", &["silica-optimize"]),
    ("cap-std", &["silica-wasi-host"]),
    ("corosensei", &["silica-runtime", "silica-os"]),
];

/// What must never be reached, directly or through others, and why.
const UNREACHABLE: &[(&str, &[&str], &str)] = &[
    (
        "silica-runtime",
        COMPILERS,
        "a host must be able to run precompiled code with no compiler in it",
    ),
    (
        "silica-os",
        COMPILERS,
        "the system layer knows nothing of code",
    ),
    (
        "silica-translate",
        RUNNERS,
        "a compiler must be able to work in another process, with nothing that runs guests",
    ),
    (
        "silica-baseline",
        RUNNERS,
        "a compiler must be able to work in another process, with nothing that runs guests",
    ),
    (
        "silica-optimize",
        RUNNERS,
        "a compiler must be able to work in another process, with nothing that runs guests",
    ),
    (
        "silica-pipeline",
        RUNNERS,
        "a compiler must be able to work in another process, with nothing that runs guests",
    ),
    (
        "silica-wasi-host",
        ENGINES,
        "the system interface's capabilities know nothing of WebAssembly",
    ),
];

const COMPILERS: &[&str] = &[
    "silica-translate",
    "silica-baseline",
    "silica-optimize",
    "silica-pipeline",
    "cranelift-codegen",
    "cranelift-frontend",
];
const RUNNERS: &[&str] = &["silica-runtime", "silica-os", "silica-engine"];
const ENGINES: &[&str] = &[
    "silica-engine",
    "silica-runtime",
    "silica-module",
    "wasmparser",
];

pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = direct(workspace);
    findings.extend(namers(workspace));
    for (from, targets, reason) in UNREACHABLE {
        for target in *targets {
            if let Some(path) = route(&workspace.graph, from, target) {
                let what = format!("{from} reaches {target}, by {}: {reason}", path.join(" → "));
                findings.push(Finding::new(
                    MANIFEST,
                    0,
                    what,
                    "remove an arrow of that route, or move the code that needs it",
                ));
            }
        }
    }
    findings
}

fn shipped(folder: &str) -> bool {
    !NOT_SHIPPED.iter().any(|start| folder.starts_with(start))
}

fn direct(workspace: &Workspace) -> Vec<Finding> {
    let ours: BTreeSet<&str> = workspace
        .packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let mut findings = Vec::new();
    for package in workspace
        .packages
        .iter()
        .filter(|package| shipped(&package.folder))
    {
        let manifest = format!("{}/{MANIFEST}", package.folder);
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == package.name) else {
            let what = format!(
                "the crate {} has no row in the table of arrows",
                package.name
            );
            findings.push(Finding::new(
                &manifest,
                0,
                what,
                "decide what it may build upon, and add the row in tools/xtask/src/tidy/arrows.rs",
            ));
            continue;
        };
        for dependency in package
            .dependencies
            .iter()
            .filter(|name| ours.contains(name.as_str()))
        {
            if !allowed.contains(&dependency.as_str()) {
                let what = format!("{} may not build upon {dependency}", package.name);
                findings.push(Finding::new(&manifest, 0, what, "a new arrow is a decision: write it down in docs/decisions/, then add it to the table of arrows"));
            }
        }
    }
    findings
}

fn namers(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in workspace
        .packages
        .iter()
        .filter(|package| shipped(&package.folder))
    {
        for (dependency, allowed) in NAMERS {
            if package.dependencies.contains(*dependency)
                && !allowed.contains(&package.name.as_str())
            {
                let what = format!(
                    "{} names {dependency}, which only {} may",
                    package.name,
                    allowed.join(" and ")
                );
                findings.push(Finding::new(
                    &format!("{}/{MANIFEST}", package.folder),
                    0,
                    what,
                    "ask that crate for what is needed",
                ));
            }
        }
    }
    findings
}

/// The shortest route from one package to another, if there is one.
fn route<'a>(
    graph: &'a BTreeMap<String, BTreeSet<String>>,
    from: &'a str,
    to: &str,
) -> Option<Vec<&'a str>> {
    let mut seen = BTreeSet::from([from]);
    let mut routes = vec![vec![from]];
    while !routes.is_empty() {
        let mut longer = Vec::new();
        for route in routes {
            let last = route.last().copied().unwrap_or(from);
            for next in graph.get(last).into_iter().flatten() {
                let mut extended = route.clone();
                extended.push(next);
                if crate_name(next) == to {
                    return Some(extended);
                }
                if seen.insert(next) {
                    longer.push(extended);
                }
            }
        }
        routes = longer;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whats(workspace: &Workspace) -> Vec<String> {
        check(workspace)
            .into_iter()
            .map(|finding| finding.what)
            .collect()
    }

    #[test]
    fn the_designed_arrows_are_allowed() {
        let mut workspace = Workspace::default();
        for (name, dependencies) in ARROWS {
            workspace = workspace.with_package(name, &format!("crates/{name}"), dependencies);
        }
        assert_eq!(whats(&workspace), [""; 0]);
    }

    #[test]
    fn an_arrow_that_is_not_in_the_table_is_found() {
        let workspace = Workspace::default()
            .with_package("silica-module", "crates/module", &[])
            .with_package("silica-operator", "crates/operator", &["silica-module"]);
        assert_eq!(
            whats(&workspace),
            ["silica-operator may not build upon silica-module"]
        );
    }

    #[test]
    fn a_compiler_below_the_runtime_is_found_through_others() {
        let workspace = Workspace::default()
            .with_package("silica-runtime", "crates/instance/runtime", &["helpful"])
            .with_package("helpful", "tests/helpful", &["cranelift-codegen"]);
        let found = whats(&workspace);
        assert!(
            found
                .iter()
                .any(|what| what.contains("silica-runtime → helpful → cranelift-codegen")),
            "{found:?}"
        );
    }

    #[test]
    fn only_the_listed_crates_name_the_validator() {
        let workspace =
            Workspace::default().with_package("silica-cli", "tools/cli", &["wasmparser"]);
        assert_eq!(
            whats(&workspace),
            [
                "silica-cli names wasmparser, which only silica-module and silica-translate and silica-component-describe and silica-component-compose may"
            ]
        );
    }

    #[test]
    fn a_crate_without_a_row_is_found() {
        let workspace = Workspace::default().with_package("silica-new", "crates/new", &[]);
        assert_eq!(
            whats(&workspace),
            ["the crate silica-new has no row in the table of arrows"]
        );
    }
}
