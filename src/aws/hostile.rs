//! Endpoints that are not the service: bodies without an end, bodies that trickle, pages that never end, versions that
//! nobody asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_lambda::config::BehaviorVersion;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::sleep;

use super::bounds::Bounded;
use super::clock::ServerClock;
use super::lambda::Lambda;
use super::owners::Owners;
use super::pace::Pace;
use super::patience::watched;
use super::s3::{S3, Staged};
use super::staging::part_size;
use super::trace::RequestLog;
use super::upload::Upload;
use super::zip::StagedZip;
use crate::archive::LocalZip;
use crate::event::Fact;
use crate::halt::Halt;
use crate::layer::{Md5, Region, S3Location};
use crate::outcome::{ErrorCode, JobError};

/// What it does with a connection on which it was asked something.
#[derive(Clone, Copy)]
enum Manner {
    /// Nothing, ever; and from then on the test's clock goes on only while all wait.
    Hangs,
    /// One answer.
    Says(&'static str),
    /// A head, and then for ever these bytes, with a pause after each time.
    Goes(&'static str, &'static [u8], Duration),
}

struct Server {
    url: String,
    requests: Arc<AtomicUsize>,
    sent: Arc<AtomicUsize>,
}

impl Server {
    async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let server = Self { url, requests: Arc::default(), sent: Arc::default() };
        let (requests, sent) = (Arc::clone(&server.requests), Arc::clone(&server.sent));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, manner, Arc::clone(&requests), Arc::clone(&sent)));
            }
        });
        server
    }

    fn lambda(&self) -> Lambda {
        let config = aws_sdk_lambda::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(aws_sdk_lambda::config::Region::new("eu-west-1"))
            .endpoint_url(&self.url)
            .retry_config(aws_sdk_lambda::config::retry::RetryConfig::disabled())
            .credentials_provider(Credentials::new("AKID", "secret", None, None, "test"))
            .interceptor(Bounded)
            .interceptor(RequestLog::of("east"))
            .build();
        let client = aws_sdk_lambda::Client::from_conf(config);
        Lambda::new(client, Arc::new(Pace::new(1_000)), &region(), Duration::from_secs(5))
    }

    fn s3(&self) -> S3 {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(aws_sdk_s3::config::Region::new("eu-west-1"))
            .endpoint_url(&self.url)
            .credentials_provider(Credentials::new("AKID", "secret", None, None, "test"))
            .interceptor(Bounded)
            .build();
        let client = aws_sdk_s3::Client::from_conf(config);
        S3::new(client, &region(), Owners::default(), ServerClock::default(), Duration::from_millis(100))
    }
}

async fn serve(mut client: TcpStream, manner: Manner, requests: Arc<AtomicUsize>, sent: Arc<AtomicUsize>) {
    let mut bytes = vec![0; 16 * 1024];
    while let Ok(1..) = client.read(&mut bytes).await {
        requests.fetch_add(1, Ordering::Relaxed);
        match manner {
            Manner::Hangs => tokio::time::pause(),
            Manner::Says(answer) => {
                let _ = client.write_all(answer.as_bytes()).await;
            }
            Manner::Goes(head, piece, pause) => {
                let _ = client.write_all(head.as_bytes()).await;
                while client.write_all(piece).await.is_ok() {
                    sent.fetch_add(piece.len(), Ordering::Relaxed);
                    sleep(pause).await;
                }
            }
        }
    }
}

fn region() -> Region {
    "eu-west-1".parse().expect("a Region")
}

fn at() -> S3Location {
    S3Location { bucket: "artifacts".to_owned(), key: "numpy/layer.zip".to_owned() }
}

fn staged(size: u64) -> Staged {
    Staged {
        manifest_md5: None,
        includes: None,
        sha256: None,
        size,
        note: None,
        tree: None,
        etag: Some("\"e\"".to_owned()),
        version_id: None,
        modified: None,
        class: None,
    }
}

fn answer(body: &str) -> &'static str {
    String::leak(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
}

