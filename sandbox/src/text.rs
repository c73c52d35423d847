//! Identifiers, dates and percent-encoding: the small change of all services.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use jiff::Timestamp;
use jiff::fmt::strtime;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// A fresh 32-digit hexadecimal identifier: unique across restarts, since both keys are random per process.
pub(super) fn unique_id() -> String {
    static KEYS: OnceLock<(RandomState, RandomState)> = OnceLock::new();
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let (first, second) = KEYS.get_or_init(|| (RandomState::new(), RandomState::new()));
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let half = |state: &RandomState| {
        let mut hasher = state.build_hasher();
        hasher.write_u64(count);
        hasher.finish()
    };
    format!("{:016x}{:016x}", half(first), half(second))
}

/// Whether it has the form of [`unique_id`].
pub(super) fn is_unique_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// A fresh identifier in the form of a UUID, as Lambda writes its request and revision ids.
pub(super) fn unique_uuid() -> String {
    let id = unique_id();
    format!("{}-{}-{}-{}-{}", &id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..])
}

/// The system's time from stored milliseconds. What is stored may come from a stranger: times that no header can have are 1970.
pub(super) fn system_time(millis: i64) -> SystemTime {
    let time = Timestamp::from_millisecond(millis).ok().filter(|time| *time >= Timestamp::UNIX_EPOCH);
    time.map_or(SystemTime::UNIX_EPOCH, SystemTime::from)
}

/// Lambda's `CreatedDate`: `2026-11-22T10:00:00.000+0000`.
pub(super) fn lambda_date(millis: i64) -> String {
    let timestamp = Timestamp::from_millisecond(millis).unwrap_or_default();
    strtime::format("%Y-%m-%dT%H:%M:%S.%3f+0000", timestamp).unwrap_or_default()
}

/// The date of a header: `Sun, 22 Nov 2026 10:00:00 GMT`.
pub(super) fn http_date(millis: i64) -> String {
    httpdate::fmt_http_date(system_time(millis))
}

/// RFC 3339 in UTC, for the request log.
pub(super) fn log_date(millis: i64) -> String {
    Timestamp::from_millisecond(millis).unwrap_or_default().to_string()
}

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
const RESERVED_BUT_SLASH: &AsciiSet = &RESERVED.remove(b'/');

/// Percent-encodes everything but the unreserved characters of RFC 3986; `/` stays as it is where `keep_slash`.
pub(super) fn percent_encode(text: &str, keep_slash: bool) -> String {
    utf8_percent_encode(text, if keep_slash { RESERVED_BUT_SLASH } else { RESERVED }).to_string()
}

/// Undoes percent-encoding; a stray `%` stays, and bytes that are not UTF-8 become replacement characters.
pub(super) fn percent_decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// A query string, or a form, as decoded pairs in order.
pub(super) fn query_pairs(query: Option<&str>) -> Vec<(String, String)> {
    form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect()
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_encoding_goes_both_ways() {
        let text = "a b/ü%+&=~";
        assert_eq!(percent_encode("a b/c", true), "a%20b/c");
        assert_eq!(percent_decode(&percent_encode(text, false)), text);
        assert_eq!(percent_decode("100%"), "100%");
        assert_eq!(percent_decode("%zz%4"), "%zz%4");
    }

    #[test]
    fn queries_are_decoded_in_order() {
        let pairs = query_pairs(Some("find=LayerVersion&Arn=arn%3Aaws&flag"));
        assert_eq!(pairs[1], ("Arn".to_owned(), "arn:aws".to_owned()));
        assert_eq!(pairs[2], ("flag".to_owned(), String::new()));
    }

    #[test]
    fn dates_are_lambdas() {
        assert_eq!(lambda_date(1_795_341_600_000), "2026-11-22T10:00:00.000+0000");
    }

    #[test]
    fn times_that_no_header_can_have_are_the_first() {
        assert_eq!(http_date(1_795_341_600_000), "Sun, 22 Nov 2026 10:00:00 GMT");
        for millis in [i64::MIN, -62_135_596_800_000, -1, 0, i64::MAX] {
            assert_eq!(http_date(millis), "Thu, 01 Jan 1970 00:00:00 GMT", "{millis}");
        }
    }

    #[test]
    fn identifiers_differ() {
        assert_ne!(unique_id(), unique_id());
        assert_eq!(unique_uuid().len(), 36);
    }
}
