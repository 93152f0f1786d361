//! What the validator knows of an operand that is about to be cast, so that less has to be asked when the program runs.

use wasmparser::{
    AbstractHeapType, FuncValidator, HeapType, Operator, RefType, ValType, ValidatorResources,
    WasmModuleResources,
};

/// What is known of an operand when it is cast.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    /// It may be null.
    pub(crate) nullable: bool,
    /// It may be an `i31`.
    pub(crate) i31: bool,
    /// It may be a value of the host.
    pub(crate) host: bool,
    /// Whatever it is but null, it is of the type that is asked for.
    pub(crate) matches: bool,
}

impl Default for Known {
    /// Nothing.
    fn default() -> Known {
        Known {
            nullable: true,
            i31: true,
            host: true,
            matches: false,
        }
    }
}

/// The type that an operator asks about, if it is a cast or a test.
pub(crate) fn cast_target(operator: &Operator<'_>) -> Option<HeapType> {
    match *operator {
        Operator::RefTestNonNull { hty }
        | Operator::RefTestNullable { hty }
        | Operator::RefCastNonNull { hty }
        | Operator::RefCastNullable { hty } => Some(hty),
        Operator::BrOnCast { to_ref_type, .. } | Operator::BrOnCastFail { to_ref_type, .. } => {
            Some(to_ref_type.heap_type())
        }
        _ => None,
    }
}

/// What the validator knows of the topmost operand.
pub(crate) fn known(validator: &FuncValidator<ValidatorResources>, mut target: HeapType) -> Known {
    let Some(Some(ValType::Ref(found))) = validator.get_operand_type(0) else {
        return Known::default();
    };
    let resources = validator.resources();
    let matches = resources.check_heap_type(&mut target, 0).is_ok()
        && RefType::new(false, target)
            .is_some_and(|target| resources.is_subtype(found.as_non_null().into(), target.into()));
    let (any, eq) = match found.heap_type() {
        HeapType::Abstract { ty, .. } => (
            ty == AbstractHeapType::Any,
            matches!(ty, AbstractHeapType::Eq | AbstractHeapType::I31),
        ),
        HeapType::Concrete(_) | HeapType::Exact(_) => (false, false),
    };
    Known {
        nullable: found.is_nullable(),
        i31: any || eq,
        host: any,
        matches,
    }
}
