//! `silica run`: a program, from its file to its exit status.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use silica::component::Component;
use silica::wasi::p1::WasiP1Context;
use silica::{
    Engine, EngineError, Error, Extern, Instance, InterruptHandle, Linker, Module, Store,
};

use crate::commands::run::confine::Confinement;
use crate::commands::run::outcome::Outcome;
use crate::commands::run::state::{Bounds, State};
use crate::failure::{Failure, Result};
use crate::flags::{CacheUse, EngineFlags, GrantFiles, Grants, Preload, Profile, SandboxFlags};
use crate::image::Program;
use crate::status::Status;
use crate::{image, output};

mod component;
mod confine;
mod invoke;
mod outcome;
mod profile;
mod state;
mod system;
mod threads;
mod tiers;
mod timeout;
mod wave;

/// The arguments of `silica run`.
#[derive(clap::Args)]
#[command(
    override_usage = "silica run [FLAGS] MODULE [ARGUMENTS]...",
    after_help = "Examples:\n  \
    silica run app.wasm --verbose            the flag is the program's\n  \
    silica run --dir-ro . app.wasm in.txt    let it read this directory\n  \
    silica run --invoke add math.wasm 1 2    call one function\n  \
    silica run --invoke 'add(1, 2)' c.wasm   the same, of a component\n  \
    silica run --trace app.wasm 2> calls     see what it asks of the system\n\n\
    `silica help grants`, `limits`, `proposals`, `statuses` say more."
)]
pub(crate) struct Run {
    #[command(flatten)]
    grants: Grants,

    #[command(flatten)]
    files: GrantFiles,

    #[command(flatten)]
    sandbox: SandboxFlags,

    #[command(flatten)]
    engine: EngineFlags,

    /// Whether compiled code is kept and used again (`silica cache`)
    #[arg(
        long,
        value_enum,
        value_name = "WHETHER",
        default_value = "on",
        hide_default_value = true,
        hide_possible_values = true,
        help_heading = "Compilation"
    )]
    cache: CacheUse,

    /// Calls this function instead of the program's start, with ARGUMENTS as its parameters. A component's has them
    /// with it: 'greet("world", [1, 2])'
    #[arg(long, value_name = "NAME", help_heading = "Running")]
    invoke: Option<String>,

    /// Provides the imports from NAME by a module's exports
    #[arg(long, value_name = "NAME=MODULE", help_heading = "Running")]
    preload: Vec<Preload>,

    /// What the program finds as its own name; the module's file name unless given
    #[arg(long, value_name = "NAME", help_heading = "Running")]
    argv0: Option<String>,

    /// Runs images, which `silica compile` makes. Only for those whose maker you trust
    #[arg(long, help_heading = "Running")]
    allow_precompiled: bool,

    /// Writes each call of the system interface to standard error
    #[arg(long, help_heading = "Watching")]
    trace: bool,

    /// Tells a profiler where functions are
    #[arg(long, value_enum, value_name = "HOW", help_heading = "Watching")]
    profile: Option<Profile>,

    /// The program, a module in binary or text, or an image; `-` is standard input. Then its arguments
    #[arg(
        required = true,
        num_args = 1..,
        trailing_var_arg = true,
        value_name = "MODULE",
        help_heading = "Program",
        value_hint = clap::ValueHint::FilePath
    )]
    program: Vec<OsString>,
}

impl Run {
    #[cfg(test)]
    pub(crate) fn arguments(&self) -> &[OsString] {
        &self.program[1..]
    }

    fn path(&self) -> PathBuf {
        // The command line requires at least one.
        PathBuf::from(&self.program[0])
    }

    pub(crate) fn execute(mut self) -> Result<ExitCode> {
        self.grants = self.files.and(&self.grants)?;
        self.engine = match self.profile {
            // A profiler wants to know where functions are before they run.
            Some(Profile::Perfmap | Profile::Jitdump) => self.engine.ahead(),
            Some(Profile::Tiers) | None => self.engine.at_once(),
        };
        let granted = self.granted()?;
        let confinement = self.confinement();
        let cache = self.cache.cache();
        if let Some(confinement) = &confinement {
            confinement.begin(cache.as_ref())?;
        }
        let engine = self.engine.engine_with(&self.grants.limits, cache)?;
        let path = self.path();
        let program = image::load_program(&engine, &path, self.allow_precompiled)?;
        let result = match &program {
            Program::Module(module) => {
                let mut store = self.store(&engine, granted.into_module()?)?;
                let _watch = self.watch(store.interrupt_handle());
                self.run_in(&mut store, module, confinement.as_ref())
            }
            Program::Component(component) => {
                self.run_component(component, granted.into_component()?, confinement.as_ref())
            }
        };
        if let (Some(Profile::Tiers), Program::Module(module)) = (self.profile, &program) {
            tiers::tell(module);
        }
        match &program {
            Program::Module(module) => module.keep_compiled(),
            Program::Component(component) => component.keep_compiled(),
        }
        result.map(Outcome::finish)
    }

