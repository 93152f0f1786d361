//! Validating function bodies without translating them.

use wasmparser::{BinaryReader, FuncValidatorAllocations, FunctionBody as Body, Operator};

use crate::{
    BodyToValidate, DecodeError, Decoded, Features, FunctionBody, Limits, Module, decode, names,
};

/// The first byte of `br_table`, and of no other operator.
const BR_TABLE: u8 = 0x0e;

/// Decodes a module and validates its bodies too, one after the other on this thread.
///
/// # Errors
/// [`DecodeError`] of the first thing that is wrong.
pub fn validate(bytes: &[u8], features: &Features, limits: &Limits) -> Result<Module, DecodeError> {
    let Decoded { module, bodies, .. } = decode(bytes, features, limits)?;
    let mut allocations = FuncValidatorAllocations::default();
    for (body, validates) in module.bodies.iter().zip(&bodies) {
        allocations = validate_body(bytes, &module, *body, validates, limits, allocations)?;
    }
    Ok(module)
}

/// Validates one body. Gives the allocations back for the next one.
///
/// # Errors
/// [`DecodeError`], with the function's name where it has one.
pub fn validate_body(
    bytes: &[u8],
    module: &Module,
    body: FunctionBody,
    validates: &BodyToValidate,
    limits: &Limits,
    allocations: FuncValidatorAllocations,
) -> Result<FuncValidatorAllocations, DecodeError> {
    let index = validates.index;
    let error = |e: &wasmparser::Error| {
        let name = names::function_name(bytes, module.names, index);
        DecodeError::in_function(e, index, name)
    };
    let code = &bytes[body.bytes.indices()];
    let mut reader = Body::new(BinaryReader::new_features(
        code,
        u64::from(body.bytes.start),
        validates.features,
    ))
    .get_binary_reader();
    let validates = BodyToValidate {
        resources: validates.resources.clone(),
        index: validates.index,
        ty: validates.ty,
        features: validates.features,
    };
    let mut validator = validates.into_validator(allocations);
    validator.read_locals(&mut reader).map_err(|e| error(&e))?;
    while !reader.eof() {
        let offset = reader.original_position();
        let at = (offset - u64::from(body.bytes.start)) as usize;
        // Only this one is decoded twice.
        if code.get(at) == Some(&BR_TABLE)
            && let Operator::BrTable { targets } = reader
                .peek_operator(&validator.visitor(offset))
                .map_err(|e| error(&e))?
        {
            let limit = limits.br_table_targets;
            Limits::check("targets of br_table", targets.len().into(), limit, offset)?;
        }
        let mut visitor = validator.visitor(offset);
        reader
            .visit_operator(&mut visitor)
            .and_then(|result| result)
            .map_err(|e| error(&e))?;
        drop(visitor);
        let depth = u64::from(validator.control_stack_height());
        Limits::check("nested blocks", depth, limits.nesting, offset)?;
    }
    let end = reader.original_position();
    reader
        .finish_expression(&validator.visitor(end))
        .map_err(|e| error(&e))?;
    Ok(validator.into_allocations())
}
