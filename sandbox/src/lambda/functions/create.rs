//! CreateFunction.

use std::collections::BTreeMap;

use hyper::StatusCode;
use serde::Deserialize;

use super::super::call::Answer;
use super::super::errors::Refusal;
use super::super::publish::{Source, take_archive};
use super::super::validate::Validation;
use super::super::{archive, read};
use super::call::parse_body;
use super::layers::{Carrier, attach};
use super::{Functions, Named, shown, under_way, versions};
use crate::store::{Code, Configuration, Draft, Event, Function, Package, Place};
use crate::text;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    function_name: Option<String>,
    role: Option<String>,
    runtime: Option<String>,
    handler: Option<String>,
    #[serde(default)]
    description: String,
    timeout: Option<u32>,
    memory_size: Option<u32>,
    #[serde(default)]
    publish: bool,
    package_type: Option<String>,
    environment: Option<Environment>,
    code: Option<FunctionCode>,
    #[serde(default)]
    layers: Vec<String>,
    architectures: Option<Vec<String>>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

/// Variables of a function.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Environment {
    pub variables: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
struct FunctionCode {
    #[serde(rename = "ImageUri")]
    image: Option<String>,
    #[serde(flatten)]
    source: Source,
}

pub(super) async fn create(this: &Functions, place: &Place, body: &[u8]) -> Answer {
    let request: Request = parse_body(body)?;
    let package = validate(&request)?;
    let named = Named::parse(request.function_name.as_deref().unwrap_or_default(), place)?;
    if named.place != *place {
        return Err(read::access_denied("CreateFunction", place, &named.arn()));
    }
    let (code, draft) = measure(this, place, package, request.code.as_ref()).await?;
    let carrier = Carrier { place, package, unzipped: code.unzipped };
    let (function, now) = (this.begin(true, None), this.now());
    let answer = this.store.commit(|state| {
        if state.function(place, &named.name).is_some() {
            let message = format!("Function already exist: {}", named.name);
            return Err(Refusal::new(StatusCode::CONFLICT, "ResourceConflictException", message));
        }
        let latest = Configuration {
            modified: now,
            layers: attach(state, &carrier, &request.layers)?,
            description: request.description,
            role: request.role.unwrap_or_default(),
            runtime: request.runtime,
            handler: request.handler,
            timeout: request.timeout.unwrap_or(3),
            memory: request.memory_size.unwrap_or(128),
            package,
            architectures: request.architectures.unwrap_or_else(|| vec!["x86_64".to_owned()]),
            environment: request.environment.unwrap_or_default().variables,
            code,
            revision: text::unique_uuid(),
            change: Some(function),
        };
        let (versions, aliases) = (BTreeMap::new(), BTreeMap::new());
        let mut function = Function { latest, published: false, last: 0, versions, aliases, tags: request.tags };
        let version =
            if request.publish { versions::number(&mut function, None).to_string() } else { shown::LATEST.to_owned() };
        let answer = shown::described(named.arn(), &named, &version, &function.latest, under_way(now));
        let name = named.name.clone();
        Ok((Some(Event::FunctionSet { place: place.clone(), name, function: Box::new(function) }), answer))
    })?;
    draft.into_iter().for_each(Draft::keep);
    Ok((StatusCode::CREATED, Some(answer)))
}

fn validate(request: &Request) -> Result<Package, Refusal> {
    let mut validation = Validation::default();
    for (field, missing) in [
        ("functionName", request.function_name.is_none()),
        ("role", request.role.is_none()),
        ("code", request.code.is_none()),
    ] {
        if missing {
            validation.problem("null", field, "Member must not be null");
        }
    }
    if let Some(code) = &request.code {
        code.source.validate("code.s3ObjectStorageMode", &mut validation);
    }
    validation.runtime(request.runtime.as_deref());
    validation.function_architectures(request.architectures.as_deref().unwrap_or_default());
    validation.length(&request.description, "description", 256);
    validation.finish()?;
    let package = if request.package_type.as_deref() == Some("Image") { Package::Image } else { Package::Zip };
    if package == Package::Zip && (request.runtime.is_none() || request.handler.is_none()) {
        let message = "Runtime and Handler are mandatory parameters for functions created with deployment packages.";
        return Err(Refusal::invalid_parameter(message));
    }
    Ok(package)
}

/// How large the code is, its digest, and the code itself.
async fn measure(
    this: &Functions,
    place: &Place,
    package: Package,
    code: Option<&FunctionCode>,
) -> Result<(Code, Option<Draft>), Refusal> {
    let missing = || Refusal::invalid_parameter("Please provide a source for code.");
    let code = code.ok_or_else(missing)?;
    if package == Package::Image {
        return code.image.as_ref().map(|_| (Code::default(), None)).ok_or_else(missing);
    }
    let archive = take_archive(&this.store, place, &code.source).await?;
    let unzipped = archive::check(archive.draft.read()?).await?;
    let blob = Some(archive.draft.id().clone());
    Ok((Code { sha256: archive.sha256, size: archive.size, unzipped, blob }, Some(archive.draft)))
}
