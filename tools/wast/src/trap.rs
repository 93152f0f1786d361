//! Which of the specification's messages a trap answers to.

use silica::Trap;

/// Whether the script's `expected` message speaks of `trap`. Scripts may add details after it
/// (`uninitialized element 2`).
pub(crate) fn matches(trap: Trap, expected: &str) -> bool {
    messages(trap).iter().any(|m| expected.starts_with(m))
}

fn messages(trap: Trap) -> &'static [&'static str] {
    match trap {
        Trap::UnreachableCodeReached => &["unreachable"],
        Trap::MemoryOutOfBounds => &["out of bounds memory access"],
        Trap::TableOutOfBounds => &["out of bounds table access", "undefined element"],
        Trap::IndirectCallToNull => &["uninitialized element"],
        Trap::BadSignature => &["indirect call"],
        Trap::IntegerOverflow => &["integer overflow"],
        Trap::IntegerDivisionByZero => &["integer divide by zero"],
        Trap::BadConversionToInteger => &["invalid conversion to integer"],
        Trap::StackOverflow => &["call stack exhausted"],
        Trap::HeapMisaligned => &["unaligned atomic"],
        Trap::AtomicWaitNonSharedMemory => &["expected shared memory"],
        Trap::ArrayOutOfBounds => &["out of bounds array access"],
        Trap::CastFailure => &["cast failure"],
        Trap::NullReference => &["null reference"],
        Trap::NullFunctionReference => &["null function reference"],
        Trap::NullStructReference => &["null structure reference"],
        Trap::NullArrayReference => &["null array reference"],
        Trap::NullI31Reference => &["null i31 reference"],
        Trap::NullContinuationReference => &["null continuation reference"],
        Trap::ContinuationAlreadyConsumed => &["continuation already consumed"],
        Trap::UnhandledTag => &["unhandled"],
        // Of the embedder, or newer than this table.
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_may_follow() {
        assert!(matches(Trap::IndirectCallToNull, "uninitialized element 2"));
        assert!(!matches(Trap::IndirectCallToNull, "undefined element"));
        assert!(!matches(Trap::OutOfFuel, "unreachable"));
    }
}
