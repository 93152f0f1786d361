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
}

/// An image that was compiled here and now, from a module that was validated on the way. Only
/// [`Compiler::compile`] makes one.
pub(crate) struct FreshImage(Vec<u8>);

impl FreshImage {
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
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

    /// Checks a module and compiles nothing.
    pub(crate) fn validate(&self, binary: &[u8]) -> Result<()> {
        silica_module::validate(binary, &self.features, &self.limits)?;
        Ok(())
    }
}
