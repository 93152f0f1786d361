//! The narrow interface between an operator's meaning and the code that is made for it.
//!
//! A backend emits straight-line code into a current block. Values are single-use: a method that takes
//! a [`Backend::Value`] consumes it, and [`Backend::duplicate`] is the only copy, so that a backend which keeps values
//! in registers knows each one's last use. Methods never fail: a backend that cannot go on remembers
//! that and says so at the end.

use silica_contract::{builtin::Builtin, trap::TrapCode};
use silica_module::FunctionType;
use silica_operator::{
    AtomicRmw, AtomicWidth, Convert, FloatBinary, FloatCompare, FloatType, FloatUnary, IntBinary,
    IntCompare, IntType, IntUnary, LaneShape, LoadKind, MachineType, StoreKind, VectorBinary,
    VectorCompare, VectorLoad, VectorReduce, VectorShift, VectorTernary, VectorUnary, WideBinary,
};

/// What a piece of memory is for. Accesses of two regions never overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Region {
    /// The context and the definitions that it points to (not globals).
    Context,
    /// Values of globals, wherever they live.
    Global,
    /// Elements of tables.
    Table,
    /// Function references and host contexts.
    Function,
    /// Linear memories.
    Heap,
    /// The store's heap of objects.
    Object,
    /// The cards of that heap.
    Card,
    /// What a stack passes to another.
    Passed,
}

/// How a field behaves while a function runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldKind {
    /// It never changes as long as the instance lives: loads may be moved and merged.
    Constant,
    /// It may change at any call or store to its region.
    Mutable,
}

/// A field of a fixed layout: an offset from a pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    /// Bytes from the pointer.
    pub offset: u32,
    /// What lies there.
    pub ty: FieldType,
    /// Whether it changes.
    pub kind: FieldKind,
    /// What kind of memory it is in.
    pub region: Region,
    /// Where the pointer itself may be null or beyond its object: the trap of the fault.
    pub trap: Option<TrapCode>,
}

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldType {
    /// A pointer, as a 64-bit value ([`MachineType::I64`]).
    Pointer,
    /// A WebAssembly value.
    Value(MachineType),
    /// The low 8 bits of an `i32`, widened as `signed` says.
    I8 {
        /// Whether its highest bit is its sign.
        signed: bool,
    },
    /// The low 16 bits of an `i32`.
    I16 {
        /// Whether its highest bit is its sign.
        signed: bool,
    },
}

/// An access to linear memory whose bounds have been seen to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Access {
    /// Constant bytes to add to the address.
    pub offset: u32,
    /// Whether a fault at this access is a trap (true unless a check precluded it).
    pub faults: bool,
    /// Alignment that the program promises, base-two logarithm; a hint.
    pub align_log2: u8,
    /// Which memory, as an index; accesses to different memories may still overlap (imports).
    pub memory: Memory,
}

/// A linear memory of the module, by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Memory(pub u32);

/// What is called.
#[derive(Debug)]
pub enum CallTarget<V> {
    /// A function that the module defines, by its index in the function index space. It gets the
    /// caller's own context as callee's.
    Direct(u32),
    /// Code at an address, with the callee's context.
    Pointer {
        /// Address of the code.
        code: V,
        /// Context to pass as callee's.
        context: V,
    },
}

/// Where a branch goes, with the values of the block's parameters.
#[derive(Debug)]
pub struct BranchTarget<B, V> {
    /// The block.
    pub block: B,
    /// One value for each parameter.
    pub arguments: Vec<V>,
}

/// Makes code (or a value, or words) for what `translate` says.
///
/// Integers of type `i32` are 32 bits wide, with no promise about what lies above. Comparisons give an `i32` of 0 or 1.
/// References to functions and pointers are 64-bit integers; references to objects ([`MachineType::Object`]) are 32-bit
/// integers, which the collector may change in each call. A pointer that was computed from an object is not kept
/// across a call.
pub trait Backend {
    /// A value that was computed and not yet used.
    type Value;
    /// A block: a place to branch to, with parameters.
    type Block: Copy;
    /// Fuel that was taken ahead: see [`Backend::fuel_charge`].
    type Charge;
    /// Whether [`Backend::begin`] wants to know how many edges will come, which takes a look at each operator.
    const ASKS_FOR_EDGES: bool;

    // ---- the function ----

