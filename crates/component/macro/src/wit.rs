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
