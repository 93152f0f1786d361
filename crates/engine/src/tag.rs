//! Tags: what exceptions are told apart by.

use silica_runtime as rt;

use crate::{AsContext, AsContextMut, FuncType, Result, TagType};

/// A tag in a store. Each is unlike every other, whatever its type.
///
/// ```
/// use silica_engine::{Engine, FuncType, Instance, Module, Store, Tag, TagType, ThrownException, ValType};
/// # fn main() -> silica_engine::Result<()> {
/// let engine = Engine::default();
/// let mut store = Store::new(&engine, ());
/// let tag = Tag::new(&mut store, &TagType::new(FuncType::new(&engine, [ValType::I32], [])))?;
/// let module = Module::new(&engine, r#"(module
///     (tag $failed (import "host" "failed") (param i32))
///     (func (export "fail") (throw $failed (i32.const 7))))"#)?;
/// let instance = Instance::new(&mut store, &module, &[tag.into()])?;
/// let fail = instance.get_typed_func::<(), ()>(&mut store, "fail")?;
/// let error = fail.call(&mut store, ()).unwrap_err();
/// assert!(error.is::<ThrownException>());
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Tag {
    raw: rt::Tag,
}

impl Tag {
    /// A new tag.
    ///
    /// # Errors
    /// If the type has results.
    ///
    /// # Panics
    /// If the type is of another engine.
    pub fn new(mut store: impl AsContextMut, ty: &TagType) -> Result<Tag> {
        let mut store = store.as_context_mut();
        anyhow::ensure!(
            ty.ty().results().len() == 0,
            "a tag's type has no results, but this is `{}`",
            ty.ty()
        );
        let registered = ty.ty().registered().clone();
        let raw = rt::Tag::new(&mut store.raw, registered);
        Ok(Tag { raw })
    }

    pub(crate) fn from_raw(raw: rt::Tag) -> Tag {
        Tag { raw }
    }

    pub(crate) fn into_raw(self) -> rt::Tag {
        self.raw
    }

    /// Its type.
    ///
    /// # Panics
    /// If it belongs to another store.
    pub fn ty(&self, store: impl AsContext) -> TagType {
        let registered = self.raw.ty(store.as_context().raw.into_state());
        TagType::new(FuncType::new_of(registered))
    }

    /// Whether two handles are of one tag.
    #[must_use]
    pub fn eq(a: &Tag, b: &Tag, _store: impl AsContext) -> bool {
        a.raw == b.raw
    }
}
