//! Alias regions: what Cranelift is told about pieces of memory that never overlap.

use cranelift_codegen::ir::{self, AliasRegion, AliasRegionData};
use silica_translate::Region;

/// How many regions there are.
pub(super) const REGIONS: usize = 8;

pub(super) fn region_index(region: Region) -> usize {
    match region {
        Region::Context => 0,
        Region::Global => 1,
        Region::Table => 2,
        Region::Function => 3,
        Region::Heap => 4,
        Region::Object => 5,
        Region::Card => 6,
        Region::Passed => 7,
    }
}

pub(super) fn make_regions(function: &mut ir::Function) -> [AliasRegion; REGIONS] {
    let names = [
        "context", "global", "table", "function", "heap", "object", "card", "passed",
    ];
    std::array::from_fn(|index| {
        function.dfg.alias_regions.insert(AliasRegionData {
            user_id: index as u32,
            description: names[index].into(),
        })
    })
}
