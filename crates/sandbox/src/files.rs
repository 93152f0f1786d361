//! Files and TCP ports, by Landlock.

use crate::policy::{Enforced, Error, Policy, Ports};
use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, NetPort, PathBeneath, PathFd, RestrictSelfAttr,
    Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus,
};
use std::path::Path;

/// What is restricted; an older kernel restricts what it knows of it.
const VERSION: ABI = ABI::V6;

/// What the system's resolver reads, where names may be looked up: its configuration, and the
/// libraries that this names.
const RESOLVER: &[&str] = &[
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/resolv.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/ld.so.cache",
    "/run/systemd/resolve",
    "/run/resolvconf",
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
];

/// The port of name servers, which are asked by TCP where an answer is long.
const NAME_SERVER: u16 = 53;

pub(super) fn restrict(policy: &Policy) -> Result<Enforced, Error> {
    let status = apply(policy).map_err(|error| Error::Files(error.to_string()))?;
    Ok(match status {
        RulesetStatus::FullyEnforced => Enforced::Fully,
        RulesetStatus::PartiallyEnforced => Enforced::Partially,
        RulesetStatus::NotEnforced => Enforced::Not,
    })
}

fn apply(policy: &Policy) -> Result<RulesetStatus, RulesetError> {
    let mut ruleset = Ruleset::default().handle_access(AccessFs::from_all(VERSION))?;
    let sockets = &policy.sockets;
    let connect = match &sockets.tcp_connect {
        Ports::Only(ports) if sockets.may_look_up => {
            Ports::Only([ports.as_slice(), &[NAME_SERVER]].concat())
        }
        ports => ports.clone(),
    };
    let by_port = [
        (&connect, AccessNet::ConnectTcp),
        (&sockets.tcp_listen, AccessNet::BindTcp),
    ];
    for (ports, access) in &by_port {
        if let Ports::Only(_) = ports {
            ruleset = ruleset.handle_access(*access)?;
        }
    }
    let mut created = ruleset.create()?;
    for (ports, access) in &by_port {
        if let Ports::Only(ports) = ports {
            for port in ports {
                created = created.add_rule(NetPort::new(*port, *access))?;
            }
        }
    }
    let reading = AccessFs::ReadFile | AccessFs::ReadDir;
    // Nothing needs to start programs, or to make what stands for a device.
    let without = AccessFs::Execute
        | AccessFs::MakeChar
        | AccessFs::MakeBlock
        | AccessFs::MakeSock
        | AccessFs::MakeFifo;
    let changing = AccessFs::from_all(VERSION) & !without;
    for path in &policy.readable {
        created = allow(created, path, reading)?;
    }
    for path in &policy.writable {
        created = allow(created, path, changing)?;
    }
    if sockets.may_look_up {
        for path in RESOLVER {
            // Libraries are mapped to be executed, which is not what `Execute` is about.
            created = allow(created, Path::new(path), reading)?;
        }
    }
    // Older kernels restrict this thread and those that it starts.
    Ok(created.all_threads(true)?.restrict_self()?.ruleset)
}

fn allow(
    ruleset: RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, RulesetError> {
    let Ok(opened) = PathFd::new(path) else {
        return Ok(ruleset);
    };
    // What concerns folders means nothing for a file.
    let access = if path.is_dir() {
        access
    } else {
        access & AccessFs::from_file(VERSION)
    };
    ruleset.add_rule(PathBeneath::new(opened, access))
}
