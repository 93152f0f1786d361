//! Finds a world in WIT files and in WIT that stands in the macro.

use std::path::{Path, PathBuf};

use proc_macro2::Span;
use syn::{Error, Result};
use wit_parser::{Resolve, WorldId};

use crate::options::{Options, here};

/// All WIT, and which world was asked for.
pub(crate) struct Wit {
    pub(crate) resolve: Resolve,
    pub(crate) world: WorldId,
    /// Files that it is from.
    pub(crate) files: Vec<PathBuf>,
}

/// Where WIT is unless something else is said.
const PATH: &str = "wit";

pub(crate) fn load(options: &Options) -> Result<Wit> {
    let base = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut resolve = Resolve::default();
    let features = options.features.iter().map(syn::LitStr::value);
    resolve.features.extend(features);
    let (mut packages, mut files) = (Vec::new(), Vec::new());
    let mut paths: Vec<(PathBuf, Span)> = options
        .paths
        .iter()
        .map(|path| (base.join(path.value()), path.span()))
        .collect();
    if paths.is_empty() && (options.inline.is_none() || base.join(PATH).exists()) {
        paths.push((base.join(PATH), here()));
    }
    for (path, span) in &paths {
        let pushed = resolve.push_path(path);
        let (package, sources) = pushed.map_err(|error| told(&resolve, &error, *span))?;
        packages.push(package);
        files.extend(sources.paths().map(Path::to_owned));
    }
    if let Some(inline) = &options.inline {
        let pushed = resolve.push_str("macro-input", &inline.value());
        packages = vec![pushed.map_err(|error| told(&resolve, &error, inline.span()))?];
    }
    let (name, span) = match &options.world {
        Some(world) => (Some(world.value()), world.span()),
        None => (None, here()),
    };
    let world = resolve
        .select_world(&packages, name.as_deref())
        .map_err(|error| told(&resolve, &error, span))?;
    Ok(Wit {
        resolve,
        world,
        files,
    })
}

/// An error with the place in the WIT, as far as there is one.
fn told(resolve: &Resolve, error: &anyhow::Error, span: Span) -> Error {
    Error::new(span, resolve.render_error(error))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::generate::generate;

    /// WIT files that are wrong, each of which begins by saying where, and the beginning of what is told.
    const WRONG: &str = "tests/wrong";

    /// What `bindgen!` says when it is told this.
    fn error(options: &str) -> String {
        let parsed = syn::parse_str::<Options>(options);
        let error = parsed.and_then(|options| generate(&options)).err();
        let error = error.unwrap_or_else(|| panic!("nothing is wrong with {options}"));
        error.to_string()
    }

    #[test]
    fn an_error_in_a_file_names_it_the_line_and_the_column() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(WRONG);
        let mut count = 0;
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            let first = text
                .lines()
                .next()
                .and_then(|line| line.strip_prefix("// "));
            let (place, what) = first.and_then(|first| first.split_once(": ")).unwrap();
            let error = error(&format!("{{ path: {path:?} }}"));
            assert!(error.contains(what), "{error}");
            let place = format!("{}:{place}", path.display());
            assert!(error.contains(&place), "no {place} in {error}");
            count += 1;
        }
        assert!(count >= 10, "only {count} files");
    }

    #[test]
    fn an_error_in_wit_that_stands_in_the_macro_names_the_line_and_the_column() {
        let wit = r#"{ inline: "package test:wrong;\nworld wrong {\n  import f: func(a: b);\n}" }"#;
        let error = error(wit);
        assert!(error.contains("macro-input:3:21"), "{error}");
        assert!(error.contains("import f: func(a: b);"), "{error}");
    }

    #[test]
    fn an_option_about_nothing_is_an_error_that_names_it() {
        let wit = r#"inline: "package test:small; world small { import f: func(); }""#;
        for (option, what) in [
            (r#"world: "large""#, "large"),
            (
                r#"with: { "test:small/lines": lines }"#,
                "`test:small/lines`",
            ),
            (r#"imports: { "g": trappable }"#, "`g`"),
            (r#"exports: { "f": async }"#, "`f`"),
            (
                r#"imports: { "f": quick }"#,
                "expected `trappable` or `async`",
            ),
            ("colour: 1", "there is no option `colour`"),
            (r#"path: "no/such/folder""#, "no/such/folder"),
        ] {
            let error = error(&format!("{{ {wit}, {option} }}"));
            assert!(error.contains(what), "{option}: {error}");
        }
    }
}
