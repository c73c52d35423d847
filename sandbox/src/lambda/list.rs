//! ListLayers and ListLayerVersions: pages of at most 50.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::StatusCode;
use serde_json::{Value, json};

use super::call::{Answer, LayerCall, Layers};
use super::errors::Refusal;
use super::names::LayerId;
use super::read;
use super::validate::Validation;
use crate::store::{Layer, LayerVersion, Place};

/// Versions that a list does not show yet.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Hidden {
    /// So many of the newest.
    newest: usize,
    /// Those made after this time, in milliseconds since 1970.
    made_after: Option<i64>,
}

impl Hidden {
    /// So many of the newest.
    pub fn newest(versions: usize) -> Self {
        Self { newest: versions, made_after: None }
    }

    /// Those that are younger than the list's lag.
    pub fn younger_than(now: i64, lag: Duration) -> Self {
        let lag = i64::try_from(lag.as_millis()).unwrap_or(i64::MAX);
        Self { newest: 0, made_after: Some(now.saturating_sub(lag)) }
    }

    /// The versions that are shown, newest first.
    fn shown(self, layer: &Layer) -> impl Iterator<Item = &Arc<LayerVersion>> {
        let newest_first = layer.versions.values().rev().skip(self.newest);
        newest_first.filter(move |version| self.made_after.is_none_or(|time| version.created <= time))
    }
}

/// The filters and the page of a listing.
struct Query<'a> {
    runtime: Option<&'a str>,
    architecture: Option<&'a str>,
    limit: usize,
    /// What the page before ended with.
    after: Option<String>,
}

impl<'a> Query<'a> {
    fn parse(call: &'a LayerCall) -> Result<Self, Refusal> {
        let (runtime, architecture) = (call.parameter("CompatibleRuntime"), call.parameter("CompatibleArchitecture"));
        let mut validation = Validation::default();
        let limit = validation
            .max_items(call.query.iter().find(|(name, _)| name == "MaxItems").map(|(_, value)| value.as_str()));
        validation.filters(runtime, architecture);
        validation.finish()?;
        let after = call.parameter("Marker").map(decode_marker).transpose()?;
        Ok(Self { runtime, architecture, limit, after })
    }

    /// A version without the list that is asked for does not match.
    fn matches(&self, version: &LayerVersion) -> bool {
        let among = |wanted: Option<&str>, list: &Option<Vec<String>>| {
            wanted.is_none_or(|wanted| list.iter().flatten().any(|one| one == wanted))
        };
        among(self.runtime, &version.runtimes) && among(self.architecture, &version.architectures)
    }
}

/// Markers are opaque to clients.
fn encode_marker(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// What a marker stands for.
pub(super) fn decode_marker(marker: &str) -> Result<String, Refusal> {
    let bytes = URL_SAFE_NO_PAD.decode(marker).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.ok_or_else(|| Refusal::invalid_parameter("The value of the provided Marker is invalid."))
}

/// Cuts off a page; the marker is there if more follows.
pub(super) fn page<T>(
    items: impl Iterator<Item = T>,
    limit: usize,
    name: impl Fn(&T) -> String,
) -> (Vec<T>, Option<String>) {
    let mut items = items.peekable();
    let shown: Vec<T> = items.by_ref().take(limit).collect();
    let marker = items.peek().and_then(|_| shown.last()).map(|last| encode_marker(&name(last)));
    (shown, marker)
}

pub(super) fn layers(this: &Layers, call: &LayerCall, place: &Place, hidden: Hidden) -> Answer {
    let query = Query::parse(call)?;
    let (layers, marker) = this.store.read(|state| {
        let behind = state.layers_at(place).filter(|(name, _)| query.after.as_ref().is_none_or(|after| *name > after));
        let latest = behind.filter_map(|(name, layer)| Some((name.clone(), latest(layer, &query, hidden)?)));
        page(latest, query.limit, |(name, _)| name.clone())
    });
    let items = layers.into_iter().map(|(name, version)| {
        let layer = LayerId { place: place.clone(), name };
        let latest = read::listed(&layer, &version);
        json!({"LayerName": layer.name, "LayerArn": layer.arn(), "LatestMatchingVersion": latest})
    });
    Ok((StatusCode::OK, Some(answered("Layers", items.collect(), marker))))
}

fn latest(layer: &Layer, query: &Query<'_>, hidden: Hidden) -> Option<Arc<LayerVersion>> {
    hidden.shown(layer).find(|version| query.matches(version)).cloned()
}

/// Newest first. A layer that does not exist has no versions; that is not an error.
pub(super) fn versions(this: &Layers, call: &LayerCall, place: &Place, hidden: Hidden) -> Answer {
    let query = Query::parse(call)?;
    let layer = call.layer_id(place)?;
    if layer.place != *place {
        return Err(read::access_denied("ListLayerVersions", place, &layer.arn()));
    }
    let before = match &query.after {
        Some(after) => {
            after.parse().map_err(|_| Refusal::invalid_parameter("The value of the provided Marker is invalid."))?
        }
        None => u64::MAX,
    };
    let (versions, marker) = this.store.read(|state| {
        let versions = state.layer(place, &layer.name).map(|layer| hidden.shown(layer));
        let matching =
            versions.into_iter().flatten().filter(|version| version.version < before && query.matches(version));
        page(matching.cloned(), query.limit, |version| version.version.to_string())
    });
    let items = versions.iter().map(|version| Value::Object(read::listed(&layer, version)));
    Ok((StatusCode::OK, Some(answered("LayerVersions", items.collect(), marker))))
}

/// A page as lists are answered.
pub(super) fn answered(field: &str, items: Vec<Value>, marker: Option<String>) -> Value {
    // At the end it is there, and null.
    json!({field: items, "NextMarker": marker})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_a_marker_only_if_more_follows() {
        let (shown, marker) = page(1..=3, 2, ToString::to_string);
        assert_eq!(shown, [1, 2]);
        assert_eq!(decode_marker(&marker.expect("a marker")).expect("decoded"), "2");
        assert_eq!(page(1..=2, 2, ToString::to_string), (vec![1, 2], None));
    }
}
