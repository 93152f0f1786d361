//! What a component is, needs and offers: its interface, with types as WIT writes them.

use std::path::Path;

use serde::Serialize;
use silica::component::describe::{ComponentLimits, Plan, describe};
use silica_module::Features;

use crate::failure::{Failure, Result};
use crate::flags::show_bytes;
use crate::input;
use crate::status::Status;

/// What there is to say. Its JSON is part of the command's interface: fields are added, not changed.
#[derive(Serialize)]
struct Description {
    bytes: u64,
    kind: &'static str,
    imports: Vec<External>,
    exports: Vec<External>,
    modules: usize,
}

#[derive(Serialize)]
struct External {
    name: String,
    #[serde(rename = "type")]
    ty: String,
}

/// The description of a component, as text or as JSON.
pub(super) fn text(path: &Path, binary: &[u8], json: bool) -> Result<String> {
    let plan = describe(binary, Features::all(), &ComponentLimits::default())
        .map_err(|error| input::bad_module(path, &error))?;
    let description = Description::new(binary, &plan);
    if !json {
        return Ok(description.text(path));
    }
    serde_json::to_string_pretty(&description)
        .map(|text| text + "\n")
        .map_err(|error| Failure::new(Status::Software, error.to_string()))
}

impl Description {
    fn new(binary: &[u8], plan: &Plan) -> Description {
        let imports = plan.imports.iter().map(|import| External {
            name: import.name.clone(),
            ty: plan.import_text(&import.item),
        });
        let exports = plan.exports.iter().map(|export| External {
            name: export.name.clone(),
            ty: plan.export_text(&export.item),
        });
        Description {
            bytes: binary.len() as u64,
            kind: "a component",
            imports: imports.collect(),
            exports: exports.collect(),
            modules: plan.modules.len(),
        }
    }

    fn text(&self, path: &Path) -> String {
        let mut text = format!(
            "{}: {}, {}, {} core modules\n",
            path.display(),
            self.kind,
            show_bytes(self.bytes),
            self.modules
        );
        for (title, externals) in [("imports", &self.imports), ("exports", &self.exports)] {
            if externals.is_empty() {
                continue;
            }
            text += &format!("\n{title}\n");
            for external in externals {
                let ty = external.ty.replace('\n', "\n  ");
                text += &format!("  {}: {ty}\n", external.name.escape_debug());
            }
        }
        text
    }
}
