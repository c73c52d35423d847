//! `PublishLayerVersion`: checks the request and the archive, and makes the version.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::StatusCode;
use s3s::crypto::{Checksum as _, Sha256};
use serde::Deserialize;

use super::call::{Answer, LayerCall, Layers};
use super::errors::Refusal;
use super::names::LayerId;
use super::validate::Validation;
use super::{archive, read, reference};
use crate::store::{Content, Draft, Event, LayerVersion, Place, Reference, State, Store, Versions};
use crate::text;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    description: Option<String>,
    license_info: Option<String>,
    compatible_runtimes: Option<Vec<String>>,
    compatible_architectures: Option<Vec<String>>,
    content: Option<Source>,
}

/// Where the archive is: in S3, or in the request.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Source {
    #[serde(rename = "S3Bucket")]
    pub bucket: Option<String>,
    #[serde(rename = "S3Key")]
    pub key: Option<String>,
    #[serde(rename = "S3ObjectVersion")]
    pub version: Option<String>,
    #[serde(rename = "S3ObjectStorageMode")]
    mode: Option<String>,
    zip_file: Option<String>,
}

impl Source {
    /// Whether no copy is to be made.
    fn is_reference(&self) -> bool {
        self.mode.as_deref() == Some("REFERENCE")
    }

    /// What is wrong with the words in it.
    pub fn validate(&self, field: &str, validation: &mut Validation) {
        if let Some(mode) = self.mode.as_ref().filter(|mode| !["COPY", "REFERENCE"].contains(&mode.as_str())) {
            validation.problem(mode, field, "Member must satisfy enum value set: [COPY, REFERENCE]");
        }
    }
}

/// The bucket and key that a publish request names.
pub(crate) fn staged_object(body: &[u8]) -> Option<(String, String)> {
    let source = serde_json::from_slice::<Request>(body).ok()?.content?;
    source.bucket.zip(source.key)
}

/// An archive with its size and SHA-256.
pub(super) struct Archive {
    pub draft: Draft,
    pub size: u64,
    pub sha256: String,
    /// What it is read from, where no copy is made.
    pub reference: Option<Reference>,
}

pub(super) async fn publish(this: &Layers, call: &LayerCall, place: &Place, body: &[u8]) -> Answer {
    let request: Request = serde_json::from_slice(body).map_err(|error| {
        let message = format!("Could not parse request body into json: {error}");
        Refusal::new(StatusCode::BAD_REQUEST, "InvalidRequestContentException", message)
    })?;
    let layer = own_layer(call, place)?;
    validate(&request)?;
    let archive = take_archive(&this.store, place, request.content.as_ref().unwrap_or(&Source::default())).await?;
    let unzipped = archive::check(archive.draft.read()?).await?;
    let number = |state: &State| state.layer(place, &layer.name).map_or(0, |layer| layer.last) + 1;
    let version = this.store.commit(|state| {
        let version = LayerVersion {
            version: number(state),
            created: this.store.clock().now_millis(),
            blob: archive.draft.id().clone(),
            size: archive.size,
            unzipped,
            sha256: archive.sha256,
            reference: archive.reference,
            description: request.description,
            license: request.license_info,
            runtimes: request.compatible_runtimes,
            architectures: request.compatible_architectures,
            statements: Vec::new(),
            revision: text::unique_uuid(),
        };
        check_arn_length(&layer, version.version)?;
        let published =
            Event::LayerPublished { place: place.clone(), name: layer.name.clone(), version: version.clone() };
        Ok::<_, Refusal>((Some(published), version))
    })?;
    archive.draft.keep();
    Ok((StatusCode::CREATED, Some(read::described(this, &layer, &version))))
}

/// A layer of the caller's own account: others' cannot be published to.
fn own_layer(call: &LayerCall, place: &Place) -> Result<LayerId, Refusal> {
    let layer = call.layer_id(place)?;
    if layer.place != *place {
        return Err(read::access_denied("PublishLayerVersion", place, &layer.arn()));
    }
    Ok(layer)
}

