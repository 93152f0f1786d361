//! Code of a module whose functions are compiled when they are first called.
//!
//! The text is a file in memory that is mapped to be executed and mapped nowhere to be written: code is written to the file. Functions
//! are added at its end, each at a cache line of its own, so that no line changes from which code was fetched. When a function's code and tables
//! are there, its entry (`stubs`) is set, and only by that is the code ever reached.
//!
//! Any number of threads may ask for functions at once. Two that ask for the same both have it compiled; what the second one gets is dropped.
//!
//! Where code counts, a function that is used much is optimized (`optimizer`), and its entry set once more; where it turns in a loop meanwhile,
//! it may go on in code that was made for that. Code that was there before is left as it is.

mod used;

use std::{
    ops::Range,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI32, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use silica_contract::{
    artefact::{CompiledFunction, Relocation, RelocationKind},
    call_sites::Handler,
    image::{CalledFunction, CodeRange, ImageError},
    trap::TrapCode,
};
use silica_module::Module;
use silica_os::{CodeSpace, OsError};

use super::{
    earlier::{Collected, Earlier},
    placed::{Compilation, Occasion, Placed, PlacedList},
    promotions::{Progress, Promotions, Wanted},
    registry::REGISTRY,
    source::ModuleSource,
    stubs::{ENTRY_BYTES, Stubs},
    tables::{References, Tables},
};
use crate::{LoadError, RuntimeError, error::HostError, identity::ModuleId, image::Image};

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
/// Bytes of a function's counter.
const COUNTER_BYTES: usize = 4;
/// So many more pieces of optimized code than functions there may be: of loops.
const LOOPS_MAX: usize = 1 << 10;

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
    /// Entries and turns of loops after which a function is worth optimizing; none where nothing counts.
    threshold: Option<i32>,
    promotions: Promotions,
    /// Who has this may add a function.
    end: Mutex<End>,
    /// As much of the text is kept for the next run.
    kept: Mutex<Kept>,
}

/// How much of a text is kept for the next run.
struct Kept {
    /// Where it ends.
    offset: usize,
    /// As [`End::optimized_left`] was.
    optimized_left: usize,
}

/// Where the next function goes, and how much was added.
struct End {
    offset: usize,
    /// Bytes of optimized code that may be added: a part of the text, so that there is always room for what is called first.
    optimized_bytes_left: usize,
    optimized_left: usize,
}

