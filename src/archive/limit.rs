//! How large a layer may be, and sizes for people.

/// What Lambda accepts of one layer, unzipped, in bytes.
pub const UNZIPPED_LIMIT: u64 = 262_144_000;

/// Megabytes with one decimal. What is over the limit by a little must not look like the limit.
pub(super) fn megabytes(bytes: u64) -> String {
    let tenths = bytes.saturating_add(50_000) / 100_000;
    let least = UNZIPPED_LIMIT / 100_000 + u64::from(bytes > UNZIPPED_LIMIT);
    let tenths = if bytes > UNZIPPED_LIMIT { tenths.max(least) } else { tenths.min(least) };
    format!("{}.{} MB", tenths / 10, tenths % 10)
}
