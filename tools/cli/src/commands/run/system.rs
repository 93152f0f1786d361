//! What a program gets of the system: exactly what the flags grant.

use std::net::TcpListener;

use silica::Module;
use silica::wasi::host::{self, DirectoryRefusal, Network, NetworkGrants, Permissions, Quotas};
use silica::wasi::p1::WasiP1Context;
use silica::wasi::p2::WasiContext;
use silica_wasi_http::{HttpContext, HttpGrant, HttpLimits};
use silica_wasi_keyvalue::{KeyValue, MemoryBucket};
use silica_wasi_sqlite::SqliteBucket;

use crate::failure::{Failure, Result};
use crate::flags::{self, BucketGrant, Directory, Place, Synthetic};
use crate::output;
use crate::status::Status;

/// Everything that a program is granted, open.
pub(super) struct Granted {
    pub(super) directories: Vec<(host::Directory, String)>,
    pub(super) synthetic: Synthetic,
    pub(super) variables: Vec<(String, String)>,
    pub(super) listeners: Vec<TcpListener>,
    pub(super) network: NetworkGrants,
    pub(super) http: Vec<HttpGrant>,
    pub(super) keyvalue: KeyValue,
    pub(super) settings: Vec<(String, String)>,
    pub(super) arguments: Vec<String>,
    pub(super) trace: bool,
}

/// Opens directories, each under the name that the program has for it. Where calls are traced, what they refuse is told.
pub(super) fn open(
    directories: &[Directory],
    trace: bool,
) -> Result<Vec<(host::Directory, String)>> {
    let quotas = Quotas::default();
    let open = |directory: &Directory| {
        let permissions = if directory.read_only {
            Permissions::READ_ONLY
        } else {
            Permissions::ALL
        };
        let opened = host::Directory::open_ambient(&directory.host, permissions, &quotas);
        let opened = opened.map_err(|error| {
            let message = format!("--dir {}: {error}", directory.host.display());
            Failure::new(Status::NoInput, message)
        })?;
        let guest = directory.guest.clone();
        if !trace {
            return Ok((opened, guest));
        }
        let name = guest.clone();
        let told = move |refusal: &_| output::complain(missing(&name, *refusal));
        Ok((opened.observed(told), guest))
    };
    directories.iter().map(open).collect()
}

impl Granted {
    /// What a module gets.
    pub(super) fn into_module(self) -> Result<WasiP1Context> {
        let mut builder = WasiP1Context::builder()
            .inherit_stdio()
            .arguments(self.arguments)
            .map_err(|error| not_passed("an argument", error))?;
        for (name, value) in self.variables {
            let what = format!("the variable {name:?}");
            builder = builder
                .environment_variable(name, value)
                .map_err(|error| not_passed(&what, error))?;
        }
        for (directory, guest) in self.directories {
            builder = builder
                .preopened_directory(directory, guest)
                .map_err(|error| not_passed("a directory", error))?;
        }
        if self.synthetic.devices {
            builder = builder.devices().map_err(not_made)?;
        }
        if self.synthetic.temporary {
            builder = builder.temporary_directory().map_err(not_made)?;
        }
        for listener in self.listeners {
            builder = builder.preopened_listener(listener);
        }
        builder = builder.network(network(self.network, self.trace));
        if self.trace {
            builder = builder.trace(|record| output::complain(record));
        }
        Ok(builder.build())
    }

