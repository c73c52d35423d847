//! Aliases: names for versions.

use std::collections::BTreeMap;

use hyper::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::call::Answer;
use super::super::errors::Refusal;
use super::super::validate::{Validation, is_name_char};
use super::call::parse_body;
use super::read::Page;
use super::{FunctionCall, Functions, Named, own, refuse_other_revision, shown};
use crate::store::{Alias, Function, Place};
use crate::text;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Request {
    name: Option<String>,
    function_version: Option<String>,
    description: Option<String>,
    routing_config: Option<Routing>,
    revision_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Routing {
    additional_version_weights: BTreeMap<String, f64>,
}

fn shown(named: &Named, name: &str, alias: &Alias) -> Value {
    let mut answer = json!({
        "AliasArn": format!("{}:{name}", named.arn()),
        "Name": name,
        "FunctionVersion": alias.version,
        "Description": alias.description,
        "RevisionId": alias.revision,
    });
    if !alias.weights.is_empty() {
        answer["RoutingConfig"] = json!({"AdditionalVersionWeights": alias.weights});
    }
    answer
}

fn missing(named: &Named, name: &str) -> Refusal {
    Refusal::not_found(format!("Cannot find alias arn: {}:{name}", named.arn()))
}

/// Every version that an alias is to lead to must be there.
fn check_versions(named: &Named, function: &Function, alias: &Alias) -> Result<(), Refusal> {
    for version in std::iter::once(&alias.version).chain(alias.weights.keys()) {
        let number = version.parse().ok();
        let there =
            version == shown::LATEST || number.is_some_and(|number: u64| function.versions.contains_key(&number));
        if !there {
            return Err(Named { qualifier: Some(version.clone()), ..named.clone() }.missing());
        }
    }
    if alias.version == shown::LATEST && !alias.weights.is_empty() {
        let message = "$LATEST is not supported for an alias pointing to more than 1 version";
        return Err(Refusal::invalid_parameter(message));
    }
    Ok(())
}

pub(super) fn create(this: &Functions, call: &FunctionCall, place: &Place, body: &[u8]) -> Answer {
    let request: Request = parse_body(body)?;
    let named = own(call, place)?;
    let (name, version) = (request.name.unwrap_or_default(), request.function_version.unwrap_or_default());
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
    if is_number || name.len() > 128 || !name.chars().all(is_name_char) {
        let mut validation = Validation::default();
        let pattern = "(?!^[0-9]+$)([a-zA-Z0-9-_]+)";
        validation.problem(&name, "name", format!("Member must satisfy regular expression pattern: {pattern}"));
        validation.finish()?;
    }
    let answer = this.edit(&named, |function, _| {
        if function.aliases.contains_key(&name) {
            let message = format!("Alias already exists: {}:{name}", named.arn());
            return Err(Refusal::new(StatusCode::CONFLICT, "ResourceConflictException", message));
        }
        let alias = Alias {
            version,
            description: request.description.unwrap_or_default(),
            weights: request.routing_config.unwrap_or_default().additional_version_weights,
            revision: text::unique_uuid(),
        };
        check_versions(&named, function, &alias)?;
        let answer = shown(&named, &name, &alias);
        function.aliases.insert(name, alias);
        Ok(answer)
    })?;
    Ok((StatusCode::CREATED, Some(answer)))
}

pub(super) fn get(this: &Functions, call: &FunctionCall, place: &Place) -> Answer {
    let name = call.alias.as_deref().unwrap_or_default();
    let (named, function) = this
        .find(call, place)
        .map_err(|_| own(call, place).map_or_else(|refused| refused, |named| missing(&named, name)))?;
    let alias = function.aliases.get(name).ok_or_else(|| missing(&named, name))?;
    Ok((StatusCode::OK, Some(shown(&named, name, alias))))
}

pub(super) fn list(this: &Functions, call: &FunctionCall, place: &Place) -> Answer {
    let page = Page::of(call)?;
    let (named, function) = this.find(call, place)?;
    let version = call.parameter("FunctionVersion");
    let leads_there =
        |alias: &Alias| version.is_none_or(|version| alias.version == version || alias.weights.contains_key(version));
    let aliases = function.aliases.iter().filter(|(_, alias)| leads_there(alias));
    let items = aliases.map(|(name, alias)| (name.clone(), shown(&named, name, alias))).collect();
    Ok((StatusCode::OK, Some(page.cut("Aliases", items))))
}

pub(super) fn update(this: &Functions, call: &FunctionCall, place: &Place, body: &[u8]) -> Answer {
    let request: Request = parse_body(body)?;
    let named = own(call, place)?;
    let name = call.alias.as_deref().unwrap_or_default();
    let answer = this.edit(&named, |function, _| {
        let mut alias = function.aliases.get(name).cloned().ok_or_else(|| missing(&named, name))?;
        refuse_other_revision(request.revision_id.as_deref(), &alias.revision)?;
        alias.version = request.function_version.unwrap_or(alias.version);
        alias.description = request.description.unwrap_or(alias.description);
        alias.weights = request.routing_config.map_or(alias.weights, |routing| routing.additional_version_weights);
        alias.revision = text::unique_uuid();
        check_versions(&named, function, &alias)?;
        let answer = shown(&named, name, &alias);
        function.aliases.insert(name.to_owned(), alias);
        Ok(answer)
    })?;
    Ok((StatusCode::OK, Some(answer)))
}

/// Idempotent: what is not there is deleted already.
pub(super) fn delete(this: &Functions, call: &FunctionCall, place: &Place) -> Answer {
    let named = own(call, place)?;
    this.edit(&named, |function, _| Ok(function.aliases.remove(call.alias.as_deref().unwrap_or_default())))?;
    Ok((StatusCode::NO_CONTENT, None))
}
