//! Permissions of layer versions: add, remove, read the policy.

use hyper::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Answer, LayerCall, Layers};
use super::errors::Refusal;
use super::names::LayerId;
use super::read;
use super::validate::{Validation, is_name_char};
use crate::account::{is_account, partition};
use crate::store::{Event, LayerVersion, Place};
use crate::text;

const ACTION: &str = "lambda:GetLayerVersion";

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Request {
    statement_id: String,
    action: String,
    principal: String,
    organization_id: Option<String>,
}

pub(super) fn get(this: &Layers, call: &LayerCall, place: &Place) -> Answer {
    let (layer, number) = addressed(call, place)?;
    let version = find(this, &layer, number)?;
    if version.statements.is_empty() {
        return Err(Refusal::not_found("No policy is associated with the given resource."));
    }
    let policy = json!({"Version": "2012-10-17", "Id": "default", "Statement": version.statements});
    Ok((StatusCode::OK, Some(json!({"Policy": policy.to_string(), "RevisionId": version.revision}))))
}

pub(super) fn add(this: &Layers, call: &LayerCall, place: &Place, body: &[u8]) -> Answer {
    let (layer, number) = addressed(call, place)?;
    let request: Request = serde_json::from_slice(body).map_err(|error| {
        let message = format!("Could not parse request body into json: {error}");
        Refusal::new(StatusCode::BAD_REQUEST, "InvalidRequestContentException", message)
    })?;
    validate(&request)?;
    find(this, &layer, number)?;
    let statement = statement(&request, &layer, number);
    let revision = change(this, call, &layer, number, |statements| {
        if statements.iter().any(|statement| statement["Sid"] == request.statement_id.as_str()) {
            let message = format!(
                "The statement id ({}) provided already exists. Please provide a new statement id, or remove the \
                 existing statement.",
                request.statement_id
            );
            return Err(Refusal::new(StatusCode::CONFLICT, "ResourceConflictException", message));
        }
        statements.push(statement.clone());
        Ok(())
    })?;
    Ok((StatusCode::CREATED, Some(json!({"Statement": statement.to_string(), "RevisionId": revision}))))
}

pub(super) fn remove(this: &Layers, call: &LayerCall, place: &Place) -> Answer {
    let (layer, number) = addressed(call, place)?;
    let id = call.statement.as_deref().unwrap_or_default();
    change(this, call, &layer, number, |statements| {
        let before = statements.len();
        statements.retain(|statement| statement["Sid"] != id);
        if statements.len() == before {
            return Err(Refusal::not_found(format!("Statement {id} is not found in resource policy.")));
        }
        Ok(())
    })?;
    Ok((StatusCode::NO_CONTENT, None))
}

fn addressed(call: &LayerCall, place: &Place) -> Result<(LayerId, u64), Refusal> {
    let layer = call.layer_id(place)?;
    let number = call.version_number()?;
    if layer.place != *place {
        return Err(read::access_denied(call.operation, place, &format!("{}:{number}", layer.arn())));
    }
    Ok((layer, number))
}

fn missing(layer: &LayerId, number: u64) -> Refusal {
    Refusal::not_found(format!("Layer version {}:{number} does not exist.", layer.arn()))
}

fn find(this: &Layers, layer: &LayerId, number: u64) -> Result<std::sync::Arc<LayerVersion>, Refusal> {
    read::find(this, layer, number).map_err(|_| missing(layer, number))
}

/// Changes the statements in one step; answers the policy's new revision.
fn change(
    this: &Layers,
    call: &LayerCall,
    layer: &LayerId,
    number: u64,
    edit: impl FnOnce(&mut Vec<Value>) -> Result<(), Refusal>,
) -> Result<String, Refusal> {
    this.store.commit(|state| {
        let version = state.layer(&layer.place, &layer.name).and_then(|layer| layer.versions.get(&number));
        let version = version.ok_or_else(|| missing(layer, number))?;
        if call.parameter("RevisionId").is_some_and(|revision| revision != version.revision) {
            let message = "The RevisionId provided does not match the latest RevisionId for the layer version policy. \
                           Call the GetLayerVersionPolicy API to retrieve the latest RevisionId for your resource.";
            return Err(Refusal::new(StatusCode::PRECONDITION_FAILED, "PreconditionFailedException", message));
        }
        let mut statements = version.statements.clone();
        edit(&mut statements)?;
        let revision = text::unique_uuid();
        let (place, name) = (layer.place.clone(), layer.name.clone());
        let event = Event::PolicySet { place, name, version: number, statements, revision: revision.clone() };
        Ok((Some(event), revision))
    })
}

fn validate(request: &Request) -> Result<(), Refusal> {
    let mut validation = Validation::default();
    let pattern = |pattern: &str| format!("Member must satisfy regular expression pattern: {pattern}");
    if request.action != ACTION {
        validation.problem(&request.action, "action", pattern(ACTION));
    }
    if !is_principal(&request.principal) {
        validation.problem(
            &request.principal,
            "principal",
            pattern("\\d{12}|\\*|arn:(aws[a-zA-Z-]*):iam::\\d{12}:root"),
        );
    }
    let id = &request.statement_id;
    if id.is_empty() || id.len() > 100 || !id.chars().all(is_name_char) {
        validation.problem(id, "statementId", pattern("([a-zA-Z0-9-_]+)"));
    }
    if let Some(id) = request.organization_id.as_ref().filter(|id| !is_organization(id)) {
        validation.problem(id, "organizationId", pattern("o-[a-z0-9]{10,32}"));
    }
    validation.finish()?;
    if request.organization_id.is_some() && request.principal != "*" {
        return Err(Refusal::invalid_parameter("The principal must be * when an organization id is provided."));
    }
    Ok(())
}

fn is_principal(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let root = matches!(parts[..], ["arn", partition, "iam", "", account, "root"]
        if partition.starts_with("aws") && is_account(account));
    text == "*" || is_account(text) || root
}

fn is_organization(text: &str) -> bool {
    let rest = text.strip_prefix("o-").unwrap_or_default();
    let plain = rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    (10..=32).contains(&rest.len()) && plain
}

fn statement(request: &Request, layer: &LayerId, number: u64) -> Value {
    let principal = match request.principal.as_str() {
        "*" => json!("*"),
        account if is_account(account) => {
            json!({"AWS": format!("arn:{}:iam::{account}:root", partition(&layer.place.region))})
        }
        arn => json!({"AWS": arn}),
    };
    let mut statement = json!({
        "Sid": request.statement_id,
        "Effect": "Allow",
        "Principal": principal,
        "Action": ACTION,
        "Resource": format!("{}:{number}", layer.arn()),
    });
    if let Some(organization) = &request.organization_id {
        statement["Condition"] = json!({"StringEquals": {"aws:PrincipalOrgID": organization}});
    }
    statement
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn principals_and_organizations_have_their_patterns() {
        assert!(is_principal("*") && is_principal("123456789012"));
        assert!(is_principal("arn:aws:iam::123456789012:root"));
        assert!(!is_principal("arn:aws:iam::123456789012:user/x") && !is_principal("12345"));
        assert!(is_organization("o-a1b2c3d4e5") && !is_organization("o-short") && !is_organization("o-A1b2c3d4e5"));
    }
}
