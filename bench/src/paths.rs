//! Where things are: this tree, the directory for what is built, programs on `PATH`.

use anyhow::{Context, Result};
use std::env;
use std::path::{Path, PathBuf};

/// The directories that the benchmark works with.
pub(crate) struct Paths {
    /// `bench/` of the source tree.
    pub(crate) bench: PathBuf,
    /// Cargo's target directory, found from this program's own place.
    pub(crate) target: PathBuf,
    /// Where programs are built.
    pub(crate) out: PathBuf,
    /// This program.
    pub(crate) runner: PathBuf,
}

impl Paths {
    /// Finds the directories.
    ///
    /// # Errors
    /// This program does not know where it is, or cannot make its directory.
    pub(crate) fn find() -> Result<Self> {
        let runner = env::current_exe().context("cannot find this program's own path")?;
        let target = runner
            .ancestors()
            .nth(2)
            .context("this program is not in a target directory")?;
        let out = target.join("bench");
        std::fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
        Ok(Self {
            bench: PathBuf::from(env!("CARGO_MANIFEST_DIR")),
            target: target.to_owned(),
            out,
            runner,
        })
    }

    /// The `silica` command built from this tree.
    pub(crate) fn silica(&self) -> PathBuf {
        self.target.join("release").join("silica")
    }
}

/// Finds a program in the directories of `SILICA_PEERS`, then of `PATH`.
pub(crate) fn search(name: &str) -> Option<PathBuf> {
    ["SILICA_PEERS", "PATH"]
        .iter()
        .filter_map(env::var_os)
        .flat_map(|list| env::split_paths(&list).collect::<Vec<_>>())
        .map(|directory| directory.join(name))
        .find(|path| is_program(path))
}

/// Writes a text to a file, if one was named.
///
/// # Errors
/// It cannot be written.
pub(crate) fn write(path: &Option<PathBuf>, text: impl FnOnce() -> String) -> Result<()> {
    if let Some(path) = path {
        std::fs::write(path, text()).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata()
        .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}
