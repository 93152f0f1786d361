//! Why a WebAssembly program stopped, as an error that an embedder can match on.

use silica_contract::trap::TrapCode;

macro_rules! traps {
    ($($(#[$doc:meta])* $name:ident = $code:ident;)*) => {
        /// The reason of a trap.
        ///
        /// It is the root of the error that a call gives back, beneath a [`WasmBacktrace`](crate::WasmBacktrace):
        ///
        /// ```
        /// use silica_engine::{Engine, Instance, Module, Store, Trap};
        /// # fn main() -> silica_engine::Result<()> {
        /// let engine = Engine::default();
        /// let module = Module::new(&engine, r#"(module (func (export "f") unreachable))"#)?;
        /// let mut store = Store::new(&engine, ());
        /// let instance = Instance::new(&mut store, &module, &[])?;
        /// let f = instance.get_typed_func::<(), ()>(&mut store, "f")?;
        /// let error = f.call(&mut store, ()).unwrap_err();
        /// assert_eq!(error.downcast_ref(), Some(&Trap::UnreachableCodeReached));
        /// # Ok(()) }
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Trap { $($(#[$doc])* $name,)* }

        impl Trap {
            /// Every trap.
            pub const ALL: &'static [Trap] = &[$(Trap::$name,)*];

            pub(crate) const fn code(self) -> TrapCode {
                match self { $(Trap::$name => TrapCode::$code,)* }
            }

            pub(crate) fn from_code(code: TrapCode) -> Trap {
                Trap::ALL
                    .iter()
                    .copied()
                    .find(|trap| trap.code() == code)
                    .expect("a test holds that every code has a trap")
            }
        }
    };
}

traps! {
    /// `unreachable` was executed.
    UnreachableCodeReached = Unreachable;
    /// A memory access out of bounds.
    MemoryOutOfBounds = MemoryOutOfBounds;
    /// A table access out of bounds.
    TableOutOfBounds = TableOutOfBounds;
    /// `call_indirect` of a null element.
    IndirectCallToNull = IndirectCallToNull;
    /// `call_indirect` of a function of another type.
    BadSignature = BadSignature;
    /// An integer result that does not fit.
    IntegerOverflow = IntegerOverflow;
    /// An integer division by zero.
    IntegerDivisionByZero = IntegerDivisionByZero;
    /// A float that no integer of the result's type equals when truncated.
    BadConversionToInteger = BadConversionToInteger;
    /// The call stack is exhausted.
    StackOverflow = StackOverflow;
    /// An atomic access whose address is no multiple of its size.
    HeapMisaligned = UnalignedAtomic;
    /// `memory.atomic.wait` on a memory that is not shared.
    AtomicWaitNonSharedMemory = AtomicWaitNonShared;
    /// A null reference where an object was needed.
    NullReference = NullReference;
    /// The store's fuel is used up.
    OutOfFuel = OutOfFuel;
    /// The embedder interrupted the call.
    Interrupt = Interrupt;
    /// An access beyond the end of an array.
    ArrayOutOfBounds = ArrayOutOfBounds;
    /// A reference to something of another type than it was cast to.
    CastFailure = CastFailure;
    /// The store's heap of objects has no room for another object.
    HeapExhausted = HeapExhausted;
    /// The store's heap of objects holds something that no code can have put there.
    HeapDamaged = HeapDamaged;
    /// A call through a null reference.
    NullFunctionReference = NullFunction;
    /// A field of a null reference to a struct.
    NullStructReference = NullStructure;
    /// An element, or the length, of a null reference to an array.
    NullArrayReference = NullArray;
    /// The value of a null reference to an `i31`.
    NullI31Reference = NullI31;
    /// A null reference where a continuation was needed.
    NullContinuationReference = NullContinuation;
    /// A continuation that was resumed, bound or switched to before.
    ContinuationAlreadyConsumed = ContinuationConsumed;
    /// A `suspend` or a `switch` whose tag no `resume` around it handles, up to the innermost call from the host.
    UnhandledTag = UnhandledTag;
    /// As many continuations as there may be ([`Config::max_continuations`](crate::Config::max_continuations)), or no stack for one more.
    ContinuationsExhausted = ContinuationsExhausted;
}

impl std::fmt::Display for Trap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.code().fmt(f)
    }
}

impl std::error::Error for Trap {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_trap() {
        for code in TrapCode::ALL {
            assert_eq!(Trap::from_code(code).code(), code);
        }
    }
}
