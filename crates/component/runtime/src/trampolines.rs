//! Core functions that guests import and the host is behind: lowered host functions, resources, built-ins.

use std::sync::Arc;

use silica_component_describe::{Builtin, Signature};
use silica_engine::{AsContextMut, Caller, Func, FuncType, Result, StoreContextMut};

use crate::call::{from_core, to_core};
use crate::component::Component;
use crate::context::{FlatValues, LiftContext, LowerContext};
use crate::error::CanonicalTrap;
use crate::handles::ResourceId;
use crate::host::{Lowered, Ready};
use crate::links::core_type;
use crate::state::{GuestId, Options, state};
use crate::strings;

fn check_leave<T: 'static>(store: &mut StoreContextMut<'_, T>, guest: GuestId) -> Result<()> {
    let flag = state(store).guest(guest).may_leave;
    if flag.get(store) == 1 {
        Ok(())
    } else {
        Err(CanonicalTrap::CannotLeave.into())
    }
}

/// A host function, lowered.
pub(crate) fn lowered<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    lowered: Lowered,
    host: Ready<T>,
) -> Result<Func> {
    let host = match host {
        Ready::Now(host) => host,
        Ready::Later(make) => return Ok(make(store, lowered)),
    };
    let ty = Arc::clone(&lowered.ty);
    let count = ty.signature.params.len();
    let function = Func::new_numeric(store, &ty.core, move |mut caller, values| {
        let mut store = caller.as_context_mut();
        lowered.begin(&mut store)?;
        let mut call = lowered.call(store, FlatValues::of(*values, count));
        host(&mut call)?;
        lowered.end(&mut call.store)?;
        if let Some(bits) = call.registers.as_slice().first() {
            values[0] = *bits;
        }
        Ok(())
    });
    // A lowered function has numbers only, of which the canonical ABI bounds the count.
    function.ok_or_else(|| CanonicalTrap::Unsupported("canon lower").into())
}

/// `resource.new`.
pub(crate) fn resource_new<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    guest: GuestId,
    resource: ResourceId,
) -> Func {
    Func::wrap(
        store,
        move |mut caller: Caller<'_, T>, representation: u32| {
            let mut store = caller.as_context_mut();
            check_leave(&mut store, guest)?;
            let index = state(&mut store).lower_own(guest, resource, representation)?;
            Ok::<u32, anyhow::Error>(index)
        },
    )
}

/// `resource.rep`.
pub(crate) fn resource_rep<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    guest: GuestId,
    resource: ResourceId,
) -> Func {
    Func::wrap(store, move |mut caller: Caller<'_, T>, index: u32| {
        let mut store = caller.as_context_mut();
        let handle = state(&mut store)
            .guest(guest)
            .handles
            .get(index, resource)?;
        Ok::<u32, anyhow::Error>(handle.representation)
    })
}

/// `resource.drop`.
pub(crate) fn resource_drop<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    component: &Component,
    guest: GuestId,
    resource: ResourceId,
) -> Func {
    let component = component.clone();
    Func::wrap(
        store,
        move |mut caller: Caller<'_, T>, index: u32| -> Result<()> {
            let mut store = caller.as_context_mut();
            check_leave(&mut store, guest)?;
            let all = state(&mut store);
            let handle = all.guest(guest).handles.remove(index, resource)?;
            if let Some(scope) = handle.borrowed_for {
                all.dropped_borrow(scope);
                return Ok(());
            }
            let (owner, destructor) = (all.info(resource).owner, all.info(resource).destructor);
            if let Some(owner) = owner
                && owner != guest
                && component.plan().are_nested(owner.guest, guest.guest)
            {
                return Err(CanonicalTrap::CannotEnter.into());
            }
            match destructor {
                Some(destructor) => destructor
                    .typed::<u32, ()>(&store)?
                    .call(&mut store, handle.representation),
                None => Ok(()),
            }
        },
    )
}

