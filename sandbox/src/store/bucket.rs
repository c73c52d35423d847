//! A bucket: its objects, and the versions of each.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::model::{BucketInfo, ObjectVersion};

/// A bucket with its objects: for each key its versions, of which there is at least one.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    pub info: BucketInfo,
    pub objects: BTreeMap<String, Versions>,
}

/// The versions of an object, oldest first, the last one current. Each is found by its id without a walk: a journal may come from
/// a stranger, who takes away as many as it adds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Versions {
    /// In the order in which they came.
    all: BTreeMap<u64, Arc<ObjectVersion>>,
    /// The place of each in it, by id.
    places: HashMap<String, u64>,
}

impl Versions {
    /// Adds the newest; answers the one that had its id.
    pub fn push(&mut self, version: ObjectVersion) -> Option<Arc<ObjectVersion>> {
        let replaced = self.take(&version.id);
        let place = self.all.last_key_value().map_or(0, |(last, _)| last + 1);
        self.places.insert(version.id.clone(), place);
        self.all.insert(place, Arc::new(version));
        replaced
    }

    /// Takes one away.
    pub fn take(&mut self, id: &str) -> Option<Arc<ObjectVersion>> {
        self.all.remove(&self.places.remove(id)?)
    }

    /// One of them.
    pub fn get(&self, id: &str) -> Option<&Arc<ObjectVersion>> {
        self.all.get(self.places.get(id)?)
    }

    /// The current one.
    pub fn last(&self) -> Option<&Arc<ObjectVersion>> {
        self.all.last_key_value().map(|(_, version)| version)
    }

    /// All of them, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<ObjectVersion>> + ExactSizeIterator {
        self.all.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(id: &str) -> ObjectVersion {
        ObjectVersion { id: id.to_owned(), modified: 0, content: None }
    }

    fn ids(versions: &Versions) -> String {
        versions.iter().map(|version| version.id.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_last_one_that_came_is_current_and_an_id_is_there_once() {
        let mut versions = Versions::default();
        for id in ["a", "null", "b"] {
            assert!(versions.push(version(id)).is_none(), "{id}");
        }
        assert_eq!(versions.push(version("null")).map(|old| old.id.clone()).as_deref(), Some("null"));
        assert_eq!((ids(&versions).as_str(), versions.len()), ("a b null", 3));
        assert!(versions.take("b").is_some() && versions.take("b").is_none() && versions.get("b").is_none());
        assert_eq!(versions.last().map(|last| last.id.as_str()), Some("null"));
        versions.take("null");
        versions.push(version("c"));
        assert_eq!(ids(&versions), "a c");
    }

    /// By a walk for each, this would take minutes.
    #[test]
    fn as_many_are_taken_away_as_were_added() {
        const MANY: usize = 50_000;
        let mut versions = Versions::default();
        (0..MANY).for_each(|number| drop(versions.push(version(&number.to_string()))));
        (0..MANY).rev().for_each(|number| drop(versions.take(&number.to_string())));
        assert!(versions.is_empty());
    }
}
