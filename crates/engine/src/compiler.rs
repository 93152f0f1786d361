//! An engine's settings as the compiler wants them, and the one call of the compiler.

use silica_contract::settings::{ProcessorFeatures, Settings};
use silica_module::{Features, Limits};
use silica_pipeline as pipeline;

use crate::{Config, Result};

/// The version that images are made by, which must be the one that loads them.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What compiling needs to know.
pub(crate) struct Compiler {
    host: ProcessorFeatures,
    settings: Settings,
    features: Features,
    limits: Limits,
    single_threaded: bool,
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

/// Where in the cache a module's image is, or could be.
pub(crate) struct CachePlace<'a> {
    cache: &'a pipeline::Cache,
    key: pipeline::CacheKey,
}

impl CachePlace<'_> {
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
        Ok(Compiler {
            settings: config.settings(&host)?,
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
        let options = pipeline::Options {
            single_threaded: self.single_threaded,
            ..*options
        };
        let (features, limits) = (&self.features, &self.limits);
        match pipeline::compile(binary, features, limits, &self.settings, &options) {
            Ok(image) => Ok(FreshImage(image)),
            // So that `downcast_ref` finds it, whether it comes from compiling or from validating.
            Err(pipeline::CompileError::Decode(error)) => Err(error.into()),
            Err(error) => Err(error.into()),
        }
    }

    /// Where the image of a module is kept, if there is a cache.
    pub(crate) fn place(&self, binary: &[u8]) -> Option<CachePlace<'_>> {
        let cache = self.cache.as_ref()?;
        let key = pipeline::CacheKey::new(binary, &self.settings, &self.features)?;
        Some(CachePlace { cache, key })
    }

    /// Checks a module and compiles nothing.
    pub(crate) fn validate(&self, binary: &[u8]) -> Result<()> {
        silica_module::validate(binary, &self.features, &self.limits)?;
        Ok(())
    }
}
