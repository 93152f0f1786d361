//! Entering and leaving compiled code: every way that values travel.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

mod support;

use silica_contract::trap::TrapCode;
use silica_module::FunctionType;
use silica_runtime::{
    CallError, Extern, Function, HostCall, HostError, HostFunction, InstantiateError, Runtime,
    RuntimeConfig, Store, V128, Value,
};
use support::*;

fn one(build: impl FnOnce(&mut Builder) -> u32) -> (Store<()>, Function) {
    let runtime = runtime();
    let mut builder = Builder::new();
    let function = build(&mut builder);
    let module = builder.compile(&runtime);
    let mut store = Store::new(&runtime, false, ());
    let instance = store.instantiate(&module, &[]).unwrap();
    let function = export(&store, instance, function);
    (store, function)
}

/// A module with one import and a function of the same type that calls it.
fn calling(
    runtime: &Runtime,
    params: &[silica_module::ValueType],
    results: &[silica_module::ValueType],
    fuel: bool,
    code: impl FnOnce(&silica_contract::layout::ContextLayout) -> Vec<u8>,
) -> (silica_runtime::CompiledModule, u32) {
    let mut builder = Builder::new();
    builder.settings.fuel = fuel;
    builder.import(params, results);
    let function = builder.function(params, results);
    let layout = builder.layout();
    builder.code(function, &[&code(&layout)]);
    (builder.compile(runtime), function)
}

#[test]
fn integers_in_registers() {
    // lea eax, [rdx + rcx]
    let (mut store, add) = one(|b| b.with_code(&[I32, I32], &[I32], &[&[0x8d, 0x04, 0x0a], RET]));
    let typed = store.typed::<(i32, i32), (i32,)>(add).unwrap();
    assert_eq!(store.call_typed(typed, (40, 2)).unwrap(), (42,));
    assert_eq!(
        store.call_typed(typed, (-1, i32::MIN)).unwrap(),
        (i32::MAX,)
    );
    let mut results = [Value::I32(0)];
    store
        .call(add, &[Value::I32(1), Value::I32(-3)], &mut results)
        .unwrap();
    assert_eq!(results, [Value::I32(-2)]);
}

#[test]
fn floats_in_registers() {
    // divsd xmm0, xmm1
    let (mut store, div) =
        one(|b| b.with_code(&[F64, F64], &[F64], &[&[0xf2, 0x0f, 0x5e, 0xc1], RET]));
    let typed = store.typed::<(f64, f64), (f64,)>(div).unwrap();
    assert_eq!(store.call_typed(typed, (1.0, 4.0)).unwrap(), (0.25,));
    let mut results = [Value::F64(0)];
    store
        .call(
            div,
            &[Value::F64(9f64.to_bits()), Value::F64(2f64.to_bits())],
            &mut results,
        )
        .unwrap();
    assert_eq!(results, [Value::F64(4.5f64.to_bits())]);
}

#[test]
fn arguments_on_the_stack_are_popped_by_the_callee() {
    // mov rax, [rsp + 32]; sub rax, rdx; ret 32
    let code: &[u8] = &[
        0x48, 0x8b, 0x44, 0x24, 0x20, 0x48, 0x29, 0xd0, 0xc2, 0x20, 0x00,
    ];
    let (mut store, function) = one(|b| b.with_code(&[I64; 8], &[I64], &[code]));
    let typed = store
        .typed::<(i64, i64, i64, i64, i64, i64, i64, i64), (i64,)>(function)
        .unwrap();
    assert_eq!(
        store.call_typed(typed, (1, 2, 3, 4, 5, 6, 7, 80)).unwrap(),
        (79,)
    );
    let params: Vec<Value> = (0..8).map(|i| Value::I64(i * 10)).collect();
    let mut results = [Value::I64(0)];
    store.call(function, &params, &mut results).unwrap();
    assert_eq!(results, [Value::I64(70)]);
}

