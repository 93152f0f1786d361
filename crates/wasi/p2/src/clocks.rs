//! `wasi:clocks`: the time of day, and time that passes.

use silica_component::{Linker, Resource};
use silica_engine::Result;
use silica_wasi_host::Timestamp;

use crate::bindings::wasi::clocks::{monotonic_clock, wall_clock};
use crate::io::Pollable;
use crate::view::{HasWasi, WasiContextView, WasiView};

/// Grants `wasi:clocks`, but for time zones, which are no part of the standard yet.
///
/// # Errors
/// If one of its interfaces is defined already.
pub fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    wall_clock::add_to_linker::<T, HasWasi>(linker, T::wasi)?;
    monotonic_clock::add_to_linker::<T, HasWasi>(linker, T::wasi)
}

/// A point in time. One before 1970, which the interface cannot say, is 1970.
pub(crate) fn datetime(timestamp: Timestamp) -> wall_clock::Datetime {
    match u64::try_from(timestamp.seconds) {
        Ok(seconds) => wall_clock::Datetime {
            seconds,
            nanoseconds: timestamp.nanoseconds,
        },
        Err(_) => wall_clock::Datetime {
            seconds: 0,
            nanoseconds: 0,
        },
    }
}

impl wall_clock::Host for WasiContextView<'_> {
    fn now(&mut self) -> Result<wall_clock::Datetime> {
        Ok(datetime(self.context.clocks().realtime()))
    }

    fn resolution(&mut self) -> Result<wall_clock::Datetime> {
        let nanoseconds = self.context.clocks().realtime_resolution();
        Ok(datetime(Timestamp::from_nanoseconds(nanoseconds)))
    }
}

impl monotonic_clock::Host for WasiContextView<'_> {
    fn now(&mut self) -> Result<u64> {
        Ok(self.context.clocks().monotonic())
    }

    fn resolution(&mut self) -> Result<u64> {
        Ok(self.context.clocks().monotonic_resolution())
    }

    fn subscribe_instant(&mut self, when: u64) -> Result<Resource<Pollable>> {
        Ok(self.table.push(Pollable::at(when))?)
    }

    fn subscribe_duration(&mut self, duration: u64) -> Result<Resource<Pollable>> {
        let now = self.context.clocks().monotonic();
        self.subscribe_instant(now.saturating_add(duration))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_out_of_range_are_the_nearest() {
        let before = datetime(Timestamp {
            seconds: -1,
            nanoseconds: 999,
        });
        assert_eq!((before.seconds, before.nanoseconds), (0, 0));
        let last = datetime(Timestamp {
            seconds: i64::MAX,
            nanoseconds: 999_999_999,
        });
        assert_eq!(last.seconds, i64::MAX as u64);
        assert_eq!(last.nanoseconds, 999_999_999);
    }
}
