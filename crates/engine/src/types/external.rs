//! Types of what modules import and export: memories, tables, globals, and any of them.

use std::fmt;

use silica_module::{EntityType, IndexType};
use silica_runtime as rt;

use super::{FuncType, Mutability, RefType, Resolve, ValType};
use crate::Engine;

/// The type of a global.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GlobalType {
    content: ValType,
    mutability: Mutability,
}

impl GlobalType {
    /// A global that holds a `content`.
    #[must_use]
    pub const fn new(content: ValType, mutability: Mutability) -> GlobalType {
        GlobalType {
            content,
            mutability,
        }
    }

    /// The type of its value.
    #[must_use]
    pub const fn content(&self) -> &ValType {
        &self.content
    }

    /// Whether it may be written.
    #[must_use]
    pub const fn mutability(&self) -> Mutability {
        self.mutability
    }

    /// Panics if it mentions a type of another engine.
    pub(crate) fn check_engine(&self, engine: &Engine) {
        self.content.check_engine(engine);
    }

    pub(crate) fn from_module(ty: &silica_module::GlobalType, resolve: Resolve<'_>) -> GlobalType {
        let mutability = if ty.mutable {
            Mutability::Var
        } else {
            Mutability::Const
        };
        GlobalType::new(ValType::from_module(ty.value, resolve), mutability)
    }

    pub(crate) fn to_module(&self) -> silica_module::GlobalType {
        silica_module::GlobalType {
            value: self.content.to_module(),
            mutable: self.mutability.is_var(),
        }
    }
}

impl fmt::Display for GlobalType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_module().fmt(f)
    }
}

/// The type of a table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TableType {
    element: RefType,
    index: IndexType,
    min: u64,
    max: Option<u64>,
}

impl TableType {
    /// A table of `min` to `max` elements, with 32-bit indices.
    #[must_use]
    pub fn new(element: RefType, min: u32, max: Option<u32>) -> TableType {
        TableType {
            element,
            index: IndexType::I32,
            min: u64::from(min),
            max: max.map(u64::from),
        }
    }

    /// A table of `min` to `max` elements, with 64-bit indices.
    #[must_use]
    pub const fn new64(element: RefType, min: u64, max: Option<u64>) -> TableType {
        TableType {
            element,
            index: IndexType::I64,
            min,
            max,
        }
    }

    /// The type of its elements.
    #[must_use]
    pub const fn element(&self) -> &RefType {
        &self.element
    }

    /// Elements at the start.
    #[must_use]
    pub const fn minimum(&self) -> u64 {
        self.min
    }

    /// Elements at most, where declared.
    #[must_use]
    pub const fn maximum(&self) -> Option<u64> {
        self.max
    }

    /// Whether indices have 64 bits.
    #[must_use]
    pub fn is_64(&self) -> bool {
        self.index == IndexType::I64
    }

    /// Panics if it mentions a type of another engine.
    pub(crate) fn check_engine(&self, engine: &Engine) {
        self.element.check_engine(engine);
    }

    pub(crate) fn from_module(ty: &silica_module::TableType, resolve: Resolve<'_>) -> TableType {
        TableType {
            element: RefType::from_module(ty.element, resolve),
            index: ty.index,
            min: ty.min,
            max: ty.max,
        }
    }

    pub(crate) fn to_module(&self) -> silica_module::TableType {
        silica_module::TableType {
            index: self.index,
            element: self.element.to_module(),
            min: self.min,
            max: self.max,
        }
    }
}

impl fmt::Display for TableType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_module().fmt(f)
    }
}

/// The type of a memory. Sizes are in pages of [`MemoryType::page_size`] bytes.
///
/// ```
/// use silica_engine::MemoryType;
/// let ty = MemoryType::new(1, Some(10));
/// assert_eq!(ty.minimum(), 1);
/// assert_eq!(ty.page_size(), 65536);
/// assert!(!ty.is_64());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MemoryType {
    ty: silica_module::MemoryType,
}

impl MemoryType {
    /// A memory of `min` to `max` pages of 64 KiB, with 32-bit addresses.
    #[must_use]
    pub fn new(min: u32, max: Option<u32>) -> MemoryType {
        MemoryTypeBuilder::default()
            .min(u64::from(min))
            .max(max.map(u64::from))
            .ty()
    }