#[test]
fn an_odd_number_of_stack_arguments_is_padded() {
    // mov rax, [rsp + 8]; ret 16
    let code: &[u8] = &[0x48, 0x8b, 0x44, 0x24, 0x08, 0xc2, 0x10, 0x00];
    let (mut store, function) = one(|b| b.with_code(&[I64; 5], &[I64], &[code]));
    let typed = store
        .typed::<(i64, i64, i64, i64, i64), (i64,)>(function)
        .unwrap();
    assert_eq!(store.call_typed(typed, (1, 2, 3, 4, 5)).unwrap(), (5,));
}

#[test]
fn several_results_in_registers() {
    // rax = rdx; rcx stays; rdx = r8; xmm0 = xmm0
    let code: &[u8] = &[0x48, 0x89, 0xd0, 0x4c, 0x89, 0xc2];
    let (mut store, function) =
        one(|b| b.with_code(&[I64, I64, I64, F32], &[I64, I64, I64, F32], &[code, RET]));
    type Four = (i64, i64, i64, f32);
    let typed = store.typed::<Four, Four>(function).unwrap();
    assert_eq!(
        store.call_typed(typed, (1, 2, 3, 1.5)).unwrap(),
        (1, 2, 3, 1.5)
    );
    let mut results = [Value::I32(0); 4];
    let params = [
        Value::I64(7),
        Value::I64(8),
        Value::I64(9),
        Value::F32(2f32.to_bits()),
    ];
    store.call(function, &params, &mut results).unwrap();
    assert_eq!(results, params);
}

#[test]
fn results_that_do_not_fit_go_to_an_area() {
    let mut code = Vec::new();
    for index in 0..9_u32 {
        // mov qword [rdx + 16 * index], 100 + index
        code.extend([0x48, 0xc7, 0x82]);
        code.extend((index * 16).to_le_bytes());
        code.extend((100 + index).to_le_bytes());
    }
    // The parameter comes after the pointer: add it to the last result.
    code.extend([0x48, 0x01, 0x8a]); // add [rdx + 128], rcx
    code.extend(128_u32.to_le_bytes());
    let (mut store, function) = one(|b| b.with_code(&[I64], &[I64; 9], &[&code, RET]));
    type Nine = (i64, i64, i64, i64, i64, i64, i64, i64, i64);
    let typed = store.typed::<(i64,), Nine>(function).unwrap();
    assert_eq!(
        store.call_typed(typed, (1000,)).unwrap(),
        (100, 101, 102, 103, 104, 105, 106, 107, 1108)
    );
    let mut results = [Value::I64(0); 9];
    store
        .call(function, &[Value::I64(1)], &mut results)
        .unwrap();
    assert_eq!(results[8], Value::I64(109));
}

#[test]
fn vectors() {
    // movaps xmm0, xmm1
    let v = silica_module::ValueType::V128;
    let (mut store, function) = one(|b| b.with_code(&[v, v], &[v], &[&[0x0f, 0x28, 0xc1], RET]));
    let typed = store.typed::<(V128, V128), (V128,)>(function).unwrap();
    assert_eq!(
        store
            .call_typed(typed, (V128(1), V128(u128::MAX - 5)))
            .unwrap(),
        (V128(u128::MAX - 5),)
    );
}

#[test]
fn wrong_types_are_refused() {
    let (mut store, function) = one(|b| b.with_code(&[I32], &[I32], &[RET]));
    assert!(store.typed::<(i64,), (i32,)>(function).is_err());
    assert!(store.typed::<(i32,), ()>(function).is_err());
    let mut results = [Value::I32(0)];
    assert!(matches!(
        store.call(function, &[], &mut results),
        Err(CallError::Arguments(_))
    ));
    assert!(matches!(
        store.call(function, &[Value::I64(0)], &mut results),
        Err(CallError::Arguments(_))
    ));
}

