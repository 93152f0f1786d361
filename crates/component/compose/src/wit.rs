//! What a component imports and exports, in WIT.

use wit_component::WitPrinter;
use wit_parser::decoding::{DecodedWasm, decode};

use crate::error::ComposeError;

/// The world that a component is of, with each package that it speaks of; or a package that is encoded as a component.
/// `name` is what the component is called in errors.
///
/// # Errors
/// [`ComposeError`] if it is no component, or has what cannot be said in WIT.
pub fn wit(name: &str, bytes: &[u8]) -> Result<String, ComposeError> {
    if !wasmparser::Parser::is_component(bytes) {
        return Err(ComposeError::NotComponent(name.to_owned()));
    }
    let untold = |error: anyhow::Error| ComposeError::Wit {
        name: name.to_owned(),
        text: format!("{error:#}"),
    };
    let decoded = decode(bytes).map_err(untold)?;
    let (resolve, main) = match &decoded {
        DecodedWasm::WitPackage(resolve, package) => (resolve, *package),
        DecodedWasm::Component(resolve, world) => {
            let package = resolve.worlds[*world].package;
            let missing = || untold(anyhow::anyhow!("its world is of no package"));
            (resolve, package.ok_or_else(missing)?)
        }
    };
    let others = resolve.packages.iter().map(|(id, _)| id);
    let others: Vec<_> = others.filter(|id| *id != main).collect();
    let mut printer = WitPrinter::default();
    printer.print(resolve, main, &others).map_err(untold)?;
    Ok(printer.output.to_string())
}