    /// The second wall, unless there is to be none. A profiler's files are wherever it wants them.
    fn confinement(&self) -> Option<Confinement> {
        let profiles = matches!(self.profile, Some(Profile::Perfmap | Profile::Jitdump));
        if !self.sandbox.is_on() || profiles {
            return None;
        }
        let preloads = self.preload.iter().map(|preload| preload.path.clone());
        let modules = std::iter::once(self.path()).chain(preloads);
        Some(Confinement::new(&self.grants, modules.collect()))
    }

    /// Holds the process to what is granted, now that everything is loaded.
    fn complete(&self, confinement: Option<&Confinement>) -> Result<()> {
        let Some(confinement) = confinement else {
            return Ok(());
        };
        let cache = self
            .engine
            .compiles_while_running()
            .then(|| self.cache.cache());
        confinement.complete(cache.flatten().as_ref())
    }

    /// Ends the program when its time is over.
    fn watch(&self, handle: InterruptHandle) -> Option<timeout::Watch> {
        let span = self.grants.limits.timeout?;
        Some(timeout::start(span.0, handle))
    }

    fn bounds(&self) -> Bounds {
        Bounds {
            memory_bytes: self.grants.limits.max_memory.map(|bytes| bytes.0),
            fuel: self.grants.limits.fuel,
        }
    }

    fn store(&self, engine: &Engine, wasi: WasiP1Context) -> Result<Store<State>> {
        state::store(engine, wasi, self.bounds())
            .map_err(|error| Failure::new(Status::Software, format!("{error:#}")))
    }

    fn run_component(
        &self,
        component: &Component,
        contexts: system::Contexts,
        confinement: Option<&Confinement>,
    ) -> Result<Outcome> {
        let mut store = component::store(component.engine(), contexts, self.bounds())
            .map_err(|error| Failure::new(Status::Software, format!("{error:#}")))?;
        let _watch = self.watch(store.interrupt_handle());
        self.complete(confinement)?;
        let invoke = self.invoke.as_deref();
        component::run(
            &mut store,
            component,
            invoke,
            self.trace,
            &self.grants.limits,
        )
    }

    fn granted(&self) -> Result<system::Granted> {
        Ok(system::Granted {
            directories: system::open(&self.grants.directories.0, self.trace)?,
            synthetic: self.grants.synthetic,
            variables: self.grants.variables.resolve()?,
            listeners: self.grants.listeners.open()?,
            network: self.grants.network.grants(),
            http: self.grants.http.grants().to_vec(),
            keyvalue: system::open_buckets(self.grants.keyvalue.buckets(), self.trace)?,
            settings: self.grants.keyvalue.settings().to_vec(),
            arguments: self.guest_arguments()?,
            trace: self.trace,
        })
    }

    /// The program's name and its arguments. With `--invoke`, those are the function's.
    fn guest_arguments(&self) -> Result<Vec<String>> {
        let mut arguments = Vec::with_capacity(self.program.len());
        arguments.push(match &self.argv0 {
            Some(name) => name.clone(),
            None => {
                let path = self.path();
                let name = path.file_name().unwrap_or(path.as_os_str());
                name.to_string_lossy().into_owned()
            }
        });
        if self.invoke.is_none() {
            for argument in &self.program[1..] {
                arguments.push(unicode(argument)?);
            }
        }
        Ok(arguments)
    }

    fn run_in(
        &self,
        store: &mut Store<State>,
        module: &Module,
        confinement: Option<&Confinement>,
    ) -> Result<Outcome> {
        let mut linker = Linker::new(store.engine());
        let mut modules = vec![module.clone()];
        let mut preloads = Vec::new();
        for preload in &self.preload {
            let engine = store.engine().clone();
            let loaded = image::load(&engine, &preload.path, self.allow_precompiled)?;
            modules.push(loaded.clone());
            preloads.push((preload, loaded));
        }
        self.complete(confinement)?;
        if modules.iter().any(system::is_needed) {
            let wasi: fn(&mut State) -> &mut WasiP1Context = |state| &mut state.wasi;
            silica::wasi::p1::add_to_linker_with_sockets(&mut linker, &modules, wasi)
                .map_err(|error| Failure::new(Status::Software, format!("{error:#}")))?;
        }
        if let Some(profile) = self.profile {
            profile::write(profile, &modules)?;
        }
        if let Some((preload, _)) = preloads.first()
            && silica::wasi::threads::spawns(module)
        {
            return Err(threads::with_preload(&preload.name));
        }
        if silica::wasi::threads::is_needed(module) && preloads.is_empty() {
            let threads_max = self.grants.limits.threads_max();
            let result = threads::run(linker, store, module, threads_max, |store, instance| {
                self.start(store, instance)
            });
            return result.unwrap_or_else(|error| self.ended(&error));
        }
        for (preload, loaded) in preloads {
            let instance = match self.instantiate(&linker, store, &loaded)? {
                Ok(instance) => instance,
                Err(outcome) => return Ok(outcome),
            };
            linker
                .instance(&mut *store, &preload.name, instance)
                .map_err(|error| Failure::new(Status::Unavailable, format!("{error:#}")))?;
        }
        match self.instantiate(&linker, store, module)? {
            Ok(instance) => self.start(store, instance),
            Err(outcome) => Ok(outcome),
        }
    }

