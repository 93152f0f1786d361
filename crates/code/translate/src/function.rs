//! One function: its operand stack, and the loop over its operators.

use silica_operator::MachineType;
use wasmparser::{
    BinaryReader, FuncValidator, FunctionBody, Operator, RefType, ValType, ValidatorResources,
    WasmModuleResources,
};

use crate::{
    Backend, Environment, TranslateError,
    class::classify,
    edges::edges_max,
    frame::{Branched, Frame, FrameKind},
    known::{Known, cast_target, known},
    step::{Lower, step_through},
};

/// Values that a function's branches and blocks may carry for each byte of its body, and beside that.
const BRANCH_VALUES_PER_BYTE: u64 = 16;
const BRANCH_VALUES_FREE: u64 = 1 << 14;

/// What repetitions of runs at the start of loops may bring into a function for each byte of its body, and beside that.
const DISPATCH_PER_BYTE: u64 = 8;
const DISPATCH_FREE: u64 = 1 << 15;

/// So many operands and open constructs at once suffice for most functions.
const OPERANDS_USUAL: usize = 16;
const FRAMES_USUAL: usize = 8;

/// Validates a function body and lowers it, in one pass.
///
/// # Errors
/// A [`TranslateError`] with the offset where it was found; the backend is then in no
/// usable state.
pub fn translate_function<'r, B: Backend>(
    environment: &Environment<'_>,
    body: &FunctionBody<'r>,
    validator: &mut FuncValidator<ValidatorResources>,
    backend: &mut B,
) -> Result<(), TranslateError> {
    let mut reader = body.get_binary_reader();
    reader.set_features(*validator.features());
    validator.read_locals(&mut reader)?;
    let size = reader.bytes_remaining() as u64;
    let function = validator.index();
    let ty = environment.module.type_of_function(function);
    let locals: Vec<MachineType> = (ty.params.len() as u32..validator.len_locals())
        .map(|local| {
            let ty = validator.get_local_type(local).unwrap_or(ValType::I32);
            environment.machine_type(at_top(ty, validator.resources()))
        })
        .collect();
    backend.set_module_offset(reader.original_position() as u32);
    let edges = match B::ASKS_FOR_EDGES {
        true => edges_max(&reader, validator.len_locals().into()),
        false => 0,
    };
    backend.begin(ty, &locals, edges);
    let entrance = backend.entrance();
    let parameters = ty.params.iter().map(|p| p.machine());
    let branch_values_limit = size * BRANCH_VALUES_PER_BYTE + BRANCH_VALUES_FREE;
    let mut translator = Translator {
        environment,
        function,
        local_types: parameters.chain(locals.iter().copied()).collect(),
        backend,
        operands: Vec::with_capacity(OPERANDS_USUAL),
        frames: Vec::with_capacity(FRAMES_USUAL),
        handlers: Vec::new(),
        reachable: true,
        fuel_owed: 0,
        fuel_charge: None,
        branch_values_limit,
        branch_values_left: branch_values_limit,
        known: Known::default(),
        dispatch_left: size * DISPATCH_PER_BYTE + DISPATCH_FREE,
        dispatch_opening: None,
        rest: reader.clone(),
        offset: 0,
        entrance,
        kept: Vec::new(),
    };
    translator.enter_function(ty);
    step_through(reader, validator, &mut translator)?;
    translator.backend.finish();
    Ok(())
}

/// The type, or if it is a reference the top of its hierarchy: the validator has numbers of its own for the types of
/// a module, where it has looked at them.
fn at_top(ty: ValType, resources: &ValidatorResources) -> ValType {
    let ValType::Ref(reference) = ty else {
        return ty;
    };
    let top = resources.top_type(&reference.heap_type());
    RefType::new(true, top).map_or(ty, ValType::Ref)
}

/// An operand on the stack, with its type.
pub(crate) struct Operand<V> {
    pub(crate) value: V,
    pub(crate) ty: MachineType,
}

