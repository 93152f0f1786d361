//! A module whose code can run.

use std::{ops::Range, sync::Arc};

use silica_contract::{
    image::{CodeRange, ImageError, Kind, Metadata, Section},
    layout::{self, ContextLayout},
    settings::Architecture,
};
use silica_module::{Module, RefType, ValueType};

use crate::{
    Compilation, LoadError, ModuleSource, Runtime,
    code::{Code, GrowingCode, PublishedCode},
    escaping::Escaping,
    heap::is_object,
    identity::ModuleId,
    image::Image,
    memory::MemoryContents,
    types::{RegisteredType, map_ref_type, map_value_type},
};

/// A module whose code is in memory and can run. Cloning gives another handle to it.
#[derive(Clone)]
pub struct CompiledModule(Arc<Inner>);

struct Inner {
    id: ModuleId,
    runtime: Runtime,
    image: Arc<Image>,
    code: Code,
    types: Box<[RegisteredType]>,
    layout: ContextLayout,
    /// A context as every instance's begins: canonical types, and the code of its functions.
    template: Box<[u8]>,
    /// Globals of its own whose values are references to objects.
    object_globals: Box<[u32]>,
    /// For each memory, what it begins with.
    contents: Box<[Option<Arc<MemoryContents>>]>,
    escaping: Escaping,
    uses_objects: bool,
    may_suspend: bool,
}

impl Inner {
    fn keep_called(&self) {
        if let Code::Growing(code) = &self.code {
            code.keep(&self.image);
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.keep_called();
    }
}

impl std::fmt::Debug for CompiledModule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("CompiledModule").field(&self.0.id).finish()
    }
}

impl CompiledModule {
    /// Makes the code of an image executable.
    ///
    /// # Errors
    /// [`LoadError`] when the system refuses, or when what the image says of itself does not fit together.
    ///
    /// # Safety
    /// The image's machine code was made by Silica's compiler from a validated module, with the settings that its
    /// metadata states, and this processor has the features in them. If it was opened from a file,
    /// nobody changes that file in place.
    pub unsafe fn new(runtime: &Runtime, image: Image) -> Result<CompiledModule, LoadError> {
        let architecture = image.metadata().settings.processor.architecture;
        if architecture != Architecture::HOST {
            let found = format!(
                "it is for {architecture:?}, this is {:?}",
                Architecture::HOST
            );
            return Err(ImageError::Mismatch(found).into());
        }
        let image = Arc::new(image);
        let id = ModuleId::next();
        let code = Code::Published(PublishedCode::publish(id, &image)?);
        CompiledModule::with_code(runtime, id, image, code)
    }

    /// A module whose functions are compiled when they are first called, but for those that were compiled in an earlier run, if the image has them.
    ///
    /// # Errors
    /// [`LoadError`] when the system refuses, or has no such thing.
    ///
    /// # Safety
    /// As [`CompiledModule::new`], of the image's code and of what `source` gives: it is code of the image's module, made with its settings, whose calls of other
    /// functions are all among its relocations.
    pub unsafe fn growing_from(
        runtime: &Runtime,
        image: Image,
        source: Arc<dyn ModuleSource>,
    ) -> Result<CompiledModule, LoadError> {
        let image = Arc::new(image);
        let id = ModuleId::next();
        let metadata = image.metadata();
        let fuel = metadata.settings.fuel;
        let earlier = (image.index().kind() == Kind::Called).then_some(&image);
        let tier_up = runtime.config().tier_up;
        let threshold = tier_up.filter(|_| metadata.settings.counters);
        let threshold = threshold.map(|tier_up| tier_up.threshold);
        let module = &metadata.module;
        let code = GrowingCode::new(id, module, (fuel, threshold), source, earlier)?;
        let code = Code::Growing(code);
        CompiledModule::with_code(runtime, id, image, code)
    }

