//! Temporary credentials, as AssumeRole gives them. Nothing is kept: the access key tells the account, the secret follows
//! from the access key, and the session token says the rest, signed by the sandbox.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use super::account::is_account;
use super::secret::Secret;
use super::signature::hmac;
use super::text;

/// How AWS's temporary access keys begin.
const PREFIX: &str = "ASIA";

/// Who the credentials stand for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Session {
    pub access_key: String,
    /// `arn:aws:sts::123456789012:assumed-role/publisher/run-7`
    pub arn: String,
    /// Milliseconds since 1970.
    pub issued: i64,
    pub expires: i64,
}

/// Why a session token is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// It is not one that the sandbox gave for this access key, or it is missing.
    Invalid,
    Expired,
}

/// A new access key of an account: as long as AWS's are.
pub(super) fn access_key(account: &str) -> String {
    format!("{PREFIX}{account}{}", text::unique_id()[..4].to_uppercase())
}

/// The account of a temporary access key.
pub(super) fn account_of(access_key: &str) -> Option<&str> {
    let account = access_key.strip_prefix(PREFIX)?.get(..12)?;
    (access_key.len() == 20 && is_account(account)).then_some(account)
}

/// The secret of a temporary access key.
pub(super) fn secret_of(secret: &Secret, access_key: &str) -> String {
    text::hex(&hmac(secret.as_str().as_bytes(), format!("secret of {access_key}").as_bytes()))
}

/// The token of a session.
pub(super) fn token(secret: &Secret, session: &Session) -> String {
    let told = URL_SAFE_NO_PAD.encode(serde_json::to_vec(session).unwrap_or_default());
    format!("{told}.{}", signed(secret, &told))
}

fn signed(secret: &Secret, told: &str) -> String {
    text::hex(&hmac(secret.as_str().as_bytes(), format!("token {told}").as_bytes()))
}

/// The session of a temporary access key, from the token that came with it.
pub(super) fn open(secret: &Secret, access_key: &str, token: Option<&str>, now: i64) -> Result<Session, Refused> {
    let (told, claimed) = token.and_then(|token| token.split_once('.')).ok_or(Refused::Invalid)?;
    if !bool::from(signed(secret, told).as_bytes().ct_eq(claimed.as_bytes())) {
        return Err(Refused::Invalid);
    }
    let session = URL_SAFE_NO_PAD.decode(told).ok().and_then(|told| serde_json::from_slice::<Session>(&told).ok());
    let session = session.filter(|session| session.access_key == access_key).ok_or(Refused::Invalid)?;
    if now >= session.expires { Err(Refused::Expired) } else { Ok(session) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_key_and_its_time() {
        let secret = Secret::new(None).expect("random");
        let key = access_key("123456789012");
        assert_eq!(account_of(&key), Some("123456789012"));
        let arn = "arn:aws:sts::123456789012:assumed-role/publisher/run".to_owned();
        let session = Session { access_key: key.clone(), arn, issued: 0, expires: 1000 };
        let token = token(&secret, &session);
        assert_eq!(open(&secret, &key, Some(&token), 999), Ok(session));
        assert_eq!(open(&secret, &key, Some(&token), 1000), Err(Refused::Expired));
        let forged = token.replace('.', "A.");
        for (key, token) in [(&access_key("123456789012"), Some(&*token)), (&key, Some(&forged)), (&key, None)] {
            assert_eq!(open(&secret, key, token, 0), Err(Refused::Invalid));
        }
        assert!(open(&Secret::new(None).expect("random"), &key, Some(&token), 0).is_err());
    }

    #[test]
    fn only_keys_of_that_form_are_temporary() {
        for key in
            ["AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE", "ASIA123456789012", "123456789012", "sandbox", "ASIÄ"]
        {
            assert_eq!(account_of(key), None, "{key}");
        }
    }
}
