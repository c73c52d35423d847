//! Lambda's layer API: paced, retried where that is safe, and never believed without a look.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::http::HttpResponse;
use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_lambda::types::LayerVersionsListItem;
use tokio::time::{Instant, sleep};

use super::answer::{self, listed_version, odd_answer};
use super::call::Call;
use super::download::Downloads;
use super::failure::{Failure, FailureKind};
use super::pace::{Pace, Urgency};
use super::patience;
use super::trace::ATTEMPT;
use crate::event::Fact;
use crate::layer::{LayerName, LayerVersion, Region};
use crate::outcome::JobError;

/// The action that lists the versions of a layer.
const LIST: &str = "lambda:ListLayerVersions";
/// Entries a page of a list has at most (API model).
const PAGE: i32 = 50;
/// Most pages of a list that are read: a layer with more versions than these hold has none to speak of.
const MOST_PAGES: usize = 200;
/// Attempts of a call that failed without a throttle, where sending it twice does no harm.
const ATTEMPTS: u32 = 4;
/// How long a page of all layers is asked for again: without it, each layer is asked for by itself, fifty times as many calls.
const PAGE_PATIENCE: Duration = Duration::from_secs(20);
/// How long a call may go on being throttled before its job fails.
const THROTTLE_PATIENCE: Duration = Duration::from_secs(600);

/// The layers of one account and Region.
#[derive(Clone, Debug)]
pub struct Lambda {
    client: Client,
    pace: Arc<Pace>,
    region: Region,
    request_timeout: Duration,
    downloads: Downloads,
}

/// A page of ListLayers.
#[derive(Clone, Debug)]
pub struct LayersPage {
    /// Name and latest version of each layer.
    pub layers: Vec<(LayerName, LayerVersion)>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<String>,
}

impl Lambda {
    /// Wraps a client whose own retries are off: they would not be paced, and would publish twice.
    pub fn new(client: Client, pace: Arc<Pace>, region: &Region, request_timeout: Duration) -> Self {
        Self { client, pace, region: region.clone(), request_timeout, downloads: Downloads::default() }
    }

    /// The highest version of a layer; `None` if there is none.
    ///
    /// AWS documents no order of the list. A first page that is strictly descending is believed to begin with the
    /// newest version; otherwise all pages are read.
    ///
    /// # Errors
    /// Whatever the service refuses, and answers that name no version.
    pub async fn latest(&self, name: &LayerName) -> Result<Option<LayerVersion>, JobError> {
        let call = self.call(LIST, name.as_str());
        let mut marker: Option<String> = None;
        let mut latest: Option<LayerVersionsListItem> = None;
        for _ in 0..MOST_PAGES {
            let page = self.versions_page(name, &mut marker).await?;
            let descending = page.windows(2).all(|pair| pair[0].version > pair[1].version);
            latest = latest.into_iter().chain(page).max_by_key(|item| item.version);
            if marker.is_none() || descending && latest.is_some() {
                return latest.map(|item| listed_version(item, &call)).transpose();
            }
        }
        Err(odd_answer(&call, "no end"))
    }

    /// All versions of a layer, the newest first.
    ///
    /// # Errors
    /// Whatever the service refuses, and answers that name no version.
    pub async fn versions(&self, name: &LayerName) -> Result<Vec<LayerVersion>, JobError> {
        let call = self.call(LIST, name.as_str());
        let mut marker: Option<String> = None;
        let mut versions = BTreeMap::new();
        for _ in 0..MOST_PAGES {
            for item in self.versions_page(name, &mut marker).await? {
                let version = listed_version(item, &call)?;
                versions.insert(version.arn.number, version);
            }
            if marker.is_none() {
                return Ok(versions.into_values().rev().collect());
            }
        }
        Err(odd_answer(&call, "no end"))
    }

    /// The page of versions that the marker names; the marker then names the next one, or none.
    async fn versions_page(
        &self,
        name: &LayerName,
        marker: &mut Option<String>,
    ) -> Result<Vec<LayerVersionsListItem>, JobError> {
        let call = self.call(LIST, name.as_str());
        let send = || {
            self.client
                .list_layer_versions()
                .layer_name(name.as_str())
                .max_items(PAGE)
                .set_marker(marker.clone())
                .send()
        };
        let page = match self.retried(Urgency::Needed, send).await {
            Ok(page) => page,
            Err(failure) if is_not_found(&failure) => {
                *marker = None;
                return Ok(Vec::new());
            }
            Err(failure) => return Err(failure.into_error(&call)),
        };
        let next = page.next_marker.filter(|next| !next.is_empty());
        if next.is_some() && next == *marker {
            return Err(odd_answer(&call, "the same next page again"));
        }
        *marker = next;
        Ok(page.layer_versions.unwrap_or_default())
    }

