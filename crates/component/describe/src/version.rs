//! Names of interfaces with versions, of which some stand for others.

/// What compatible versions do not differ in, and the version.
pub type Track = (String, (u64, u64, u64));

/// `a:b/c@1.2.3` is of the track `a:b/c@1`, `a:b/c@0.2.3` of `a:b/c@0.2`. Versions before 0.1 and those before a release
/// are compatible with none.
#[must_use]
pub fn version_track(name: &str) -> Option<Track> {
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

/// Which of `names` is `name`, or else the newest that is compatible with it.
#[must_use]
pub fn compatible<'n>(names: impl Iterator<Item = &'n str> + Clone, name: &str) -> Option<usize> {
    if let Some(exact) = names.clone().position(|there| there == name) {
        return Some(exact);
    }
    let (wanted, _) = version_track(name)?;
    names
        .enumerate()
        .filter_map(|(index, there)| {
            version_track(there).map(|(track, version)| (track, version, index))
        })
        .filter(|(track, _, _)| *track == wanted)
        .max_by_key(|(_, version, _)| *version)
        .map(|(_, _, index)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compatible_exports_are_found() {
        let names = ["run", "wasi:cli/run@0.2.3", "wasi:cli/run@0.2.6"];
        let position = |name| compatible(names.iter().copied(), name);
        assert_eq!(position("run"), Some(0));
        assert_eq!(position("wasi:cli/run@0.2.3"), Some(1));
        assert_eq!(position("wasi:cli/run@0.2.12"), Some(2));
        assert_eq!(position("wasi:cli/run@0.3.0"), None);
        assert_eq!(position("walk"), None);
    }
}
