//! Whether a bucket's policy lets Lambda read an object, as far as the policy alone tells. Conditions are not looked into:
//! a statement that has some may hold. So what is said to be refused is refused, and what is not may be.

use serde_json::Value;

/// What Lambda must be allowed to do with an object that it reads in its place (Lambda Developer Guide, "Self-managed S3
/// code storage").
const ACTIONS: [&str; 2] = ["s3:GetObject", "s3:GetObjectVersion"];
/// How a policy names Lambda.
const LAMBDA: &str = "lambda.amazonaws.com";

/// What is missing for Lambda to read an object, by its ARN; `None` if nothing is, as far as the policy tells.
pub fn missing(policy: &Value, object: &str) -> Option<String> {
    let statements = policy.get("Statement").map(many).unwrap_or_default();
    let about = |statement: &&Value, action: &str| {
        is_for_lambda(statement) && names(statement, "Action", action) && names(statement, "Resource", object)
    };
    ACTIONS.iter().find_map(|action| {
        let of = |effect: &str| {
            let effect = effect.to_owned();
            statements.iter().filter(move |one| one.get("Effect").and_then(Value::as_str) == Some(&effect))
        };
        let denied = of("Deny").any(|one| one.get("Condition").is_none() && about(one, action) && is_plain(one));
        let allowed = of("Allow").any(|one| about(one, action));
        match (denied, allowed) {
            (true, _) => Some(format!("a statement denies `{action}`")),
            (false, false) => Some(format!("no statement allows `{action}`")),
            (false, true) => None,
        }
    })
}

/// A value, or all of a list.
fn many(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |several| several.iter().collect())
}

/// Whether a statement says whom and what it is about, and not whom and what it is not.
fn is_plain(statement: &Value) -> bool {
    ["NotPrincipal", "NotAction", "NotResource"].iter().all(|key| statement.get(key).is_none())
}

/// A statement about all but somebody is taken for one about Lambda.
fn is_for_lambda(statement: &Value) -> bool {
    let Some(principal) = statement.get("Principal") else { return statement.get("NotPrincipal").is_some() };
    let is_lambda = |service: &Value| service.as_str().is_some_and(|name| name == LAMBDA || name == "*");
    match principal {
        Value::String(all) => all == "*",
        of => of.get("Service").is_some_and(|services| many(services).into_iter().any(is_lambda)),
    }
}

/// Whether a statement is about an action or a resource. One about all but some is taken for one that is.
fn names(statement: &Value, key: &str, wanted: &str) -> bool {
    let Some(patterns) = statement.get(key) else { return statement.get(format!("Not{key}")).is_some() };
    let ignores_case = key == "Action";
    let folded = |text: &str| if ignores_case { text.to_lowercase() } else { text.to_owned() };
    let wanted = folded(wanted);
    many(patterns).into_iter().filter_map(Value::as_str).any(|pattern| matches(&folded(pattern), &wanted))
}

/// `*` stands for any characters, `?` for one, as in IAM's patterns.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where the last star stands, and how much of the text it stands for so far.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(one) if *one == '?' || *one == text[t] => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    (p, t) = (at + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const OBJECT: &str = "arn:aws:s3:::acme/layers/a/layer/content/00.zip";

    fn allow(more: &Value) -> Value {
        let mut statement = json!({
            "Effect": "Allow",
            "Principal": { "Service": LAMBDA },
            "Action": ["s3:GetObject", "s3:GetObjectVersion"],
            "Resource": "arn:aws:s3:::acme/layers/*",
        });
        for (key, value) in more.as_object().unwrap() {
            statement[key] = value.clone();
        }
        statement.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        statement
    }

    fn said(statements: &Value) -> String {
        missing(&json!({ "Statement": statements }), OBJECT).unwrap_or_else(|| "nothing".to_owned())
    }

    #[test]
    fn lambda_is_let_in_by_name_and_by_patterns() {
        for more in [
            json!({}),
            json!({ "Principal": "*" }),
            json!({ "Principal": { "Service": ["ec2.amazonaws.com", LAMBDA] } }),
            json!({ "Action": "s3:Get*" }),
            json!({ "Action": "S3:GETOBJECT*" }),
            json!({ "Action": "*" }),
            json!({ "Resource": ["arn:aws:s3:::other/*", OBJECT] }),
            json!({ "Resource": "arn:aws:s3:::acme/*/content/??.zip" }),
            json!({ "Condition": { "ArnLike": { "aws:SourceArn": "arn:aws:lambda:*" } } }),
            json!({ "Principal": null, "NotPrincipal": { "AWS": "123456789012" } }),
            json!({ "Action": null, "NotAction": "s3:DeleteObject" }),
            json!({ "Resource": null, "NotResource": "arn:aws:s3:::acme/private/*" }),
        ] {
            assert_eq!(said(&json!([allow(&more)])), "nothing", "{more}");
            assert_eq!(said(&allow(&more)), "nothing", "one statement without a list: {more}");
        }
    }

    #[test]
    fn what_is_not_allowed_is_missing() {
        for more in [
            json!({ "Principal": { "AWS": "*" } }),
            json!({ "Principal": { "Service": "ec2.amazonaws.com" } }),
            json!({ "Action": "s3:PutObject" }),
            json!({ "Resource": "arn:aws:s3:::acme/layers" }),
            json!({ "Resource": "arn:aws:s3:::ACME/layers/*" }),
            json!({ "Effect": "Deny", "Condition": {} }),
        ] {
            assert_eq!(said(&json!([allow(&more)])), "no statement allows `s3:GetObject`", "{more}");
        }
        assert_eq!(said(&json!([])), "no statement allows `s3:GetObject`");
        assert_eq!(missing(&json!({}), OBJECT).as_deref(), Some("no statement allows `s3:GetObject`"));
        let half = allow(&json!({ "Action": "s3:GetObject" }));
        assert_eq!(said(&json!([half])), "no statement allows `s3:GetObjectVersion`");
        let other = allow(&json!({ "Action": "s3:GetObjectVersion" }));
        assert_eq!(said(&json!([half, other])), "nothing");
    }

    #[test]
    fn only_what_surely_is_denied_counts_as_denied() {
        let with = |deny: Value| said(&json!([allow(&json!({})), allow(&deny)]));
        assert_eq!(with(json!({ "Effect": "Deny", "Principal": "*" })), "a statement denies `s3:GetObject`");
        for deny in [
            json!({ "Effect": "Deny", "Principal": "*", "Condition": { "Bool": { "aws:SecureTransport": "false" } } }),
            json!({ "Effect": "Deny", "Principal": null, "NotPrincipal": { "Service": LAMBDA } }),
            json!({ "Effect": "Deny", "Principal": "*", "Resource": "arn:aws:s3:::acme/private/*" }),
            json!({ "Effect": "Deny", "Principal": { "AWS": "*" } }),
        ] {
            assert_eq!(with(deny.clone()), "nothing", "{deny}");
        }
    }

    #[test]
    fn a_hostile_pattern_costs_no_more_than_its_length_times_the_texts() {
        let pattern = "*a".repeat(10_000) + "b";
        assert!(!matches(&pattern, &"a".repeat(2_000)));
        assert!(matches("a*b?c*", "axxbyc") && matches("*", "") && !matches("?", "") && !matches("", "a"));
    }
}
