//! What is in the image of a module.

#![forbid(unsafe_code)]

use silica_contract::{
    image::Section,
    image_index::ImageIndex,
    settings::{Architecture, OptimizationLevel, ProcessorFeatures, Settings},
    trap::TrapCode,
};
use silica_module::{Features, Limits, parse_text};
use silica_pipeline::{CompileError, Options, compile, host_processor};

fn settings() -> Settings {
    Settings::new(host_processor())
}

fn try_compile(text: &str, settings: &Settings) -> Result<Vec<u8>, CompileError> {
    let module = parse_text(text.as_bytes(), None).unwrap();
    let (features, limits) = (Features::default(), Limits::default());
    compile(&module, &features, &limits, settings, &Options::default())
}

fn image(text: &str) -> Vec<u8> {
    try_compile(text, &settings()).unwrap()
}

#[test]
fn a_division_has_its_traps_and_offsets() {
    let image = image(
        "(module (func (export \"d\") (param i32 i32) (result i32) local.get 0 local.get 1 i32.div_s))",
    );
    let index = ImageIndex::read(&image).unwrap();
    let metadata = index.metadata(&image, 0).unwrap();
    let code = index.function(&image, 0).unwrap();
    let codes: Vec<(TrapCode, Option<u32>)> = (code.start..code.start + code.length)
        .filter_map(|at| {
            Some((
                index.trap_at(&image, at)?,
                index.module_offsets_at(&image, at).first().copied(),
            ))
        })
        .collect();
    // The operator is the last but one byte of the body.
    let offset = Some(metadata.module.bodies[0].bytes.end - 2);
    assert!(
        codes.contains(&(TrapCode::IntegerDivisionByZero, offset)),
        "{codes:?}"
    );
    assert!(
        codes.contains(&(TrapCode::IntegerOverflow, offset)),
        "{codes:?}"
    );
}

#[test]
fn dense_leading_segments_become_contents() {
    let image = image(
        "(module (memory 2) (data (i32.const 10) \"abc\") (data (i32.const 20000) \"xyz\") (data \"passive\")
           (global i32 (i32.const 1)) (data (global.get 0) \"later\"))",
    );
    let index = ImageIndex::read(&image).unwrap();
    let metadata = index.metadata(&image, 0).unwrap();
    assert_eq!(metadata.data_in_images, 2);
    let [memory] = metadata.memory_images[..] else {
        panic!("one memory has contents");
    };
    assert_eq!((memory.memory, memory.address), (0, 0));
    let contents = &index.section(&image, Section::Memories)[memory.bytes.indices()];
    assert_eq!(&contents[10..13], b"abc");
    assert_eq!(&contents[20000..20003], b"xyz");
    let kept = index.section(&image, Section::Kept);
    assert_eq!(&kept[metadata.module.data[2].bytes.indices()], b"passive");
    assert_eq!(&kept[metadata.module.data[3].bytes.indices()], b"later");
}

#[test]
fn far_or_outlying_segments_are_kept() {
    let image = image(
        "(module (memory 20000) (data (i32.const 10) \"near\") (data (i32.const 1000000000) \"far\"))",
    );
    let index = ImageIndex::read(&image).unwrap();
    assert_eq!(index.metadata(&image, 0).unwrap().data_in_images, 1);
    let image = self::image("(module (memory 1) (data (i32.const 65535) \"over\"))");
    let index = ImageIndex::read(&image).unwrap();
    assert_eq!(index.metadata(&image, 0).unwrap().data_in_images, 0);
}

#[test]
fn names_are_kept() {
    let image = image("(module (func $hello))");
    let index = ImageIndex::read(&image).unwrap();
    let module = index.metadata(&image, 0).unwrap().module;
    let kept = index.section(&image, Section::Kept);
    assert_eq!(
        silica_module::names::function_name(kept, module.names, 0),
        Some("hello")
    );
}

/// Many functions that call each other, large enough that threads compile them.
fn many_functions() -> String {
    let mut text = String::from("(module (memory 1)");
    for i in 0..400 {
        text += &format!(
            "(func $f{i} (param i32) (result i32)
               (i32.store (local.get 0) (i32.add (i32.const {i}) (i32.load offset=8 (local.get 0))))
               (if (result i32) (local.get 0)
                 (then (i32.add (call $f{} (i32.const {i})) (call $f{} (i32.load (local.get 0)))))
                 (else (i32.const {i}))))",
            (i * 7 + 1) % 400,
            (i * 31 + 5) % 400
        );
    }
    text + ")"
}

