//! A module with objects and exceptions behaves here as it does on V8.

use std::sync::atomic::{AtomicUsize, Ordering};

use arbitrary::{Result, Unstructured};
use silica_engine::{ExternType, HeapType, Module, ValType};

use crate::compare::{CALLS_MAX, TURNS, arguments};
use crate::engines::{Answer, EngineKind, V8, engine, memory_digest, trap_class, v8};
use crate::modules::{Purpose, generate};
use crate::operators::Type;
use crate::sessions::{Session, SilicaSession, State, Stop};

/// Calls that were compared, by this process.
pub static COMPARED: AtomicUsize = AtomicUsize::new(0);

/// Makes a module of the bytes, and calls of what it exports.
pub(super) fn run(bytes: &[u8]) {
    if let Ok(v8) = &mut *v8() {
        // Running out of bytes ends the run.
        let _ = compare(v8, &mut Unstructured::new(bytes));
    }
}

fn compare(v8: &mut V8, choices: &mut Unstructured<'_>) -> Result<()> {
    let kind = *choices.choose(&[EngineKind::Default, EngineKind::OnePass])?;
    if !kind.is_here() {
        return Ok(());
    }
    let mut module = generate(choices, Purpose::V8)?;
    if module.ensure_termination(TURNS).is_err() {
        return Ok(());
    }
    let bytes = module.to_bytes();
    let exports = Exports::of(&bytes, kind);
    let ours = SilicaSession::new(&bytes, kind);
    let theirs = v8.instantiate(&bytes);
    let Some(mut ours) = same_start(ours, &theirs) else {
        return Ok(());
    };
    for function in exports.functions.iter().take(CALLS_MAX) {
        let mut arguments = arguments(choices, &function.types)?;
        for (ty, bits) in arguments.iter_mut().flatten() {
            *bits = seen(name_of(*ty), *bits);
        }
        let ours_gave = match ours.call(&function.name, &arguments) {
            Ok(values) => {
                let values = function.results.iter().zip(values);
                let values = values.map(|(ty, bits)| format!("{:x}", seen(ty, bits)));
                Answer::Values(values.collect())
            }
            Err(stop) => match answer_of(stop) {
                Some(answer) => answer,
                None => return Ok(()),
            },
        };
        let passed: Vec<(&str, u128)> = (function.params.iter().zip(&arguments))
            .map(|(ty, argument)| (*ty, argument.map_or(0, |(_, bits)| bits)))
            .collect();
        let theirs_gave = v8.call(&function.name, &passed, &function.results);
        if let Answer::Limit(_) = theirs_gave {
            return Ok(());
        }
        let name = &function.name;
        assert_eq!(
            ours_gave, theirs_gave,
            "{name} {arguments:x?}: ours (left), V8 (right)"
        );
        let state = exports.seen(&ours.state());
        match v8.look(&exports.looked_at()) {
            Answer::Limit(_) => return Ok(()),
            theirs => assert_eq!(state, theirs, "after {name}: ours (left), V8 (right)"),
        }
        COMPARED.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// The instance here, if there is one in both engines.
fn same_start(
    ours: std::result::Result<SilicaSession, Stop>,
    theirs: &Answer,
) -> Option<SilicaSession> {
    match (ours, theirs) {
        (_, Answer::Limit(_)) => None,
        (Ok(ours), Answer::Values(_)) => Some(ours),
        (Ok(_), theirs) => panic!("it can be instantiated here, and on V8: {theirs:?}"),
        (Err(stop), theirs) => {
            let ours = answer_of(stop)?;
            assert_eq!(ours, *theirs, "instantiation: ours (left), V8 (right)");
            None
        }
    }
}

/// `None` where a limit of ours was met.
fn answer_of(stop: Stop) -> Option<Answer> {
    match stop {
        Stop::Exception => Some(Answer::Exception),
        Stop::Room => None,
        Stop::Trap(code) => trap_class(code).map(Answer::Trap),
    }
}

/// A function that JavaScript can call.
struct Function {
    name: String,
    types: Vec<Option<Type>>,
    params: Vec<&'static str>,
    results: Vec<&'static str>,
}

/// What a module exports, in the order of the names; of globals and tables, what JavaScript can look into.
#[derive(Default)]
struct Exports {
    functions: Vec<Function>,
    /// Name, and type where JavaScript sees the value.
    globals: Vec<(String, Option<&'static str>)>,
    memories: Vec<String>,
    /// Name, type of the index, and whether JavaScript sees the elements.
    tables: Vec<(String, &'static str, bool)>,
}

impl Exports {
    fn of(bytes: &[u8], kind: EngineKind) -> Exports {
        let module = Module::new(engine(kind), bytes).unwrap_or_else(|e| panic!("{e:#}"));
        let mut all: Vec<(String, ExternType)> = module
            .exports()
            .map(|export| (export.name().to_owned(), export.ty()))
            .collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        let mut exports = Exports::default();
        for (name, ty) in all {
            match ty {
                ExternType::Func(ty) => {
                    let null = |ty: &ValType| !matches!(ty, ValType::Ref(ty) if !ty.is_nullable());
                    let (params, results) = (
                        ty.params().map(|ty| visible(&ty)),
                        ty.results().map(|ty| visible(&ty)),
                    );
                    if let (Some(params), Some(results)) = (params.collect(), results.collect())
                        && ty.params().all(|ty| null(&ty))
                    {
                        let types = ty.params().map(|ty| type_of(&ty)).collect();
                        exports.functions.push(Function {
                            name,
                            types,
                            params,
                            results,
                        });
                    }
                }
                ExternType::Global(ty) => exports.globals.push((name, visible(ty.content()))),
                ExternType::Memory(_) => exports.memories.push(name),
                ExternType::Table(ty) => {
                    let index = if ty.is_64() { "i64" } else { "i32" };
                    let element = ValType::Ref(ty.element().clone());
                    exports
                        .tables
                        .push((name, index, visible(&element).is_some()));
                }
                ExternType::Tag(_) => {}
            }
        }
        exports
    }

    /// What V8 is asked to look at.
    fn looked_at(&self) -> Vec<(&str, &str, &str)> {
        let globals = self.globals.iter();
        let globals = globals.filter_map(|(name, ty)| Some(("global", name.as_str(), (*ty)?)));
        let memories = self
            .memories
            .iter()
            .map(|name| ("memory", name.as_str(), ""));
        let tables = self.tables.iter().filter(|(_, _, visible)| *visible);
        let tables = tables.map(|(name, index, _)| ("table", name.as_str(), *index));
        globals.chain(memories).chain(tables).collect()
    }

    /// The same of an instance here.
    fn seen(&self, state: &State) -> Answer {
        let globals = self.globals.iter().zip(&state.globals);
        let globals =
            globals.filter_map(|((_, ty), bits)| Some(format!("{:x}", seen((*ty)?, *bits))));
        let memories = state.memories.iter().map(|bytes| memory_digest(bytes));
        let tables = self.tables.iter().zip(&state.tables);
        let tables = tables
            .filter(|((_, _, visible), _)| *visible)
            .map(|(_, elements)| {
                let there = elements.iter().map(|there| if *there { '1' } else { '0' });
                format!("{}:{}", elements.len(), there.collect::<String>())
            });
        Answer::Values(globals.chain(memories).chain(tables).collect())
    }
}

/// What JavaScript calls a type whose values it sees.
fn visible(ty: &ValType) -> Option<&'static str> {
    match ty {
        ValType::Ref(ty) => match ty.heap_type().top() {
            HeapType::Exn => None,
            _ => Some("ref"),
        },
        ValType::V128 => None,
        ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64 => type_of(ty).map(name_of),
    }
}

fn type_of(ty: &ValType) -> Option<Type> {
    match ty {
        ValType::I32 => Some(Type::I32),
        ValType::I64 => Some(Type::I64),
        ValType::F32 => Some(Type::F32),
        ValType::F64 => Some(Type::F64),
        ValType::V128 => Some(Type::V128),
        ValType::Ref(_) => None,
    }
}

fn name_of(ty: Type) -> &'static str {
    match ty {
        Type::I32 => "i32",
        Type::I64 => "i64",
        Type::F32 => "f32",
        Type::F64 => "f64",
        Type::V128 => "v128",
    }
}

/// The bits as JavaScript has them: one NaN of each type.
fn seen(ty: &str, bits: u128) -> u128 {
    match ty {
        "f32" if f32::from_bits(bits as u32).is_nan() => 0x7fc0_0000,
        "f64" if f64::from_bits(bits as u64).is_nan() => 0x7ff8_0000_0000_0000,
        _ => bits,
    }
}