#[test]
#[should_panic(expected = "belongs to another store")]
fn a_function_of_another_store_is_refused() {
    let (_store, function) = one(|b| b.with_code(&[], &[], &[RET]));
    let mut other = Store::new(&runtime(), false, ());
    let _ = other.call(function, &[], &mut []);
}

#[test]
#[should_panic(expected = "belongs to another engine")]
fn a_module_of_another_engine_is_refused() {
    let module = Builder::new().compile(&runtime());
    let _ = Store::new(&runtime(), false, ()).instantiate(&module, &[]);
}

#[test]
fn typed_host_functions_get_registers() {
    let runtime = runtime();
    let (module, function) = calling(&runtime, &[I32, F64, I64], &[I64], false, |layout| {
        call_import(layout, 0)
    });
    let host = HostFunction::typed(
        &runtime,
        |mut call: HostCall<'_, u32>, (a, b, c): (i32, f64, i64)| {
            *call.store.data_mut() += 1;
            assert!(call.caller().is_some());
            assert_eq!(call.store.backtrace().frames.len(), 1);
            Ok((i64::from(a) + b as i64 + c,))
        },
    );
    let mut store = Store::new(&runtime, false, 0_u32);
    let import = store.as_mut().add_host_function(&host);
    assert_eq!(import, store.as_mut().add_host_function(&host.clone()));
    let instance = store
        .instantiate(&module, &[Extern::Function(import)])
        .unwrap();
    let function = export(&store, instance, function);
    let typed = store.typed::<(i32, f64, i64), (i64,)>(function).unwrap();
    assert_eq!(store.call_typed(typed, (1, 20.0, 300)).unwrap(), (321,));
    // The host calls the host function itself.
    let typed = store.typed::<(i32, f64, i64), (i64,)>(import);
    assert_eq!(*store.data(), 1);
    let host_alone = HostFunction::typed(&runtime, |call: HostCall<'_, u32>, ()| {
        assert!(call.caller().is_none() && call.store.backtrace().frames.is_empty());
        Ok(())
    });
    let alone = store.as_mut().add_host_function(&host_alone);
    let alone = store.typed::<(), ()>(alone).unwrap();
    store.call_typed(alone, ()).unwrap();
    drop(typed);
}

#[test]
fn host_functions_with_many_arguments_and_results() {
    let runtime = runtime();
    type Params = (i64, i64, i64, i64, i64, f32, i64, V128);
    let v = silica_module::ValueType::V128;
    let params = [I64, I64, I64, I64, I64, F32, I64, v];
    for tail in [false, true] {
        // Two stack arguments (a5, a7) are passed on: pushed again for a call, left for a tail call.
        let (module, function) = calling(&runtime, &params, &[I64, F32, I64, v], false, |layout| {
            if tail {
                return tail_call_import(layout, 0);
            }
            let repush: &[u8] = &[0xff, 0x75, 0x18, 0xff, 0x75, 0x18]; // push [rbp + 24]; push [rbp + 24]
            let pop: &[u8] = &[0x5d, 0xc2, 0x10, 0x00]; // pop rbp; ret 16
            let first: &[u8] = &[0xff, 0x75, 0x10]; // push [rbp + 16]
            [
                PROLOGUE,
                &repush[..3],
                first,
                &call_import_bare(layout, 0),
                pop,
            ]
            .concat()
        });
        let typed_host = HostFunction::typed(&runtime, |_: HostCall<'_, ()>, p: Params| {
            Ok((p.0 + p.1 + p.2 + p.3 + p.4 * 100, p.5, p.6, p.7))
        });
        let ty = runtime.function_type(&FunctionType {
            params: params.into(),
            results: [I64, F32, I64, v].into(),
        });
        let dynamic_host = HostFunction::dynamic(
            &runtime,
            ty,
            |_: HostCall<'_, ()>, p: &[Value], r: &mut [Value]| {
                let integer = |index: usize| match p[index] {
                    Value::I64(value) => value,
                    other => panic!("{other:?}"),
                };
                r[0] = Value::I64(
                    integer(0) + integer(1) + integer(2) + integer(3) + integer(4) * 100,
                );
                (r[1], r[2], r[3]) = (p[5], p[6], p[7]);
                Ok(())
            },
        );
        for host in [typed_host, dynamic_host] {
            let mut store = Store::new(&runtime, false, ());
            let import = store.as_mut().add_host_function(&host);
            let instance = store
                .instantiate(&module, &[Extern::Function(import)])
                .unwrap();
            let function = export(&store, instance, function);
            let typed = store
                .typed::<Params, (i64, f32, i64, V128)>(function)
                .unwrap();
            for _ in 0..3 {
                let result = store
                    .call_typed(typed, (1, 2, 3, 4, 5, 0.5, 6, V128(1 << 100)))
                    .unwrap();
                assert_eq!(result, (510, 0.5, 6, V128(1 << 100)));
            }
        }
    }
}

