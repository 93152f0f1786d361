//! The handles of functions and instances. They are apart from what can be done with them, since values hold
//! functions and functions are called with values.

use silica_runtime as rt;

/// A function in a store.
///
/// ```
/// use silica_engine::{Engine, Func, Store, Val};
/// # fn main() -> silica_engine::Result<()> {
/// let mut store = Store::new(&Engine::default(), ());
/// let double = Func::wrap(&mut store, |n: i32| n * 2);
/// let mut results = [Val::I32(0)];
/// double.call(&mut store, &[Val::I32(21)], &mut results)?;
/// assert_eq!(results[0].unwrap_i32(), 42);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Func {
    raw: rt::Function,
}

impl Func {
    pub(crate) fn from_raw(raw: rt::Function) -> Func {
        Func { raw }
    }

    pub(crate) fn into_raw(self) -> rt::Function {
        self.raw
    }
}

/// An instance of a module in a store.
///
/// ```
/// use silica_engine::{Engine, Instance, Module, Store};
/// # fn main() -> silica_engine::Result<()> {
/// let engine = Engine::default();
/// let module = Module::new(&engine, r#"(module (func (export "f") (result i32) i32.const 42))"#)?;
/// let mut store = Store::new(&engine, ());
/// let instance = Instance::new(&mut store, &module, &[])?;
/// let f = instance.get_typed_func::<(), i32>(&mut store, "f")?;
/// assert_eq!(f.call(&mut store, ())?, 42);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Instance {
    raw: rt::Instance,
}

impl Instance {
    pub(crate) fn from_raw(raw: rt::Instance) -> Instance {
        Instance { raw }
    }

    pub(crate) fn into_raw(self) -> rt::Instance {
        self.raw
    }
}
