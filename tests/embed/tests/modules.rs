//! Modules: from bytes, text and files; what they say of themselves; images, sound and damaged.

use silica_engine::{
    Cache, CodeBuilder, Config, Engine, EngineError, Feature, Instance, Module, Precompiled,
    Processor, Store, Tier, ValType,
};
use silica_tests_embed::{engine_with, instance_in};

const TEXT: &str = r#"(module $app
    (import "env" "f" (func (param i32 f64) (result i64)))
    (import "env" "m" (memory 1 2))
    (import "env" "t" (table 5 externref))
    (import "env" "g" (global (mut v128)))
    (func (export "run") (param i32) (result i32) local.get 0)
    (global (export "answer") i32 (i32.const 42))
    (table (export "table") 1 funcref)
    (@custom "note" "first") (@custom "note" "second"))"#;

#[test]
fn imports_and_exports_are_described() {
    let module = Module::new(&Engine::default(), TEXT).unwrap();
    let imports: Vec<String> = module
        .imports()
        .map(|i| format!("{}.{}: {}", i.module(), i.name(), i.ty()))
        .collect();
    assert_eq!(
        imports,
        [
            "env.f: function `(i32, f64) -> i64`",
            "env.m: memory of 1 to 2 pages",
            "env.t: table of 5 or more externref",
            "env.g: mutable global v128",
        ]
    );
    let exports: Vec<String> = module
        .exports()
        .map(|e| format!("{}: {}", e.name(), e.ty()))
        .collect();
    assert_eq!(
        exports,
        [
            "run: function `(i32) -> i32`",
            "answer: global i32",
            "table: table of 1 or more funcref",
        ]
    );
    assert_eq!(module.name(), Some("app"));
    assert_eq!(
        module.get_export("run").unwrap().unwrap_func().result(0),
        Some(ValType::I32)
    );
    assert!(module.get_export("absent").is_none());
    let notes: Vec<&[u8]> = module.custom_sections("note").collect();
    assert_eq!(notes, [b"first".as_slice(), b"second"]);
}

#[test]
fn an_export_index_saves_the_name() {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module (func (export "a")) (memory (export "b") 1))"#,
    )
    .unwrap();
    let other = Module::new(&engine, "(module)").unwrap();
    let b = module.get_export_index("b").unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    assert!(
        instance
            .get_module_export(&mut store, &b)
            .unwrap()
            .into_memory()
            .is_some()
    );
    let stranger = Instance::new(&mut store, &other, &[]).unwrap();
    assert!(stranger.get_module_export(&mut store, &b).is_none());
    let names: Vec<String> = instance
        .exports(&mut store)
        .map(|e| e.name().to_owned())
        .collect();
    assert_eq!(names, ["a", "b"]);
}

#[test]
fn what_is_invalid_is_told_with_its_place() {
    let engine = Engine::default();
    for (bytes, words) in [
        (&b"\0asm\x01\0\0\0\x05\x03\x01\0\x01\xff"[..], "offset"),
        (b"(module (func (result i32)))", "type mismatch"),
        (b"", "empty"),
        (b"\x7fELF", "ELF"),
        (b"(module (fun))", "fun"),
    ] {
        let error = Module::new(&engine, bytes).unwrap_err();
        assert!(format!("{error:#}").contains(words), "{error:#}");
    }
    assert!(Module::from_binary(&engine, b"(module)").is_err());
    assert!(Module::validate(&engine, b"\0asm\x01\0\0\0").is_ok());
    assert!(Module::validate(&engine, b"\0asm\x01\0\0\0\x01").is_err());
}

#[test]
fn files_are_named_in_errors() {
    let engine = Engine::default();
    let error = Module::from_file(&engine, "/no/such/file.wasm").unwrap_err();
    assert!(error.to_string().contains("/no/such/file.wasm"), "{error}");
    let folder = std::env::temp_dir().join(format!("silica-embed-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("bad.wat");
    std::fs::write(&path, "(module (func (result i32)))").unwrap();
    let error = Module::from_file(&engine, &path).unwrap_err();
    assert!(error.to_string().contains("bad.wat"), "{error}");
    std::fs::remove_dir_all(folder).unwrap();
}

const ANSWER: &str = r#"(module (memory (export "m") 1) (data (i32.const 9) "image")
    (func $answer (export "f") (result i32) (i32.load8_u (i32.const 9))))"#;

#[expect(unsafe_code, reason = "the images are this test's own")]
fn load(engine: &Engine, image: &[u8]) -> silica_engine::Result<Module> {
    // SAFETY: what is not refused was made by this engine's compiler and differs in no bit that a checksum covers.
    unsafe { Module::deserialize(engine, image) }
}

fn run(engine: &Engine, module: &Module) -> i32 {
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, module, &[]).unwrap();
    let f = instance.get_typed_func::<(), i32>(&mut store, "f").unwrap();
    f.call(&mut store, ()).unwrap()
}

