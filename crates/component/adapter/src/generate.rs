//! The function that a caller calls: check, pass parameters, call, pass the result, clean up.

use silica_component_describe::{
    FlatType, FunctionType, Lift, Options, Plan, Signature, Step, Trampoline,
};
use silica_module::DecodeError;
use wasm_encoder::{
    CodeSection, ExportKind, ExportSection, FunctionSection, Instruction as I, Module,
};

use crate::body::{Body, Register};
use crate::imports::{AdapterImport, AdapterTrap, Imports, Seen, Side, core};
use crate::values::{Place, Values, copy_type};

/// An adapter: a core module that exports `call`.
#[derive(Clone, Debug)]
pub struct Adapter {
    /// The module.
    pub binary: Vec<u8>,
    /// What it imports, in order.
    pub imports: Vec<AdapterImport>,
}

/// Writes the code between the instance `caller`, which has lowered a function of type `ty`, and what was lifted.
///
/// # Errors
/// [`DecodeError::Unsupported`] for values that cannot be passed: futures, streams, types of immense size.
pub fn generate(
    plan: &Plan,
    ty: u32,
    lift: &Lift,
    lower: &Options,
    caller: u32,
) -> Result<Adapter, DecodeError> {
    let ty = plan.types.function(ty);
    let call = Call {
        plan,
        ty,
        lifted: plan.types.lifted_signature(ty),
        lowered: plan.types.lowered_signature(ty),
        has_post_return: lift.options.post_return.is_some(),
        // One inside the other, or the same: by the specification they never call each other.
        is_recursive: plan.are_nested(caller, lift.instance),
        has_scope: plan.types.parameters_layout(ty).has_borrow || uses_context(plan, lift.instance),
        has_memories: [lower.memory.is_some(), lift.options.memory.is_some()],
    };
    let imports = call.imports();
    let mut values = Values::new(&plan.types, &imports);
    let trap = imports.at(AdapterImport::Trap);
    let mut functions = FunctionSection::new();
    let mut code = CodeSection::new();
    code.function(&call.body(&mut values, trap)?.finish());
    let mut written = 0;
    while let Some(&(index, to)) = values.queue.get(written) {
        code.function(&values.copy(index, to, trap)?.finish());
        written += 1;
    }
    let mut imports = imports;
    let own = imports.function_type(core(&call.lowered.params), core(&call.lowered.results));
    functions.function(own);
    let (params, results) = copy_type();
    let copies = imports.function_type(params, results);
    for _ in 0..written {
        functions.function(copies);
    }
    let mut exports = ExportSection::new();
    exports.export("call", ExportKind::Func, imports.functions);
    let mut module = Module::new();
    module
        .section(&imports.types)
        .section(&imports.section)
        .section(&functions)
        .section(&exports)
        .section(&code);
    Ok(Adapter {
        binary: module.finish(),
        imports: imports.list,
    })
}

/// Whether an instance keeps values that belong to a call.
fn uses_context(plan: &Plan, instance: u32) -> bool {
    plan.steps.iter().any(|step| match step {
        Step::Trampoline(Trampoline::Builtin(builtin)) => {
            builtin.instance == instance && builtin.name.starts_with("context.")
        }
        Step::Trampoline(_) | Step::Instantiate { .. } | Step::Resource { .. } => false,
    })
}

struct Call<'a> {
    plan: &'a Plan,
    ty: &'a FunctionType,
    lifted: Signature,
    lowered: Signature,
    has_post_return: bool,
    is_recursive: bool,
    has_scope: bool,
    has_memories: [bool; 2],
}

