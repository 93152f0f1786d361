//! What a program gets of the system: exactly what the flags grant.

use std::net::TcpListener;

use silica::Module;
use silica::wasi::host::{Network, NetworkGrants, Quotas};
use silica::wasi::p1::{DirPerms, FilePerms, MissingGrant, WasiP1Context};

use crate::failure::{Failure, Result};
use crate::flags::{self, Directory, Synthetic};
use crate::output;
use crate::status::Status;

/// Everything that a program is granted.
pub(super) struct Grants<'a> {
    pub(super) directories: &'a [Directory],
    pub(super) synthetic: Synthetic,
    pub(super) variables: Vec<(String, String)>,
    pub(super) listeners: Vec<TcpListener>,
    pub(super) network: NetworkGrants,
    pub(super) arguments: Vec<String>,
    pub(super) trace: bool,
}

impl Grants<'_> {
    pub(super) fn context(self) -> Result<WasiP1Context> {
        let invalid = |what: &str, error| {
            Failure::new(Status::Usage, format!("{what} cannot be passed: {error}"))
        };
        let mut builder = WasiP1Context::builder()
            .inherit_stdio()
            .arguments(self.arguments)
            .map_err(|error| invalid("an argument", error))?;
        for (name, value) in self.variables {
            let what = format!("the variable {name:?}");
            builder = builder
                .environment_variable(name, value)
                .map_err(|error| invalid(&what, error))?;
        }
        for directory in self.directories {
            let (directories, files) = if directory.read_only {
                (DirPerms::READ, FilePerms::READ)
            } else {
                (DirPerms::all(), FilePerms::all())
            };
            builder = builder
                .preopened_dir(&directory.host, &directory.guest, directories, files)
                .map_err(|error| {
                    let message = format!("--dir {}: {error}", directory.host.display());
                    Failure::new(Status::NoInput, message)
                })?;
        }
        let unmade =
            |error| Failure::new(Status::Software, format!("no directory for it: {error}"));
        if self.synthetic.devices {
            builder = builder.devices().map_err(unmade)?;
        }
        if self.synthetic.temporary {
            builder = builder.temporary_directory().map_err(unmade)?;
        }
        for listener in self.listeners {
            builder = builder.preopened_listener(listener);
        }
        let quotas = Quotas::default();
        if self.trace {
            let told = |refusal: &_| output::complain(flags::missing(refusal));
            builder = builder
                .network(Network::observed(self.network, &quotas, told))
                .trace(|record| {
                    output::complain(record);
                    if let Some(missing) = &record.missing {
                        output::complain(missing_directory(missing));
                    }
                });
        } else {
            builder = builder.network(Network::new(self.network, &quotas));
        }
        Ok(builder.build())
    }
}

/// What a path needed, and the flag that would grant it.
fn missing_directory(missing: &MissingGrant) -> String {
    match missing {
        MissingGrant::Write(Some(directory)) => format!(
            "not granted: changing anything in {directory}; `--dir HOST::{directory}` grants it, in place of `--dir-ro`"
        ),
        MissingGrant::Write(None) => {
            "not granted: changing anything there; `--dir` grants it, in place of `--dir-ro`"
                .to_owned()
        }
        MissingGrant::Outside => {
            "not granted: the path leads out of its directory; `--dir` for where it leads grants it"
                .to_owned()
        }
    }
}

/// Whether a module imports from WASI 0.1.
pub(super) fn is_needed(module: &Module) -> bool {
    module
        .imports()
        .any(|import| matches!(import.module(), "wasi_snapshot_preview1" | "wasi_unstable"))
}

/// Whether a module name is of a later WASI.
pub(super) fn is_later_wasi(module: &str) -> bool {
    module.starts_with("wasi:")
}
