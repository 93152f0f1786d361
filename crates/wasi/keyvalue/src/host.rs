//! The interfaces, as the guest calls them.

use std::collections::BTreeMap;
use std::sync::Arc;

use silica_component::{HasData, Linker, Resource, ResourceTable};

use crate::bindings::wasi::keyvalue::{atomics, batch, store};
use crate::bucket::{Bucket, BucketHandle, Error, Keys, Result};

/// The buckets that a program may open, by name.
#[derive(Default, Clone)]
pub struct KeyValue {
    granted: BTreeMap<String, Arc<dyn Bucket>>,
    on_refused: Option<Arc<OnRefused>>,
}

/// What is told of the name of a bucket.
type OnRefused = dyn Fn(&str) + Send + Sync;

impl std::fmt::Debug for KeyValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.granted.keys()).finish()
    }
}

impl KeyValue {
    /// None at all.
    #[must_use]
    pub fn new() -> KeyValue {
        KeyValue::default()
    }

    /// Grants a bucket, which the program opens by `name`.
    pub fn grant(&mut self, name: impl Into<String>, bucket: impl Bucket) -> &mut Self {
        self.granted.insert(name.into(), Arc::new(bucket));
        self
    }

    /// Has `on_refused` told of the name of each bucket that the program would open and that is not granted, for a person.
    pub fn observe(&mut self, on_refused: impl Fn(&str) + Send + Sync + 'static) -> &mut Self {
        self.on_refused = Some(Arc::new(on_refused));
        self
    }
}

/// A store's data that has buckets.
pub trait WasiKeyValueView: Send + 'static {
    /// What host functions work on.
    fn keyvalue(&mut self) -> KeyValueView<'_>;
}

/// A program's buckets, with the table of its resources.
#[derive(Debug)]
pub struct KeyValueView<'a> {
    /// What it was granted.
    pub keyvalue: &'a mut KeyValue,
    /// What it has open, and other resources of the embedder's.
    pub table: &'a mut ResourceTable,
}

/// Says that host functions work on [`KeyValueView`].
#[derive(Debug)]
pub struct HasKeyValue;

impl HasData for HasKeyValue {
    type Data<'a> = KeyValueView<'a>;
}

/// Grants `wasi:keyvalue`: the buckets that the program's [`KeyValue`] has.
///
/// # Errors
/// If one of its interfaces is defined already.
pub fn add_to_linker<T: WasiKeyValueView>(linker: &mut Linker<T>) -> silica_engine::Result<()> {
    store::add_to_linker::<T, HasKeyValue>(linker, T::keyvalue)?;
    atomics::add_to_linker::<T, HasKeyValue>(linker, T::keyvalue)?;
    batch::add_to_linker::<T, HasKeyValue>(linker, T::keyvalue)
}

/// Bytes of values that one call gives together: what a guest can make the host hold for it.
const BATCH_BYTES_MAX: usize = 1 << 26;

impl KeyValueView<'_> {
    fn bucket(&self, bucket: &Resource<BucketHandle>) -> Result<&dyn Bucket> {
        match self.table.get(bucket) {
            Ok(handle) => Ok(&*handle.bucket),
            Err(error) => Err(Error::Trap(error.to_string())),
        }
    }
}

impl store::Host for KeyValueView<'_> {
    fn open(&mut self, name: String) -> Result<Resource<BucketHandle>> {
        let Some(bucket) = self.keyvalue.granted.get(&name) else {
            if let Some(on_refused) = &self.keyvalue.on_refused {
                on_refused(&name);
            }
            return Err(Error::NoSuchStore);
        };
        let bucket = Arc::clone(bucket);
        self.table
            .push(BucketHandle { bucket })
            .map_err(|error| Error::Other(error.to_string()))
    }

    fn convert_error(&mut self, error: Error) -> silica_engine::Result<store::Error> {
        match error {
            Error::NoSuchStore => Ok(store::Error::NoSuchStore),
            Error::AccessDenied => Ok(store::Error::AccessDenied),
            Error::Other(text) => Ok(store::Error::Other(text)),
            Error::Trap(reason) => Err(silica_engine::Error::msg(reason)),
        }
    }
}

