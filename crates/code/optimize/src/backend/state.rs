//! The state of a function that is being made: its open bodies, its locals, what was declared.
//!
//! What is emitted for an operator is beside this file; inlining is here only as far as it is state.

use std::collections::{HashMap, HashSet};

use cranelift_codegen::{
    cursor::{Cursor, FuncCursor},
    ir::{
        self, BlockArg, InstBuilder, MemFlagsData, StackSlotData, StackSlotKind,
        types::{self, Type},
    },
    isa::TargetFrontendConfig,
};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext, Variable};
use silica_contract::{
    abi,
    artefact::{InlinedPlace, Place},
    builtin::BuiltinResult,
    call_sites::SLOT_BYTES,
};
use silica_module::FunctionType;
use silica_operator::MachineType;

use super::{
    region,
    types::{ir_type, results_fit, signature_of},
};
use crate::{Error, Target, input::FunctionInput};

/// Where locals times edges of control flow are more than this, locals live in memory: in SSA form, each local may
/// cross each edge. So much is allowed anyway, and so much for each byte of the body.
const SSA_VALUES_FREE: u64 = 1 << 18;
const SSA_VALUES_PER_BYTE: u64 = 64;

/// The same of locals that are objects: each may need an entry in the stack map of each call.
const SSA_OBJECTS_TIMES_BYTES_MAX: u64 = 1 << 24;

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
    /// Each at a place of a stack slot.
    Memory(ir::StackSlot, Vec<(MachineType, i32)>),
}

/// References that lie in a row in a stack slot from the function's first call to its last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ObjectsInMemory {
    pub(crate) slot: ir::StackSlot,
    /// Bytes from the slot's start to the first.
    pub(crate) offset: u32,
    pub(crate) count: u32,
    /// They are locals of a body in place of a call: nothing has written them when the function begins.
    inlined: bool,
}

/// How a function is entered at a loop.
pub(super) struct Entrance {
    /// The block that goes to the loop's header, empty so far.
    pub(super) block: ir::Block,
    /// The address of what is passed.
    pub(super) passed: ir::Value,
    /// How many locals the function has itself.
    pub(super) locals: u32,
    /// The types of the others.
    pub(super) added: Vec<MachineType>,
    /// Whether the loop has come.
    pub(super) is_connected: bool,
}

/// A body that is being translated: the function's own, or one put in place of a call.
pub(super) struct Frame {
    pub(super) function: u32,
    pub(super) locals: Locals,
    pub(super) exit: Exit,
    /// Where exceptions go that leave the body: out of the function, or to the handler of the call that it replaces.
    pub(super) handler: Option<ir::Block>,
    /// The call in whose place it is.
    pub(super) called_at: Option<Place>,
}

