//! On `wasmi`, an interpreter that others wrote.

use silica_contract::trap::TrapCode;

use super::{Ran, assemble};
use crate::operators::Type;
use crate::straight_line::Program;

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
