//! Compares every file of `wat/` with what code is made now, or writes it anew.

#![forbid(unsafe_code)]

use std::{fs, path::Path};

use silica_tests_disas::Case;

#[test]
fn listings_are_as_expected() {
    let bless = std::env::var_os("SILICA_BLESS").is_some();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("wat");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut differing = Vec::new();
    for path in &files {
        let name = path.file_name().unwrap().to_string_lossy();
        let file = fs::read_to_string(path).unwrap();
        let expected = Case::parse(&file).and_then(|case| case.expected_file());
        let expected = expected.unwrap_or_else(|message| panic!("{name}: {message}"));
        if file == expected {
            continue;
        }
        if bless {
            fs::write(path, expected).unwrap();
        } else {
            differing.push(format!("--- {name}, now:\n{expected}"));
        }
    }
    assert!(
        differing.is_empty(),
        "{}\n{} of {} files differ; SILICA_BLESS=1 writes them anew",
        differing.join("\n"),
        differing.len(),
        files.len(),
    );
}