    /// Begins the body. The function's parameters are the first locals; `locals` are the declared ones, which
    /// start as zero or null. At most `edges` edges of control flow will come, where that was asked for.
    fn begin(&mut self, ty: &FunctionType, locals: &[MachineType], edges: u64);
    /// Tells where in the module the next operator stands (bytes from the module's start).
    fn set_module_offset(&mut self, offset: u32);
    /// Ends the body. No block is open.
    fn finish(&mut self);

    // ---- functions that are entered at a loop ----

    /// The offset in the module of the loop that the function is entered at, if it is not entered at its beginning. What comes before the loop is
    /// described all the same, in case that control comes back to it.
    fn entrance(&self) -> Option<u32> {
        None
    }
    /// Adds a local, after all others, which has no value yet. Asked only of a function that is entered at a loop.
    fn add_local(&mut self, ty: MachineType) -> u32 {
        unreachable!("only a function that is entered at a loop needs another local ({ty:?})")
    }
    /// Goes from the entrance to the header of the loop, with what [`Backend::enter_loop`] has left: the locals, these of which are operands,
    /// and parameters of these types.
    fn enter_at(&mut self, header: Self::Block, operands: &[u32], params: &[MachineType]) {
        let _ = (header, operands, params);
        unreachable!("only a function that is entered at a loop has an entrance")
    }

    // ---- values ----

    /// A second use of a value.
    fn duplicate(&mut self, value: &Self::Value) -> Self::Value;
    /// Says that a value will not be used.
    fn discard(&mut self, value: Self::Value);
    /// The bits of an integer that is known to be a constant. A backend need not know.
    fn known_constant(&self, value: &Self::Value) -> Option<u64> {
        let _ = value;
        None
    }
    /// A constant. Floats are given as bits; `bits` is truncated to the type's width.
    fn constant(&mut self, ty: MachineType, bits: u128) -> Self::Value;
    /// Reads a local.
    fn local_get(&mut self, local: u32) -> Self::Value;
    /// Writes a local.
    fn local_set(&mut self, local: u32, value: Self::Value);
    /// `if condition { yes } else { no }`, without a branch where the processor can.
    fn select(
        &mut self,
        ty: MachineType,
        condition: Self::Value,
        yes: Self::Value,
        no: Self::Value,
    ) -> Self::Value;

    // ---- numeric operators, by class ----

    /// An integer operator of one operand.
    fn int_unary(&mut self, op: IntUnary, ty: IntType, a: Self::Value) -> Self::Value;
    /// An integer operator of two operands. Division and remainder: `translate` has made sure that
    /// the divisor is not zero, and for `DivS` that the quotient fits; `RemS` of the smallest integer by
    /// -1 must give 0 and not fault.
    fn int_binary(
        &mut self,
        op: IntBinary,
        ty: IntType,
        a: Self::Value,
        b: Self::Value,
    ) -> Self::Value;
    /// `DivS`, `DivU`, `RemS`, `RemU` with the traps of the specification. A backend whose
    /// processor faults by itself needs no check.
    fn int_divide(
        &mut self,
        op: IntBinary,
        ty: IntType,
        a: Self::Value,
        b: Self::Value,
    ) -> Self::Value;
    /// An integer comparison.
    fn int_compare(
        &mut self,
        op: IntCompare,
        ty: IntType,
        a: Self::Value,
        b: Self::Value,
    ) -> Self::Value;
    /// A float operator of one operand.
    fn float_unary(&mut self, op: FloatUnary, ty: FloatType, a: Self::Value) -> Self::Value;
    /// A float operator of two operands.
    fn float_binary(
        &mut self,
        op: FloatBinary,
        ty: FloatType,
        a: Self::Value,
        b: Self::Value,
    ) -> Self::Value;
    /// A float comparison.
    fn float_compare(
        &mut self,
        op: FloatCompare,
        ty: FloatType,
        a: Self::Value,
        b: Self::Value,
    ) -> Self::Value;
    /// A conversion, with the traps of the specification.
    fn convert(&mut self, op: Convert, a: Self::Value) -> Self::Value;
    /// `i64.add128`, `i64.sub128`: low and high of each operand; low and high of the result.
    /// The multiplications take the two operands as `a.0` and `b.0`; `a.1` and `b.1` are `None`.
    fn wide_binary(
        &mut self,
        op: WideBinary,
        a: (Self::Value, Option<Self::Value>),
        b: (Self::Value, Option<Self::Value>),
    ) -> (Self::Value, Self::Value);