#[test]
fn images_run_in_other_engines() {
    let image = Module::new(&Engine::default(), ANSWER)
        .unwrap()
        .serialize()
        .unwrap();
    assert_eq!(
        Engine::detect_precompiled(&image),
        Some(Precompiled::Module)
    );
    assert_eq!(Engine::detect_precompiled(b"\0asm"), None);
    let engine = Engine::default();
    assert_eq!(image, engine.precompile_module(ANSWER.as_bytes()).unwrap());
    let module = load(&engine, &image).unwrap();
    assert_eq!(run(&engine, &module), i32::from(b'i'));
    assert_eq!(module.serialize().unwrap(), image);
}

#[test]
#[expect(unsafe_code, reason = "the image is this test's own")]
fn images_are_mapped_from_files() {
    let engine = Engine::default();
    let image = engine.precompile_module(ANSWER.as_bytes()).unwrap();
    let path = std::env::temp_dir().join(format!("silica-embed-{}.image", std::process::id()));
    std::fs::write(&path, &image).unwrap();
    assert_eq!(
        Engine::detect_precompiled_file(&path).unwrap(),
        Some(Precompiled::Module)
    );
    // SAFETY: the file was just written, from an image that was just made.
    let module = unsafe { Module::deserialize_file(&engine, &path) }.unwrap();
    assert_eq!(run(&engine, &module), i32::from(b'i'));
    assert_eq!(run(&engine, &module), i32::from(b'i'));
    drop(module);
    std::fs::write(&path, &image[..image.len() / 2]).unwrap();
    // SAFETY: what is refused does not run.
    let error = unsafe { Module::deserialize_file(&engine, &path) }.unwrap_err();
    assert!(format!("{error:#}").contains("damaged"), "{error:#}");
    std::fs::remove_file(&path).unwrap();
    // SAFETY: there is nothing to run.
    let error = unsafe { Module::deserialize_file(&engine, &path) }.unwrap_err();
    assert!(error.to_string().contains("cannot load"), "{error}");
}

#[test]
fn damaged_images_are_refused() {
    let engine = Engine::default();
    let image = engine.precompile_module(ANSWER.as_bytes()).unwrap();
    for length in [0, 1, 7, 8, 31, 32, 63, 64, 200, image.len() - 1] {
        assert!(load(&engine, &image[..length]).is_err(), "cut to {length}");
    }
    let mut longer = image.clone();
    longer.push(0);
    assert!(load(&engine, &longer).is_err());
    for at in (0..image.len()).step_by(97).chain(0..200) {
        let mut changed = image.clone();
        changed[at] ^= 0x10;
        assert!(load(&engine, &changed).is_err(), "changed at {at}");
    }
    let error = load(&engine, b"\0asm\x01\0\0\0").unwrap_err();
    assert!(
        error.to_string().contains("not a compiled image"),
        "{error}"
    );
}

#[test]
fn images_of_other_settings_are_refused() {
    let image = |change: fn(&mut Config)| {
        engine_with(change)
            .precompile_module(ANSWER.as_bytes())
            .unwrap()
    };
    let engine = Engine::default();
    for (change, words) in [
        (
            (|c| {
                c.consume_fuel(true);
            }) as fn(&mut Config),
            "fuel is on, but off",
        ),
        (
            |c| {
                c.cranelift_nan_canonicalization(true);
            },
            "NaN canonicalisation is on",
        ),
        (
            |c| {
                c.memory_reservation(1 << 20);
            },
            "memory reservation",
        ),
        (
            |c| {
                c.spectre_guards(false);
            },
            "spectre",
        ),
    ] {
        let error = load(&engine, &image(change)).unwrap_err();
        assert!(
            matches!(error.downcast_ref(), Some(EngineError::ImageMismatch(_))),
            "{error}"
        );
        assert!(error.to_string().contains(words), "{error}");
    }
    // These do not matter to where it runs.
    load(
        &engine,
        &image(|c| {
            c.cranelift_opt_level(silica_engine::OptLevel::None);
        }),
    )
    .unwrap();
    load(
        &engine,
        &image(|c| {
            c.processor(Processor::Baseline);
        }),
    )
    .unwrap();
}

