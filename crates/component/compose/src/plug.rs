//! One component of several: what one imports, others export.

use std::collections::{HashMap, HashSet};

use silica_component_describe::{ComponentLimits, compatible, validate};
use silica_module::Features;
use wasm_encoder::ComponentExportKind;

use crate::error::ComposeError;
use crate::imports::{Outer, Part};

/// A component that is `socket` with what `plugs` export for what it imports. It imports what is left, and what the
/// plugs do; it exports what `socket` does. Each part is its name, for people, and its bytes.
///
/// An import is given by an export of its name, or of a compatible version of that.
///
/// # Errors
/// [`ComposeError`]: if something is no component, if a plug is of no use, or what fits by name does not by type.
///
/// ```
/// use silica_component_compose::plug;
/// let parse = |text: &str| silica_module::parse_text(text.as_bytes(), None).unwrap().into_owned();
/// let socket = parse(r#"(component (import "f" (func $f)) (export "g" (func $f)))"#);
/// let other = parse(r#"(component (import "h" (func $h)) (export "f" (func $h)))"#);
/// let whole = plug(("socket", &socket), &[("other", &other)])?;
/// assert!(silica_component_compose::wit("whole", &whole)?.contains("import h: func();"));
/// # Ok::<(), silica_component_compose::ComposeError>(())
/// ```
pub fn plug(
    (name, bytes): (&str, &[u8]),
    plugs: &[(&str, &[u8])],
) -> Result<Vec<u8>, ComposeError> {
    let socket = Part { name, bytes };
    let mut outer = Outer::default();
    let imports = socket.imports()?;
    let mut given = HashMap::new();
    for (name, bytes) in plugs {
        let plug = Part { name, bytes };
        let exports = plug.exports()?;
        let instance = instantiate(&mut outer, plug, &HashMap::new())?;
        let mut used = HashSet::new();
        for import in &imports {
            let Some((export, kind)) = export_for(&exports, import) else {
                continue;
            };
            if given.contains_key(import) {
                return Err(ComposeError::PluggedTwice {
                    plug: plug.name.to_owned(),
                    name: import.clone(),
                });
            }
            used.insert(import);
            let index = outer.builder.alias_export(instance, export, kind);
            given.insert(import.clone(), (kind, index));
        }
        if used.is_empty() {
            return Err(ComposeError::NothingPlugged {
                plug: plug.name.to_owned(),
                socket: socket.name.to_owned(),
                imports: listed(&imports),
            });
        }
    }
    let instance = instantiate(&mut outer, socket, &given)?;
    for (export, kind) in socket.exports()? {
        let index = outer.builder.alias_export(instance, &export, kind);
        outer.builder.export(&*export, kind, index, None);
    }
    let whole = outer.builder.finish();
    let valid = validate(&whole, Features::all(), &ComponentLimits::default());
    valid.map_err(ComposeError::Misfit)?;
    Ok(whole)
}

fn instantiate(
    outer: &mut Outer,
    part: Part<'_>,
    given: &HashMap<String, (ComponentExportKind, u32)>,
) -> Result<u32, ComposeError> {
    let arguments = outer.hand_on(part, given)?;
    let component = outer.builder.component_raw(None, part.bytes);
    Ok(outer.builder.instantiate(None, component, arguments))
}

/// The export that is what `import` wants: by that very name, else by a compatible one.
fn export_for<'e>(
    exports: &'e [(String, ComponentExportKind)],
    import: &str,
) -> Option<(&'e str, ComponentExportKind)> {
    let names = exports.iter().map(|(name, _)| name.as_str());
    let (name, kind) = &exports[compatible(names, import)?];
    match kind {
        ComponentExportKind::Func | ComponentExportKind::Instance => Some((name, *kind)),
        ComponentExportKind::Module
        | ComponentExportKind::Value
        | ComponentExportKind::Type
        | ComponentExportKind::Component => None,
    }
}

fn listed(imports: &[String]) -> String {
    if imports.is_empty() {
        return "nothing".to_owned();
    }
    let names: Vec<String> = imports.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