    // ---- vectors ----

    /// `v128 -> v128`
    fn vector_unary(&mut self, op: VectorUnary, a: Self::Value) -> Self::Value;
    /// `v128 v128 -> v128`
    fn vector_binary(&mut self, op: VectorBinary, a: Self::Value, b: Self::Value) -> Self::Value;
    /// `v128 v128 v128 -> v128`
    fn vector_ternary(
        &mut self,
        op: VectorTernary,
        a: Self::Value,
        b: Self::Value,
        c: Self::Value,
    ) -> Self::Value;
    /// `v128 i32 -> v128`
    fn vector_shift(
        &mut self,
        op: VectorShift,
        shape: LaneShape,
        a: Self::Value,
        count: Self::Value,
    ) -> Self::Value;
    /// `v128 v128 -> v128`, lanes all ones or all zeros.
    fn vector_compare(
        &mut self,
        op: VectorCompare,
        shape: LaneShape,
        a: Self::Value,
        b: Self::Value,
    ) -> Self::Value;
    /// `v128 -> i32`
    fn vector_reduce(&mut self, op: VectorReduce, a: Self::Value) -> Self::Value;
    /// A scalar in every lane.
    fn vector_splat(&mut self, shape: LaneShape, a: Self::Value) -> Self::Value;
    /// One lane as a scalar; narrow integer lanes are widened as `signed` says.
    fn vector_extract_lane(
        &mut self,
        shape: LaneShape,
        lane: u8,
        signed: bool,
        a: Self::Value,
    ) -> Self::Value;
    /// The vector with one lane replaced by a scalar.
    fn vector_replace_lane(
        &mut self,
        shape: LaneShape,
        lane: u8,
        a: Self::Value,
        scalar: Self::Value,
    ) -> Self::Value;
    /// `i8x16.shuffle`
    fn vector_shuffle(&mut self, lanes: [u8; 16], a: Self::Value, b: Self::Value) -> Self::Value;

    // ---- pointers and fields ----

    /// The context of this function's instance.
    fn context(&mut self) -> Self::Value;
    /// Reads a field.
    fn field_get(&mut self, pointer: Self::Value, field: Field) -> Self::Value;
    /// Writes a field.
    fn field_set(&mut self, pointer: Self::Value, field: Field, value: Self::Value);
    /// Says that an `i32` that was computed is a reference to an object, from here on known to the collector.
    fn object(&mut self, value: Self::Value) -> Self::Value;
    /// A pointer and so many bytes (`i64`).
    fn pointer_add(&mut self, pointer: Self::Value, bytes: Self::Value) -> Self::Value;
    /// Gives `pointer` if the `i32` condition is not zero, else null, with no branch that a processor could
    /// speculate past. Null faults where it is accessed.
    /// (Called only when the settings ask for spectre guards.)
    fn speculation_guard(&mut self, condition: Self::Value, pointer: Self::Value) -> Self::Value;

    // ---- linear memory: `address` is a pointer whose bounds have been seen to ----

    /// A scalar load, or a whole vector.
    fn load(&mut self, kind: LoadKind, access: Access, address: Self::Value) -> Self::Value;
    /// A store.
    fn store(&mut self, kind: StoreKind, access: Access, address: Self::Value, value: Self::Value);
    /// A vector load that widens, splats or zeroes.
    fn vector_load(
        &mut self,
        kind: VectorLoad,
        access: Access,
        address: Self::Value,
    ) -> Self::Value;
    /// An atomic load.
    fn atomic_load(
        &mut self,
        ty: IntType,
        width: AtomicWidth,
        access: Access,
        address: Self::Value,
    ) -> Self::Value;
    /// An atomic store.
    fn atomic_store(
        &mut self,
        ty: IntType,
        width: AtomicWidth,
        access: Access,
        address: Self::Value,
        value: Self::Value,
    );
    /// An atomic read-modify-write; gives the value before.
    fn atomic_rmw(
        &mut self,
        op: AtomicRmw,
        ty: IntType,
        width: AtomicWidth,
        access: Access,
        address: Self::Value,
        value: Self::Value,
    ) -> Self::Value;
    /// An atomic compare-exchange; gives the value before.
    fn atomic_compare_exchange(
        &mut self,
        ty: IntType,
        width: AtomicWidth,
        access: Access,
        address: Self::Value,
        expected: Self::Value,
        replacement: Self::Value,
    ) -> Self::Value;
    /// `atomic.fence`
    fn atomic_fence(&mut self);