#[tokio::test]
async fn an_answer_without_an_end_is_broken_off() {
    static PIECE: [u8; 64 * 1024] = [b' '; 64 * 1024];
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n";
    let server = Server::start(Manner::Goes(head, &PIECE, Duration::ZERO)).await;
    let error = server.lambda().latest(&"numpy".parse().expect("a name")).await.expect_err("no answer");
    assert_eq!(error.code, ErrorCode::Network);
    assert!(error.causes.concat().contains("length limit exceeded"), "{:?}", error.causes);
    let (sent, attempts) = (server.sent.load(Ordering::Relaxed), server.requests.load(Ordering::Relaxed));
    assert!(sent < attempts * 32 * 1024 * 1024, "{sent} bytes were taken in {attempts} attempts");
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_told_with_its_request() {
    let server = Server::start(Manner::Hangs).await;
    let (tell, mut told) = unbounded_channel();
    let (lambda, name) = (server.lambda(), "numpy".parse().expect("a name"));
    let fact = tokio::select! {
        answer = watched(Arc::new(move |fact| _ = tell.send(fact)), lambda.latest(&name)) => panic!("{answer:?}"),
        fact = told.recv() => fact,
    };
    let Some(Fact::Unanswered(request)) = fact else { panic!("{fact:?}") };
    assert_eq!((request.service.as_str(), request.operation.as_str()), ("Lambda", "ListLayerVersions"));
}

#[tokio::test]
async fn a_body_that_trickles_has_a_deadline() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\netag: \"e\"\r\nlast-modified: Tue, 01 Jan 2030 00:00:00 GMT\r\n\r\n";
    let server = Server::start(Manner::Goes(head, b"x", Duration::from_millis(20))).await;
    let s3 = server.s3();
    let late = |error: Option<JobError>, what: &str| {
        let error = error.unwrap_or_else(|| panic!("{what} came to an end"));
        assert_eq!(error.code, ErrorCode::Timeout, "{what}: {error}");
        assert!(error.message.contains("reading s3://artifacts/numpy/layer.zip took longer"), "{error}");
    };
    late(s3.backup(&at(), Some(Md5::of(b""))).await.err(), "a backup");
    late(s3.read_lock(&at()).await.err(), "a lock");
    let mut zip = StagedZip::new(s3, at(), staged(1_000));
    late(zip.sha256().await.err(), "a digest");
    late(zip.read_at(0, 1_000).await.err(), "a range");
}

#[tokio::test]
async fn an_archive_that_is_longer_than_its_head_told_is_not_read_to_its_end() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\netag: \"e\"\r\n\r\n";
    let server = Server::start(Manner::Goes(head, &[b'x'; 1_000], Duration::from_millis(1))).await;
    let error = StagedZip::new(server.s3(), at(), staged(2_500)).sha256().await.expect_err("another size");
    assert!(error.causes.concat().contains("2500 bytes"), "{error:?}");
}

#[tokio::test]
async fn pages_that_come_again_and_again_end() {
    let item = |number: u64| {
        format!(
            "{{\"Version\":{number},\"LayerVersionArn\":\"arn:aws:lambda:eu-west-1:123456789012:layer:numpy:{number}\"}}"
        )
    };
    // In no order, so that all pages have to be read.
    let page = format!("{{\"LayerVersions\":[{},{}],\"NextMarker\":\"again\"}}", item(1), item(2));
    let server = Server::start(Manner::Says(answer(&page))).await;
    let error = server.lambda().latest(&"numpy".parse().expect("a name")).await.expect_err("no end");
    assert!(error.message.contains("the same next page again"), "{error}");
    assert_eq!(server.requests.load(Ordering::Relaxed), 2);
}

