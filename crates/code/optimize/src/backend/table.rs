//! `br_table`: jump tables, and the blocks between them and their targets.

use std::collections::HashMap;

use cranelift_codegen::ir::{Block, BlockCall, InstBuilder, JumpTableData};
use silica_translate::BranchTarget;

use super::state::{CraneliftBackend, Operand};

/// A table of more targets than this goes to each by a block of its own: construction of SSA form looks through all targets of
/// a branch for each value that crosses it.
const DIRECT_TARGETS_MAX: usize = 256;

impl CraneliftBackend<'_> {
    pub(super) fn emit_branch_table(
        &mut self,
        index: Operand,
        targets: Vec<BranchTarget<Block, Operand>>,
        default: BranchTarget<Block, Operand>,
    ) {
        let index = self.scalar(index);
        let mut uses: HashMap<Block, usize> = HashMap::new();
        for target in targets.iter().chain([&default]) {
            *uses.entry(target.block).or_default() += 1;
        }
        let many = uses.len() > DIRECT_TARGETS_MAX;
        // Of each label that gets a block between, that block, and what it passes on.
        let mut between: HashMap<Block, Block> = HashMap::new();
        let mut bridges = Vec::new();
        let mut calls = Vec::with_capacity(targets.len() + 1);
        for target in targets.into_iter().chain([default]) {
            if !many && uses[&target.block] == 1 {
                calls.push(self.block_call(target));
                continue;
            }
            // The same label is given the same values: moving them once is enough.
            let bridge = *between.entry(target.block).or_insert_with(|| {
                let bridge = self.builder.create_block();
                bridges.push((bridge, target));
                bridge
            });
            let pool = &mut self.builder.func.dfg.value_lists;
            calls.push(BlockCall::new(bridge, [], pool));
        }
        let default = calls.pop().expect("the default was the last");
        let table = JumpTableData::new(default, &calls);
        let table = self.builder.create_jump_table(table);
        self.ins().br_table(index, table);
        for (bridge, target) in bridges {
            self.builder.switch_to_block(bridge);
            self.builder.seal_block(bridge);
            let arguments = self.block_arguments(target.arguments);
            self.ins().jump(target.block, &arguments);
        }
    }

    fn block_call(&mut self, target: BranchTarget<Block, Operand>) -> BlockCall {
        let arguments = self.block_arguments(target.arguments);
        let pool = &mut self.builder.func.dfg.value_lists;
        BlockCall::new(target.block, arguments, pool)
    }
}
