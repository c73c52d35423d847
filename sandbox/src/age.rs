//! How old a signature may be, by the sandbox's clock. AWS refuses an old one whoever made it, and that is what fences off
//! a request that was held up on its way.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::strtime;

use super::call::Service;

/// A signature that is too old, or of a time that has not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outside {
    /// Milliseconds since 1970, as the others.
    pub signed: i64,
    pub now: i64,
    /// How far the two may be apart.
    pub allowed: Duration,
}

/// Lambda and Parameter Store take five minutes, S3 and STS fifteen.
pub(super) fn allowed(service: Service) -> Duration {
    match service {
        Service::Lambda | Service::Ssm => Duration::from_secs(5 * 60),
        Service::S3 | Service::Sts => Duration::from_secs(15 * 60),
    }
}

/// Refuses a signature whose time is further from now than is allowed.
pub(super) fn judge(signed: i64, now: i64, allowed: Duration) -> Result<(), Outside> {
    // Signatures have whole seconds.
    let apart = u128::from((now / 1000).abs_diff(signed / 1000)) * 1000;
    if apart > allowed.as_millis() { Err(Outside { signed, now, allowed }) } else { Ok(()) }
}

impl Outside {
    /// The words of all but S3.
    pub fn message(&self) -> String {
        let Self { signed, now, allowed } = *self;
        let allowed_millis = i64::try_from(allowed.as_millis()).unwrap_or(i64::MAX);
        let minutes = match allowed.as_secs() {
            seconds if seconds % 60 == 0 => format!("{} min", seconds / 60),
            seconds => format!("{seconds} sec"),
        };
        let [then, today] = [signed, now].map(compact);
        if signed < now {
            let oldest = compact(now.saturating_sub(allowed_millis));
            format!("Signature expired: {then} is now earlier than {oldest} ({today} - {minutes}.)")
        } else {
            let latest = compact(now.saturating_add(allowed_millis));
            format!("Signature not yet current: {then} is still later than {latest} ({today} + {minutes}.)")
        }
    }
}

/// A time as in `x-amz-date`.
pub(super) fn compact(millis: i64) -> String {
    let time = Timestamp::from_millisecond(millis).unwrap_or_default();
    strtime::format("%Y%m%dT%H%M%SZ", time).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2019-03-27T17:30:46Z
    const NOW: i64 = 1_553_707_846_000;

    #[test]
    fn the_words_are_awss() {
        let lambda = allowed(Service::Lambda);
        let expired = judge(NOW - 321_000, NOW, lambda).expect_err("too old");
        let words =
            "Signature expired: 20190327T172525Z is now earlier than 20190327T172546Z (20190327T173046Z - 5 min.)";
        assert_eq!(expired.message(), words);
        let early = judge(NOW + 301_000, NOW, lambda).expect_err("too early");
        let words = "Signature not yet current: 20190327T173547Z is still later than 20190327T173546Z (20190327T173046Z + 5 min.)";
        assert_eq!(early.message(), words);
    }

    #[test]
    fn the_limit_itself_is_allowed() {
        for service in [Service::Lambda, Service::S3, Service::Sts] {
            let limit = i64::try_from(allowed(service).as_millis()).expect("a number");
            assert!(judge(NOW - limit, NOW + 999, allowed(service)).is_ok());
            assert!(judge(NOW + limit, NOW, allowed(service)).is_ok());
            assert!(judge(NOW - limit - 1000, NOW, allowed(service)).is_err());
            assert!(judge(NOW + limit + 1000, NOW, allowed(service)).is_err());
        }
    }
}
