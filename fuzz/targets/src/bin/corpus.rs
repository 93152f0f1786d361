//! Assembles `fuzz/seeds/*.wat` into `fuzz/corpus/`, where cargo-fuzz looks for what to begin with.
//!
//! Targets that read modules get the bytes, the target `text` the sources.

#![forbid(unsafe_code)]

use std::path::Path;

use silica_fuzz_targets::{TARGETS, seeds};

fn main() -> std::io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    let seeds = seeds::all();
    for target in TARGETS {
        let folder = corpus.join(target.name);
        std::fs::create_dir_all(&folder)?;
        for seed in &seeds {
            let contents = if target.name == "text" {
                seed.text.as_bytes()
            } else {
                &seed.bytes
            };
            std::fs::write(folder.join(&seed.name), contents)?;
        }
    }
    println!(
        "{} seeds for each of {} targets",
        seeds.len(),
        TARGETS.len()
    );
    Ok(())
}
