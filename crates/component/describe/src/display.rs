//! Types as WIT writes them.

use std::fmt::Write;

use crate::plan::{ExportItem, ImportItem, Plan};
use crate::types::{DefinedType, ValueType};

/// Nesting beyond this is not shown: what is for people ends somewhere.
const SHOWN: usize = 8;

/// `func(name: string) -> u32`.
///
/// # Panics
/// If `ty` is not of the plan.
#[must_use]
pub fn function_text(plan: &Plan, ty: u32) -> String {
    let ty = plan.types.function(ty);
    let mut text = String::new();
    if ty.is_async {
        text.push_str("async ");
    }
    text.push_str("func(");
    for (index, param) in ty.params.iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        let _ = write!(text, "{}: {}", param.name, value_type_text(plan, param.ty));
    }
    text.push(')');
    if let Some(result) = ty.result {
        let _ = write!(text, " -> {}", value_type_text(plan, result));
    }
    text
}

impl Plan {
    /// An import as WIT writes it, an instance with what it has.
    #[must_use]
    pub fn import_text(&self, item: &ImportItem) -> String {
        match item {
            ImportItem::Function(index) => {
                function_text(self, self.imported_functions[*index as usize])
            }
            ImportItem::Module(_) => "core module".to_owned(),
            ImportItem::Instance(list) => {
                let items = list.iter().map(|import| {
                    let text = self.import_text(&import.item);
                    (import.name.as_str(), text)
                });
                interface_text(items)
            }
            ImportItem::Resource(_) => "resource".to_owned(),
            ImportItem::Type(ty) => type_text(self, *ty),
            ImportItem::Component => "component".to_owned(),
        }
    }

    /// An export as WIT writes it, an instance with what it has.
    #[must_use]
    pub fn export_text(&self, item: &ExportItem) -> String {
        match item {
            ExportItem::Function(_, ty) => function_text(self, *ty),
            ExportItem::Module(_) => "core module".to_owned(),
            ExportItem::Instance(list) => {
                let items = list.iter().map(|export| {
                    let text = self.export_text(&export.item);
                    (export.name.as_str(), text)
                });
                interface_text(items)
            }
            ExportItem::Resource(_) => "resource".to_owned(),
            ExportItem::Type(ty) => type_text(self, *ty),
            ExportItem::Component => "component".to_owned(),
        }
    }
}

fn type_text(plan: &Plan, ty: Option<ValueType>) -> String {
    match ty {
        Some(ty) => format!("type {}", value_type_text(plan, ty)),
        None => "type".to_owned(),
    }
}

fn interface_text<'a>(items: impl Iterator<Item = (&'a str, String)>) -> String {
    let mut text = String::from("interface {");
    for (name, item) in items {
        // What is inside an interface inside is a step further in.
        let item = item.replace('\n', "\n    ");
        let _ = write!(text, "\n    {name}: {item}");
    }
    text.push_str("\n}");
    text
}

/// `list<tuple<string, u8>>`. Records, variants, enumerations and flags, which have names only where they are
/// exported, are shown with what they have: `record { x: u32 }`.
///
/// # Panics
/// If `ty` is not of the plan.
#[must_use]
pub fn value_type_text(plan: &Plan, ty: ValueType) -> String {
    let mut text = String::new();
    write_type(plan, ty, SHOWN, &mut text);
    text
}

