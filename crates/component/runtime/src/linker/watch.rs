//! Telling of calls: who is told, and what tells of them.

use std::sync::Arc;

use silica_engine::StoreContextMut;

use super::Linker;
use crate::instantiate::Destructor;
use crate::trace::{CallRecord, Tracer};

impl<T: 'static> Linker<T> {
    /// Has `sink` told of each call that components make of the host, those that are made ready from now on. Others pay
    /// nothing for it.
    ///
    /// ```
    /// use silica_component::Linker;
    /// # let mut linker = Linker::<()>::new(&silica_engine::Engine::default());
    /// linker.trace(|call| eprintln!("{call}"));
    /// ```
    pub fn trace(&mut self, sink: impl Fn(&CallRecord<'_>) + Send + Sync + 'static) -> &mut Self {
        self.trace = Tracer::new(sink);
        self
    }

    /// A resource's destructor, which tells of its calls where somebody wants to know.
    pub(super) fn destructor(
        &self,
        within: &str,
        resource: &str,
        drop: &Destructor<T>,
    ) -> Destructor<T> {
        let drop = Arc::clone(drop);
        match self
            .trace
            .of(&format!("{within}#[resource-drop]{resource}"))
        {
            Some(trace) => Arc::new(move |store: StoreContextMut<'_, T>, number| {
                let result = drop(store, number);
                trace.tell(format!("#{number}"), result.is_ok().then(String::new));
                result
            }),
            None => drop,
        }
    }
}