impl store::HostBucket for KeyValueView<'_> {
    fn get(&mut self, bucket: Resource<BucketHandle>, key: String) -> Result<Option<Vec<u8>>> {
        self.bucket(&bucket)?.get(&key)
    }

    fn set(&mut self, bucket: Resource<BucketHandle>, key: String, value: Vec<u8>) -> Result<()> {
        self.bucket(&bucket)?.set(&key, &value)
    }

    fn delete(&mut self, bucket: Resource<BucketHandle>, key: String) -> Result<()> {
        self.bucket(&bucket)?.delete(&key)
    }

    fn exists(&mut self, bucket: Resource<BucketHandle>, key: String) -> Result<bool> {
        self.bucket(&bucket)?.exists(&key)
    }

    fn list_keys(
        &mut self,
        bucket: Resource<BucketHandle>,
        cursor: Option<u64>,
    ) -> Result<store::KeyResponse> {
        let Keys { keys, cursor } = self.bucket(&bucket)?.keys(cursor)?;
        Ok(store::KeyResponse { keys, cursor })
    }

    fn drop(&mut self, bucket: Resource<BucketHandle>) -> silica_engine::Result<()> {
        self.table.delete(bucket)?;
        Ok(())
    }
}

impl atomics::Host for KeyValueView<'_> {
    fn increment(
        &mut self,
        bucket: Resource<BucketHandle>,
        key: String,
        delta: u64,
    ) -> Result<u64> {
        self.bucket(&bucket)?.increment(&key, delta)
    }
}

impl batch::Host for KeyValueView<'_> {
    fn get_many(
        &mut self,
        bucket: Resource<BucketHandle>,
        keys: Vec<String>,
    ) -> Result<Vec<Option<(String, Vec<u8>)>>> {
        let bucket = self.bucket(&bucket)?;
        let mut bytes: usize = 0;
        let each = keys.into_iter().map(|key| {
            let value = bucket.get(&key)?;
            bytes = bytes.saturating_add(key.len() + value.as_ref().map_or(0, Vec::len));
            if bytes > BATCH_BYTES_MAX {
                return Err(Error::Other("too much is asked for at once".to_owned()));
            }
            Ok(value.map(|value| (key, value)))
        });
        each.collect()
    }

    fn set_many(
        &mut self,
        bucket: Resource<BucketHandle>,
        values: Vec<(String, Vec<u8>)>,
    ) -> Result<()> {
        self.bucket(&bucket)?.set_many(&values)
    }

    fn delete_many(&mut self, bucket: Resource<BucketHandle>, keys: Vec<String>) -> Result<()> {
        self.bucket(&bucket)?.delete_many(&keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryBucket;
    use atomics::Host as _;
    use batch::Host as _;
    use store::{Host as _, HostBucket as _};

    #[test]
    fn only_what_was_granted_is_opened_and_handles_are_bounded() {
        let mut keyvalue = KeyValue::new();
        let bucket = MemoryBucket::new(1 << 16);
        keyvalue.grant("default", bucket.clone());
        let mut table = ResourceTable::new();
        table.set_max_capacity(2);
        let mut view = KeyValueView {
            keyvalue: &mut keyvalue,
            table: &mut table,
        };
        assert_eq!(
            view.open("other".to_owned()).unwrap_err(),
            Error::NoSuchStore
        );
        let handle = || Resource::new_borrow(0);
        let opened = view.open("default".to_owned()).unwrap();
        view.open("default".to_owned()).unwrap();
        assert!(matches!(
            view.open("default".to_owned()),
            Err(Error::Other(_))
        ));
        let pairs = ["a", "b"].map(|key| (key.to_owned(), key.as_bytes().to_vec()));
        view.set_many(handle(), pairs.to_vec()).unwrap();
        assert_eq!(view.increment(handle(), "n".to_owned(), 3).unwrap(), 3);
        let keys = ["b", "c"].map(str::to_owned).to_vec();
        let found = view.get_many(handle(), keys.clone()).unwrap();
        assert_eq!(found, [Some(("b".to_owned(), b"b".to_vec())), None]);
        view.delete_many(handle(), keys).unwrap();
        let listed = view.list_keys(handle(), None).unwrap();
        assert_eq!(
            (listed.keys, listed.cursor),
            (vec!["a".to_owned(), "n".to_owned()], None)
        );
        assert_eq!(bucket.get("n").unwrap().unwrap(), b"3");
        view.drop(opened).unwrap();
        let gone = view.get(handle(), "a".to_owned()).unwrap_err();
        assert!(matches!(gone, Error::Trap(_)), "{gone}");
    }
}
