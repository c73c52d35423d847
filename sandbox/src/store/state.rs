//! The state and the events that change it. Replaying a journal's events gives the state they were written from.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::bucket::{Bucket, Versions};
use super::functions::Function;
use super::model::{BlobId, BucketInfo, Content, Layer, LayerVersion, ObjectVersion, Part};
use super::model::{Place, Upload, Versioning};
use super::parameters::{ParameterVersion, Parameters};

/// Everything the sandbox knows, in memory; bytes of objects and layers are in data files.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub buckets: BTreeMap<String, Bucket>,
    pub uploads: HashMap<String, Upload>,
    /// What became of uploads that were completed: S3 answers a repeated completion as it answered the first. Known until
    /// the sandbox is started anew.
    pub completed: HashMap<String, Completed>,
    pub layers: HashMap<Place, BTreeMap<String, Layer>>,
    pub functions: HashMap<Place, BTreeMap<String, Arc<Function>>>,
    pub parameters: Parameters,
}

/// The object that an upload became.
#[derive(Debug)]
pub(crate) struct Completed {
    pub bucket: String,
    pub key: String,
    /// The version's id.
    pub version: String,
}

/// One change, whole in itself: a line of the journal.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Event {
    BucketCreated {
        bucket: String,
        info: BucketInfo,
    },
    BucketDeleted {
        bucket: String,
    },
    VersioningSet {
        bucket: String,
        versioning: Versioning,
    },
    /// Whom a bucket lets in; none lets nobody in.
    BucketPolicySet {
        bucket: String,
        policy: Option<String>,
    },
    ObjectAdded {
        bucket: String,
        key: String,
        version: ObjectVersion,
    },
    ObjectsRemoved {
        bucket: String,
        versions: Vec<(String, String)>,
    },
    UploadStarted {
        upload: String,
        details: Upload,
    },
    PartAdded {
        upload: String,
        number: i32,
        part: Part,
    },
    UploadCompleted {
        upload: String,
        bucket: String,
        key: String,
        version: ObjectVersion,
    },
    UploadAborted {
        upload: String,
    },
    /// The highest number a layer ever had; only a compacted journal needs to say it apart from its versions.
    LayerNumbered {
        place: Place,
        name: String,
        last: u64,
    },
    LayerPublished {
        place: Place,
        name: String,
        version: LayerVersion,
    },
    LayerDeleted {
        place: Place,
        name: String,
        version: u64,
    },
    PolicySet {
        place: Place,
        name: String,
        version: u64,
        statements: Vec<serde_json::Value>,
        revision: String,
    },
    /// A function as it is from now on.
    FunctionSet {
        place: Place,
        name: String,
        function: Box<Function>,
    },
    FunctionDeleted {
        place: Place,
        name: String,
    },
    ParameterPut {
        place: Place,
        name: String,
        parameter: ParameterVersion,
    },
    ParameterDeleted {
        place: Place,
        name: String,
    },
}

/// Numbers that JSON and every client keep exactly; no layer has a version above.
const LARGEST_VERSION: u64 = 1 << 53;

/// As S3 has it, in bytes: the sizes of all parts of an upload can be added up.
const LARGEST_PART: u64 = 5 << 30;

impl Event {
    /// What the types alone do not tell: a line may come from a stranger. The error says what is wrong.
    pub fn check(&self) -> Result<(), &'static str> {
        let number = match self {
            Self::LayerNumbered { last, .. } => *last,
            Self::LayerPublished { version, .. } => version.version,
            Self::FunctionSet { function, .. } => function.last,
            Self::ParameterPut { parameter, .. } => parameter.version,
            Self::ObjectAdded { version, .. } | Self::UploadCompleted { version, .. } => {
                return version.content.as_ref().map_or(Ok(()), check_parts);
            }
            Self::PartAdded { part, .. } => return check_part(part),
            Self::UploadStarted { details, .. } => return details.parts.values().try_for_each(check_part),
            _ => return Ok(()),
        };
        if number < LARGEST_VERSION { Ok(()) } else { Err("no version has such a number") }
    }
}

fn check_part(part: &Part) -> Result<(), &'static str> {
    if part.size <= LARGEST_PART { Ok(()) } else { Err("no part is so large") }
}

