//! Who may use a version of a layer: its policy, read and changed one statement at a time.

use std::collections::BTreeSet;

use serde_json::Value;

use super::answer::odd_answer;
use super::failure::Failure;
use super::lambda::{Lambda, is_not_found};
use super::pace::Urgency;
use crate::layer::{Grant, Grantee, LayerName};
use crate::outcome::{ErrorCode, JobError};

/// The only action that a version's policy can allow (API model).
const ACTION: &str = "lambda:GetLayerVersion";

impl Lambda {
    /// Who may use a version, by its policy.
    ///
    /// # Errors
    /// Whatever the service refuses, and a policy that cannot be read.
    pub async fn grants(&self, name: &LayerName, version: u64) -> Result<BTreeSet<Grant>, JobError> {
        let call = self.call("lambda:GetLayerVersionPolicy", &format!("{name}:{version}"));
        let number = number(version)?;
        let send = || self.client().get_layer_version_policy().layer_name(name.as_str()).version_number(number).send();
        match self.retried(Urgency::Needed, send).await {
            Ok(answer) => {
                let grants = answer.policy().and_then(|policy| serde_json::from_str(policy).ok()).and_then(read);
                grants.ok_or_else(|| odd_answer(&call, "no policy that can be read"))
            }
            // There is no policy until something is granted.
            Err(failure) if is_not_found(&failure) => Ok(BTreeSet::new()),
            Err(failure) => Err(failure.into_error(&call)),
        }
    }

    /// Lets somebody use a version; `false` where a statement of that id is there already, perhaps because an answer was
    /// lost.
    ///
    /// # Errors
    /// Whatever the service refuses.
    pub async fn grant(&self, name: &LayerName, version: u64, to: &Grantee) -> Result<bool, JobError> {
        let call = self.call("lambda:AddLayerVersionPermission", &format!("{name}:{version}"));
        let number = number(version)?;
        let (principal, organization) = match to {
            Grantee::Account(account) => (account.as_str(), None),
            Grantee::Organization(organization) => ("*", Some(organization.as_str())),
            Grantee::Public => ("*", None),
        };
        let send = || {
            self.client()
                .add_layer_version_permission()
                .layer_name(name.as_str())
                .version_number(number)
                .statement_id(to.statement_id())
                .action(ACTION)
                .principal(principal)
                .set_organization_id(organization.map(str::to_owned))
                .send()
        };
        match self.retried(Urgency::Needed, send).await {
            Ok(_) => Ok(true),
            Err(failure) if is_conflict(&failure) => Ok(false),
            Err(failure) => Err(failure.into_error(&call)),
        }
    }

    /// Takes a statement away, if it is there.
    ///
    /// # Errors
    /// Whatever the service refuses.
    pub async fn revoke(&self, name: &LayerName, version: u64, grant: &Grant) -> Result<(), JobError> {
        let call = self.call("lambda:RemoveLayerVersionPermission", &format!("{name}:{version}"));
        let number = number(version)?;
        let send = || {
            self.client()
                .remove_layer_version_permission()
                .layer_name(name.as_str())
                .version_number(number)
                .statement_id(&grant.statement)
                .send()
        };
        match self.retried(Urgency::Needed, send).await {
            Ok(_) => Ok(()),
            Err(failure) if is_not_found(&failure) => Ok(()),
            Err(failure) => Err(failure.into_error(&call)),
        }
    }
}

fn number(version: u64) -> Result<i64, JobError> {
    i64::try_from(version).map_err(|_| JobError::new(ErrorCode::Internal, "a version number is out of range"))
}

fn is_conflict(failure: &Failure) -> bool {
    failure.answer.code.as_deref() == Some("ResourceConflictException")
}

/// The statements of a policy; `None` for what is no policy.
#[allow(clippy::needless_pass_by_value, reason = "what was parsed is read once")]
fn read(policy: Value) -> Option<BTreeSet<Grant>> {
    let statements = match policy.get("Statement")? {
        Value::Array(several) => several.as_slice(),
        one => std::slice::from_ref(one),
    };
    let grant = |statement: &Value| {
        let id = statement.get("Sid").and_then(Value::as_str).unwrap_or_default();
        Grant { statement: id.to_owned(), to: grantee(statement) }
    };
    statements.iter().all(Value::is_object).then(|| statements.iter().map(grant).collect())
}