fn validate(request: &Request) -> Result<(), Refusal> {
    let mut validation = Validation::default();
    validation.length(request.description.as_deref().unwrap_or_default(), "description", 256);
    validation.length(request.license_info.as_deref().unwrap_or_default(), "licenseInfo", 512);
    validation.runtimes(request.compatible_runtimes.as_deref().unwrap_or_default());
    validation.architectures(request.compatible_architectures.as_deref().unwrap_or_default());
    match &request.content {
        None => validation.problem("null", "content", "Member must not be null"),
        Some(content) => content.validate("content.s3ObjectStorageMode", &mut validation),
    }
    validation.finish()
}

/// The version's ARN may have 140 characters (Lambda's published limits), so the name has fewer.
fn check_arn_length(layer: &LayerId, version: u64) -> Result<(), Refusal> {
    let arn = format!("{}:{version}", layer.arn());
    let mut validation = Validation::default();
    validation.length(&arn, "layerVersionArn", 140);
    validation.finish()
}

/// The archive that a request brings or names.
pub(super) async fn take_archive(store: &Store, place: &Place, source: &Source) -> Result<Archive, Refusal> {
    match (&source.zip_file, &source.bucket, &source.key) {
        (Some(_), Some(_), _) | (Some(_), _, Some(_)) => Err(Refusal::invalid_parameter(
            "Please do not provide other FunctionCode parameters when providing a ZipFile.",
        )),
        (Some(_), None, None) if source.is_reference() => Err(Refusal::invalid_parameter(
            "S3ObjectStorageMode REFERENCE needs an object in S3, and cannot be used with a ZipFile.",
        )),
        (Some(zip), None, None) => from_request(store, zip).await,
        (None, Some(bucket), Some(key)) => from_s3(store, place, (bucket, key), source),
        _ => Err(Refusal::invalid_parameter("Please provide a source for code.")),
    }
}

async fn from_request(store: &Store, zip: &str) -> Result<Archive, Refusal> {
    let bytes = STANDARD.decode(zip).map_err(|_| {
        Refusal::invalid_parameter("Could not unzip uploaded file. Please check your file, then try to upload again.")
    })?;
    let sha256 = STANDARD.encode(Sha256::checksum(&bytes));
    let size = bytes.len() as u64;
    let mut writer = store.blobs().writer();
    writer.write(&Bytes::from(bytes)).await?;
    Ok(Archive { draft: writer.finish().await?, size, sha256, reference: None })
}

/// Lambda copies the object when it publishes; a second name for the same bytes does the same.
fn from_s3(store: &Store, place: &Place, at: (&str, &str), source: &Source) -> Result<Archive, Refusal> {
    // An object that is replaced between look-up and link is looked up again.
    for _ in 0..3 {
        let (content, reference) = store.read(|state| find_object(state, place, at, source))?;
        match store.blobs().link(&content.blob) {
            Ok(draft) => return Ok(Archive { draft, size: content.size, sha256: content.sha256, reference }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error.into()),
        }
    }
    Err(Refusal::by_s3("NoSuchKey", "The specified key does not exist."))
}

fn find_object(
    state: &State,
    place: &Place,
    (name, key): (&str, &str),
    source: &Source,
) -> Result<(Content, Option<Reference>), Refusal> {
    let no_bucket = || Refusal::by_s3("NoSuchBucket", "The specified bucket does not exist");
    let bucket = state.buckets.get(name).ok_or_else(no_bucket)?;
    if bucket.info.region != place.region {
        let region = &bucket.info.region;
        let message = format!("The bucket is in this region: {region}. Please use this region to retry the request");
        return Err(Refusal::by_s3("PermanentRedirect", &message));
    }
    let versions = bucket.objects.get(key);
    let (found, refusal) = match source.version.as_deref() {
        Some(id) => {
            let found = versions.and_then(|versions| versions.get(id));
            (found, Refusal::by_s3("NoSuchVersion", "The specified version does not exist."))
        }
        None => (versions.and_then(Versions::last), Refusal::by_s3("NoSuchKey", "The specified key does not exist.")),
    };
    let Some((version, content)) = found.and_then(|version| Some((version, version.content.clone()?))) else {
        return Err(refusal);
    };
    if source.is_reference() {
        return Ok((content, Some(reference::resolve((name, bucket), key, version)?)));
    }
    if content.is_frozen() {
        return Err(Refusal::by_s3("InvalidObjectState", "The operation is not valid for the object's storage class"));
    }
    Ok((content, None))
}
