//! Compiling never panics, valid modules compile, and the same bytes give the same image.

use arbitrary::{Result, Unstructured};
use silica_contract::image_index::ImageIndex;
use silica_contract::settings::{Architecture, OptimizationLevel, ProcessorFeatures, Settings};
use silica_module::{Features, Limits};
use silica_pipeline::{CompileError, Options, compile, host_processor};

use crate::modules::{Purpose, generate};

/// Compiles the bytes as they are, and a module made of them.
pub(super) fn run(bytes: &[u8]) {
    let mut choices = Unstructured::new(bytes);
    let settings = settings(&mut choices).unwrap_or_else(|_| Settings::new(host_processor()));
    let _ = compile_with(bytes, &settings, false);
    let Ok(module) = generate(&mut choices, Purpose::Compile) else {
        return;
    };
    let module = module.to_bytes();
    match compile_with(&module, &settings, false) {
        Ok(image) => check(&image, &module, &settings),
        Err(error) => assert!(is_limit(&error), "a valid module does not compile: {error}"),
    }
}

fn compile_with(
    bytes: &[u8],
    settings: &Settings,
    single_threaded: bool,
) -> std::result::Result<Vec<u8>, CompileError> {
    let options = Options {
        single_threaded,
        ..Options::default()
    };
    compile(
        bytes,
        &Features::default(),
        &Limits::default(),
        settings,
        &options,
    )
}

fn check(image: &[u8], module: &[u8], settings: &Settings) {
    let index = ImageIndex::read(image).expect("what was written can be read");
    let metadata = index
        .metadata(image, 0)
        .expect("what was written can be read");
    assert_eq!(&metadata.settings, settings);
    let again = compile_with(module, settings, true).expect("it compiled before");
    assert!(
        again == image,
        "the image depends on more than the module and the settings"
    );
}

/// Whether the module was refused for its size.
fn is_limit(error: &CompileError) -> bool {
    match error {
        CompileError::Decode(silica_module::DecodeError::Limit { .. })
        | CompileError::TooLarge { .. } => true,
        CompileError::Function { error, .. } => {
            let text = error.to_string();
            text.contains("too large") || text.contains("limit")
        }
        _ => false,
    }
}

fn settings(choices: &mut Unstructured<'_>) -> Result<Settings> {
    let processor = match choices.int_in_range(0..=3u8)? {
        0 => ProcessorFeatures::baseline(Architecture::Aarch64),
        1 => ProcessorFeatures::baseline(Architecture::X86_64),
        _ => host_processor(),
    };
    let mut settings = Settings::new(processor);
    settings.optimization = *choices.choose(&[
        OptimizationLevel::None,
        OptimizationLevel::Speed,
        OptimizationLevel::SpeedAndSize,
    ])?;
    settings.inlining = choices.arbitrary()?;
    settings.canonicalize_nans = choices.arbitrary()?;
    settings.deterministic_relaxed_simd = choices.arbitrary()?;
    settings.fuel = choices.arbitrary()?;
    settings.spectre_guards = choices.arbitrary()?;
    if choices.arbitrary()? {
        settings.memory_reservation = 0;
        settings.memory_guard = 1 << 16;
    }
    Ok(settings)
}