    /// One page of all layers with their latest versions, from the page that `marker` names.
    ///
    /// # Errors
    /// Whatever the service refuses: a role may lack `lambda:ListLayers`, which cannot be restricted to one layer.
    pub async fn layers(&self, marker: Option<String>) -> Result<LayersPage, JobError> {
        let call = self.regional("lambda:ListLayers", "all layers");
        // A sweep reads on before anybody asks for what it will find.
        let urgency = if marker.is_none() { Urgency::Needed } else { Urgency::Ahead };
        let send = || self.client.list_layers().max_items(PAGE).set_marker(marker.clone()).send();
        let page = self.retried_for(PAGE_PATIENCE, urgency, send).await.map_err(|failure| failure.into_error(&call))?;
        let layers = page.layers.unwrap_or_default().into_iter().filter_map(|layer| {
            let latest = listed_version(layer.latest_matching_version?, &call).ok()?;
            Some((layer.layer_name?.parse().ok()?, latest))
        });
        let layers = layers.collect();
        Ok(LayersPage { layers, next: page.next_marker.filter(|marker| !marker.is_empty()) })
    }

    /// SHA-256 of a version's content, and what it was published with; `None` if there is no such version.
    ///
    /// # Errors
    /// Whatever the service refuses.
    pub async fn version(&self, name: &LayerName, version: u64) -> Result<Option<LayerVersion>, JobError> {
        let call = self.call("lambda:GetLayerVersion", &format!("{name}:{version}"));
        let number = i64::try_from(version).map_err(|_| odd_answer(&call, "a version number out of range"))?;
        let send = || self.client.get_layer_version().layer_name(name.as_str()).version_number(number).send();
        match self.retried(Urgency::Needed, send).await {
            Ok(found) => answer::version(found, name, version, &call).map(Some),
            Err(failure) if is_not_found(&failure) => Ok(None),
            Err(failure) => Err(failure.into_error(&call)),
        }
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) fn pace(&self) -> &Arc<Pace> {
        &self.pace
    }

    pub(super) fn request_timeout(&self) -> Duration {
        self.request_timeout
    }

    pub(super) fn publish_timeout(&self) -> Duration {
        self.request_timeout * 4
    }

    pub(super) fn downloads(&self) -> &Downloads {
        &self.downloads
    }

    /// A call about something of this Region.
    pub(super) fn regional(&self, action: &'static str, what: &str) -> Call {
        Call::lambda(action, format!("{what} in {}", self.region), &self.region)
    }

    pub(super) fn call(&self, action: &'static str, name: &str) -> Call {
        self.regional(action, &format!("layer `{name}`"))
    }

    /// Sends a call that may be sent twice without harm, until it succeeds or patience ends.
    pub(super) async fn retried<T, E, F>(&self, urgency: Urgency, send: impl Fn() -> F) -> Result<T, Failure>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        self.retried_for(Duration::ZERO, urgency, send).await
    }

    /// The same, with at least so much patience.
    async fn retried_for<T, E, F>(
        &self,
        patience: Duration,
        urgency: Urgency,
        send: impl Fn() -> F,
    ) -> Result<T, Failure>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let (mut attempt, began) = (1, Instant::now());
        let mut sending = Sending { urgency, attempt: 0 };
        loop {
            match self.throttled_only(&mut sending, &send).await {
                // The first request of all may be signed by a wrong clock, before anybody told the time.
                Err(failure) if failure.is_of_a_wrong_clock() && attempt == 1 => attempt += 1,
                Err(failure) if failure.may_pass() && (attempt < ATTEMPTS || began.elapsed() < patience) => {
                    sleep(backoff(attempt)).await;
                    attempt += 1;
                }
                other => return other,
            }
        }
    }

    /// Sends a call when its turn has come, and again as long as it is throttled.
    async fn throttled_only<T, E, F>(&self, sending: &mut Sending, send: impl Fn() -> F) -> Result<T, Failure>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let started = Instant::now();
        loop {
            let turn = self.pace.turn(sending.urgency).await;
            sending.attempt += 1;
            if sending.urgency == Urgency::Again {
                patience::tell(Fact::TurnGiven { requests_per_second: turn.requests_per_second() });
            }
            let failure = match ATTEMPT.scope(sending.attempt, send()).await {
                Ok(answer) => {
                    turn.succeeded();
                    return Ok(answer);
                }
                Err(error) => Failure::of(&error),
            };
            match failure.kind {
                FailureKind::Throttled => {
                    patience::tell(Fact::Throttled);
                    turn.throttled(failure.answer.retry_after);
                }
                // Lambda counts what it refuses, too: "not found" is the usual answer where nothing is shared.
                FailureKind::Refused | FailureKind::Ambiguous => {
                    turn.succeeded();
                    return Err(failure);
                }
                FailureKind::NotSent => return Err(failure),
            }
            sending.urgency = Urgency::Again;
            if started.elapsed() > THROTTLE_PATIENCE {
                return Err(failure);
            }
        }
    }
}

/// How far the sending of one call has come.
struct Sending {
    urgency: Urgency,
    /// Attempts so far, throttled ones among them.
    attempt: u32,
}

/// 0.2 s, 0.4 s, 0.8 s …
pub fn backoff(attempt: u32) -> Duration {
    Duration::from_millis(100) * 2u32.saturating_pow(attempt.min(6))
}

pub(super) fn is_not_found(failure: &Failure) -> bool {
    failure.answer.code.as_deref() == Some("ResourceNotFoundException")
}
