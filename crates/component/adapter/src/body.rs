//! The body of a function that is being written.

use silica_component_describe::FlatType;
use wasm_encoder::{BlockType, Function, Instruction as I, MemArg, MemArgTarget, ValType};

use crate::imports::{AdapterTrap, core_type};

/// A local, with the type that its values have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Register {
    pub(crate) local: u32,
    pub(crate) ty: FlatType,
}

/// Locals and instructions.
pub(crate) struct Body {
    params: u32,
    locals: Vec<ValType>,
    code: Vec<I<'static>>,
    /// The function that ends the call.
    trap: u32,
}

impl Body {
    pub(crate) fn new(params: u32, trap: u32) -> Body {
        Body {
            params,
            locals: Vec::new(),
            code: Vec::new(),
            trap,
        }
    }

    pub(crate) fn local(&mut self, ty: FlatType) -> u32 {
        self.locals.push(core_type(ty));
        self.params + self.locals.len() as u32 - 1
    }

    pub(crate) fn register(&mut self, ty: FlatType) -> Register {
        let local = self.local(ty);
        Register { local, ty }
    }

    pub(crate) fn len(&self) -> usize {
        self.code.len()
    }

    pub(crate) fn emit(&mut self, instruction: I<'static>) {
        self.code.push(instruction);
    }

    pub(crate) fn all(&mut self, instructions: impl IntoIterator<Item = I<'static>>) {
        self.code.extend(instructions);
    }

    pub(crate) fn trap(&mut self, trap: AdapterTrap) {
        let call = I::Call(self.trap);
        self.all([I::I32Const(trap as i32), call, I::Unreachable]);
    }

    /// Traps if what is on the stack is not 0.
    pub(crate) fn trap_if(&mut self, trap: AdapterTrap) {
        self.emit(I::If(BlockType::Empty));
        self.trap(trap);
        self.emit(I::End);
    }

    /// Pushes a register's value as one of type `want`.
    pub(crate) fn get(&mut self, register: Register, want: FlatType) {
        self.emit(I::LocalGet(register.local));
        match (register.ty, want) {
            (FlatType::I32, FlatType::F32) => self.emit(I::F32ReinterpretI32),
            (FlatType::I64, FlatType::I32) => self.emit(I::I32WrapI64),
            (FlatType::I64, FlatType::F32) => self.all([I::I32WrapI64, I::F32ReinterpretI32]),
            (FlatType::I64, FlatType::F64) => self.emit(I::F64ReinterpretI64),
            (have, want) => debug_assert_eq!(have, want, "nothing else is joined"),
        }
    }

    /// Takes a value of type `have` into a register.
    pub(crate) fn set(&mut self, register: Register, have: FlatType) {
        match (have, register.ty) {
            (FlatType::F32, FlatType::I32) => self.emit(I::I32ReinterpretF32),
            (FlatType::I32, FlatType::I64) => self.emit(I::I64ExtendI32U),
            (FlatType::F32, FlatType::I64) => self.all([I::I32ReinterpretF32, I::I64ExtendI32U]),
            (FlatType::F64, FlatType::I64) => self.emit(I::I64ReinterpretF64),
            (have, want) => debug_assert_eq!(have, want, "nothing else is joined"),
        }
        self.emit(I::LocalSet(register.local));
    }

    /// Traps unless the pointer in `local` is a multiple of `align`.
    pub(crate) fn check_aligned(&mut self, local: u32, align: u32) {
        if align > 1 {
            self.all([I::LocalGet(local), I::I32Const(align as i32 - 1), I::I32And]);
            self.trap_if(AdapterTrap::UnalignedPointer);
        }
    }

    /// Traps unless as many bytes as the `i64` on the stack says are in `memory` at the pointer in `local`.
    pub(crate) fn check_bounds(&mut self, local: u32, memory: u32, trap: AdapterTrap) {
        self.all([
            I::LocalGet(local),
            I::I64ExtendI32U,
            I::I64Add,
            I::MemorySize(memory),
            I::I64ExtendI32U,
            I::I64Const(16),
            I::I64Shl,
            I::I64GtU,
        ]);
        self.trap_if(trap);
    }

    /// The finished function.
    pub(crate) fn finish(self) -> Function {
        let mut function = Function::new_with_locals_types(self.locals);
        for instruction in &self.code {
            function.instruction(instruction);
        }
        function.instruction(&I::End);
        function
    }
}

/// Where an access is: `bytes` at `offset` from the address on the stack.
pub(crate) fn access(memory: u32, offset: u32, bytes: u32) -> MemArg {
    MemArg {
        offset: offset.into(),
        align: bytes.trailing_zeros(),
        target: MemArgTarget::Memory(memory),
        ordering: None,
    }
}
