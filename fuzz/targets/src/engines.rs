//! The ways to run a straight-line program, and what each came to.

use silica_contract::layout::Slot;
use silica_contract::settings::{Architecture, ProcessorFeatures, Settings};
use silica_contract::trap::TrapCode;
use silica_module::{Decoded, Features, Limits};
use silica_translate::evaluator::{Evaluation, Evaluator, Outcome};
use silica_translate::{Environment, translate_function};
use wasmparser::{BinaryReader, FuncValidatorAllocations, FunctionBody};

use crate::operators::Type;
use crate::straight_line::Program;

/// How a run of [`Program`] ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ran {
    /// Bits of the results, and of the globals afterwards.
    Returned {
        /// One for each result.
        results: Vec<u128>,
        /// One for each global.
        globals: Vec<u128>,
    },
    /// Why it trapped.
    Trapped(String),
}

/// The program as bytes.
///
/// # Panics
/// Where the generator wrote what is no module.
#[must_use]
pub fn assemble(program: &Program) -> Vec<u8> {
    match wat::parse_str(&program.text) {
        Ok(bytes) => bytes,
        Err(error) => panic!("{error}\n{}", program.text),
    }
}

/// Runs the program on the evaluator.
///
/// # Panics
/// Where the evaluator does not know the result: a straight-line program is always constant.
#[must_use]
pub fn on_evaluator(program: &Program, canonical_nans: bool) -> Ran {
    let bytes = assemble(program);
    let settings = Settings::new(ProcessorFeatures::baseline(Architecture::HOST));
    let Decoded { module, mut bodies } = decode(&bytes, program);
    let environment = Environment::new(&module, &settings);
    let mut evaluator = Evaluator::new(program.arguments.clone());
    if canonical_nans {
        evaluator = evaluator.with_canonical_nans();
    }
    let offsets: Vec<u32> = (0..program.globals.len() as u32)
        .map(|global| match environment.layout.global(global) {
            Slot::Inline(offset) => offset,
            Slot::Pointer(_) => panic!("the program's globals are its own"),
        })
        .collect();
    for (offset, bits) in offsets.iter().zip(&program.globals) {
        evaluator = evaluator.with_field(*offset, *bits);
    }
    let to_validate = bodies.swap_remove(0);
    let range = module.bodies[0].bytes;
    let reader = BinaryReader::new_features(
        &bytes[range.indices()],
        u64::from(range.start),
        to_validate.features,
    );
    let mut validator = to_validate.into_validator(FuncValidatorAllocations::default());
    let body = FunctionBody::new(reader);
    translate_function(&environment, &body, &mut validator, &mut evaluator)
        .unwrap_or_else(|e| panic!("{e}\n{}", program.text));
    let evaluation = evaluator
        .finish_evaluation()
        .unwrap_or_else(|e| panic!("{e}\n{}", program.text));
    ran_of(program, &offsets, evaluation)
}

fn ran_of(program: &Program, offsets: &[u32], evaluation: Evaluation) -> Ran {
    match evaluation.outcome {
        Outcome::Trapped(code) => Ran::Trapped(code.message().to_owned()),
        Outcome::Returned(results) => {
            let globals = (offsets.iter().zip(&program.globals))
                .map(|(offset, before)| *evaluation.written.get(offset).unwrap_or(before))
                .collect();
            let cut = |(bits, ty): (u128, &Type)| bits & (u128::MAX >> (128 - ty.bits()));
            let results = results.into_iter().zip(&program.results).map(cut).collect();
            Ran::Returned { results, globals }
        }
    }
}

fn decode(bytes: &[u8], program: &Program) -> Decoded {
    silica_module::decode(bytes, &Features::default(), &Limits::default())
        .unwrap_or_else(|e| panic!("{e}\n{}", program.text))
}

