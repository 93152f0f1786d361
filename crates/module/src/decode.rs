//! One pass over a module's sections.
//!
//! Sections are validated and described here. Function bodies are only found: validating one is
//! half of translating it, and both happen in parallel, driven by what [`decode`] returns.

use wasmparser::{
    Encoding, FuncToValidate, FunctionBody as Body, Parser, Payload, SectionLimited, Validator,
    ValidatorResources,
};

use crate::convert::{self, Converter, tag_type};
use crate::{
    ByteRange, CustomSection, DataMode, DataSegment, DecodeError, ElementItems, ElementMode,
    ElementSegment, EntityType, Export, Feature, Features, FunctionBody, Global, Import, Limits,
    Module, Place, RecGroup, Table, TypeKind,
};

type Result<T> = std::result::Result<T, DecodeError>;

/// What validates one function's body, to be sent to the thread that translates it.
pub type BodyToValidate = FuncToValidate<ValidatorResources>;

/// A module whose sections are valid, and what is needed to validate its bodies.
pub struct Decoded {
    /// The description.
    pub module: Module,
    /// For each of [`Module::bodies`], what validates it.
    pub bodies: Vec<BodyToValidate>,
    /// Why it cannot be compiled, valid as it is: the first [`DecodeError::NotExecuted`] in its sections.
    pub not_executed: Option<DecodeError>,
}

/// Decodes and validates everything but the function bodies.
///
/// # Errors
/// [`DecodeError`], with the byte where decoding stopped.
///
/// ```
/// use silica_module::{Features, Limits, decode, parse_text};
/// let bytes = parse_text(b"(module (func (export \"f\")))", None)?;
/// let decoded = decode(&bytes, &Features::default(), &Limits::default())?;
/// assert_eq!(decoded.module.exports[0].name, "f");
/// # Ok::<(), silica_module::DecodeError>(())
/// ```
pub fn decode(bytes: &[u8], features: &Features, limits: &Limits) -> Result<Decoded> {
    let most = limits.module_bytes.min(u64::from(u32::MAX));
    Limits::check("bytes of the module", bytes.len() as u64, most, 0)?;
    if let Some(error) = crate::text::not_binary(bytes) {
        return Err(error);
    }
    let mut parser = Parser::new(0);
    parser.set_features(features.for_sections());
    let mut decoder = Decoder {
        validator: Validator::new_with_features(features.for_sections()),
        features: *features,
        limits,
        locals_left: limits.locals_in_all.saturating_add(bytes.len() as u64),
        module: Module::default(),
        kinds: Vec::new(),
        bodies: Vec::new(),
        not_executed: None,
        escaping: Vec::new(),
        section: "header",
    };
    for payload in parser.parse_all(bytes) {
        let payload = payload.map_err(|e| decoder.error(&e))?;
        decoder.payload(payload)?;
    }
    decoder.finish()
}

struct Decoder<'a> {
    validator: Validator,
    features: Features,
    limits: &'a Limits,
    locals_left: u64,
    module: Module,
    /// What kind each type is, up to the end of the group at hand.
    kinds: Vec<TypeKind>,
    bodies: Vec<BodyToValidate>,
    not_executed: Option<DecodeError>,
    escaping: Vec<u32>,
    section: &'static str,
}