impl GrowingCode {
    /// Text with no function in it yet, or with those of an earlier run's image; known to the registry.
    ///
    /// # Errors
    /// [`LoadError`] where the system has no such thing, or the image is not of such a text.
    pub(crate) fn new(
        module: ModuleId,
        description: &Module,
        (counts_fuel, threshold): (bool, Option<u32>),
        source: Arc<dyn ModuleSource>,
        earlier: Option<&Arc<Image>>,
    ) -> Result<Arc<GrowingCode>, LoadError> {
        // A module has fewer than 2^32 bytes, and so functions.
        let functions = description.bodies.len() as u32;
        let table_bytes = (functions as usize * (ENTRY_BYTES + COUNTER_BYTES))
            .next_multiple_of(silica_os::page_size());
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
            threshold: threshold.map(|threshold| threshold.clamp(1, i32::MAX as u32) as i32),
            promotions: Promotions::default(),
            end: Mutex::new(End {
                offset: end,
                optimized_bytes_left: (text_bytes - stubs.bytes()) / 2,
                optimized_left: functions as usize + LOOPS_MAX,
            }),
            kept: Mutex::new(Kept {
                offset: end,
                optimized_left: functions as usize + LOOPS_MAX,
            }),
            earlier,
            placed: PlacedList::new(2 * functions as usize + LOOPS_MAX),
            made: Instant::now(),
            stubs,
            space,
        });
        for defined in 0..functions {
            let ask = code.range().start + stubs.ask(defined);
            code.entry_of(defined).store(ask, Ordering::Release);
        }
        for function in code.earlier.iter().flat_map(Earlier::functions) {
            code.enter_earlier(function);
        }
        let tables: &dyn Tables = &*code;
        // SAFETY: it is removed when the last handle to it is dropped, and does not move before; the space is its own.
        unsafe { REGISTRY.add(code.range(), tables) };
        Ok(code)
    }

    /// Has a function begin where it did in an earlier run.
    fn enter_earlier(&self, function: CalledFunction) {
        if function.is_optimized {
            let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
            let bytes = function.code.length as usize;
            end.optimized_bytes_left = end.optimized_bytes_left.saturating_sub(bytes);
        }
        if !function.is_entry {
            return;
        }
        let code = self.range().start + function.code.start as usize;
        if function.is_optimized {
            let wanted = Wanted {
                defined: function.defined,
                entrance: None,
            };
            self.promotions.set(wanted, Progress::Ready(code));
        }
        self.count_anew(function.defined);
        self.entry_of(function.defined)
            .store(code, Ordering::Release);
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

    /// What counts the entries and turns of a function.
    fn counter_of(&self, defined: u32) -> &AtomicI32 {
        assert!(defined < self.functions, "a module has its functions only");
        let counters = self.functions as usize * ENTRY_BYTES + defined as usize * COUNTER_BYTES;
        // SAFETY: behind the entries the table has a counter for each function; it is zeroed, aligned, and lives as long as `self`.
        unsafe { &*self.space.data().add(counters).cast::<AtomicI32>() }
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

    pub(super) fn module_offsets_at(&self, offset: u32) -> Vec<u32> {
        if let Some(earlier) = self.earlier_at(offset) {
            return earlier.module_offsets_at(offset);
        }
        let placed = self.placed.at(offset);
        placed.map_or_else(Vec::new, |p| p.module_offsets_at(offset - p.start))
    }

    /// The code of a function, compiled if it was not there.
    fn demand(&self, defined: u32) -> Result<usize, HostError> {
        if let Some(code) = self.code_of(defined) {
            return Ok(code);
        }
        let begun = Instant::now();
        let function = self.source.compile(defined)?;
        let times = (begun.duration_since(self.made), begun.elapsed());
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have been first.
        if let Some(code) = self.code_of(defined) {
            return Ok(code);
        }
        let code = self.add(&mut end, (defined, Occasion::FirstCall), function, times);
        let code = code.map_err(|error| Box::new(error) as HostError)?;
        self.count_anew(defined);
        self.entry_of(defined).store(code, Ordering::Release);
        Ok(code)
    }

    /// Adds code; says where it is. It is reached by nothing yet.
    fn add(
        &self,
        end: &mut End,
        what: (u32, Occasion),
        mut function: CompiledFunction,
        times: (Duration, Duration),
    ) -> Result<usize, RuntimeError> {
        let start = end.offset.next_multiple_of(ALIGNMENT);
        if function.bytes.len() > self.space.text_bytes().saturating_sub(start) {
            return Err(RuntimeError::OutOfMemory("the module's code"));
        }
        for relocation in std::mem::take(&mut function.relocations) {
            self.resolve(&mut function.bytes, (what, start), relocation)?;
        }
        self.space.write(start, &function.bytes)?;
        end.offset = start + function.bytes.len();
        self.placed
            .push(Placed::new(what, start as u32, &function, times));
        Ok(self.range().start + start)
    }

    /// Writes the distance to what is referred to.
    fn resolve(
        &self,
        bytes: &mut [u8],
        (own, start): ((u32, Occasion), usize),
        relocation: Relocation,
    ) -> Result<(), RuntimeError> {
        let wrong = || RuntimeError::OutOfBounds("a call in compiled code");
        let function = (relocation.function.checked_sub(self.imported_functions))
            .filter(|function| *function < self.functions)
            .ok_or_else(wrong)?;
        let text = self.range().start;
        let target = match relocation.kind {
            RelocationKind::X86Relative32 => self.callee(function, (own, start)),
            RelocationKind::X86Ask32 => text + self.stubs.ask(function),
            RelocationKind::X86Entry32 => self.entry_of(function).as_ptr() as usize,
            RelocationKind::X86Counter32 => self.counter_of(function).as_ptr() as usize,
            RelocationKind::Aarch64Branch26 => return Err(wrong()),
        };
        let at = relocation.offset as usize;
        let place = bytes.get_mut(at..at + 4).ok_or_else(wrong)?;
        let distance = target as i64 - (text + start + at + 4) as i64;
        // The whole text, and the table before it, are shorter than 2^31 bytes.
        place.copy_from_slice(&(distance as i32).to_le_bytes());
        Ok(())
    }

    /// Where a direct call goes, from code that is about to be added: to the callee's code if that will not be replaced, else to its stub.
    fn callee(&self, callee: u32, ((own, occasion), start): ((u32, Occasion), usize)) -> usize {
        let text = self.range().start;
        let is_whole = !matches!(occasion, Occasion::Loop(_));
        let last = match self.threshold {
            Some(_) => self.promotions.code(callee),
            None => self.code_of(callee),
        };
        match last {
            Some(code) => code,
            None if callee == own && is_whole => text + start,
            None => text + self.stubs.entry(callee),
        }
    }

    /// Gives what was compiled so far, here and before, to whoever keeps it, if there is more than was kept already. `image` describes the module.
    pub(crate) fn keep(&self, image: &Image) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let now = {
            let end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
            Kept {
                offset: end.offset,
                optimized_left: end.optimized_left,
            }
        };
        let is_much = (now.offset - kept.offset) * WORTH_KEEPING > kept.offset - self.stubs.bytes();
        // What was optimized is worth more than its bytes.
        if is_much || now.optimized_left < kept.optimized_left {
            self.source.keep(&mut |hash| self.called_image(image, hash));
            *kept = now;
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
        let text = unsafe { std::slice::from_raw_parts(self.space.text(), end.offset) };
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

    fn is_continued_at(&self, return_offset: u32) -> bool {
        // A call may be the last instruction of its function.
        let Some(at) = return_offset.checked_sub(1) else {
            return false;
        };
        let (start, continued_at) = match self.earlier_at(at) {
            Some(earlier) => match earlier.function(at) {
                Some(function) => (function.code.start, function.continued_at),
                None => return false,
            },
            None => match self.placed.at(at) {
                Some(placed) => (placed.start, placed.continued_at),
                None => return false,
            },
        };
        continued_at == Some(return_offset - start)
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
