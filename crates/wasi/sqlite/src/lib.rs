//! Buckets of `wasi:keyvalue` in files of SQLite's, which several processes may have open.
//!
//! A bucket is two files: the one that is named, and beside it a journal (`-journal`), by which a change that was cut off is
//! undone. Both are there, and open to be written, once the bucket is open: nothing else of the file system is needed then.
//! Changes are on the device when they return.
//!
//! ```
//! use silica_wasi_keyvalue::{Bucket, KeyValue};
//! use silica_wasi_sqlite::SqliteBucket;
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("bucket.db");
//! let bucket = SqliteBucket::open(&path, 1 << 20)?;
//! bucket.set("greeting", b"hello")?;
//! let mut granted = KeyValue::new();
//! granted.grant("default", SqliteBucket::open(&path, 1 << 20)?);
//! assert_eq!(bucket.get("greeting")?, Some(b"hello".to_vec()));
//! # Ok::<(), silica_wasi_keyvalue::Error>(())
//! ```

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Transaction, TransactionBehavior};
use silica_wasi_keyvalue::{Bucket, Error, Keys, Result, sum};

/// Keys that are listed at a time, and about how many bytes of them.
const KEYS_MAX: usize = 1000;
const LISTED_BYTES_MAX: usize = 1 << 20;

/// Bytes of one key or value.
const LENGTH_MAX: i32 = 64 << 20;

/// Bytes of a page.
const PAGE_BYTES: i64 = 4096;

/// How a bucket is kept. Keys are numbered, by which lists continue: a key keeps its number while others come and go.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS bucket (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL UNIQUE,
        value BLOB NOT NULL
    ) STRICT;";

/// What keeps to two files, which stay where they are: no others are made for what is large, and the journal is not removed.
const SETTINGS: &str = "
    PRAGMA trusted_schema = OFF;
    PRAGMA temp_store = MEMORY;
    PRAGMA journal_mode = PERSIST;
    PRAGMA cell_size_check = ON;";

/// A bucket in a file.
#[derive(Debug)]
pub struct SqliteBucket {
    connection: Mutex<Connection>,
}

impl SqliteBucket {
    /// Opens a bucket, and makes it if there is none. Its file grows to `bytes_max` at most.
    ///
    /// # Errors
    /// [`Error::Other`] where the file cannot be opened or is no bucket.
    pub fn open(path: impl AsRef<Path>, bytes_max: u64) -> Result<SqliteBucket> {
        let connection = Connection::open(path).map_err(told)?;
        connection
            .set_limit(Limit::SQLITE_LIMIT_LENGTH, LENGTH_MAX)
            .map_err(told)?;
        connection
            .pragma_update(None, "page_size", PAGE_BYTES)
            .map_err(told)?;
        connection.execute_batch(SETTINGS).map_err(told)?;
        let page: i64 = connection
            .pragma_query_value(None, "page_size", |row| row.get(0))
            .map_err(told)?;
        let bytes_max = i64::try_from(bytes_max).unwrap_or(i64::MAX);
        let pages = (bytes_max / page.max(1)).max(1);
        // It gives the new number, which is no less than what is there.
        connection
            .pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
            .map_err(told)?;
        let bucket = SqliteBucket {
            connection: Mutex::new(connection),
        };
        bucket.change(|change| {
            change.execute_batch(SCHEMA).map_err(told)?;
            // A change, so that the journal is there from now on.
            change
                .execute_batch("PRAGMA user_version = 1;")
                .map_err(told)
        })?;
        bucket.exists("")?;
        Ok(bucket)
    }

    /// The files that a bucket at `path` is.
    #[must_use]
    pub fn files(path: &Path) -> [PathBuf; 2] {
        let mut journal = OsString::from(path);
        journal.push("-journal");
        [path.to_owned(), journal.into()]
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // A change that was not completed is undone.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes happen all together or not at all, and nothing comes between them.
    fn change<R>(&self, change: impl FnOnce(&Transaction<'_>) -> Result<R>) -> Result<R> {
        let mut connection = self.lock();
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(told)?;
        let changed = change(&transaction)?;
        transaction.commit().map_err(told)?;
        Ok(changed)
    }
}

fn get(connection: &Connection, key: &str) -> Result<Option<Vec<u8>>> {
    connection
        .prepare("SELECT value FROM bucket WHERE key = ?1")
        .and_then(|mut query| query.query_row([key], |row| row.get(0)).optional())
        .map_err(told)
}

fn set(connection: &Connection, key: &str, value: &[u8]) -> Result<()> {
    connection
        .prepare(
            "INSERT INTO bucket (key, value) VALUES (?1, ?2)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        )
        .and_then(|mut insert| insert.execute((key, value)))
        .map_err(told)?;
    Ok(())
}

fn delete(connection: &Connection, key: &str) -> Result<()> {
    connection
        .prepare("DELETE FROM bucket WHERE key = ?1")
        .and_then(|mut delete| delete.execute([key]))
        .map_err(told)?;
    Ok(())
}

impl Bucket for SqliteBucket {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        get(&self.lock(), key)
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<()> {
        set(&self.lock(), key, value)
    }

    fn delete(&self, key: &str) -> Result<()> {
        delete(&self.lock(), key)
    }

    fn exists(&self, key: &str) -> Result<bool> {
        self.lock()
            .prepare("SELECT 1 FROM bucket WHERE key = ?1")
            .and_then(|mut query| query.exists([key]))
            .map_err(told)
    }

    fn keys(&self, cursor: Option<u64>) -> Result<Keys> {
        let after = i64::try_from(cursor.unwrap_or(0)).unwrap_or(i64::MAX);
        let connection = self.lock();
        let mut query = connection
            .prepare("SELECT number, key FROM bucket WHERE number > ?1 ORDER BY number")
            .map_err(told)?;
        let mut rows = query.query([after]).map_err(told)?;
        let (mut keys, mut bytes, mut last) = (Vec::new(), 0, None);
        while let Some(row) = rows.next().map_err(told)? {
            if keys.len() == KEYS_MAX || bytes > LISTED_BYTES_MAX {
                return Ok(Keys { keys, cursor: last });
            }
            let number: i64 = row.get(0).map_err(told)?;
            last = u64::try_from(number).ok();
            let key: String = row.get(1).map_err(told)?;
            bytes += key.len();
            keys.push(key);
        }
        Ok(Keys { keys, cursor: None })
    }

    fn increment(&self, key: &str, delta: u64) -> Result<u64> {
        self.change(|change| {
            let sum = sum(get(change, key)?.as_deref(), delta)?;
            set(change, key, sum.to_string().as_bytes())?;
            Ok(sum)
        })
    }

    fn set_many(&self, pairs: &[(String, Vec<u8>)]) -> Result<()> {
        self.change(|change| {
            let mut pairs = pairs.iter();
            pairs.try_for_each(|(key, value)| set(change, key, value))
        })
    }

    fn delete_many(&self, keys: &[String]) -> Result<()> {
        self.change(|change| keys.iter().try_for_each(|key| delete(change, key)))
    }
}

/// An error in words that a guest may see: nothing of the host's paths.
fn told(error: rusqlite::Error) -> Error {
    let words = match error.sqlite_error_code() {
        Some(ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => return Error::AccessDenied,
        Some(ErrorCode::DiskFull) => "the store is full",
        Some(ErrorCode::TooBig) => "the key or the value is too long",
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "the store is in use",
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => "the file is no store",
        Some(ErrorCode::CannotOpen) => "the file cannot be opened",
        _ => "the store failed",
    };
    Error::Other(words.to_owned())
}
