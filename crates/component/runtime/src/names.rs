//! Names with versions: a compatible one is found where the very one is not there.

use std::collections::HashMap;

/// Values by name.
#[derive(Clone, Debug)]
pub(crate) struct Names<V> {
    exact: HashMap<String, V>,
    /// For each name without what compatible versions differ in, the newest, whole.
    compatible: HashMap<String, (Version, String)>,
}

type Version = (u64, u64, u64);

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
        if let Some((track, version)) = track(name) {
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
        let (track, _) = track(name)?;
        let (_, newest) = self.compatible.get(&track)?;
        Some(newest)
    }
}

/// Which of `names` is `name`, or else the newest that is compatible with it.
pub(crate) fn position<'n>(
    names: impl Iterator<Item = &'n str> + Clone,
    name: &str,
) -> Option<usize> {
    if let Some(exact) = names.clone().position(|there| there == name) {
        return Some(exact);
    }
    let (wanted, _) = track(name)?;
    names
        .enumerate()
        .filter_map(|(index, there)| track(there).map(|(track, version)| (track, version, index)))
        .filter(|(track, _, _)| *track == wanted)
        .max_by_key(|(_, version, _)| *version)
        .map(|(_, _, index)| index)
}

/// `a:b/c@1.2.3` is of the track `a:b/c@1`, `a:b/c@0.2.3` of `a:b/c@0.2`. Versions before 0.1 and those before a release
/// are compatible with none.
fn track(name: &str) -> Option<(String, Version)> {
    let (base, version) = name.rsplit_once('@')?;
    if version.contains(['-', '+']) {
        return None;
    }
    let mut numbers = version.split('.').map(str::parse::<u64>);
    let (Some(Ok(major)), Some(Ok(minor)), Some(Ok(patch)), None) = (
        numbers.next(),
        numbers.next(),
        numbers.next(),
        numbers.next(),
    ) else {
        return None;
    };
    let track = match (major, minor) {
        (0, 0) => return None,
        (0, minor) => format!("{base}@0.{minor}"),
        (major, _) => format!("{base}@{major}"),
    };
    Some((track, (major, minor, patch)))
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

    #[test]
    fn compatible_exports_are_found() {
        let names = ["run", "wasi:cli/run@0.2.3", "wasi:cli/run@0.2.6"];
        let position = |name| position(names.iter().copied(), name);
        assert_eq!(position("run"), Some(0));
        assert_eq!(position("wasi:cli/run@0.2.3"), Some(1));
        assert_eq!(position("wasi:cli/run@0.2.12"), Some(2));
        assert_eq!(position("wasi:cli/run@0.3.0"), None);
        assert_eq!(position("walk"), None);
    }
}
