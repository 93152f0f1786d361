//! One pass over a component's sections, in which everything is validated.
//!
//! What the sections say is kept as it is, borrowed from the bytes; `flatten` follows it afterwards.

use silica_module::{ByteRange, DecodeError, Feature, Features, Limits, Place};
use wasmparser::{
    CanonicalFunction, FromReader, Parser, Payload, SectionLimited, ValType, ValidPayload,
    Validator, WasmFeatures, types::TypesRef,
};

use crate::definition::{CoreSignature, Definition, Item};
use crate::layout::FlatType;
use crate::limits::ComponentLimits;

type Result<T> = std::result::Result<T, DecodeError>;

/// What becomes of the bodies of the modules inside.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bodies {
    /// Whoever compiles the modules validates them.
    Skip,
    Validate,
}

/// The outermost component of `bytes`, valid.
pub(crate) fn decode<'a>(
    bytes: &'a [u8],
    features: Features,
    limits: &ComponentLimits,
    bodies: Bodies,
) -> Result<Definition<'a>> {
    let most = limits.component_bytes.min(u64::from(u32::MAX));
    Limits::check("bytes of the component", bytes.len() as u64, most, 0)?;
    let features = validated_with(features);
    let mut parser = Parser::new(0);
    parser.set_features(features);
    let mut decoder = Decoder {
        validator: Validator::new_with_features(features),
        bodies,
        limits,
        open: Vec::new(),
        section: "header",
        root: None,
    };
    for payload in parser.parse_all(bytes) {
        let payload = payload.map_err(|error| decoder.error(&error))?;
        decoder.payload(payload)?;
    }
    decoder.root.ok_or(DecodeError::NotWebAssembly(
        "this is a core module, where a component is needed",
    ))
}

/// What the validator calls proposals of their own within asynchrony is one here: none of it is executed.
fn validated_with(features: Features) -> WasmFeatures {
    let mut all = features.for_components();
    if features.contains(Feature::ComponentAsync) {
        all |= WasmFeatures::CM_ASYNC_STACKFUL
            | WasmFeatures::CM_MORE_ASYNC_BUILTINS
            | WasmFeatures::CM_THREADING;
    }
    all
}

/// What has begun and has not ended.
enum Open<'a> {
    Module,
    Component(Definition<'a>),
}

struct Decoder<'a, 'l> {
    validator: Validator,
    bodies: Bodies,
    limits: &'l ComponentLimits,
    open: Vec<Open<'a>>,
    section: &'static str,
    root: Option<Definition<'a>>,
}