    /// An instance, or how the module's own start ended the program.
    fn instantiate(
        &self,
        linker: &Linker<State>,
        store: &mut Store<State>,
        module: &Module,
    ) -> Result<std::result::Result<Instance, Outcome>> {
        match linker.instantiate(&mut *store, module) {
            Ok(instance) => Ok(Ok(instance)),
            Err(error) => self.ended(&error).map(Err),
        }
    }

    /// What the error of instantiating a program, or of running it, means.
    fn ended(&self, error: &Error) -> Result<Outcome> {
        match error.downcast_ref::<EngineError>() {
            Some(reason) => Err(self.unlinked(reason, error)),
            None => outcome::of_error(error, &self.grants.limits),
        }
    }

    /// The error of an import, with what could provide it.
    fn unlinked(&self, reason: &EngineError, error: &Error) -> Failure {
        let failure = Failure::new(Status::Unavailable, format!("{error:#}"));
        let EngineError::UnknownImport { module, name, .. } = reason else {
            return failure;
        };
        if system::is_later_wasi(module) {
            return failure.remedy(
                "only components import this; build for `wasm32-wasip2`, or `wasm-tools component new` makes one of a module",
            );
        }
        match self.preload.iter().find(|p| p.name == *module) {
            Some(preload) => failure.remedy(format!(
                "{} is preloaded as `{module}`, but exports no `{name}`",
                preload.path.display()
            )),
            None => failure.remedy(format!("`--preload {module}=FILE` can provide it")),
        }
    }

    fn start(&self, store: &mut Store<State>, instance: Instance) -> Result<Outcome> {
        if instance.get_func(&mut *store, "_initialize").is_some() {
            let initialized = self.call(store, instance, "_initialize")?;
            if self.invoke.is_none() || initialized != Outcome::Returned {
                return Ok(initialized);
            }
        }
        if let Some(name) = &self.invoke {
            return self.invoke(store, instance, name);
        }
        if instance.get_func(&mut *store, "_start").is_some() {
            return self.call(store, instance, "_start");
        }
        Err(not_a_program(store, instance))
    }

    /// Calls a function that takes and gives nothing.
    fn call(&self, store: &mut Store<State>, instance: Instance, name: &str) -> Result<Outcome> {
        let function = instance
            .get_typed_func::<(), ()>(&mut *store, name)
            .map_err(|error| {
                Failure::new(
                    Status::BadModule,
                    format!("`{name}` cannot be called: {error:#}"),
                )
            })?;
        match function.call(&mut *store, ()) {
            Ok(()) => Ok(Outcome::Returned),
            Err(error) => outcome::of_error(&error, &self.grants.limits),
        }
    }

    fn invoke(&self, store: &mut Store<State>, instance: Instance, name: &str) -> Result<Outcome> {
        let Some(function) = instance.get_func(&mut *store, name) else {
            let message = format!("the module exports no function `{name}`");
            return Err(
                Failure::new(Status::Unavailable, message).remedy(functions(store, instance))
            );
        };
        let ty = function.ty(&mut *store);
        let arguments = invoke::arguments(name, &ty, &self.program[1..])?;
        let mut results = invoke::room(&ty);
        match function.call(&mut *store, &arguments, &mut results) {
            Ok(()) => {
                output::print(invoke::show(&results))?;
                Ok(Outcome::Returned)
            }
            Err(error) => outcome::of_error(&error, &self.grants.limits),
        }
    }
}

fn unicode(argument: &OsString) -> Result<String> {
    argument.clone().into_string().map_err(|argument| {
        let message = format!("the argument {argument:?} is no Unicode, which programs need");
        Failure::new(Status::Usage, message)
    })
}

fn not_a_program(store: &mut Store<State>, instance: Instance) -> Failure {
    let message = "the module is no program: it exports no `_start`";
    Failure::new(Status::Unavailable, message).remedy(functions(store, instance))
}

/// What `--invoke` could call.
fn functions(store: &mut Store<State>, instance: Instance) -> String {
    const SHOWN: usize = 8;
    let exports: Vec<(String, Extern)> = instance
        .exports(&mut *store)
        .map(|export| (export.name().to_owned(), export.into_extern()))
        .collect();
    let mut names: Vec<String> = exports
        .into_iter()
        .filter_map(|(name, export)| {
            export.into_func()?;
            Some(format!("`--invoke {}`", name.escape_debug()))
        })
        .collect();
    if names.is_empty() {
        return "it exports no function at all".to_owned();
    }
    if names.len() > SHOWN {
        names.truncate(SHOWN);
        names.push("others".to_owned());
    }
    format!("{} can be called", names.join(", "))
}
