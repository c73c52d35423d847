//! STS: GetCallerIdentity, and AssumeRole, which gives credentials of the role's account.

use hyper::StatusCode;

use super::identity::user_arn;
use super::server::Shared;
use super::signature::Unverified;
use super::store::Place;
use super::text;

/// An hour from now, as STS gives credentials.
const LIFETIME_MILLIS: i64 = 3_600_000;

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// The action of a form-encoded request.
pub(super) fn action(body: &[u8]) -> &'static str {
    match parameter(body, "Action").as_deref() {
        Some("GetCallerIdentity") => "GetCallerIdentity",
        Some("AssumeRole") => "AssumeRole",
        _ => "Unknown",
    }
}

fn parameter(body: &[u8], name: &str) -> Option<String> {
    let body = String::from_utf8_lossy(body);
    text::query_pairs(Some(&body)).into_iter().find(|(other, _)| other == name).map(|(_, value)| value)
}

/// Status and XML.
pub(super) fn answer(shared: &Shared, body: &[u8], caller: &Place, request_id: &str) -> (StatusCode, String) {
    match action(body) {
        "GetCallerIdentity" => (StatusCode::OK, caller_identity(caller, request_id)),
        "AssumeRole" => assume_role(shared, body, request_id),
        _ => {
            let message = "The action is not one that the sandbox knows";
            (StatusCode::BAD_REQUEST, error("InvalidAction", message, request_id))
        }
    }
}

fn caller_identity(caller: &Place, request_id: &str) -> String {
    let Place { account, region } = caller;
    let arn = user_arn(region, account);
    let result = format!("<Arn>{arn}</Arn><UserId>AIDASANDBOX{account}</UserId><Account>{account}</Account>");
    wrapped("GetCallerIdentity", &result, request_id)
}

fn assume_role(shared: &Shared, body: &[u8], request_id: &str) -> (StatusCode, String) {
    let arn = parameter(body, "RoleArn").unwrap_or_default();
    let session = parameter(body, "RoleSessionName").unwrap_or_default();
    let parts: Vec<&str> = arn.split(':').collect();
    let plain = |text: &str| text.chars().all(|char| char.is_ascii_alphanumeric() || "_+=,.@-/:".contains(char));
    let ["arn", partition, "iam", "", account, role] = parts[..] else {
        return (StatusCode::BAD_REQUEST, error("ValidationError", "RoleArn is invalid", request_id));
    };
    if !plain(&arn) || !plain(&session) {
        return (
            StatusCode::BAD_REQUEST,
            error("ValidationError", "RoleArn or RoleSessionName is invalid", request_id),
        );
    }
    let expiration = text::log_date(shared.store.clock().now_millis() + LIFETIME_MILLIS);
    let secret = shared.secret.as_str();
    let assumed = format!("arn:{partition}:sts::{account}:assumed-role/{}/{session}", role.trim_start_matches("role/"));
    // The account's number as access key makes the sandbox serve that account.
    let result = format!(
        "<Credentials><AccessKeyId>{account}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>\
         <SessionToken>sandbox</SessionToken><Expiration>{expiration}</Expiration></Credentials><AssumedRoleUser>\
         <AssumedRoleId>AROASANDBOX:{session}</AssumedRoleId><Arn>{assumed}</Arn></AssumedRoleUser>"
    );
    (StatusCode::OK, wrapped("AssumeRole", &result, request_id))
}

fn wrapped(action: &str, result: &str, request_id: &str) -> String {
    format!(
        "<{action}Response xmlns=\"{NAMESPACE}\"><{action}Result>{result}</{action}Result>\
         <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{action}Response>"
    )
}

/// A refusal.
pub(super) fn error(code: &str, message: &str, request_id: &str) -> String {
    format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
}

/// STS's code for a request that is not believed.
pub(super) fn unverified_code(unverified: Unverified) -> &'static str {
    match unverified {
        Unverified::Unsigned => "MissingAuthenticationToken",
        Unverified::Skewed => "RequestExpired",
        Unverified::Mismatch => "SignatureDoesNotMatch",
    }
}
