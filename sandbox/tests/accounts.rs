//! Accounts and roles, as AWS's own SDK sees them.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/sdk.rs"]
mod sdk;

use aws_sdk_s3::config::Credentials;
use common::{Started, start};
use lambda_layers_sandbox::Options;
use sdk::{Sdk, told};
use serde_json::json;

const ROLE: &str = "arn:aws:iam::333333333333:role/deploy/publisher";

/// Clients of an account.
fn of_account(started: &Started, account: &str) -> Sdk {
    Sdk::of(started, Credentials::new(account, started.sandbox.secret(), None, None, "test"), 0)
}

/// The credentials of the role.
async fn assumed(sdk: &Sdk) -> Result<aws_sdk_sts::types::Credentials, (String, String)> {
    let sent = sdk.sts.assume_role().role_arn(ROLE).role_session_name("run-7").send().await.map_err(told)?;
    Ok(sent.credentials.expect("credentials"))
}

fn with(started: &Started, credentials: &aws_sdk_sts::types::Credentials, token: Option<&str>) -> Sdk {
    let token = token.map(str::to_owned);
    let taken = Credentials::new(&credentials.access_key_id, &credentials.secret_access_key, token, None, "test");
    Sdk::of(started, taken, 0)
}

#[tokio::test]
async fn layers_belong_to_the_account_of_the_access_key() {
    let started = start(|dir| Options::new(dir)).await;
    let (one, other) = (of_account(&started, "111111111111"), of_account(&started, "222222222222"));
    one.publish("numpy").await.expect("published");
    assert_eq!((one.versions("numpy").await, other.versions("numpy").await), (vec![1], vec![]));
}

#[tokio::test]
async fn a_role_gives_credentials_of_its_account_and_the_sessions_name() {
    let started = start(|dir| Options::new(dir)).await;
    let credentials = assumed(&of_account(&started, "111111111111")).await.expect("assumed");
    assert!(credentials.access_key_id.starts_with("ASIA"), "{credentials:?}");
    let role = with(&started, &credentials, Some(&credentials.session_token));
    let identity = role.sts.get_caller_identity().send().await.expect("an identity");
    assert_eq!(identity.arn(), Some("arn:aws:sts::333333333333:assumed-role/publisher/run-7"));
    assert_eq!(
        (identity.account(), identity.user_id().is_some_and(|id| id.ends_with(":run-7"))),
        (Some("333333333333"), true)
    );
    role.publish("numpy").await.expect("published");
    role.s3.list_buckets().send().await.expect("listed");
    assert_eq!(of_account(&started, "333333333333").versions("numpy").await, [1]);
}

#[tokio::test]
async fn a_token_is_needed_and_expires() {
    let started = start(|dir| Options::new(dir)).await;
    let credentials = assumed(&Sdk::at(&started)).await.expect("assumed");
    for token in [None, Some("nonsense"), Some("a.b")] {
        let role = with(&started, &credentials, token);
        assert_eq!(role.publish("numpy").await.expect_err("refused").0, "UnrecognizedClientException");
        assert_eq!(role.s3.list_buckets().send().await.map_err(told).expect_err("refused").0, "InvalidToken");
        let refused = role.sts.get_caller_identity().send().await.map_err(told).expect_err("refused");
        assert_eq!(refused.0, "InvalidClientTokenId");
    }
    let moved = started.control("POST /_sandbox/clock", &json!({"advance_seconds": 3601})).await;
    assert_eq!(moved.status, 200);
    let role = with(&started, &credentials, Some(&credentials.session_token));
    assert_eq!(role.publish("numpy").await.expect_err("refused").0, "ExpiredTokenException");
    assert_eq!(role.s3.list_buckets().send().await.map_err(told).expect_err("refused").0, "ExpiredToken");
}

#[tokio::test]
async fn a_role_that_is_not_known_or_not_allowed_is_refused() {
    let known = |dir: &std::path::Path| Options {
        roles: vec!["arn:aws:iam::333333333333:role/other".to_owned()],
        ..Options::new(dir)
    };
    let started = start(known).await;
    let expected = format!(
        "User: arn:aws:iam::111111111111:user/sandbox is not authorized to perform: sts:AssumeRole on resource: {ROLE}"
    );
    let refused = assumed(&of_account(&started, "111111111111")).await.expect_err("refused");
    assert_eq!(refused, ("AccessDenied".to_owned(), expected.clone()));
    let allowed = start(|dir| Options::new(dir)).await;
    let rule = json!({"operation": "AssumeRole", "match": "*:role/deploy/*", "fault": "access-denied"});
    assert_eq!(allowed.control("POST /_sandbox/faults", &rule).await.status, 200);
    let refused = assumed(&of_account(&allowed, "111111111111")).await.expect_err("refused");
    assert_eq!(refused, ("AccessDenied".to_owned(), expected));
}

#[tokio::test]
async fn signatures_older_than_their_credentials_may_be_refused() {
    let started = start(|dir| Options::new(dir)).await;
    let rule = json!({"operation": "PublishLayerVersion", "fault": "back-dated"});
    assert_eq!(started.control("POST /_sandbox/faults", &rule).await.status, 200);
    let credentials = assumed(&Sdk::at(&started)).await.expect("assumed");
    let taken = Credentials::new(
        &credentials.access_key_id,
        &credentials.secret_access_key,
        Some(credentials.session_token.clone()),
        None,
        "test",
    );
    let back_dated = Sdk::of(&started, taken.clone(), -240).publish("numpy").await.expect_err("refused");
    assert_eq!(back_dated.0, "InvalidSignatureException");
    Sdk::of(&started, taken, 0).publish("numpy").await.expect("signed as of now");
    Sdk::off(&started, -240).publish("numpy").await.expect("a user's credentials are not young");
}