/// A built-in that is no matter of resources. Those that wait are not there: calling one is a trap.
pub(crate) fn builtin<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    guest: GuestId,
    builtin: &Builtin,
) -> Func {
    let core = core_type(
        store.engine(),
        &Signature {
            params: builtin.params.clone(),
            results: builtin.results.clone(),
            params_in_memory: false,
            result_in_memory: false,
        },
    );
    let (name, slot) = (builtin.name, builtin.slot as usize);
    let (params, results) = (builtin.params.clone(), builtin.results.clone());
    Func::new(store, core, move |mut caller, given, out| {
        let mut store = caller.as_context_mut();
        let kept = state(&mut store).guest(guest);
        let Some(slot) = kept.context.get_mut(slot) else {
            return Err(CanonicalTrap::Unsupported(name).into());
        };
        match (name, &params[..], &results[..], given, &mut *out) {
            ("context.get", [], [ty], [], [result]) => *result = to_core(*ty, *slot),
            ("context.set", [_], [], [value], []) => *slot = from_core(value),
            ("backpressure.inc", ..) => {
                let more = kept.backpressure.checked_add(1);
                kept.backpressure = more.ok_or(CanonicalTrap::Backpressure)?;
            }
            ("backpressure.dec", ..) => {
                let fewer = kept.backpressure.checked_sub(1);
                kept.backpressure = fewer.ok_or(CanonicalTrap::Backpressure)?;
            }
            _ => {
                check_leave(&mut store, guest)?;
                return Err(CanonicalTrap::Unsupported(name).into());
            }
        }
        Ok(())
    })
}

/// A function that waits, lowered or lifted to be: calling it is a trap.
pub(crate) fn waiting<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    guest: GuestId,
    core: FuncType,
) -> Func {
    Func::new(store, core, move |mut caller, _, _| {
        check_leave(&mut caller.as_context_mut(), guest)?;
        Err(CanonicalTrap::Unsupported("canon lower async").into())
    })
}

/// What an adapter calls with the number of what it found.
pub(crate) fn adapter_trap<T: 'static>(store: &mut StoreContextMut<'_, T>) -> Func {
    Func::wrap(store, |number: u32| -> Result<()> {
        Err(CanonicalTrap::of_adapter(number).into())
    })
}

/// What an adapter calls before handles are lent.
pub(crate) fn adapter_enter<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    callee: GuestId,
) -> Func {
    Func::wrap(store, move |mut caller: Caller<'_, T>| {
        let mut store = caller.as_context_mut();
        let all = state(&mut store);
        all.enter_scope();
        all.guest(callee).context = [0; 2];
    })
}

/// What an adapter calls when what was lent must be back.
pub(crate) fn adapter_exit<T: 'static>(store: &mut StoreContextMut<'_, T>) -> Func {
    Func::wrap(store, |mut caller: Caller<'_, T>| -> Result<()> {
        Ok(state(&mut caller.as_context_mut()).exit_scope()?)
    })
}

/// What an adapter calls to pass a handle.
pub(crate) fn adapter_handle<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    resource: ResourceId,
    owned: bool,
    from: GuestId,
    to: GuestId,
) -> Func {
    Func::wrap(store, move |mut caller: Caller<'_, T>, index: u32| {
        let mut store = caller.as_context_mut();
        let all = state(&mut store);
        let index = if owned {
            let representation = all.lift_own(from, resource, index)?;
            all.lower_own(to, resource, representation)?
        } else {
            let representation = all.lift_borrow(from, resource, index)?;
            all.lower_borrow(to, resource, representation)?
        };
        Ok::<u32, anyhow::Error>(index)
    })
}

/// What an adapter calls to pass a string.
pub(crate) fn adapter_string<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    component: &Component,
    from: Options,
    to: Options,
) -> Func {
    let component = component.clone();
    Func::wrap(
        store,
        move |mut caller: Caller<'_, T>, pointer: u32, length: u32| -> Result<(u32, u32)> {
            let plan = component.plan();
            let mut cx = LiftContext::new(caller.as_context_mut(), &from, plan);
            let lifted = strings::lift(&mut cx, pointer, length)?;
            let mut cx = LowerContext {
                store: caller.as_context_mut(),
                options: &to,
                plan,
            };
            strings::store(&mut cx, &lifted.text, lifted.form, lifted.units.into())
        },
    )
}
