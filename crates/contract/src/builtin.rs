//! Host routines that compiled code calls for what is too long or too rare to be inline.
//!
//! A builtin is called by the platform's C convention through the table that the context's header
//! points to. Its first argument is the context; all others are 64 bits wide, integers zero-extended, and so is the
//! result. An object that is passed is not kept for the caller: a builtin that may collect sees to it by itself.
//! A builtin that traps does not return.

/// What a builtin's result is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BuiltinResult {
    /// An integer of 64 bits.
    Integer,
    /// A reference to an object, zero-extended.
    Object,
}

/// One row for each builtin: name, number of arguments after the context, its result if it has one (`object` is a
/// reference, every other name an integer), and what it does.
macro_rules! builtins {
    ($($(#[$doc:meta])* $name:ident($($arg:ident),*) $(-> $result:ident)?;)*) => {
        /// A host routine that compiled code may call.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Builtin { $($(#[$doc])* $name,)* }

        impl Builtin {
            /// Every builtin, in the order of the table.
            pub const ALL: &'static [Builtin] = &[$(Builtin::$name,)*];

            /// Names of the arguments after the context.
            #[must_use]
            pub const fn arguments(self) -> &'static [&'static str] {
                match self { $(Builtin::$name => &[$(stringify!($arg)),*],)* }
            }

            /// What it returns, if anything.
            #[must_use]
            pub const fn result(self) -> Option<BuiltinResult> {
                match self { $(Builtin::$name => builtins!(@result $($result)?),)* }
            }
        }
    };
    (@result object) => { Some(BuiltinResult::Object) };
    (@result $result:ident) => { Some(BuiltinResult::Integer) };
    (@result) => { None };
}

builtins! {
    /// Grows a memory by pages; the old size in pages, or -1.
    MemoryGrow(memory, delta) -> old;
    /// `memory.copy`. Here and in `memory.fill` a memory is the address of its definition, not its index.
    MemoryCopy(destination_memory, source_memory, destination, source, length);
    /// `memory.fill`
    MemoryFill(memory, destination, value, length);
    /// `memory.init`
    MemoryInit(memory, segment, destination, source, length);
    /// `data.drop`
    DataDrop(segment);
    /// Grows a table; the old size in elements, or -1.
    TableGrow(table, value, delta) -> old;
    /// `table.fill`
    TableFill(table, destination, value, length);
    /// `table.copy`
    TableCopy(destination_table, source_table, destination, source, length);
    /// `table.init`
    TableInit(table, segment, destination, source, length);
    /// `elem.drop`
    ElemDrop(segment);
    /// `memory.atomic.wait32`: 0 woken, 1 other value, 2 timed out. The address includes the offset.
    AtomicWait32(memory, address, expected, timeout_ns) -> outcome;
    /// `memory.atomic.wait64`
    AtomicWait64(memory, address, expected, timeout_ns) -> outcome;
    /// `memory.atomic.notify`: how many were woken.
    AtomicNotify(memory, address, count) -> woken;
    /// Makes an object of the type with a canonical id, of so many bytes, when the nursery has no room for it. The header is written;
    /// the fields are zero, and can be set without marking cards until the next call. This and what follows may collect: then all objects move.
    ObjectNew(type_id, bytes) -> object;
    /// Makes an array of so many zeros: traps if it is too large. Its elements can be set as those of an object that was just made.
    ArrayNew(type_id, length) -> object;
    /// `array.new_data`; traps if the segment has not so many bytes.
    ArrayNewData(type_id, segment, source, length) -> object;
    /// `array.new_elem`; traps if the segment has not so many elements.
    ArrayNewElem(type_id, segment, source, length) -> object;
    /// `array.fill`. It and the following check bounds and null, mark cards, and collect nothing. The value is as in an object: of a function,
    /// its number; what it has beyond 64 bits is in `high`.
    ArrayFill(array, start, length, low, high);
    /// `array.copy`
    ArrayCopy(destination_array, destination, source_array, source, length);
    /// `array.init_data`
    ArrayInitData(array, segment, destination, source, length);
    /// `array.init_elem`
    ArrayInitElem(array, segment, destination, source, length);
    /// The number of a function that has none yet, or is null.
    FunctionNumber(function) -> number;
    /// Throws an exception that is not null out of the function that calls it. It does not return.
    Throw(exception);
    /// Makes a continuation of the type with a canonical id that begins with calling a function; gives its place
    /// ([`crate::object::CONTINUATION_PLACE`]), which is to be written to an object before the next call. Traps if the function is null.
    ContinuationNew(function, type_id) -> place;
    /// Adds the first `count` values that are passed ([`crate::continuation`]) to those that the continuation at a place, of a type, will be resumed
    /// with, and makes it one of another type. The place remains its, and is to be written to a new object. It collects nothing.
    ContinuationBind(place, type_id, count, bound_type_id) -> bound;
    /// A loop has turned often, in a function of a growing text: gives the address of code that goes on at it, or 0 if there is none. The loop is
    /// named by its offset in the module. It collects nothing.
    LoopTurned(function, loop_offset) -> code;
    /// Whether the type with the canonical id `found` is a subtype of the one with `expected`: 1, else 0.
    TypeMatches(found, expected) -> matches;
}

impl Builtin {
    /// Byte offset of this builtin's pointer in the table.
    #[must_use]
    pub const fn table_offset(self) -> u32 {
        self as u32 * 8
    }
}
