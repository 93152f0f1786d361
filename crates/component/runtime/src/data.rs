//! What host functions work on: something that a store's data lends.

/// Says what type a store's data gives to host functions: often the data itself ([`HasSelf`]), else a part of it, or a
/// value made of several parts.
///
/// ```
/// use silica_component::HasData;
/// struct Clock { ticks: u64 }
/// struct Data { clock: Clock }
/// struct HasClock;
/// impl HasData for HasClock {
///     type Data<'a> = &'a mut Clock;
/// }
/// fn clock(data: &mut Data) -> <HasClock as HasData>::Data<'_> { &mut data.clock }
/// # clock(&mut Data { clock: Clock { ticks: 1 } }).ticks += 1;
/// ```
pub trait HasData: 'static {
    /// What is lent.
    type Data<'a>;
}

/// The store's data, whole.
#[derive(Debug)]
pub struct HasSelf<T: ?Sized>(std::marker::PhantomData<fn() -> Box<T>>);

impl<T: ?Sized + 'static> HasData for HasSelf<T> {
    type Data<'a> = &'a mut T;
}