/// What deletes versions asks who uses them: only Lambda's own list may say that nobody does.
#[tokio::test]
async fn functions_are_believed_only_from_a_list_that_ends() {
    let table = [
        ("{}", "no list of functions", 1),
        ("{\"Functions\":null}", "no list of functions", 1),
        ("{\"Functions\":[],\"NextMarker\":\"again\"}", "the same next page again", 2),
    ];
    for (page, what, requests) in table {
        let server = Server::start(Manner::Says(answer(page))).await;
        let error = server.lambda().uses().await.expect_err(what);
        assert!(error.message.contains(what), "{error}");
        assert_eq!(server.requests.load(Ordering::Relaxed), requests, "{page}");
        assert!(server.lambda().functions(false).await.is_err_and(|error| error.message.contains(what)), "{page}");
    }
    let server = Server::start(Manner::Says(answer("{\"Functions\":[]}"))).await;
    assert!(server.lambda().functions(true).await.is_ok_and(|none| none.is_empty()));
    assert!(server.lambda().uses().await.is_ok());
}

#[tokio::test]
async fn a_version_that_was_not_asked_for_is_not_taken() {
    let version = |name: &str| {
        format!("{{\"Version\":8,\"LayerVersionArn\":\"arn:aws:lambda:eu-west-1:123456789012:layer:{name}:8\"}}")
    };
    let numpy = "numpy".parse().expect("a name");
    let server = Server::start(Manner::Says(answer(&version("numpy")))).await;
    assert!(server.lambda().version(&numpy, 8).await.is_ok_and(|found| found.is_some()));
    let error = server.lambda().version(&numpy, 7).await.expect_err("another one");
    assert!(error.message.contains("another version than was asked for"), "{error}");
    let server = Server::start(Manner::Says(answer(&version("scipy")))).await;
    server.lambda().version(&numpy, 8).await.expect_err("another layer");
}

/// 1,000 keys of 1,024 bytes, each byte written with six.
#[tokio::test]
async fn the_longest_page_that_s3_has_is_read() {
    let item = |number: u32| {
        let key = format!("numpy/{number:04}{}", "&quot;".repeat(1024 - "numpy/0000".len()));
        format!(
            "<Contents><Key>{key}</Key><LastModified>2030-01-01T00:00:00.000Z</LastModified><ETag>&quot;{:032}&quot;</ETag>\
             <ChecksumAlgorithm>SHA256</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType><Size>1</Size>\
             <StorageClass>INTELLIGENT_TIERING</StorageClass></Contents>",
            0
        )
    };
    let page = format!("<ListBucketResult>{}</ListBucketResult>", (0..1000).map(item).collect::<String>());
    let server = Server::start(Manner::Says(answer(&page))).await;
    let below = S3Location { key: "numpy".to_owned(), ..at() };
    let found = server.s3().directly_below(&below).await.expect("a page");
    assert_eq!((found.len(), found[0].key.len()), (1000, 1024));
}

/// A server that takes whatever comes: what was sent is compared here.
#[tokio::test]
async fn parts_are_not_joined_where_nobody_compared_them_and_the_zip_changed() {
    let body = "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>";
    let says = format!("HTTP/1.1 200 OK\r\netag: \"e\"\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let server = Server::start(Manner::Says(String::leak(says))).await;
    let size = 33 << 20;
    let file = tempfile::tempfile().expect("a file");
    file.set_len(size).expect("room");
    let zip = LocalZip::new(file.try_clone().expect("a handle"), size);
    let digests = zip.digests(part_size(size), &Halt::default()).expect("digests");
    assert_eq!(digests.parts.len(), 5);
    let upload = Upload {
        path: "layer.zip",
        zip: &zip,
        sha256: digests.whole,
        parts: &digests.parts[4..],
        tree: None,
        manifest_md5: Md5::of(b""),
        includes: None,
        note: None,
        tell: Arc::new(|_| {}),
    };
    let error = server.s3().stage(&at(), &upload).await.expect_err("nothing that says it was joined");
    assert_eq!(error.code, ErrorCode::Network, "{error:?}");
    std::os::unix::fs::FileExt::write_all_at(&file, b"x", size - 1).expect("a byte");
    let error = server.s3().stage(&at(), &upload).await.expect_err("other bytes");
    assert_eq!(error.message, "the archive `layer.zip` changed while it was sent to s3://artifacts/numpy/layer.zip");
    assert_eq!(error.causes, ["bytes 33554432 to 34603008 are not those that were digested"]);
}
