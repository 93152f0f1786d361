//! The second wall around a run: the kernel holds the command to what its program was granted.
//!
//! It goes up in two steps. Before there is any thread, files and ports are restricted to what
//! is needed from then on; once the program is loaded and everything is open, to the grants,
//! and system calls with them.

use std::path::{Path, PathBuf};

use silica::Cache;
use silica::wasi::host::{HostPattern, NetworkGrant, NetworkGrants, Protocol};
use silica_sandbox::{Error, Policy, Ports, Sockets};
use silica_wasi_http::HttpGrant;
use silica_wasi_sqlite::SqliteBucket;

use crate::failure::{Failure, Result};
use crate::flags::{Grants, Place};
use crate::status::Status;

/// More ports than this are all ports.
const PORTS_MAX: usize = 256;

/// What tells how many processors this process may use.
const PROCESSORS: [&str; 3] = [
    "/proc/self/cgroup",
    "/proc/self/mountinfo",
    "/sys/fs/cgroup",
];

/// Certificates that a system trusts.
const CERTIFICATES: [&str; 4] = [
    "/etc/ssl",
    "/etc/pki",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
];

/// What the command is held to.
#[derive(Debug)]
pub(super) struct Confinement {
    policy: Policy,
}

impl Confinement {
    /// For a program with these grants, from these files.
    pub(super) fn new(grants: &Grants, modules: Vec<PathBuf>) -> Confinement {
        let http = grants.http.grants();
        let mut network = grants.network.grants();
        network
            .connect
            .extend(http.iter().flat_map(HttpGrant::network));
        let mut policy = Policy {
            readable: modules,
            writable: Vec::new(),
            sockets: sockets(&network),
        };
        if !http.is_empty() {
            policy.readable.extend(certificates());
        }
        for bucket in grants.keyvalue.buckets() {
            if let Place::Sqlite(path) = &bucket.place {
                // They are there: the bucket is open.
                policy.writable.extend(SqliteBucket::files(path));
            }
        }
        for directory in &grants.directories.0 {
            let paths = if directory.read_only {
                &mut policy.readable
            } else {
                &mut policy.writable
            };
            paths.push(directory.host.clone());
        }
        Confinement { policy }
    }

    /// The first step: what is needed to load the program is left, too.
    pub(super) fn begin(&self, cache: Option<&Cache>) -> Result<()> {
        let mut policy = self.policy.clone();
        policy.readable.extend(PROCESSORS.map(PathBuf::from));
        if let Some(cache) = cache {
            make_private(cache.directory());
            policy.writable.push(cache.directory().to_owned());
        }
        silica_sandbox::restrict_files(&policy).map_err(failed)?;
        Ok(())
    }

    /// The second step: what is granted is left, and the cache where code is kept while the
    /// program runs.
    pub(super) fn complete(&self, cache: Option<&Cache>) -> Result<()> {
        let mut policy = self.policy.clone();
        if let Some(cache) = cache {
            policy.writable.push(cache.directory().to_owned());
        }
        silica_sandbox::restrict_files(&policy).map_err(failed)?;
        silica_sandbox::restrict_calls(&policy).map_err(failed)?;
        Ok(())
    }
}

/// Where systems keep the certificates that they trust, and where the user says that they are.
fn certificates() -> Vec<PathBuf> {
    let mut paths = CERTIFICATES.map(PathBuf::from).to_vec();
    for variable in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
        paths.extend(std::env::var_os(variable).map(PathBuf::from));
    }
    paths
}

fn failed(error: Error) -> Failure {
    Failure::new(Status::Software, format!("no second wall: {error}"))
        .remedy("`--no-sandbox` runs the program without it")
}

/// Makes the cache's folder, as the cache itself would: it cannot be made later. Where that
/// fails there is no cache, which is no error.
fn make_private(folder: &Path) {
    use std::os::unix::fs::DirBuilderExt as _;
    let mut builder = std::fs::DirBuilder::new();
    let _ = builder.recursive(true).mode(0o700).create(folder);
}

/// The sockets that these grants need.
fn sockets(grants: &NetworkGrants) -> Sockets {
    let by_name = |grant: &NetworkGrant| match grant.host {
        HostPattern::Any | HostPattern::Name(_) | HostPattern::Under(_) => true,
        HostPattern::Block { .. } => false,
    };
    Sockets {
        may_open: !grants.is_empty(),
        may_look_up: grants.connect.iter().any(by_name),
        tcp_connect: ports(&grants.connect),
        tcp_listen: ports(&grants.listen),
    }
}

fn ports(grants: &[NetworkGrant]) -> Ports {
    let mut ports = Vec::new();
    for grant in grants.iter().filter(|grant| grant.is_for(Protocol::Tcp)) {
        ports.extend(grant.ports.clone().take(PORTS_MAX + 1));
        if ports.len() > PORTS_MAX {
            return Ports::All;
        }
    }
    Ports::Only(ports)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(connect: &[&str], listen: &[&str]) -> Sockets {
        let parse = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        sockets(&NetworkGrants {
            connect: parse(connect),
            listen: parse(listen),
        })
    }

    #[test]
    fn sockets_are_what_grants_need() {
        assert_eq!(of(&[], &[]), Sockets::default());
        let some = of(
            &["tcp:example.com:80-81", "udp:10.0.0.0/8"],
            &["tcp:127.0.0.1:8080"],
        );
        assert!(some.may_open && some.may_look_up);
        assert_eq!(some.tcp_connect, Ports::Only(vec![80, 81]));
        assert_eq!(some.tcp_listen, Ports::Only(vec![8080]));
        let all = of(&["10.0.0.0/8"], &[]);
        assert!(all.may_open && !all.may_look_up);
        assert_eq!(
            (all.tcp_connect, all.tcp_listen),
            (Ports::All, Ports::Only(Vec::new()))
        );
    }
}
