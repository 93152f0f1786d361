//! What a bucket does.

use std::sync::Arc;

/// Why a bucket did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No bucket of that name was granted.
    #[error("there is no such store")]
    NoSuchStore,
    /// The bucket does not let this be done.
    #[error("access denied")]
    AccessDenied,
    /// Anything else, in words that a guest may see.
    #[error("{0}")]
    Other(String),
    /// The guest broke a rule: it is stopped.
    #[error("{0}")]
    Trap(String),
}

/// What buckets give.
pub type Result<T> = std::result::Result<T, Error>;

/// Some of a bucket's keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    /// The keys.
    pub keys: Vec<String>,
    /// Where to continue; none after the last.
    pub cursor: Option<u64>,
}

/// Values by keys. Each operation happens at once, whoever else works on the same bucket.
pub trait Bucket: Send + Sync + 'static {
    /// The value of a key.
    ///
    /// # Errors
    /// What the bucket reports.
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>>;

    /// Gives a key a value, in place of the one that it has.
    ///
    /// # Errors
    /// What the bucket reports; also where it has no room.
    fn set(&self, key: &str, value: &[u8]) -> Result<()>;

    /// Takes a key away, if it is there.
    ///
    /// # Errors
    /// What the bucket reports.
    fn delete(&self, key: &str) -> Result<()>;

    /// Whether a key is there.
    ///
    /// # Errors
    /// What the bucket reports.
    fn exists(&self, key: &str) -> Result<bool> {
        Ok(self.get(key)?.is_some())
    }

    /// Some keys, from the start or from where the cursor says.
    ///
    /// # Errors
    /// What the bucket reports; also for a cursor that it never gave, where that can be told.
    fn keys(&self, cursor: Option<u64>) -> Result<Keys>;

    /// Adds `delta` to a number, which is 0 where there is none, and gives the sum. A number is kept in decimal digits.
    ///
    /// # Errors
    /// What the bucket reports; also where the value is no number, or the sum is too large.
    fn increment(&self, key: &str, delta: u64) -> Result<u64>;

    /// Gives keys values, as [`set`](Self::set) does one after the other.
    ///
    /// # Errors
    /// What the bucket reports; whether some of them are set then is the bucket's affair.
    fn set_many(&self, pairs: &[(String, Vec<u8>)]) -> Result<()> {
        let mut pairs = pairs.iter();
        pairs.try_for_each(|(key, value)| self.set(key, value))
    }

    /// Takes keys away, as [`delete`](Self::delete) does one after the other.
    ///
    /// # Errors
    /// What the bucket reports; whether some of them are gone then is the bucket's affair.
    fn delete_many(&self, keys: &[String]) -> Result<()> {
        keys.iter().try_for_each(|key| self.delete(key))
    }
}

/// The resource `wasi:keyvalue/store.bucket`.
#[derive(Clone)]
pub struct BucketHandle {
    pub(crate) bucket: Arc<dyn Bucket>,
}

impl std::fmt::Debug for BucketHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BucketHandle").finish_non_exhaustive()
    }
}

/// The sum of a number as it is kept and `delta`, for [`Bucket::increment`].
///
/// ```
/// assert_eq!(silica_wasi_keyvalue::sum(Some(b"40"), 2)?, 42);
/// # Ok::<(), silica_wasi_keyvalue::Error>(())
/// ```
///
/// # Errors
/// [`Error::Other`] where there is no number or the sum is too large.
pub fn sum(value: Option<&[u8]>, delta: u64) -> Result<u64> {
    let Some(value) = value else {
        return Ok(delta);
    };
    let number = std::str::from_utf8(value)
        .ok()
        .and_then(|text| text.parse().ok());
    let number: u64 = number.ok_or_else(|| Error::Other("the value is no number".to_owned()))?;
    number
        .checked_add(delta)
        .ok_or_else(|| Error::Other("the sum is too large".to_owned()))
}
