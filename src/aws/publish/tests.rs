//! Against a server that keeps what reached it, byte for byte, and answers what it is told.

use std::sync::{Arc, Mutex};

use aws_credential_types::Credentials;
use aws_sdk_lambda::config::{BehaviorVersion, Region};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::aws::clock::AnsweredBy;
use crate::aws::pace::Pace;

const ANSWER: &str = "HTTP/1.1 201 Created\r\ncontent-length: 85\r\n\r\n\
    {\"Version\":7,\"LayerVersionArn\":\"arn:aws:lambda:eu-west-1:123456789012:layer:numpy:7\"}";

/// A server with one answer for everything; an empty one cuts the connection.
struct Server {
    url: String,
    heard: Arc<Mutex<String>>,
}

impl Server {
    async fn answering(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let heard = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut bytes = vec![0; 16 * 1024];
                let mut request = String::new();
                while !request.contains("S3Key") {
                    match client.read(&mut bytes).await {
                        Ok(count @ 1..) => request.push_str(&String::from_utf8_lossy(&bytes[..count])),
                        _ => break,
                    }
                }
                kept.lock().expect("whole").push_str(&request);
                let _ = client.write_all(answer.as_bytes()).await;
            }
        });
        Self { url, heard }
    }

    fn heard(&self) -> String {
        self.heard.lock().expect("whole").clone()
    }

    /// The times that were signed.
    fn signed(&self) -> Vec<String> {
        let heard = self.heard();
        heard.lines().filter_map(|line| line.strip_prefix("x-amz-date: ")).map(str::to_owned).collect()
    }
}

fn lambda(url: &str) -> Lambda {
    let config = aws_sdk_lambda::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(url)
        .credentials_provider(Credentials::new("AKID", "secret", None, None, "test"))
        .build();
    let pace = Arc::new(Pace::new(1_000));
    Lambda::new(
        aws_sdk_lambda::Client::from_conf(config),
        pace,
        &"eu-west-1".parse().expect("a Region"),
        Duration::from_secs(20),
    )
}

/// S3's clock shows this time, to the second, whatever this machine's shows.
fn clock(now: i64) -> ServerClock {
    let clock = ServerClock::default();
    clock.set(AnsweredBy::S3, now);
    clock
}

async fn send(server: &Server, accepted_until: i64, now: i64) -> Sent {
    send_by(&lambda(&server.url), accepted_until, now).await
}

async fn send_by(lambda: &Lambda, accepted_until: i64, now: i64) -> Sent {
    let zip = S3Location { bucket: "artifacts".to_owned(), key: "numpy/layer.zip".to_owned() };
    let (name, settings) = ("numpy".parse().expect("a name"), LayerSettings::default());
    let version =
        NewVersion { name: &name, zip: &zip, zip_version: Some("v1"), storage: Storage::Copy, settings: &settings };
    let turn = lambda.turn(crate::aws::Urgency::Needed).await;
    lambda.publish_until(turn, version, accepted_until, &clock(now)).await
}

/// 2030-01-01T00:00:00Z.
const THEN: i64 = 1_893_456_000_000;

#[tokio::test]
async fn it_is_signed_so_that_it_is_refused_after_its_time() {
    let server = Server::answering(ANSWER).await;
    let sent = send(&server, THEN + 60_999, THEN).await;
    assert!(matches!(&sent, Sent::Published(version, _) if version.arn.number == 7), "{sent:?}");
    assert_eq!(server.signed(), ["20291231T235600Z"], "as of 240 s ago, with the fraction cut off");
}

#[tokio::test]
async fn an_old_signature_teaches_the_client_no_wrong_time() {
    let server =
        Server::answering("HTTP/1.1 429 Too Many\r\ndate: Tue, 01 Jan 2030 00:00:00 GMT\r\ncontent-length: 0\r\n\r\n")
            .await;
    let lambda = lambda(&server.url);
    send_by(&lambda, THEN + 60_000, THEN).await;
    send_by(&lambda, THEN + 60_000, THEN).await;
    assert_eq!(server.signed(), ["20291231T235600Z", "20291231T235600Z"]);
}

#[tokio::test]
async fn after_its_time_nothing_leaves() {
    for now in [THEN + 59_001, THEN + 60_000, THEN + 600_000] {
        let server = Server::answering(ANSWER).await;
        let sent = send(&server, THEN + 60_000, now).await;
        assert!(matches!(sent, Sent::NeverSent(NeverSent::TooLate)), "{sent:?}");
        assert_eq!(server.heard(), "");
    }
}

#[tokio::test]
async fn answers_are_told_apart_by_whether_anything_can_have_been_done() {
    let refusal = |status: &str, code: &str| -> &'static str {
        let body = "{\"message\":\"words\"}";
        let head = format!("HTTP/1.1 {status}\r\nx-amzn-errortype: {code}\r\ncontent-length: {}\r\n\r\n", body.len());
        String::leak(head + body)
    };
    let cases = [
        (refusal("429 Too Many", "TooManyRequestsException"), "Throttled"),
        (refusal("400 Bad", "ThrottlingException"), "Throttled"),
        (refusal("403 Forbidden", "InvalidSignatureException"), "SignatureRefused"),
        (refusal("403 Forbidden", "ExpiredTokenException"), "SignatureRefused"),
        (refusal("403 Forbidden", "AccessDeniedException"), "Refused"),
        (refusal("400 Bad", "InvalidParameterValueException"), "Refused"),
        (refusal("500 Oh", "ServiceException"), "Ambiguous"),
        ("HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}", "Ambiguous"),
        ("HTTP/1.1 201 Created\r\ncontent-length: 200\r\n\r\n{", "Ambiguous"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n<<{{", "Ambiguous"),
        ("", "Ambiguous"),
    ];
    for (answer, expected) in cases {
        let server = Server::answering(answer).await;
        let sent = send(&server, THEN + 60_000, THEN).await;
        assert!(format!("{sent:?}").starts_with(expected), "{answer:?}: {sent:?}");
        assert_eq!(server.signed().len(), 1, "{answer:?} was sent again");
    }
}

#[tokio::test]
async fn a_connection_that_was_never_made_sent_nothing() {
    let unused = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let server = Server { url: format!("http://{unused}"), heard: Arc::default() };
    let sent = send(&server, THEN + 60_000, THEN).await;
    assert!(matches!(sent, Sent::NeverSent(NeverSent::Unconnected(_))), "{sent:?}");
}
