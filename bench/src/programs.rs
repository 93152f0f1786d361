//! The programs, one row each: the table that everything else is made from.
//!
//! A C program is `programs/c/NAME.c`, a Rust program `programs/rust/src/bin/NAME.rs`. Programs in WebAssembly's own text have a
//! table in [`crate::objects`].

use std::fmt::Write;

/// The language that a program is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    C,
    Rust,
}

/// One program of the benchmark.
#[derive(Debug)]
pub(crate) struct Program {
    /// Its name, and its source file's.
    pub(crate) name: &'static str,
    /// What it is written in.
    pub(crate) language: Language,
    /// What it stands for.
    pub(crate) family: &'static str,
    /// What it does.
    pub(crate) about: &'static str,
    /// It is written in vectors: only the SIMD build says anything.
    pub(crate) simd_only: bool,
}

const fn c(name: &'static str, family: &'static str, about: &'static str) -> Program {
    Program {
        name,
        language: Language::C,
        family,
        about,
        simd_only: false,
    }
}

const fn rust(name: &'static str, family: &'static str, about: &'static str) -> Program {
    Program {
        name,
        language: Language::Rust,
        family,
        about,
        simd_only: false,
    }
}

/// Every program, in the order in which it runs and is shown.
pub(crate) const PROGRAMS: &[Program] = &[
    rust(
        "integers",
        "integers",
        "divisions, modular powers, Collatz lengths, bit counts",
    ),
    c("sieve", "integers", "prime numbers by bytes and by bits"),
    rust(
        "bigint",
        "integers",
        "digits of pi, 64 by 64 to 128 bit products, carries",
    ),
    c(
        "nbody",
        "float",
        "gravity, square roots and divisions, arrays of structures",
    ),
    c(
        "mandelbrot",
        "float",
        "a short loop with an exit that depends on data",
    ),
    c("spectral", "float", "conversions, divisions and sums"),
    c("fft", "float", "a Fourier transform, strided access"),
    c("lu", "float", "factorisation with pivots"),
    rust(
        "raytrace",
        "float",
        "shapes behind a trait, recursion, vectors of three",
    ),
    c(
        "matmul",
        "matrices",
        "64-bit products, by rows and by blocks",
    ),
    rust("gemm", "matrices", "32-bit products of four rows at a time"),
    Program {
        name: "vector",
        language: Language::C,
        family: "SIMD",
        about: "explicit 128-bit vectors of five lane types",
        simd_only: true,
    },
    rust(
        "image",
        "SIMD",
        "filters over bytes that compilers vectorise",
    ),
    c("life", "SIMD", "the game of life on bytes"),
    c(
        "branches",
        "branches",
        "binary searches, classification, coin flips",
    ),
    c(
        "dispatch",
        "indirect calls",
        "function pointers of two signatures",
    ),
    rust("objects", "indirect calls", "trait objects and closures"),
    c("fib", "recursion", "two calls for each addition"),
    c("ackermann", "recursion", "deep, mostly in tail position"),
    c("tak", "recursion", "four calls of three arguments"),
    c("nqueens", "backtracking", "bit masks"),
    rust(
        "sudoku",
        "backtracking",
        "candidate masks over a small board",
    ),
    c(
        "stream",
        "memory",
        "sum, scale, triad, copy and fill of 8 MiB arrays",
    ),
    rust("trees", "memory", "allocation of trees and short vectors"),
    c("sha256", "hashing", "rotations and many live values"),
    c("crc32", "hashing", "table lookups"),
    c(
        "lanehash",
        "hashing",
        "four lanes of 64-bit multiply and rotate",
    ),
    rust("chacha", "hashing", "a stream cipher and a 128-bit product"),
    rust(
        "hashmap",
        "collections",
        "the standard hash map, numbers and strings",
    ),
    rust("btree", "collections", "the standard ordered map"),
    rust(
        "dijkstra",
        "collections",
        "heap, queue and union-find on a graph",
    ),
    c(
        "quicksort",
        "sorting",
        "quicksort and heapsort of 32-bit numbers",
    ),
    c("mergesort", "sorting", "records and a linked list"),
    rust(
        "sort",
        "sorting",
        "the standard sorts, comparisons through closures",
    ),
    c(
        "regex",
        "regular expressions",
        "a thread-set matcher of our own",
    ),
    rust(
        "regex_crate",
        "regular expressions",
        "the `regex` crate on a log",
    ),
    rust("json", "text", "parse, change, print"),
    rust("strings", "text", "words, UTF-8, replacement"),
    rust(
        "distance",
        "text",
        "edit distance, common subsequence, knapsack",
    ),
    c("lz", "compression", "LZ77 with hash chains"),
    rust("deflate", "compression", "the `miniz_oxide` crate"),
    rust(
        "huffman",
        "compression",
        "codes written and read bit by bit",
    ),
    c(
        "interpreter",
        "interpreters",
        "a stack machine around one `br_table`",
    ),
    rust(
        "treewalk",
        "interpreters",
        "a syntax tree, recursion and matches",
    ),
    c(
        "mix",
        "mixes",
        "lists, 16-bit matrices, a state machine, a CRC",
    ),
];

/// The programs whose name or family contains one of `words`; all when there are none.
pub(crate) fn matching(words: &[String]) -> Vec<&'static Program> {
    PROGRAMS
        .iter()
        .filter(|program| {
            words.is_empty()
                || words
                    .iter()
                    .any(|word| program.name.contains(word) || program.family.contains(word))
        })
        .collect()
}

/// The table for a person.
pub(crate) fn list(programs: &[&Program]) -> String {
    let mut text = String::new();
    for Program {
        name,
        language,
        family,
        about,
        ..
    } in programs
    {
        let language = match language {
            Language::C => "C",
            Language::Rust => "Rust",
        };
        // Writing to a string does not fail.
        let _ = writeln!(text, "{name:12} {language:5} {family:20} {about}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    fn sources(folder: &str, extension: &str) -> BTreeSet<String> {
        std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))
            .expect("the folder is part of the tree")
            .map(|entry| entry.expect("the folder is readable").path())
            .filter(|path| path.extension().is_some_and(|found| found == extension))
            .filter_map(|path| {
                path.file_stem()
                    .map(|stem| stem.to_string_lossy().into_owned())
            })
            .collect()
    }

    fn rows(language: Language) -> BTreeSet<String> {
        PROGRAMS
            .iter()
            .filter(|row| row.language == language)
            .map(|row| row.name.to_owned())
            .collect()
    }

    #[test]
    fn every_source_has_a_row() {
        assert_eq!(sources("programs/c", "c"), rows(Language::C));
        assert_eq!(sources("programs/rust/src/bin", "rs"), rows(Language::Rust));
    }

    #[test]
    fn names_are_unique() {
        let names: BTreeSet<_> = PROGRAMS.iter().map(|program| program.name).collect();
        assert_eq!(names.len(), PROGRAMS.len());
    }

    #[test]
    fn the_document_has_every_program() {
        let document = include_str!("../../docs/performance.md");
        for program in PROGRAMS {
            let name = format!("| `{}` |", program.name);
            assert!(
                document.contains(&name),
                "docs/performance.md lacks {}",
                program.name
            );
        }
    }

    #[test]
    fn filters_match_names_and_families() {
        assert_eq!(matching(&["fib".to_owned()]).len(), 1);
        assert_eq!(matching(&["recursion".to_owned()]).len(), 3);
        assert_eq!(matching(&[]).len(), PROGRAMS.len());
    }
}
