//! Runs WebAssembly specification scripts (`.wast`) on Silica.
//!
//! A script defines modules and asserts what they do. [`run`] executes one and says how many of its
//! assertions hold, and where and why the others do not. The `silica wast` command and the
//! specification tests are both made of it.
//!
//! A script is not trusted: one that loops is stopped after a time, one that allocates is refused.

#![forbid(unsafe_code)]

mod component;
mod defined;
mod legacy;
mod limits;
mod options;
mod outcome;
mod report;
mod script;
mod source;
mod spectest;
mod thread;
mod trap;
mod value;
mod watchdog;

use std::path::Path;

use silica::Engine;
use wast::parser::{self, ParseBuffer};
use wast::{Wast, lexer::Lexer};

use source::Source;

pub use options::Options;
pub use report::{Failure, Report};

/// Runs the script `text`; `path` is where it is from, for messages.
///
/// ```
/// use std::path::Path;
/// let script = r#"
///     (module (func (export "answer") (result i32) (i32.const 42)))
///     (assert_return (invoke "answer") (i32.const 42))
/// "#;
/// let engine = silica::Engine::default();
/// let report = silica_wast::run(&engine, Path::new("answer.wast"), script, &Default::default());
/// assert_eq!((report.passed, report.failed), (1, 0));
/// ```
#[must_use]
pub fn run(engine: &Engine, path: &Path, text: &str, options: &Options) -> Report {
    let text = legacy::unfold(text);
    let text = &*text;
    let source = Source { path, text };
    let mut report = Report::default();
    let mut lexer = Lexer::new(text);
    // Names in scripts contain whatever Unicode has.
    lexer.allow_confusing_unicode(true);
    let buffer = match ParseBuffer::new_with_lexer(lexer) {
        Ok(buffer) => buffer,
        Err(error) => {
            report.fail(source.failure_of(&error));
            return report;
        }
    };
    match parser::parse::<Wast<'_>>(&buffer) {
        Ok(script) => {
            std::thread::scope(|scope| {
                let script = script::Script::new(engine, source, options, scope)
                    .map(|runner| runner.run(script.directives));
                match script {
                    Ok(done) => report.merge(done),
                    Err(failed) => report.fail(source.failure_at(0, failed)),
                }
            });
        }
        Err(error) => report.fail(source.failure_of(&error)),
    }
    report
}
