//! Runs a program that somebody else wrote as the `silica` command would, in this process, and keeps what it wrote.
//!
//! The programs are fetched when a test runs; where they cannot be, the test says so and is skipped.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use silica::{
    Config, Engine, Linker, Module, OptLevel, Store, Tier,
    wasi::{
        host::{DirPerms, FilePerms, InputPipe, InputStream, OutputPipe, OutputStream},
        p1::{Exit, WasiP1Context, WasiP1ContextBuilder, add_to_linker},
    },
};

/// Bytes of output that are kept at most.
const OUTPUT_BYTES_MAX: usize = 16 << 20;

/// A command to run: a module, arguments, and what it is granted.
#[derive(Debug)]
pub struct Command {
    module: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    directories: Vec<(PathBuf, String)>,
    input: Vec<u8>,
}

/// How a command ended, and what it wrote.
#[derive(Debug)]
pub struct Outcome {
    /// Its exit status.
    pub status: i32,
    /// What it wrote to standard output.
    pub output: String,
    /// What it wrote to standard error.
    pub errors: String,
}

impl Command {
    /// A command with only its own name as argument.
    #[must_use]
    pub fn new(module: &Path, name: &str) -> Command {
        Command {
            module: module.to_path_buf(),
            arguments: vec![name.to_owned()],
            environment: Vec::new(),
            directories: Vec::new(),
            input: Vec::new(),
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn arguments<'a>(mut self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        self.arguments
            .extend(arguments.into_iter().map(str::to_owned));
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn environment(mut self, name: &str, value: &str) -> Command {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Grants a directory.
    #[must_use]
    pub fn directory(mut self, host: &Path, guest: &str) -> Command {
        self.directories
            .push((host.to_path_buf(), guest.to_owned()));
        self
    }

    /// Sets what it reads from standard input.
    #[must_use]
    pub fn input(mut self, bytes: &[u8]) -> Command {
        self.input = bytes.to_vec();
        self
    }

    /// Compiles and runs it.
    ///
    /// # Errors
    /// When it cannot be compiled or instantiated, or traps.
    pub fn run(self) -> Result<Outcome> {
        let module = compile(&self.module)?;
        self.run_compiled(&module)
    }

    /// Compiles it by [`compile_quickly`] and runs it.
    ///
    /// # Errors
    /// When it cannot be compiled or instantiated, or traps.
    pub fn run_quickly(self) -> Result<Outcome> {
        let module = compile_quickly(&self.module)?;
        self.run_compiled(&module)
    }

    /// Runs it, compiled already.
    ///
    /// # Errors
    /// When it cannot be instantiated, or traps.
    pub fn run_compiled(self, module: &Module) -> Result<Outcome> {
        let output = OutputPipe::bounded(OUTPUT_BYTES_MAX);
        let errors = OutputPipe::bounded(OUTPUT_BYTES_MAX);
        let context = self.context(&output, &errors)?;
        let mut linker = Linker::new(module.engine());
        add_to_linker(&mut linker, |context: &mut WasiP1Context| context)?;
        let mut store = Store::new(module.engine(), context);
        let instance = linker.instantiate(&mut store, module)?;
        let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
        let status = match start.call(&mut store, ()) {
            Ok(()) => 0,
            Err(error) => match error.downcast_ref::<Exit>() {
                Some(exit) => exit.0 as i32,
                None => {
                    let errors = String::from_utf8_lossy(&errors.take()).into_owned();
                    return Err(error.context(format!("it had written: {errors}")));
                }
            },
        };
        Ok(Outcome {
            status,
            output: String::from_utf8_lossy(&output.take()).into_owned(),
            errors: String::from_utf8_lossy(&errors.take()).into_owned(),
        })
    }

    fn context(&self, output: &OutputPipe, errors: &OutputPipe) -> Result<WasiP1Context> {
        let mut builder: WasiP1ContextBuilder = WasiP1Context::builder()
            .arguments(self.arguments.iter().cloned())?
            .stdin(InputStream::Pipe(InputPipe::from_bytes(self.input.clone())))
            .stdout(OutputStream::Pipe(output.clone()))
            .stderr(OutputStream::Pipe(errors.clone()));
        for (name, value) in &self.environment {
            builder = builder.environment_variable(name, value)?;
        }
        for (host, guest) in &self.directories {
            builder = builder
                .preopened_dir(host, guest, DirPerms::all(), FilePerms::all())
                .with_context(|| format!("granting {}", host.display()))?;
        }
        Ok(builder.build())
    }
}

/// Compiles a program with the default settings.
///
/// # Errors
/// When it is not a module that can be compiled.
pub fn compile(path: &Path) -> Result<Module> {
    compile_with(&Config::new(), path)
}

/// Settings that the same programs run with: optimized ahead, tiers as they come, and tiers that optimize at once what was used so often.
#[must_use]
pub fn settings() -> Vec<(&'static str, Config)> {
    let tiers = |change: &dyn Fn(&mut Config)| {
        let mut config = Config::new();
        config.tier(Tier::Auto);
        change(&mut config);
        config
    };
    vec![
        ("optimized ahead", Config::new()),
        ("tiers", tiers(&|_| ())),
        (
            "tiers, optimized after ten uses",
            tiers(&|config| _ = config.tier_up_threshold(10).tier_up_stress(true)),
        ),
    ]
}

/// Compiles a large program that does little: in one pass, and with stack enough for the larger frames of such code.
///
/// # Errors
/// When it is not a module that can be compiled.
pub fn compile_quickly(path: &Path) -> Result<Module> {
    compile_with(&quick(), path)
}

/// The settings of [`compile_quickly`]. What one pass does not compile is not optimized either.
#[must_use]
pub fn quick() -> Config {
    let mut config = Config::new();
    config
        .tier(Tier::Baseline)
        .cranelift_opt_level(OptLevel::None)
        .max_wasm_stack(16 << 20);
    config
}

/// Compiles a program with these settings.
///
/// # Errors
/// When it is not a module that can be compiled.
pub fn compile_with(config: &Config, path: &Path) -> Result<Module> {
    let engine = Engine::new(config)?;
    Module::from_file(&engine, path).with_context(|| format!("compiling {}", path.display()))
}
