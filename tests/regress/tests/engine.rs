//! How engines have failed around the code that they make: types, traps in the middle of something, slots that serve
//! again, handles, fuel, sizes. One module for each class.

#![forbid(unsafe_code)]

#[path = "engine/addresses_from_two_gigabytes.rs"]
mod addresses_from_two_gigabytes;
#[path = "engine/counts_that_overflow.rs"]
mod counts_that_overflow;
#[path = "engine/deep_and_huge.rs"]
mod deep_and_huge;
#[path = "engine/interrupted_bulk_operations.rs"]
mod interrupted_bulk_operations;
#[path = "engine/lost_fuel.rs"]
mod lost_fuel;
#[path = "engine/remainders_and_slices.rs"]
mod remainders_and_slices;
#[path = "engine/reused_slots.rs"]
mod reused_slots;
#[path = "engine/shared_handles.rs"]
mod shared_handles;
#[path = "engine/types_mixed_at_instantiation.rs"]
mod types_mixed_at_instantiation;
#[path = "engine/types_of_other_engines.rs"]
mod types_of_other_engines;
