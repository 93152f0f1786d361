//! Waiting for times and descriptors.

use crate::abi::{
    self, Abi, ClockId, EVENT_BYTES, EventReadWriteFlags, EventType, RawSubscription,
    RawSubscriptionBody, SubscriptionClockFlags,
};
use crate::table::Entry;
use crate::{Errno, GuestMemory, Rights, WasiP1Context};
use silica_wasi_host::{Interest, Wait, poll};
use std::time::Duration;

impl WasiP1Context {
    /// `poll_oneoff`: waits until at least one subscription has an event.
    ///
    /// # Errors
    /// [`Errno::Inval`] for no subscriptions or more than the quota;
    /// [`Errno::Fault`]; [`Errno::Intr`] where an interruption came first. What is wrong
    /// with one subscription is told in its event.
    pub fn poll_oneoff(
        &mut self,
        memory: &mut GuestMemory<'_>,
        subscriptions: u32,
        events: u32,
        count: u32,
        stored: u32,
    ) -> Result<(), Errno> {
        self.poll(
            memory,
            Abi::Preview1,
            (subscriptions, count),
            events,
            stored,
        )
    }

    /// `poll_oneoff` of `wasi_unstable`, whose subscriptions have another layout.
    ///
    /// # Errors
    /// As [`poll_oneoff`](Self::poll_oneoff).
    pub fn poll_oneoff_unstable(
        &mut self,
        memory: &mut GuestMemory<'_>,
        subscriptions: u32,
        events: u32,
        count: u32,
        stored: u32,
    ) -> Result<(), Errno> {
        self.poll(
            memory,
            Abi::Unstable,
            (subscriptions, count),
            events,
            stored,
        )
    }

    fn poll(
        &mut self,
        memory: &mut GuestMemory<'_>,
        abi: Abi,
        (pointer, count): (u32, u32),
        events: u32,
        stored: u32,
    ) -> Result<(), Errno> {
        if count == 0 || count as usize > self.quotas.subscriptions_max {
            return Err(Errno::Inval);
        }
        memory.range(stored, 4)?;
        let event_bytes = count.checked_mul(EVENT_BYTES as u32).ok_or(Errno::Fault)?;
        memory.range(events, event_bytes)?;
        let subscriptions = read_subscriptions(memory, abi, pointer, count)?;
        let found = self.wait(&subscriptions)?;
        let mut next = events;
        for event in &found {
            memory.write(next, event)?;
            // Inside the range checked above.
            next = next.wrapping_add(EVENT_BYTES as u32);
        }
        // There are no more events than subscriptions.
        memory.write_u32(stored, found.len() as u32)
    }

    /// Waits, and returns the events in no particular order, at most one for each
    /// subscription.
    fn wait(&self, subscriptions: &[RawSubscription]) -> Result<Vec<[u8; EVENT_BYTES]>, Errno> {
        let mut events = Vec::new();
        let mut entries = Vec::new();
        let mut timers = Vec::new();
        for subscription in subscriptions {
            let user_data = subscription.user_data;
            let event_type = subscription.body.event_type();
            match self.subscribe(&subscription.body) {
                Ok(Subscribed::Wait(entry, interest)) => {
                    entries.push((user_data, event_type, entry, interest));
                }
                Ok(Subscribed::Timer(timer)) => timers.push((user_data, timer)),
                Err(errno) => events.push(failed(user_data, errno, event_type)),
            }
        }
        let (mut waits, mut waiting) = (Vec::new(), Vec::new());
        for (user_data, event_type, entry, interest) in &entries {
            let interest = *interest;
            match entry.source() {
                Ok(source) => {
                    waits.push(Wait { source, interest });
                    waiting.push((*user_data, *event_type));
                }
                Err(errno) => events.push(failed(*user_data, errno, *event_type)),
            }
        }
        let first = timers.iter().map(|(_, timer)| timer.left).min();
        let timeout = if events.is_empty() {
            first
        } else {
            Some(Duration::ZERO)
        };
        let nothing_failed = events.is_empty();
        let go_on = || self.goes_on();
        poll(&waits, timeout, &self.clocks, &go_on, &mut |ready| {
            let (user_data, event_type) = waiting[ready.index];
            let mut flags = EventReadWriteFlags::empty();
            flags.set(EventReadWriteFlags::HANGUP, ready.hung_up);
            events.push(abi::event(user_data, None, event_type, ready.bytes, flags));
        })?;
        // Where nothing else happened, the first time is over by definition: no
        // rounding of clocks may leave a program without any event.
        let timed_out = nothing_failed && events.is_empty();
        for (user_data, timer) in timers {
            let over = (timed_out && Some(timer.left) == first) || timer.deadline_passed(self);
            if over {
                let none = EventReadWriteFlags::empty();
                events.push(abi::event(user_data, None, EventType::Clock, 0, none));
            }
        }
        Ok(events)
    }

