//! `silica run` on a component: a command is run, or one of its functions is called.

use silica::component::{Component, ComponentError, Func, Instance, Linker, ResourceTable, Val};
use silica::wasi::p2::{Command, WasiContext, WasiContextView, WasiView};
use silica::{Engine, Error, Store, StoreLimits};
use silica_wasi_http::{HttpContext, HttpContextView, HttpView};
use silica_wasi_keyvalue::{KeyValue, KeyValueView, WasiKeyValueView};

use super::outcome::{self, Outcome};
use super::state::Bounds;
use super::system::Contexts;
use super::wave;
use crate::failure::{Failure, Result};
use crate::flags::LimitFlags;
use crate::output;
use crate::status::Status;

/// What belongs to a component that runs.
pub(super) struct State {
    wasi: WasiContext,
    http: HttpContext,
    keyvalue: KeyValue,
    table: ResourceTable,
    limits: StoreLimits,
}

impl WasiView for State {
    fn wasi(&mut self) -> WasiContextView<'_> {
        WasiContextView {
            context: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl HttpView for State {
    fn http(&mut self) -> HttpContextView<'_> {
        HttpContextView {
            context: &mut self.http,
            table: &mut self.table,
        }
    }
}

impl WasiKeyValueView for State {
    fn keyvalue(&mut self) -> KeyValueView<'_> {
        KeyValueView {
            keyvalue: &mut self.keyvalue,
            table: &mut self.table,
        }
    }
}

/// The store of a component.
pub(super) fn store(
    engine: &Engine,
    contexts: Contexts,
    bounds: Bounds,
) -> silica::Result<Store<State>> {
    let state = State {
        wasi: contexts.wasi,
        http: contexts.http,
        keyvalue: contexts.keyvalue,
        table: ResourceTable::new(),
        limits: bounds.limits(),
    };
    let mut store = Store::new(engine, state);
    if bounds.memory_bytes.is_some() {
        store.limiter(|state| &mut state.limits);
    }
    if let Some(fuel) = bounds.fuel {
        store.set_fuel(fuel)?;
    }
    let handle = store.interrupt_handle();
    store.data_mut().wasi.set_interrupt_handle(handle);
    Ok(store)
}

/// Runs a command, or calls what `invoke` says and prints what it gives.
pub(super) fn run(
    store: &mut Store<State>,
    component: &Component,
    invoke: Option<&str>,
    trace: bool,
    limits: &LimitFlags,
) -> Result<Outcome> {
    if invoke.is_none() && !Command::is(component) {
        let message = "the component is no command: it exports no `wasi:cli/run`";
        return Err(Failure::new(Status::Unavailable, message).remedy(callable(component)));
    }
    let mut linker = Linker::new(store.engine());
    if trace {
        linker.trace(|call| output::complain(call));
    }
    silica::wasi::p2::add_to_linker(&mut linker)
        .and_then(|()| {
            // Their many functions are defined only for those who want them.
            let imports = |of: &str| component.imports().any(|(name, _)| name.starts_with(of));
            if imports("wasi:http/") {
                silica_wasi_http::add_to_linker(&mut linker)?;
            }
            if imports("wasi:keyvalue/") {
                silica_wasi_keyvalue::add_to_linker(&mut linker)?;
            }
            if imports("wasi:config/") {
                silica::wasi::p2::config::add_to_linker(&mut linker)?;
            }
            Ok(())
        })
        .map_err(|error| Failure::new(Status::Software, format!("{error:#}")))?;
    let instance = match linker.instantiate(&mut *store, component) {
        Ok(instance) => instance,
        Err(error) => return unlinked(&error, limits),
    };
    match invoke {
        Some(invoke) => call(store, component, instance, invoke, limits),
        None => command(store, instance, limits),
    }
}

/// A command that says that it failed has the status 1.
fn command(store: &mut Store<State>, instance: Instance, limits: &LimitFlags) -> Result<Outcome> {
    let command = Command::new(&mut *store, &instance)
        .map_err(|error| Failure::new(Status::BadModule, format!("{error:#}")))?;
    match command.run(&mut *store) {
        Ok(true) => Ok(Outcome::Returned),
        Ok(false) => Ok(Outcome::Exited(1)),
        Err(error) => outcome::of_error(&error, limits),
    }
}

fn call(
    store: &mut Store<State>,
    component: &Component,
    instance: Instance,
    invoke: &str,
    limits: &LimitFlags,
) -> Result<Outcome> {
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
        Err(error) => outcome::of_error(&error, limits),
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

/// What an error of instantiating means.
fn unlinked(error: &Error, limits: &LimitFlags) -> Result<Outcome> {
    match error.downcast_ref::<ComponentError>() {
        Some(_) => Err(Failure::new(Status::Unavailable, format!("{error:#}"))
            .remedy("`silica inspect` shows what it imports")),
        None => outcome::of_error(error, limits),
    }
}
