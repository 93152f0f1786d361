//! Names with versions: a compatible one is found where the very one is not there.

use std::collections::HashMap;

use silica_component_describe::version_track;

/// Values by name.
#[derive(Clone, Debug)]
pub(crate) struct Names<V> {
    exact: HashMap<String, V>,
    /// For each name without what compatible versions differ in, the newest, whole.
    compatible: HashMap<String, ((u64, u64, u64), String)>,
}

impl<V> Default for Names<V> {
    fn default() -> Self {
        Names {
            exact: HashMap::new(),
            compatible: HashMap::new(),
        }
    }
}

impl<V> Names<V> {
    pub(crate) fn has(&self, name: &str) -> bool {
        self.exact.contains_key(name)
    }

    pub(crate) fn insert(&mut self, name: &str, value: V) {
        self.exact.insert(name.to_owned(), value);
        if let Some((track, version)) = version_track(name) {
            let newest = self
                .compatible
                .entry(track)
                .or_insert_with(|| (version, name.to_owned()));
            if newest.0 < version {
                *newest = (version, name.to_owned());
            }
        }
    }

    pub(crate) fn get_or_insert(&mut self, name: &str, value: impl FnOnce() -> V) -> &mut V {
        if !self.has(name) {
            self.insert(name, value());
        }
        self.exact
            .get_mut(name)
            .expect("it was there, or was inserted just now")
    }

    pub(crate) fn get(&self, name: &str) -> Option<&V> {
        self.exact.get(self.found(name)?)
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut V> {
        let found = self.found(name)?.to_owned();
        self.exact.get_mut(&found)
    }

    /// The very name, or the newest of those that are compatible with it.
    fn found<'n>(&'n self, name: &'n str) -> Option<&'n str> {
        if self.has(name) {
            return Some(name);
        }
        let (track, _) = version_track(name)?;
        let (_, newest) = self.compatible.get(&track)?;
        Some(newest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compatible_versions_are_found() {
        let mut names = Names::default();
        names.insert("wasi:io/streams@0.2.6", 6);
        names.insert("wasi:io/streams@0.2.3", 3);
        names.insert("a:b/c@1.2.0", 12);
        assert_eq!(names.get("wasi:io/streams@0.2.0"), Some(&6));
        assert_eq!(names.get("wasi:io/streams@0.2.12"), Some(&6));
        assert_eq!(names.get("wasi:io/streams@0.2.3"), Some(&3));
        assert_eq!(names.get("wasi:io/streams@0.3.0"), None);
        assert_eq!(names.get("a:b/c@1.9.9"), Some(&12));
        assert_eq!(names.get("a:b/c@2.0.0"), None);
        assert_eq!(names.get("a:b/c@1.2.0-rc.1"), None);
    }
}
