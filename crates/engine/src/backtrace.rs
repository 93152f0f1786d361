//! Where in WebAssembly a call was when it failed.
//!
//! Catching a backtrace notes only where; names and source lines are looked up when somebody looks.

use std::fmt;
use std::sync::OnceLock;

use silica_runtime as rt;

use silica_module::names;

use crate::{AsContext, Engine, Module, symbols, symbols::FrameSymbol};

/// The WebAssembly frames of a call that failed, innermost first. It is in the error of a call, above its cause:
///
/// ```
/// use silica_engine::{Engine, Instance, Module, Store, WasmBacktrace};
/// # fn main() -> silica_engine::Result<()> {
/// let engine = Engine::default();
/// let module = Module::new(&engine, r#"(module $app
///     (func $inner unreachable)
///     (func (export "outer") call $inner))"#)?;
/// let mut store = Store::new(&engine, ());
/// let instance = Instance::new(&mut store, &module, &[])?;
/// let outer = instance.get_typed_func::<(), ()>(&mut store, "outer")?;
/// let error = outer.call(&mut store, ()).unwrap_err();
/// let backtrace = error.downcast_ref::<WasmBacktrace>().expect("it has one");
/// assert_eq!(backtrace.frames()[0].func_name(), Some("inner"));
/// assert!(error.to_string().starts_with("unreachable\n"));
/// # Ok(()) }
/// ```
pub struct WasmBacktrace {
    message: Option<String>,
    frames: Vec<FrameInfo>,
}

impl WasmBacktrace {
    pub(crate) fn new(
        engine: &Engine,
        state: &rt::StoreState,
        backtrace: &rt::Backtrace,
        message: Option<String>,
    ) -> WasmBacktrace {
        let mut frames = Vec::with_capacity(backtrace.frames.len());
        for frame in &backtrace.frames {
            if let Some(compiled) = state.module(frame.module) {
                FrameInfo::add(&mut frames, engine, compiled, frame.text_offset);
            }
        }
        // The same number whichever calls were inlined.
        frames.truncate(rt::Backtrace::FRAMES_MAX);
        WasmBacktrace { message, frames }
    }

    /// The frames below the host function that is being called; none if none is.
    pub fn capture(store: impl AsContext) -> WasmBacktrace {
        let store = store.as_context();
        let state = store.raw.into_state();
        WasmBacktrace::new(store.engine(), state, &state.backtrace(), None)
    }

    /// The frames, innermost first.
    #[must_use]
    pub fn frames(&self) -> &[FrameInfo] {
        &self.frames
    }
}

/// So many frames that are all where the one before is are shown as their number.
const REPEATS_MIN: usize = 3;

impl fmt::Display for WasmBacktrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(message) = &self.message {
            writeln!(f, "{message}")?;
        }
        f.write_str("wasm backtrace:")?;
        let mut index = 0;
        while let Some(frame) = self.frames.get(index) {
            frame.write(f, index)?;
            let rest = self.frames[index + 1..].iter();
            let same = rest.take_while(|other| other.is_where(frame)).count();
            if same >= REPEATS_MIN {
                write!(f, "\n  … {same} more of the same")?;
                index += same;
            }
            index += 1;
        }
        if self.frames.len() >= rt::Backtrace::FRAMES_MAX {
            f.write_str("\n  … frames further out are left out")?;
        }
        Ok(())
    }
}

impl fmt::Debug for WasmBacktrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for WasmBacktrace {}

/// One frame of a [`WasmBacktrace`].
pub struct FrameInfo {
    module: Module,
    function: Option<u32>,
    module_offset: Option<u32>,
    names: OnceLock<Names>,
}

/// The defined function whose body contains this byte of the module.
fn body_at(module: &silica_module::Module, offset: u32) -> Option<u32> {
    let after = module
        .bodies
        .partition_point(|body| body.bytes.start <= offset);
    let defined = after.checked_sub(1)?;
    (offset < module.bodies[defined].bytes.end).then_some(defined as u32)
}

/// What is looked up when somebody looks.
struct Names {
    module: Option<String>,
    function: Option<String>,
    symbols: Vec<FrameSymbol>,
}

impl FrameInfo {
    /// Adds the frame that code at `text_offset` belongs to; and before it, where that code was inlined from other
    /// functions, the frames that calls of those would have had.
    fn add(
        frames: &mut Vec<FrameInfo>,
        engine: &Engine,
        compiled: &rt::CompiledModule,
        text_offset: u32,
    ) {
        let module = compiled.module();
        let offsets = compiled.module_offsets_at(text_offset);
        let index = |defined: u32| defined + module.imported_functions;
        let frame = |function: Option<u32>, module_offset| FrameInfo {
            module: Module::from_compiled(engine, compiled.clone()),
            function: function.map(index),
            module_offset,
            names: OnceLock::new(),
        };
        let (outermost, inlined) = match offsets.split_last() {
            Some((last, inlined)) => (Some(*last), inlined),
            None => (None, &[][..]),
        };
        for offset in inlined {
            frames.push(frame(body_at(module, *offset), Some(*offset)));
        }
        frames.push(frame(compiled.function_at(text_offset), outermost));
    }

