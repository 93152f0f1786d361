//! What the specification calls canonical functions.

use serde::de::{Deserialize, Deserializer, Error};
use wasmparser::CanonicalFunction;

macro_rules! names {
    ($($function:ident $({ $($rest:tt)* })? => $name:literal;)*) => {
        /// The name of a canonical function.
        pub(crate) fn name(function: &CanonicalFunction) -> &'static str {
            match function {
                $(CanonicalFunction::$function $({ $($rest)* })? => $name,)*
            }
        }

        const NAMES: &[&str] = &[$($name),*];
    };
}

names! {
    Lift { .. } => "canon lift async";
    Lower { .. } => "canon lower async";
    ResourceNew { .. } => "resource.new";
    ResourceDrop { .. } => "resource.drop";
    ResourceRep { .. } => "resource.rep";
    ThreadSpawnRef { .. } => "thread.spawn-ref";
    ThreadSpawnIndirect { .. } => "thread.spawn-indirect";
    ThreadAvailableParallelism => "thread.available-parallelism";
    BackpressureInc => "backpressure.inc";
    BackpressureDec => "backpressure.dec";
    TaskReturn { .. } => "task.return";
    TaskCancel => "task.cancel";
    ContextGet { .. } => "context.get";
    ContextSet { .. } => "context.set";
    ThreadYield => "thread.yield";
    SubtaskDrop => "subtask.drop";
    SubtaskCancel { .. } => "subtask.cancel";
    StreamNew { .. } => "stream.new";
    StreamRead { .. } => "stream.read";
    StreamWrite { .. } => "stream.write";
    StreamForward { .. } => "stream.forward";
    StreamCancelRead { .. } => "stream.cancel-read";
    StreamCancelWrite { .. } => "stream.cancel-write";
    StreamDropReadable { .. } => "stream.drop-readable";
    StreamDropWritable { .. } => "stream.drop-writable";
    FutureNew { .. } => "future.new";
    FutureRead { .. } => "future.read";
    FutureWrite { .. } => "future.write";
    FutureForward { .. } => "future.forward";
    FutureCancelRead { .. } => "future.cancel-read";
    FutureCancelWrite { .. } => "future.cancel-write";
    FutureDropReadable { .. } => "future.drop-readable";
    FutureDropWritable { .. } => "future.drop-writable";
    ErrorContextNew { .. } => "error-context.new";
    ErrorContextDebugMessage { .. } => "error-context.debug-message";
    ErrorContextDrop => "error-context.drop";
    WaitableSetNew => "waitable-set.new";
    WaitableSetWait { .. } => "waitable-set.wait";
    WaitableSetPoll { .. } => "waitable-set.poll";
    WaitableSetDrop => "waitable-set.drop";
    WaitableJoin => "waitable.join";
    ThreadIndex => "thread.index";
    ThreadNewIndirect { .. } => "thread.new-indirect";
    ThreadResumeLater => "thread.resume-later";
    ThreadSuspend => "thread.suspend";
    ThreadSuspendThenResume => "thread.suspend-then-resume";
    ThreadYieldThenResume => "thread.yield-then-resume";
    ThreadSuspendThenPromote => "thread.suspend-then-promote";
    ThreadYieldThenPromote => "thread.yield-then-promote";
}

/// A name that was serialized, as one of those above.
pub(crate) fn known_name<'de, D: Deserializer<'de>>(from: D) -> Result<&'static str, D::Error> {
    let name = String::deserialize(from)?;
    let known = NAMES.iter().find(|known| **known == name);
    known
        .copied()
        .ok_or_else(|| D::Error::custom("a built-in that is not known"))
}
