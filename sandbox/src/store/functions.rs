//! Functions, as far as they have to do with layers: what is set for them, their versions, aliases and tags. No code runs.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use super::model::BlobId;

/// A function with all that belongs to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Function {
    /// What `$LATEST` is.
    pub latest: Configuration,
    /// Whether the newest version is what `$LATEST` is.
    pub published: bool,
    /// The highest number ever given, which is never given again.
    pub last: u64,
    pub versions: BTreeMap<u64, Configuration>,
    pub aliases: BTreeMap<String, Alias>,
    pub tags: BTreeMap<String, String>,
}

/// What is set for one version of a function.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Configuration {
    pub modified: i64,
    pub description: String,
    pub role: String,
    pub runtime: Option<String>,
    pub handler: Option<String>,
    pub timeout: u32,
    pub memory: u32,
    pub package: Package,
    pub architectures: Vec<String>,
    pub environment: BTreeMap<String, String>,
    pub code: Code,
    pub layers: Vec<Attached>,
    /// While the last change is under way; see [`Configuration::revision`].
    pub revision: String,
    /// The last change, under way or done.
    pub change: Option<Change>,
}

/// How the code of a function came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Package {
    Zip,
    Image,
}

/// What is known of a function's code. No code runs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Code {
    pub sha256: String,
    pub size: u64,
    pub unzipped: u64,
    /// Its data file; a container image has none here.
    #[serde(default)]
    pub blob: Option<BlobId>,
}

impl Function {
    /// The data files of its code.
    pub fn code_blobs(&self) -> HashSet<&BlobId> {
        let all = std::iter::once(&self.latest).chain(self.versions.values());
        all.filter_map(|configuration| configuration.code.blob.as_ref()).collect()
    }
}

/// A layer version that a function uses, with the size of its zip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attached {
    pub arn: String,
    pub size: u64,
}

/// A change of a function, which takes a while.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Change {
    /// When it is done, in milliseconds since 1970.
    pub until: i64,
    /// The revision from then on: it changes once more when a change is done.
    pub revision: String,
    /// Whether it made the function.
    pub creates: bool,
    pub failure: Option<Failure>,
}

/// Why a change failed in the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub code: String,
    pub reason: String,
}

/// How the last change of a function stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing<'a> {
    Creating,
    Updating,
    Done,
    Failed(&'a Failure),
}

/// A name for one version of a function, or for two with a share each.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Alias {
    /// A number, or `$LATEST`.
    pub version: String,
    pub description: String,
    /// Shares of other versions.
    #[serde(default)]
    pub weights: BTreeMap<String, f64>,
    pub revision: String,
}

impl Configuration {
    /// How the last change stands at this time.
    pub fn standing(&self, now: i64) -> Standing<'_> {
        match &self.change {
            Some(change) if change.until > now && change.creates => Standing::Creating,
            Some(change) if change.until > now => Standing::Updating,
            Some(Change { failure: Some(failure), .. }) => Standing::Failed(failure),
            _ => Standing::Done,
        }
    }

    /// The revision at this time.
    pub fn revision(&self, now: i64) -> &str {
        match &self.change {
            Some(change) if change.until <= now => &change.revision,
            _ => &self.revision,
        }
    }
}

#[cfg(test)]
impl Function {
    /// A function that uses these layer versions, as tests need one.
    pub fn sample(layers: &[&str]) -> Self {
        let layers = layers.iter().map(|arn| Attached { arn: (*arn).to_owned(), size: 1 }).collect();
        let latest = Configuration {
            modified: 0,
            description: String::new(),
            role: "arn:aws:iam::123456789012:role/r".to_owned(),
            runtime: Some("python3.12".to_owned()),
            handler: Some("app.handler".to_owned()),
            timeout: 3,
            memory: 128,
            package: Package::Zip,
            architectures: vec!["x86_64".to_owned()],
            environment: BTreeMap::new(),
            code: Code::default(),
            layers,
            revision: "first".to_owned(),
            change: None,
        };
        let (versions, aliases, tags) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { latest, published: false, last: 0, versions, aliases, tags }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_under_way_until_its_time_and_then_has_another_revision() {
        let mut latest = Function::sample(&[]).latest;
        assert_eq!((latest.standing(0), latest.revision(0)), (Standing::Done, "first"));
        let failure = Failure { code: "InvalidConfiguration".to_owned(), reason: "because".to_owned() };
        latest.change = Some(Change { until: 10, revision: "second".to_owned(), creates: false, failure: None });
        assert_eq!((latest.standing(9), latest.revision(9)), (Standing::Updating, "first"));
        assert_eq!((latest.standing(10), latest.revision(10)), (Standing::Done, "second"));
        if let Some(change) = &mut latest.change {
            change.failure = Some(failure.clone());
        }
        assert_eq!(latest.standing(9), Standing::Updating);
        assert_eq!(latest.standing(10), Standing::Failed(&failure));
    }
}
