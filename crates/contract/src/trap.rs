//! Why a program stops.

/// The reason of a trap. The numbers are part of the image format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
#[repr(u8)]
pub enum TrapCode {
    /// `unreachable` was executed.
    Unreachable = 1,
    /// A memory access out of bounds.
    MemoryOutOfBounds = 2,
    /// A table access out of bounds.
    TableOutOfBounds = 3,
    /// `call_indirect` of a null element.
    IndirectCallToNull = 4,
    /// `call_indirect` of a function of another type.
    BadSignature = 5,
    /// An integer result that does not fit.
    IntegerOverflow = 6,
    /// An integer division by zero.
    IntegerDivisionByZero = 7,
    /// A float that no integer of the result's type equals when truncated.
    BadConversionToInteger = 8,
    /// The call stack is exhausted.
    StackOverflow = 9,
    /// An atomic access whose address is no multiple of its size.
    UnalignedAtomic = 10,
    /// `memory.atomic.wait` on a memory that is not shared.
    AtomicWaitNonShared = 11,
    /// A null reference where an object was needed.
    NullReference = 12,
    /// The store's fuel is used up.
    OutOfFuel = 13,
    /// The embedder interrupted the call.
    Interrupt = 14,
    /// An access beyond the end of an array.
    ArrayOutOfBounds = 15,
    /// A reference to something of another type than it was cast to.
    CastFailure = 16,
    /// The store's heap of objects has no room for another object.
    HeapExhausted = 17,
    /// The store's heap of objects holds something that no code can have put there.
    HeapDamaged = 18,
    /// A call through a null reference.
    NullFunction = 19,
    /// A field of a null reference to a struct.
    NullStructure = 20,
    /// An element, or the length, of a null reference to an array.
    NullArray = 21,
    /// The value of a null reference to an `i31`.
    NullI31 = 22,
    /// A null reference where a continuation was needed.
    NullContinuation = 23,
    /// A continuation that was resumed, bound or switched to before.
    ContinuationConsumed = 24,
    /// A `suspend` or a `switch` whose tag no `resume` around it handles, up to the innermost call from the host.
    UnhandledTag = 25,
    /// The store may not have another continuation.
    ContinuationsExhausted = 26,
}

impl TrapCode {
    /// Every code.
    pub const ALL: [TrapCode; 26] = [
        TrapCode::Unreachable,
        TrapCode::MemoryOutOfBounds,
        TrapCode::TableOutOfBounds,
        TrapCode::IndirectCallToNull,
        TrapCode::BadSignature,
        TrapCode::IntegerOverflow,
        TrapCode::IntegerDivisionByZero,
        TrapCode::BadConversionToInteger,
        TrapCode::StackOverflow,
        TrapCode::UnalignedAtomic,
        TrapCode::AtomicWaitNonShared,
        TrapCode::NullReference,
        TrapCode::OutOfFuel,
        TrapCode::Interrupt,
        TrapCode::ArrayOutOfBounds,
        TrapCode::CastFailure,
        TrapCode::HeapExhausted,
        TrapCode::HeapDamaged,
        TrapCode::NullFunction,
        TrapCode::NullStructure,
        TrapCode::NullArray,
        TrapCode::NullI31,
        TrapCode::NullContinuation,
        TrapCode::ContinuationConsumed,
        TrapCode::UnhandledTag,
        TrapCode::ContinuationsExhausted,
    ];

    /// The code with this number, as an image writes it.
    #[must_use]
    pub fn from_number(number: u8) -> Option<TrapCode> {
        TrapCode::ALL.into_iter().find(|code| *code as u8 == number)
    }

    /// What is said to a person. The wording of the specification's test suite is a prefix
    /// of it or equal to it.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            TrapCode::Unreachable => "unreachable",
            TrapCode::MemoryOutOfBounds => "out of bounds memory access",
            TrapCode::TableOutOfBounds => "out of bounds table access",
            TrapCode::IndirectCallToNull => "uninitialized element",
            TrapCode::BadSignature => "indirect call type mismatch",
            TrapCode::IntegerOverflow => "integer overflow",
            TrapCode::IntegerDivisionByZero => "integer divide by zero",
            TrapCode::BadConversionToInteger => "invalid conversion to integer",
            TrapCode::StackOverflow => "call stack exhausted",
            TrapCode::UnalignedAtomic => "unaligned atomic",
            TrapCode::AtomicWaitNonShared => "expected shared memory",
            TrapCode::NullReference => "null reference",
            TrapCode::OutOfFuel => "all fuel consumed",
            TrapCode::Interrupt => "interrupted",
            TrapCode::ArrayOutOfBounds => "out of bounds array access",
            TrapCode::CastFailure => "cast failure",
            TrapCode::HeapExhausted => "object heap exhausted",
            TrapCode::HeapDamaged => "object heap damaged",
            TrapCode::NullFunction => "null function reference",
            TrapCode::NullStructure => "null structure reference",
            TrapCode::NullArray => "null array reference",
            TrapCode::NullI31 => "null i31 reference",
            TrapCode::NullContinuation => "null continuation reference",
            TrapCode::ContinuationConsumed => "continuation already consumed",
            TrapCode::UnhandledTag => "unhandled tag",
            TrapCode::ContinuationsExhausted => "continuations exhausted",
        }
    }
}

impl std::fmt::Display for TrapCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.message())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_round_trip() {
        for code in TrapCode::ALL {
            assert_eq!(TrapCode::from_number(code as u8), Some(code));
        }
        assert_eq!(TrapCode::from_number(0), None);
        assert_eq!(TrapCode::from_number(255), None);
    }
}
