//! Parameters are put and deleted.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Refusal, names};
use crate::store::{Event, ParameterVersion, Place, Store};

/// Characters of a value, in the standard tier.
const LONGEST_VALUE: usize = 4096;
const TYPES: [&str; 3] = ["String", "StringList", "SecureString"];

/// What a parameter is to be.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Put {
    name: String,
    #[serde(default)]
    value: String,
    r#type: Option<String>,
    #[serde(default)]
    overwrite: bool,
    #[serde(default)]
    tags: Vec<Value>,
    /// Not carried out: a value that does not match would be taken.
    allowed_pattern: Option<String>,
}

/// Which parameter is to be deleted.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Named {
    pub name: String,
}

pub(super) fn put(store: &Store, place: &Place, put: Put) -> Answer {
    let modified = store.clock().now_millis();
    check(&put)?;
    names::check(&put.name, place)?;
    store.commit(|state| {
        let last = state.parameters.get(place, &put.name).and_then(|versions| versions.last());
        if last.is_some() && !put.overwrite {
            let message = "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.";
            return Err(Refusal::new("ParameterAlreadyExists", message));
        }
        let kind = match (&put.r#type, last) {
            (Some(kind), Some(last)) if *kind != last.kind => {
                let message = "Parameter Store does not support changing a parameter type in a hierarchy. For example, you \
                               can't change a parameter from a String type to a SecureString type. You must create a new, \
                               unique parameter.";
                return Err(Refusal::new("HierarchyTypeMismatchException", message));
            }
            (Some(kind), _) => kind.clone(),
            (None, Some(last)) => last.kind.clone(),
            (None, None) => {
                return Err(Refusal::invalid("A parameter type is required when you create a parameter."));
            }
        };
        let version = last.map_or(1, |last| last.version + 1);
        let parameter = ParameterVersion { version, kind, value: put.value, modified };
        let event = Event::ParameterPut { place: place.clone(), name: put.name, parameter };
        Ok((Some(event), json!({ "Version": version, "Tier": "Standard" })))
    })
}

/// What is wrong whatever is there.
fn check(put: &Put) -> Result<(), Refusal> {
    let of = |value: &str, field: &str, constraint: &str| {
        let what = format!("Value '{value}' at '{field}' failed to satisfy constraint: {constraint}");
        Err(Refusal::invalid(format!("1 validation error detected: {what}")))
    };
    if put.value.is_empty() {
        return of("", "value", "Member must have length greater than or equal to 1.");
    }
    if let Some(kind) = put.r#type.as_deref().filter(|kind| !TYPES.contains(kind)) {
        return of(kind, "type", "Member must satisfy enum value set: [SecureString, StringList, String]");
    }
    if put.value.chars().count() > LONGEST_VALUE {
        let message = format!(
            "Standard tier parameters support a maximum parameter value of {LONGEST_VALUE} characters. To create a larger \
             parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see \
             https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"
        );
        return Err(Refusal::invalid(message));
    }
    if put.overwrite && !put.tags.is_empty() {
        let message = "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please \
                       remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or \
                       RemoveTagsFromResource.";
        return Err(Refusal::invalid(message));
    }
    if put.allowed_pattern.is_some() {
        return Err(Refusal::invalid("The sandbox has no AllowedPattern."));
    }
    Ok(())
}

pub(super) fn delete(store: &Store, place: &Place, named: &Named) -> Answer {
    store.commit(|state| {
        let there = state.parameters.get(place, &named.name).ok_or_else(Refusal::not_found)?;
        debug_assert!(!there.is_empty(), "a parameter has a version");
        let event = Event::ParameterDeleted { place: place.clone(), name: named.name.clone() };
        Ok((Some(event), json!({})))
    })
}