    /// Whether both are at the same instruction of the same function.
    fn is_where(&self, other: &FrameInfo) -> bool {
        let place = |frame: &FrameInfo| (frame.function, frame.module_offset);
        place(self) == place(other)
            && std::ptr::eq(self.module.description(), other.module.description())
    }

    fn names(&self) -> &Names {
        self.names.get_or_init(|| {
            let (kept, module) = (self.module.kept(), self.module.description());
            let function = self
                .function
                .and_then(|index| names::function_name(kept, module.names, index));
            let details = self.module.engine().config().backtrace_details;
            let offset = self.code_offset().filter(|_| details);
            Names {
                module: self.module.name().map(str::to_owned),
                function: function.map(symbols::demangle),
                symbols: offset
                    .map(|offset| symbols::places(|name| self.module.custom_section(name), offset))
                    .unwrap_or_default(),
            }
        })
    }

    /// Offset in the code section's contents: what DWARF counts.
    fn code_offset(&self) -> Option<u64> {
        let start = self.module.compiled().metadata().code_section_start;
        let offset = self.module_offset?.checked_sub(start)?;
        Some(u64::from(offset))
    }

    /// The module.
    #[must_use]
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// The function's index in the module.
    #[must_use]
    pub fn func_index(&self) -> Option<u32> {
        self.function
    }

    /// The function's name, from the name section, as its author wrote it.
    #[must_use]
    pub fn func_name(&self) -> Option<&str> {
        self.names().function.as_deref()
    }

    /// Where in the module's bytes the instruction is. `None` in code that belongs to no instruction.
    #[must_use]
    pub fn module_offset(&self) -> Option<usize> {
        self.module_offset.map(|offset| offset as usize)
    }

    /// Where in the function's body the instruction is.
    #[must_use]
    pub fn func_offset(&self) -> Option<usize> {
        let module = self.module.description();
        let defined = module.defined_function(self.function?)?;
        let body = module.bodies.get(defined as usize)?;
        self.module_offset?
            .checked_sub(body.bytes.start)
            .map(|offset| offset as usize)
    }

    /// Where in the sources, innermost inlined call first, if the module says (DWARF).
    #[must_use]
    pub fn symbols(&self) -> &[FrameSymbol] {
        &self.names().symbols
    }

    /// `  0: 0x1f4 - app!inner at src/main.rs:10:5`, and a line for each call that this one was inlined into.
    fn write(&self, f: &mut fmt::Formatter<'_>, index: usize) -> fmt::Result {
        let offset = match self.module_offset {
            Some(offset) => format!("{offset:#x}"),
            None => "?".to_owned(),
        };
        let head = format!("{index:>3}: {offset} - ");
        let names = self.names();
        let module = names.module.as_deref();
        let function = match (&names.function, self.function) {
            (Some(name), _) => name.clone(),
            (None, Some(index)) => format!("<function {index}>"),
            (None, None) => "<unknown>".to_owned(),
        };
        write!(f, "\n{head}")?;
        let Some((first, others)) = names.symbols.split_first() else {
            return write_place(f, module, &function, None);
        };
        let inlined = !others.is_empty();
        let name = |symbol: &FrameSymbol| symbol.name.clone().unwrap_or_else(|| function.clone());
        // Where nothing was inlined the name section's name is the better one: DWARF's may lack the path.
        let first_name = if inlined {
            name(first)
        } else {
            function.clone()
        };
        write_place(f, module, &first_name, Some(first))?;
        for symbol in others {
            write!(f, "\n{:indent$}", "", indent = head.len())?;
            write_place(f, module, &name(symbol), Some(symbol))?;
        }
        Ok(())
    }
}

fn write_place(
    f: &mut fmt::Formatter<'_>,
    module: Option<&str>,
    function: &str,
    symbol: Option<&FrameSymbol>,
) -> fmt::Result {
    if let Some(module) = module {
        write!(f, "{module}!")?;
    }
    f.write_str(function)?;
    let Some(file) = symbol.and_then(FrameSymbol::file) else {
        return Ok(());
    };
    write!(f, " at {file}")?;
    if let Some(line) = symbol.and_then(FrameSymbol::line) {
        write!(f, ":{line}")?;
        if let Some(column) = symbol.and_then(FrameSymbol::column) {
            write!(f, ":{column}")?;
        }
    }
    Ok(())
}

impl fmt::Debug for FrameInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameInfo")
            .field("module", &self.module)
            .field("func_index", &self.function)
            .field("func_name", &self.func_name())
            .field("module_offset", &self.module_offset)
            .finish()
    }
}
