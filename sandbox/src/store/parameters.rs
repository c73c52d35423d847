//! Parameters of Parameter Store, with the last versions of each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::model::Place;

/// So many versions of a parameter are kept, as AWS keeps them.
const VERSIONS: usize = 100;

/// One version of a parameter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ParameterVersion {
    pub version: u64,
    /// `String`, `StringList` or `SecureString`.
    pub kind: String,
    pub value: String,
    pub modified: i64,
}

/// All parameters, by account and Region, then by name: the last versions of each, oldest first, and never none.
#[derive(Debug, Default)]
pub(crate) struct Parameters(BTreeMap<Place, BTreeMap<String, Vec<ParameterVersion>>>);

impl Parameters {
    /// The versions of a parameter that are kept, oldest first, if it is there.
    pub fn get(&self, place: &Place, name: &str) -> Option<&Vec<ParameterVersion>> {
        self.0.get(place)?.get(name)
    }

    /// Adds a version.
    pub fn put(&mut self, place: Place, name: String, version: ParameterVersion) {
        let versions = self.0.entry(place).or_default().entry(name).or_default();
        versions.push(version);
        let beyond = versions.len().saturating_sub(VERSIONS);
        versions.drain(..beyond);
    }

    /// Takes a parameter away.
    pub fn remove(&mut self, place: Place, name: &str) {
        self.0.entry(place).or_default().remove(name);
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&Place, &BTreeMap<String, Vec<ParameterVersion>>)> {
        self.0.iter()
    }
}
