//! GetLayerVersion, by number or ARN, and DeleteLayerVersion.

use std::sync::Arc;

use hyper::StatusCode;
use serde_json::{Map, Value, json};

use super::call::{Answer, LayerCall, Layers};
use super::errors::Refusal;
use super::names::{self, LayerId};
use crate::account::user_arn;
use crate::store::{Event, LayerVersion, Place, Reference};
use crate::{address, text};

pub(super) fn get(this: &Layers, call: &LayerCall, place: &Place) -> Answer {
    let version = call.version_number()?;
    let layer = call.layer_id(place)?;
    answer(this, place, &layer, version)
}

pub(super) fn get_by_arn(this: &Layers, call: &LayerCall, place: &Place) -> Answer {
    let (layer, version) = names::from_version_arn(call.parameter("Arn").unwrap_or_default())?;
    if layer.place.region != place.region {
        return Err(Refusal::no_such_version());
    }
    answer(this, place, &layer, version)
}

fn answer(this: &Layers, place: &Place, layer: &LayerId, number: u64) -> Answer {
    let version = find(this, layer, number);
    if layer.place.account != place.account {
        let allowed = version.as_ref().is_ok_and(|version| lets_in(version, &place.account));
        if !allowed {
            return Err(access_denied("GetLayerVersion", place, &format!("{}:{number}", layer.arn())));
        }
    }
    Ok((StatusCode::OK, Some(described(this, layer, &*version?))))
}

/// Whether the policy lets another account in. Which organization an account belongs to is not known here, so a
/// grant to an organization lets nobody in.
pub(super) fn lets_in(version: &LayerVersion, account: &str) -> bool {
    version.statements.iter().any(|statement| {
        let everybody = statement["Principal"] == "*" && statement.get("Condition").is_none();
        let named =
            statement["Principal"]["AWS"].as_str().is_some_and(|arn| arn.ends_with(&format!("::{account}:root")));
        everybody || named
    })
}

/// A version that is not deleted.
pub(super) fn find(this: &Layers, layer: &LayerId, number: u64) -> Result<Arc<LayerVersion>, Refusal> {
    let found = this
        .store
        .read(|state| state.layer(&layer.place, &layer.name).and_then(|layer| layer.versions.get(&number).cloned()));
    found.ok_or_else(Refusal::no_such_version)
}

/// Idempotent: what is not there is deleted already.
pub(super) fn delete(this: &Layers, call: &LayerCall, place: &Place) -> Answer {
    let version = call.version_number()?;
    let layer = call.layer_id(place)?;
    if layer.place != *place {
        return Err(access_denied("DeleteLayerVersion", place, &format!("{}:{version}", layer.arn())));
    }
    this.store.commit(|state| {
        let there = state.layer(place, &layer.name).is_some_and(|layer| layer.versions.contains_key(&version));
        let deleted = Event::LayerDeleted { place: place.clone(), name: layer.name.clone(), version };
        Ok::<_, Refusal>((there.then_some(deleted), ()))
    })?;
    Ok((StatusCode::NO_CONTENT, None))
}

/// A refusal in the words of IAM.
pub(super) fn access_denied(operation: &str, place: &Place, resource: &str) -> Refusal {
    let user = user_arn(&place.region, &place.account);
    let message = format!(
        "User: {user} is not authorized to perform: lambda:{operation} on resource: {resource} because no \
         resource-based policy allows the lambda:{operation} action"
    );
    Refusal::new(StatusCode::FORBIDDEN, "AccessDeniedException", message)
}

/// A version as Publish and Get answer it.
pub(super) fn described(this: &Layers, layer: &LayerId, version: &LayerVersion) -> Value {
    let mut fields = listed(layer, version);
    let path = address::location(&this.secret, &layer.place, &layer.name, version.version);
    let location = format!("{}{path}", this.endpoint);
    fields.insert("LayerArn".to_owned(), json!(layer.arn()));
    let mut content = json!({"CodeSha256": version.sha256, "CodeSize": version.size, "Location": location});
    if let Some(Reference { bucket, key, version }) = &version.reference {
        content["ResolvedS3Object"] = json!({"S3Bucket": bucket, "S3Key": key, "S3ObjectVersion": version});
    }
    fields.insert("Content".to_owned(), content);
    Value::Object(fields)
}

/// A version as the lists show it: without content, so without `CodeSha256`.
pub(super) fn listed(layer: &LayerId, version: &LayerVersion) -> Map<String, Value> {
    let fields = [
        ("LayerVersionArn", Some(json!(format!("{}:{}", layer.arn(), version.version)))),
        ("Version", Some(json!(version.version))),
        ("Description", Some(json!(version.description.as_deref().unwrap_or_default()))),
        ("CreatedDate", Some(json!(text::lambda_date(version.created)))),
        ("CompatibleRuntimes", version.runtimes.as_ref().map(|runtimes| json!(runtimes))),
        ("CompatibleArchitectures", version.architectures.as_ref().map(|architectures| json!(architectures))),
        ("LicenseInfo", version.license.as_ref().map(|license| json!(license))),
    ];
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
