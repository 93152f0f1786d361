//! Backtraces: names, offsets, through the host, and how they are printed.

use silica_engine::{Caller, Engine, Func, Instance, Module, Store, Tier, WasmBacktrace};
use silica_tests_embed::{engine_with, instance, instance_in};

const NESTED: &str = r#"(module $app
    (func $inner unreachable)
    (func $middle call $inner nop)
    (func (export "outer") call $middle nop))"#;

#[test]
fn frames_have_names_and_indices() {
    let (mut store, instance) = instance(NESTED);
    let f = instance
        .get_typed_func::<(), ()>(&mut store, "outer")
        .unwrap();
    let error = f.call(&mut store, ()).unwrap_err();
    let backtrace = error.downcast_ref::<WasmBacktrace>().unwrap();
    let frames: Vec<_> = backtrace
        .frames()
        .iter()
        .map(|frame| (frame.func_index(), frame.func_name()))
        .collect();
    let expected = [
        (Some(0), Some("inner")),
        (Some(1), Some("middle")),
        (Some(2), None),
    ];
    assert_eq!(frames, expected);
    assert_eq!(backtrace.frames()[0].module().name(), Some("app"));
    assert!(backtrace.frames()[0].module_offset().is_some());
}

#[test]
fn a_frame_is_a_line() {
    let (mut store, instance) = instance(NESTED);
    let f = instance
        .get_typed_func::<(), ()>(&mut store, "outer")
        .unwrap();
    let error = f.call(&mut store, ()).unwrap_err();
    let text = error.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "unreachable");
    assert_eq!(lines[1], "wasm backtrace:");
    assert!(
        lines[2].starts_with("  0: 0x") && lines[2].ends_with(" - app!inner"),
        "{text}"
    );
    assert!(
        lines[3].starts_with("  1: 0x") && lines[3].ends_with(" - app!middle"),
        "{text}"
    );
    assert!(
        lines[4].starts_with("  2: 0x") && lines[4].ends_with(" - app!<function 2>"),
        "{text}"
    );
    assert_eq!(lines.len(), 5);
}

/// Functions that fail at a place that compilers move: each export is called with a 1 and the last address.
const MOVED: &str = r#"(module
    (memory 1)
    (func (export "branch to a trap") (param i32 i32)
        local.get 0 if unreachable end)
    (func (export "branch to either of two traps") (param i32 i32)
        local.get 0 if unreachable else nop unreachable end)
    (func (export "branch over a trap") (param i32 i32)
        block local.get 0 i32.eqz br_if 0 i32.const 7 drop unreachable end)
    (func $add (param i32 i32) (result i32)
        local.get 0 local.get 1 i32.load nop i32.add)
    (func (export "operand of an addition") (param i32 i32)
        i32.const 5 local.get 1 call $add drop)
    (func (export "operand of a comparison") (param i32 i32)
        local.get 0 local.get 1 i32.load8_u nop i32.lt_u if nop end)
    (func (export "operand of a selection") (param i32 i32)
        i32.const 3 i32.const 4 local.get 0 local.get 1 i32.load nop i32.lt_u select drop)
    (func (export "written back") (param i32 i32)
        local.get 1 local.get 1 i32.load local.get 0 i32.add i32.store)
    (func (export "division") (param i32 i32)
        local.get 0 i32.const 0 i32.div_s drop)
    (func $inner (param i32) (result i32) local.get 0 i32.load)
    (func $middle (param i32) (result i32) local.get 0 call $inner i32.const 1 i32.add)
    (func (export "within") (param i32 i32) local.get 1 call $middle drop local.get 1 call $middle drop)
    (func $tail (param i32) (result i32) local.get 0 return_call $inner)
    (func (export "after a tail call") (param i32 i32) local.get 1 call $tail drop)
    (tag $thrown)
    (func $throws throw $thrown)
    (func (export "in a handler") (param i32 i32)
        block $caught try_table (catch $thrown $caught) call $throws end end
        local.get 1 call $inner drop)
    (func (export "in a loop") (param i32 i32)
        (local i32)
        loop
            local.get 2 i32.const 1 i32.add local.set 2
            local.get 2 i32.const 9 i32.eq if local.get 1 call $middle drop end
            br 0
        end))"#;

