//! GetFunction, GetFunctionConfiguration and ListFunctions.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::super::call::Answer;
use super::super::errors::Refusal;
use super::super::list::{answered, decode_marker, page};
use super::super::validate::Validation;
use super::{FunctionCall, Functions, Named, shown};
use crate::address;
use crate::store::{Configuration, Function, Place};

/// The page of a listing: how many, and behind what.
pub(super) struct Page {
    pub limit: usize,
    pub after: Option<String>,
}

impl Page {
    pub(super) fn of(call: &FunctionCall) -> Result<Self, Refusal> {
        let mut validation = Validation::default();
        let limit = validation.max_functions(call.parameter("MaxItems"));
        validation.finish()?;
        Ok(Self { limit, after: call.parameter("Marker").map(decode_marker).transpose()? })
    }

    /// A page of items that have a name each, in the order of which they come. The names of items that were shown may be
    /// gone meanwhile.
    pub(super) fn cut<K: AsRef<str>>(self, field: &str, items: Vec<(K, Value)>) -> Value {
        let behind = items.iter().position(|(key, _)| Some(key.as_ref()) == self.after.as_deref());
        let start = behind.map_or(0, |at| at + 1);
        let (shown, marker) = page(items.into_iter().skip(start), self.limit, |(key, _)| key.as_ref().to_owned());
        answered(field, shown.into_iter().map(|(_, item)| item).collect(), marker)
    }
}

/// The configuration that a qualifier means, and which version that is.
pub(super) fn qualified<'a>(named: &Named, function: &'a Function) -> Result<(String, &'a Configuration), Refusal> {
    let qualifier = named.qualifier.as_deref().unwrap_or(shown::LATEST);
    let version = function.aliases.get(qualifier).map_or(qualifier, |alias| alias.version.as_str());
    let found = match version {
        shown::LATEST => Some(&function.latest),
        number => number.parse().ok().and_then(|number: u64| function.versions.get(&number)),
    };
    found.map(|found| (version.to_owned(), found)).ok_or_else(|| named.missing())
}

pub(super) fn get_configuration(this: &Functions, call: &FunctionCall, place: &Place) -> Answer {
    let (named, function) = this.find(call, place)?;
    let (version, configuration) = qualified(&named, &function)?;
    let answer = shown::described(named.qualified_arn(), &named, &version, configuration, this.now());
    Ok((StatusCode::OK, Some(answer)))
}

pub(super) fn get(this: &Functions, call: &FunctionCall, place: &Place) -> Answer {
    let (named, function) = this.find(call, place)?;
    let (_, Some(configuration)) = get_configuration(this, call, place)? else { return Err(named.missing()) };
    let mut answer = json!({"Configuration": configuration, "Code": {"RepositoryType": "S3"}});
    let (version, is) = qualified(&named, &function)?;
    if is.code.blob.is_some() {
        let path = address::code_location(&this.secret, &named.place, &named.name, &version);
        answer["Code"]["Location"] = json!(format!("{}{path}", this.endpoint));
    }
    if !function.tags.is_empty() {
        answer["Tags"] = json!(function.tags);
    }
    Ok((StatusCode::OK, Some(answer)))
}

/// Functions, or with `FunctionVersion=ALL` all versions of all functions; 50 a page, whatever is asked for.
pub(super) fn list(this: &Functions, call: &FunctionCall, place: &Place) -> Answer {
    let page = Page::of(call)?;
    let all = match call.parameter("FunctionVersion") {
        None => false,
        Some("ALL") => true,
        Some(other) => {
            let mut validation = Validation::default();
            validation.problem(other, "functionVersion", "Member must satisfy enum value set: [ALL]");
            return Err(validation.finish().err().unwrap_or_else(Refusal::no_such_version));
        }
    };
    let now = this.now();
    let items = this.store.read(|state| {
        let functions = state.functions.get(place).into_iter().flatten();
        let items = functions.flat_map(|(name, function)| {
            let named = Named { place: place.clone(), name: name.clone(), qualifier: None };
            if all { all_versions(&named, function, now) } else { vec![latest(&named, function, now)] }
        });
        items.collect::<Vec<_>>()
    });
    Ok((StatusCode::OK, Some(page.cut("Functions", items))))
}

fn latest(named: &Named, function: &Function, now: i64) -> (String, Value) {
    let shown = shown::listed(named.arn(), named, shown::LATEST, &function.latest, now);
    (named.name.clone(), Value::Object(shown))
}

/// All versions with qualified ARNs, `$LATEST` first.
pub(super) fn all_versions(named: &Named, function: &Function, now: i64) -> Vec<(String, Value)> {
    let versions = function.versions.iter().map(|(number, version)| (number.to_string(), version));
    let all = std::iter::once((shown::LATEST.to_owned(), &function.latest)).chain(versions);
    let shown = all.map(|(version, configuration)| {
        let arn = format!("{}:{version}", named.arn());
        let shown = shown::listed(arn, named, &version, configuration, now);
        (format!("{}:{version}", named.name), Value::Object(shown))
    });
    shown.collect()
}
