//! From a module's bytes to a compiled image, with this engine's settings.

use std::path::Path;

use silica_contract::settings::ProcessorFeatures;
use silica_module::Limits;
use silica_pipeline as pipeline;

use crate::{Config, Engine, Result, error::EngineError};

/// What compiling needs to know beside the settings.
pub(crate) struct Compiler {
    host: ProcessorFeatures,
    limits: Limits,
}

impl Compiler {
    pub(crate) fn new(_config: &Config) -> Result<Compiler> {
        Ok(Compiler {
            host: pipeline::host_processor(),
            limits: Limits::default(),
        })
    }

    /// What this processor can do.
    pub(crate) fn host(&self) -> &ProcessorFeatures {
        &self.host
    }
}

/// Compiles a module, given as bytes or as text.
pub(crate) fn compile(engine: &Engine, bytes: &[u8], path: Option<&Path>) -> Result<Vec<u8>> {
    let binary = silica_module::parse_text(bytes, path)?;
    compile_binary(engine, &binary)
}

/// Compiles a module, given as bytes.
pub(crate) fn compile_binary(engine: &Engine, binary: &[u8]) -> Result<Vec<u8>> {
    let config = engine.config();
    let options = pipeline::Options {
        features: config.features,
        limits: engine.compiler().limits.clone(),
        settings: engine.settings().clone(),
        parallel: config.parallel_compilation,
    };
    Ok(pipeline::compile(binary, &options)?)
}

/// Checks a module and compiles nothing.
pub(crate) fn validate(engine: &Engine, binary: &[u8]) -> Result<()> {
    let limits = &engine.compiler().limits;
    silica_module::validate(binary, &engine.config().features, limits)?;
    Ok(())
}

/// Whether an image was made by this version.
pub(crate) fn check_version(made_by: &str) -> Result<()> {
    if made_by == pipeline::ENGINE_VERSION {
        return Ok(());
    }
    Err(EngineError::ImageMismatch(format!(
        "it was made by version {made_by}, this is {}",
        pipeline::ENGINE_VERSION
    ))
    .into())
}
