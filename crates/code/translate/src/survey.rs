//! A look at a body before it is translated: what is used how often.
//!
//! A backend that writes code in one pass decides at a function's beginning what stays in registers, and a look at what is
//! named in the body, weighted by the loops around it, is all that it can go by. The body is not valid yet: what
//! is found is a hint, and where the bytes make no sense the look ends.

use silica_module::FunctionBody;
use wasmparser::{BinaryReader, Operator, OperatorsReader};

/// A use in a loop counts as so many outside of it, by powers of two, …
const LOOP_WEIGHT_LOG2: u32 = 3;
/// … up to this depth.
const LOOP_DEPTH_MAX: u32 = 4;
/// A validated function has no more locals.
const LOCALS_MAX: usize = 50_000;

/// How often a body uses what could stay in a register, loops taken into account.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// For each local, up to the last that is used.
    pub locals: Vec<u32>,
    /// Calls, which leave few registers alone.
    pub calls: u32,
    /// Accesses of the first memory.
    pub memory: u32,
    /// What needs the context: calls, globals, tables.
    pub context: u32,
    /// Whether exceptions may be caught.
    pub handlers: bool,
    /// For each open construct, whether it is a loop.
    open: Vec<bool>,
    loops: u32,
}

impl Survey {
    /// Looks at the body at `place` in `module`, the module's bytes.
    pub fn look(&mut self, module: &[u8], place: FunctionBody) {
        self.locals.clear();
        self.open.clear();
        self.handlers = false;
        (self.calls, self.memory, self.context, self.loops) = (0, 0, 0, 0);
        let range = place.bytes.start as usize..place.bytes.end as usize;
        let Some(bytes) = module.get(range) else {
            return;
        };
        let mut reader = BinaryReader::new(bytes, 0);
        // What cannot be read ends the look; the validator will say why.
        let _ = skip_locals(&mut reader).map(|()| self.read(OperatorsReader::new(reader)));
    }

    fn read(&mut self, mut operators: OperatorsReader<'_>) {
        while !operators.eof() {
            let Ok(operator) = operators.read() else {
                return;
            };
            self.operator(&operator);
        }
    }

    fn weight(&self) -> u32 {
        1 << (LOOP_WEIGHT_LOG2 * self.loops.min(LOOP_DEPTH_MAX))
    }

    fn operator(&mut self, operator: &Operator<'_>) {
        match operator {
            Operator::LocalGet { local_index }
            | Operator::LocalSet { local_index }
            | Operator::LocalTee { local_index } => self.local(*local_index as usize),
            Operator::Loop { .. } => {
                self.loops += 1;
                self.open.push(true);
            }
            Operator::Block { .. } | Operator::If { .. } => self.open.push(false),
            Operator::Try { .. } | Operator::TryTable { .. } => {
                self.open.push(false);
                self.handlers = true;
            }
            Operator::End | Operator::Delegate { .. } => {
                if self.open.pop() == Some(true) {
                    self.loops -= 1;
                }
            }
            Operator::Call { .. }
            | Operator::CallIndirect { .. }
            | Operator::CallRef { .. }
            | Operator::ContNew { .. }
            | Operator::ContBind { .. }
            | Operator::Resume { .. }
            | Operator::ResumeThrow { .. }
            | Operator::ResumeThrowRef { .. }
            | Operator::Suspend { .. }
            | Operator::Switch { .. }
            | Operator::MemoryGrow { .. }
            | Operator::MemoryCopy { .. }
            | Operator::MemoryFill { .. } => {
                self.calls = self.calls.saturating_add(self.weight());
                self.context = self.context.saturating_add(2 * self.weight());
            }
            Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. }
            | Operator::GlobalGet { .. }
            | Operator::GlobalSet { .. }
            | Operator::TableGet { .. }
            | Operator::TableSet { .. }
            | Operator::MemorySize { .. }
            | Operator::RefFunc { .. } => {
                self.context = self.context.saturating_add(self.weight());
            }
            _ => {
                if accesses_memory(operator) {
                    self.memory = self.memory.saturating_add(self.weight());
                }
            }
        }
    }

    fn local(&mut self, index: usize) {
        if index >= self.locals.len() {
            if index >= LOCALS_MAX {
                return;
            }
            self.locals.resize(index + 1, 0);
        }
        self.locals[index] = self.locals[index].saturating_add(self.weight());
    }
}

fn skip_locals(reader: &mut BinaryReader<'_>) -> wasmparser::Result<()> {
    for _ in 0..reader.read_var_u32()? {
        reader.read_var_u32()?;
        reader.read::<wasmparser::ValType>()?;
    }
    Ok(())
}

/// Whether it is one of the plain accesses, which most programs consist of.
fn accesses_memory(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::I32Load { .. }
            | Operator::I64Load { .. }
            | Operator::F32Load { .. }
            | Operator::F64Load { .. }
            | Operator::I32Load8S { .. }
            | Operator::I32Load8U { .. }
            | Operator::I32Load16S { .. }
            | Operator::I32Load16U { .. }
            | Operator::I64Load8S { .. }
            | Operator::I64Load8U { .. }
            | Operator::I64Load16S { .. }
            | Operator::I64Load16U { .. }
            | Operator::I64Load32S { .. }
            | Operator::I64Load32U { .. }
            | Operator::I32Store { .. }
            | Operator::I64Store { .. }
            | Operator::F32Store { .. }
            | Operator::F64Store { .. }
            | Operator::I32Store8 { .. }
            | Operator::I32Store16 { .. }
            | Operator::I64Store8 { .. }
            | Operator::I64Store16 { .. }
            | Operator::I64Store32 { .. }
            | Operator::V128Load { .. }
            | Operator::V128Store { .. }
    )
}
