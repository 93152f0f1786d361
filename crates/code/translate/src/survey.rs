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
        if skip_locals(&mut reader).is_ok() {
            let at = reader.original_position() as usize;
            self.read(Cursor { bytes, at });
        }
    }

    fn read(&mut self, mut cursor: Cursor<'_>) {
        let end = cursor.bytes.len();
        while cursor.at < end && self.operator(&mut cursor).is_some() {}
    }

    fn weight(&self) -> u32 {
        1 << (LOOP_WEIGHT_LOG2 * self.loops.min(LOOP_DEPTH_MAX))
    }

    /// Looks at one operator; `None` where its bytes make no sense. Most of a body are operators of one byte, and only what
    /// follows that byte is stepped over: decoding each operator whole takes as long as a fifth of compiling it.
    fn operator(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        match cursor.byte()? {
            // local.get, local.set, local.tee
            0x20..=0x22 => {
                let index = cursor.number()?;
                self.local(index as usize);
            }
            // loads and stores
            0x28..=0x3e => {
                let flags = cursor.number()?;
                if flags & MEMORY_INDEX_FOLLOWS != 0 {
                    cursor.skip_number()?;
                }
                cursor.skip_number()?;
                self.memory = self.memory.saturating_add(self.weight());
            }
            // i32.const, i64.const
            0x41 | 0x42 => cursor.skip_number()?,
            // unreachable, nop, else, throw_ref, return, catch_all, drop, select, plain numeric operators, ref.is_null,
            // ref.eq, ref.as_non_null
            0x00 | 0x01 | 0x05 | 0x0a | 0x0f | 0x19..=0x1b | 0x45..=0xc4 | 0xd1 | 0xd3 | 0xd4 => {}
            // end
            0x0b => self.close(),
            // block, if
            0x02 | 0x04 => {
                cursor.skip_block_type()?;
                self.open.push(false);
            }
            0x03 => {
                cursor.skip_block_type()?;
                self.loops += 1;
                self.open.push(true);
            }
            // try
            0x06 => {
                cursor.skip_block_type()?;
                self.open.push(false);
                self.handlers = true;
            }
            // delegate
            0x18 => {
                cursor.skip_number()?;
                self.close();
            }
            // catch, throw, rethrow, br, br_if, ref.null, br_on_null, br_on_non_null
            0x07..=0x09 | 0x0c | 0x0d | 0xd0 | 0xd5 | 0xd6 => cursor.skip_number()?,
            0x0e => {
                for _ in 0..=cursor.number()? {
                    cursor.skip_number()?;
                }
            }
            0x43 => cursor.skip(4)?,
            0x44 => cursor.skip(8)?,
            opcode => return self.far(opcode, cursor),
        }
        Some(())
    }

    /// The rest of an operator that calls, or reaches beyond the function and its first memory.
    fn far(&mut self, opcode: u8, cursor: &mut Cursor<'_>) -> Option<()> {
        match opcode {
            // call, call_ref, memory.grow
            0x10 | 0x14 | 0x40 => {
                cursor.skip_number()?;
                self.call();
            }
            // call_indirect
            0x11 => {
                cursor.skip_number()?;
                cursor.skip_number()?;
                self.call();
            }
            // return_call, return_call_ref, globals, tables, memory.size, ref.func
            0x12 | 0x15 | 0x23..=0x26 | 0x3f | 0xd2 => {
                cursor.skip_number()?;
                self.context = self.context.saturating_add(self.weight());
            }
            // return_call_indirect
            0x13 => {
                cursor.skip_number()?;
                cursor.skip_number()?;
                self.context = self.context.saturating_add(self.weight());
            }
            _ => {
                cursor.at -= 1;
                self.rare(&cursor.operator()?);
            }
        }
        Some(())
    }

    fn close(&mut self) {
        if self.open.pop() == Some(true) {
            self.loops -= 1;
        }
    }

    fn call(&mut self) {
        self.calls = self.calls.saturating_add(self.weight());
        self.context = self.context.saturating_add(2 * self.weight());
    }

    /// An operator that was decoded whole.
    fn rare(&mut self, operator: &Operator<'_>) {
        match operator {
            Operator::TryTable { .. } => {
                self.open.push(false);
                self.handlers = true;
            }
            Operator::MemoryCopy { .. }
            | Operator::MemoryFill { .. }
            | Operator::ContNew { .. }
            | Operator::ContBind { .. }
            | Operator::Resume { .. }
            | Operator::ResumeThrow { .. }
            | Operator::ResumeThrowRef { .. }
            | Operator::Suspend { .. }
            | Operator::Switch { .. } => self.call(),
            Operator::V128Load { .. } | Operator::V128Store { .. } => {
                self.memory = self.memory.saturating_add(self.weight());
            }
            _ => {}
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

/// The bit of an access's first immediate that says that a memory's index follows.
const MEMORY_INDEX_FOLLOWS: u32 = 1 << 6;

/// A place in a body that has not been validated.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    #[inline]
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn skip(&mut self, bytes: usize) -> Option<()> {
        self.at += bytes;
        (self.at <= self.bytes.len()).then_some(())
    }

    /// A number of any length that LEB128 has.
    #[inline]
    fn skip_number(&mut self) -> Option<()> {
        while self.byte()? & 0x80 != 0 {}
        Some(())
    }

    /// An unsigned number; what is beyond 32 bits is lost.
    #[inline]
    fn number(&mut self) -> Option<u32> {
        let byte = self.byte()?;
        if byte & 0x80 == 0 {
            return Some(byte.into());
        }
        let mut value = u32::from(byte & 0x7f);
        for shift in (7..35).step_by(7) {
            let byte = self.byte()?;
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn skip_block_type(&mut self) -> Option<()> {
        // `ref` and `ref null` have a heap type after them.
        if matches!(self.byte()?, 0x63 | 0x64) {
            return self.skip_number();
        }
        self.at -= 1;
        self.skip_number()
    }

    /// Decodes the operator that begins here.
    fn operator(&mut self) -> Option<Operator<'_>> {
        let reader = BinaryReader::new(self.bytes.get(self.at..)?, 0);
        let mut operators = OperatorsReader::new(reader);
        let operator = operators.read().ok()?;
        self.at += operators.original_position() as usize;
        Some(operator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One body, whose every operator must be stepped over rightly for the last one to be seen.
    #[test]
    fn all_that_follows_an_operator_is_stepped_over() {
        let module = silica_module::parse_text(
            br#"(module
                (type $f (func (param i32) (result i32)))
                (memory 1) (memory 1) (table 2 funcref) (global $g (mut i32) (i32.const 0)) (tag $t)
                (func $h (param i32 i32 funcref)
                    i32.const -70000 i64.const -5000000000 drop drop
                    f32.const 1 f64.const 2 drop drop
                    block (result i32) i32.const 1 end drop
                    block (result (ref null $f)) ref.null $f end drop
                    loop
                        local.get 0 i32.load offset=300
                        local.get 0 i32.load 1 offset=5
                        i32.add i32.const 0 i32.const 7 call_indirect (type $f) drop
                        block block local.get 1 br_table 0 1 0 1 0 end end
                        i32.const 0 i32.const 0 i32.const 0 memory.copy
                        v128.const i64x2 1 2 i32x4.extract_lane 3 global.set $g
                        i32.const 0 v128.load i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15
                        drop
                        local.get 0 br_if 0
                    end
                    try_table (catch_all 0) throw $t end
                    local.get 1 select (result i32) drop
                    local.get 2 drop)
                (elem declare func $h))"#,
            None,
        )
        .unwrap();
        let (features, limits) = (
            silica_module::Features::all(),
            silica_module::Limits::default(),
        );
        let body = silica_module::decode(&module, &features, &limits)
            .unwrap()
            .module
            .bodies[0];
        let mut survey = Survey::default();
        survey.look(&module, body);
        assert_eq!(survey.locals, [24, 9, 1]);
        assert_eq!((survey.memory, survey.calls, survey.context), (24, 16, 40));
        assert!(survey.handlers);
    }
}
