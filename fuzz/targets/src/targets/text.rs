//! Any text parses or is refused; what parses is a module or is refused as one.

use silica_module::{Features, Limits};

/// Reads the bytes as the text format, then as the module that it stands for.
pub(super) fn run(bytes: &[u8]) {
    let _ = silica_module::is_text(bytes);
    match silica_module::parse_text(bytes, None) {
        Ok(module) => {
            let _ = silica_module::validate(&module, &Features::default(), &Limits::default());
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
