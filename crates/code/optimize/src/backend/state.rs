//! The state of a function that is being made: its open bodies, its locals, what was declared.
//!
//! What is emitted for an operator is beside this file; inlining is here only as far as it is state.

use std::collections::HashMap;

use cranelift_codegen::{
    ir::{
        self, BlockArg, BlockCall, InstBuilder, MemFlagsData, StackSlotData, StackSlotKind,
        types::{self, Type},
    },
    isa::TargetFrontendConfig,
};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext, Variable};
use silica_contract::abi;
use silica_module::FunctionType;
use silica_operator::MachineType;
use silica_translate::BranchTarget;

use super::{
    region,
    types::{ir_type, results_fit, signature_of},
};
use crate::{Error, Target, input::FunctionInput};

/// Where locals times bytes of the body are more than this, locals live in memory: Cranelift's
/// construction of SSA form may need a word for each local in each block.
const SSA_LOCALS_TIMES_BYTES_MAX: u64 = 1 << 28;

/// Bytes of bodies that any function may take in, whatever its own size.
const BUDGET_MIN: u32 = 1000;
/// Bytes that a function may take in, at most.
const BUDGET_MAX: u32 = 20_000;

/// Bytes of bodies that a function of so many bytes may take in.
fn budget(body_bytes: u32) -> u32 {
    (body_bytes / 2).clamp(BUDGET_MIN, BUDGET_MAX)
}

/// A value of a function that is being made.
#[derive(Clone, Copy, Debug)]
pub struct Operand {
    pub(super) value: ir::Value,
    /// It is the 8-bit outcome of a comparison, standing for an `i32`.
    pub(super) flag: bool,
}

impl Operand {
    pub(super) fn plain(value: ir::Value) -> Operand {
        Operand { value, flag: false }
    }

    pub(super) fn flag(value: ir::Value) -> Operand {
        Operand { value, flag: true }
    }
}

/// Where bodies to inline come from.
pub trait InlineSource {
    /// Bytes of the body of this function (an index of the function index space), if it may be inlined at all.
    fn inline_bytes(&self, function: u32) -> Option<u32>;

    /// Translates the body of this function with `backend`. False if it is not valid.
    fn translate(&self, function: u32, backend: &mut CraneliftBackend<'_>) -> bool;
}

/// Where a body in place of a call goes on.
pub(super) struct Join {
    /// The block after the call, made for the first return that is not the body's last.
    pub(super) block: Option<ir::Block>,
    /// Results of a return that has not been written yet: if nothing follows, it needs no jump.
    pub(super) pending: Option<Vec<ir::Value>>,
    pub(super) ty: FunctionType,
}

/// Where a frame's locals are.
pub(super) enum Locals {
    /// Each an SSA variable.
    Variables(Vec<Variable>),
    /// Each in 16 bytes of a stack slot.
    Memory(ir::StackSlot, Vec<Type>),
}

/// A body that is being translated: the function's own, or one put in place of a call.
pub(super) struct Frame {
    pub(super) function: u32,
    pub(super) locals: Locals,
    pub(super) exit: Exit,
}

/// What a return of a frame does.
pub(super) enum Exit {
    /// Returns; where the results do not fit in registers, after writing them to this area.
    Return(Option<ir::Value>),
    /// Goes on after the call that the body replaces.
    Join(Join),
}

/// The Cranelift backend, for one function.
pub struct CraneliftBackend<'a> {
    pub(super) builder: FunctionBuilder<'a>,
    pub(super) target: &'a Target,
    pub(super) input: FunctionInput,
    pub(super) inliner: Option<&'a dyn InlineSource>,
    pub(super) inline_budget: u32,
    /// Open bodies, the function's own first.
    pub(super) frames: Vec<Frame>,
    /// The function whose body is about to begin in place of a call, and its arguments.
    pub(super) inline_arguments: Option<(u32, Vec<ir::Value>)>,
    pub(super) context: ir::Value,
    pub(super) regions: [ir::AliasRegion; region::REGIONS],
    pub(super) signatures: HashMap<FunctionType, ir::SigRef>,
    pub(super) functions: HashMap<u32, ir::FuncRef>,
    pub(super) builtins: HashMap<(usize, bool), ir::SigRef>,
    pub(super) failure: Option<Error>,
}