/// A call in whose place a body is about to begin.
pub(super) struct InlinedCall {
    pub(super) function: u32,
    pub(super) arguments: Vec<ir::Value>,
    pub(super) handler: Option<ir::Block>,
    pub(super) called_at: Option<Place>,
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
    pub(super) inlined_call: Option<InlinedCall>,
    /// The operators of bodies in place of calls.
    pub(super) inlined: Vec<InlinedPlace>,
    /// Blocks that exceptions go on in.
    pub(super) handlers: HashSet<ir::Block>,
    objects_in_memory: Vec<ObjectsInMemory>,
    /// Where the function is entered at a loop: the block that goes there, and what is passed.
    pub(super) entrance: Option<Entrance>,
    pub(super) context: ir::Value,
    pub(super) regions: [ir::AliasRegion; region::REGIONS],
    pub(super) signatures: HashMap<FunctionType, ir::SigRef>,
    pub(super) functions: HashMap<u32, ir::FuncRef>,
    pub(super) builtins: HashMap<(usize, Option<BuiltinResult>), ir::SigRef>,
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
            inlined_call: None,
            inlined: Vec::new(),
            handlers: HashSet::new(),
            objects_in_memory: Vec::new(),
            entrance: None,
            context: ir::Value::from_u32(0),
            regions,
            signatures: HashMap::new(),
            functions: HashMap::new(),
            builtins: HashMap::new(),
            failure: None,
        }
    }

    /// Ends the construction; gives the references that lie in memory.
    pub(crate) fn complete(
        mut self,
        config: TargetFrontendConfig,
    ) -> Result<(Vec<ObjectsInMemory>, Vec<InlinedPlace>), Error> {
        let has_entrance = self.entrance.as_ref().is_none_or(|e| e.is_connected);
        if self.failure.is_none() && !has_entrance {
            self.failure = Some(Error::Refused(
                "the loop to enter it at is not reached".into(),
            ));
        }
        if let Some(error) = self.failure {
            // The builder's context is not clean then; the workspace makes a new one.
            return Err(error);
        }
        let objects = std::mem::take(&mut self.objects_in_memory);
        clear_inlined(self.builder.func, &objects);
        self.builder.finalize(config);
        Ok((objects, self.inlined))
    }

    pub(super) fn frame(&self) -> &Frame {
        self.frames
            .last()
            .expect("`begin` opens a frame and `finish` is last")
    }

    pub(super) fn ins(&mut self) -> cranelift_frontend::FuncInstBuilder<'_, 'a> {
        self.builder.ins()
    }

    /// A value, made known to the collector if it is a reference to an object.
    pub(super) fn known(&mut self, ty: MachineType, value: ir::Value) -> ir::Value {
        if ty == MachineType::Object {
            self.builder.declare_value_needs_stack_map(value);
        }
        value
    }

    /// Gives a block another parameter.
    pub(super) fn append_param(&mut self, block: ir::Block, ty: MachineType) {
        let param = self.builder.append_block_param(block, ir_type(ty));
        self.known(ty, param);
    }

    pub(super) fn type_of(&self, value: ir::Value) -> Type {
        self.builder.func.dfg.value_type(value)
    }

    /// The bits of an integer that is a constant.
    pub(super) fn constant_bits(&self, value: ir::Value) -> Option<u64> {
        let dfg = &self.builder.func.dfg;
        match dfg.insts[dfg.value_def(value).inst()?] {
            ir::InstructionData::UnaryImm {
                opcode: ir::Opcode::Iconst,
                imm,
            } => Some(match dfg.value_type(value) {
                types::I32 => u64::from(imm.bits() as u32),
                _ => imm.bits() as u64,
            }),
            _ => None,
        }
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

    /// Opens a body: the function's own, or one in place of a call.
    pub(super) fn open_body(&mut self, ty: &FunctionType, locals: &[MachineType], edges: u64) {
        let (params, exit, function, handler, called_at) = match self.inlined_call.take() {
            Some(call) => {
                let exit = Exit::Join(Self::open_inlined(ty));
                let InlinedCall {
                    function,
                    handler,
                    called_at,
                    ..
                } = call;
                (call.arguments, exit, function, handler, called_at)
            }
            None if self.input.entrance.is_some() => return self.open_at_loop(ty, locals, edges),
            None => {
                let (params, exit) = self.open_function(ty);
                (params, exit, self.input.function, None, None)
            }
        };
        let locals = self.declare_locals(ty, &params, locals, edges);
        self.frames.push(Frame {
            function,
            locals,
            exit,
            handler,
            called_at,
        });
    }

    /// Opens the function's own body: its entry block and parameters.
    fn open_function(&mut self, ty: &FunctionType) -> (Vec<ir::Value>, Exit) {
        let params = self.open_entry(signature_of(ty));
        let fits = results_fit(ty);
        let first = abi::CONTEXT_ARGUMENTS as usize + usize::from(!fits);
        for (param, value) in ty.params.iter().zip(&params[first..]) {
            self.known(param.machine(), *value);
        }
        let area = (!fits).then(|| params[first - 1]);
        (params[first..].to_vec(), Exit::Return(area))
    }

    /// Opens the entry block; gives its parameters.
    pub(super) fn open_entry(&mut self, signature: ir::Signature) -> Vec<ir::Value> {
        self.builder.func.signature = signature;
        let entry = self.builder.create_block();
        self.builder.append_block_params_for_function_params(entry);
        self.builder.switch_to_block(entry);
        self.builder.seal_block(entry);
        let params = self.builder.block_params(entry).to_vec();
        self.context = params[0];
        params
    }

    /// Makes the locals of a body: its parameters, which have these values, and the declared ones, which are zero.
    fn declare_locals(
        &mut self,
        ty: &FunctionType,
        params: &[ir::Value],
        locals: &[MachineType],
        edges: u64,
    ) -> Locals {
        let types: Vec<MachineType> = (ty.params.iter().map(|p| p.machine()))
            .chain(locals.iter().copied())
            .collect();
        if self.locals_go_to_memory(&types, edges) {
            self.locals_in_memory(&types, params)
        } else {
            Locals::Variables(self.locals_as_variables(&types, params))
        }
    }

    /// Whether locals of these types are too many to be variables.
    pub(super) fn locals_go_to_memory(&self, types: &[MachineType], edges: u64) -> bool {
        let objects = types.iter().filter(|t| **t == MachineType::Object).count();
        let bytes = u64::from(self.input.body_bytes);
        let most = SSA_VALUES_FREE.max(bytes * SSA_VALUES_PER_BYTE);
        types.len() as u64 * edges > most || objects as u64 * bytes > SSA_OBJECTS_TIMES_BYTES_MAX
    }

    /// A variable that was never written is zero. But a body in place of a call may stand in a loop, where each turn
    /// begins anew.
    fn locals_as_variables(
        &mut self,
        types: &[MachineType],
        params: &[ir::Value],
    ) -> Vec<Variable> {
        let inlined = !self.frames.is_empty();
        let mut variables = Vec::with_capacity(types.len());
        for (index, ty) in types.iter().enumerate() {
            let variable = self.declare_variable(*ty);
            match params.get(index) {
                Some(value) => self.builder.def_var(variable, *value),
                None if inlined => {
                    let zero = self.zero(ir_type(*ty));
                    self.builder.def_var(variable, zero);
                }
                None => {}
            }
            variables.push(variable);
        }
        variables
    }

    /// Objects lie in a row behind all else, where one entry of a stack map covers them.
    fn locals_in_memory(&mut self, types: &[MachineType], params: &[ir::Value]) -> Locals {
        let (mut others, mut objects) = (0, 0);
        let mut places: Vec<(MachineType, i32)> = (types.iter())
            .map(|ty| {
                let (used, bytes) = match ty {
                    MachineType::Object => (&mut objects, SLOT_BYTES as i32),
                    _ => (&mut others, 16),
                };
                *used += bytes;
                (*ty, *used - bytes)
            })
            .collect();
        for (ty, place) in &mut places {
            if *ty == MachineType::Object {
                *place += others;
            }
        }
        let bytes = ((others + objects) as u32).next_multiple_of(16);
        let data = StackSlotData::new(StackSlotKind::ExplicitSlot, bytes, 4);
        let slot = self.builder.create_sized_stack_slot(data);
        self.clear_slot(slot, bytes);
        for ((_, place), value) in places.iter().zip(params) {
            self.ins().stack_store(types::I64, *value, slot, *place);
        }
        if objects > 0 {
            self.objects_in_memory.push(ObjectsInMemory {
                slot,
                offset: others as u32,
                count: objects as u32 / SLOT_BYTES,
                inlined: !self.frames.is_empty(),
            });
        }
        Locals::Memory(slot, places)
    }

    /// A loop that fills a stack slot with zeros: a store for each of many locals would be far more code than the body.
    fn clear_slot(&mut self, slot: ir::StackSlot, bytes: u32) {
        let (body, next) = (self.builder.create_block(), self.builder.create_block());
        let left = self.builder.append_block_param(body, types::I64);
        let start = self.ins().stack_addr(types::I64, slot, 0);
        let zero = self.zero(types::I8X16);
        let all = self.ins().iconst(types::I64, i64::from(bytes));
        self.ins().jump(body, &[BlockArg::Value(all)]);
        self.builder.switch_to_block(body);
        let left = self.ins().iadd_imm_s(left, -16);
        let place = self.ins().iadd(start, left);
        self.ins().store(MemFlagsData::trusted(), zero, place, 0);
        let again = [BlockArg::Value(left)];
        self.ins().brif(left, body, &again, next, &[]);
        self.builder.seal_block(body);
        self.builder.switch_to_block(next);
        self.builder.seal_block(next);
    }
}

/// Makes references that lie in memory, but that no code writes when the function begins, null from there on.
fn clear_inlined(function: &mut ir::Function, objects: &[ObjectsInMemory]) {
    let Some(entry) = function.layout.entry_block() else {
        return;
    };
    let mut cursor = FuncCursor::new(function).at_first_insertion_point(entry);
    for objects in objects.iter().filter(|objects| objects.inlined) {
        let null = cursor.ins().iconst(types::I32, 0);
        for index in 0..objects.count {
            let at = (objects.offset + index * SLOT_BYTES) as i32;
            cursor.ins().stack_store(types::I64, null, objects.slot, at);
        }
    }
}
