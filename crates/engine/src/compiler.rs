//! An engine's settings as the compiler wants them, and the one call of the compiler.

use std::sync::Arc;

use silica_contract::artefact::CompiledFunction;
use silica_contract::image::ImageError;
use silica_contract::settings::{ProcessorFeatures, Settings};
use silica_module::{Features, Limits};
use silica_pipeline as pipeline;
use silica_runtime::{HostError, ModuleSource};

use crate::{Config, Result, Tier, host_error::to_host};

/// The version that images are made by, which must be the one that loads them.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What compiling needs to know.
pub(crate) struct Compiler {
    host: ProcessorFeatures,
    settings: Settings,
    features: Features,
    limits: Limits,
    single_threaded: bool,
    /// Whether functions are compiled when they are called.
    lazy: bool,
    /// Whether such functions are optimized if they are used much.
    tier_up: bool,
    cache: Option<pipeline::Cache>,
}

/// An image that was compiled here and now, from a module that was validated on the way. Only
/// [`Compiler::compile`] makes one.
pub(crate) struct FreshImage(Vec<u8>);

impl FreshImage {
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// A module that was validated here and now, whose functions are compiled when they are called. Only
/// [`Compiler::validate_lazy`] makes one.
pub(crate) struct FreshLazy {
    lazy: pipeline::LazyModule,
    /// Where what was compiled is kept.
    place: Option<CachePlace>,
}

impl FreshLazy {
    /// Compiles the whole module.
    pub(crate) fn compile_whole(&self, options: &pipeline::Options<'_>) -> Result<FreshImage> {
        self.lazy.image(options).map(FreshImage).map_err(told)
    }

    /// The settings that its functions are compiled with.
    pub(crate) fn settings(&self) -> &Settings {
        self.lazy.settings_of_functions()
    }
}

/// An image of all but code, of a module that was validated here and now.
pub(crate) struct LazyImage(pipeline::LazyParts);

impl LazyImage {
    pub(crate) fn into_parts(self) -> pipeline::LazyParts {
        self.0
    }
}

impl ModuleSource for FreshLazy {
    fn compile(&self, defined: u32) -> Result<CompiledFunction, HostError> {
        (self.lazy.compile(defined)).map_err(|error| to_host(told(error)))
    }

    fn keep(&self, image: &mut dyn FnMut([u8; 32]) -> std::result::Result<Vec<u8>, ImageError>) {
        let Some(place) = &self.place else {
            return;
        };
        match image(place.module_hash()) {
            Ok(image) => place.keep(&FreshImage(image)),
            Err(error) => tracing::warn!(%error, "compiled code cannot be kept"),
        }
    }

    fn optimize(&self, defined: u32, entrance: Option<u32>) -> Result<CompiledFunction, HostError> {
        (self.lazy.optimize(defined, entrance)).map_err(|error| {
            tracing::debug!(%error, "a function is not optimized");
            to_host(told(error))
        })
    }

    fn image(&self) -> Result<Vec<u8>, HostError> {
        let options = pipeline::Options::default();
        (self.lazy.image(&options)).map_err(|error| to_host(told(error)))
    }
}

/// An error of compiling. One of decoding is told as itself, so that `downcast_ref` finds it, whether it comes from compiling or from
/// validating.
fn told(error: pipeline::CompileError) -> crate::Error {
    match error {
        pipeline::CompileError::Decode(error) => error.into(),
        error => error.into(),
    }
}

/// Where in the cache a module's image is, or could be.
#[derive(Clone)]
pub(crate) struct CachePlace {
    cache: pipeline::Cache,
    key: pipeline::CacheKey,
}

impl CachePlace {
    /// Where what was compiled because it was called is, or could be.
    fn called(&self, counts: bool) -> CachePlace {
        CachePlace {
            cache: self.cache.clone(),
            key: self.key.called(counts),
        }
    }

    /// The file of the image, if there is one that only this user can have made.
    pub(crate) fn find(&self) -> Option<std::fs::File> {
        (self.cache.find(&self.key)).unwrap_or_else(|error| {
            self.warn("cannot be used", &error);
            None
        })
    }