#[test]
fn the_same_module_gives_the_same_image() {
    let text = many_functions();
    let module = parse_text(text.as_bytes(), None).unwrap();
    let (features, limits) = (Features::default(), Limits::default());
    let alone = Options {
        single_threaded: true,
        ..Options::default()
    };
    let one = compile(&module, &features, &limits, &settings(), &alone).unwrap();
    for _ in 0..3 {
        let other = compile(
            &module,
            &features,
            &limits,
            &settings(),
            &Options::default(),
        );
        assert!(one == other.unwrap());
    }
}

#[test]
fn every_setting_compiles_for_both_architectures() {
    let text = many_functions();
    let module = parse_text(text.as_bytes(), None).unwrap();
    for architecture in [Architecture::X86_64, Architecture::Aarch64] {
        for optimization in [
            OptimizationLevel::None,
            OptimizationLevel::Speed,
            OptimizationLevel::SpeedAndSize,
        ] {
            let mut settings = Settings::new(ProcessorFeatures::baseline(architecture));
            settings.optimization = optimization;
            settings.fuel = optimization == OptimizationLevel::Speed;
            settings.canonicalize_nans = true;
            settings.memory_reservation = 0;
            let (features, limits) = (Features::default(), Limits::default());
            compile(&module, &features, &limits, &settings, &Options::default()).unwrap();
        }
    }
}

#[test]
fn of_several_invalid_functions_the_first_is_told() {
    let mut text = many_functions();
    text.truncate(text.len() - 1);
    text += "(func $wrong (result i32)) (func $also_wrong (param i32) (result i64) local.get 0) (func call $also_wrong drop))";
    let error = try_compile(&text, &settings()).unwrap_err().to_string();
    assert!(error.contains("function 400 \"wrong\""), "{error}");
}

#[test]
fn an_invalid_callee_is_told_and_not_its_caller() {
    let error = try_compile(
        "(module (func $caller call $callee) (func $callee i32.const 1))",
        &settings(),
    );
    let error = error.unwrap_err().to_string();
    assert!(error.contains("function 1 \"callee\""), "{error}");
}

#[test]
fn a_set_flag_cancels() {
    let cancelled = std::sync::atomic::AtomicBool::new(true);
    let text = many_functions();
    let module = parse_text(text.as_bytes(), None).unwrap();
    let options = Options {
        cancelled: Some(&cancelled),
        ..Options::default()
    };
    let (features, limits) = (Features::default(), Limits::default());
    let outcome = compile(&module, &features, &limits, &settings(), &options);
    assert_eq!(outcome, Err(CompileError::Cancelled));
}

#[test]
fn progress_reaches_the_end() {
    let last = std::sync::atomic::AtomicUsize::new(0);
    let progress = |done: usize, all: usize| {
        assert!(done <= all);
        last.fetch_max(done, std::sync::atomic::Ordering::Relaxed);
    };
    let text = many_functions();
    let module = parse_text(text.as_bytes(), None).unwrap();
    let options = Options {
        progress: Some(&progress),
        ..Options::default()
    };
    compile(
        &module,
        &Features::default(),
        &Limits::default(),
        &settings(),
        &options,
    )
    .unwrap();
    assert_eq!(last.into_inner(), 400);
}