fn check_parts(content: &Content) -> Result<(), &'static str> {
    let sum = content.parts.iter().try_fold(0_u64, |sum, part| sum.checked_add(*part));
    let whole = content.parts.is_empty() || sum == Some(content.size);
    if whole { Ok(()) } else { Err("the parts of an object are not as large as the object") }
}

impl State {
    /// Makes the change; answers the data files that nothing refers to any more.
    pub fn apply(&mut self, event: Event) -> Vec<BlobId> {
        match event {
            Event::BucketCreated { bucket, info } => {
                self.buckets.insert(bucket, Bucket { info, objects: BTreeMap::new() });
                Vec::new()
            }
            Event::BucketDeleted { bucket } => {
                self.buckets.remove(&bucket);
                Vec::new()
            }
            Event::VersioningSet { bucket, versioning } => {
                if let Some(bucket) = self.buckets.get_mut(&bucket) {
                    bucket.info.versioning = versioning;
                }
                Vec::new()
            }
            Event::BucketPolicySet { bucket, policy } => {
                if let Some(bucket) = self.buckets.get_mut(&bucket) {
                    bucket.info.policy = policy;
                }
                Vec::new()
            }
            Event::ObjectAdded { bucket, key, version } => self.add_object(&bucket, key, version),
            Event::ObjectsRemoved { bucket, versions } => self.remove_objects(&bucket, versions),
            Event::UploadStarted { upload, details } => {
                self.uploads.insert(upload, details);
                Vec::new()
            }
            Event::PartAdded { upload, number, part } => self.add_part(&upload, number, part),
            Event::UploadCompleted { upload, bucket, key, version } => {
                let mut freed = self.end_upload(&upload);
                let completed = Completed { bucket, key, version: version.id.clone() };
                freed.extend(self.add_object(&completed.bucket, completed.key.clone(), version));
                self.completed.insert(upload, completed);
                freed
            }
            Event::UploadAborted { upload } => self.end_upload(&upload),
            Event::ParameterPut { place, name, parameter } => {
                self.parameters.put(place, name, parameter);
                Vec::new()
            }
            Event::ParameterDeleted { place, name } => {
                self.parameters.remove(place, &name);
                Vec::new()
            }
            other => self.apply_to_lambda(other),
        }
    }

    fn apply_to_lambda(&mut self, event: Event) -> Vec<BlobId> {
        match event {
            Event::LayerNumbered { place, name, last } => {
                let layer = self.layer_mut(place, name);
                layer.last = layer.last.max(last);
            }
            Event::LayerPublished { place, name, version } => {
                let layer = self.layer_mut(place, name);
                layer.last = layer.last.max(version.version);
                layer.versions.insert(version.version, Arc::new(version));
            }
            Event::LayerDeleted { place, name, version } => {
                let removed = self.layer_mut(place, name).versions.remove(&version);
                return removed.map(|version| version.blob.clone()).into_iter().collect();
            }
            Event::PolicySet { place, name, version, statements, revision } => {
                if let Some(version) = self.layer_mut(place, name).versions.get_mut(&version) {
                    let version = Arc::make_mut(version);
                    version.statements = statements;
                    version.revision = revision;
                }
            }
            Event::FunctionSet { place, name, function } => {
                self.functions.entry(place).or_default().insert(name, Arc::from(function));
            }
            Event::FunctionDeleted { place, name } => {
                let removed = self.functions.entry(place).or_default().remove(&name);
                return removed.iter().flat_map(|function| function.code_blobs()).cloned().collect();
            }
            _ => {}
        }
        Vec::new()
    }

    /// The layers of one account and Region.
    pub fn layers_at(&self, place: &Place) -> impl Iterator<Item = (&String, &Layer)> {
        self.layers.get(place).into_iter().flatten()
    }

    /// One layer, if it ever had a version.
    pub fn layer(&self, place: &Place, name: &str) -> Option<&Layer> {
        self.layers.get(place)?.get(name)
    }

    /// One function.
    pub fn function(&self, place: &Place, name: &str) -> Option<&Arc<Function>> {
        self.functions.get(place)?.get(name)
    }

    fn layer_mut(&mut self, place: Place, name: String) -> &mut Layer {
        self.layers.entry(place).or_default().entry(name).or_default()
    }

