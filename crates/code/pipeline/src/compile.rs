//! [`compile`]: from bytes to an image, step by step.

use silica_contract::{
    image::{self, ImageParts},
    settings::{Settings, Tier},
};
use silica_module::{Decoded, Features, Limits, Module, check_operators, decode};
use silica_translate::Environment;

use crate::{
    CompileError, Options,
    bodies::Functions,
    data::{self, DataParts},
    functions,
    targets::Targets,
    text::Text,
};

/// Compiles a module; gives the bytes of its image.
///
/// # Errors
/// [`CompileError`]: the module is not valid, or it is beyond a limit. Where several functions are at
/// fault, the one with the lowest index is told.
///
/// ```
/// use silica_contract::settings::Settings;
/// use silica_module::{Features, Limits};
/// use silica_pipeline::{Options, compile, host_processor};
///
/// let module = silica_module::parse_text(b"(module (func (export \"f\")))", None)?;
/// let settings = Settings::new(host_processor());
/// let image = compile(&module, &Features::default(), &Limits::default(), &settings, &Options::default())?;
/// assert!(image.len() > module.len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn compile(
    bytes: &[u8],
    features: &Features,
    limits: &Limits,
    settings: &Settings,
    options: &Options<'_>,
) -> Result<Vec<u8>, CompileError> {
    let span = tracing::debug_span!("compile", bytes = bytes.len());
    let _entered = span.enter();
    let settings = &Settings {
        counters: false,
        ..settings.clone()
    };
    let Decoded {
        module,
        bodies,
        not_executed,
    } = decode(bytes, features, limits)?;
    if let Some(error) = not_executed {
        return Err(error.into());
    }
    let has_descriptors = module.types.iter().any(|ty| ty.descriptor.is_some());
    // What is missing a proposal is told before minutes are spent; where it takes seconds, when compiling fails.
    let is_slow = settings.tier == Tier::Optimize;
    if is_slow || has_descriptors {
        check_operators(bytes, &module, features)?;
    }
    let targets = Targets::new(settings).map_err(CompileError::Settings)?;
    let environment = Environment::new(&module, settings).with_bytes(bytes);
    let compiled = functions::compile_all(
        &Functions {
            bytes,
            environment: &environment,
            bodies: &bodies,
            targets: &targets,
        },
        options,
    );
    let compiled = match compiled {
        Err(error) if !is_slow => {
            check_operators(bytes, &module, features)?;
            return Err(error);
        }
        compiled => compiled?,
    };
    drop(bodies);
    let text = Text::lay_out(&module, &targets, compiled)?;
    write(bytes, blake3::hash(bytes).into(), module, settings, &text)
}

/// Writes the image of a module whose code is `text`.
pub(crate) fn write(
    bytes: &[u8],
    module_hash: [u8; 32],
    module: Module,
    settings: &Settings,
    text: &Text,
) -> Result<Vec<u8>, CompileError> {
    let DataParts {
        metadata,
        memories,
        kept,
    } = data::lay_out(module, bytes).with(bytes, settings);
    Ok(image::write(&ImageParts {
        module_hash,
        metadata: &metadata,
        text: &text.bytes,
        functions: image::Functions::Whole(&text.functions),
        traps: &text.traps,
        addresses: &text.addresses,
        inlined: &text.inlined,
        memories: &memories,
        kept: &kept,
        stack_maps: &text.stack_maps,
        handlers: &text.handlers,
    })?)
}