    fn with_code(
        runtime: &Runtime,
        id: ModuleId,
        image: Arc<Image>,
        code: Code,
    ) -> Result<CompiledModule, LoadError> {
        let module = &image.metadata().module;
        let types = runtime.types().register_module(module);
        let layout = ContextLayout::new(module);
        let template = template(module, &layout, &types, &code);
        Ok(CompiledModule(Arc::new(Inner {
            id,
            runtime: runtime.clone(),
            contents: contents(&image)?,
            object_globals: object_globals(module),
            escaping: Escaping::new(&module.escaping_functions, module.functions.len()),
            uses_objects: module.uses_objects(),
            may_suspend: module.may_suspend(),
            code,
            types,
            layout,
            template,
            image,
        })))
    }

    /// [`Module::escaping_index`], found at once.
    #[inline]
    pub(crate) fn escaping_index(&self, function: u32) -> Option<u32> {
        self.0.escaping.place(function)
    }

    /// [`Module::uses_objects`], found once.
    pub(crate) fn uses_objects(&self) -> bool {
        self.0.uses_objects
    }

    /// [`Module::may_suspend`], found once.
    pub(crate) fn may_suspend(&self) -> bool {
        self.0.may_suspend
    }

    /// What a backtrace calls it.
    #[must_use]
    pub fn id(&self) -> ModuleId {
        self.0.id
    }

    /// The runtime that it was made for.
    #[must_use]
    pub fn runtime(&self) -> &Runtime {
        &self.0.runtime
    }

    /// The image that it was made from.
    #[must_use]
    pub fn image(&self) -> &Image {
        &self.0.image
    }

    /// What the image says of itself.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        self.0.image.metadata()
    }

    /// The description of the module.
    #[must_use]
    pub fn module(&self) -> &Module {
        &self.metadata().module
    }

    /// The addresses of its code in this process.
    #[must_use]
    pub fn code_range(&self) -> Range<usize> {
        self.0.code.range()
    }

    /// Where in its code a defined function is; nothing where it is not compiled yet.
    #[must_use]
    pub fn function_code(&self, defined: u32) -> Option<CodeRange> {
        self.0.code.function(defined)
    }

    /// The defined function whose code contains this offset in the module's code.
    #[must_use]
    pub fn function_at(&self, text_offset: u32) -> Option<u32> {
        self.0.code.function_at(text_offset)
    }

    /// The module byte offset that the code at this offset was made from, and those of the calls that it stands in place of, outwards.
    #[must_use]
    pub fn module_offsets_at(&self, text_offset: u32) -> Vec<u32> {
        self.0.code.module_offsets_at(text_offset)
    }

    /// What compiles its functions when they are called, if they are not compiled yet.
    #[must_use]
    pub fn source(&self) -> Option<&dyn ModuleSource> {
        self.growing().map(|code| code.source())
    }

    /// What was compiled when it was called, so far. None where all was compiled before.
    #[must_use]
    pub fn compilations(&self) -> Option<Vec<Compilation>> {
        self.growing().map(|code| code.compilations())
    }

    /// Gives the functions that were compiled when they were called to whoever keeps them, as happens when the module is dropped. Does nothing where all
    /// was compiled before.
    pub fn keep_called(&self) {
        self.0.keep_called();
    }

    pub(crate) fn growing(&self) -> Option<&Arc<GrowingCode>> {
        match &self.0.code {
            Code::Published(_) => None,
            Code::Growing(code) => Some(code),
        }
    }

    /// Type `index` of the module, as the engine knows it.
    ///
    /// # Panics
    /// If the module has no such type.
    #[must_use]
    pub fn registered_type(&self, index: u32) -> RegisteredType {
        self.0.types[index as usize].clone()
    }

    /// The type of function `function` of the index space, as the engine knows it.
    ///
    /// # Panics
    /// If the module has no such function.
    #[must_use]
    pub fn canonical_function_type(&self, function: u32) -> RegisteredType {
        self.registered_type(self.module().functions[function as usize])
    }

    /// A type of the module, with the engine's numbers for types.
    ///
    /// # Panics
    /// If it refers to a type that the module does not have.
    #[must_use]
    pub fn canonical(&self, ty: ValueType) -> ValueType {
        map_value_type(ty, &|index| self.0.types[index as usize].id())
    }

    pub(crate) fn canonical_ref(&self, ty: RefType) -> RefType {
        map_ref_type(ty, &|index| self.0.types[index as usize].id())
    }

    pub(crate) fn layout(&self) -> &ContextLayout {
        &self.0.layout
    }

    pub(crate) fn template(&self) -> &[u8] {
        &self.0.template
    }

    pub(crate) fn contents(&self, memory: u32) -> Option<&Arc<MemoryContents>> {
        self.0.contents[memory as usize].as_ref()
    }

    pub(crate) fn object_globals(&self) -> &[u32] {
        &self.0.object_globals
    }

    pub(crate) fn types(&self) -> &[RegisteredType] {
        &self.0.types
    }
}

