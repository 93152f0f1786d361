//! Granting: everything that a program may reach is named here.

use crate::context::WasiP1Context;
use crate::table::{Entry, Table};
use crate::trace::{TraceRecord, Tracer};
use silica_wasi_host::{
    Clocks, Device, DirPerms, Directory, Environment, Error, FilePerms, InputStream, MemoryTree,
    Network, OutputStream, Permissions, Quotas, Random, Result, TcpSocket,
};
use std::path::Path;

/// Builds a [`WasiP1Context`]. Standard streams are empty, nothing is inherited
/// and no directory is open until it is said.
///
/// Descriptor numbers: 0 to 2 are the standard streams, then come the preopened
/// directories in order, then the sockets in order.
///
/// ```no_run
/// use silica_wasi_p1::{DirPerms, FilePerms, WasiP1Context};
/// let context = WasiP1Context::builder()
///     .inherit_stdio()
///     .arguments(["program", "--verbose"])?
///     .environment_variable("LANG", "C")?
///     .preopened_dir("./data", "/data", DirPerms::READ, FilePerms::READ)?
///     .build();
/// # Ok::<(), silica_wasi_p1::host::Error>(())
/// ```
#[derive(Debug)]
pub struct WasiP1ContextBuilder {
    environment: Environment,
    stdin: InputStream,
    stdout: OutputStream,
    stderr: OutputStream,
    preopens: Vec<(Box<str>, Directory)>,
    listeners: Vec<TcpSocket>,
    network: Network,
    clocks: Clocks,
    random: Random,
    quotas: Quotas,
    tracer: Option<Tracer>,
}

impl Default for WasiP1ContextBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl WasiP1Context {
    /// A builder that grants nothing yet.
    pub fn builder() -> WasiP1ContextBuilder {
        WasiP1ContextBuilder::new()
    }
}

impl WasiP1ContextBuilder {
    /// A builder that grants nothing yet.
    pub fn new() -> Self {
        Self {
            environment: Environment::default(),
            stdin: InputStream::Null,
            stdout: OutputStream::Null,
            stderr: OutputStream::Null,
            preopens: Vec::new(),
            listeners: Vec::new(),
            network: Network::default(),
            clocks: Clocks::system(),
            random: Random::secure(),
            quotas: Quotas::default(),
            tracer: None,
        }
    }

    /// Adds one argument; the first is the program's name.
    ///
    /// # Errors
    /// [`Error::Invalid`] where it contains a NUL.
    pub fn argument(mut self, argument: impl Into<String>) -> Result<Self> {
        self.environment.push_argument(argument)?;
        Ok(self)
    }

