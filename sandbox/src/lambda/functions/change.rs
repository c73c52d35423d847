//! UpdateFunctionConfiguration: what is asked for is set at once, and takes a while until it is in force.

use hyper::StatusCode;
use serde::Deserialize;

use super::super::call::Answer;
use super::super::errors::Refusal;
use super::super::validate::Validation;
use super::call::parse_body;
use super::create::Environment;
use super::layers::{Carrier, attach};
use super::{FunctionCall, Functions, Named, own, refuse_other_revision, refuse_pending, shown, under_way};
use crate::store::{Change, Configuration, Failure, Place, State};
use crate::text;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Request {
    role: Option<String>,
    runtime: Option<String>,
    handler: Option<String>,
    description: Option<String>,
    timeout: Option<u32>,
    memory_size: Option<u32>,
    environment: Option<Environment>,
    layers: Option<Vec<String>>,
    revision_id: Option<String>,
}

pub(super) fn update(
    this: &Functions,
    call: &FunctionCall,
    place: &Place,
    body: &[u8],
    failing: Option<Failure>,
) -> Answer {
    let request: Request = parse_body(body)?;
    let named = own(call, place)?;
    if named.qualifier.as_deref().is_some_and(|qualifier| qualifier != shown::LATEST) {
        return Err(Refusal::invalid_parameter("You can only update the $LATEST version of a function."));
    }
    let mut validation = Validation::default();
    validation.runtime(request.runtime.as_deref());
    validation.length(request.description.as_deref().unwrap_or_default(), "description", 256);
    validation.finish()?;
    let change = this.begin(false, failing);
    let answer = set(this, &named, request, change)?;
    Ok((StatusCode::OK, Some(answer)))
}

fn set(this: &Functions, named: &Named, request: Request, change: Change) -> Result<serde_json::Value, Refusal> {
    let now = this.now();
    this.edit(named, |function, state| {
        refuse_pending(&function.latest, &named.arn(), now)?;
        refuse_other_revision(request.revision_id.as_deref(), function.latest.revision(now))?;
        let latest = &mut function.latest;
        apply(latest, request, state, &named.place)?;
        (latest.modified, latest.revision, latest.change) = (now, text::unique_uuid(), Some(change));
        let answer = shown::described(named.arn(), named, shown::LATEST, latest, under_way(now));
        function.published = false;
        Ok(answer)
    })
}

fn apply(latest: &mut Configuration, request: Request, state: &State, place: &Place) -> Result<(), Refusal> {
    if let Some(arns) = &request.layers {
        let carrier = Carrier { place, package: latest.package, unzipped: latest.code.unzipped };
        latest.layers = attach(state, &carrier, arns)?;
    }
    latest.runtime = request.runtime.or_else(|| latest.runtime.take());
    latest.handler = request.handler.or_else(|| latest.handler.take());
    let texts = [(&mut latest.role, request.role), (&mut latest.description, request.description)];
    let numbers = [(&mut latest.timeout, request.timeout), (&mut latest.memory, request.memory_size)];
    texts.into_iter().for_each(|(is, asked)| *is = asked.unwrap_or_else(|| std::mem::take(is)));
    numbers.into_iter().for_each(|(is, asked)| *is = asked.unwrap_or(*is));
    if let Some(environment) = request.environment {
        latest.environment = environment.variables;
    }
    Ok(())
}

/// Somebody else changes a function, at once and whatever is under way: a fault. With layers, those are what it uses from
/// then on; without, its description alone is another.
pub(crate) fn change_by_somebody(
    this: &Functions,
    place: &Place,
    name: &str,
    layers: Option<Vec<String>>,
) -> Result<(), String> {
    let named = Named { place: place.clone(), name: name.to_owned(), qualifier: None };
    let changed = this.edit(&named, |function, state| {
        let description = Some(format!("changed by somebody: {}", text::unique_id()));
        let request = Request { description, layers, ..Request::default() };
        apply(&mut function.latest, request, state, place)?;
        (function.latest.modified, function.latest.revision) = (this.now(), text::unique_uuid());
        (function.latest.change, function.published) = (None, false);
        Ok(())
    });
    changed.map_err(|refusal| refusal.message)
}
