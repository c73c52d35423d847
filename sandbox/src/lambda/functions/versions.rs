//! PublishVersion, ListVersionsByFunction and DeleteFunction.

use hyper::StatusCode;
use serde::Deserialize;

use super::super::call::Answer;
use super::super::errors::Refusal;
use super::call::parse_body;
use super::read::{Page, all_versions};
use super::{FunctionCall, Functions, own, refuse_other_revision, refuse_pending, shown};
use crate::store::{Event, Function, Place};
use crate::text;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Request {
    description: Option<String>,
    #[serde(rename = "CodeSha256")]
    code: Option<String>,
    revision_id: Option<String>,
}

/// Makes a version of what `$LATEST` is, unless that is one already. Its revision changes with it.
pub(super) fn publish(this: &Functions, call: &FunctionCall, place: &Place, body: &[u8]) -> Answer {
    let request: Request = if body.is_empty() { Request::default() } else { parse_body(body)? };
    let (named, now) = (own(call, place)?, this.now());
    let answer = this.edit(&named, |function, _| {
        refuse_pending(&function.latest, &named.arn(), now)?;
        refuse_other_revision(request.revision_id.as_deref(), function.latest.revision(now))?;
        let is = &function.latest.code.sha256;
        if let Some(asked) = request.code.as_ref().filter(|asked| *asked != is) {
            return Err(Refusal::invalid_parameter(format!(
                "CodeSHA256 ({asked}) is different from current CodeSHA256 in $LATEST ({is}). Please try again with the \
                 CodeSHA256 in $LATEST."
            )));
        }
        let is_there = function.published && function.versions.contains_key(&function.last);
        let number = if is_there { function.last } else { number(function, request.description) };
        let version = function.versions.get(&number).unwrap_or(&function.latest);
        let arn = format!("{}:{number}", named.arn());
        Ok(shown::described(arn, &named, &number.to_string(), version, now))
    })?;
    Ok((StatusCode::CREATED, Some(answer)))
}

/// Gives what `$LATEST` is the next number.
pub(super) fn number(function: &mut Function, description: Option<String>) -> u64 {
    function.last += 1;
    let mut version = function.latest.clone();
    version.revision = text::unique_uuid();
    version.description = description.unwrap_or(version.description);
    // A version of a function that is being created is there when that is.
    let creation = version.change.take().filter(|change| change.creates);
    version.change = creation.map(|change| crate::store::Change { revision: text::unique_uuid(), ..change });
    function.versions.insert(function.last, version);
    function.published = true;
    if let Some(change) = &mut function.latest.change {
        change.revision = text::unique_uuid();
    }
    function.latest.revision = text::unique_uuid();
    function.last
}

pub(super) fn list(this: &Functions, call: &FunctionCall, place: &Place) -> Answer {
    let page = Page::of(call)?;
    let (named, function) = this.find(call, place)?;
    let items = all_versions(&named, &function, this.now());
    Ok((StatusCode::OK, Some(page.cut("Versions", items))))
}

/// A function with all that belongs to it, or one version of it that no alias needs.
pub(super) fn delete(this: &Functions, call: &FunctionCall, place: &Place) -> Answer {
    let named = own(call, place)?;
    match &named.qualifier {
        None => this.store.commit(|state| {
            state.function(place, &named.name).ok_or_else(|| named.missing())?;
            let deleted = Event::FunctionDeleted { place: place.clone(), name: named.name.clone() };
            Ok::<_, Refusal>((Some(deleted), ()))
        })?,
        Some(version) if version == shown::LATEST => {
            return Err(Refusal::invalid_parameter("$LATEST version cannot be deleted without deleting the function."));
        }
        Some(version) => this.edit(&named, |function, _| {
            let aliases = function.aliases.iter();
            let needed = aliases.filter(|(_, alias)| alias.version == *version || alias.weights.contains_key(version));
            let needed: Vec<&str> = needed.map(|(name, _)| name.as_str()).collect();
            if !needed.is_empty() {
                let aliases = needed.join(", ");
                let message =
                    format!("Unable to delete version because the following aliases reference it: [{aliases}]");
                return Err(Refusal::new(StatusCode::CONFLICT, "ResourceConflictException", message));
            }
            version.parse().ok().and_then(|number: u64| function.versions.remove(&number));
            Ok(())
        })?,
    }
    Ok((StatusCode::NO_CONTENT, None))
}