#[test]
fn a_host_function_with_a_result_area() {
    let runtime = runtime();
    let (module, function) = calling(&runtime, &[I64], &[I64; 9], false, |layout| {
        tail_call_import(layout, 0)
    });
    type Nine = (i64, i64, i64, i64, i64, i64, i64, i64, i64);
    let host = HostFunction::typed(&runtime, |_: HostCall<'_, ()>, (a,): (i64,)| {
        Ok((a, a + 1, a + 2, a + 3, a + 4, a + 5, a + 6, a + 7, a + 8))
    });
    let mut store = Store::new(&runtime, false, ());
    let import = store.as_mut().add_host_function(&host);
    let instance = store
        .instantiate(&module, &[Extern::Function(import)])
        .unwrap();
    let typed = store
        .typed::<(i64,), Nine>(export(&store, instance, function))
        .unwrap();
    assert_eq!(
        store.call_typed(typed, (5,)).unwrap(),
        (5, 6, 7, 8, 9, 10, 11, 12, 13)
    );
}

/// Regression class: a tail call to a host function.
#[test]
fn a_tail_call_to_a_host_function() {
    let runtime = runtime();
    let (module, function) = calling(&runtime, &[I32], &[I32], false, |layout| {
        tail_call_import(layout, 0)
    });
    let host = HostFunction::typed(&runtime, |call: HostCall<'_, ()>, (a,): (i32,)| {
        assert!(
            call.store.backtrace().frames.is_empty(),
            "the caller's frame is gone"
        );
        if a < 0 {
            Err(Box::new(TrapCode::Unreachable) as HostError)
        } else {
            Ok((a * 2,))
        }
    });
    let mut store = Store::new(&runtime, false, ());
    let import = store.as_mut().add_host_function(&host);
    let instance = store
        .instantiate(&module, &[Extern::Function(import)])
        .unwrap();
    let typed = store
        .typed::<(i32,), (i32,)>(export(&store, instance, function))
        .unwrap();
    assert_eq!(store.call_typed(typed, (21,)).unwrap(), (42,));
    let trapped = store.call_typed(typed, (-1,));
    assert!(matches!(
        trapped,
        Err(CallError::Trap {
            code: TrapCode::Unreachable,
            ..
        })
    ));
}