fn write_type(plan: &Plan, ty: ValueType, depth: usize, text: &mut String) {
    let ValueType::Defined(index) = ty else {
        text.push_str(primitive(ty));
        return;
    };
    let Some(depth) = depth.checked_sub(1) else {
        text.push('…');
        return;
    };
    let mut list = |name: &str, types: &[Option<ValueType>]| {
        text.push_str(name);
        for (index, ty) in types.iter().enumerate() {
            text.push_str(if index == 0 { "<" } else { ", " });
            match ty {
                Some(ty) => write_type(plan, *ty, depth, text),
                None => text.push('_'),
            }
        }
        if !types.is_empty() {
            text.push('>');
        }
    };
    match plan.types.defined(index) {
        DefinedType::List(ty) => list("list", &[Some(*ty)]),
        DefinedType::Map(key, value) => list("map", &[Some(*key), Some(*value)]),
        DefinedType::Option(ty) => list("option", &[Some(*ty)]),
        DefinedType::Tuple(types) => {
            list(
                "tuple",
                &types.iter().copied().map(Some).collect::<Vec<_>>(),
            );
        }
        DefinedType::Future(ty) => list("future", ty.map(Some).as_slice()),
        DefinedType::Stream(ty) => list("stream", ty.map(Some).as_slice()),
        DefinedType::Result {
            ok: None,
            err: None,
        } => list("result", &[]),
        DefinedType::Result { ok, err: None } => list("result", &[*ok]),
        DefinedType::Result { ok, err } => list("result", &[*ok, *err]),
        DefinedType::FixedLengthList(ty, count) => {
            text.push_str("list<");
            write_type(plan, *ty, depth, text);
            let _ = write!(text, ", {count}>");
        }
        DefinedType::Record(fields) => {
            let fields = fields.iter().map(|field| (&*field.name, Some(field.ty)));
            write_fields(plan, "record", fields, depth, text);
        }
        DefinedType::Variant(cases) => {
            write_cases(plan, cases.iter().map(|c| (&*c.name, c.ty)), depth, text);
        }
        DefinedType::Enum(names) => {
            let names = names.iter().map(|name| (&**name, None));
            write_fields(plan, "enum", names, depth, text);
        }
        DefinedType::Flags(names) => {
            let names = names.iter().map(|name| (&**name, None));
            write_fields(plan, "flags", names, depth, text);
        }
        DefinedType::Own(resource) => text.push_str(resource_name(plan, *resource)),
        DefinedType::Borrow(resource) => {
            let _ = write!(text, "borrow<{}>", resource_name(plan, *resource));
        }
    }
}

fn write_fields<'a>(
    plan: &Plan,
    what: &str,
    fields: impl Iterator<Item = (&'a str, Option<ValueType>)>,
    depth: usize,
    text: &mut String,
) {
    let _ = write!(text, "{what} {{ ");
    for (index, (name, ty)) in fields.enumerate() {
        let comma = if index > 0 { ", " } else { "" };
        let _ = write!(text, "{comma}{name}");
        if let Some(ty) = ty {
            text.push_str(": ");
            write_type(plan, ty, depth, text);
        }
    }
    text.push_str(" }");
}

fn write_cases<'a>(
    plan: &Plan,
    cases: impl Iterator<Item = (&'a str, Option<ValueType>)>,
    depth: usize,
    text: &mut String,
) {
    text.push_str("variant { ");
    for (index, (name, ty)) in cases.enumerate() {
        let comma = if index > 0 { ", " } else { "" };
        let _ = write!(text, "{comma}{name}");
        if let Some(ty) = ty {
            text.push('(');
            write_type(plan, ty, depth, text);
            text.push(')');
        }
    }
    text.push_str(" }");
}

fn resource_name(plan: &Plan, resource: u32) -> &str {
    let name = plan.resources[resource as usize].name.as_deref();
    name.unwrap_or("resource")
}

fn primitive(ty: ValueType) -> &'static str {
    match ty {
        ValueType::Bool => "bool",
        ValueType::S8 => "s8",
        ValueType::U8 => "u8",
        ValueType::S16 => "s16",
        ValueType::U16 => "u16",
        ValueType::S32 => "s32",
        ValueType::U32 => "u32",
        ValueType::S64 => "s64",
        ValueType::U64 => "u64",
        ValueType::F32 => "f32",
        ValueType::F64 => "f64",
        ValueType::Char => "char",
        ValueType::String => "string",
        ValueType::ErrorContext => "error-context",
        ValueType::Defined(_) => "…",
    }
}
