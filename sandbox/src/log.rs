//! The request log: what was asked, what was answered, how many at once. Tests count with it exactly.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use serde::Serialize;

use super::call::{Call, Service};
use super::text;

/// Entries kept; older ones are dropped, while the counts go on.
const KEPT: usize = 10_000;

/// One request.
#[derive(Debug, Clone, Serialize)]
struct Entry {
    sequence: u64,
    time: String,
    service: Service,
    operation: &'static str,
    resource: String,
    account: String,
    region: String,
    /// The ARN of whoever asks: a user's, or a session's of an assumed role.
    caller: String,
    /// The account that the bucket must belong to, as the request says.
    bucket_owner: Option<String>,
    /// When the request was signed, as it says.
    signed: Option<String>,
    /// Of the answer; with `done` false, of an answer that is held back. None before the work is done, and where the
    /// connection was cut.
    status: Option<u16>,
    /// The injected fault, or `quota`.
    fault: Option<&'static str>,
    /// Requests in flight when this one arrived, itself included.
    in_flight: usize,
    milliseconds: Option<u64>,
    done: bool,
}

/// The log of one sandbox; clones write to the same one.
#[derive(Debug, Clone, Default)]
pub(super) struct Log {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    entries: VecDeque<Entry>,
    next: u64,
    total: u64,
    counts: BTreeMap<&'static str, u64>,
    throttled: u64,
    in_flight: usize,
    max_in_flight: usize,
}

/// A request in flight; it is done when this is dropped.
#[derive(Debug)]
pub(super) struct InFlight {
    log: Log,
    sequence: u64,
    started: Instant,
    /// Whether the client still waits.
    waiting: bool,
}

impl InFlight {
    /// Notes an injected fault.
    pub fn fault(&self, name: &'static str) {
        self.note(|entry| entry.fault = Some(name));
    }

    /// Notes the answer.
    pub fn answered(&self, status: u16) {
        self.note(|entry| entry.status = Some(status));
        if matches!(status, 429 | 503) {
            self.log.inner().throttled += 1;
        }
    }

    /// The client waits no longer; its work may still be to be done.
    pub fn left(&mut self) {
        if std::mem::take(&mut self.waiting) {
            let milliseconds = u64::try_from(self.started.elapsed().as_millis()).ok();
            self.note(|entry| entry.milliseconds = milliseconds);
            let mut inner = self.log.inner();
            inner.in_flight = inner.in_flight.saturating_sub(1);
        }
    }

    /// Seen at once: whoever waits for a request to hang looks here.
    fn note(&self, note: impl FnOnce(&mut Entry)) {
        let mut inner = self.log.inner();
        // Sequence numbers are dense, so the entry's place is known; it may be gone.
        let first = inner.entries.front().map_or(0, |entry| entry.sequence);
        let at = self.sequence.checked_sub(first).and_then(|at| usize::try_from(at).ok());
        if let Some(entry) = at.and_then(|at| inner.entries.get_mut(at)) {
            note(entry);
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.left();
        self.note(|entry| entry.done = true);
    }
}

/// What `GET /_sandbox/requests` answers.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    total: u64,
    counts: BTreeMap<&'static str, u64>,
    /// Answers of 429 and 503.
    throttled: u64,
    in_flight: usize,
    max_in_flight: usize,
    requests: Vec<Entry>,
}

impl Log {
    /// A request arrived.
    pub fn begin(&self, call: &Call, now_millis: i64) -> InFlight {
        let mut inner = self.inner();
        let sequence = inner.next;
        inner.next += 1;
        inner.total += 1;
        *inner.counts.entry(call.operation).or_default() += 1;
        inner.in_flight += 1;
        inner.max_in_flight = inner.max_in_flight.max(inner.in_flight);
        if inner.entries.len() == KEPT {
            inner.entries.pop_front();
        }
        let entry = Entry {
            sequence,
            time: text::log_date(now_millis),
            service: call.service,
            operation: call.operation,
            resource: call.resource.clone(),
            account: call.place.account.clone(),
            region: call.place.region.clone(),
            caller: call.caller.arn.clone(),
            bucket_owner: call.bucket_owner.clone(),
            signed: call.signed.map(text::log_date),
            status: None,
            fault: None,
            in_flight: inner.in_flight,
            milliseconds: None,
            done: false,
        };
        inner.entries.push_back(entry);
        drop(inner);
        InFlight { log: self.clone(), sequence, started: Instant::now(), waiting: true }
    }

    /// All of it; the entries only where asked for.
    pub fn report(&self, with_requests: bool) -> Report {
        let inner = self.inner();
        Report {
            total: inner.total,
            counts: inner.counts.clone(),
            throttled: inner.throttled,
            in_flight: inner.in_flight,
            max_in_flight: inner.max_in_flight,
            requests: if with_requests { inner.entries.iter().cloned().collect() } else { Vec::new() },
        }
    }

    /// Starts over; requests in flight stay in flight.
    pub fn clear(&self) {
        let mut inner = self.inner();
        inner.entries.clear();
        inner.counts.clear();
        inner.total = 0;
        inner.throttled = 0;
        inner.max_in_flight = inner.in_flight;
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(operation: &'static str) -> Call {
        Call::sample(Service::S3, operation, "b/k")
    }

    #[test]
    fn counts_and_in_flight() {
        let log = Log::default();
        let first = log.begin(&call("PutObject"), 0);
        let second = log.begin(&call("GetObject"), 0);
        first.answered(503);
        drop(first);
        drop(second);
        drop(log.begin(&call("PutObject"), 0));
        let report = log.report(true);
        assert_eq!((report.total, report.throttled, report.in_flight, report.max_in_flight), (3, 1, 0, 2));
        assert_eq!(report.counts["PutObject"], 2);
        assert_eq!((report.requests[0].status, report.requests[1].status), (Some(503), None));
        log.clear();
        assert_eq!(log.report(true).total, 0);
    }

    #[test]
    fn memory_is_bounded_and_late_answers_find_their_entry() {
        let log = Log::default();
        let early = log.begin(&call("GetObject"), 0);
        for _ in 0..KEPT {
            drop(log.begin(&call("GetObject"), 0));
        }
        drop(early);
        let report = log.report(true);
        assert_eq!((report.requests.len(), report.total), (KEPT, KEPT as u64 + 1));
        assert!(report.requests.iter().all(|entry| entry.done));
    }
}
