//! The IR's names for our types, traps and signatures.

use cranelift_codegen::{
    ir::{
        self, AbiParam, Signature,
        types::{self, Type},
    },
    isa::CallConv,
};
use silica_contract::{abi, trap::TrapCode};
use silica_module::FunctionType;
use silica_operator::{IntType, MachineType};

/// The IR's type of a value.
pub(super) fn ir_type(ty: MachineType) -> Type {
    match ty {
        MachineType::I32 | MachineType::Object => types::I32,
        MachineType::I64 | MachineType::Reference => types::I64,
        MachineType::F32 => types::F32,
        MachineType::F64 => types::F64,
        MachineType::V128 => types::I8X16,
    }
}

pub(super) fn int_type(ty: IntType) -> Type {
    match ty {
        IntType::I32 => types::I32,
        IntType::I64 => types::I64,
    }
}

pub(super) fn trap_code(code: TrapCode) -> ir::TrapCode {
    ir::TrapCode::unwrap_user(code as u8)
}

pub(super) fn results_fit(ty: &FunctionType) -> bool {
    abi::results_fit_registers(ty.results.iter().map(|r| r.machine()))
}

/// The signature of a function, as [`silica_contract::abi`] says.
pub(super) fn signature_of(ty: &FunctionType) -> Signature {
    let mut signature = Signature::new(CallConv::Tail);
    let fits = results_fit(ty);
    let pointers = abi::CONTEXT_ARGUMENTS as usize + usize::from(!fits);
    signature.params = std::iter::repeat_n(types::I64, pointers)
        .chain(ty.params.iter().map(|p| ir_type(p.machine())))
        .map(AbiParam::new)
        .collect();
    if fits {
        let results = ty.results.iter().map(|r| ir_type(r.machine()));
        signature.returns = results.map(AbiParam::new).collect();
    }
    signature
}
