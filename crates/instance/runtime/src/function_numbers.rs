//! Numbers of functions: how objects refer to them ([`silica_contract::object`]).
//!
//! A function gets its number when it is first written to an object. So most functions have none, and a store's table is short.

use crate::entries::FunctionReference;

/// A store's functions that have numbers, by number.
pub(crate) struct FunctionNumbers {
    /// The first stands for null.
    functions: Vec<*mut FunctionReference>,
}

// SAFETY: the pointers are to functions of the store that owns the table, followed only by who has the store.
unsafe impl Send for FunctionNumbers {}
// SAFETY: as above.
unsafe impl Sync for FunctionNumbers {}

impl FunctionNumbers {
    pub(crate) fn new() -> FunctionNumbers {
        FunctionNumbers {
            functions: vec![std::ptr::null_mut()],
        }
    }

    /// What compiled code gets: the address of the table, and its length.
    pub(crate) fn table(&self) -> (*const usize, u64) {
        (self.functions.as_ptr().cast(), self.functions.len() as u64)
    }

    /// The function with a number, null for 0; `None` for a number that was not given.
    pub(crate) fn get(&self, number: u32) -> Option<*mut FunctionReference> {
        self.functions.get(number as usize).copied()
    }

    /// How many numbers were given, 0 for null among them.
    pub(crate) fn count(&self) -> usize {
        self.functions.len()
    }

    /// The number of a function; 0 for null.
    ///
    /// # Safety
    /// `function` is null or a function of the store, which lives as long as it or until
    /// [`FunctionNumbers::forget`] has taken its number back.
    pub(crate) unsafe fn number(&mut self, function: *mut FunctionReference) -> u32 {
        if function.is_null() {
            return 0;
        }
        // SAFETY: see above; no code runs while the table is borrowed.
        let number = unsafe { &mut (*function).number };
        if *number == 0 {
            *number = u32::try_from(self.functions.len()).expect("functions are fewer than 2^32");
            self.functions.push(function);
        }
        *number
    }

    /// Takes back all numbers from `count` on: those given while something was made that could not be finished.
    pub(crate) fn forget(&mut self, count: usize) {
        for function in self.functions.drain(count..) {
            // SAFETY: who gave the number promised that the function lives until now.
            unsafe { (*function).number = 0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_has_one_number_until_it_is_taken_back() {
        let mut function = FunctionReference {
            code: 0,
            context: std::ptr::null_mut(),
            type_id: 8,
            number: 0,
        };
        let pointer = std::ptr::from_mut(&mut function);
        let mut numbers = FunctionNumbers::new();
        // SAFETY: null, and a function that outlives the table.
        unsafe {
            assert_eq!(numbers.number(std::ptr::null_mut()), 0);
            assert_eq!(numbers.number(pointer), 1);
            assert_eq!(numbers.number(pointer), 1);
        }
        assert_eq!(numbers.table().1, 2);
        numbers.forget(1);
        assert_eq!((numbers.count(), function.number), (1, 0));
    }
}