/// Who a statement lets in, if it does no more than that.
fn grantee(statement: &Value) -> Option<Grantee> {
    let is_plain = text(statement.get("Effect")?)? == "Allow" && text(statement.get("Action")?)? == ACTION;
    let principal = statement.get("Principal")?;
    let principal = text(principal).or_else(|| text(principal.get("AWS")?))?;
    let organization = match statement.get("Condition") {
        None => None,
        Some(condition) => Some(organization(condition)?),
    };
    match (principal, organization) {
        _ if !is_plain => None,
        ("*", None) => Some(Grantee::Public),
        ("*", Some(id)) => id.parse().ok().map(Grantee::Organization),
        (account, None) => account_of(account).parse().ok().map(Grantee::Account),
        _ => None,
    }
}

/// The organization that a condition asks for, if it asks for nothing else.
fn organization(condition: &Value) -> Option<&str> {
    let only = |value: &'_ Value| value.as_object().is_some_and(|object| object.len() == 1);
    let equals = condition.get("StringEquals")?;
    if only(condition) && only(equals) { text(equals.get("aws:PrincipalOrgID")?) } else { None }
}

/// A text, or the only one of a list.
fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Array(list) if list.len() == 1 => list[0].as_str(),
        other => other.as_str(),
    }
}

/// `123456789012` of `arn:aws:iam::123456789012:root`.
fn account_of(principal: &str) -> &str {
    let of_root = || principal.strip_prefix("arn:")?.split_once(":iam::")?.1.strip_suffix(":root");
    of_root().unwrap_or(principal)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn statement(principal: &Value, more: &Value) -> Value {
        let mut statement = json!({ "Sid": "id", "Effect": "Allow", "Principal": principal, "Action": ACTION });
        for (key, value) in more.as_object().unwrap() {
            statement[key] = value.clone();
        }
        statement
    }

    #[test]
    fn a_statement_says_who_is_let_in_or_it_is_not_understood() {
        let (nobody, everybody) = (json!({}), json!("*"));
        let organization = json!({ "Condition": { "StringEquals": { "aws:PrincipalOrgID": "o-abc123def4" } } });
        for (principal, more, expected) in [
            (&everybody, &nobody, Some("public")),
            (&json!({ "AWS": "*" }), &nobody, Some("public")),
            (&json!({ "AWS": ["*"] }), &nobody, Some("public")),
            (&json!({ "AWS": "arn:aws-cn:iam::123456789012:root" }), &nobody, Some("123456789012")),
            (&json!({ "AWS": "123456789012" }), &nobody, Some("123456789012")),
            (&everybody, &organization, Some("o-abc123def4")),
            (&json!({ "AWS": ["123456789012", "210987654321"] }), &nobody, None),
            (&json!({ "AWS": "arn:aws:iam::123456789012:user/somebody" }), &nobody, None),
            (&json!({ "Service": "lambda.amazonaws.com" }), &nobody, None),
            (&json!({ "AWS": "123456789012" }), &organization, None),
            (&everybody, &json!({ "Effect": "Deny" }), None),
            (&everybody, &json!({ "Action": "lambda:*" }), None),
            (&everybody, &json!({ "Condition": {} }), None),
            (&everybody, &json!({ "Condition": { "StringEquals": { "aws:SourceVpc": "vpc-1" } } }), None),
        ] {
            let grants = read(json!({ "Statement": [statement(principal, more)] })).unwrap();
            let to = grants.first().unwrap().to.as_ref().map(ToString::to_string);
            assert_eq!(to.as_deref(), expected, "{principal} {more}");
        }
    }

    #[test]
    fn a_policy_is_an_object_with_statements() {
        assert_eq!(read(json!({ "Statement": [] })).unwrap().len(), 0);
        assert_eq!(read(json!({ "Statement": statement(&json!("*"), &json!({})) })).unwrap().len(), 1);
        for wrong in [json!([]), json!({}), json!({ "Statement": "*" }), json!({ "Statement": [1] })] {
            assert_eq!(read(wrong.clone()), None, "{wrong}");
        }
    }
}
