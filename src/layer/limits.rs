//! Limits of Lambda and S3 that are checked before any network call.

/// Longest description of a layer version, in characters (API model).
pub const DESCRIPTION_LIMIT: usize = 256;
/// Longest license text of a layer version, in characters (API model).
pub const LICENSE_LIMIT: usize = 512;
/// Longest object key in S3, in UTF-8 bytes (S3's user guide).
pub const S3_KEY_LIMIT: usize = 1024;