    /// Adds arguments; the first is the program's name.
    ///
    /// # Errors
    /// As [`argument`](Self::argument).
    pub fn arguments<A: Into<String>>(
        mut self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Self> {
        for argument in arguments {
            self = self.argument(argument)?;
        }
        Ok(self)
    }

    /// Sets one environment variable.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an empty name, one with `=`, or a NUL in either.
    pub fn environment_variable(
        mut self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Result<Self> {
        self.environment.set_variable(name, value)?;
        Ok(self)
    }

    /// Sets the environment variables of this process, except those that are no
    /// Unicode.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the system has a variable that none can be.
    pub fn inherit_environment(mut self) -> Result<Self> {
        for (name, value) in std::env::vars_os() {
            if let (Ok(name), Ok(value)) = (name.into_string(), value.into_string()) {
                self = self.environment_variable(name, value)?;
            }
        }
        Ok(self)
    }

    /// Sets where standard input comes from.
    pub fn stdin(mut self, stream: InputStream) -> Self {
        self.stdin = stream;
        self
    }

    /// Sets where standard output goes.
    pub fn stdout(mut self, stream: OutputStream) -> Self {
        self.stdout = stream;
        self
    }

    /// Sets where standard error goes.
    pub fn stderr(mut self, stream: OutputStream) -> Self {
        self.stderr = stream;
        self
    }

    /// Passes the standard streams of this process through.
    pub fn inherit_stdio(self) -> Self {
        self.stdin(InputStream::inherit())
            .stdout(OutputStream::inherit_output())
            .stderr(OutputStream::inherit_error())
    }

    /// Grants the host's directory at `path`, which the program finds at
    /// `guest_path`.
    ///
    /// # Errors
    /// [`Error::NotDirectory`] for anything else, [`Error::Invalid`] for a guest
    /// path with a NUL, what the host reports.
    pub fn preopened_dir(
        self,
        path: impl AsRef<Path>,
        guest_path: impl Into<String>,
        directories: DirPerms,
        files: FilePerms,
    ) -> Result<Self> {
        let permissions = Permissions { directories, files };
        let directory = Directory::open_ambient(path, permissions, &self.quotas)?;
        self.preopened_directory(directory, guest_path)
    }

    /// Grants an open directory, which the program finds at `guest_path`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a guest path with a NUL.
    pub fn preopened_directory(
        mut self,
        directory: Directory,
        guest_path: impl Into<String>,
    ) -> Result<Self> {
        let guest_path = guest_path.into();
        if guest_path.contains('\0') {
            return Err(Error::Invalid);
        }
        self.preopens.push((guest_path.into_boxed_str(), directory));
        Ok(self)
    }

    /// Grants an empty `/tmp` in memory, within the quotas.
    ///
    /// # Errors
    /// None at present.
    pub fn temporary_directory(self) -> Result<Self> {
        let tree = MemoryTree::new(&self.quotas, self.clocks.clone());
        let root = tree.root(Permissions::ALL);
        self.preopened_directory(root, "/tmp")
    }

    /// Grants a `/dev` with `null`, `zero`, `random` and `urandom`, the random
    /// bytes from the same source as `random_get`.
    ///
    /// # Errors
    /// None at present.
    pub fn devices(self) -> Result<Self> {
        let tree = MemoryTree::new(&self.quotas, self.clocks.clone());
        let random = Device::random(self.random.clone());
        tree.add_device("null", Device::Null)?;
        tree.add_device("zero", Device::Zero)?;
        tree.add_device("random", random.clone())?;
        tree.add_device("urandom", random)?;
        tree.freeze();
        self.preopened_directory(tree.root(Permissions::ALL), "/dev")
    }

    /// Grants a socket that accepts connections.
    pub fn preopened_listener(mut self, listener: std::net::TcpListener) -> Self {
        self.listeners.push(TcpSocket::from_listener(listener));
        self
    }

    /// Grants a part of the network, for the functions that
    /// [`add_to_linker_with_sockets`](crate::add_to_linker_with_sockets) defines.
    pub fn network(mut self, network: Network) -> Self {
        self.network = network;
        self
    }

    /// Sets the clocks; the host's by default.
    pub fn clocks(mut self, clocks: Clocks) -> Self {
        self.clocks = clocks;
        self
    }

    /// Sets the source of random bytes; the host's secure one by default.
    pub fn random(mut self, random: Random) -> Self {
        self.random = random;
        self
    }

    /// Sets the quotas, which hold for what is granted after this call.
    pub fn quotas(mut self, quotas: Quotas) -> Self {
        self.quotas = quotas;
        self
    }

    /// Calls `sink` with each call after it was made. Its display is a line as
    /// `strace` writes it. Without a sink, calls cost nothing more.
    pub fn trace(mut self, sink: impl FnMut(&TraceRecord<'_>) + Send + 'static) -> Self {
        self.tracer = Some(Tracer::new(sink));
        self
    }

    /// The context. What exceeds the quota of descriptors is not open in it.
    pub fn build(self) -> WasiP1Context {
        let table = Table::new(self.quotas.descriptors_max);
        let streams = [
            Entry::input(self.stdin),
            Entry::output(self.stdout),
            Entry::output(self.stderr),
        ];
        let preopens = self
            .preopens
            .into_iter()
            .map(|(name, directory)| Entry::preopen(directory, name));
        let listeners = self.listeners.into_iter().map(Entry::listener);
        for entry in streams.into_iter().chain(preopens).chain(listeners) {
            // Documented above: a full table ends the granting.
            match table.reserve() {
                Ok(room) => room.fill(entry),
                Err(_) => break,
            };
        }
        WasiP1Context {
            table,
            environment: self.environment.into(),
            clocks: self.clocks,
            random: self.random,
            quotas: self.quotas,
            network: self.network,
            tracer: self.tracer,
            interruption: None,
        }
    }
}
