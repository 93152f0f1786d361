//! Code of a module whose functions are compiled when they are first called.
//!
//! The text is a file in memory that is mapped to be executed and mapped nowhere to be written: code is written to the file. Functions
//! are added at its end, each at a cache line of its own, so that no line changes from which code was fetched. When a function's code and tables
//! are there, its entry (`stubs`) is set, and only by that is the code ever reached.
//!
//! Any number of threads may ask for functions at once. Two that ask for the same both have it compiled; what the second one gets is dropped.

use std::{
    ops::Range,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use silica_contract::{
    artefact::{CompiledFunction, Relocation, RelocationKind},
    call_sites::Handler,
    image::{CodeRange, ImageError},
    trap::TrapCode,
};
use silica_module::Module;
use silica_os::{CodeSpace, OsError};

use super::{
    earlier::{Collected, Earlier},
    placed::{Compilation, Placed, PlacedList},
    registry::REGISTRY,
    stubs::{ENTRY_BYTES, Stubs},
    tables::{References, Tables},
};
use crate::{LoadError, RuntimeError, error::HostError, identity::ModuleId, image::Image};

/// What compiles the functions of a module when they are called.
pub trait ModuleSource: Send + Sync {
    /// The code of a defined function, always the same. Any thread may ask.
    ///
    /// # Errors
    /// Why it cannot be compiled; the call that needs it ends with that.
    fn compile(&self, defined: u32) -> Result<CompiledFunction, HostError>;

    /// Keeps what was compiled of the module, here and in an earlier run, for the next, if it keeps such. `image` writes the image of it, of
    /// [`Kind::Called`](silica_contract::image::Kind), with the hash of the module.
    fn keep(&self, image: &mut dyn FnMut([u8; 32]) -> Result<Vec<u8>, ImageError>);

    /// The image of the whole module, all functions compiled.
    ///
    /// # Errors
    /// Why there is none.
    fn image(&self) -> Result<Vec<u8>, HostError>;
}

/// A function's start is aligned to so many bytes: a line of the processor's cache.
const ALIGNMENT: usize = 64;
/// How far apart things of one text may be, since a call's distance has 31 bits.
const SPACE_MAX: usize = (1 << 31) - (1 << 16);
/// Bytes of code for each byte of a body that are reserved. One pass makes some six.
const CODE_PER_BYTE: u64 = 64;
/// Code is kept for later when what is new is more than one part in so many of what was kept before.
const WORTH_KEEPING: usize = 16;
/// And so many for each function.
const CODE_PER_FUNCTION: u64 = 1 << 10;

/// Code of a module whose functions are compiled when they are first called.
pub(crate) struct GrowingCode {
    module: ModuleId,
    counts_fuel: bool,
    imported_functions: u32,
    functions: u32,
    source: Arc<dyn ModuleSource>,
    space: CodeSpace,
    stubs: Stubs,
    /// What was there when the module was made.
    earlier: Option<Earlier>,
    placed: PlacedList,
    made: Instant,
    /// Where the next function goes. Who has this may add one.
    end: Mutex<usize>,
    /// As much of the text is kept for the next run.
    kept: Mutex<usize>,
}

impl GrowingCode {
    /// Text with no function in it yet, or with those of an earlier run's image; known to the registry.
    ///
    /// # Errors
    /// [`LoadError`] where the system has no such thing, or the image is not of such a text.
    pub(crate) fn new(
        module: ModuleId,
        description: &Module,
        counts_fuel: bool,
        source: Arc<dyn ModuleSource>,
        earlier: Option<&Arc<Image>>,
    ) -> Result<Arc<GrowingCode>, LoadError> {
        // A module has fewer than 2^32 bytes, and so functions.
        let functions = description.bodies.len() as u32;
        let table_bytes =
            (functions as usize * ENTRY_BYTES).next_multiple_of(silica_os::page_size());
        let stubs = Stubs::new(functions, table_bytes);
        let unsupported = || OsError::Unsupported("compiling functions when they are called");
        let left = (SPACE_MAX.checked_sub(table_bytes + stubs.bytes())).ok_or_else(unsupported)?;
        let bodies = (description.bodies.iter())
            .map(|body| u64::from(body.bytes.end - body.bytes.start) * CODE_PER_BYTE)
            .sum::<u64>();
        let wanted = bodies + u64::from(functions) * CODE_PER_FUNCTION;
        let text_bytes = stubs.bytes() + wanted.min(left as u64) as usize;
        let space = CodeSpace::new(table_bytes, text_bytes)?;
        let earlier = match earlier {
            None => {
                space.write(0, &stubs.code().ok_or_else(unsupported)?)?;
                None
            }
            Some(image) => Some(Earlier::place(image, &space, stubs)?),
        };
        let end = earlier.as_ref().map_or(stubs.bytes(), Earlier::end);
        let code = Arc::new(GrowingCode {
            module,
            counts_fuel,
            imported_functions: description.imported_functions,
            functions,
            source,
            end: Mutex::new(end),
            kept: Mutex::new(end),
            earlier,
            placed: PlacedList::new(functions as usize),
            made: Instant::now(),
            stubs,
            space,
        });
        for defined in 0..functions {
            let ask = code.range().start + stubs.ask(defined);
            code.entry_of(defined).store(ask, Ordering::Release);
        }
        for function in code.earlier.iter().flat_map(Earlier::functions) {
            if function.is_entry {
                let start = code.range().start + function.code.start as usize;
                code.entry_of(function.defined)
                    .store(start, Ordering::Release);
            }
        }
        let tables: &dyn Tables = &*code;
        // SAFETY: it is removed when the last handle to it is dropped, and does not move before; the space is its own.
        unsafe { REGISTRY.add(code.range(), tables) };
        Ok(code)
    }

    /// What was compiled so far, in the order of addresses.
    pub(crate) fn compilations(&self) -> Vec<Compilation> {
        self.placed
            .iter()
            .map(|placed| placed.compilation)
            .collect()
    }

    /// What compiles its functions.
    pub(crate) fn source(&self) -> &dyn ModuleSource {
        &*self.source
    }

    /// The addresses of its text.
    pub(super) fn range(&self) -> Range<usize> {
        let start = self.space.text() as usize;
        start..start + self.space.text_bytes()
    }

    /// The entry of a function, which its stub jumps by.
    fn entry_of(&self, defined: u32) -> &AtomicUsize {
        assert!(defined < self.functions, "a module has its functions only");
        let entries = self.space.data().cast::<AtomicUsize>();
        // SAFETY: the table was made with an entry for each function; it is zeroed, aligned to a page, and lives as long as `self`.
        unsafe { &*entries.add(defined as usize) }
    }

    /// Where the code of a function is, if it is there.
    fn code_of(&self, defined: u32) -> Option<usize> {
        let code = self.entry_of(defined).load(Ordering::Acquire);
        (code != self.range().start + self.stubs.ask(defined)).then_some(code)
    }

    /// Where a function is called.
    pub(super) fn entry(&self, defined: u32) -> usize {
        self.range().start + self.stubs.entry(defined)
    }

    pub(super) fn function(&self, defined: u32) -> Option<CodeRange> {
        let offset = (self.code_of(defined)? - self.range().start) as u32;
        match self.earlier_at(offset) {
            Some(earlier) => earlier.function(offset).map(|function| function.code),
            None => self.placed.at(offset).map(Placed::code),
        }
    }

    pub(super) fn function_at(&self, offset: u32) -> Option<u32> {
        if let Some(defined) = self.stubs.function_at(offset) {
            return Some(defined);
        }
        match self.earlier_at(offset) {
            Some(earlier) => earlier.function(offset).map(|function| function.defined),
            None => self.placed.at(offset).map(|placed| placed.defined),
        }
    }

    /// What was there at first, if this offset is of it.
    fn earlier_at(&self, offset: u32) -> Option<&Earlier> {
        let earlier = self.earlier.as_ref()?;
        ((offset as usize) < earlier.end()).then_some(earlier)
    }

    pub(super) fn module_offset_at(&self, offset: u32) -> Option<u32> {
        if let Some(earlier) = self.earlier_at(offset) {
            return earlier.module_offset_at(offset);
        }
        let placed = self.placed.at(offset)?;
        placed.module_offset_at(offset - placed.start)
    }

    /// The code of a function, compiled if it was not there.
    pub(crate) fn demand(&self, defined: u32) -> Result<usize, HostError> {
        if let Some(code) = self.code_of(defined) {
            return Ok(code);
        }
        let begun = Instant::now();
        let function = self.source.compile(defined)?;
        let times = (begun.duration_since(self.made), begun.elapsed());
        self.add(defined, function, times)
            .map_err(|error| Box::new(error) as HostError)
    }

    /// Adds a function, unless another thread was first; gives its code.
    fn add(
        &self,
        defined: u32,
        mut function: CompiledFunction,
        times: (Duration, Duration),
    ) -> Result<usize, RuntimeError> {
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(code) = self.code_of(defined) {
            return Ok(code);
        }
        let start = end.next_multiple_of(ALIGNMENT);
        if function.bytes.len() > self.space.text_bytes().saturating_sub(start) {
            return Err(RuntimeError::OutOfMemory("the module's code"));
        }
        for relocation in std::mem::take(&mut function.relocations) {
            self.resolve(&mut function.bytes, (defined, start), relocation)?;
        }
        self.space.write(start, &function.bytes)?;
        *end = start + function.bytes.len();
        self.placed
            .push(Placed::new(defined, start as u32, &function, times));
        let code = self.range().start + start;
        self.entry_of(defined).store(code, Ordering::Release);
        Ok(code)
    }

    /// Writes the distance to a called function: to its code if that is there, else to its stub.
    fn resolve(
        &self,
        bytes: &mut [u8],
        (own, start): (u32, usize),
        relocation: Relocation,
    ) -> Result<(), RuntimeError> {
        let wrong = || RuntimeError::OutOfBounds("a call in compiled code");
        match relocation.kind {
            RelocationKind::X86Relative32 => {}
            RelocationKind::Aarch64Branch26 => return Err(wrong()),
        }
        let callee = (relocation.function.checked_sub(self.imported_functions))
            .filter(|callee| *callee < self.functions)
            .ok_or_else(wrong)?;
        let text = self.range().start;
        let target = match self.code_of(callee) {
            Some(code) => code - text,
            None if callee == own => start,
            None => self.stubs.entry(callee),
        };
        let at = relocation.offset as usize;
        let place = bytes.get_mut(at..at + 4).ok_or_else(wrong)?;
        let distance = target as i64 - (start + at + 4) as i64;
        // The whole text is shorter than 2^31 bytes.
        place.copy_from_slice(&(distance as i32).to_le_bytes());
        Ok(())
    }
}

impl GrowingCode {
    /// Gives what was compiled so far, here and before, to whoever keeps it, if there is more than was kept already. `image` describes the module.
    pub(crate) fn keep(&self, image: &Image) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let end = *self.end.lock().unwrap_or_else(PoisonError::into_inner);
        if (end - *kept) * WORTH_KEEPING > *kept - self.stubs.bytes() {
            self.source.keep(&mut |hash| self.called_image(image, hash));
            *kept = end;
        }
    }

    fn called_image(&self, image: &Image, module_hash: [u8; 32]) -> Result<Vec<u8>, ImageError> {
        // Nobody adds a function meanwhile.
        let end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        let mut collected = Collected::new(self.earlier.as_ref());
        for placed in self.placed.iter() {
            let start = self.range().start + placed.start as usize;
            let is_entry = self.entry_of(placed.defined).load(Ordering::Acquire) == start;
            collected.add(placed, is_entry);
        }
        // SAFETY: the text is readable, and what is before the end does not change any more.
        let text = unsafe { std::slice::from_raw_parts(self.space.text(), *end) };
        collected.write(image, module_hash, text)
    }
}

