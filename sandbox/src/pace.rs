//! The quota of control-plane calls: Lambda allows 15 requests a second per account and Region, all calls together.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::store::Place;

/// A token bucket for each account and Region: `rate` tokens a second, and at most `burst` of them saved up.
#[derive(Debug)]
pub(super) struct Quota {
    rate: f64,
    burst: f64,
    buckets: Mutex<HashMap<Place, (f64, Instant)>>,
}

impl Quota {
    /// So many requests a second, and so many at once after a pause.
    pub fn new(rate: u32, burst: u32) -> Self {
        Self { rate: f64::from(rate), burst: f64::from(burst.max(1)), buckets: Mutex::default() }
    }

    /// Whether a request at `now` is within the quota.
    pub fn admits(&self, place: &Place, now: Instant) -> bool {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let (tokens, last) = buckets.entry(place.clone()).or_insert((self.burst, now));
        let gained = now.saturating_duration_since(*last).as_secs_f64() * self.rate;
        *tokens = (*tokens + gained).min(self.burst);
        *last = now.max(*last);
        let admitted = *tokens >= 1.0;
        if admitted {
            *tokens -= 1.0;
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn place(region: &str) -> Place {
        Place { account: "123456789012".to_owned(), region: region.to_owned() }
    }

    #[test]
    fn a_burst_then_the_rate_for_each_region() {
        let quota = Quota::new(15, 15);
        let start = Instant::now();
        let (here, there) = (place("eu-west-1"), place("us-east-1"));
        assert_eq!((0..20).filter(|_| quota.admits(&here, start)).count(), 15);
        assert!(quota.admits(&there, start));
        let later = start + Duration::from_millis(210);
        assert_eq!((0..20).filter(|_| quota.admits(&here, later)).count(), 3);
    }

    #[test]
    fn a_burst_smaller_than_the_rate_saves_up_no_more() {
        let quota = Quota::new(10, 2);
        let (start, here) = (Instant::now(), place("eu-west-1"));
        assert_eq!((0..20).filter(|_| quota.admits(&here, start)).count(), 2);
        let later = start + Duration::from_secs(60);
        assert_eq!((0..20).filter(|_| quota.admits(&here, later)).count(), 2);
        assert!(quota.admits(&here, later + Duration::from_millis(100)));
    }
}
