//! What is in the store, as JSON: for tests that must not ask the tool under test, and for a look from outside.

use std::collections::BTreeMap;

use serde::Serialize;

use super::store::{
    Bucket, Configuration, Function, Layer, LayerVersion, ParameterVersion, State, Upload, Versioning, Versions,
};
use super::text;

/// Everything that `GET /_sandbox/state` answers.
#[derive(Debug, Serialize)]
pub(super) struct Shown<'a> {
    /// By name.
    buckets: BTreeMap<&'a str, ShownBucket<'a>>,
    /// By account, Region and name, with a slash between.
    layers: BTreeMap<String, ShownLayer<'a>>,
    /// The same.
    functions: BTreeMap<String, ShownFunction<'a>>,
    /// By account and Region with a slash between, then by name: the current ones.
    parameters: BTreeMap<String, BTreeMap<&'a str, ShownParameter<'a>>>,
}

#[derive(Debug, Serialize)]
struct ShownParameter<'a> {
    r#type: &'a str,
    value: &'a str,
    version: u64,
}

#[derive(Debug, Serialize)]
struct ShownBucket<'a> {
    region: &'a str,
    versioned: bool,
    /// The current objects by key; deleted ones are not shown.
    objects: BTreeMap<&'a str, ShownObject<'a>>,
    /// Uploads in parts that are neither completed nor aborted, by their ids.
    uploads: BTreeMap<&'a str, ShownUpload<'a>>,
}

#[derive(Debug, Serialize)]
struct ShownUpload<'a> {
    key: &'a str,
    /// Sizes of its parts by number.
    parts: BTreeMap<i32, u64>,
}

#[derive(Debug, Serialize)]
struct ShownObject<'a> {
    size: u64,
    etag: &'a str,
    /// In base64, as Lambda's `CodeSha256` is.
    sha256: &'a str,
    content_type: Option<&'a String>,
    metadata: &'a BTreeMap<String, String>,
    modified: String,
    /// How often the key was written and deleted, as far as versions of it are kept.
    versions: usize,
}

#[derive(Debug, Serialize)]
struct ShownLayer<'a> {
    /// The highest number ever given.
    last: u64,
    /// Live versions by number.
    versions: BTreeMap<u64, ShownVersion<'a>>,
}

#[derive(Debug, Serialize)]
struct ShownVersion<'a> {
    code_sha256: &'a str,
    size: u64,
    description: Option<&'a String>,
    license: Option<&'a String>,
    runtimes: &'a Option<Vec<String>>,
    architectures: &'a Option<Vec<String>>,
    created: String,
}

#[derive(Debug, Serialize)]
struct ShownFunction<'a> {
    /// ARNs of the layer versions that `$LATEST` uses, in their order.
    layers: Vec<&'a str>,
    description: &'a str,
    /// The same of the published versions, by number.
    versions: BTreeMap<u64, Vec<&'a str>>,
    /// Which version each of them leads to.
    aliases: BTreeMap<&'a str, &'a str>,
    tags: &'a BTreeMap<String, String>,
}

/// The whole state, as JSON.
pub(super) fn show(state: &State) -> serde_json::Value {
    let buckets = state.buckets.iter().map(|(name, bucket)| (name.as_str(), shown_bucket(name, bucket, state)));
    let buckets = buckets.collect();
    let layers = state.layers.iter().flat_map(|(place, layers)| {
        layers.iter().map(|(name, layer)| (format!("{}/{}/{name}", place.account, place.region), shown_layer(layer)))
    });
    let functions = state.functions.iter().flat_map(|(place, functions)| {
        let named = functions.iter();
        named.map(|(name, function)| (format!("{}/{}/{name}", place.account, place.region), shown_function(function)))
    });
    let parameters = state.parameters.iter().map(|(place, parameters)| {
        let current =
            parameters.iter().filter_map(|(name, versions)| Some((name.as_str(), shown_parameter(versions)?)));
        (format!("{}/{}", place.account, place.region), current.collect())
    });
    let (layers, functions, parameters) = (layers.collect(), functions.collect(), parameters.collect());
    serde_json::to_value(Shown { buckets, layers, functions, parameters }).unwrap_or_default()
}

fn shown_parameter(versions: &[ParameterVersion]) -> Option<ShownParameter<'_>> {
    let ParameterVersion { kind, value, version, .. } = versions.last()?;
    Some(ShownParameter { r#type: kind, value, version: *version })
}

fn shown_bucket<'a>(name: &str, bucket: &'a Bucket, state: &'a State) -> ShownBucket<'a> {
    let objects = bucket.objects.iter().filter_map(|(key, versions)| Some((key.as_str(), shown_object(versions)?)));
    let uploads = state.uploads.iter().filter(|(_, upload)| upload.bucket == name);
    ShownBucket {
        region: &bucket.info.region,
        versioned: bucket.info.versioning == Versioning::Enabled,
        objects: objects.collect(),
        uploads: uploads.map(|(id, upload)| (id.as_str(), shown_upload(upload))).collect(),
    }
}

fn shown_upload(upload: &Upload) -> ShownUpload<'_> {
    let parts = upload.parts.iter().map(|(number, part)| (*number, part.size));
    ShownUpload { key: &upload.key, parts: parts.collect() }
}

fn shown_object(versions: &Versions) -> Option<ShownObject<'_>> {
    let current = versions.last()?;
    let content = current.content.as_ref()?;
    Some(ShownObject {
        size: content.size,
        etag: &content.etag,
        sha256: &content.sha256,
        content_type: content.headers.get("content-type"),
        metadata: &content.metadata,
        modified: text::log_date(current.modified),
        versions: versions.len(),
    })
}

fn shown_layer(layer: &Layer) -> ShownLayer<'_> {
    let versions = layer.versions.iter().map(|(number, version)| (*number, shown_version(version))).collect();
    ShownLayer { last: layer.last, versions }
}

fn shown_function(function: &Function) -> ShownFunction<'_> {
    fn arns(configuration: &Configuration) -> Vec<&str> {
        configuration.layers.iter().map(|layer| layer.arn.as_str()).collect()
    }
    ShownFunction {
        layers: arns(&function.latest),
        description: &function.latest.description,
        versions: function.versions.iter().map(|(number, version)| (*number, arns(version))).collect(),
        aliases: function.aliases.iter().map(|(name, alias)| (name.as_str(), alias.version.as_str())).collect(),
        tags: &function.tags,
    }
}

fn shown_version(version: &LayerVersion) -> ShownVersion<'_> {
    ShownVersion {
        code_sha256: &version.sha256,
        size: version.size,
        description: version.description.as_ref(),
        license: version.license.as_ref(),
        runtimes: &version.runtimes,
        architectures: &version.architectures,
        created: text::lambda_date(version.created),
    }
}
