//! Who calls: access keys, accounts, and the names AWS gives them.

use super::account::{is_account, user_arn};
use super::secret::Secret;
use super::session;
use super::signature::Scope;

/// An access key of the default account. Any other that is not twelve digits is as good.
pub const ACCESS_KEY: &str = "sandbox";

/// The account of access keys that do not name one.
pub const DEFAULT_ACCOUNT: &str = "123456789012";

/// On whose behalf a request is made, as far as it claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Caller {
    pub access_key: String,
    pub account: String,
    /// The user or the assumed role.
    pub arn: String,
    /// When its credentials were given, in milliseconds since 1970; none where they are not temporary.
    pub issued: Option<i64>,
}

impl Caller {
    /// By access key and session token.
    pub fn of(scope: Option<&Scope>, token: Option<&str>, default: &str, secret: &Secret) -> Self {
        let access_key = scope.map(|scope| scope.access_key.clone()).unwrap_or_default();
        let region = scope.map_or("", |scope| scope.region.as_str());
        let account = account_of(&access_key, default);
        // Whether the session still holds is judged where the request is let in.
        match session::open(secret, &access_key, token, i64::MIN) {
            Ok(session) => Self { access_key, account, arn: session.arn, issued: Some(session.issued) },
            Err(_) => Self { arn: user_arn(region, &account), access_key, account, issued: None },
        }
    }
}

/// The account of an access key: one of twelve digits is the account of that number, a temporary one has its own.
pub(super) fn account_of(access_key: &str, default: &str) -> String {
    let named = session::account_of(access_key).or_else(|| is_account(access_key).then_some(access_key));
    named.unwrap_or(default).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_digits_are_an_account() {
        assert_eq!(account_of("210987654321", DEFAULT_ACCOUNT), "210987654321");
        assert_eq!(account_of("AKIAIOSFODNN7EXAMPLE", DEFAULT_ACCOUNT), DEFAULT_ACCOUNT);
        assert_eq!(account_of(&session::access_key("210987654321"), DEFAULT_ACCOUNT), "210987654321");
    }
}