/// Globals that the module defines and whose values are references to objects.
fn object_globals(module: &Module) -> Box<[u32]> {
    (0..)
        .zip(&module.globals)
        .skip(module.imported_globals as usize)
        .filter(|(_, global)| is_object(global.ty.value))
        .map(|(index, _)| index)
        .collect()
}

/// A context with everything that is the same in every instance.
fn template(
    module: &Module,
    layout: &ContextLayout,
    types: &[RegisteredType],
    code: &Code,
) -> Box<[u8]> {
    let mut bytes = vec![0; layout.bytes() as usize].into_boxed_slice();
    let mut put = |offset: u32, value: &[u8]| {
        bytes[offset as usize..offset as usize + value.len()].copy_from_slice(value);
    };
    for (index, ty) in types.iter().enumerate() {
        put(layout.type_id(index as u32), &ty.id().to_ne_bytes());
    }
    for (place, function) in module.escaping_functions.iter().enumerate() {
        let reference = layout.reference(place as u32);
        let ty = &types[module.functions[*function as usize] as usize];
        put(reference + layout::function::TYPE, &ty.id().to_ne_bytes());
        if let Some(defined) = module.defined_function(*function) {
            let code = code.entry(defined) as u64;
            put(reference + layout::function::CODE, &code.to_ne_bytes());
        }
    }
    bytes
}

/// What each memory of the module begins with.
fn contents(image: &Arc<Image>) -> Result<Box<[Option<Arc<MemoryContents>>]>, LoadError> {
    let metadata = image.metadata();
    let module = &metadata.module;
    let mut contents: Vec<Option<Arc<MemoryContents>>> =
        module.memories.iter().map(|_| None).collect();
    if metadata.memory_images.is_empty() {
        return Ok(contents.into());
    }
    let file = image
        .file(Section::Memories)
        .map(|(file, range)| (file, range.start));
    let file = file.or_else(|| {
        // Where the system has no files in memory, the contents are copied.
        let file = silica_os::memory_file(image.section(Section::Memories)).ok()?;
        Some((Arc::new(file), 0))
    });
    for entry in &metadata.memory_images {
        let ty = &module.memories[entry.memory as usize];
        let min = u128::from(ty.min) << ty.page_size_log2;
        let range = entry.bytes.indices();
        if u128::from(entry.address) + range.len() as u128 > min
            || entry.memory < module.imported_memories
        {
            return Err(LoadError::Image(ImageError::Damaged {
                what: "first contents of a memory lie outside of it",
                offset: image.index().range(Section::Memories).start,
            }));
        }
        let file = file
            .as_ref()
            .map(|(file, start)| (Arc::clone(file), (start + range.start) as u64));
        let new = MemoryContents::new(Arc::clone(image), range, entry.address as usize, file);
        contents[entry.memory as usize] = Some(Arc::new(new));
    }
    Ok(contents.into())
}
