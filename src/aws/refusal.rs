//! What stands in the words of a refusal and nowhere else. Lambda reads the zip from S3 and wraps what S3 told it, or its
//! own opinion of it, into two or three codes.

use crate::layer::S3Location;
use crate::manifest::hide_credentials;
use crate::outcome::ErrorCode;

/// What an `InvalidParameterValueException` is about.
pub fn by_words(message: &str) -> ErrorCode {
    // The first that matches: a message about a size also speaks of unzipping.
    let table = [
        ("Unzipped size", ErrorCode::ArchiveTooLarge),
        ("unzip", ErrorCode::ArchiveInvalid),
        ("non-empty zip", ErrorCode::ArchiveInvalid),
        ("AccessDenied", ErrorCode::AccessDenied),
        ("PermanentRedirect", ErrorCode::WrongRegion),
        ("NoSuchBucket", ErrorCode::BucketMissing),
        ("NoSuchVersion", ErrorCode::ContentMismatch),
        ("NoSuchKey", ErrorCode::ArchiveMissing),
    ];
    table.iter().find(|(words, _)| message.contains(words)).map_or(ErrorCode::Internal, |(_, code)| *code)
}

/// Whether a `ValidationException` is about runtimes or architectures.
pub fn is_of_settings(message: &str) -> bool {
    message.contains("'compatibleRuntimes") || message.contains("'compatibleArchitectures")
}

/// Whether it is not Lambda that refused but S3, which Lambda asks with the caller's permissions.
pub fn is_by_s3(message: &str) -> bool {
    message.contains("denied by S3") || message.contains("S3 Error Code: AccessDenied")
}

/// The object that S3 did not give to Lambda: "… have permission to GetObject for BUCKET/KEY. S3 Error Code: …".
pub fn denied_object(message: &str) -> Option<S3Location> {
    let (_, rest) = message.split_once("permission to GetObject for ")?;
    let place = rest.split_once(". S3 Error").map_or(rest, |(place, _)| place).trim_end_matches('.');
    let (bucket, key) = place.split_once('/')?;
    Some(S3Location { bucket: bucket.to_owned(), key: key.to_owned() })
}

/// The bucket's Region: "The bucket is in this region: us-east-1. Please use this region to retry the request".
pub fn bucket_region(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("in this region: ")?;
    let region: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    Some(region).filter(|region| !region.is_empty())
}

/// What a server says can be of any length, and Lambda lists all runtimes that it knows; a message does neither.
pub fn shortened(text: &str) -> String {
    const LONGEST: usize = 600;
    const LIST: &str = "enum value set: [";
    let text = hide_credentials(text);
    let (mut short, mut rest) = (String::new(), &*text);
    while let Some((before, list)) = rest.split_once(LIST) {
        short.push_str(before);
        short.push_str(LIST);
        short.push('…');
        rest = list.find(']').map_or("", |end| &list[end..]);
    }
    short.push_str(rest);
    match short.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &short[..end]),
        None => short,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_denied_object_and_the_buckets_region_are_found() {
        let denied = "Your access has been denied by S3, please make sure your request credentials have permission to \
                      GetObject for artifacts/layers/a.b/layer.zip. S3 Error Code: AccessDenied. S3 Error Message: Access Denied";
        assert!(is_by_s3(denied));
        assert_eq!(
            denied_object(denied).map(|at| at.to_string()).as_deref(),
            Some("s3://artifacts/layers/a.b/layer.zip")
        );
        let short = "Your access has been denied by S3 … have permission to GetObject for artifacts/layer.zip";
        assert_eq!(denied_object(short).map(|at| at.to_string()).as_deref(), Some("s3://artifacts/layer.zip"));
        assert_eq!(denied_object("User: x is not authorized to perform: lambda:PublishLayerVersion"), None);
        let elsewhere =
            "S3 Error Code: PermanentRedirect. S3 Error Message: The bucket is in this region: eu-west-1. Please use";
        assert_eq!(bucket_region(elsewhere).as_deref(), Some("eu-west-1"));
        assert_eq!(bucket_region("in this region: \u{1b}[2J"), None);
    }

    #[test]
    fn lists_of_what_is_known_are_left_out() {
        let long = "Value '[python99]' at 'compatibleRuntimes' failed to satisfy constraint: Member must satisfy constraint: \
                    [Member must satisfy enum value set: [java21, nodejs22.x, python3.13], Member must not be null]";
        assert_eq!(
            shortened(long),
            "Value '[python99]' at 'compatibleRuntimes' failed to satisfy constraint: Member must satisfy constraint: \
             [Member must satisfy enum value set: […], Member must not be null]"
        );
        assert_eq!(shortened("enum value set: [never closed").as_str(), "enum value set: […");
        assert_eq!(shortened(&"x".repeat(100_000)).chars().count(), 601);
    }
}