    // ---- traps and fuel ----

    /// Traps if the `i32` condition is not zero; execution goes on in the same block.
    fn trap_if(&mut self, condition: Self::Value, code: TrapCode);
    /// Traps; ends the block.
    fn trap(&mut self, code: TrapCode);
    /// Takes so much fuel, without looking whether there was any.
    fn fuel_take(&mut self, amount: u32);
    /// Takes fuel ahead, and traps with [`TrapCode::OutOfFuel`] if it fell below zero. How much, [`Backend::fuel_settle`]
    /// tells when it is known: at most once, and before control goes elsewhere.
    fn fuel_charge(&mut self) -> Self::Charge;
    /// Tells how much a charge takes; nothing unless this is called.
    fn fuel_settle(&mut self, charge: Self::Charge, amount: u32);

    // ---- blocks ----

    /// Makes a block with these parameters. `is_loop`: branches back to it may still come after it was
    /// entered, until [`Backend::seal`].
    fn block(&mut self, params: &[MachineType], is_loop: bool) -> Self::Block;
    /// Makes a block that an exception goes on in, whose one parameter is the exception (an object). Calls may be made
    /// with it, and [`Backend::throw`], until [`Backend::seal`].
    fn handler(&mut self) -> Self::Block;
    /// Says that a block is rarely reached.
    fn mark_cold(&mut self, block: Self::Block);
    /// Continues at the start of `block`; the block before has ended. Gives the block's parameters.
    fn enter_block(&mut self, block: Self::Block) -> Vec<Self::Value>;
    /// As [`Backend::enter_block`], of a loop beneath which these operands lie. A backend that counts turns may leave here for other
    /// code, which gets them; it gets all locals and the block's parameters, too.
    fn enter_loop(
        &mut self,
        block: Self::Block,
        operands: &mut dyn Iterator<Item = &Self::Value>,
    ) -> Vec<Self::Value> {
        let _ = operands;
        self.enter_block(block)
    }
    /// Says that no more branches to `block` will come.
    fn seal(&mut self, block: Self::Block);
    /// Ends the block with a jump.
    fn jump(&mut self, target: BranchTarget<Self::Block, Self::Value>);
    /// Ends the block: goes to `yes` if the `i32` condition is not zero, else to `no`.
    fn branch(
        &mut self,
        condition: Self::Value,
        yes: BranchTarget<Self::Block, Self::Value>,
        no: BranchTarget<Self::Block, Self::Value>,
    );
    /// Ends the block: goes to `targets[index]` (unsigned `i32`), or to `default` beyond the end.
    fn branch_table(
        &mut self,
        index: Self::Value,
        targets: Vec<BranchTarget<Self::Block, Self::Value>>,
        default: BranchTarget<Self::Block, Self::Value>,
    );

    // ---- calls ----

    /// Calls; gives the results. The ABI ([`silica_contract::abi`]) is the backend's business. An exception that comes
    /// out of the call goes on in `handler`; with none, it leaves the function.
    fn call(
        &mut self,
        target: CallTarget<Self::Value>,
        ty: &FunctionType,
        arguments: Vec<Self::Value>,
        handler: Option<Self::Block>,
    ) -> Vec<Self::Value>;
    /// Calls in tail position; ends the block.
    fn return_call(
        &mut self,
        target: CallTarget<Self::Value>,
        ty: &FunctionType,
        arguments: Vec<Self::Value>,
    );
    /// Returns; ends the block.
    fn return_(&mut self, values: Vec<Self::Value>);
    /// Throws an exception (an object that is not null): it goes on in `handler`, and with none leaves the function.
    /// Ends the block.
    fn throw(&mut self, exception: Self::Value, handler: Option<Self::Block>);
    /// Calls a builtin; arguments after the context, each `i64`. Gives what the builtin has as result. Builtins never
    /// throw ([`Backend::throw`] is not one).
    fn call_builtin(
        &mut self,
        builtin: Builtin,
        arguments: Vec<Self::Value>,
    ) -> Option<Self::Value>;
}