/// A function being translated.
pub(crate) struct Translator<'a, 'b, 'r, B: Backend> {
    pub(crate) environment: &'b Environment<'a>,
    /// Which function of the module it is.
    pub(crate) function: u32,
    pub(crate) backend: &'b mut B,
    pub(crate) local_types: Vec<MachineType>,
    pub(crate) operands: Vec<Operand<B::Value>>,
    pub(crate) frames: Vec<Frame<'r, B::Block, B::Value>>,
    /// Handlers of exceptions, in the order of their constructs, each with whether anything goes there.
    pub(crate) handlers: Vec<(B::Block, bool)>,
    /// Whether the operator at hand can be executed. What cannot is validated only.
    pub(crate) reachable: bool,
    /// Fuel of operators since fuel was last taken, or charged.
    fuel_owed: u32,
    /// What pays for them, if they are paid for ahead.
    fuel_charge: Option<B::Charge>,
    pub(crate) branch_values_limit: u64,
    pub(crate) branch_values_left: u64,
    /// What is known of the operand of the cast at hand.
    pub(crate) known: Known,
    /// What repetitions of a loop's run of operators may still bring in: edges, times values that may cross them.
    pub(crate) dispatch_left: u64,
    /// The frame of the loop whose run of operators is being opened.
    pub(crate) dispatch_opening: Option<usize>,
    /// The operators after the last `loop`.
    pub(crate) rest: BinaryReader<'r>,
    pub(crate) offset: u64,
    /// The loop that the function is entered at, if it is not entered at its beginning ([`crate::entrance`]).
    pub(crate) entrance: Option<u32>,
    /// Then: the locals that keep the operands below the innermost construct, the lowest first.
    pub(crate) kept: Vec<u32>,
}

impl<'r, B: Backend> Lower<'r> for Translator<'_, '_, 'r, B> {
    fn prepare(&mut self, operator: &Operator<'r>, validator: &FuncValidator<ValidatorResources>) {
        if self.reachable
            && let Some(target) = cast_target(operator)
        {
            self.known = known(validator, target);
        }
    }

    fn lower(&mut self, operator: &Operator<'r>, offset: u64) -> Result<(), TranslateError> {
        if !self.reachable {
            self.offset = offset;
            return self.unreachable_operator(operator);
        }
        self.at_offset(offset);
        self.owe_fuel(operator);
        self.operator(operator)
    }

    fn lower_loop(
        &mut self,
        operator: &Operator<'r>,
        offset: u64,
        rest: BinaryReader<'r>,
    ) -> Result<(), TranslateError> {
        self.rest = rest;
        self.lower(operator, offset)
    }
}

impl<'r, B: Backend> Translator<'_, '_, 'r, B> {
    pub(crate) fn push(&mut self, ty: MachineType, value: B::Value) {
        self.operands.push(Operand { value, ty });
    }

    pub(crate) fn pop_operand(&mut self) -> Operand<B::Value> {
        self.operands
            .pop()
            .expect("the validator proved that an operand is there")
    }

    pub(crate) fn pop(&mut self) -> B::Value {
        self.pop_operand().value
    }

    /// The topmost values, the topmost last.
    pub(crate) fn pop_many(&mut self, count: usize) -> Vec<B::Value> {
        if count == 0 {
            return Vec::new();
        }
        let start = self.operands.len() - count;
        self.operands
            .drain(start..)
            .map(|operand| operand.value)
            .collect()
    }

    pub(crate) fn unsupported(&self, operator: &Operator<'_>) -> TranslateError {
        let name = format!("{operator:?}");
        let name = name
            .split([' ', '{', '('])
            .next()
            .unwrap_or_default()
            .to_owned();
        TranslateError::Unsupported {
            operator: name,
            offset: self.offset,
        }
    }

    /// Says where in the module the operator stands that comes next.
    pub(crate) fn at_offset(&mut self, offset: u64) {
        self.offset = offset;
        self.backend.set_module_offset(offset as u32);
    }

