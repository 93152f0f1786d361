//! What calls, host calls and instances cost, with machine code written by hand: `cargo bench -p silica-runtime`.
//! Medians of many rounds, in nanoseconds of processor time. A part of a name as argument chooses.

#![allow(missing_docs, reason = "a benchmark has no interface")]

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
#[path = "../tests/support/mod.rs"]
mod support;

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn main() {
    bench::main();
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
fn main() {}

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod bench {
    use std::hint::black_box;

    use silica_contract::image::MemoryImage;
    use silica_module::ByteRange;
    use silica_runtime::{Extern, HostCall, HostFunction, Runtime, RuntimeConfig, Store, Value};

    use crate::support::*;

    const ROUNDS: usize = 201;

    /// Nanoseconds that this thread has run: other programs on the machine do not count.
    fn thread_time() -> f64 {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
    }

    fn measure(name: &str, iterations: u32, mut body: impl FnMut(u32)) {
        // `cargo bench` passes options; anything else chooses by name.
        let mut chosen = std::env::args()
            .skip(1)
            .filter(|arg| !arg.starts_with('-'))
            .peekable();
        if chosen.peek().is_some() && !chosen.any(|part| name.contains(&part)) {
            return;
        }
        body(iterations / 10 + 1);
        let mut times: Vec<f64> = (0..ROUNDS)
            .map(|_| {
                let start = thread_time();
                body(iterations);
                (thread_time() - start) / f64::from(iterations)
            })
            .collect();
        times.sort_by(f64::total_cmp);
        println!(
            "{name:44} {:9.2} ns (least {:.2})",
            times[ROUNDS / 2],
            times[0]
        );
    }

    pub(super) fn main() {
        typed_calls();
        host_calls();
        instances();
    }

    fn typed_calls() {
        let runtime = runtime();
        let mut builder = Builder::new();
        let add = builder.with_code(&[I32, I32], &[I32], &[&[0x8d, 0x04, 0x0a], RET]);
        let nothing = builder.with_code(&[], &[], &[RET]);
        let module = builder.compile(&runtime);
        let mut store = Store::new(&runtime, false, ());
        let instance = store.instantiate(&module, &[]).unwrap();
        let function = export(&store, instance, nothing);
        let typed = store.typed::<(), ()>(function).unwrap();
        measure("typed call, nothing", 100_000, |n| {
            for _ in 0..n {
                store.call_typed(typed, ()).unwrap();
            }
        });
        let function = export(&store, instance, add);
        let typed = store.typed::<(i32, i32), (i32,)>(function).unwrap();
        measure("typed call, (i32, i32) -> i32", 100_000, |n| {
            for i in 0..n {
                black_box(store.call_typed(typed, (i as i32, 2)).unwrap());
            }
        });
        measure("dynamic call, (i32, i32) -> i32", 100_000, |n| {
            for i in 0..n {
                let mut results = [Value::I32(0)];
                store
                    .call(
                        function,
                        &[Value::I32(i as i32), Value::I32(2)],
                        &mut results,
                    )
                    .unwrap();
                black_box(results);
            }
        });
    }

    fn host_calls() {
        let runtime = runtime();
        for fuel in [false, true] {
            for general in [false, true] {
                let mut builder = Builder::new();
                builder.settings.fuel = fuel;
                builder.import(&[I32], &[I32]);
                let function = builder.function(&[I32], &[I32]);
                let layout = builder.layout();
                // A loop of rdx rounds: the counter and the context are on the stack.
                let mut code = PROLOGUE.to_vec();
                code.extend([0x57, 0x52]); // push rdi; push rdx
                let start = code.len();
                code.extend(call_import_bare(&layout, 0));
                code.extend([0x48, 0x8b, 0x7c, 0x24, 0x08]); // mov rdi, [rsp + 8]
                code.extend([0x48, 0x8b, 0x14, 0x24]); // mov rdx, [rsp]
                code.extend([0xff, 0xca, 0x48, 0x89, 0x14, 0x24]); // dec edx; mov [rsp], rdx
                code.extend([0x85, 0xd2, 0x75]); // test edx, edx; jne start
                code.push((start as i64 - code.len() as i64 - 1) as u8);
                code.extend([0x5a, 0x5f]);
                code.extend(EPILOGUE);
                builder.code(function, &[&code]);
                let module = builder.compile(&runtime);
                let mut store = Store::new(&runtime, fuel, 0_i32);
                store.set_fuel(u64::MAX);
                let host = if general {
                    let ty = runtime.function_type(&silica_module::FunctionType {
                        params: [I32].into(),
                        results: [I32].into(),
                    });
                    HostFunction::dynamic(&runtime, ty, |_, params, results| {
                        results[0] = params[0];
                        Ok(())
                    })
                } else {
                    HostFunction::typed(&runtime, |mut call: HostCall<'_, i32>, (a,): (i32,)| {
                        *call.store.data_mut() += a;
                        Ok((a,))
                    })
                };
                let import = store.as_mut().add_host_function(&host);
                let instance = store
                    .instantiate(&module, &[Extern::Function(import)])
                    .unwrap();
                let function = export(&store, instance, function);
                let typed = store.typed::<(i32,), (i32,)>(function).unwrap();
                let name = format!(
                    "host call, {}{}",
                    if general { "dynamic" } else { "typed" },
                    if fuel { ", with fuel" } else { "" }
                );
                measure(&name, 100_000, |n| {
                    black_box(store.call_typed(typed, (n as i32,)).unwrap());
                });
            }
        }
    }

    fn instances() {
        for (name, idle, resident) in [
            ("pool", 16, 0),
            ("pool, 64 KiB resident", 16, 64 << 10),
            ("no pool", 0, 0),
        ] {
            let config = RuntimeConfig {
                memories_idle_max: idle,
                memory_keep_resident: resident,
                ..RuntimeConfig::default()
            };
            let runtime = Runtime::new(config).unwrap();
            let empty = Builder::new().compile(&runtime);
            measure(&format!("store alone ({name})"), 1_000, |n| {
                for _ in 0..n {
                    black_box(Store::new(&runtime, false, ()));
                }
            });
            measure(&format!("store and empty instance ({name})"), 1_000, |n| {
                for _ in 0..n {
                    let mut store = Store::new(&runtime, false, ());
                    black_box(store.instantiate(&empty, &[]).unwrap());
                }
            });
            let module = small(&runtime);
            measure(
                &format!("store and one-page instance ({name})"),
                2_000,
                |n| {
                    for _ in 0..n {
                        let mut store = Store::new(&runtime, false, ());
                        black_box(store.instantiate(&module, &[]).unwrap());
                    }
                },
            );
            measure(&format!("the same, called ({name})"), 200, |n| {
                for _ in 0..n {
                    let mut store = Store::new(&runtime, false, ());
                    let instance = store.instantiate(&module, &[]).unwrap();
                    let function = export(&store, instance, 0);
                    let typed = store.typed::<(), ()>(function).unwrap();
                    store.call_typed(typed, ()).unwrap();
                }
            });
        }
    }

    /// One page of memory with some contents, a function, a global.
    fn small(runtime: &Runtime) -> silica_runtime::CompiledModule {
        let mut builder = Builder::new();
        builder.memory(1, None);
        builder.with_code(&[], &[], &[RET]);
        builder.memories = vec![7; 100];
        builder.memory_images = vec![MemoryImage {
            memory: 0,
            address: 0,
            bytes: ByteRange { start: 0, end: 100 },
        }];
        let image = silica_runtime::Image::from_vec(builder.bytes()).unwrap();
        // SAFETY: the code is written by hand to do what the module's types say.
        unsafe { silica_runtime::CompiledModule::new(runtime, image) }.unwrap()
    }
}