#[test]
fn nested_calls() {
    let runtime = runtime();
    let (module, function) = calling(&runtime, &[I32], &[I32], false, |layout| {
        call_import(layout, 0)
    });
    let host = HostFunction::typed(
        &runtime,
        |mut call: HostCall<'_, Option<Function>>, (depth,): (i32,)| {
            if depth == 0 {
                return Ok((call.store.backtrace().frames.len() as i32,));
            }
            let function = call.store.data().unwrap();
            let typed = call.store.typed::<(i32,), (i32,)>(function).unwrap();
            call.store
                .call_typed(typed, (depth - 1,))
                .map_err(|error| Box::new(error.to_string()) as HostError)
        },
    );
    let mut store = Store::new(&runtime, false, None);
    let import = store.as_mut().add_host_function(&host);
    let instance = store
        .instantiate(&module, &[Extern::Function(import)])
        .unwrap();
    let function = export(&store, instance, function);
    *store.data_mut() = Some(function);
    let typed = store.typed::<(i32,), (i32,)>(function).unwrap();
    assert_eq!(store.call_typed(typed, (9,)).unwrap(), (10,));
    // Deeper than the stack: a trap, not a crash.
    let error = store.call_typed(typed, (1_000_000,)).unwrap_err();
    assert!(
        matches!(error, CallError::Host { .. } | CallError::Trap { .. }),
        "{error:?}"
    );
    assert_eq!(store.call_typed(typed, (1,)).unwrap(), (2,));
}

#[test]
fn a_host_function_may_call_from_another_thread() {
    let runtime = runtime();
    let (module, function) = calling(&runtime, &[I32], &[I32], false, |layout| {
        call_import(layout, 0)
    });
    let host = HostFunction::typed(
        &runtime,
        |mut call: HostCall<'_, Option<Function>>, (depth,): (i32,)| {
            if depth == 0 {
                return Ok((7,));
            }
            let function = call.store.data().unwrap();
            let store = &mut call.store;
            let result = std::thread::scope(|scope| {
                let inner = scope.spawn(move || {
                    let typed = store.typed::<(i32,), (i32,)>(function).unwrap();
                    store.call_typed(typed, (depth - 1,)).unwrap()
                });
                inner.join().unwrap()
            });
            Ok(result)
        },
    );
    let mut store = Store::new(&runtime, false, None);
    let import = store.as_mut().add_host_function(&host);
    let instance = store
        .instantiate(&module, &[Extern::Function(import)])
        .unwrap();
    let function = export(&store, instance, function);
    *store.data_mut() = Some(function);
    let typed = store.typed::<(i32,), (i32,)>(function).unwrap();
    assert_eq!(store.call_typed(typed, (3,)).unwrap(), (7,));
}

#[test]
fn panics_of_host_functions_reach_the_embedder() {
    let runtime = runtime();
    let (module, function) = calling(&runtime, &[I32], &[I32], false, |layout| {
        call_import(layout, 0)
    });
    struct Dropped(std::sync::Arc<std::sync::atomic::AtomicBool>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    }
    let dropped = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let in_host = std::sync::Arc::clone(&dropped);
    let host = HostFunction::typed(&runtime, move |_: HostCall<'_, ()>, (a,): (i32,)| {
        let _dropped = Dropped(std::sync::Arc::clone(&in_host));
        if a == 1 {
            std::panic::panic_any("a panic of the host");
        }
        Ok((a,))
    });
    let mut store = Store::new(&runtime, false, ());
    let import = store.as_mut().add_host_function(&host);
    let instance = store
        .instantiate(&module, &[Extern::Function(import)])
        .unwrap();
    let typed = store
        .typed::<(i32,), (i32,)>(export(&store, instance, function))
        .unwrap();
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        store.call_typed(typed, (1,))
    }))
    .unwrap_err();
    assert_eq!(*panic.downcast::<&str>().unwrap(), "a panic of the host");
    assert!(dropped.load(std::sync::atomic::Ordering::Relaxed));
    assert_eq!(store.call_typed(typed, (5,)).unwrap(), (5,));
}

#[test]
fn errors_of_host_functions_are_carried() {
    let runtime = runtime();
    let (module, function) = calling(&runtime, &[], &[], false, |layout| call_import(layout, 0));
    let host = HostFunction::typed(&runtime, |_: HostCall<'_, ()>, ()| {
        Err::<(), _>(Box::new("why".to_owned()) as HostError)
    });
    let mut store = Store::new(&runtime, false, ());
    let import = store.as_mut().add_host_function(&host);
    let instance = store
        .instantiate(&module, &[Extern::Function(import)])
        .unwrap();
    let called = export(&store, instance, function);
    match store.call(called, &[], &mut []) {
        Err(CallError::Host { error, backtrace }) => {
            assert_eq!(*error.downcast::<String>().unwrap(), "why");
            assert_eq!(backtrace.frames.len(), 1);
        }
        other => panic!("{other:?}"),
    }
}