    /// A memory of `min` to `max` pages of 64 KiB, with 64-bit addresses.
    #[must_use]
    pub fn new64(min: u64, max: Option<u64>) -> MemoryType {
        MemoryTypeBuilder::default()
            .memory64(true)
            .min(min)
            .max(max)
            .ty()
    }

    /// A shared memory of `min` to `max` pages of 64 KiB, with 32-bit addresses.
    #[must_use]
    pub fn shared(min: u32, max: u32) -> MemoryType {
        MemoryTypeBuilder::default()
            .shared(true)
            .min(u64::from(min))
            .max(Some(u64::from(max)))
            .ty()
    }

    /// Any other.
    #[must_use]
    pub fn builder() -> MemoryTypeBuilder {
        MemoryTypeBuilder::default()
    }

    /// Pages at the start.
    #[must_use]
    pub const fn minimum(&self) -> u64 {
        self.ty.min
    }

    /// Pages at most, where declared.
    #[must_use]
    pub const fn maximum(&self) -> Option<u64> {
        self.ty.max
    }

    /// Whether addresses have 64 bits.
    #[must_use]
    pub fn is_64(&self) -> bool {
        self.ty.index == IndexType::I64
    }

    /// Whether threads share it.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        self.ty.shared
    }

    /// Bytes of a page.
    #[must_use]
    pub const fn page_size(&self) -> u64 {
        1 << self.ty.page_size_log2
    }

    /// Base-two logarithm of [`MemoryType::page_size`].
    #[must_use]
    pub const fn page_size_log2(&self) -> u8 {
        self.ty.page_size_log2
    }

    pub(crate) fn from_module(ty: silica_module::MemoryType) -> MemoryType {
        MemoryType { ty }
    }

    pub(crate) fn to_module(&self) -> silica_module::MemoryType {
        self.ty
    }
}

impl fmt::Display for MemoryType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ty.fmt(f)
    }
}

/// Builds a [`MemoryType`].
#[derive(Clone, Debug)]
pub struct MemoryTypeBuilder {
    ty: silica_module::MemoryType,
}

impl Default for MemoryTypeBuilder {
    fn default() -> Self {
        MemoryTypeBuilder {
            ty: silica_module::MemoryType {
                index: IndexType::I32,
                min: 0,
                max: None,
                shared: false,
                page_size_log2: 16,
            },
        }
    }
}

impl MemoryTypeBuilder {
    fn ty(&self) -> MemoryType {
        MemoryType { ty: self.ty }
    }

    /// Pages at the start.
    pub fn min(&mut self, pages: u64) -> &mut Self {
        self.ty.min = pages;
        self
    }

    /// Pages at most.
    pub fn max(&mut self, pages: Option<u64>) -> &mut Self {
        self.ty.max = pages;
        self
    }

    /// 64-bit addresses.
    pub fn memory64(&mut self, yes: bool) -> &mut Self {
        self.ty.index = if yes { IndexType::I64 } else { IndexType::I32 };
        self
    }

    /// Shared between threads.
    pub fn shared(&mut self, yes: bool) -> &mut Self {
        self.ty.shared = yes;
        self
    }

    /// Base-two logarithm of a page's bytes: 16, or 0.
    pub fn page_size_log2(&mut self, log2: u8) -> &mut Self {
        self.ty.page_size_log2 = log2;
        self
    }

    /// The type.
    ///
    /// # Errors
    /// Where WebAssembly has no such type: a maximum below the minimum, a shared memory without a
    /// maximum, more pages than addresses, another page size.
    pub fn build(&self) -> crate::Result<MemoryType> {
        let ty = &self.ty;
        if ty.page_size_log2 != 0 && ty.page_size_log2 != 16 {
            anyhow::bail!("a page has 1 or 65536 bytes, not 2^{}", ty.page_size_log2);
        }
        if ty.max.is_some_and(|max| max < ty.min) {
            anyhow::bail!("the maximum of a memory is below its minimum");
        }
        if ty.shared && ty.max.is_none() {
            anyhow::bail!("a shared memory needs a maximum");
        }
        let address_bits = if self.ty().is_64() { 64 } else { 32 };
        let pages_max = 1_u128 << (address_bits - u32::from(ty.page_size_log2));
        if u128::from(ty.max.unwrap_or(0).max(ty.min)) > pages_max {
            anyhow::bail!("a memory has at most {pages_max} pages");
        }
        Ok(self.ty())
    }
}

