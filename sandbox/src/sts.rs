//! STS: GetCallerIdentity, and AssumeRole, which gives credentials of the role's account.

use std::sync::Arc;

use hyper::StatusCode;
use quick_xml::escape::escape;

use super::account::is_account;
use super::call::Call;
use super::form::{parameter, role};
use super::secret::Secret;
use super::session::{self, Session};
use super::store::Store;
use super::text;

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// How long credentials are good where the request does not say: an hour.
const USUAL_SECONDS: i64 = 3600;

/// Code and message of a refusal.
type Refused = (StatusCode, &'static str, String);

/// STS over the clock of a store.
#[derive(Debug)]
pub(super) struct Sts {
    pub secret: Secret,
    /// The roles that can be assumed; all, if none is named.
    pub roles: Vec<String>,
    pub store: Arc<Store>,
}

impl Sts {
    /// The answer to a call, as status and XML.
    pub fn answer(&self, call: &Call, body: &[u8], request_id: &str) -> (StatusCode, String) {
        let answer = match call.operation {
            "GetCallerIdentity" => Ok(caller_identity(call)),
            "AssumeRole" => self.assume_role(call, body),
            _ => Err((
                StatusCode::BAD_REQUEST,
                "InvalidAction",
                "The action is not one that the sandbox knows".to_owned(),
            )),
        };
        match answer {
            Ok(result) => (StatusCode::OK, wrapped(call.operation, &result, request_id)),
            Err((status, code, message)) => (status, error(code, &message, request_id)),
        }
    }

    fn assume_role(&self, call: &Call, body: &[u8]) -> Result<String, Refused> {
        let arn = role(body).unwrap_or_default();
        let name = parameter(body, "RoleSessionName").unwrap_or_default();
        let (partition, account, role) = role_of(&arn)?;
        check_session_name(&name)?;
        let seconds = seconds_of(body)?;
        if !self.roles.is_empty() && !self.roles.contains(&arn) {
            let message =
                format!("User: {} is not authorized to perform: sts:AssumeRole on resource: {arn}", call.caller.arn);
            return Err((StatusCode::FORBIDDEN, "AccessDenied", message));
        }
        let issued = self.store.clock().now_millis();
        let session = Session {
            access_key: session::access_key(account),
            arn: format!("arn:{partition}:sts::{account}:assumed-role/{role}/{name}"),
            issued,
            expires: issued.saturating_add(seconds * 1000),
        };
        Ok(self.credentials(&session, &format!("AROASANDBOX{account}:{name}")))
    }

    fn credentials(&self, session: &Session, id: &str) -> String {
        let Session { access_key, arn, expires, .. } = session;
        let (secret, token) = (session::secret_of(&self.secret, access_key), session::token(&self.secret, session));
        let expiration = text::log_date(expires / 1000 * 1000);
        format!(
            "<Credentials><AccessKeyId>{access_key}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>\
         <SessionToken>{token}</SessionToken><Expiration>{expiration}</Expiration></Credentials><AssumedRoleUser>\
         <AssumedRoleId>{}</AssumedRoleId><Arn>{}</Arn></AssumedRoleUser>",
            escape(id),
            escape(arn.as_str())
        )
    }
}

fn caller_identity(call: &Call) -> String {
    let (account, arn) = (&call.place.account, &call.caller.arn);
    let user = match arn.rsplit_once('/') {
        Some((_, session)) if call.caller.issued.is_some() => format!("AROASANDBOX{account}:{session}"),
        _ => format!("AIDASANDBOX{account}"),
    };
    format!("<Arn>{}</Arn><UserId>{}</UserId><Account>{account}</Account>", escape(arn.as_str()), escape(user))
}

/// Partition, account, and the role's name without its path.
fn role_of(arn: &str) -> Result<(&str, &str, &str), Refused> {
    let parts: Vec<&str> = arn.split(':').collect();
    let ["arn", partition, "iam", "", account, role] = parts[..] else { return Err(invalid("RoleArn is invalid")) };
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-/".contains(&byte));
    match role.strip_prefix("role/").and_then(|role| role.rsplit('/').next()) {
        Some(name) if !name.is_empty() && plain(role) && plain(partition) && is_account(account) => {
            Ok((partition, account, name))
        }
        _ => Err(invalid("RoleArn is invalid")),
    }
}

/// STS's limits for a session's name: 2 to 64 of letters, digits and `_+=,.@-`.
fn check_session_name(name: &str) -> Result<(), Refused> {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte));
    if plain && (2..=64).contains(&name.len()) {
        return Ok(());
    }
    let message = format!(
        "1 validation error detected: Value '{name}' at 'roleSessionName' failed to satisfy constraint: Member must \
         satisfy regular expression pattern: [\\w+=,.@-]*"
    );
    Err(invalid(message))
}

/// From a quarter of an hour to half a day.
fn seconds_of(body: &[u8]) -> Result<i64, Refused> {
    let Some(text) = parameter(body, "DurationSeconds") else { return Ok(USUAL_SECONDS) };
    let seconds = text.parse().ok().filter(|seconds| (900..=43_200).contains(seconds));
    seconds.ok_or_else(|| invalid("The requested DurationSeconds is not between 900 and 43200"))
}

fn invalid(message: impl Into<String>) -> Refused {
    (StatusCode::BAD_REQUEST, "ValidationError", message.into())
}

fn wrapped(action: &str, result: &str, request_id: &str) -> String {
    format!(
        "<{action}Response xmlns=\"{NAMESPACE}\"><{action}Result>{result}</{action}Result>\
         <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{action}Response>"
    )
}

/// The XML of a refusal.
pub(super) fn error(code: &str, message: &str, request_id: &str) -> String {
    let (code, message) = (escape(code), escape(message));
    format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
}
