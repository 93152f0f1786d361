//! Calls and returns, as `silica_contract::abi` says.

use cranelift_codegen::{
    ir::{
        AbiParam, Block, BlockArg, BlockCall, ExceptionTable, ExceptionTableData,
        ExceptionTableItem, ExtFuncData, ExternalName, FuncRef, InstBuilder, MemFlagsData, SigRef,
        Signature, StackSlotData, StackSlotKind, UserExternalName, Value, types,
    },
    isa::CallConv,
};
use silica_contract::{
    abi,
    builtin::{Builtin, BuiltinResult},
    layout::header,
    trap::TrapCode,
};
use silica_module::FunctionType;
use silica_operator::MachineType;
use silica_translate::{CallTarget, Region};

use super::{
    state::{CraneliftBackend, Exit, Operand},
    types::{ir_type, results_fit, signature_of, trap_code},
};
use crate::places;

/// Flags of what generated code alone reads and writes, on its own stack.
fn area_flags() -> MemFlagsData {
    MemFlagsData::trusted()
}

impl CraneliftBackend<'_> {
    fn signature(&mut self, ty: &FunctionType) -> SigRef {
        if let Some(signature) = self.signatures.get(ty) {
            return *signature;
        }
        let signature = self.builder.import_signature(signature_of(ty));
        self.signatures.insert(ty.clone(), signature);
        signature
    }

    fn function_reference(&mut self, function: u32, ty: &FunctionType) -> FuncRef {
        if let Some(reference) = self.functions.get(&function) {
            return *reference;
        }
        let signature = self.signature(ty);
        let name = self
            .builder
            .func
            .declare_imported_user_function(UserExternalName::new(0, function));
        let reference = self.builder.import_function(ExtFuncData {
            name: ExternalName::user(name),
            signature,
            colocated: true,
            patchable: false,
        });
        self.functions.insert(function, reference);
        reference
    }

    /// The whole argument list; `area` is passed where the results do not fit in registers.
    fn argument_list(
        &mut self,
        callee_context: Value,
        area: Option<Value>,
        arguments: Vec<Value>,
    ) -> Vec<Value> {
        let mut list = vec![callee_context, self.context];
        list.extend(area);
        list.extend(arguments);
        list
    }

    pub(super) fn emit_call(
        &mut self,
        target: CallTarget<Operand>,
        ty: &FunctionType,
        arguments: Vec<Value>,
        handler: Option<Block>,
    ) -> Vec<Value> {
        let area = (!results_fit(ty)).then(|| {
            let bytes = ty.results.len() as u32 * abi::RESULT_SLOT_BYTES;
            let slot = StackSlotData::new(StackSlotKind::ExplicitSlot, bytes, 4);
            let slot = self.builder.create_sized_stack_slot(slot);
            self.ins().stack_addr(types::I64, slot, 0)
        });
        let signature = self.signature(ty);
        let going_on = handler.map(|handler| self.exception_table(signature, ty, handler));
        let call = match target {
            CallTarget::Direct(function) => {
                let reference = self.function_reference(function, ty);
                let list = self.argument_list(self.context, area, arguments);
                match &going_on {
                    None => self.ins().call(reference, &list),
                    Some((table, _)) => self.ins().try_call(reference, &list, *table),
                }
            }
            CallTarget::Pointer { code, context } => {
                let list = self.argument_list(context.value, area, arguments);
                let code = code.value;
                match &going_on {
                    None => self.ins().call_indirect(signature, code, &list),
                    Some((table, _)) => self.ins().try_call_indirect(code, &list, *table),
                }
            }
        };
        let results = match going_on {
            None => self.builder.inst_results(call).to_vec(),
            Some((_, next)) => {
                self.builder.switch_to_block(next);
                self.builder.seal_block(next);
                self.builder.block_params(next).to_vec()
            }
        };
        match area {
            None => {
                for (result, value) in ty.results.iter().zip(&results) {
                    self.known(result.machine(), *value);
                }
                results
            }
            Some(area) => self.load_results(ty, area),
        }
    }

    /// What a call with a handler ends its block with: where it goes on, and the block for when it returns.
    fn exception_table(
        &mut self,
        signature: SigRef,
        ty: &FunctionType,
        handler: Block,
    ) -> (ExceptionTable, Block) {
        let next = self.builder.create_block();
        let mut results = Vec::new();
        if results_fit(ty) {
            for (index, result) in (0..).zip(&ty.results) {
                self.append_param(next, result.machine());
                results.push(BlockArg::TryCallRet(index));
            }
        }
        let dfg = &mut self.builder.func.dfg;
        let returned = BlockCall::new(next, results, &mut dfg.value_lists);
        let thrown = BlockCall::new(handler, [BlockArg::TryCallExn(0)], &mut dfg.value_lists);
        let thrown = ExceptionTableItem::Default(thrown);
        let table = ExceptionTableData::new(signature, returned, [thrown]);
        (dfg.exception_tables.push(table), next)
    }

    /// An exception that is here goes on in a handler, or leaves the function.
    pub(super) fn emit_throw(&mut self, exception: Value, handler: Option<Block>) {
        let exception = self.ins().uextend(types::I64, exception);
        match handler.or(self.frame().handler) {
            Some(handler) => {
                self.ins().jump(handler, &[BlockArg::Value(exception)]);
            }
            None => {
                self.emit_builtin_call(Builtin::Throw, vec![exception]);
                // It does not return.
                self.ins().trap(trap_code(TrapCode::Unreachable));
            }
        }
    }

    fn load_results(&mut self, ty: &FunctionType, area: Value) -> Vec<Value> {
        let places = (0i32..).step_by(abi::RESULT_SLOT_BYTES as usize);
        (ty.results.iter().zip(places))
            .map(|(result, at)| {
                let ty = result.machine();
                let value = self.ins().load(ir_type(ty), area_flags(), area, at);
                self.known(ty, value)
            })
            .collect()
    }

    pub(super) fn emit_return_call(
        &mut self,
        target: CallTarget<Operand>,
        ty: &FunctionType,
        arguments: Vec<Value>,
    ) {
        // In a body that stands in place of a call, the caller goes on afterwards: the callee is called where that was.
        let Exit::Return(area) = self.frame().exit else {
            let handler = self.frame().handler;
            if let Some(called_at) = self.frame().called_at {
                self.builder.set_srcloc(places::location(called_at));
            }
            let results = self.emit_call(target, ty, arguments, handler);
            self.emit_return(results);
            return;
        };
        match target {
            CallTarget::Direct(function) => {
                let reference = self.function_reference(function, ty);
                let list = self.argument_list(self.context, area, arguments);
                self.ins().return_call(reference, &list);
            }
            CallTarget::Pointer { code, context } => {
                let signature = self.signature(ty);
                let list = self.argument_list(context.value, area, arguments);
                self.ins()
                    .return_call_indirect(signature, code.value, &list);
            }
        }
    }

    pub(super) fn emit_return(&mut self, values: Vec<Value>) {
        let area = match &self.frame().exit {
            Exit::Return(area) => *area,
            Exit::Join(_) => return self.return_to_join(values),
        };
        match area {
            None => {
                self.ins().return_(&values);
            }
            Some(area) => {
                let places = (0i32..).step_by(abi::RESULT_SLOT_BYTES as usize);
                for (value, at) in values.into_iter().zip(places) {
                    self.ins().store(area_flags(), value, area, at);
                }
                self.ins().return_(&[]);
            }
        }
    }

    fn builtin_signature(&mut self, builtin: Builtin) -> SigRef {
        let key = (builtin.arguments().len(), builtin.result());
        if let Some(signature) = self.builtins.get(&key) {
            return *signature;
        }
        let mut signature = Signature::new(CallConv::SystemV);
        signature.params = vec![AbiParam::new(types::I64); 1 + key.0];
        signature.returns = vec![AbiParam::new(types::I64); usize::from(key.1.is_some())];
        let signature = self.builder.import_signature(signature);
        self.builtins.insert(key, signature);
        signature
    }

    pub(super) fn emit_builtin_call(
        &mut self,
        builtin: Builtin,
        arguments: Vec<Value>,
    ) -> Option<Value> {
        let signature = self.builtin_signature(builtin);
        // Constant, but not to be moved: what a rare path needs should not be loaded before a loop.
        let flags = MemFlagsData::trusted()
            .with_readonly()
            .with_alias_region(Some(self.region(Region::Context)));
        let context = self.context;
        let (table_at, code_at) = (header::BUILTINS as i32, builtin.table_offset() as i32);
        let table = self.ins().load(types::I64, flags, context, table_at);
        let code = self.ins().load(types::I64, flags, table, code_at);
        let mut list = vec![context];
        list.extend(arguments);
        let call = self.ins().call_indirect(signature, code, &list);
        let result = self.builder.inst_results(call).first().copied()?;
        Some(match builtin.result() {
            Some(BuiltinResult::Object) => {
                let object = self.ins().ireduce(types::I32, result);
                self.known(MachineType::Object, object)
            }
            Some(BuiltinResult::Integer) | None => result,
        })
    }
}