#[test]
fn compilation_is_deterministic() {
    let functions: String = (0..50)
        .map(|n| format!("(func (export \"f{n}\") (param i32) (result i32) (i32.mul (local.get 0) (i32.const {n})))"))
        .collect();
    let text = format!("(module {functions})");
    let one = engine_with(|c| {
        c.parallel_compilation(true);
    });
    let two = engine_with(|c| {
        c.parallel_compilation(false);
    });
    let image = one.precompile_module(text.as_bytes()).unwrap();
    assert_eq!(image, one.precompile_module(text.as_bytes()).unwrap());
    assert_eq!(image, two.precompile_module(text.as_bytes()).unwrap());
}

#[test]
fn progress_and_cancellation() {
    let engine = Engine::default();
    let functions = "(func (result i32) i32.const 1)".repeat(100);
    let text = format!("(module {functions})");
    let most = std::sync::atomic::AtomicUsize::new(0);
    let progress = |done: usize, of: usize| {
        assert!(done <= of && of == 100);
        most.fetch_max(done, std::sync::atomic::Ordering::SeqCst);
    };
    CodeBuilder::new(&engine, text.as_bytes())
        .progress(&progress)
        .compile_module()
        .unwrap();
    assert_eq!(most.into_inner(), 100);
    let cancelled = std::sync::atomic::AtomicBool::new(true);
    let outcome = CodeBuilder::new(&engine, text.as_bytes())
        .cancelled(&cancelled)
        .compile_module();
    assert!(outcome.unwrap_err().to_string().contains("cancelled"));
}

#[test]
fn functions_have_addresses() {
    let module = Module::new(&Engine::default(), ANSWER).unwrap();
    let functions = module.function_addresses();
    assert_eq!(functions.len(), 1);
    assert_eq!(functions[0].name.as_deref(), Some("answer"));
    assert!(module.code_range().contains(&functions[0].address));
    assert!(functions[0].length > 0);
}

#[test]
fn proposals_can_be_turned_off() {
    for (feature, text) in [
        (
            Feature::Simd,
            "(module (func (drop (v128.const i32x4 0 0 0 0))))",
        ),
        (Feature::MultiMemory, "(module (memory 1) (memory 1))"),
        (Feature::TailCall, "(module (func $f return_call $f))"),
        (Feature::Threads, "(module (memory 1 1 shared))"),
        (Feature::Memory64, "(module (memory i64 1))"),
    ] {
        Module::new(&Engine::default(), text).unwrap();
        let engine = engine_with(|config| {
            config.feature(feature, false);
        });
        let error = Module::new(&engine, text).unwrap_err();
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn an_operator_that_is_off_is_found_before_anything_is_compiled() {
    let engine = engine_with(|config| {
        config.wasm_simd(false);
    });
    let functions = "(func)".repeat(100);
    let text = format!("(module {functions} (func $last (drop (v128.const i64x2 0 0))))");
    let progress = |_, _| panic!("something was compiled");
    let error = CodeBuilder::new(&engine, text.as_bytes())
        .progress(&progress)
        .compile_module()
        .unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("\"last\"") && message.contains("`simd`"),
        "{message}"
    );
}

#[test]
#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "the image is this test's own")]
fn what_is_kept_of_called_functions_is_no_image_of_a_module() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::new(folder.path().join("cache"));
    let engine = engine_with(|config| {
        config.tier(Tier::Auto).cache(cache.clone());
    });
    let (store, _) = instance_in(&engine, "(module (func $f) (start $f))");
    drop(store);
    let entry = std::fs::read_dir(cache.directory()).unwrap().next();
    let image = std::fs::read(entry.unwrap().unwrap().path()).unwrap();
    // SAFETY: it was written by the cache just now.
    let error = unsafe { Module::deserialize(&engine, image) }.unwrap_err();
    assert!(error.to_string().contains("does not fit"), "{error}");
}