impl Call<'_> {
    fn imports(&self) -> Imports {
        let mut imports = Imports::default();
        let nothing = Vec::new;
        imports.function(AdapterImport::Trap, core(&[FlatType::I32]), nothing());
        imports.may_leave(Side::Caller);
        if self.is_recursive {
            return imports;
        }
        imports.may_leave(Side::Callee);
        let (params, results) = (core(&self.lifted.params), core(&self.lifted.results));
        imports.function(AdapterImport::Callee, params, results.clone());
        if self.has_post_return {
            imports.function(AdapterImport::PostReturn, results, nothing());
        }
        if self.has_scope {
            imports.function(AdapterImport::Enter, nothing(), nothing());
            imports.function(AdapterImport::Exit, nothing(), nothing());
        }
        let types = &self.plan.types;
        let mut seen = Seen::new();
        for param in &self.ty.params {
            imports.for_value(types, param.ty, Side::Callee, &mut seen);
        }
        if self.lifted.params_in_memory {
            imports.realloc(Side::Callee);
        }
        if let Some(result) = self.ty.result {
            imports.for_value(types, result, Side::Caller, &mut seen);
        }
        if self.lifted.params_in_memory || self.lifted.result_in_memory {
            imports.memory(Side::Caller);
            imports.memory(Side::Callee);
        }
        debug_assert!(
            !imports.list.contains(&AdapterImport::Memory(Side::Caller))
                || self.has_memories == [true; 2],
            "validation has made sure of memories where they are needed"
        );
        imports
    }

    fn body(&self, values: &mut Values<'_>, trap: u32) -> Result<Body, DecodeError> {
        let mut body = Body::new(self.lowered.params.len() as u32, trap);
        let imports = values.imports;
        let caller_flag = imports.at(AdapterImport::MayLeave(Side::Caller));
        body.all([I::GlobalGet(caller_flag), I::I32Eqz]);
        body.trap_if(AdapterTrap::CannotLeave);
        if self.is_recursive {
            body.trap(AdapterTrap::CannotEnter);
            return Ok(body);
        }
        let callee_flag = imports.at(AdapterImport::MayLeave(Side::Callee));
        if self.has_scope {
            body.emit(I::Call(imports.at(AdapterImport::Enter)));
        }
        let calls_callee = imports.list.iter().any(|import| {
            matches!(
                import,
                AdapterImport::Realloc(Side::Callee) | AdapterImport::String { to: Side::Callee }
            )
        });
        if calls_callee {
            body.all([I::I32Const(0), I::GlobalSet(callee_flag)]);
        }
        let arguments = self.parameters(values, &mut body)?;
        if calls_callee {
            body.all([I::I32Const(1), I::GlobalSet(callee_flag)]);
        }
        body.all(arguments.iter().map(|argument| I::LocalGet(argument.local)));
        body.emit(I::Call(imports.at(AdapterImport::Callee)));
        let results: Vec<Register> = self
            .lifted
            .results
            .iter()
            .map(|ty| body.register(*ty))
            .collect();
        body.all(results.iter().rev().map(|result| I::LocalSet(result.local)));
        if self.has_scope {
            body.emit(I::Call(imports.at(AdapterImport::Exit)));
        }
        let given = self.result(values, &mut body, &results, caller_flag)?;
        if self.has_post_return {
            body.all([I::I32Const(0), I::GlobalSet(callee_flag)]);
            body.all(results.iter().map(|result| I::LocalGet(result.local)));
            body.emit(I::Call(imports.at(AdapterImport::PostReturn)));
            body.all([I::I32Const(1), I::GlobalSet(callee_flag)]);
        }
        body.all(given.iter().map(|register| I::LocalGet(register.local)));
        Ok(body)
    }

    /// Passes the parameters; gives the callee's arguments.
    fn parameters(
        &self,
        values: &mut Values<'_>,
        body: &mut Body,
    ) -> Result<Vec<Register>, DecodeError> {
        let types = self.ty.params.iter().map(|param| param.ty);
        if !self.lifted.params_in_memory {
            let from: Vec<Register> = (0..)
                .zip(&self.lowered.params)
                .map(|(local, ty)| Register { local, ty: *ty })
                .collect();
            let into: Vec<Register> = self
                .lifted
                .params
                .iter()
                .map(|ty| body.register(*ty))
                .collect();
            let mut at = 0;
            for ty in types {
                let flat = self.plan.types.layout(ty).flat;
                let end = at + flat.types().map_or(0, <[FlatType]>::len);
                values.flat(body, ty, Side::Callee, &from[at..end], &into[at..end])?;
                at = end;
            }
            return Ok(into);
        }
        let layout = self.plan.types.parameters_layout(self.ty);
        self.check_pointer(values, body, 0, (layout.size, layout.align), Side::Caller);
        let copy = body.register(FlatType::I32);
        body.all([
            I::I32Const(0),
            I::I32Const(0),
            I::I32Const(layout.align as i32),
            I::I32Const(layout.size as i32),
            I::Call(values.imports.at(AdapterImport::Realloc(Side::Callee))),
            I::LocalSet(copy.local),
        ]);
        let size_and_align = (layout.size, layout.align);
        self.check_pointer(values, body, copy.local, size_and_align, Side::Callee);
        values.sequence(
            body,
            types,
            Side::Callee,
            Place {
                local: 0,
                offset: 0,
            },
            Place {
                local: copy.local,
                offset: 0,
            },
        )?;
        Ok(vec![copy])
    }

    /// Passes the result; gives what the caller gets in registers.
    fn result(
        &self,
        values: &mut Values<'_>,
        body: &mut Body,
        results: &[Register],
        caller_flag: u32,
    ) -> Result<Vec<Register>, DecodeError> {
        let Some(ty) = self.ty.result else {
            return Ok(Vec::new());
        };
        if !self.lifted.result_in_memory {
            let into: Vec<Register> = results.iter().map(|r| body.register(r.ty)).collect();
            values.flat(body, ty, Side::Caller, results, &into)?;
            return Ok(into);
        }
        let layout = self.plan.types.layout(ty);
        let size_and_align = (layout.size, layout.align);
        let from = results[0].local;
        // The last parameter says where the result goes.
        let into = self.lowered.params.len() as u32 - 1;
        self.check_pointer(values, body, from, size_and_align, Side::Callee);
        self.check_pointer(values, body, into, size_and_align, Side::Caller);
        body.all([I::I32Const(0), I::GlobalSet(caller_flag)]);
        let at = |local| Place { local, offset: 0 };
        values.memory_value(body, ty, Side::Caller, at(from), at(into))?;
        body.all([I::I32Const(1), I::GlobalSet(caller_flag)]);
        Ok(Vec::new())
    }

    fn check_pointer(
        &self,
        values: &Values<'_>,
        body: &mut Body,
        local: u32,
        (size, align): (u64, u32),
        side: Side,
    ) {
        body.check_aligned(local, align);
        body.emit(I::I64Const(size as i64));
        let memory = values.imports.at(AdapterImport::Memory(side));
        body.check_bounds(local, memory, AdapterTrap::PointerOutOfBounds);
    }
}