impl<'a> CraneliftBackend<'a> {
    pub(crate) fn new(
        target: &'a Target,
        function: &'a mut ir::Function,
        builder_context: &'a mut FunctionBuilderContext,
        inliner: Option<&'a dyn InlineSource>,
        input: FunctionInput,
    ) -> CraneliftBackend<'a> {
        let regions = region::make_regions(function);
        CraneliftBackend {
            builder: FunctionBuilder::new(function, builder_context),
            target,
            input,
            inliner,
            inline_budget: budget(input.body_bytes),
            frames: Vec::new(),
            inline_arguments: None,
            context: ir::Value::from_u32(0),
            regions,
            signatures: HashMap::new(),
            functions: HashMap::new(),
            builtins: HashMap::new(),
            failure: None,
        }
    }

    /// Ends the construction.
    pub(crate) fn complete(self, config: TargetFrontendConfig) -> Result<(), Error> {
        match self.failure {
            // The builder's context is not clean then; the workspace makes a new one.
            Some(error) => Err(error),
            None => {
                self.builder.finalize(config);
                Ok(())
            }
        }
    }

    pub(super) fn frame(&self) -> &Frame {
        self.frames
            .last()
            .expect("`begin` opens a frame and `finish` is last")
    }

    pub(super) fn ins(&mut self) -> cranelift_frontend::FuncInstBuilder<'_, 'a> {
        self.builder.ins()
    }

    pub(super) fn type_of(&self, value: ir::Value) -> Type {
        self.builder.func.dfg.value_type(value)
    }

    /// The value in the form that crosses blocks: integers at full width, vectors as bytes.
    pub(super) fn canonical(&mut self, operand: Operand) -> ir::Value {
        let value = self.scalar(operand);
        let ty = self.type_of(value);
        if ty.is_vector() && ty != types::I8X16 {
            return self.lanes(value, types::I8X16);
        }
        value
    }

    /// The value of a scalar operand.
    pub(super) fn scalar(&mut self, operand: Operand) -> ir::Value {
        if operand.flag {
            self.ins().uextend(types::I32, operand.value)
        } else {
            operand.value
        }
    }

    /// A vector seen with lanes of another type.
    pub(super) fn lanes(&mut self, value: ir::Value, ty: Type) -> ir::Value {
        if self.type_of(value) == ty {
            return value;
        }
        let flags = MemFlagsData::new().with_endianness(ir::Endianness::Little);
        self.ins().bitcast(ty, flags, value)
    }

    pub(super) fn zero(&mut self, ty: Type) -> ir::Value {
        match ty {
            types::F32 => self.ins().f32const(0.0),
            types::F64 => self.ins().f64const(0.0),
            types::I8X16 => {
                let handle = self.builder.func.dfg.constants.insert([0; 16][..].into());
                self.ins().vconst(types::I8X16, handle)
            }
            _ => self.ins().iconst(ty, 0),
        }
    }

    pub(super) fn block_arguments(&mut self, arguments: Vec<Operand>) -> Vec<BlockArg> {
        arguments
            .into_iter()
            .map(|a| BlockArg::Value(self.canonical(a)))
            .collect()
    }

    pub(super) fn block_call(&mut self, target: BranchTarget<ir::Block, Operand>) -> BlockCall {
        let arguments = self.block_arguments(target.arguments);
        let pool = &mut self.builder.func.dfg.value_lists;
        BlockCall::new(target.block, arguments, pool)
    }

    /// Opens the function's own body: its entry block and parameters.
    pub(super) fn open_function(&mut self, ty: &FunctionType) -> (Vec<ir::Value>, Exit) {
        self.builder.func.signature = signature_of(ty);
        let entry = self.builder.create_block();
        self.builder.append_block_params_for_function_params(entry);
        self.builder.switch_to_block(entry);
        self.builder.seal_block(entry);
        let params = self.builder.block_params(entry).to_vec();
        self.context = params[0];
        let fits = results_fit(ty);
        let first = abi::CONTEXT_ARGUMENTS as usize + usize::from(!fits);
        let area = (!fits).then(|| params[first - 1]);
        (params[first..].to_vec(), Exit::Return(area))
    }

    pub(super) fn declare_locals(
        &mut self,
        params: &[ir::Value],
        locals: &[MachineType],
    ) -> Locals {
        let count = (params.len() + locals.len()) as u64;
        let declared = locals.iter().map(|l| ir_type(*l));
        if count * u64::from(self.input.body_bytes) > SSA_LOCALS_TIMES_BYTES_MAX {
            return self.locals_in_memory(params, declared.collect());
        }
        let mut variables = Vec::with_capacity(count as usize);
        for param in params {
            let variable = self.builder.declare_var(self.type_of(*param));
            self.builder.def_var(variable, *param);
            variables.push(variable);
        }
        let mut zero: Option<(Type, ir::Value)> = None;
        for ty in declared {
            let value = match zero {
                Some((last, value)) if last == ty => value,
                _ => self.zero(ty),
            };
            zero = Some((ty, value));
            let variable = self.builder.declare_var(ty);
            self.builder.def_var(variable, value);
            variables.push(variable);
        }
        Locals::Variables(variables)
    }

    pub(super) fn locals_in_memory(&mut self, params: &[ir::Value], declared: Vec<Type>) -> Locals {
        let mut types: Vec<Type> = params.iter().map(|p| self.type_of(*p)).collect();
        let slot = self.builder.create_sized_stack_slot(StackSlotData::new(
            StackSlotKind::ExplicitSlot,
            (types.len() + declared.len()) as u32 * 16,
            4,
        ));
        for (index, param) in params.iter().enumerate() {
            self.builder
                .ins()
                .stack_store(types::I64, *param, slot, index as i32 * 16);
        }
        for (index, ty) in declared.iter().enumerate() {
            let zero = self.zero(*ty);
            let at = (params.len() + index) as i32 * 16;
            self.builder.ins().stack_store(types::I64, zero, slot, at);
        }
        types.extend(declared);
        Locals::Memory(slot, types)
    }
}
