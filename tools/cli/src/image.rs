//! Loading a program: a module that is compiled now, or an image that was compiled before.
//!
//! An image is machine code. The engine checks that it is one of its own and not damaged, but cannot
//! check who made it; so images are only loaded when the command line says that they are trusted.

use std::path::Path;

use silica::component::Component;
use silica::component::describe::is_component;
use silica::{Engine, Error, Module, Precompiled};
use silica_module::DecodeError;

use crate::failure::{Failure, Result};
use crate::status::Status;
use crate::{input, progress};

/// What can be run.
pub(crate) enum Program {
    /// A core module.
    Module(Module),
    /// A component.
    Component(Component),
}

/// The program in `path`, a module or a component. `trusted` lets it be an image.
pub(crate) fn load_program(engine: &Engine, path: &Path, trusted: bool) -> Result<Program> {
    match image_kind(path) {
        Some(Precompiled::Module) => return load_image(engine, path, trusted).map(Program::Module),
        Some(Precompiled::Component) => {
            return load_component(engine, path, trusted).map(Program::Component);
        }
        None => {}
    }
    let binary = input::module(path)?;
    if !is_component(&binary) {
        return compile(engine, path, binary).map(Program::Module);
    }
    let doing = format!("compiling {}", path.display());
    progress::during(&doing, || Component::from_binary(engine, &binary))
        .map(Program::Component)
        .map_err(|error| refused(path, &error))
}

/// The module in `path`, ready to be instantiated. `trusted` lets it be an image.
pub(crate) fn load(engine: &Engine, path: &Path, trusted: bool) -> Result<Module> {
    if image_kind(path).is_some() {
        return load_image(engine, path, trusted);
    }
    compile(engine, path, input::module(path)?)
}

/// Compiles `binary`, which was read from `path`.
pub(crate) fn compile(engine: &Engine, path: &Path, binary: Vec<u8>) -> Result<Module> {
    let doing = format!("compiling {}", path.display());
    progress::during(&doing, || Module::from_vec(engine, binary))
        .map_err(|error| refused(path, &error))
}

/// Whether a file starts as images do. One that cannot be read does not; reading it says why.
pub(crate) fn is_image(path: &Path) -> bool {
    image_kind(path).is_some()
}

/// What a file is an image of, if it is one.
fn image_kind(path: &Path) -> Option<Precompiled> {
    // Reading from a pipe would take what is read from it.
    let is_file = std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    if path == Path::new("-") || !is_file {
        return None;
    }
    Engine::detect_precompiled_file(path).ok().flatten()
}

fn load_image(engine: &Engine, path: &Path, trusted: bool) -> Result<Module> {
    check_trusted(path, trusted)?;
    #[expect(
        unsafe_code,
        reason = "the person who starts the program vouches for it"
    )]
    // SAFETY: `trusted` is only set by `--allow-precompiled`, with which the user states
    // that the file was made by this engine's compiler and not altered since.
    let module = unsafe { Module::deserialize_file(engine, path) };
    module.map_err(|error| unusable(path, &error))
}

fn load_component(engine: &Engine, path: &Path, trusted: bool) -> Result<Component> {
    check_trusted(path, trusted)?;
    #[expect(
        unsafe_code,
        reason = "the person who starts the program vouches for it"
    )]
    // SAFETY: as for a module's image.
    let component = unsafe { Component::deserialize_file(engine, path) };
    component.map_err(|error| unusable(path, &error))
}

/// Refuses an image that nobody vouches for.
fn check_trusted(path: &Path, trusted: bool) -> Result<()> {
    if trusted {
        return Ok(());
    }
    let message = format!(
        "{}: is compiled code, which could do anything that you can",
        path.display()
    );
    let remedy = "if you made it, or trust who did, `--allow-precompiled` runs it";
    Err(Failure::new(Status::Usage, message).remedy(remedy))
}

/// The error of an image that cannot be loaded.
fn unusable(path: &Path, error: &Error) -> Failure {
    let message = format!("{}: {error:#}", path.display());
    let remedy = "`silica compile` makes a new image from the module";
    Failure::new(Status::BadModule, message).remedy(remedy)
}

/// The error of a module that cannot be compiled.
pub(crate) fn refused(path: &Path, error: &Error) -> Failure {
    match error.downcast_ref::<DecodeError>() {
        Some(error) => input::bad_module(path, error),
        None => {
            let message = format!("{}: {error:#}", path.display());
            Failure::new(Status::BadModule, message)
        }
    }
}
