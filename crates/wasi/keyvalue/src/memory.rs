//! A bucket in memory.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::bucket::{Bucket, Error, Keys, Result, sum};

/// Keys that are listed at a time.
const KEYS_MAX: usize = 1000;

/// What a key costs beside its bytes and those of its value: places in two maps.
const ENTRY_BYTES: usize = 128;

/// A bucket in memory, up to so many bytes. Clones share it.
#[derive(Debug, Clone)]
pub struct MemoryBucket {
    contents: Arc<Mutex<Contents>>,
    bytes_max: usize,
}

#[derive(Debug, Default)]
struct Contents {
    /// Each value with its key's number.
    values: BTreeMap<String, (u64, Vec<u8>)>,
    /// Keys by their numbers, by which lists continue: a key keeps its number while others come and go.
    keys: BTreeMap<u64, String>,
    next: u64,
    bytes: usize,
}

impl MemoryBucket {
    /// A bucket with nothing in it, for keys and values of `bytes_max` bytes.
    #[must_use]
    pub fn new(bytes_max: usize) -> MemoryBucket {
        MemoryBucket {
            contents: Arc::default(),
            bytes_max,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        // Nothing that holds the lock leaves half a change behind.
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Contents {
    fn set(&mut self, key: &str, value: &[u8], bytes_max: usize) -> Result<()> {
        let known = self.values.get(key);
        let before = known.map_or(0, |(_, value)| cost(key, value));
        let after = (self.bytes - before).saturating_add(cost(key, value));
        if after > bytes_max {
            return Err(Error::Other("the store is full".to_owned()));
        }
        let number = match known {
            Some((number, _)) => *number,
            None => {
                self.next += 1;
                self.keys.insert(self.next, key.to_owned());
                self.next
            }
        };
        self.values.insert(key.to_owned(), (number, value.to_vec()));
        self.bytes = after;
        Ok(())
    }
}

/// The key is in both maps.
fn cost(key: &str, value: &[u8]) -> usize {
    2 * key.len() + value.len() + ENTRY_BYTES
}

impl Bucket for MemoryBucket {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        let contents = self.lock();
        Ok(contents.values.get(key).map(|(_, value)| value.clone()))
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<()> {
        self.lock().set(key, value, self.bytes_max)
    }

    fn delete(&self, key: &str) -> Result<()> {
        let mut contents = self.lock();
        if let Some((number, value)) = contents.values.remove(key) {
            contents.keys.remove(&number);
            contents.bytes -= cost(key, &value);
        }
        Ok(())
    }

    fn exists(&self, key: &str) -> Result<bool> {
        Ok(self.lock().values.contains_key(key))
    }

    fn keys(&self, cursor: Option<u64>) -> Result<Keys> {
        let contents = self.lock();
        let after = (Bound::Excluded(cursor.unwrap_or(0)), Bound::Unbounded);
        let mut rest = contents.keys.range(after).peekable();
        let (mut keys, mut last) = (Vec::new(), 0);
        for (number, key) in rest.by_ref().take(KEYS_MAX) {
            keys.push(key.clone());
            last = *number;
        }
        let cursor = rest.peek().map(|_| last);
        Ok(Keys { keys, cursor })
    }

    fn increment(&self, key: &str, delta: u64) -> Result<u64> {
        let mut contents = self.lock();
        let value = contents.values.get(key).map(|(_, value)| value.as_slice());
        let sum = sum(value, delta)?;
        contents.set(key, sum.to_string().as_bytes(), self.bytes_max)?;
        Ok(sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_and_go_within_bounds() {
        let bucket = MemoryBucket::new(4 * ENTRY_BYTES);
        bucket.set("a", b"1").unwrap();
        bucket.set("a", b"22").unwrap();
        assert_eq!(bucket.get("a").unwrap().unwrap(), b"22");
        assert!(bucket.exists("a").unwrap() && !bucket.exists("b").unwrap());
        assert!(bucket.set("big", &[0; 1000]).is_err());
        bucket.delete("a").unwrap();
        bucket.delete("a").unwrap();
        assert_eq!(bucket.get("a").unwrap(), None);
        assert_eq!(bucket.lock().bytes, 0);
        for round in 0..1000 {
            bucket.set("again", round.to_string().as_bytes()).unwrap();
        }
    }

    #[test]
    fn numbers_are_added_up() {
        let bucket = MemoryBucket::new(1 << 10);
        assert_eq!(bucket.increment("n", 5).unwrap(), 5);
        assert_eq!(bucket.increment("n", 7).unwrap(), 12);
        assert_eq!(bucket.get("n").unwrap().unwrap(), b"12");
        assert!(bucket.increment("n", u64::MAX).is_err());
        bucket.set("n", b"x").unwrap();
        assert!(bucket.increment("n", 1).is_err());
    }

    #[test]
    fn lists_continue_where_they_ended_whatever_changed() {
        let bucket = MemoryBucket::new(1 << 20);
        for number in 0..2 * KEYS_MAX + 1 {
            bucket.set(&format!("k{number}"), b"").unwrap();
        }
        let mut keys = bucket.keys(None).unwrap();
        let mut all = keys.keys;
        bucket.delete("k0").unwrap();
        while let Some(cursor) = keys.cursor {
            keys = bucket.keys(Some(cursor)).unwrap();
            all.extend(keys.keys);
        }
        assert_eq!(all.len(), 2 * KEYS_MAX + 1);
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 2 * KEYS_MAX + 1);
        assert!(bucket.keys(Some(u64::MAX)).unwrap().keys.is_empty());
    }
}
