//! `silica inspect`: what a module or a component is, needs and offers.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;
use silica::component::describe::is_component;
use silica_module::inspect::{self, Producer};
use silica_module::{EntityType, Features, Limits, Module};

use crate::failure::{Failure, Result};
use crate::flags::show_bytes;
use crate::status::Status;
use crate::{image, input, output};

mod component;

/// The arguments of `silica inspect`.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    silica inspect app.wasm\n  \
    silica inspect --json app.wasm | jq -r '.imports[].name'")]
pub(crate) struct Inspect {
    /// The module or component, binary or text; `-` is standard input
    #[arg(value_hint = clap::ValueHint::FilePath)]
    module: PathBuf,

    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// What there is to say. Its JSON is part of the command's interface: fields are added, not changed.
#[derive(Serialize)]
struct Description {
    name: Option<String>,
    bytes: u64,
    kind: &'static str,
    imports: Vec<External>,
    exports: Vec<External>,
    grants: Vec<Grant>,
    proposals: Vec<&'static str>,
    sections: Vec<Section>,
    producers: Vec<Producer>,
    target_features: Vec<String>,
    functions: usize,
}

#[derive(Serialize)]
struct External {
    #[serde(skip_serializing_if = "Option::is_none")]
    module: Option<String>,
    name: String,
    kind: &'static str,
    #[serde(rename = "type")]
    ty: String,
}

#[derive(Serialize)]
struct Section {
    name: String,
    offset: u32,
    bytes: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u32>,
}

/// Something that the program can only do if it is granted.
#[derive(Clone, Copy, Serialize)]
struct Grant {
    flag: &'static str,
    why: &'static str,
}

/// Functions of WASI that reach for something, and the flag that lets them.
const GRANTS: &[(&[&str], Grant)] = &[
    (
        &[
            "path_open",
            "path_filestat_get",
            "path_create_directory",
            "path_readlink",
        ],
        Grant {
            flag: "--dir",
            why: "opens files",
        },
    ),
    (
        &["environ_get"],
        Grant {
            flag: "--env",
            why: "reads environment variables",
        },
    ),
    (
        &["sock_accept"],
        Grant {
            flag: "--tcp-listen",
            why: "accepts connections",
        },
    ),
];

/// Module names of WASI 0.1.
const WASI: &[&str] = &["wasi_snapshot_preview1", "wasi_unstable"];

impl Inspect {
    pub(crate) fn execute(&self) -> Result<ExitCode> {
        if self.module != Path::new("-") && image::is_image(&self.module) {
            let message = format!("{}: is compiled code", self.module.display());
            let remedy = "inspect the module that it was compiled from";
            return Err(Failure::new(Status::BadModule, message).remedy(remedy));
        }
        let binary = input::module(&self.module)?;
        if is_component(&binary) {
            let text = component::text(&self.module, &binary, self.json)?;
            output::print(text)?;
            return Ok(ExitCode::SUCCESS);
        }
        let module = silica_module::decode(&binary, &Features::all(), &Limits::default())
            .map_err(|error| input::bad_module(&self.module, &error))?
            .module;
        let description = Description::new(&binary, &module);
        let text = if self.json {
            serde_json::to_string_pretty(&description).map(|text| text + "\n")
        } else {
            Ok(description.text(&self.module))
        };
        let text = text.map_err(|error| Failure::new(Status::Software, error.to_string()))?;
        output::print(text)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Description {
    fn new(binary: &[u8], module: &Module) -> Description {
        let imports = module.imports.iter().map(|import| {
            let module_name = Some(import.module.clone());
            external(module, module_name, &import.name, &import.entity)
        });
        let exports = module
            .exports
            .iter()
            .map(|export| external(module, None, &export.name, &export.entity));
        let sections = inspect::sections(binary).into_iter().map(|s| Section {
            name: s.name,
            offset: s.bytes.start,
            bytes: s.bytes.len(),
            count: s.count,
        });
        let proposals = inspect::used_features(binary, module);
        let name = silica_module::names::module_name(binary, module.names);
        Description {
            name: name.map(str::to_owned),
            bytes: binary.len() as u64,
            kind: kind(module),
            imports: imports.collect(),
            exports: exports.collect(),
            grants: grants(module),
            proposals: proposals.iter().map(|f| f.name()).collect(),
            sections: sections.collect(),
            producers: inspect::producers(binary, module),
            target_features: inspect::target_features(binary, module),
            functions: module.bodies.len(),
        }
    }

    fn text(&self, path: &Path) -> String {
        let name = match &self.name {
            Some(name) => format!(" ({})", name.escape_debug()),
            None => String::new(),
        };
        let mut text = format!(
            "{}{name}: {}, {}, {} functions\n",
            path.display(),
            self.kind,
            show_bytes(self.bytes),
            self.functions
        );
        self.write_externals(&mut text);
        list(&mut text, "needs granted", &self.grants, |grant| {
            format!("{:<14} {}", grant.flag, grant.why)
        });
        if !self.proposals.is_empty() {
            text += &format!("\nuses {}\n", self.proposals.join(", "));
        }
        list(&mut text, "sections", &self.sections, |section| {
            let count = section.count.map(|n| format!("  {n} entries"));
            let count = count.unwrap_or_default();
            let bytes = show_bytes(u64::from(section.bytes));
            format!("{:<28} {bytes:>10}{count}", section.name)
        });
        list(&mut text, "made by", &self.producers, |p| {
            let version = p.version.escape_debug();
            format!("{} {} {version}", p.field, p.name.escape_debug())
        });
        text
    }

    /// Imports under their modules, then exports.
    fn write_externals(&self, text: &mut String) {
        let mut names: Vec<_> = self.imports.iter().map(|i| i.module.as_deref()).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let from: Vec<_> = self
                .imports
                .iter()
                .filter(|i| i.module.as_deref() == name)
                .collect();
            let name = name.unwrap_or_default().escape_debug();
            list(text, &format!("imports from {name}"), &from, |i| line(i));
        }
        list(text, "exports", &self.exports, line);
    }
}

fn line(external: &External) -> String {
    format!("{:<28} {}", external.name.escape_debug(), external.ty)
}

fn list<T>(text: &mut String, title: &str, items: &[T], line: impl Fn(&T) -> String) {
    if items.is_empty() {
        return;
    }
    *text += &format!("\n{title}\n");
    for item in items {
        *text += &format!("  {}\n", line(item).trim_end());
    }
}

fn external(module: &Module, from: Option<String>, name: &str, entity: &EntityType) -> External {
    External {
        module: from,
        name: name.to_owned(),
        kind: entity.kind(),
        ty: module.describe_entity(entity),
    }
}

/// What kind of program it is, by what it exports (WASI 0.1, "Application ABI").
fn kind(module: &Module) -> &'static str {
    let exports = |name: &str| module.exports.iter().any(|e| e.name == name);
    if exports("_start") {
        "a command"
    } else if exports("_initialize") {
        "a reactor"
    } else {
        "a module"
    }
}

fn grants(module: &Module) -> Vec<Grant> {
    let imports = |functions: &[&str]| {
        let mut wasi = module
            .imports
            .iter()
            .filter(|i| WASI.contains(&i.module.as_str()));
        wasi.any(|i| functions.contains(&i.name.as_str()))
    };
    let needed = GRANTS.iter().filter(|(functions, _)| imports(functions));
    needed.map(|(_, grant)| *grant).collect()
}
