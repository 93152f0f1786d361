//! Where functions lie in an image's text, and what follows from it: distances of calls, tables of traps, source
//! offsets, references in frames and handlers.

use silica_contract::{
    artefact::{CompiledFunction, InlinedPlace, Relocation, RelocationKind},
    call_sites::{Handler, StackMap},
    image::CodeRange,
    settings::Architecture,
    trap::TrapCode,
};
use silica_module::Module;

use crate::{CompileError, targets::Targets};

/// The text of an image, and its tables.
#[derive(Debug, Default)]
pub(crate) struct Text {
    pub(crate) bytes: Vec<u8>,
    pub(crate) functions: Vec<CodeRange>,
    pub(crate) traps: Vec<(u32, TrapCode)>,
    pub(crate) addresses: Vec<(u32, u32)>,
    pub(crate) inlined: Vec<InlinedPlace>,
    pub(crate) stack_maps: Vec<StackMap>,
    pub(crate) handlers: Vec<Handler>,
}

/// How far a direct call reaches, and so how much text there may be.
fn text_bytes_max(architecture: Architecture) -> u64 {
    match architecture {
        Architecture::X86_64 => i32::MAX as u64,
        Architecture::Aarch64 => (1 << 27) - 1,
    }
}

/// What stands between functions, and traps if it is executed.
fn padding(architecture: Architecture) -> u8 {
    match architecture {
        Architecture::X86_64 => 0xcc,
        Architecture::Aarch64 => 0,
    }
}

impl Text {
    /// Places the functions, in order, and lets their calls reach each other.
    pub(crate) fn lay_out(
        module: &Module,
        targets: &Targets,
        compiled: Vec<CompiledFunction>,
    ) -> Result<Text, CompileError> {
        let align = u64::from(targets.function_alignment());
        let architecture = targets.architecture();
        let total = compiled.iter().fold(0u64, |end, function| {
            end.next_multiple_of(align) + function.bytes.len() as u64
        });
        let limit = text_bytes_max(architecture);
        if total > limit {
            return Err(CompileError::TooLarge {
                bytes: total,
                limit,
            });
        }
        let mut text = Text {
            bytes: Vec::with_capacity(total as usize),
            functions: Vec::with_capacity(compiled.len()),
            ..Text::default()
        };
        let mut relocations = Vec::new();
        for function in compiled {
            let start = text.bytes.len().next_multiple_of(align as usize);
            text.bytes.resize(start, padding(architecture));
            text.place(start as u32, function, &mut relocations);
        }
        for (start, relocation) in relocations {
            text.resolve(module, start, relocation);
        }
        Ok(text)
    }

    fn place(
        &mut self,
        start: u32,
        function: CompiledFunction,
        relocations: &mut Vec<(u32, Relocation)>,
    ) {
        self.functions.push(CodeRange {
            start,
            length: function.bytes.len() as u32,
        });
        self.bytes.extend_from_slice(&function.bytes);
        let traps = function.traps.iter();
        self.traps
            .extend(traps.map(|(offset, code)| (start + offset, *code)));
        let before = self.inlined.len() as u32;
        for location in &function.locations {
            let place = location
                .place
                .map_or(u32::MAX, |place| place.after(before).bits());
            self.addresses.push((start + location.offset, place));
        }
        let inlined = function.inlined.iter().map(|place| place.after(before));
        self.inlined.extend(inlined);
        self.stack_maps
            .extend(function.stack_maps.into_iter().map(|map| StackMap {
                return_offset: start + map.return_offset,
                ..map
            }));
        self.handlers
            .extend(function.handlers.iter().map(|handler| Handler {
                return_offset: start + handler.return_offset,
                handler_offset: start + handler.handler_offset,
                ..*handler
            }));
        relocations.extend(function.relocations.iter().map(|r| (start, *r)));
    }

    fn resolve(&mut self, module: &Module, start: u32, relocation: Relocation) {
        let at = start + relocation.offset;
        let callee = module
            .defined_function(relocation.function)
            .expect("a direct call is of a defined function");
        let distance = i64::from(self.functions[callee as usize].start) - i64::from(at);
        let place = &mut self.bytes[at as usize..at as usize + 4];
        match relocation.kind {
            RelocationKind::X86Relative32 => {
                let distance = distance - 4;
                place.copy_from_slice(&(distance as i32).to_le_bytes());
            }
            RelocationKind::Aarch64Branch26 => {
                let low = ((distance >> 2) as u32 & 0x03ff_ffff).to_le_bytes();
                // The upper six bits are the operation, and zero below.
                for (byte, bits) in place.iter_mut().zip(low) {
                    *byte |= bits;
                }
            }
            RelocationKind::X86Entry32
            | RelocationKind::X86Counter32
            | RelocationKind::X86Ask32 => unreachable!("nothing of an image counts"),
        }
    }
}
