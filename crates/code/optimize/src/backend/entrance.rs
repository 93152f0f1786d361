//! Functions that are entered at one of their loops: how they begin.
//!
//! The entry block reads the locals from what is passed. The body begins in a block that nothing goes to. When its loop comes, the block that
//! waits for that reads the operands below it and its parameters, and goes to its header.

use cranelift_codegen::ir::{
    AbiParam, Block, BlockArg, InstBuilder, MemFlagsData, Signature, Value, types,
};
use cranelift_frontend::Variable;
use silica_contract::abi::{CONTEXT_ARGUMENTS, PASSED_SLOT_BYTES};
use silica_module::FunctionType;
use silica_operator::MachineType;
use silica_translate::Backend as _;

use super::{
    state::{CraneliftBackend, Entrance, Exit, Frame, Locals, Operand},
    types::{ir_type, results_fit, signature_of},
};
use crate::Error;

impl CraneliftBackend<'_> {
    /// Opens the function's own body, to be entered at a loop.
    pub(super) fn open_at_loop(&mut self, ty: &FunctionType, locals: &[MachineType], edges: u64) {
        let fits = results_fit(ty);
        let pointers = CONTEXT_ARGUMENTS as usize + usize::from(!fits);
        let signature = Signature {
            params: vec![AbiParam::new(types::I64); pointers + 1],
            ..signature_of(ty)
        };
        let params = self.open_entry(signature);
        let passed = params[pointers];
        let types: Vec<MachineType> = (ty.params.iter().map(|p| p.machine()))
            .chain(locals.iter().copied())
            .collect();
        if self.locals_go_to_memory(&types, edges) {
            self.refuse_entrance("its locals live in memory");
        }
        let mut variables = Vec::with_capacity(types.len());
        for (index, ty) in types.iter().enumerate() {
            let variable = self.declare_variable(*ty);
            let value = self.load_passed(passed, index as u32, *ty);
            self.builder.def_var(variable, value);
            variables.push(variable);
        }
        let block = self.builder.create_block();
        self.ins().jump(block, &[]);
        self.builder.seal_block(block);
        let body = self.builder.create_block();
        self.builder.seal_block(body);
        self.builder.switch_to_block(body);
        self.entrance = Some(Entrance {
            block,
            passed,
            locals: types.len() as u32,
            added: Vec::new(),
            is_connected: false,
        });
        self.frames.push(Frame {
            function: self.input.function,
            locals: Locals::Variables(variables),
            exit: Exit::Return((!fits).then(|| params[pointers - 1])),
            handler: None,
            called_at: None,
        });
    }

    fn refuse_entrance(&mut self, why: &str) {
        self.failure
            .get_or_insert_with(|| Error::Refused(why.to_owned()));
    }

    /// Reads a value that is passed.
    fn load_passed(&mut self, passed: Value, index: u32, ty: MachineType) -> Value {
        let at = (index * PASSED_SLOT_BYTES) as i32;
        let flags = MemFlagsData::trusted();
        let value = self.ins().load(ir_type(ty), flags, passed, at);
        self.known(ty, value)
    }

    pub(super) fn declare_variable(&mut self, ty: MachineType) -> Variable {
        let variable = self.builder.declare_var(ir_type(ty));
        if ty == MachineType::Object {
            self.builder.declare_var_needs_stack_map(variable);
        }
        variable
    }

    pub(super) fn declare_another_local(&mut self, ty: MachineType) -> u32 {
        let variable = self.declare_variable(ty);
        if let Some(entrance) = &mut self.entrance {
            entrance.added.push(ty);
        }
        match self.frames.last_mut().map(|frame| &mut frame.locals) {
            Some(Locals::Variables(variables)) => {
                variables.push(variable);
                variables.len() as u32 - 1
            }
            Some(Locals::Memory(..)) | None => {
                unreachable!("a function that is entered at a loop has its locals as variables")
            }
        }
    }

    pub(super) fn emit_entrance(
        &mut self,
        header: Block,
        operands: &[u32],
        params: &[MachineType],
    ) {
        let Some(mut entrance) = self.entrance.take() else {
            return;
        };
        let passed = entrance.passed;
        self.builder.switch_to_block(entrance.block);
        let mut next = entrance.locals;
        for operand in operands {
            let ty = entrance.added[(*operand - entrance.locals) as usize];
            let value = self.load_passed(passed, next, ty);
            self.local_set(*operand, Operand::plain(value));
            next += 1;
        }
        let mut arguments = Vec::with_capacity(params.len());
        for ty in params {
            arguments.push(BlockArg::Value(self.load_passed(passed, next, *ty)));
            next += 1;
        }
        self.ins().jump(header, &arguments);
        entrance.is_connected = true;
        self.entrance = Some(entrance);
    }
}