/// The function and the offset of each frame when an export fails.
fn places(engine: &Engine, name: &str) -> Vec<(Option<u32>, Option<usize>)> {
    let (mut store, instance) = instance_in(engine, MOVED);
    let f = instance
        .get_typed_func::<(i32, i32), ()>(&mut store, name)
        .unwrap();
    let mut places = Vec::new();
    // Later calls may be of other code.
    for call in 0..3 {
        let error = f.call(&mut store, (1, -1)).unwrap_err();
        let backtrace = error.downcast_ref::<WasmBacktrace>().unwrap();
        let frames = backtrace.frames().iter();
        let found = frames
            .map(|f| (f.func_index(), f.module_offset()))
            .collect();
        assert!(
            call == 0 || places == found,
            "{name}, call {call}: {places:?}, {found:?}"
        );
        places = found;
    }
    places
}

#[test]
fn frames_are_the_same_in_each_tier() {
    let without_inlining = engine_with(|config| {
        config.compiler_inlining(false);
    });
    let mut others = vec![("optimized, with inlining", Engine::default())];
    let tiers = [
        (
            "one pass",
            engine_with(|config| _ = config.tier(Tier::Baseline)),
        ),
        (
            "optimized at once",
            engine_with(|config| {
                config
                    .tier(Tier::Auto)
                    .tier_up_threshold(1)
                    .tier_up_stress(true);
            }),
        ),
        (
            "optimized when used",
            engine_with(|config| {
                config
                    .tier(Tier::Auto)
                    .tier_up_threshold(2)
                    .tier_up_stress(true);
            }),
        ),
    ];
    // The one-pass tier makes code for this processor only.
    if cfg!(target_arch = "x86_64") {
        others.extend(tiers);
    }
    let module = Module::new(&without_inlining, MOVED).unwrap();
    for export in module.exports() {
        let name = export.name();
        let expected = places(&without_inlining, name);
        for (tier, engine) in &others {
            assert_eq!(places(engine, name), expected, "{name}: {tier}");
        }
    }
}

#[test]
fn offsets_are_those_of_the_instruction() {
    // The body of the only function: no locals, nop, nop, unreachable, end.
    let binary = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x07\x05\x01\x01f\0\0\x0a\x07\x01\x05\0\x01\x01\0\x0b";
    let engine = Engine::default();
    let module = Module::new(&engine, binary).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let f = instance.get_typed_func::<(), ()>(&mut store, "f").unwrap();
    let error = f.call(&mut store, ()).unwrap_err();
    let frame = &error.downcast_ref::<WasmBacktrace>().unwrap().frames()[0];
    assert_eq!(frame.module_offset(), Some(binary.len() - 2));
    assert_eq!(frame.func_offset(), Some(3));
}

#[test]
fn a_host_function_can_capture_one() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, String::new());
    let capture = Func::wrap(&mut store, |mut caller: Caller<'_, String>| {
        let backtrace = WasmBacktrace::capture(&caller);
        *caller.data_mut() = backtrace.to_string();
    });
    let module = Module::new(
        &engine,
        r#"(module $app (import "" "" (func $capture)) (func $f (export "f") call $capture nop))"#,
    )
    .unwrap();
    let instance = Instance::new(&mut store, &module, &[capture.into()]).unwrap();
    instance
        .get_typed_func::<(), ()>(&mut store, "f")
        .unwrap()
        .call(&mut store, ())
        .unwrap();
    assert!(store.data().contains("app!f"), "{}", store.data());
    assert!(WasmBacktrace::capture(&store).frames().is_empty());
}

#[test]
fn they_can_be_turned_off() {
    let engine = engine_with(|config| {
        config.wasm_backtrace(false);
    });
    let (mut store, instance) = instance_in(&engine, NESTED);
    let f = instance
        .get_typed_func::<(), ()>(&mut store, "outer")
        .unwrap();
    let error = f.call(&mut store, ()).unwrap_err();
    assert!(error.downcast_ref::<WasmBacktrace>().is_none());
    assert_eq!(error.to_string(), "unreachable");
}

#[test]
fn mangled_names_are_printed_as_written() {
    let (mut store, instance) = instance(
        r#"(module
            (func $_ZN3app5solve17h0123456789abcdefE (export "rust") unreachable)
            (func $_ZN3app5solveEi (export "cpp") unreachable))"#,
    );
    for (name, printed) in [("rust", "app::solve"), ("cpp", "app::solve(int)")] {
        let f = instance.get_typed_func::<(), ()>(&mut store, name).unwrap();
        let error = f.call(&mut store, ()).unwrap_err();
        let backtrace = error.downcast_ref::<WasmBacktrace>().unwrap();
        assert_eq!(backtrace.frames()[0].func_name(), Some(printed));
    }
}

