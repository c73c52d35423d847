//! A request to the layer API, taken apart, and what the operations share.

use std::sync::Arc;

use hyper::{Method, StatusCode};
use serde_json::Value;

use super::errors::Refusal;
use super::names::{self, LayerId};
use crate::secret::Secret;
use crate::store::{Place, Store};
use crate::text;

const ROOT: &str = "/2018-10-31/layers";

/// A request to the layer API, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LayerCall {
    pub operation: &'static str,
    /// The layer's name or ARN, where the path has one.
    pub layer: Option<String>,
    pub version: Option<String>,
    pub statement: Option<String>,
    pub query: Vec<(String, String)>,
}

impl LayerCall {
    /// Takes a request apart; none is one that the layer API does not have.
    pub fn parse(method: &Method, path: &str, query: Option<&str>) -> Option<Self> {
        let rest = path.strip_prefix(ROOT)?;
        let segments: Vec<String> = rest.split('/').filter(|part| !part.is_empty()).map(text::percent_decode).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let query = text::query_pairs(query);
        let find = query.iter().any(|(name, value)| name == "find" && value == "LayerVersion");
        let operation = match (method.as_str(), &segments[..]) {
            ("GET", []) if find => "GetLayerVersionByArn",
            ("GET", []) => "ListLayers",
            ("GET", [_, "versions"]) => "ListLayerVersions",
            ("POST", [_, "versions"]) => "PublishLayerVersion",
            ("GET", [_, "versions", _]) => "GetLayerVersion",
            ("DELETE", [_, "versions", _]) => "DeleteLayerVersion",
            ("GET", [_, "versions", _, "policy"]) => "GetLayerVersionPolicy",
            ("POST", [_, "versions", _, "policy"]) => "AddLayerVersionPermission",
            ("DELETE", [_, "versions", _, "policy", _]) => "RemoveLayerVersionPermission",
            _ => return None,
        };
        let segment = |at: usize| segments.get(at).map(|&text| text.to_owned());
        Some(Self { operation, layer: segment(0), version: segment(2), statement: segment(4), query })
    }

    /// A query parameter that is not empty.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let value = self.query.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
        value.filter(|value| !value.is_empty())
    }

    /// The layer that the path names.
    pub(super) fn layer_id(&self, place: &Place) -> Result<LayerId, Refusal> {
        LayerId::parse(self.layer.as_deref().unwrap_or_default(), place)
    }

    /// The version that the path names.
    pub(super) fn version_number(&self) -> Result<u64, Refusal> {
        names::version_number(self.version.as_deref().unwrap_or_default())
    }
}

/// What the layer API answers when it does not refuse.
pub(crate) type Answer = Result<(StatusCode, Option<Value>), Refusal>;

/// The layer API over a store.
#[derive(Debug, Clone)]
pub(crate) struct Layers {
    pub store: Arc<Store>,
    /// Where archives can be downloaded, and what the addresses are signed with.
    pub endpoint: String,
    pub secret: Secret,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(method: Method, path: &str, query: Option<&str>) -> Option<&'static str> {
        LayerCall::parse(&method, path, query).map(|call| call.operation)
    }

    #[test]
    fn requests_are_taken_apart() {
        assert_eq!(operation(Method::GET, "/2018-10-31/layers", None), Some("ListLayers"));
        let query = Some("find=LayerVersion&Arn=x");
        assert_eq!(operation(Method::GET, "/2018-10-31/layers", query), Some("GetLayerVersionByArn"));
        assert_eq!(operation(Method::PUT, "/2018-10-31/layers/a/versions", None), None);
        let path = "/2018-10-31/layers/arn%3Aaws%3Alambda%3Ar%3A1%3Alayer%3Aa/versions/3/policy/sid";
        let call = LayerCall::parse(&Method::DELETE, path, None).expect("parsed");
        assert_eq!(call.layer.as_deref(), Some("arn:aws:lambda:r:1:layer:a"));
        assert_eq!((call.version.as_deref(), call.statement.as_deref()), (Some("3"), Some("sid")));
    }
}