/// Regression class: fuel was lost on ways in and out of code.
#[test]
fn fuel_goes_with_every_call() {
    let runtime = runtime();
    // sub r15, 10 before and after the call of the host.
    let spend: &[u8] = &[0x49, 0x83, 0xef, 0x0a];
    for general in [false, true] {
        let (module, function) = calling(&runtime, &[I32], &[], true, |layout| {
            [
                PROLOGUE,
                spend,
                &call_import_bare(layout, 0),
                spend,
                EPILOGUE,
            ]
            .concat()
        });
        let body = |mut call: HostCall<'_, ()>, mode: i32| match mode {
            0 => {
                let left = call.store.fuel();
                call.store.set_fuel(left + 1000);
                Ok(())
            }
            1 => Err(Box::new(TrapCode::Unreachable) as HostError),
            _ => panic!("no such mode"),
        };
        let host = if general {
            let ty = runtime.function_type(&FunctionType {
                params: [I32].into(),
                results: [].into(),
            });
            HostFunction::dynamic(&runtime, ty, move |call, params, _| match params[0] {
                Value::I32(mode) => body(call, mode),
                _ => unreachable!("the argument is an i32"),
            })
        } else {
            HostFunction::typed(&runtime, move |call: HostCall<'_, ()>, (mode,): (i32,)| {
                body(call, mode)
            })
        };
        let mut store = Store::new(&runtime, true, ());
        store.set_fuel(100);
        let import = store.as_mut().add_host_function(&host);
        let instance = store
            .instantiate(&module, &[Extern::Function(import)])
            .unwrap();
        let typed = store
            .typed::<(i32,), ()>(export(&store, instance, function))
            .unwrap();
        store.call_typed(typed, (0,)).unwrap();
        assert_eq!(store.fuel(), 1080);
        store.call_typed(typed, (1,)).unwrap_err();
        assert_eq!(store.fuel(), 1070);
    }
    let (module, _) = calling(&runtime, &[], &[], true, |layout| call_import(layout, 0));
    let refused = Store::new(&runtime, false, ()).instantiate(&module, &[]);
    assert!(matches!(refused, Err(InstantiateError::Resource(_))));
}

#[test]
fn stores_on_several_threads() {
    let runtime = Runtime::new(RuntimeConfig::default()).unwrap();
    let mut builder = Builder::new();
    let function = builder.with_code(&[I32, I32], &[I32], &[&[0x8d, 0x04, 0x0a], RET]);
    let trap = builder.with_code(&[], &[], &[UD2]);
    builder.trap(trap, 0, TrapCode::Unreachable);
    let module = builder.compile(&runtime);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (module, runtime, builder) = (&module, &runtime, &builder);
            scope.spawn(move || {
                for round in 0..100 {
                    let own = builder.compile(runtime);
                    let module = if round % 2 == 0 { module } else { &own };
                    let mut store = Store::new(runtime, false, ());
                    let instance = store.instantiate(module, &[]).unwrap();
                    let add = store
                        .typed::<(i32, i32), (i32,)>(export(&store, instance, function))
                        .unwrap();
                    assert_eq!(
                        store.call_typed(add, (thread, round)).unwrap(),
                        (thread + round,)
                    );
                    let called = export(&store, instance, trap);
                    let error = store.call(called, &[], &mut []).unwrap_err();
                    assert!(matches!(
                        error,
                        CallError::Trap {
                            code: TrapCode::Unreachable,
                            ..
                        }
                    ));
                }
            });
        }
    });
}
