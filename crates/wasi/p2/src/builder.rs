//! Granting: everything that a program may reach is named here.

use std::path::Path;
use std::sync::Arc;

use silica_wasi_host::{
    Clocks, Device, DirPerms, Directory, Environment, Error, FilePerms, InputStream, MemoryTree,
    Network, OutputStream, Permissions, Quotas, Random, Result,
};

use crate::context::WasiContext;
use crate::room::Room;
use crate::waiter::Waiter;

/// Builds a [`WasiContext`]. Standard streams are empty, nothing is inherited and no directory is open until it is
/// said.
///
/// ```no_run
/// use silica_wasi_p2::WasiContext;
/// use silica_wasi_p2::host::{DirPerms, FilePerms};
/// let context = WasiContext::builder()
///     .inherit_stdio()
///     .arguments(["program", "--verbose"])?
///     .environment_variable("LANG", "C")?
///     .preopened_dir("./data", "/data", DirPerms::READ, FilePerms::READ)?
///     .build();
/// # Ok::<(), silica_wasi_p2::host::Error>(())
/// ```
#[derive(Debug)]
pub struct WasiContextBuilder {
    environment: Environment,
    initial_directory: Option<String>,
    stdin: InputStream,
    stdout: OutputStream,
    stderr: OutputStream,
    preopens: Vec<(Directory, String)>,
    settings: Vec<(String, String)>,
    clocks: Clocks,
    random: Random,
    insecure_random: Option<Random>,
    insecure_seed: Option<(u64, u64)>,
    quotas: Quotas,
    network: Network,
}

impl Default for WasiContextBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl WasiContext {
    /// A builder that grants nothing yet.
    #[must_use]
    pub fn builder() -> WasiContextBuilder {
        WasiContextBuilder::new()
    }
}

impl WasiContextBuilder {
    /// A builder that grants nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            environment: Environment::default(),
            initial_directory: None,
            stdin: InputStream::Null,
            stdout: OutputStream::Null,
            stderr: OutputStream::Null,
            preopens: Vec::new(),
            settings: Vec::new(),
            clocks: Clocks::system(),
            random: Random::secure(),
            insecure_random: None,
            insecure_seed: None,
            quotas: Quotas::default(),
            network: Network::default(),
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

    /// Sets the environment variables of this process, except those that are no Unicode.
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

    /// Sets what the program finds as its first working directory, a path among those that it may reach; none unless
    /// it is said.
    #[must_use]
    pub fn initial_directory(mut self, path: impl Into<String>) -> Self {
        self.initial_directory = Some(path.into());
        self
    }

    /// Sets what `wasi:config` gives for `name`, which only those programs see that are granted it.
    #[must_use]
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        self.settings.retain(|(known, _)| *known != name);
        self.settings.push((name, value));
        self
    }

    /// Sets where standard input comes from.
    #[must_use]
    pub fn stdin(mut self, stream: InputStream) -> Self {
        self.stdin = stream;
        self
    }

    /// Sets where standard output goes.
    #[must_use]
    pub fn stdout(mut self, stream: OutputStream) -> Self {
        self.stdout = stream;
        self
    }

    /// Sets where standard error goes.
    #[must_use]
    pub fn stderr(mut self, stream: OutputStream) -> Self {
        self.stderr = stream;
        self
    }

    /// Passes the standard streams of this process through.
    #[must_use]
    pub fn inherit_stdio(self) -> Self {
        self.stdin(InputStream::inherit())
            .stdout(OutputStream::inherit_output())
            .stderr(OutputStream::inherit_error())
    }

    /// Grants the host's directory at `path`, which the program finds at `guest_path`.
    ///
    /// # Errors
    /// [`Error::NotDirectory`] for anything else, what the host reports.
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
        self.preopens.push((directory, guest_path));
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

    /// Grants a `/dev` with `null`, `zero`, `random` and `urandom`, the random bytes from the same source as those of
    /// `wasi:random/random`.
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

    /// Grants a part of the network; none by default.
    #[must_use]
    pub fn network(mut self, network: Network) -> Self {
        self.network = network;
        self
    }

    /// Sets the clocks; the host's by default.
    #[must_use]
    pub fn clocks(mut self, clocks: Clocks) -> Self {
        self.clocks = clocks;
        self
    }

    /// Sets the source of random bytes that nobody can guess; the host's secure one by default.
    #[must_use]
    pub fn random(mut self, random: Random) -> Self {
        self.random = random;
        self
    }

    /// Sets the source of random bytes that may be guessed; one that is seeded from the other by default.
    #[must_use]
    pub fn insecure_random(mut self, random: Random) -> Self {
        self.insecure_random = Some(random);
        self
    }

    /// Sets what hash functions of the program start from; random by default.
    #[must_use]
    pub fn insecure_seed(mut self, seed: (u64, u64)) -> Self {
        self.insecure_seed = Some(seed);
        self
    }

    /// Sets the quotas, which hold for what is granted after this call.
    #[must_use]
    pub fn quotas(mut self, quotas: Quotas) -> Self {
        self.quotas = quotas;
        self
    }

    /// The context.
    #[must_use]
    pub fn build(self) -> WasiContext {
        let preopens = self.preopens.into_iter();
        WasiContext {
            environment: self.environment,
            initial_directory: self.initial_directory,
            stdin: Arc::new(self.stdin),
            stdout: Arc::new(self.stdout),
            stderr: Arc::new(self.stderr),
            preopens: preopens
                .map(|(directory, path)| (Arc::new(directory), path))
                .collect(),
            settings: self.settings,
            random: self.random,
            insecure_random: self.insecure_random,
            insecure_seed: self.insecure_seed,
            descriptors: Room::new(self.quotas.descriptors_max),
            quotas: self.quotas,
            network: self.network,
            waiter: Waiter::new(self.clocks),
        }
    }
}
