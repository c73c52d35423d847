//! Parameters are read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Refusal, arn, names};
use crate::store::{ParameterVersion, Place, State, Store};

/// So many parameters are read at once.
const MOST_NAMES: usize = 10;

/// Which parameter is asked for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct One {
    name: String,
    #[serde(default)]
    with_decryption: bool,
}

/// Which parameters are asked for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Several {
    names: Vec<String>,
    #[serde(default)]
    with_decryption: bool,
}

pub(super) fn one(store: &Store, place: &Place, asked: &One) -> Answer {
    let found =
        store.read(|state| find(state, place, &asked.name).map(|found| shown(place, asked.with_decryption, found)));
    Ok(json!({ "Parameter": found? }))
}

pub(super) fn several(store: &Store, place: &Place, asked: &Several) -> Answer {
    let constraint = match asked.names.len() {
        0 => "greater than or equal to 1",
        1..=MOST_NAMES => {
            return Ok(store.read(|state| {
                let (mut found, mut invalid) = (Vec::new(), Vec::new());
                for name in &asked.names {
                    match find(state, place, name) {
                        Ok(version) => found.push(shown(place, asked.with_decryption, version)),
                        Err(_) => invalid.push(name),
                    }
                }
                json!({ "Parameters": found, "InvalidParameters": invalid })
            }));
        }
        _ => "less than or equal to 10",
    };
    let message = format!(
        "1 validation error detected: Value '[{}]' at 'names' failed to satisfy constraint: Member must have length {constraint}",
        asked.names.join(", ")
    );
    Err(Refusal::invalid(message))
}

/// A parameter as it is asked for, perhaps with a version.
fn find<'s>(state: &'s State, place: &Place, asked: &str) -> Result<(String, &'s ParameterVersion), Refusal> {
    let (name, version) = names::selected(asked);
    let versions = state.parameters.get(place, name).ok_or_else(Refusal::not_found)?;
    let found = match version {
        None => versions.last(),
        Some(version) => versions.iter().find(|found| found.version.to_string() == version),
    };
    let none = || {
        let message = format!(
            "Systems Manager could not find version {} of {name}. Verify the version and try again.",
            version.unwrap_or_default()
        );
        Refusal::new("ParameterVersionNotFound", message)
    };
    found.map(|found| (name.to_owned(), found)).ok_or_else(none)
}

fn shown(place: &Place, with_decryption: bool, (name, found): (String, &ParameterVersion)) -> Value {
    let value = match found.kind.as_str() {
        // Nobody reads it: it only must not be the value.
        "SecureString" if !with_decryption => STANDARD.encode(format!("sealed:{}", found.value)),
        _ => found.value.clone(),
    };
    let seconds = found.modified / 1000;
    json!({
        "ARN": arn(place, &name),
        "Name": name,
        "Type": found.kind,
        "Value": value,
        "Version": found.version,
        "LastModifiedDate": seconds,
        "DataType": "text",
    })
}
