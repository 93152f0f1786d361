//! Sizes, alignments and registers of Rust types that stand for a component's, known when the embedder is compiled.
//!
//! A type that was compared with a component's has the same layout as that one, by the same rules.

use silica_component_describe::{align_to, discriminant_bytes};

/// What a type is to the canonical ABI.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeLayout {
    /// Bytes in a memory.
    pub size: u32,
    /// 1, 2, 4 or 8.
    pub align: u32,
    /// Registers that a value takes.
    pub registers: usize,
    /// Whether there is a handle in it: only those need to know which type of the component's they are.
    pub handles: bool,
}

impl TypeLayout {
    /// One register.
    #[must_use]
    pub const fn scalar(bytes: u32) -> TypeLayout {
        TypeLayout {
            size: bytes,
            align: bytes,
            registers: 1,
            handles: false,
        }
    }

    /// A handle.
    #[must_use]
    pub const fn handle() -> TypeLayout {
        TypeLayout {
            handles: true,
            ..TypeLayout::scalar(4)
        }
    }

    /// A list of elements of this layout.
    #[must_use]
    pub const fn list(self) -> TypeLayout {
        TypeLayout {
            size: 8,
            align: 4,
            registers: 2,
            handles: self.handles,
        }
    }

    /// So many elements of this layout.
    #[must_use]
    pub const fn repeated(self, count: usize) -> TypeLayout {
        TypeLayout {
            size: self.size * count as u32,
            registers: self.registers * count,
            ..self
        }
    }

    /// Fields one after the other.
    #[must_use]
    pub const fn record(fields: &[TypeLayout]) -> TypeLayout {
        let mut whole = TypeLayout {
            size: 0,
            align: 1,
            registers: 0,
            handles: false,
        };
        let mut index = 0;
        while index < fields.len() {
            let field = fields[index];
            whole.size = aligned(whole.size, field.align) + field.size;
            whole.align = larger(whole.align, field.align);
            whole.registers += field.registers;
            whole.handles |= field.handles;
            index += 1;
        }
        whole.size = aligned(whole.size, whole.align);
        whole
    }

    /// Where each of a record's fields lies.
    #[must_use]
    pub const fn offsets<const N: usize>(fields: &[TypeLayout; N]) -> [u32; N] {
        let mut offsets = [0; N];
        let (mut index, mut end) = (0, 0);
        while index < N {
            offsets[index] = aligned(end, fields[index].align);
            end = offsets[index] + fields[index].size;
            index += 1;
        }
        offsets
    }

    /// One of several cases.
    #[must_use]
    pub const fn variant(cases: &[Option<TypeLayout>]) -> TypeLayout {
        let discriminant = discriminant_bytes(cases.len());
        let (mut size, mut registers) = (0, 0);
        let mut align = discriminant;
        let mut handles = false;
        let mut index = 0;
        while index < cases.len() {
            if let Some(payload) = cases[index] {
                size = larger(size, payload.size);
                align = larger(align, payload.align);
                if payload.registers > registers {
                    registers = payload.registers;
                }
                handles |= payload.handles;
            }
            index += 1;
        }
        let payload = TypeLayout::payload_offset(cases);
        TypeLayout {
            size: aligned(payload + size, align),
            align,
            registers: 1 + registers,
            handles,
        }
    }

    /// Where the payload of each case lies.
    #[must_use]
    pub const fn payload_offset(cases: &[Option<TypeLayout>]) -> u32 {
        let mut align = 1;
        let mut index = 0;
        while index < cases.len() {
            if let Some(payload) = cases[index] {
                align = larger(align, payload.align);
            }
            index += 1;
        }
        aligned(discriminant_bytes(cases.len()), align)
    }

    /// Flags: one number.
    #[must_use]
    pub const fn flags(count: usize) -> TypeLayout {
        TypeLayout::scalar(silica_component_describe::flags_bytes(count))
    }
}

const fn aligned(offset: u32, align: u32) -> u32 {
    align_to(offset as u64, align) as u32
}

const fn larger(a: u32, b: u32) -> u32 {
    if a > b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::ComponentType;

    #[test]
    fn layouts_are_the_canonical_abis() {
        let record = <(u8, u64, String)>::LAYOUT;
        assert_eq!((record.size, record.align, record.registers), (24, 8, 4));
        let result = <Result<u8, String>>::LAYOUT;
        assert_eq!((result.size, result.align, result.registers), (12, 4, 3));
        let option = <Option<Option<u16>>>::LAYOUT;
        assert_eq!((option.size, option.align, option.registers), (6, 2, 3));
        assert_eq!(<Result<(), ()>>::LAYOUT.size, 1);
        assert_eq!(<[u64; 3]>::LAYOUT.size, 24);
        const { assert!(<Vec<(u8, crate::ResourceAny)>>::LAYOUT.handles) };
        let many = [None; 257];
        assert_eq!(TypeLayout::variant(&many).size, 2);
    }
}
