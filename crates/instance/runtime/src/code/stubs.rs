//! The code in front of a growing text: how a function is called that may not be compiled yet.
//!
//! Each function has an entry, the address where its code is, in a table that can be written. A call goes to the function's stub, which jumps where
//! the entry says. At first that is the stub's second half, which asks for the function and then jumps to it.

use crate::entry;

/// Bytes of a stub.
const STUB_BYTES: usize = 16;
/// Where a stub's second half begins.
const ASK_OFFSET: usize = 6;
/// Bytes of an entry.
pub(super) const ENTRY_BYTES: usize = 8;

/// Where things are in front of the functions of a text, and in the table before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stubs {
    /// How many functions there are.
    functions: u32,
    /// How far before the text the table begins.
    table_bytes: usize,
}

impl Stubs {
    pub(super) fn new(functions: u32, table_bytes: usize) -> Stubs {
        Stubs {
            functions,
            table_bytes,
        }
    }

    /// Bytes of all this in the text.
    pub(super) fn bytes(self) -> usize {
        entry::ASK_BYTES + self.functions as usize * STUB_BYTES
    }

    /// Where in the text a function's stub is.
    pub(super) fn entry(self, defined: u32) -> usize {
        entry::ASK_BYTES + defined as usize * STUB_BYTES
    }

    /// Where in the text the second half of a function's stub is.
    pub(super) fn ask(self, defined: u32) -> usize {
        self.entry(defined) + ASK_OFFSET
    }

    /// The function whose stub contains this text offset.
    pub(super) fn function_at(self, offset: u32) -> Option<u32> {
        let defined = (offset as usize).checked_sub(entry::ASK_BYTES)? / STUB_BYTES;
        u32::try_from(defined)
            .ok()
            .filter(|defined| *defined < self.functions)
    }

    /// The machine code. None where this processor's is not known.
    pub(super) fn code(self) -> Option<Vec<u8>> {
        let ask = entry::ask_code()?;
        let mut code = Vec::with_capacity(self.bytes());
        code.extend_from_slice(ask);
        for defined in 0..self.functions {
            code.extend_from_slice(&self.stub(defined));
        }
        Some(code)
    }

    /// ```text
    /// jmp [entry]; ask: mov eax, defined; jmp ask_code
    /// ```
    fn stub(self, defined: u32) -> [u8; STUB_BYTES] {
        let start = self.entry(defined);
        let entry = defined as usize * ENTRY_BYTES;
        // Both distances are negative, and within 31 bits since the whole is.
        let to_entry = (entry as i64 - (self.table_bytes + start + ASK_OFFSET) as i64) as i32;
        let to_start = -((start + STUB_BYTES) as i64) as i32;
        let mut stub = [0; STUB_BYTES];
        stub[..2].copy_from_slice(&[0xff, 0x25]);
        stub[2..6].copy_from_slice(&to_entry.to_le_bytes());
        stub[6] = 0xb8;
        stub[7..11].copy_from_slice(&defined.to_le_bytes());
        stub[11] = 0xe9;
        stub[12..].copy_from_slice(&to_start.to_le_bytes());
        stub
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Where nothing is compiled when it is called, stubs have no size.
    #[cfg(target_arch = "x86_64")]
    #[test]
    fn a_stub_belongs_to_its_function() {
        let stubs = Stubs::new(3, 4096);
        assert_eq!(stubs.function_at(0), None);
        for defined in 0..3 {
            for at in [stubs.entry(defined), stubs.ask(defined)] {
                assert_eq!(stubs.function_at(at as u32), Some(defined));
            }
        }
        assert_eq!(stubs.function_at(stubs.bytes() as u32), None);
    }
}
