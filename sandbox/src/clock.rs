//! The sandbox's clock: the machine's, moved on as far as a test or a rehearsal asked. What takes a lease to run out can
//! so be seen at once. One sandbox process, one clock; it is the machine's again after a restart.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use hyper::Response;
use hyper::header::{DATE, HeaderValue};
use jiff::Timestamp;
use jiff::fmt::strtime;

/// Milliseconds ahead of the machine's clock.
static AHEAD: AtomicI64 = AtomicI64::new(0);

/// Milliseconds since 1970.
pub(super) fn now_millis() -> i64 {
    Timestamp::now().as_millisecond().saturating_add(AHEAD.load(Ordering::Relaxed))
}

/// Moves the clock on.
pub(super) fn advance(by: Duration) {
    AHEAD.fetch_add(i64::try_from(by.as_millis()).unwrap_or_default(), Ordering::Relaxed);
}

/// How far it was moved on.
pub(super) fn ahead() -> Duration {
    Duration::from_millis(u64::try_from(AHEAD.load(Ordering::Relaxed)).unwrap_or_default())
}

/// Answers tell the time by this clock: clients judge by it how old an object is.
pub(super) fn dated<B>(mut response: Response<B>) -> Response<B> {
    let now = Timestamp::from_millisecond(now_millis()).unwrap_or_default();
    let date = strtime::format("%a, %d %b %Y %H:%M:%S GMT", now).ok().and_then(|date| HeaderValue::try_from(date).ok());
    if let Some(date) = date {
        response.headers_mut().insert(DATE, date);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_dated_as_http_dates_are() {
        let date = dated(Response::new(())).headers()[DATE].to_str().expect("text").to_owned();
        let read = strtime::parse("%a, %d %b %Y %H:%M:%S GMT", &date).expect("an HTTP date");
        assert_eq!(
            read.to_datetime().expect("a date").year(),
            Timestamp::now().strftime("%Y").to_string().parse::<i16>().expect("a year")
        );
    }
}
