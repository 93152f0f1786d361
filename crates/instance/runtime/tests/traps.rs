//! Traps, exhausted stacks, interruptions, and faults that are not ours.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

mod support;

use std::time::{Duration, Instant};

use silica_contract::{builtin::Builtin, trap::TrapCode};
use silica_runtime::{CallError, Extern, HostCall, HostFunction, Runtime, Store};
use support::*;

fn trap_code(error: CallError) -> TrapCode {
    match error {
        CallError::Trap { code, .. } => code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_illegal_instruction_is_the_trap_of_its_site() {
    let runtime = runtime();
    let mut builder = Builder::new();
    let inner = builder.with_code(&[], &[], &[PROLOGUE, UD2]);
    builder.trap(inner, 4, TrapCode::IntegerOverflow);
    // The second function follows 16 bytes later and calls the first.
    let outer = builder.with_code(
        &[],
        &[],
        &[PROLOGUE, &[0xe8], &(-25_i32).to_le_bytes(), EPILOGUE],
    );
    let module = builder.compile(&runtime);
    let mut store = Store::new(&runtime, false, ());
    let instance = store.instantiate(&module, &[]).unwrap();
    let called = export(&store, instance, outer);
    match store.call(called, &[], &mut []) {
        Err(CallError::Trap {
            code, backtrace, ..
        }) => {
            assert_eq!(code, TrapCode::IntegerOverflow);
            let offsets: Vec<u32> = backtrace
                .frames
                .iter()
                .map(|frame| frame.text_offset)
                .collect();
            assert_eq!(offsets, [4, 16 + 8]);
            assert!(
                backtrace
                    .frames
                    .iter()
                    .all(|frame| frame.module == module.id())
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_division_by_zero_is_the_trap_of_its_site() {
    let runtime = runtime();
    let mut builder = Builder::new();
    // mov eax, edx; cdq; idiv ecx
    let divide = builder.with_code(&[I32, I32], &[I32], &[&[0x89, 0xd0, 0x99, 0xf7, 0xf9], RET]);
    builder.trap(divide, 3, TrapCode::IntegerDivisionByZero);
    let module = builder.compile(&runtime);
    let mut store = Store::new(&runtime, false, ());
    let instance = store.instantiate(&module, &[]).unwrap();
    let typed = store
        .typed::<(i32, i32), (i32,)>(export(&store, instance, divide))
        .unwrap();
    assert_eq!(store.call_typed(typed, (-7, 2)).unwrap(), (-3,));
    assert_eq!(
        trap_code(store.call_typed(typed, (1, 0)).unwrap_err()),
        TrapCode::IntegerDivisionByZero
    );
}

#[test]
fn an_access_beyond_a_memory_is_out_of_bounds() {
    let runtime = runtime();
    let mut builder = Builder::new();
    let memory = builder.memory(1, None);
    let load = builder.function(&[I32], &[I32]);
    let layout = builder.layout();
    // mov edx, edx; mov eax, [rax + rdx]
    builder.code(
        load,
        &[
            &load_memory_base(&layout, memory),
            &[0x89, 0xd2, 0x8b, 0x04, 0x10],
            RET,
        ],
    );
    builder.trap(load, 9, TrapCode::MemoryOutOfBounds);
    let module = builder.compile(&runtime);
    let mut store = Store::new(&runtime, false, ());
    let instance = store.instantiate(&module, &[]).unwrap();
    let typed = store
        .typed::<(u32,), (i32,)>(export(&store, instance, load))
        .unwrap();
    assert_eq!(store.call_typed(typed, (65_532,)).unwrap(), (0,));
    for address in [65_536, 1 << 31, u32::MAX] {
        match store.call_typed(typed, (address,)) {
            Err(CallError::Trap {
                code,
                fault_address,
                ..
            }) => {
                assert_eq!(code, TrapCode::MemoryOutOfBounds);
                assert!(fault_address.is_some());
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn endless_recursion_exhausts_the_stack() {
    let runtime = runtime();
    let mut builder = Builder::new();
    let recurse = builder.with_code(
        &[],
        &[],
        &[PROLOGUE, &[0xe8], &(-9_i32).to_le_bytes(), EPILOGUE],
    );
    let module = builder.compile(&runtime);
    for _ in 0..3 {
        let mut store = Store::new(&runtime, false, ());
        let instance = store.instantiate(&module, &[]).unwrap();
        let function = export(&store, instance, recurse);
        for _ in 0..3 {
            match store.call(function, &[], &mut []) {
                Err(CallError::Trap {
                    code, backtrace, ..
                }) => {
                    assert_eq!(code, TrapCode::StackOverflow);
                    assert_eq!(
                        backtrace.frames.len(),
                        silica_runtime::Backtrace::FRAMES_MAX
                    );
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn a_host_call_needs_stack() {
    let runtime = runtime();
    let mut builder = Builder::new();
    builder.import(&[], &[]);
    let recurse = builder.function(&[], &[]);
    let layout = builder.layout();
    let mut code = [PROLOGUE, &[0x57], &call_import_bare(&layout, 0), &[0x5f]].concat(); // push rdi; …; pop rdi
    let here = code.len() as i32 + 5;
    code.extend([0xe8]);
    code.extend((-here).to_le_bytes());
    builder.code(recurse, &[&code, EPILOGUE]);
    let module = builder.compile(&runtime);
    let mut store = Store::new(&runtime, false, 0_u64);
    let host = HostFunction::typed(&runtime, |mut call: HostCall<'_, u64>, ()| {
        // More than would be left by a check that is not there.
        let buffer = std::hint::black_box([1_u8; 200_000]);
        *call.store.data_mut() += u64::from(buffer[buffer.len() - 1]);
        Ok(())
    });
    let host = store.as_mut().add_host_function(&host);
    let instance = store
        .instantiate(&module, &[Extern::Function(host)])
        .unwrap();
    let called = export(&store, instance, recurse);
    let error = store.call(called, &[], &mut []).unwrap_err();
    assert_eq!(trap_code(error), TrapCode::StackOverflow);
    assert!(*store.data() > 1000);
}

fn forever(runtime: &Runtime) -> (Store<()>, silica_runtime::Function) {
    let mut builder = Builder::new();
    let spin = builder.with_code(&[], &[], &[FOREVER]);
    let module = builder.compile(runtime);
    let mut store = Store::new(runtime, false, ());
    let instance = store.instantiate(&module, &[]).unwrap();
    let function = export(&store, instance, spin);
    (store, function)
}

/// Regression class: code that cannot be stopped.
#[test]
fn an_endless_loop_is_interrupted() {
    let runtime = runtime();
    let (mut store, spin) = forever(&runtime);
    for _ in 0..3 {
        let handle = store.interrupt_handle();
        let asked = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            handle.interrupt();
            Instant::now()
        });
        let error = store.call(spin, &[], &mut []).unwrap_err();
        assert_eq!(trap_code(error), TrapCode::Interrupt);
        assert!(asked.join().unwrap().elapsed() < Duration::from_secs(2));
    }
}

#[test]
fn a_call_that_begins_interrupted_ends_at_once() {
    let runtime = runtime();
    let (mut store, spin) = forever(&runtime);
    store.interrupt_handle().interrupt();
    assert_eq!(
        trap_code(store.call(spin, &[], &mut []).unwrap_err()),
        TrapCode::Interrupt
    );
}

#[test]
fn interruptions_reach_only_their_store() {
    let runtime = runtime();
    std::thread::scope(|scope| {
        let stores: Vec<_> = (0..3).map(|_| forever(&runtime)).collect();
        let handles: Vec<_> = stores
            .iter()
            .map(|(store, _)| store.interrupt_handle())
            .collect();
        let running: Vec<_> = stores
            .into_iter()
            .map(|(mut store, spin)| {
                scope.spawn(move || trap_code(store.call(spin, &[], &mut []).unwrap_err()))
            })
            .collect();
        for (handle, running) in handles.into_iter().zip(running) {
            std::thread::sleep(Duration::from_millis(10));
            assert!(!running.is_finished());
            handle.interrupt();
            assert_eq!(running.join().unwrap(), TrapCode::Interrupt);
        }
    });
}

#[test]
fn an_interruption_waits_for_the_host() {
    let runtime = runtime();
    let mut builder = Builder::new();
    builder.import(&[], &[]);
    let function = builder.function(&[], &[]);
    let layout = builder.layout();
    builder.code(
        function,
        &[PROLOGUE, &call_import_bare(&layout, 0), FOREVER],
    );
    let module = builder.compile(&runtime);
    let mut store = Store::new(&runtime, false, false);
    let host = HostFunction::typed(&runtime, |mut call: HostCall<'_, bool>, ()| {
        call.store.interrupt_handle().interrupt();
        std::thread::sleep(Duration::from_millis(30));
        *call.store.data_mut() = true;
        Ok(())
    });
    let host = store.as_mut().add_host_function(&host);
    let instance = store
        .instantiate(&module, &[Extern::Function(host)])
        .unwrap();
    let called = export(&store, instance, function);
    let error = store.call(called, &[], &mut []).unwrap_err();
    assert_eq!(trap_code(error), TrapCode::Interrupt);
    assert!(*store.data(), "the host function was not torn apart");
}

/// Regression class: an interruption inside a bulk operation.
#[test]
fn a_long_fill_is_interrupted_between_pieces() {
    let runtime = runtime();
    let mut builder = Builder::new();
    builder.memory(16_384, None);
    // Fills the memory (rdx bytes) over and over: builtin(ctx, definition, destination 0, value 7, length).
    let fill = builder.function(&[I64], &[]);
    let offset = Builtin::MemoryFill.table_offset() as u8;
    let code: &[u8] = &[
        0x53, // push rbx: room
        0x57, 0x52, // push rdi; push rdx
        0x48, 0x8d, 0x77,
        0x20, // lea rsi, [rdi + 0x20]: the memory's definition follows the header
        0x49, 0x89, 0xd0, 0x31, 0xd2, // mov r8, rdx; xor edx, edx
        0xb9, 7, 0, 0, 0, // mov ecx, 7
        0x48, 0x8b, 0x47, 0x08, // mov rax, [rdi + 8]
        0x48, 0x83, 0xec, 0x08, // sub rsp, 8
        0xff, 0x50, offset, // call [rax + offset]
        0x48, 0x83, 0xc4, 0x08, // add rsp, 8
        0x5a, 0x5f, 0x5b, // pop rdx; pop rdi; pop rbx
        0xeb, 0xdb, // jmp back to push rbx
    ];
    assert_eq!(PROLOGUE.len() + code.len() - 0x25, PROLOGUE.len());
    builder.code(fill, &[PROLOGUE, code]);
    let module = builder.compile(&runtime);
    let mut store = Store::new(&runtime, false, ());
    let instance = store.instantiate(&module, &[]).unwrap();
    let typed = store
        .typed::<(u64,), ()>(export(&store, instance, fill))
        .unwrap();
    let handle = store.interrupt_handle();
    let asked = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        handle.interrupt();
    });
    let error = store.call_typed(typed, (1 << 30,)).unwrap_err();
    assert_eq!(trap_code(error), TrapCode::Interrupt);
    asked.join().unwrap();
}

#[test]
fn a_fault_of_the_host_goes_to_the_handler_before() {
    // In a process of its own: it dies by the signal.
    if std::env::var_os("SILICA_TEST_CRASH").is_some() {
        let _runtime = runtime();
        // SAFETY: none; the fault is what is tested.
        unsafe { std::ptr::with_exposed_provenance_mut::<u8>(16).write_volatile(1) };
    }
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_fault_of_the_host_goes_to_the_handler_before"])
        .env("SILICA_TEST_CRASH", "1")
        .output()
        .unwrap();
    use std::os::unix::process::ExitStatusExt;
    assert_eq!(output.status.signal(), Some(11), "{output:?}");
}