    fn subscribe(&self, body: &RawSubscriptionBody) -> Result<Subscribed, Errno> {
        let needed = Rights::POLL_FD_READWRITE;
        match *body {
            RawSubscriptionBody::Clock { id, timeout, flags } => {
                Ok(Subscribed::Timer(self.timer(id, timeout, flags)?))
            }
            RawSubscriptionBody::FdRead { fd } => {
                // Accepting is the reading of a listener.
                let entry = self.table.get_with(fd, needed)?;
                Ok(Subscribed::Wait(entry, Interest::Readable))
            }
            RawSubscriptionBody::FdWrite { fd } => {
                let entry = self.table.get_with(fd, needed)?;
                Ok(Subscribed::Wait(entry, Interest::Writable))
            }
        }
    }

    fn timer(&self, id: u32, timeout: u64, flags: u16) -> Result<Timer, Errno> {
        let flags: SubscriptionClockFlags = abi::parse_flags(u32::from(flags))?;
        let id = match ClockId::parse(id)? {
            id @ (ClockId::Realtime | ClockId::Monotonic) => id,
            // Processor time does not pass while waiting.
            ClockId::ProcessCpuTime | ClockId::ThreadCpuTime => return Err(Errno::Inval),
        };
        let now = self.time(id);
        let deadline = if flags.contains(SubscriptionClockFlags::ABSTIME) {
            timeout
        } else {
            now.saturating_add(timeout)
        };
        Ok(Timer {
            id,
            deadline,
            left: Duration::from_nanos(deadline.saturating_sub(now)),
        })
    }
}

/// A subscription that is in order.
enum Subscribed {
    Wait(Entry, Interest),
    Timer(Timer),
}

/// A time to wait for.
struct Timer {
    id: ClockId,
    deadline: u64,
    /// How long that was when waiting began.
    left: Duration,
}

impl Timer {
    fn deadline_passed(&self, context: &WasiP1Context) -> bool {
        context.time(self.id) >= self.deadline
    }
}

impl RawSubscriptionBody {
    fn event_type(&self) -> EventType {
        match self {
            Self::Clock { .. } => EventType::Clock,
            Self::FdRead { .. } => EventType::FdRead,
            Self::FdWrite { .. } => EventType::FdWrite,
        }
    }
}

fn failed(user_data: u64, errno: Errno, event_type: EventType) -> [u8; EVENT_BYTES] {
    let none = EventReadWriteFlags::empty();
    abi::event(user_data, Some(errno), event_type, 0, none)
}

/// Copies all subscriptions before any event is written over them.
fn read_subscriptions(
    memory: &GuestMemory<'_>,
    abi: Abi,
    pointer: u32,
    count: u32,
) -> Result<Vec<RawSubscription>, Errno> {
    let each = abi.subscription_bytes();
    let total = count.checked_mul(each).ok_or(Errno::Fault)?;
    let bytes = memory.bytes(pointer, total)?;
    let each = bytes.chunks_exact(each as usize);
    each.map(|bytes| abi.parse_subscription(bytes)).collect()
}
