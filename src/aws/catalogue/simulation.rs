//! The sweep of a large account, on a clock that stands still while anybody has something to do: exact, and over in
//! seconds. Its pages come one after the other, since each names the next, so no sweep can be over before each was under
//! way (pages × latency) and each had its place in the quota (pages ÷ quota). That is the floor.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_lambda::config::http::{HttpRequest, HttpResponse};
use aws_sdk_lambda::config::{BehaviorVersion, Region};
use aws_sdk_lambda::primitives::SdkBody;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::*;
use crate::aws::pace::Pace;

const PAGE: usize = 50;

/// Lambda with so many layers, which takes its time for each page.
#[derive(Clone, Debug)]
struct Service {
    layers: usize,
    latency: Duration,
    /// How many pages it was asked for.
    pages: Arc<AtomicUsize>,
}

fn name(number: usize) -> String {
    format!("layer-{number:05}")
}

impl Service {
    fn page(&self, uri: &str) -> String {
        let marker = uri.split_once("Marker=").and_then(|(_, rest)| rest.split('&').next());
        let from: usize = marker.map_or(0, |marker| marker.parse().expect("a marker of ours"));
        let to = self.layers.min(from + PAGE);
        let layer = |number| {
            let name = name(number);
            let arn = format!("arn:aws:lambda:eu-west-1:123456789012:layer:{name}:1");
            serde_json::json!({
                "LayerName": name, "LatestMatchingVersion": { "Version": 1, "LayerVersionArn": arn }
            })
        };
        let next = (to < self.layers).then(|| to.to_string());
        serde_json::json!({ "Layers": (from..to).map(layer).collect::<Vec<_>>(), "NextMarker": next }).to_string()
    }
}

impl HttpConnector for Service {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (service, uri) = (self.clone(), request.uri().to_owned());
        self.pages.fetch_add(1, Ordering::Relaxed);
        HttpConnectorFuture::new(async move {
            sleep(service.latency).await;
            Ok(HttpResponse::new(200.try_into().expect("a status"), SdkBody::from(service.page(&uri))))
        })
    }
}

/// When the last layer of each page was known, in seconds since the sweep began, and how many pages were asked for by then.
async fn swept(layers: usize, latency: Duration, per_second: u32) -> Vec<(f64, usize)> {
    let service = Service { layers, latency, pages: Arc::default() };
    let connector = SharedHttpConnector::new(service.clone());
    let config = aws_sdk_lambda::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url("http://lambda.invalid")
        .credentials_provider(Credentials::new("AKID", "secret", None, None, "test"))
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .build();
    let client = aws_sdk_lambda::Client::from_conf(config);
    let region = "eu-west-1".parse().expect("a Region");
    let lambda = Lambda::new(client, Arc::new(Pace::new(per_second)), &region, Duration::from_secs(30));
    let names: Vec<LayerName> = (0..layers).map(|number| name(number).parse().expect("a name")).collect();
    let (catalogue, began) = (Arc::new(Catalogue::default()), Instant::now());
    catalogue.want(&lambda, names.iter().cloned().collect());
    let mut known = JoinSet::new();
    for name in names.into_iter().skip(PAGE - 1).step_by(PAGE) {
        let (catalogue, pages) = (Arc::clone(&catalogue), Arc::clone(&service.pages));
        known.spawn(async move {
            let looked_up = catalogue.look_up(&name).await;
            assert!(matches!(looked_up, LookedUp::Latest(_)), "{name}: {looked_up:?}");
            (began.elapsed().as_secs_f64(), pages.load(Ordering::Relaxed))
        });
    }
    let mut known = known.join_all().await;
    known.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    known
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_layers_are_swept_within_a_tenth_of_the_floor_and_known_page_by_page() {
    // By latency, and by quota.
    for (latency, per_second) in [(80, 15), (250, 15), (20, 15), (80, 5)] {
        let latency = Duration::from_millis(latency);
        let known = swept(10_000, latency, per_second).await;
        assert_eq!(known.len(), 200);
        let floor = (200.0 * latency.as_secs_f64()).max(199.0 / f64::from(per_second));
        let case = format!("{latency:?} at {per_second}/s, floor {floor:.1} s");
        let ((half, _), (all, pages)) = (known[99], known[199]);
        assert_eq!(pages, 200, "{case}");
        assert!(all <= 1.1 * floor, "{case}: {all:.2} s");
        // A job does not wait for the end of the sweep.
        assert!(half <= 0.56 * floor, "{case}: {half:.2} s for half of them");
    }
}

/// Whoever waits for a page has requests to make once it is there, and the next page would come behind them all if it had to
/// wait for its turn.
#[tokio::test(start_paused = true)]
async fn the_next_page_is_under_way_before_anybody_learns_of_one() {
    let known = swept(10_000, Duration::from_millis(80), 15).await;
    for (page, (_, asked)) in known.into_iter().enumerate() {
        assert_eq!(asked, 200.min(page + 2), "after page {}", page + 1);
    }
}
