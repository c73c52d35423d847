//! Tags of functions. AWS lets nobody but its own services set those that begin with `aws:`; here everybody may, since
//! there is no CloudFormation to do it.

use std::collections::BTreeMap;

use hyper::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::super::call::Answer;
use super::super::errors::Refusal;
use super::call::parse_body;
use super::{FunctionCall, Functions, Named, own};
use crate::store::Place;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    tags: BTreeMap<String, String>,
}

/// Tags are those of a function, and are asked for by its ARN.
fn tagged(call: &FunctionCall, place: &Place) -> Result<Named, Refusal> {
    let named = own(call, place)?;
    let by_arn = call.function.as_deref().is_some_and(|name| name.starts_with("arn:"));
    match &named.qualifier {
        None if by_arn => Ok(named),
        _ => Err(Refusal::invalid_parameter(
            "Tags on function aliases and versions are not supported. Please specify a function ARN.",
        )),
    }
}

pub(super) fn list(this: &Functions, call: &FunctionCall, place: &Place) -> Answer {
    tagged(call, place)?;
    let (_, function) = this.find(call, place)?;
    Ok((StatusCode::OK, Some(json!({"Tags": function.tags}))))
}

pub(super) fn add(this: &Functions, call: &FunctionCall, place: &Place, body: &[u8]) -> Answer {
    let request: Request = parse_body(body)?;
    let named = tagged(call, place)?;
    this.edit(&named, |function, _| {
        function.tags.extend(request.tags);
        Ok(())
    })?;
    Ok((StatusCode::NO_CONTENT, None))
}

pub(super) fn remove(this: &Functions, call: &FunctionCall, place: &Place) -> Answer {
    let named = tagged(call, place)?;
    this.edit(&named, |function, _| {
        call.parameters("tagKeys").for_each(|key| drop(function.tags.remove(key)));
        Ok(())
    })?;
    Ok((StatusCode::NO_CONTENT, None))
}