impl Decoder<'_> {
    fn error(&self, error: &wasmparser::Error) -> DecodeError {
        DecodeError::new(error, Place::Section(self.section))
    }

    fn finish(mut self) -> Result<Decoded> {
        self.escaping.sort_unstable();
        self.escaping.dedup();
        self.module.escaping_functions = self.escaping;
        debug_assert_eq!(self.bodies.len(), self.module.bodies.len());
        Ok(Decoded {
            module: self.module,
            bodies: self.bodies,
            not_executed: self.not_executed,
        })
    }

    fn converter(&self) -> Converter<'_> {
        Converter {
            features: self.features,
            limits: self.limits,
            section: self.section,
            kinds: &self.kinds,
        }
    }

    fn payload(&mut self, payload: Payload<'_>) -> Result<()> {
        self.section = section_name(&payload).unwrap_or(self.section);
        match payload {
            Payload::Version {
                encoding: Encoding::Component,
                ..
            } => Err(DecodeError::Component),
            Payload::TypeSection(section) => self.types(&section),
            Payload::ImportSection(section) => self.imports(&section),
            Payload::FunctionSection(section) => self.functions(&section),
            Payload::TableSection(section) => self.tables(&section),
            Payload::MemorySection(section) => self.memories(&section),
            Payload::TagSection(section) => self.tags(&section),
            Payload::GlobalSection(section) => self.globals(&section),
            Payload::ExportSection(section) => self.exports(&section),
            Payload::ElementSection(section) => self.elements(&section),
            Payload::DataSection(section) => self.data(&section),
            Payload::CodeSectionEntry(body) => self.body(&body),
            Payload::CustomSection(section) => self.custom(&section),
            Payload::StartSection { func, .. } => {
                self.validate(&payload)?;
                self.module.start = Some(func);
                self.escaping.push(func);
                Ok(())
            }
            Payload::DataCountSection { ref range, .. } => {
                let offset = range.start;
                let what = "data count section";
                self.converter()
                    .require(Feature::BulkMemory, what, offset)?;
                self.validate(&payload)
            }
            other => self.validate(&other),
        }
    }

    fn validate(&mut self, payload: &Payload<'_>) -> Result<()> {
        match self.validator.payload(payload) {
            Ok(_) => Ok(()),
            Err(error) => Err(self.error(&error)),
        }
    }

    /// A section's count is believed only as far as its bytes go and its limit allows: the
    /// validator reserves memory for it.
    fn count<T>(
        &self,
        what: &'static str,
        section: &SectionLimited<'_, T>,
        before: usize,
        limit: u32,
    ) -> Result<()> {
        let range = section.range();
        let bytes = range.end.saturating_sub(range.start);
        if u64::from(section.count()) > bytes {
            return Err(DecodeError::Invalid {
                message: format!(
                    "unexpected end: {} {what} are announced, {bytes} bytes are left",
                    section.count()
                ),
                place: Place::Section(self.section),
                offset: range.start,
            });
        }
        let all = before as u64 + u64::from(section.count());
        Limits::check(what, all, limit, range.start)
    }

    fn types(&mut self, section: &wasmparser::TypeSectionReader<'_>) -> Result<()> {
        self.count("types", section, 0, self.limits.types)?;
        self.validator
            .type_section(section)
            .map_err(|e| self.error(&e))?;
        for group in section.clone() {
            let group = group.map_err(|e| self.error(&e))?;
            let first = self.module.types.len();
            let explicit = group.is_explicit_rec_group();
            // Types of a group may refer to later ones.
            for ty in group.types() {
                self.kinds.push(convert::kind(ty));
            }
            for (offset, ty) in group.into_types_and_offsets() {
                if explicit {
                    self.converter().explicit_rec_group(offset)?;
                }
                let ty = self.converter().sub_type(&ty, offset)?;
                self.module.types.push(ty);
                let count = self.module.types.len() as u64;
                Limits::check("types", count, self.limits.types, offset)?;
            }
            self.module.rec_groups.push(RecGroup {
                first: first as u32,
                count: (self.module.types.len() - first) as u32,
            });
        }
        Ok(())
    }

    fn imports(&mut self, section: &wasmparser::ImportSectionReader<'_>) -> Result<()> {
        self.count("imports", section, 0, self.limits.imports)?;
        self.look_at_imports(section)?;
        self.validator
            .import_section(section)
            .map_err(|e| self.error(&e))?;
        for import in section.clone().into_imports_with_offsets() {
            let (offset, import) = import.map_err(|e| self.error(&e))?;
            let entity = self.converter().entity(&import.ty, offset)?;
            self.import_entity(entity, offset)?;
            self.module.imports.push(Import {
                module: import.module.to_owned(),
                name: import.name.to_owned(),
                entity,
                exact: matches!(import.ty, wasmparser::TypeRef::FuncExact(_)),
            });
        }
        Ok(())
    }

    /// Bounds what the imports' names take once each has its own copy, before anyone copies them, and how many tables and
    /// memories there are.
    fn look_at_imports(&self, section: &wasmparser::ImportSectionReader<'_>) -> Result<()> {
        let (mut count, mut bytes) = (0, 0);
        let (mut tables, mut memories) = (0, 0);
        for import in section.clone().into_imports_with_offsets() {
            let (offset, import) = import.map_err(|e| self.error(&e))?;
            for name in [import.module, import.name] {
                self.name(name, offset)?;
                bytes += name.len() as u64;
            }
            match import.ty {
                wasmparser::TypeRef::Table(_) => tables += 1,
                wasmparser::TypeRef::Memory(_) => memories += 1,
                _ => {}
            }
            self.several(tables, Feature::ReferenceTypes, "table", offset)?;
            self.several(memories, Feature::MultiMemory, "memory", offset)?;
            count += 1;
            Limits::check("imports", count, self.limits.imports, offset)?;
            let limit = self.limits.import_name_bytes;
            Limits::check("bytes of imports' names", bytes, limit, offset)?;
        }
        Ok(())
    }

    fn import_entity(&mut self, entity: EntityType, offset: u64) -> Result<()> {
        let module = &mut self.module;
        let limits = self.limits;
        let (what, count, limit) = match entity {
            EntityType::Function(ty) => {
                module.functions.push(ty);
                module.imported_functions += 1;
                ("functions", module.imported_functions, limits.functions)
            }
            EntityType::Table(ty) => {
                module.tables.push(Table { ty, initial: None });
                module.imported_tables += 1;
                ("tables", module.imported_tables, limits.tables)
            }
            EntityType::Memory(ty) => {
                module.memories.push(ty);
                module.imported_memories += 1;
                ("memories", module.imported_memories, limits.memories)
            }
            EntityType::Global(ty) => {
                module.globals.push(Global { ty, initial: None });
                module.imported_globals += 1;
                ("globals", module.imported_globals, limits.globals)
            }
            EntityType::Tag(ty) => {
                module.tags.push(ty);
                module.imported_tags += 1;
                ("tags", module.imported_tags, limits.tags)
            }
        };
        Limits::check(what, u64::from(count), limit, offset)
    }

    fn functions(&mut self, section: &wasmparser::FunctionSectionReader<'_>) -> Result<()> {
        let before = self.module.functions.len();
        self.count("functions", section, before, self.limits.functions)?;
        self.validator
            .function_section(section)
            .map_err(|e| self.error(&e))?;
        for ty in section.clone() {
            let ty = ty.map_err(|e| self.error(&e))?;
            self.module.functions.push(ty);
        }
        Ok(())
    }

    /// Refuses more than one of what only a proposal allows more of.
    fn several(&self, count: u64, feature: Feature, what: &str, offset: u64) -> Result<()> {
        if count > 1 {
            let what = format!("more than one {what}");
            self.converter().require(feature, &what, offset)?;
        }
        Ok(())
    }

    fn tables(&mut self, section: &wasmparser::TableSectionReader<'_>) -> Result<()> {
        let before = self.module.tables.len();
        self.count("tables", section, before, self.limits.tables)?;
        let count = before as u64 + u64::from(section.count());
        self.several(
            count,
            Feature::ReferenceTypes,
            "table",
            section.range().start,
        )?;
        self.validator
            .table_section(section)
            .map_err(|e| self.error(&e))?;
        for item in section.clone().into_iter_with_offsets() {
            let (offset, table) = item.map_err(|e| self.error(&e))?;
            let initial = match &table.init {
                wasmparser::TableInit::RefNull => None,
                wasmparser::TableInit::Expr(expr) => Some(self.constant(expr)?),
            };
            let ty = self.converter().table_type(&table.ty, offset)?;
            self.module.tables.push(Table { ty, initial });
        }
        Ok(())
    }

    fn memories(&mut self, section: &wasmparser::MemorySectionReader<'_>) -> Result<()> {
        let before = self.module.memories.len();
        self.count("memories", section, before, self.limits.memories)?;
        let count = before as u64 + u64::from(section.count());
        self.several(count, Feature::MultiMemory, "memory", section.range().start)?;
        self.validator
            .memory_section(section)
            .map_err(|e| self.error(&e))?;
        for item in section.clone().into_iter_with_offsets() {
            let (offset, ty) = item.map_err(|e| self.error(&e))?;
            let ty = self.converter().memory_type(&ty, offset)?;
            self.module.memories.push(ty);
        }
        Ok(())
    }

    fn tags(&mut self, section: &wasmparser::TagSectionReader<'_>) -> Result<()> {
        let before = self.module.tags.len();
        self.count("tags", section, before, self.limits.tags)?;
        self.validator
            .tag_section(section)
            .map_err(|e| self.error(&e))?;
        for tag in section.clone() {
            let tag = tag.map_err(|e| self.error(&e))?;
            self.module.tags.push(tag_type(tag));
        }
        Ok(())
    }

    fn globals(&mut self, section: &wasmparser::GlobalSectionReader<'_>) -> Result<()> {
        let before = self.module.globals.len();
        self.count("globals", section, before, self.limits.globals)?;
        self.validator
            .global_section(section)
            .map_err(|e| self.error(&e))?;
        for item in section.clone().into_iter_with_offsets() {
            let (offset, global) = item.map_err(|e| self.error(&e))?;
            let ty = self.converter().global_type(&global.ty, offset)?;
            let initial = Some(self.constant(&global.init_expr)?);
            self.module.globals.push(Global { ty, initial });
        }
        Ok(())
    }

    fn exports(&mut self, section: &wasmparser::ExportSectionReader<'_>) -> Result<()> {
        self.count("exports", section, 0, self.limits.exports)?;
        self.validator
            .export_section(section)
            .map_err(|e| self.error(&e))?;
        for item in section.clone().into_iter_with_offsets() {
            let (offset, export) = item.map_err(|e| self.error(&e))?;
            self.name(export.name, offset)?;
            let index = export.index as usize;
            let entity = match export.kind {
                wasmparser::ExternalKind::Func => {
                    self.escaping.push(export.index);
                    EntityType::Function(self.module.functions[index])
                }
                wasmparser::ExternalKind::Table => EntityType::Table(self.module.tables[index].ty),
                wasmparser::ExternalKind::Memory => EntityType::Memory(self.module.memories[index]),
                wasmparser::ExternalKind::Global => {
                    EntityType::Global(self.module.globals[index].ty)
                }
                wasmparser::ExternalKind::Tag => EntityType::Tag(self.module.tags[index]),
                wasmparser::ExternalKind::FuncExact => {
                    let what = "an export of an exact function type";
                    return Err(self.converter().unsupported(what, offset));
                }
            };
            self.module.exports.push(Export {
                name: export.name.to_owned(),
                entity,
                index: export.index,
            });
        }
        Ok(())
    }

    fn elements(&mut self, section: &wasmparser::ElementSectionReader<'_>) -> Result<()> {
        let limit = self.limits.element_segments;
        self.count("element segments", section, 0, limit)?;
        self.validator
            .element_section(section)
            .map_err(|e| self.error(&e))?;
        for item in section.clone().into_iter_with_offsets() {
            let (offset, element) = item.map_err(|e| self.error(&e))?;
            let mode = match &element.kind {
                wasmparser::ElementKind::Passive => ElementMode::Passive,
                wasmparser::ElementKind::Declared => ElementMode::Declared,
                wasmparser::ElementKind::Active {
                    table_index,
                    offset_expr,
                } => ElementMode::Active {
                    table: table_index.unwrap_or(0),
                    offset: self.constant(offset_expr)?,
                },
            };
            let segment = self.element_items(&element.items, mode, offset)?;
            self.module.elements.push(segment);
        }
        Ok(())
    }

    fn element_items(
        &mut self,
        items: &wasmparser::ElementItems<'_>,
        mode: ElementMode,
        offset: u64,
    ) -> Result<ElementSegment> {
        let limit = self.limits.segment_elements;
        let check = |count: u32| Limits::check("elements", u64::from(count), limit, offset);
        let (ty, items) = match items {
            wasmparser::ElementItems::Functions(functions) => {
                check(functions.count())?;
                let functions = functions.clone().into_iter();
                let functions = functions.map(|f| f.map_err(|e| self.error(&e)));
                let functions = functions.collect::<Result<Box<[u32]>>>()?;
                self.escaping.extend_from_slice(&functions);
                let ty = wasmparser::RefType::FUNCREF;
                (ty, ElementItems::Functions(functions))
            }
            wasmparser::ElementItems::Expressions(ty, expressions) => {
                check(expressions.count())?;
                let mut all = Vec::new();
                for expression in expressions.clone() {
                    let expression = expression.map_err(|e| self.error(&e))?;
                    all.push(self.constant(&expression)?);
                }
                (*ty, ElementItems::from_expressions(all))
            }
        };
        let ty = self.converter().ref_type(ty, offset)?;
        Ok(ElementSegment { ty, items, mode })
    }

    fn data(&mut self, section: &wasmparser::DataSectionReader<'_>) -> Result<()> {
        let limit = self.limits.data_segments;
        self.count("data segments", section, 0, limit)?;
        self.validator
            .data_section(section)
            .map_err(|e| self.error(&e))?;
        for item in section.clone() {
            let data = item.map_err(|e| self.error(&e))?;
            let mode = match &data.kind {
                wasmparser::DataKind::Passive => DataMode::Passive,
                wasmparser::DataKind::Active {
                    memory_index,
                    offset_expr,
                } => DataMode::Active {
                    memory: *memory_index,
                    offset: self.constant(offset_expr)?,
                },
            };
            // A segment's bytes are its last part.
            let end = data.range.end;
            let bytes = range(end - data.data.len() as u64..end);
            self.module.data.push(DataSegment { bytes, mode });
        }
        Ok(())
    }

    fn body(&mut self, body: &Body<'_>) -> Result<()> {
        let validates = self.validator.code_section_entry(body);
        let mut validates = validates.map_err(|e| self.error(&e))?;
        validates.features = self.features.for_bodies();
        let bytes = range(body.range());
        let limit = self.limits.body_bytes;
        let offset = u64::from(bytes.start);
        let length = u64::from(bytes.end - bytes.start);
        Limits::check("bytes of a function body", length, limit, offset)?;
        self.locals(body, validates.index, offset)?;
        self.bodies.push(validates);
        self.module.bodies.push(FunctionBody { bytes });
        Ok(())
    }

    fn locals(&mut self, body: &Body<'_>, function: u32, offset: u64) -> Result<()> {
        let error = |e: &_| DecodeError::in_function(e, function, None);
        let mut count = 0;
        let locals = body.get_locals_reader().map_err(|e| error(&e))?;
        for declaration in locals {
            let (repeated, _) = declaration.map_err(|e| error(&e))?;
            count += u64::from(repeated);
        }
        let parameters = self.module.type_of_function(function).params.len() as u64;
        let limit = self.limits.locals;
        let what = "too many locals: locals of a function";
        Limits::check(what, count + parameters, limit, offset)?;
        let what = "locals declared beyond what the functions before left over";
        Limits::check(what, count, self.locals_left, offset)?;
        self.locals_left -= count;
        Ok(())
    }

    fn custom(&mut self, section: &wasmparser::CustomSectionReader<'_>) -> Result<()> {
        let offset = section.range().start;
        self.name(section.name(), offset)?;
        let count = self.module.custom_sections.len() as u64 + 1;
        let limit = self.limits.custom_sections;
        Limits::check("custom sections", count, limit, offset)?;
        let bytes = range(section.data_range());
        if section.name() == "name" && self.module.names.is_none() {
            self.module.names = Some(bytes);
        }
        self.module.custom_sections.push(CustomSection {
            name: section.name().to_owned(),
            bytes,
        });
        Ok(())
    }

    fn constant(
        &mut self,
        expression: &wasmparser::ConstExpr<'_>,
    ) -> Result<crate::ConstExpression> {
        match self.converter().constant(expression) {
            Ok(constant) => {
                self.escaping.extend(constant.functions());
                Ok(constant)
            }
            Err(error @ DecodeError::NotExecuted { .. }) => {
                self.not_executed.get_or_insert(error);
                Ok(crate::ConstExpression::default())
            }
            Err(error) => Err(error),
        }
    }

    fn name(&self, name: &str, offset: u64) -> Result<()> {
        let limit = self.limits.name_bytes;
        Limits::check("bytes of a name", name.len() as u64, limit, offset)
    }
}

/// Offsets fit: the module's length was checked first.
fn range(range: std::ops::Range<u64>) -> ByteRange {
    ByteRange {
        start: range.start as u32,
        end: range.end as u32,
    }
}

/// The section that a payload is, or begins.
pub(crate) fn section_name(payload: &Payload<'_>) -> Option<&'static str> {
    Some(match payload {
        Payload::TypeSection(_) => "type",
        Payload::ImportSection(_) => "import",
        Payload::FunctionSection(_) => "function",
        Payload::TableSection(_) => "table",
        Payload::MemorySection(_) => "memory",
        Payload::TagSection(_) => "tag",
        Payload::GlobalSection(_) => "global",
        Payload::ExportSection(_) => "export",
        Payload::StartSection { .. } => "start",
        Payload::ElementSection(_) => "element",
        Payload::DataCountSection { .. } => "data count",
        Payload::CodeSectionStart { .. } => "code",
        Payload::DataSection(_) => "data",
        Payload::CustomSection(_) => "custom",
        _ => return None,
    })
}
