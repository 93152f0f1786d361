//! What a program may be granted: directories, files, streams, sockets,
//! clocks, random numbers, arguments and an environment.
//!
//! Everything here is a capability: it was opened with stated permissions, and
//! every operation on it checks them. Nothing here knows of WebAssembly, of
//! descriptor numbers or of how an error is encoded for a guest: each version of
//! WASI is a thin face on this crate.
//!
//! All operations run on the calling thread, straight into and out of slices
//! that the caller gives. An operation that a signal interrupts returns
//! [`Error::Interrupted`] and is not retried here, so that whoever sent the
//! signal gets control.
//!
//! Where to go next: [`Directory`] for paths, [`File`] for bytes, [`Network`] for sockets,
//! [`Permissions`] for what may be granted, [`Quotas`] for what may grow.

#![forbid(unsafe_code)]

mod change;
mod clock;
mod device;
mod directory;
mod environment;
mod error;
mod event;
mod file;
mod memory;
mod metadata;
mod network;
mod path;
mod permissions;
mod pipe;
mod poll;
mod quota;
mod random;
mod stream;
mod system;

pub use clock::{ClockSource, Clocks, ManualClock};
pub use device::Device;
pub use directory::{Directory, DirectoryRefusal, Entry, OpenOptions, Opened};
pub use environment::Environment;
pub use error::{Error, Result};
pub use event::Event;
pub use file::{Access, File};
pub use memory::MemoryTree;
pub use metadata::{Advice, FileFlags, FileType, Metadata, SetTime, Timestamp};
pub use network::{
    Datagram, GrantError, HostPattern, IpFamily, Lookup, Network, NetworkGrant, NetworkGrants,
    Protocol, ReceiveFlags, Refusal, ShutdownSides, SocketOptions, TcpSocket, Timeout, UdpSocket,
};
pub use path::is_windows_device_name;
pub use permissions::{DirPerms, FilePerms, Permissions};
pub use pipe::{InputPipe, OutputPipe};
pub use poll::{Interest, Ready, Source, Wait, poll};
pub use quota::Quotas;
pub use random::Random;
pub use stream::{InputStream, OutputStream};

pub use std::io::{IoSlice, IoSliceMut, SeekFrom};
