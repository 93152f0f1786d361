//! Tells of the calls that components make of the host: a record of each, with its arguments and its result in text.
//!
//! Records are made by functions around the host's own, which are there only if someone wants them. They read what a
//! guest gave and what it got, and change nothing.

mod show;

use std::fmt;
use std::sync::Arc;

use silica_component_describe::{FunctionType, Plan, Signature};
use silica_engine::StoreContextMut;

use crate::context::FlatValues;
use crate::state::Options;
use show::Shown;

/// One call that a component made of the host.
#[derive(Debug)]
pub struct CallRecord<'a> {
    /// The function's name, after those of the instances that it is in: `wasi:io/streams@0.2.12#[method]output-stream.flush`.
    /// The destructor of a resource is `[resource-drop]` and its name.
    pub name: &'a str,
    /// The arguments in text, without parentheses. A handle is the host's number of what it stands for. What is long is
    /// cut off.
    pub arguments: String,
    /// What the guest got, in text; nothing if the call never returned.
    pub result: Option<String>,
}

/// A line: `wasi:io/streams#output-stream.flush(#1) = ok`.
impl fmt::Display for CallRecord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((interface, function)) = self.name.rsplit_once('#') {
            let versionless = interface.split('@').next().unwrap_or(interface);
            write!(f, "{versionless}#{}", spoken(function))?;
        } else {
            f.write_str(&spoken(self.name))?;
        }
        let result = self.result.as_deref().unwrap_or("?");
        write!(f, "({}) = {result}", self.arguments)
    }
}

/// A function's name as people say it.
fn spoken(name: &str) -> String {
    let plain = ["[method]", "[static]"];
    match name.strip_prefix("[resource-drop]") {
        Some(resource) => format!("{resource}.drop"),
        None => plain
            .iter()
            .find_map(|kind| name.strip_prefix(kind))
            .unwrap_or(name)
            .to_owned(),
    }
}

type Sink = Arc<dyn Fn(&CallRecord<'_>) + Send + Sync>;

/// Who is told of calls, if anybody.
#[derive(Clone, Default)]
pub(crate) struct Tracer(Option<Sink>);

impl Tracer {
    pub(crate) fn new(sink: impl Fn(&CallRecord<'_>) + Send + Sync + 'static) -> Tracer {
        Tracer(Some(Arc::new(sink)))
    }

    /// What tells of the calls of one function, if anybody wants it.
    pub(crate) fn of(&self, name: &str) -> Option<Trace> {
        let sink = Arc::clone(self.0.as_ref()?);
        Some(Trace {
            sink,
            name: name.into(),
        })
    }
}

/// Tells of the calls of one function.
#[derive(Clone)]
pub(crate) struct Trace {
    sink: Sink,
    name: Arc<str>,
}

/// What a function is to the guest that calls it.
#[derive(Clone, Copy)]
pub(crate) struct Called<'a> {
    pub(crate) options: &'a Options,
    pub(crate) plan: &'a Plan,
    pub(crate) ty: &'a FunctionType,
    pub(crate) signature: &'a Signature,
}

/// A call that was begun.
pub(crate) struct Begun {
    arguments: String,
    /// Where its result goes, if that is to memory.
    pointer: Option<u32>,
}

impl Trace {
    /// Tells of a call that took `arguments`, and gave `result` if it returned.
    pub(crate) fn tell(&self, arguments: String, result: Option<String>) {
        let nothing = |text: String| {
            if text.is_empty() {
                "()".to_owned()
            } else {
                text
            }
        };
        (self.sink)(&CallRecord {
            name: &self.name,
            arguments,
            result: result.map(nothing),
        });
    }

    /// Reads the arguments, before the call takes what it owns.
    pub(crate) fn begin<T: 'static>(
        store: StoreContextMut<'_, T>,
        called: Called<'_>,
        registers: &FlatValues,
    ) -> Begun {
        let signature = called.signature;
        let last = signature.params.len().checked_sub(1);
        let pointer = last.filter(|_| signature.result_in_memory);
        let pointer = pointer.and_then(|last| registers.as_slice().get(last));
        let types: Vec<_> = called.ty.params.iter().map(|param| param.ty).collect();
        let mut shown = Shown::new(store, called.options, called.plan);
        shown.arguments(&types, signature.params_in_memory, &mut registers.clone());
        Begun {
            arguments: shown.into_text(),
            pointer: pointer.map(|bits| *bits as u32),
        }
    }

    /// Reads the result, if the call gave one, and tells of it.
    pub(crate) fn end<T: 'static>(
        &self,
        store: StoreContextMut<'_, T>,
        called: Called<'_>,
        begun: Begun,
        output: Option<&FlatValues>,
    ) {
        let result = output.map(|output| {
            let mut shown = Shown::new(store, called.options, called.plan);
            if let Some(ty) = called.ty.result {
                shown.result(ty, begun.pointer, output.clone());
            }
            shown.into_text()
        });
        self.tell(begun.arguments, result);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, result: Option<&str>) -> String {
        let record = CallRecord {
            name,
            arguments: "#3".to_owned(),
            result: result.map(str::to_owned),
        };
        record.to_string()
    }

    #[test]
    fn a_line_has_the_interface_without_its_version() {
        for (name, told) in [
            (
                "wasi:io/streams@0.2.12#[method]output-stream.flush",
                "wasi:io/streams#output-stream.flush(#3) = ok",
            ),
            (
                "wasi:io/streams@0.2.12#[resource-drop]output-stream",
                "wasi:io/streams#output-stream.drop(#3) = ok",
            ),
            ("[static]a.b", "a.b(#3) = ok"),
            ("log", "log(#3) = ok"),
        ] {
            assert_eq!(line(name, Some("ok")), told);
        }
        assert_eq!(line("exit", None), "exit(#3) = ?");
    }
}