    /// What a component gets.
    pub(super) fn into_component(self) -> Result<Contexts> {
        if !self.listeners.is_empty() {
            let message = "--tcp-listen gives sockets to modules; a component opens its own";
            return Err(Failure::new(Status::Usage, message));
        }
        let mut builder = WasiContext::builder()
            .inherit_stdio()
            .arguments(self.arguments)
            .map_err(|error| not_passed("an argument", error))?;
        for (name, value) in self.variables {
            let what = format!("the variable {name:?}");
            builder = builder
                .environment_variable(name, value)
                .map_err(|error| not_passed(&what, error))?;
        }
        for (directory, guest) in self.directories {
            builder = builder
                .preopened_directory(directory, guest)
                .map_err(|error| not_passed("a directory", error))?;
        }
        if self.synthetic.devices {
            builder = builder.devices().map_err(not_made)?;
        }
        if self.synthetic.temporary {
            builder = builder.temporary_directory().map_err(not_made)?;
        }
        builder = builder.network(network(self.network, self.trace));
        for (name, value) in self.settings {
            builder = builder.setting(name, value);
        }
        Ok(Contexts {
            wasi: builder.build(),
            http: http(self.http, self.trace),
            keyvalue: self.keyvalue,
        })
    }
}

/// What a component's calls work on.
pub(super) struct Contexts {
    pub(super) wasi: WasiContext,
    pub(super) http: HttpContext,
    pub(super) keyvalue: KeyValue,
}

/// Bytes of keys and values of one bucket.
const BUCKET_MEMORY_BYTES_MAX: usize = 64 << 20;
const BUCKET_FILE_BYTES_MAX: u64 = 4 << 30;

/// Opens buckets. Where calls are traced, it is told which ones are not granted.
pub(super) fn open_buckets(buckets: &[BucketGrant], trace: bool) -> Result<KeyValue> {
    let mut granted = KeyValue::new();
    for BucketGrant { name, place } in buckets {
        match place {
            Place::Memory => {
                granted.grant(name, MemoryBucket::new(BUCKET_MEMORY_BYTES_MAX));
            }
            Place::Sqlite(path) => {
                let bucket = SqliteBucket::open(path, BUCKET_FILE_BYTES_MAX).map_err(|error| {
                    let message = format!("--keyvalue sqlite:{}: {error}", path.display());
                    Failure::new(Status::NoInput, message)
                })?;
                granted.grant(name, bucket);
            }
        }
    }
    if trace {
        granted.observe(|name| {
            output::complain(format!(
                "not granted: the bucket {name:?}; `--keyvalue '{name}=sqlite:FILE'` grants one"
            ));
        });
    }
    Ok(granted)
}

/// HTTP as far as it is granted; where calls are traced, refusals are told.
fn http(grants: Vec<HttpGrant>, trace: bool) -> HttpContext {
    let limits = HttpLimits::default();
    if trace {
        let told = |what: &str| {
            output::complain(format!(
                "not granted: a request to {what}; `--http {what}` grants it"
            ));
        };
        HttpContext::observed(grants, limits, told)
    } else {
        HttpContext::new(grants, limits)
    }
}

/// The network as far as it is granted; where calls are traced, refusals are told.
fn network(grants: NetworkGrants, trace: bool) -> Network {
    let quotas = Quotas::default();
    if trace {
        let told = |refusal: &_| output::complain(flags::missing(refusal));
        Network::observed(grants, &quotas, told)
    } else {
        Network::new(grants, &quotas)
    }
}

fn not_passed(what: &str, error: host::Error) -> Failure {
    Failure::new(Status::Usage, format!("{what} cannot be passed: {error}"))
}

fn not_made(error: host::Error) -> Failure {
    Failure::new(Status::Software, format!("no directory for it: {error}"))
}

/// What was refused of a directory, which the program knows by this name, and the flag that would grant it.
fn missing(directory: &str, refusal: DirectoryRefusal) -> String {
    match refusal {
        DirectoryRefusal::Read => {
            format!("not granted: reading {directory}; `--dir-ro HOST::{directory}` grants it")
        }
        DirectoryRefusal::Change => format!(
            "not granted: changing anything in {directory}; `--dir HOST::{directory}` grants it, in place of `--dir-ro`"
        ),
        DirectoryRefusal::Outside => format!(
            "not granted: the path leads out of {directory}; `--dir` for where it leads grants it"
        ),
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