    pub(crate) fn operator(&mut self, operator: &Operator<'_>) -> Result<(), TranslateError> {
        match operator {
            Operator::Nop => {}
            Operator::Drop => {
                let value = self.pop();
                self.backend.discard(value);
            }
            Operator::I32Const { value } => self.constant(MachineType::I32, *value as u32 as u128),
            Operator::I64Const { value } => self.constant(MachineType::I64, *value as u64 as u128),
            Operator::F32Const { value } => self.constant(MachineType::F32, value.bits().into()),
            Operator::F64Const { value } => self.constant(MachineType::F64, value.bits().into()),
            Operator::V128Const { value } => {
                self.constant(MachineType::V128, u128::from_le_bytes(*value.bytes()));
            }
            Operator::LocalGet { local_index } => self.local_get(*local_index),
            Operator::LocalSet { local_index } => {
                let value = self.pop();
                self.backend.local_set(*local_index, value);
            }
            Operator::LocalTee { local_index } => {
                let Operand { value, ty } = self.pop_operand();
                let copy = self.backend.duplicate(&value);
                self.backend.local_set(*local_index, copy);
                self.push(ty, value);
            }
            Operator::Select | Operator::TypedSelect { .. } => self.select(),
            // Frequent, too: what follows asks whether it is numeric first.
            Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::End
            | Operator::Br { .. }
            | Operator::BrIf { .. } => return self.control_operator(operator),
            _ => match classify(operator) {
                Some(class) => self.numeric(class),
                None => return self.control_operator(operator),
            },
        }
        Ok(())
    }

    fn constant(&mut self, ty: MachineType, bits: u128) {
        let value = self.backend.constant(ty, bits);
        self.push(ty, value);
    }

    fn local_get(&mut self, local: u32) {
        let value = self.backend.local_get(local);
        self.push(self.local_types[local as usize], value);
    }

    fn select(&mut self) {
        let condition = self.pop();
        let no = self.pop();
        let Operand { value: yes, ty } = self.pop_operand();
        let value = self.backend.select(ty, condition, yes, no);
        self.push(ty, value);
    }

    // ---- fuel ----

    /// Counts an operator. Structure (`block`, `loop`, `end`, …) and what does nothing is free; all else is 1.
    ///
    /// Fuel is taken when a run of operators ends: before control goes elsewhere (branch, call,
    /// return) and where it may arrive (the end of a block). The first run of a function and of a turn of a loop is paid for when it
    /// begins. A trap inside of a run leaves that run's operators uncounted, or has counted them all. So the count depends on the module alone, in every tier.
    pub(crate) fn owe_fuel(&mut self, operator: &Operator<'_>) {
        if !self.environment.settings.fuel {
            return;
        }
        self.fuel_owed += match operator {
            Operator::Nop
            | Operator::Drop
            | Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::TryTable { .. }
            | Operator::Try { .. }
            | Operator::Catch { .. }
            | Operator::CatchAll
            | Operator::Delegate { .. }
            | Operator::Else
            | Operator::End => 0,
            _ => 1,
        };
    }

    /// Takes the fuel that is owed.
    pub(crate) fn settle_fuel(&mut self) {
        let owed = std::mem::take(&mut self.fuel_owed);
        match self.fuel_charge.take() {
            Some(charge) => self.backend.fuel_settle(charge, owed),
            None if owed > 0 => self.backend.fuel_take(owed),
            None => {}
        }
    }

    /// Forgets what is owed where control does not come.
    pub(crate) fn forget_fuel(&mut self) {
        self.fuel_owed = 0;
        self.fuel_charge = None;
    }

    /// Stops the program where fuel is too little for the run of operators that begins here: on entry to a function and to
    /// each turn of a loop.
    pub(crate) fn charge_fuel(&mut self) {
        if self.environment.settings.fuel {
            self.fuel_charge = Some(self.backend.fuel_charge());
        }
    }

    /// The frame that a branch of this depth goes to.
    pub(crate) fn frame(&mut self, depth: u32) -> &mut Frame<'r, B::Block, B::Value> {
        let index = self.frames.len() - 1 - depth as usize;
        &mut self.frames[index]
    }

    fn enter_function(&mut self, ty: &silica_module::FunctionType) {
        let results: Vec<MachineType> = ty.results.iter().map(|r| r.machine()).collect();
        let end = self.backend.block(&results, false);
        self.frames.push(Frame {
            kind: FrameKind::Function,
            target: end,
            ty: None,
            params: Vec::new(),
            results,
            height: 0,
            reachable: true,
            branched: Branched::Never,
            rare: false,
            handler: None,
            dispatch: None,
            dispatched_by: None,
        });
        self.charge_fuel();
    }
}
