//! `wasi:io/poll`: waiting for the first of several things.

use silica_component::Resource;
use silica_engine::{Error, Result};

use super::pollable::Pollable;
use crate::bindings::wasi::io::poll::{Host, HostPollable};
use crate::view::WasiContextView;

impl Host for WasiContextView<'_> {
    fn poll(&mut self, pollables: Vec<Resource<Pollable>>) -> Result<Vec<u32>> {
        if pollables.is_empty() {
            return Err(Error::msg("`poll` of no pollables would wait for ever"));
        }
        if pollables.len() > self.context.quotas.subscriptions_max {
            return Err(Error::msg(
                "`poll` of more pollables than the program may wait for",
            ));
        }
        let all = pollables
            .iter()
            .map(|one| Ok(self.table.get(one)?.readiness()));
        let all = all.collect::<Result<Vec<_>>>()?;
        self.context.waiter.wait_for_any(&all, None)
    }
}

impl HostPollable for WasiContextView<'_> {
    fn ready(&mut self, pollable: Resource<Pollable>) -> Result<bool> {
        let readiness = self.table.get(&pollable)?.readiness();
        self.context.waiter.is_ready(readiness)
    }

    fn block(&mut self, pollable: Resource<Pollable>) -> Result<()> {
        let readiness = self.table.get(&pollable)?.readiness();
        self.context.waiter.wait(readiness)
    }

    fn drop(&mut self, pollable: Resource<Pollable>) -> Result<()> {
        self.table.delete(pollable)?;
        Ok(())
    }
}
