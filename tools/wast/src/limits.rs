//! How much memory a script's modules may have together.

use silica::{ResourceLimiter, Result};

/// Bytes of all memories of a script. The specification's scripts declare several of 4 GiB and touch little.
const MEMORY_BYTES: usize = 64 << 30;

/// Elements of all tables of a script.
const TABLE_ELEMENTS: usize = 64 << 20;

/// What is left of a script's allowance.
#[derive(Debug)]
pub(crate) struct Allowance {
    memory_bytes: usize,
    table_elements: usize,
}

impl Default for Allowance {
    fn default() -> Self {
        Allowance {
            memory_bytes: MEMORY_BYTES,
            table_elements: TABLE_ELEMENTS,
        }
    }
}

fn take(left: &mut usize, current: usize, desired: usize) -> bool {
    let more = desired.saturating_sub(current);
    if more > *left {
        return false;
    }
    *left -= more;
    true
}

impl ResourceLimiter for Allowance {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> Result<bool> {
        Ok(take(&mut self.memory_bytes, current, desired))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> Result<bool> {
        Ok(take(&mut self.table_elements, current, desired))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_gone() {
        let mut left = 10;
        assert!(take(&mut left, 0, 6) && take(&mut left, 6, 8) && left == 2);
        assert!(!take(&mut left, 0, 3) && take(&mut left, 5, 4) && left == 2);
    }
}