    /// Keeps an image, if that can be.
    pub(crate) fn keep(&self, image: &FreshImage) {
        if let Err(error) = self.cache.keep(&self.key, &image.0) {
            self.warn("cannot keep compiled code", &error);
        }
    }

    /// Removes an entry that is not what it should be.
    pub(crate) fn drop_damaged(&self, why: &crate::Error) {
        let why = format!("{why:#}");
        tracing::warn!(why, "an entry of the cache is damaged and is removed");
        if let Err(error) = self.cache.remove(&self.key) {
            self.warn("cannot remove an entry", &error);
        }
    }

    /// The BLAKE3 hash of the module.
    pub(crate) fn module_hash(&self) -> [u8; 32] {
        self.key.module_hash()
    }

    fn warn(&self, what: &str, error: &std::io::Error) {
        let directory = self.cache.directory().display();
        tracing::warn!(%directory, %error, "the cache {what}");
    }
}

impl Compiler {
    pub(crate) fn new(config: &Config) -> Result<Compiler> {
        let host = pipeline::host_processor();
        let settings = config.settings(&host)?;
        Ok(Compiler {
            lazy: config.tier == Tier::Auto && pipeline::LazyModule::is_possible(&settings),
            tier_up: config.tier_up().is_some(),
            settings,
            host,
            features: config.features,
            limits: Limits::default(),
            single_threaded: !config.parallel_compilation,
            cache: config.cache.clone(),
        })
    }

    /// What this processor can do.
    pub(crate) fn host(&self) -> &ProcessorFeatures {
        &self.host
    }

    /// The settings that images are made with.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Compiles a module.
    pub(crate) fn compile(
        &self,
        binary: &[u8],
        options: &pipeline::Options<'_>,
    ) -> Result<FreshImage> {
        let options = self.options(options);
        let (features, limits) = (&self.features, &self.limits);
        pipeline::compile(binary, features, limits, &self.settings, &options)
            .map(FreshImage)
            .map_err(told)
    }

    fn options<'a>(&self, options: &pipeline::Options<'a>) -> pipeline::Options<'a> {
        pipeline::Options {
            single_threaded: self.single_threaded,
            ..*options
        }
    }

    /// Whether modules are validated only, and their functions compiled when they are called.
    pub(crate) fn is_lazy(&self) -> bool {
        self.lazy
    }

    /// Validates a module, whose functions are to be compiled when they are called, and what was compiled kept in `place`.
    pub(crate) fn validate_lazy(
        &self,
        binary: Arc<Vec<u8>>,
        options: &pipeline::Options<'_>,
        place: Option<CachePlace>,
    ) -> Result<(FreshLazy, LazyImage)> {
        let options = self.options(options);
        let (features, limits) = (&self.features, &self.limits);
        pipeline::LazyModule::new(binary, features, limits, &self.settings_called(), &options)
            .map(|(lazy, image)| (FreshLazy { lazy, place }, LazyImage(image)))
            .map_err(told)
    }

    /// Where what was compiled of a module because it was called is kept, beside its image.
    pub(crate) fn place_of_called(&self, place: &CachePlace) -> CachePlace {
        place.called(self.tier_up)
    }

    /// The settings of what is compiled because it is called.
    fn settings_called(&self) -> Settings {
        Settings {
            counters: self.tier_up,
            ..self.settings.clone()
        }
    }

    /// As [`Compiler::validate_lazy`], of a module that was validated in an earlier run, when what is in `place` was made of it.
    pub(crate) fn validated_earlier(&self, binary: &Arc<Vec<u8>>, place: CachePlace) -> FreshLazy {
        let (features, limits) = (&self.features, &self.limits);
        FreshLazy {
            lazy: pipeline::LazyModule::of_valid(binary, features, limits, &self.settings_called()),
            place: Some(place),
        }
    }

    /// Where the image of a module is kept, if there is a cache.
    pub(crate) fn place(&self, binary: &[u8]) -> Option<CachePlace> {
        let cache = self.cache.clone()?;
        let key = pipeline::CacheKey::new(binary, &self.settings, &self.features)?;
        Some(CachePlace { cache, key })
    }

    /// Checks a module and compiles nothing.
    pub(crate) fn validate(&self, binary: &[u8]) -> Result<()> {
        silica_module::validate(binary, &self.features, &self.limits)?;
        Ok(())
    }
}
