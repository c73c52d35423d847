//! The answer to a request, and the connection it goes to.

use std::sync::Arc;
use std::time::Duration;

use hyper::Response;
use s3s::Body;
use tokio::sync::oneshot;

use super::log::InFlight;
use super::shared::Shared;

/// The connection is closed without an answer.
#[derive(Debug)]
pub(super) struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the connection is closed without an answer")
    }
}

impl std::error::Error for Cut {}

/// Where the answer goes. Dropped without one, the connection is closed.
pub(super) struct Reply {
    sender: Option<oneshot::Sender<Response<Body>>>,
    in_flight: InFlight,
    shared: Arc<Shared>,
    /// How far the clock moves on once the answer is dated.
    advances: Duration,
}

impl Reply {
    /// The answer of one request.
    pub fn new(sender: oneshot::Sender<Response<Body>>, in_flight: InFlight, shared: &Arc<Shared>) -> Self {
        Self { sender: Some(sender), in_flight, shared: Arc::clone(shared), advances: Duration::ZERO }
    }

    /// Notes what befell the request.
    pub fn note(&mut self, fault: &'static str) {
        self.in_flight.fault(fault);
    }

    /// Moves the clock on once the answer is dated.
    pub fn advances(&mut self, by: Duration) {
        self.advances = by;
    }

    /// Notes the status of an answer that may not be sent.
    pub fn worked(&self, status: u16) {
        self.in_flight.answered(status);
    }

    /// Sends the answer.
    pub async fn send(mut self, response: Response<Body>) {
        self.in_flight.answered(response.status().as_u16());
        let dated = self.date(Some(response)).await;
        self.hand_over(dated);
    }

    /// Dates an answer, and lets the time pass that is to pass then.
    pub async fn date(&mut self, response: Option<Response<Body>>) -> Option<Response<Body>> {
        let clock = self.shared.store.clock();
        // The client must not see an answer of the time that passes now.
        let dated = response.map(|response| clock.dated(response));
        let by = std::mem::take(&mut self.advances);
        if !by.is_zero() {
            self.shared.agenda.advance(clock, by).await;
        }
        dated
    }

    /// Sends a dated answer, or closes the connection. Work may still be to be done; it ends when this is dropped.
    pub fn hand_over(&mut self, response: Option<Response<Body>>) {
        self.in_flight.left();
        if let (Some(sender), Some(response)) = (self.sender.take(), response) {
            // The client may have left.
            let _ = sender.send(response);
        }
    }

    /// Closes the connection.
    pub async fn cut(mut self) {
        self.date(None).await;
        self.hand_over(None);
    }

    /// Waits until the client leaves.
    pub async fn closed(&mut self) {
        if let Some(sender) = &mut self.sender {
            sender.closed().await;
        }
    }
}