impl Tables for GrowingCode {
    fn module(&self) -> ModuleId {
        self.module
    }

    fn counts_fuel(&self) -> bool {
        self.counts_fuel
    }

    fn trap_at(&self, offset: u32) -> Option<TrapCode> {
        if let Some(earlier) = self.earlier_at(offset) {
            return earlier.trap_at(offset);
        }
        let placed = self.placed.at(offset)?;
        placed.trap_at(offset - placed.start)
    }

    fn handler_at(&self, return_offset: u32) -> Option<Handler> {
        // A call may be the last instruction of its function.
        let at = return_offset.checked_sub(1)?;
        if let Some(earlier) = self.earlier_at(at) {
            return earlier.handler_at(return_offset);
        }
        let placed = self.placed.at(at)?;
        let handler = placed.handler_at(return_offset - placed.start)?;
        Some(Handler {
            return_offset,
            handler_offset: placed.start + handler.handler_offset,
            ..handler
        })
    }

    fn references_at(&self, return_offset: u32, into: &mut References) {
        let Some(at) = return_offset.checked_sub(1) else {
            return;
        };
        if let Some(earlier) = self.earlier_at(at) {
            earlier.references_at(return_offset, into);
        } else if let Some(placed) = self.placed.at(at) {
            placed.references_at(return_offset - placed.start, into);
        }
    }
}

impl Drop for GrowingCode {
    fn drop(&mut self) {
        REGISTRY.remove(self.range().start);
    }
}
