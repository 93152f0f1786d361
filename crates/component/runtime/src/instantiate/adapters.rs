//! Makes an instance of the code between two components, with what it imports.

use silica_component_adapter::{AdapterImport, Side};
use silica_engine::{AsContextMut, Extern, Func, Instance, Module, Result};

use super::{Maker, wrong};
use crate::state::{Lifted, Options, state};
use crate::trampolines;

impl<T: 'static> Maker<'_, T> {
    /// An instance of the code between two components.
    pub(super) fn adapter(
        &mut self,
        module: &Module,
        imports: &[AdapterImport],
        lift: u32,
        caller: &Options,
    ) -> Result<Func> {
        let lifted = self.lift(lift)?;
        let mut externs = Vec::with_capacity(imports.len());
        for import in imports {
            externs.push(self.adapter_import(import, &lifted, caller)?);
        }
        let instance = Instance::new(self.store.as_context_mut(), module, &externs)?;
        let function = instance.get_func(self.store.as_context_mut(), "call");
        function.ok_or_else(|| wrong("adapter"))
    }

    fn adapter_import(
        &mut self,
        import: &AdapterImport,
        lifted: &Lifted,
        caller: &Options,
    ) -> Result<Extern> {
        let callee = &lifted.options;
        let options = |side: Side| match side {
            Side::Caller => caller,
            Side::Callee => callee,
        };
        let function = match import {
            AdapterImport::Callee => lifted.function.func(),
            AdapterImport::PostReturn => {
                let post_return = lifted.post_return.as_ref();
                post_return
                    .ok_or_else(|| wrong("post-return function"))?
                    .func()
            }
            AdapterImport::Realloc(side) => {
                let realloc = options(*side).realloc.as_ref();
                *realloc.ok_or_else(|| wrong("realloc function"))?.func()
            }
            AdapterImport::Memory(side) => {
                let memory = options(*side).memory;
                return Ok(memory.ok_or_else(|| wrong("memory"))?.into());
            }
            AdapterImport::MayLeave(side) => {
                let guest = options(*side).guest;
                let may_leave = state(&mut self.store).guest(guest).may_leave;
                return Ok(may_leave.global().into());
            }
            AdapterImport::Trap => trampolines::adapter_trap(&mut self.store),
            AdapterImport::Enter => trampolines::adapter_enter(&mut self.store, callee.guest),
            AdapterImport::Exit => trampolines::adapter_exit(&mut self.store),
            AdapterImport::Own { resource, to } => {
                let resource = self.resource(*resource);
                let (from, to) = (options(to.other()).guest, options(*to).guest);
                trampolines::adapter_handle(&mut self.store, resource, true, from, to)
            }
            AdapterImport::Borrow { resource } => {
                let resource = self.resource(*resource);
                let (from, to) = (caller.guest, callee.guest);
                trampolines::adapter_handle(&mut self.store, resource, false, from, to)
            }
            AdapterImport::String { to } => {
                let (from, to) = (options(to.other()).clone(), options(*to).clone());
                trampolines::adapter_string(&mut self.store, self.component, from, to)
            }
        };
        Ok(function.into())
    }
}
