//! Where an image becomes code that runs: the one place at which this crate vouches for machine code.
//!
//! What can be checked of an image is checked here and by the runtime (format, checksum, version, settings, processor).
//! That its machine code is harmless cannot be.

#![expect(
    unsafe_code,
    reason = "vouching for machine code cannot be checked by the compiler"
)]

use std::path::Path;
use std::sync::Arc;

use silica_contract::image_set::{self, ImageSet};
use silica_contract::settings::Settings;
use silica_runtime as rt;

use crate::{
    Engine, Module, Result,
    compiler::{CachePlace, FreshImage, FreshLazy, LazyImage, VERSION},
    error::EngineError,
};

/// Publishes an image that this engine's compiler has just made.
pub(crate) fn fresh(engine: &Engine, image: FreshImage) -> Result<Module> {
    let image = rt::Image::from_vec(image.into_bytes())?;
    check_settings(engine, &image.metadata().settings)?;
    // SAFETY: that a `FreshImage` exists says that the image was compiled just now, from a module that was validated on the way.
    // Its settings and its processor fit this engine, as just checked.
    let compiled = unsafe { rt::CompiledModule::new(engine.runtime(), image)? };
    Ok(Module::from_compiled(engine, compiled))
}

/// A module that this engine's compiler has just validated, and whose functions it compiles when they are called. None where the
/// system has no such thing.
pub(crate) fn growing(
    engine: &Engine,
    lazy: &Arc<FreshLazy>,
    image: LazyImage,
) -> Result<Option<Module>> {
    let parts = image.into_parts();
    let image = rt::Image::without_code(parts.metadata, parts.bytes, parts.memories)?;
    check_settings(engine, &image.metadata().settings)?;
    // SAFETY: that a `FreshLazy` exists says that its code is made here, from the module that was validated on the way, and
    // whose description the image is. Its settings and its processor fit this engine, as just checked.
    let compiled =
        unsafe { rt::CompiledModule::growing_from(engine.runtime(), image, Arc::clone(lazy) as _) };
    match compiled {
        Ok(compiled) => Ok(Some(Module::from_compiled(engine, compiled))),
        Err(rt::LoadError::System(error)) => {
            tracing::warn!(%error, "functions cannot be compiled when they are called");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// The module whose image the cache has, if it has it. An entry that is not what it should be is removed.
pub(crate) fn cached(engine: &Engine, place: &CachePlace) -> Option<Module> {
    let file = place.find()?;
    let load = || -> Result<Module> {
        let image = rt::Image::open(file)?;
        let settings = &image.metadata().settings;
        if image.index().module_hash() != place.module_hash() || settings != engine.settings() {
            return Err(another());
        }
        // SAFETY: the cache gives files of this user's that nobody else can write to, in a folder that is closed to all others: what is
        // there was written by this program, which writes what its compiler made and changes no file in place. The embedder who set the cache knows
        // that whoever may write there is trusted.
        unsafe { Module::from_image(engine, image) }
    };
    or_dropped(place, load())
}

/// The module of which the cache has what was called in an earlier run, if it has that. An entry that is not what it should be is removed.
pub(crate) fn called(engine: &Engine, place: &CachePlace, binary: &Arc<Vec<u8>>) -> Option<Module> {
    let file = place.find()?;
    let load = || -> Result<Module> {
        let image = rt::Image::open_called(file, Arc::clone(binary))?;
        let lazy = (engine.compiler()).validated_earlier(binary, place.clone());
        if image.index().module_hash() != place.module_hash()
            || image.metadata().settings != *lazy.settings()
        {
            return Err(another());
        }
        // SAFETY: the cache gives files of this user's that nobody else can write to, as said above: this program wrote what it had compiled of the same
        // module with the same settings, which are compared here. What is compiled from now on is compiled with them, too.
        let compiled =
            unsafe { rt::CompiledModule::growing_from(engine.runtime(), image, Arc::new(lazy)) };
        Ok(Module::from_compiled(engine, compiled?))
    };
    or_dropped(place, load())
}

/// What was loaded; an entry that cannot be loaded is removed.
fn or_dropped(place: &CachePlace, loaded: Result<Module>) -> Option<Module> {
    match loaded {
        Ok(module) => Some(module),
        Err(error) => {
            place.drop_damaged(&error);
            None
        }
    }
}

fn another() -> crate::Error {
    let message = "it was made from another module or with other settings".to_owned();
    EngineError::ImageMismatch(message).into()
}

impl Module {
    /// A module from its compiled image.
    ///
    /// # Errors
    /// If the bytes are no image, are damaged, or were made with another version, other settings, or for another
    /// processor.
    ///
    /// # Safety
    /// The image holds machine code that will run. Accidental damage is found; but bytes from who means ill
    /// can do anything. They must come from [`Module::serialize`] or [`Engine::precompile_module`]
    /// through nobody's hands who must not run code here.
    pub unsafe fn deserialize(engine: &Engine, bytes: impl AsRef<[u8]>) -> Result<Module> {
        let image = rt::Image::from_vec(bytes.as_ref().to_vec())?;
        // SAFETY: the caller promises the same.
        unsafe { Module::from_image(engine, image) }
    }

    /// A module from the file that holds its compiled image, which is mapped and not read.
    ///
    /// # Errors
    /// As [`Module::deserialize`], and if the file cannot be opened.
    ///
    /// # Safety
    /// As [`Module::deserialize`]; also, the file must not change while the module is used.
    pub unsafe fn deserialize_file(engine: &Engine, path: impl AsRef<Path>) -> Result<Module> {
        let path = path.as_ref();
        let in_file = || format!("cannot load {}", path.display());
        let file = std::fs::File::open(path)
            .map_err(|error| anyhow::Error::new(error).context(in_file()))?;
        // SAFETY: the caller promises the same.
        unsafe { Module::deserialize_open_file(engine, file) }.map_err(|e| e.context(in_file()))
    }

    /// A module from an open file that holds its compiled image.
    ///
    /// # Errors
    /// As [`Module::deserialize`].
    ///
    /// # Safety
    /// As [`Module::deserialize_file`].
    pub unsafe fn deserialize_open_file(engine: &Engine, file: std::fs::File) -> Result<Module> {
        let image = rt::Image::open(file)?;
        // SAFETY: the caller promises the same.
        unsafe { Module::from_image(engine, image) }
    }

    /// The images of `modules` in one file, with a description of what they are together, for [`Module::deserialize_set`]: how
    /// components are kept.
    ///
    /// # Errors
    /// As [`Module::serialize`].
    #[doc(hidden)]
    pub fn serialize_set(modules: &[&Module], description: &[u8]) -> Result<Vec<u8>> {
        let images = modules.iter().map(|module| module.serialize());
        let images = images.collect::<Result<Vec<Vec<u8>>>>()?;
        Ok(image_set::write(VERSION, description, &images)?)
    }

    /// The description and the modules that [`Module::serialize_set`] was given.
    ///
    /// # Errors
    /// As [`Module::deserialize`].
    ///
    /// # Safety
    /// As [`Module::deserialize`].
    #[doc(hidden)]
    pub unsafe fn deserialize_set(engine: &Engine, bytes: &[u8]) -> Result<(Vec<u8>, Vec<Module>)> {
        let set = rt::Image::set_from_bytes(bytes)?;
        // SAFETY: the caller promises the same.
        unsafe { Module::from_set(engine, set) }
    }

    /// As [`Module::deserialize_set`], of a file, which is mapped and not read.
    ///
    /// # Errors
    /// As [`Module::deserialize`].
    ///
    /// # Safety
    /// As [`Module::deserialize_file`].
    #[doc(hidden)]
    pub unsafe fn deserialize_set_open_file(
        engine: &Engine,
        file: std::fs::File,
    ) -> Result<(Vec<u8>, Vec<Module>)> {
        let set = rt::Image::open_set(file)?;
        // SAFETY: the caller promises the same.
        unsafe { Module::from_set(engine, set) }
    }

    /// # Safety
    /// As [`Module::deserialize`], of each image.
    unsafe fn from_set(
        engine: &Engine,
        (set, description, images): (ImageSet, Vec<u8>, Vec<rt::Image>),
    ) -> Result<(Vec<u8>, Vec<Module>)> {
        check_version(&set.engine_version)?;
        let mut modules = Vec::with_capacity(images.len());
        for image in images {
            // SAFETY: the caller promises the same.
            modules.push(unsafe { Module::from_image(engine, image)? });
        }
        Ok((description, modules))
    }

    /// # Safety
    /// As [`Module::deserialize`].
    unsafe fn from_image(engine: &Engine, image: rt::Image) -> Result<Module> {
        let metadata = image.metadata();
        check_version(&metadata.engine_version)?;
        check_settings(engine, &metadata.settings)?;
        // SAFETY: the caller promises that the code was made by this version's compiler from a validated module; settings and
        // processor fit, as just checked.
        let compiled = unsafe { rt::CompiledModule::new(engine.runtime(), image)? };
        Ok(Module::from_compiled(engine, compiled))
    }
}

/// Whether code made with `image`'s settings can run in this engine. How hard it was optimized does
/// not matter.
fn check_settings(engine: &Engine, image: &Settings) -> Result<()> {
    let own = engine.settings();
    let mut differences = Vec::new();
    let mut compare = |what: &str, made: String, here: String| {
        if made != here {
            differences.push(format!("{what} is {made}, but {here} in this engine"));
        }
    };
    let on = |yes: bool| if yes { "on" } else { "off" }.to_owned();
    compare("fuel", on(image.fuel), on(own.fuel));
    compare(
        "NaN canonicalisation",
        on(image.canonicalize_nans),
        on(own.canonicalize_nans),
    );
    compare(
        "deterministic relaxed SIMD",
        on(image.deterministic_relaxed_simd),
        on(own.deterministic_relaxed_simd),
    );
    compare(
        "the memory reservation",
        image.memory_reservation.to_string(),
        own.memory_reservation.to_string(),
    );
    compare(
        "moving of memories",
        on(image.memory_may_move),
        on(own.memory_may_move),
    );
    compare(
        "the memory guard",
        image.memory_guard.to_string(),
        own.memory_guard.to_string(),
    );
    if own.spectre_guards && !image.spectre_guards {
        compare("spectre_guards", on(false), on(true));
    }
    let host = engine.compiler().host();
    if image.processor.architecture != host.architecture {
        compare(
            "the processor",
            format!("{:?}", image.processor.architecture),
            format!("{:?}", host.architecture),
        );
    } else if !image.processor.is_subset_of(host) {
        let missing: Vec<&str> = image
            .processor
            .enabled
            .iter()
            .filter(|feature| !host.enabled.contains(feature))
            .map(String::as_str)
            .collect();
        differences.push(format!("it needs a processor with {}", missing.join(", ")));
    }
    if differences.is_empty() {
        Ok(())
    } else {
        Err(EngineError::ImageMismatch(differences.join("; ")).into())
    }
}

/// Whether an image was made by this version.
fn check_version(made_by: &str) -> Result<()> {
    if made_by == VERSION {
        return Ok(());
    }
    let message = format!("it was made by version {made_by}, this is {VERSION}");
    Err(EngineError::ImageMismatch(message).into())
}
