//! On V8, by a node process that is asked over a pipe.
//!
//! JavaScript sees no vectors and no exceptions as values, no bits of NaNs, and of references only whether they are null. What
//! it cannot see is left out.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock};

use silica_contract::trap::TrapCode;

/// A node to use where the one on the path is too old, or there is none.
pub static NODE: OnceLock<PathBuf> = OnceLock::new();

const SCRIPT: &str = include_str!("v8.js");

/// How V8 answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// What was asked for, word by word.
    Values(Vec<String>),
    /// An exception left the call.
    Exception,
    /// A trap, in words that both engines come down to: see [`trap_class`].
    Trap(&'static str),
    /// A limit of V8's, or something that it does not know. There is nothing to compare.
    Limit(String),
}

/// A node process that runs one module at a time.
#[derive(Debug)]
pub struct V8 {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// The process, started when it is first asked for; or why there is none.
pub fn v8() -> MutexGuard<'static, Result<V8, String>> {
    static PROCESS: OnceLock<Mutex<Result<V8, String>>> = OnceLock::new();
    let process = PROCESS.get_or_init(|| Mutex::new(V8::start()));
    // A panic elsewhere leaves the process between two questions.
    let mut process = process.lock().unwrap_or_else(|e| e.into_inner());
    let starts = match &mut *process {
        Ok(v8) => !matches!(v8.child.try_wait(), Ok(None)),
        Err(_) => NODE.get().is_some(),
    };
    if starts {
        *process = V8::start();
    }
    process
}

impl V8 {
    fn start() -> Result<V8, String> {
        let fetched = NODE.get().map(|path| path.clone().into_os_string());
        let candidates = [
            std::env::var_os("SILICA_NODE"),
            Some("node".into()),
            fetched,
        ];
        let mut reason = String::new();
        for candidate in candidates.into_iter().flatten() {
            match V8::start_by(Command::new(&candidate)) {
                Ok(v8) => return Ok(v8),
                Err(error) => reason = format!("{}: {error}", candidate.display()),
            }
        }
        Err(reason)
    }

    fn start_by(mut node: Command) -> Result<V8, String> {
        let mut child = node
            .args(["-e", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| error.to_string())?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let (Some(input), Some(output)) = (input, output) else {
            return Err("its pipes are missing".to_owned());
        };
        let mut v8 = V8 {
            child,
            input,
            output: BufReader::new(output),
        };
        match v8.line() {
            Some(line) if line == "ready" => Ok(v8),
            Some(line) => Err(line),
            None => Err("it ended at once".to_owned()),
        }
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.output.read_line(&mut line).ok()?;
        (read > 0).then(|| line.trim_end().to_owned())
    }

    fn ask(&mut self, question: &str) -> Answer {
        let asked = writeln!(self.input, "{question}").and_then(|()| self.input.flush());
        let answer = asked.ok().and_then(|()| self.line());
        // Out of memory is the end of the process; the next to ask starts another.
        let Some(answer) = answer else {
            let _ = self.child.wait();
            return Answer::Limit("node ended".to_owned());
        };
        match answer.split_once(' ').unwrap_or((&answer, "")) {
            ("ok", values) => {
                Answer::Values(values.split_whitespace().map(str::to_owned).collect())
            }
            ("exception", _) => Answer::Exception,
            ("trap", message) => match class_of_message(message) {
                Some(class) => Answer::Trap(class),
                None => Answer::Limit(answer),
            },
            _ => Answer::Limit(answer),
        }
    }

    /// Instantiates a module that imports nothing.
    pub fn instantiate(&mut self, module: &[u8]) -> Answer {
        self.ask(&format!("module {}", hexadecimal(module)))
    }

    /// Calls an export. Arguments and results have types `i32`, `i64`, `f32`, `f64` or `ref`; of an argument of the last,
    /// which is null, the bits mean nothing.
    pub fn call(&mut self, name: &str, arguments: &[(&str, u128)], results: &[&str]) -> Answer {
        let name = hexadecimal(name.as_bytes());
        let mut question = format!("call {name} {}", results.join(","));
        for (ty, bits) in arguments {
            let _ = write!(question, " {ty}:{bits:x}");
        }
        self.ask(&question)
    }

    /// Looks at exports: `("global", name, type)`, `("memory", name, "")`, `("table", name, type of its index)`.
    pub fn look(&mut self, exports: &[(&str, &str, &str)]) -> Answer {
        let mut question = "look".to_owned();
        for (kind, name, ty) in exports {
            let _ = write!(question, " {kind}:{}:{ty}", hexadecimal(name.as_bytes()));
        }
        self.ask(&question)
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Of a memory's bytes, what [`V8::look`] gives.
#[must_use]
pub fn memory_digest(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    });
    format!("{}:{hash:x}", bytes.len())
}

/// What a trap of ours comes down to; `None` for a limit of ours.
#[must_use]
pub fn trap_class(code: TrapCode) -> Option<&'static str> {
    Some(match code {
        TrapCode::Unreachable => "unreachable",
        TrapCode::MemoryOutOfBounds => "memory",
        TrapCode::TableOutOfBounds => "table",
        TrapCode::IndirectCallToNull | TrapCode::BadSignature => "call",
        TrapCode::IntegerDivisionByZero => "division by zero",
        TrapCode::IntegerOverflow | TrapCode::BadConversionToInteger => "integer",
        TrapCode::UnalignedAtomic => "alignment",
        TrapCode::ArrayOutOfBounds => "array",
        TrapCode::CastFailure => "cast",
        TrapCode::NullReference
        | TrapCode::NullFunction
        | TrapCode::NullStructure
        | TrapCode::NullArray
        | TrapCode::NullI31 => "null",
        TrapCode::StackOverflow | TrapCode::HeapExhausted => return None,
        _ => panic!("no module here can trap so: {code}"),
    })
}

/// What a message of V8's comes down to; `None` for a limit of V8's.
fn class_of_message(message: &str) -> Option<&'static str> {
    const CLASSES: &[(&str, &str)] = &[
        ("unreachable", "unreachable"),
        ("memory access out of bounds", "memory"),
        ("data segment", "memory"),
        ("element segment", "table"),
        ("table initializer", "table"),
        ("table index is out of bounds", "table"),
        ("table access out of bounds", "table"),
        ("signature mismatch", "call"),
        ("divide by zero", "division by zero"),
        ("remainder by zero", "division by zero"),
        ("unrepresentable", "integer"),
        ("unaligned", "alignment"),
        ("array element access out of bounds", "array"),
        ("illegal cast", "cast"),
        ("null pointer", "null"),
        ("rethrowing null", "null"),
    ];
    if message.contains("too large") {
        return None;
    }
    let found = CLASSES.iter().find(|(part, _)| message.contains(part));
    let (_, class) = found.unwrap_or_else(|| panic!("V8 trapped with {message:?}"));
    Some(class)
}