/// The type of a tag: the values that an exception with it carries are the parameters of a function type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TagType {
    ty: FuncType,
}

impl TagType {
    /// The type of tags of exceptions that carry the parameters of `ty`.
    #[must_use]
    pub const fn new(ty: FuncType) -> TagType {
        TagType { ty }
    }

    /// The function type.
    #[must_use]
    pub const fn ty(&self) -> &FuncType {
        &self.ty
    }
}

impl fmt::Display for TagType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tag `{}`", self.ty)
    }
}

/// The type of something that is imported or exported.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum ExternType {
    Func(FuncType),
    Global(GlobalType),
    Table(TableType),
    Memory(MemoryType),
    Tag(TagType),
}

macro_rules! accessors {
    ($($name:ident $unwrap:ident $variant:ident $ty:ty, $what:literal;)*) => { $(
        #[doc = concat!("Its type, if it is a ", $what, ".")]
        #[must_use]
        pub const fn $name(&self) -> Option<&$ty> {
            if let ExternType::$variant(ty) = self { Some(ty) } else { None }
        }

        #[doc = concat!("Its type as a ", $what, ".")]
        ///
        /// # Panics
        /// If it is something else.
        #[must_use]
        #[track_caller]
        pub fn $unwrap(&self) -> &$ty {
            match self.$name() {
                Some(ty) => ty,
                None => panic!("expected a {}, found a {self}", $what),
            }
        }
    )* };
}

impl ExternType {
    accessors! {
        func unwrap_func Func FuncType, "function";
        global unwrap_global Global GlobalType, "global";
        table unwrap_table Table TableType, "table";
        memory unwrap_memory Memory MemoryType, "memory";
        tag unwrap_tag Tag TagType, "tag";
    }

    pub(crate) fn from_module(module: &rt::CompiledModule, entity: &EntityType) -> ExternType {
        let resolve = |index| module.registered_type(index);
        match entity {
            EntityType::Function(index) => ExternType::Func(FuncType::new_of(resolve(*index))),
            EntityType::Table(ty) => ExternType::Table(TableType::from_module(ty, &resolve)),
            EntityType::Memory(ty) => ExternType::Memory(MemoryType::from_module(*ty)),
            EntityType::Global(ty) => ExternType::Global(GlobalType::from_module(ty, &resolve)),
            EntityType::Tag(ty) => {
                ExternType::Tag(TagType::new(FuncType::new_of(resolve(ty.function))))
            }
        }
    }
}

impl fmt::Display for ExternType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExternType::Func(ty) => write!(f, "function `{ty}`"),
            ExternType::Global(ty) => ty.fmt(f),
            ExternType::Table(ty) => ty.fmt(f),
            ExternType::Memory(ty) => ty.fmt(f),
            ExternType::Tag(ty) => ty.fmt(f),
        }
    }
}

macro_rules! into_extern_type {
    ($($ty:ident $variant:ident),*) => { $(
        impl From<$ty> for ExternType {
            fn from(ty: $ty) -> ExternType { ExternType::$variant(ty) }
        }
    )* };
}
into_extern_type!(
    FuncType Func,
    GlobalType Global,
    TableType Table,
    MemoryType Memory,
    TagType Tag
);

/// What a module imports: two names and a type.
#[derive(Clone, Debug)]
pub struct ImportType<'module> {
    module: &'module str,
    name: &'module str,
    ty: ExternType,
}

impl<'module> ImportType<'module> {
    pub(crate) fn new(module: &'module str, name: &'module str, ty: ExternType) -> Self {
        ImportType { module, name, ty }
    }

    /// The name of the module that it is imported from.
    #[must_use]
    pub fn module(&self) -> &'module str {
        self.module
    }

    /// Its name there.
    #[must_use]
    pub fn name(&self) -> &'module str {
        self.name
    }

    /// What it must be.
    #[must_use]
    pub fn ty(&self) -> ExternType {
        self.ty.clone()
    }
}

/// What a module exports: a name and a type.
#[derive(Clone, Debug)]
pub struct ExportType<'module> {
    name: &'module str,
    ty: ExternType,
}

impl<'module> ExportType<'module> {
    pub(crate) fn new(name: &'module str, ty: ExternType) -> Self {
        ExportType { name, ty }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'module str {
        self.name
    }

    /// What it is.
    #[must_use]
    pub fn ty(&self) -> ExternType {
        self.ty.clone()
    }
}