#[test]
fn a_deep_stack_gives_a_bounded_backtrace() {
    let (mut store, instance) = instance(r#"(module (func $f (export "f") call $f nop))"#);
    let f = instance.get_typed_func::<(), ()>(&mut store, "f").unwrap();
    let error = f.call(&mut store, ()).unwrap_err();
    let backtrace = error.downcast_ref::<WasmBacktrace>().unwrap();
    assert!((1..=1000).contains(&backtrace.frames().len()));
    // Nobody reads a hundred lines that are all the same.
    let text = backtrace.to_string();
    assert!(text.contains(" more of the same\n"), "{text}");
    assert!(text.lines().count() < 8, "{text}");
}

#[test]
fn frames_on_both_sides_of_the_host() {
    let engine = engine_with(|config| {
        config.compiler_inlining(false);
    });
    let mut store = Store::new(&engine, None::<Instance>);
    let through = Func::wrap(
        &mut store,
        |mut caller: Caller<'_, Option<Instance>>| -> silica_engine::Result<()> {
            let instance = caller.data().unwrap();
            instance
                .get_typed_func::<(), ()>(&mut caller, "inner")?
                .call(&mut caller, ())
        },
    );
    let module = Module::new(
        &engine,
        r#"(module (import "" "" (func $through))
            (func $outer (export "outer") call $through nop)
            (func $inner (export "inner") unreachable))"#,
    )
    .unwrap();
    let instance = Instance::new(&mut store, &module, &[through.into()]).unwrap();
    *store.data_mut() = Some(instance);
    let f = instance
        .get_typed_func::<(), ()>(&mut store, "outer")
        .unwrap();
    let error = f.call(&mut store, ()).unwrap_err();
    let text = error.to_string();
    let (inner, outer) = (text.find("inner"), text.find("outer"));
    assert!(inner.is_some() && inner < outer, "{text}");
}

#[test]
fn source_lines_come_from_dwarf() {
    let text = "(module\n  (func $inner\n    nop\n    unreachable)\n  (func (export \"outer\")\n    call $inner))";
    let mut parser = wat::Parser::new();
    parser.generate_dwarf(wat::GenerateDwarf::Full);
    let binary = parser.parse_str(Some("app.wat".as_ref()), text).unwrap();
    for inlining in [false, true] {
        let engine = engine_with(|config| {
            config.compiler_inlining(inlining);
        });
        let module = Module::new(&engine, &binary).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let f = instance
            .get_typed_func::<(), ()>(&mut store, "outer")
            .unwrap();
        let error = f.call(&mut store, ()).unwrap_err();
        let frames = error.downcast_ref::<WasmBacktrace>().unwrap().frames();
        let symbol = &frames[0].symbols()[0];
        assert!(symbol.file().unwrap().ends_with("app.wat"), "{symbol:?}");
        assert_eq!(symbol.line(), Some(4));
        assert_eq!(symbol.column(), Some(5));
        assert!(error.to_string().contains(" - inner at "), "{error}");
        assert!(error.to_string().contains("app.wat:4:5"), "{error}");
    }
}

#[test]
fn details_can_be_turned_off() {
    let mut parser = wat::Parser::new();
    parser.generate_dwarf(wat::GenerateDwarf::Full);
    let binary = parser
        .parse_str(
            Some("app.wat".as_ref()),
            r#"(module (func (export "f") unreachable))"#,
        )
        .unwrap();
    let engine = engine_with(|config| {
        config.wasm_backtrace_details(false);
    });
    let module = Module::new(&engine, &binary).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let f = instance.get_typed_func::<(), ()>(&mut store, "f").unwrap();
    let error = f.call(&mut store, ()).unwrap_err();
    assert!(!error.to_string().contains("app.wat"), "{error}");
}

#[test]
fn damaged_dwarf_is_not_an_error() {
    let mut parser = wat::Parser::new();
    parser.generate_dwarf(wat::GenerateDwarf::Full);
    let binary = parser
        .parse_str(
            Some("app.wat".as_ref()),
            r#"(module (func (export "f") unreachable))"#,
        )
        .unwrap();
    let engine = Engine::default();
    let whole = Module::new(&engine, &binary).unwrap();
    for name in [".debug_info", ".debug_line", ".debug_abbrev", ".debug_str"] {
        let section = whole.custom_sections(name).next().unwrap_or_default();
        let Some(start) = binary
            .windows(section.len().max(1))
            .position(|window| window == section)
        else {
            continue;
        };
        for at in (start..start + section.len()).step_by(3) {
            let mut changed = binary.clone();
            changed[at] = changed[at].wrapping_add(0x7f);
            let module = Module::new(&engine, &changed).unwrap();
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let f = instance.get_typed_func::<(), ()>(&mut store, "f").unwrap();
            let error = f.call(&mut store, ()).unwrap_err();
            assert!(error.to_string().contains("backtrace"), "{error}");
        }
    }
}