/// Runs the program on `wasmi`.
///
/// # Panics
/// Where `wasmi` refuses the program.
#[must_use]
pub fn on_wasmi(program: &Program) -> Ran {
    let bytes = assemble(program);
    let mut config = wasmi::Config::default();
    config
        .wasm_simd(true)
        .wasm_relaxed_simd(true)
        .wasm_wide_arithmetic(true);
    let engine = wasmi::Engine::new(&config);
    let module =
        wasmi::Module::new(&engine, &bytes[..]).unwrap_or_else(|e| panic!("{e}\n{}", program.text));
    let mut store = wasmi::Store::new(&engine, ());
    let instance = wasmi::Linker::new(&engine)
        .instantiate_and_start(&mut store, &module)
        .unwrap_or_else(|e| panic!("{e}\n{}", program.text));
    let arguments: Vec<wasmi::Val> = (program.variables.iter().zip(&program.arguments))
        .map(|(ty, bits)| wasmi_value(*ty, *bits))
        .collect();
    let mut results = vec![wasmi::Val::I32(0); program.results.len()];
    let function = instance
        .get_func(&store, "run")
        .expect("the program exports run");
    if let Err(error) = function.call(&mut store, &arguments, &mut results) {
        let code = error
            .as_trap_code()
            .unwrap_or_else(|| panic!("{error}\n{}", program.text));
        return Ran::Trapped(wasmi_trap(code).message().to_owned());
    }
    let globals = (0..program.globals.len())
        .map(|index| {
            let global = instance.get_global(&store, &format!("g{index}"));
            wasmi_bits(&global.expect("the program exports its globals").get(&store))
        })
        .collect();
    Ran::Returned {
        results: results.iter().map(wasmi_bits).collect(),
        globals,
    }
}

/// A value of `wasmi` with these bits.
#[must_use]
pub fn wasmi_value(ty: Type, bits: u128) -> wasmi::Val {
    match ty {
        Type::I32 => wasmi::Val::I32(bits as i32),
        Type::I64 => wasmi::Val::I64(bits as i64),
        Type::F32 => wasmi::Val::F32(wasmi::F32::from_bits(bits as u32)),
        Type::F64 => wasmi::Val::F64(wasmi::F64::from_bits(bits as u64)),
        Type::V128 => wasmi::Val::V128(bits.into()),
    }
}

/// The bits of a value of `wasmi`; of a reference, whether it is null.
#[must_use]
pub fn wasmi_bits(value: &wasmi::Val) -> u128 {
    match value {
        wasmi::Val::I32(value) => (*value as u32).into(),
        wasmi::Val::I64(value) => (*value as u64).into(),
        wasmi::Val::F32(value) => value.to_bits().into(),
        wasmi::Val::F64(value) => value.to_bits().into(),
        wasmi::Val::V128(value) => value.as_u128(),
        wasmi::Val::FuncRef(reference) => u128::from(!reference.is_null()),
        wasmi::Val::ExternRef(reference) => u128::from(!reference.is_null()),
    }
}

/// What `wasmi` calls a trap, in our words.
#[must_use]
pub fn wasmi_trap(code: wasmi::TrapCode) -> TrapCode {
    match code {
        wasmi::TrapCode::UnreachableCodeReached => TrapCode::Unreachable,
        wasmi::TrapCode::MemoryOutOfBounds => TrapCode::MemoryOutOfBounds,
        wasmi::TrapCode::TableOutOfBounds => TrapCode::TableOutOfBounds,
        wasmi::TrapCode::IndirectCallToNull => TrapCode::IndirectCallToNull,
        wasmi::TrapCode::IntegerDivisionByZero => TrapCode::IntegerDivisionByZero,
        wasmi::TrapCode::IntegerOverflow => TrapCode::IntegerOverflow,
        wasmi::TrapCode::BadConversionToInteger => TrapCode::BadConversionToInteger,
        wasmi::TrapCode::StackOverflow => TrapCode::StackOverflow,
        wasmi::TrapCode::BadSignature => TrapCode::BadSignature,
        wasmi::TrapCode::OutOfFuel => TrapCode::OutOfFuel,
        other => panic!("wasmi trapped with {other:?}"),
    }
}