impl<'a> Decoder<'a, '_> {
    fn error(&self, error: &wasmparser::Error) -> DecodeError {
        DecodeError::new(error, Place::Section(self.section))
    }

    fn payload(&mut self, payload: Payload<'a>) -> Result<()> {
        self.section = section_name(&payload).unwrap_or(self.section);
        let valid = match self.validator.payload(&payload) {
            Ok(valid) => valid,
            Err(error) => return Err(self.error(&error)),
        };
        match valid {
            ValidPayload::Func(function, body) if self.bodies == Bodies::Validate => {
                let index = function.index;
                let mut validator = function.into_validator(Default::default());
                validator
                    .validate(&body)
                    .map_err(|error| DecodeError::in_function(&error, index, None))
            }
            ValidPayload::End(types) => self.end(types.as_ref()),
            ValidPayload::Ok | ValidPayload::Parser(_) | ValidPayload::Func(..) => {
                self.keep(payload)
            }
        }
    }

    fn keep(&mut self, payload: Payload<'a>) -> Result<()> {
        match payload {
            Payload::Version { encoding, .. } if self.open.is_empty() => {
                if encoding == wasmparser::Encoding::Component {
                    self.open.push(Open::Component(Definition::default()));
                } else {
                    self.open.push(Open::Module);
                }
                Ok(())
            }
            Payload::ModuleSection {
                unchecked_range: range,
                ..
            } => {
                let bytes = ByteRange::new(range.start as usize, range.end as usize);
                let bytes = bytes.ok_or(DecodeError::NotWebAssembly("larger than 4 GiB"))?;
                self.push(Item::CoreModule(bytes));
                self.open.push(Open::Module);
                Ok(())
            }
            Payload::ComponentSection { .. } => {
                self.open.push(Open::Component(Definition::default()));
                let depth = self.open.len() as u64;
                Limits::check(
                    "depth of components in components",
                    depth,
                    self.limits.nesting,
                    0,
                )
            }
            Payload::InstanceSection(section) => self.section(section, Item::CoreInstance),
            Payload::CoreTypeSection(section) => self.section(section, |_| Item::CoreType),
            Payload::ComponentInstanceSection(section) => self.section(section, Item::Instance),
            Payload::ComponentAliasSection(section) => self.section(section, Item::Alias),
            Payload::ComponentTypeSection(section) => self.section(section, Item::Type),
            Payload::ComponentCanonicalSection(section) => {
                self.section(section, |function| Item::Canonical(function, None))
            }
            Payload::ComponentImportSection(section) => self.section(section, Item::Import),
            Payload::ComponentExportSection(section) => self.section(section, Item::Export),
            // Core modules' own sections, and what changes nothing.
            _ => Ok(()),
        }
    }

    fn section<T: FromReader<'a>>(
        &mut self,
        section: SectionLimited<'a, T>,
        item: impl Fn(T) -> Item<'a>,
    ) -> Result<()> {
        for entry in section {
            let entry = entry.map_err(|error| self.error(&error))?;
            self.push(item(entry));
        }
        Ok(())
    }

    fn push(&mut self, item: Item<'a>) {
        if let Some(Open::Component(component)) = self.open.last_mut() {
            component.items.push(item);
        }
    }

    /// A module or a component is complete, and its core functions' types are known.
    fn end(&mut self, types: TypesRef<'_>) -> Result<()> {
        let Some(Open::Component(mut component)) = self.open.pop() else {
            return Ok(());
        };
        sign(&mut component, types)?;
        if self.open.is_empty() {
            self.root = Some(component);
        } else {
            self.push(Item::Component(component));
        }
        Ok(())
    }
}

/// Notes the core types of built-ins. Those of lowered functions follow from their component types.
fn sign(component: &mut Definition<'_>, types: TypesRef<'_>) -> Result<()> {
    let mut index = 0;
    for item in &mut component.items {
        match item {
            Item::Alias(wasmparser::ComponentAlias::CoreInstanceExport {
                kind: wasmparser::ExternalKind::Func,
                ..
            }) => index += 1,
            Item::Canonical(CanonicalFunction::Lift { .. }, _) => {}
            Item::Canonical(_, signature) => {
                let ty = types[types.core_function_at(index)].unwrap_func();
                *signature = Some(CoreSignature {
                    params: flat(ty.params())?,
                    results: flat(ty.results())?,
                });
                index += 1;
            }
            _ => {}
        }
    }
    Ok(())
}

fn flat(types: &[ValType]) -> Result<Vec<FlatType>> {
    types
        .iter()
        .map(|ty| match ty {
            ValType::I32 => Ok(FlatType::I32),
            ValType::I64 => Ok(FlatType::I64),
            ValType::F32 => Ok(FlatType::F32),
            ValType::F64 => Ok(FlatType::F64),
            ValType::V128 | ValType::Ref(_) => {
                Err(DecodeError::Unsupported("built-ins that take references"))
            }
        })
        .collect()
}

fn section_name(payload: &Payload<'_>) -> Option<&'static str> {
    Some(match payload {
        Payload::ModuleSection { .. } => "core module",
        Payload::InstanceSection(_) => "core instance",
        Payload::CoreTypeSection(_) => "core type",
        Payload::ComponentSection { .. } => "component",
        Payload::ComponentInstanceSection(_) => "instance",
        Payload::ComponentAliasSection(_) => "alias",
        Payload::ComponentTypeSection(_) => "type",
        Payload::ComponentCanonicalSection(_) => "canonical function",
        Payload::ComponentStartSection { .. } => "start",
        Payload::ComponentImportSection(_) => "import",
        Payload::ComponentExportSection(_) => "export",
        Payload::CodeSectionEntry(_) => "code",
        _ => return None,
    })
}
