//! The sandbox's clock: the machine's, or as far from it as the start says, moved on as far as a test or a rehearsal asked,
//! and never back. What takes a lease to run out can so be seen at once. After a restart nothing of it is left.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use hyper::Response;
use hyper::header::{DATE, HeaderValue};
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::Instant;

use super::text;

/// How far it can be moved on: ten years. Dates stay dates that every client can read.
const FURTHEST: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// The clock of one sandbox; clones tell the same time.
#[derive(Debug, Clone)]
pub(super) struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// What the machine's clock showed when this one began, and since when it goes by itself: tokio's clock, which a
    /// test can pause and let fly.
    began: (i64, Instant),
    /// Milliseconds by which it is ahead of the machine's from the start, or behind.
    offset: AtomicI64,
    ahead: watch::Sender<Duration>,
    /// The latest time that was told: the machine's own clock may be set back meanwhile.
    told: AtomicI64,
}

impl Default for Clock {
    fn default() -> Self {
        let began = (Timestamp::now().as_millisecond(), Instant::now());
        let (offset, told) = (AtomicI64::new(0), AtomicI64::new(i64::MIN));
        Self(Arc::new(Inner { began, offset, ahead: watch::Sender::default(), told }))
    }
}

impl Clock {
    /// Sets it ahead of the machine's, or behind: before anybody was told a time, since it never goes back.
    pub fn set_offset(&self, seconds: i32) {
        self.0.offset.store(i64::from(seconds) * 1000, Ordering::Relaxed);
    }

    /// Milliseconds since 1970.
    pub fn now_millis(&self) -> i64 {
        let ahead = i64::try_from(self.ahead().as_millis()).unwrap_or_default();
        let (began, since) = self.0.began;
        let passed = i64::try_from(since.elapsed().as_millis()).unwrap_or_default();
        let offset = self.0.offset.load(Ordering::Relaxed);
        let now = began.saturating_add(offset).saturating_add(passed).saturating_add(ahead);
        now.max(self.0.told.fetch_max(now, Ordering::Relaxed))
    }

    /// How far ahead it would be, if it were moved on by so much; none if that is further than it goes.
    pub fn ahead_after(&self, by: Duration) -> Option<Duration> {
        self.ahead().checked_add(by).filter(|ahead| *ahead <= FURTHEST)
    }

    /// Moves the clock on until it is that much ahead of the machine's; never back.
    pub fn set_ahead(&self, to: Duration) {
        self.0.ahead.send_if_modified(|ahead| {
            let further = to > *ahead;
            *ahead = to.max(*ahead);
            further
        });
    }

    /// Moves the clock on to that time, unless it would then be further ahead than `most`. Whether that time has come.
    pub fn reach(&self, millis: i64, most: Duration) -> bool {
        let left = u64::try_from(millis.saturating_sub(self.now_millis())).unwrap_or_default();
        let ahead = self.ahead().saturating_add(Duration::from_millis(left));
        if ahead <= most {
            self.set_ahead(ahead);
        }
        ahead <= most
    }

    /// Waits until it is that time: as long as it takes, or until the clock is moved on.
    pub async fn until(&self, millis: i64) {
        let mut ahead = self.0.ahead.subscribe();
        while let Ok(left @ 1..) = u64::try_from(millis.saturating_sub(self.now_millis())) {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(left)) => {}
                _ = ahead.changed() => {}
            }
        }
    }

    /// How far it was moved on.
    pub fn ahead(&self) -> Duration {
        *self.0.ahead.borrow()
    }

    /// Answers tell the time by this clock: clients judge by it how old an object is.
    pub fn dated<B>(&self, mut response: Response<B>) -> Response<B> {
        if let Ok(date) = HeaderValue::try_from(text::http_date(self.now_millis())) {
            response.headers_mut().insert(DATE, date);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_moves_on_and_never_back() {
        let (clock, other) = (Clock::default(), Clock::default());
        let before = clock.now_millis();
        clock.set_ahead(clock.ahead_after(Duration::from_secs(90)).expect("as far as that"));
        clock.set_ahead(Duration::from_secs(5));
        assert!(clock.now_millis() - before >= 90_000);
        assert!(other.now_millis() - before < 60_000, "another sandbox's clock moved too");
        assert!(clock.ahead_after(Duration::MAX).is_none() && clock.ahead_after(FURTHEST).is_none());
        assert_eq!(clock.ahead(), Duration::from_secs(90));
        clock.0.told.store(i64::MAX, Ordering::Relaxed);
        assert_eq!(clock.now_millis(), i64::MAX, "the machine's clock was set back");
    }
}
