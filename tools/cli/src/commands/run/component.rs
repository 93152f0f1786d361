//! `silica run` on a component: one of its functions is called.

use silica::component::{CanonicalTrap, Component, ComponentError, Func, Instance, Linker, Val};
use silica::{Error, Store};

use super::outcome::{self, Outcome};
use super::state::State;
use super::wave;
use crate::failure::{Failure, Result};
use crate::flags::LimitFlags;
use crate::output;
use crate::status::Status;

/// Calls what `invoke` says, and prints what it gives.
pub(super) fn run(
    store: &mut Store<State>,
    component: &Component,
    invoke: Option<&str>,
    limits: &LimitFlags,
) -> Result<Outcome> {
    let Some(invoke) = invoke else {
        let message = "a component is run by calling one of its functions";
        return Err(Failure::new(Status::Usage, message).remedy(callable(component)));
    };
    let instance = Linker::new(store.engine())
        .instantiate(&mut *store, component)
        .map_err(|error| unlinked(&error))?;
    let (name, text) = wave::call(invoke).unwrap_or((invoke, ""));
    let function = find(store, instance, component, name)?;
    let arguments = wave::arguments(text, function.ty(), &component.plan().types)
        .map_err(|error| usage(name, &function, &error))?;
    let mut results = vec![Val::Bool(false); usize::from(function.ty().result.is_some())];
    match function.call(&mut *store, &arguments, &mut results) {
        Ok(()) => {
            let lines: String = results.iter().map(|v| wave::show(v) + "\n").collect();
            output::print(lines)?;
            Ok(Outcome::Returned)
        }
        Err(error) => match error.downcast_ref::<CanonicalTrap>() {
            Some(_) => Err(Failure::new(Status::Trap, error.to_string())),
            None => outcome::of_error(&error, limits),
        },
    }
}

/// `function`, or `interface#function`.
fn find(
    store: &mut Store<State>,
    instance: Instance,
    component: &Component,
    name: &str,
) -> Result<Func> {
    let index = match name.split_once('#') {
        Some((interface, function)) => {
            let interface = component.get_export_index(None, interface);
            interface.and_then(|of| component.get_export_index(Some(&of), function))
        }
        None => component.get_export_index(None, name),
    };
    let function = index.and_then(|index| instance.get_func(&mut *store, index));
    function.ok_or_else(|| {
        let message = format!("the component exports no function `{name}`");
        Failure::new(Status::Unavailable, message).remedy(callable(component))
    })
}

fn usage(name: &str, function: &Func, error: &str) -> Failure {
    let message = format!("`{name}` is a function `{}`: {error}", function.text());
    Failure::new(Status::Usage, message)
}

/// What `--invoke` could call.
fn callable(component: &Component) -> String {
    const SHOWN: usize = 8;
    let names: Vec<String> = component
        .exports()
        .filter(|(_, text)| text.starts_with("func("))
        .take(SHOWN)
        .map(|(name, text)| format!("`--invoke '{name}(…)'`, a {text}"))
        .collect();
    if names.is_empty() {
        return "`silica inspect` shows what it exports".to_owned();
    }
    format!("{} can be called", names.join("; "))
}

fn unlinked(error: &Error) -> Failure {
    match error.downcast_ref::<ComponentError>() {
        Some(_) => Failure::new(Status::Unavailable, format!("{error:#}"))
            .remedy("the command gives components no imports yet; `silica inspect` shows them"),
        None => Failure::new(Status::Trap, format!("{error:#}")),
    }
}