    fn add_object(&mut self, bucket: &str, key: String, version: ObjectVersion) -> Vec<BlobId> {
        let Some(bucket) = self.buckets.get_mut(bucket) else { return Vec::new() };
        // Without versioning there is one version, called null, and a write replaces it.
        let replaced = bucket.objects.entry(key).or_default().push(version);
        replaced.and_then(|version| blob_of(&version).cloned()).into_iter().collect()
    }

    fn remove_objects(&mut self, bucket: &str, removed: Vec<(String, String)>) -> Vec<BlobId> {
        let Some(bucket) = self.buckets.get_mut(bucket) else { return Vec::new() };
        let mut freed = Vec::new();
        for (key, id) in removed {
            if let Some(versions) = bucket.objects.get_mut(&key) {
                freed.extend(versions.take(&id).and_then(|version| blob_of(&version).cloned()));
                if versions.is_empty() {
                    bucket.objects.remove(&key);
                }
            }
        }
        freed
    }

    fn add_part(&mut self, upload: &str, number: i32, part: Part) -> Vec<BlobId> {
        let upload = self.uploads.get_mut(upload);
        let replaced = upload.and_then(|upload| upload.parts.insert(number, part));
        replaced.map(|part| part.blob).into_iter().collect()
    }

    fn end_upload(&mut self, upload: &str) -> Vec<BlobId> {
        let parts = self.uploads.remove(upload).map(|upload| upload.parts).unwrap_or_default();
        parts.into_values().map(|part| part.blob).collect()
    }

    /// The shortest journal that gives this state.
    pub fn events(&self) -> Vec<Event> {
        let mut events = Vec::new();
        for (name, bucket) in &self.buckets {
            events.push(Event::BucketCreated { bucket: name.clone(), info: bucket.info.clone() });
            for (key, versions) in &bucket.objects {
                events.extend(versions.iter().map(|version| Event::ObjectAdded {
                    bucket: name.clone(),
                    key: key.clone(),
                    version: ObjectVersion::clone(version),
                }));
            }
        }
        let uploads = self.uploads.iter();
        events
            .extend(uploads.map(|(id, details)| Event::UploadStarted { upload: id.clone(), details: details.clone() }));
        for (place, layers) in &self.layers {
            events.extend(layers.iter().flat_map(|(name, layer)| layer_events(place, name, layer)));
        }
        for (place, functions) in &self.functions {
            events.extend(functions.iter().map(|(name, function)| Event::FunctionSet {
                place: place.clone(),
                name: name.clone(),
                function: Box::new(Function::clone(function)),
            }));
        }
        for (place, parameters) in self.parameters.iter() {
            let all =
                parameters.iter().flat_map(|(name, versions)| versions.iter().map(move |version| (name, version)));
            events.extend(all.map(|(name, parameter)| Event::ParameterPut {
                place: place.clone(),
                name: name.clone(),
                parameter: parameter.clone(),
            }));
        }
        events
    }

    /// Every data file that something refers to.
    pub fn blobs(&self) -> HashSet<&BlobId> {
        let versions = self.buckets.values().flat_map(|bucket| bucket.objects.values()).flat_map(Versions::iter);
        let objects = versions.filter_map(|version| blob_of(version));
        let parts = self.uploads.values().flat_map(|upload| upload.parts.values()).map(|part| &part.blob);
        let layers = self.layers.values().flat_map(|layers| layers.values());
        let archives = layers.flat_map(|layer| layer.versions.values()).map(|version| &version.blob);
        let functions = self.functions.values().flat_map(|functions| functions.values());
        let code = functions.flat_map(|function| function.code_blobs());
        objects.chain(parts).chain(archives).chain(code).collect()
    }
}

/// The data file of an object; a delete marker has none.
fn blob_of(version: &ObjectVersion) -> Option<&BlobId> {
    version.content.as_ref().map(|content| &content.blob)
}

fn layer_events(place: &Place, name: &str, layer: &Layer) -> Vec<Event> {
    let numbered = Event::LayerNumbered { place: place.clone(), name: name.to_owned(), last: layer.last };
    let published = layer.versions.values().map(|version| Event::LayerPublished {
        place: place.clone(),
        name: name.to_owned(),
        version: LayerVersion::clone(version),
    });
    std::iter::once(numbered).chain(published).collect()
}

#[cfg(test)]
mod tests;
