//! Buckets with keys, their URIs and their pages in the AWS console.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Serialize, Serializer};

use super::digest::Sha256;
use super::partition::Partition;
use super::region::Region;

/// What must be written in another way in a query: everything but what RFC 3986 leaves alone there.
const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// Where archives that stay lie, below the prefix of a layer's backups.
pub const CONTENT: &str = "content";

/// One object in S3.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct S3Location {
    /// Bucket name.
    pub bucket: String,
    /// Object key, without a leading slash.
    pub key: String,
}

impl S3Location {
    /// The page of the object in the AWS console; `None` in partitions whose console is not public.
    pub fn console_link(&self, region: &Region) -> Option<String> {
        let host = Partition::of(region).s3_console(region)?;
        Some(format!("https://{host}/s3/object/{}?prefix={}", self.bucket, utf8_percent_encode(&self.key, IN_QUERY)))
    }

    /// The object of a URI `s3://BUCKET/KEY`; `None` if it is not one.
    pub fn of_uri(uri: &str) -> Option<Self> {
        let (bucket, key) = uri.strip_prefix("s3://")?.split_once('/')?;
        (!bucket.is_empty() && !key.is_empty()).then(|| Self { bucket: bucket.to_owned(), key: key.to_owned() })
    }

    /// Its ARN, as policies name it.
    pub fn arn(&self, region: &Region) -> String {
        format!("arn:{}:s3:::{}/{}", Partition::of(region), self.bucket, self.key)
    }

    /// As the source of a copy: `BUCKET/KEY`, encoded as in a URL.
    pub fn as_copy_source(&self) -> String {
        format!("{}/{}", self.bucket, utf8_percent_encode(&self.key, IN_QUERY))
    }

    /// One version of the object as the source of a copy.
    pub fn version_as_copy_source(&self, version_id: Option<&str>) -> String {
        let version = version_id.map(|id| format!("?versionId={}", utf8_percent_encode(id, IN_QUERY)));
        self.as_copy_source() + &version.unwrap_or_default()
    }

    /// An object in the same bucket.
    pub fn sibling(&self, key: String) -> Self {
        Self { bucket: self.bucket.clone(), key }
    }
}

impl fmt::Display for S3Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

impl Serialize for S3Location {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Where all lies that is kept of one published version: it is padded to six digits so that keys sort like numbers,
/// exactly as `aws_lambda_artifact_builder` writes it (`str(version).zfill(6)`).
pub fn version_key(backup_prefix: &str, version: u64) -> String {
    format!("{backup_prefix}/{version:06}")
}

/// Key of the backup of one published manifest.
pub fn backup_key(backup_prefix: &str, version: u64, manifest_file_name: &str) -> String {
    format!("{}/{manifest_file_name}", version_key(backup_prefix, version))
}

/// The version and the file name of a backup, from what stands behind the prefix in its key; `None` for other objects.
pub fn version_of_backup(within: &str) -> Option<(u64, &str)> {
    let (digits, name) = within.split_once('/')?;
    let version: u64 = digits.parse().ok()?;
    let is_ours = version > 0 && digits == format!("{version:06}") && !name.is_empty() && !name.contains('/');
    is_ours.then_some((version, name))
}

/// Key of an archive that stays in the bucket: one for each content, so that none is ever overwritten. It lies where
/// `aws_lambda_artifact_builder` never looks, and where no backup can be.
pub fn content_key(backup_prefix: &str, sha256: Sha256) -> String {
    format!("{backup_prefix}/{CONTENT}/{sha256}.zip")
}

/// The digest of such an archive, from what stands behind the prefix in its key; `None` for other objects.
pub fn content_of(within: &str) -> Option<Sha256> {
    let name = within.strip_prefix(CONTENT)?.strip_prefix('/')?.strip_suffix(".zip")?;
    Sha256::from_hex(name).filter(|sha256| sha256.to_string() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_that_stays_is_known_by_its_key_and_is_no_backup() {
        let sha256 = Sha256::of(b"zip");
        let key = content_key("p/layer", sha256);
        assert_eq!(key, format!("p/layer/content/{sha256}.zip"));
        let within = key.strip_prefix("p/layer/").unwrap();
        assert_eq!((content_of(within), version_of_backup(within)), (Some(sha256), None));
        let upper = within.to_uppercase();
        for other in ["content/.zip", "content/a.zip", "000003/uv.lock", &within[8..], &within[..72], &upper] {
            assert_eq!(content_of(other), None, "{other}");
        }
    }

    #[test]
    fn uris_read_back() {
        let object = S3Location { bucket: "acme".to_owned(), key: "a/b c.zip".to_owned() };
        assert_eq!(S3Location::of_uri(&object.to_string()), Some(object));
        assert!(
            ["s3://acme", "s3:///key", "s3://acme/", "acme/key"].iter().all(|uri| S3Location::of_uri(uri).is_none())
        );
    }

    #[test]
    fn backup_keys_are_padded_to_six_digits_and_no_further() {
        assert_eq!(backup_key("layers/a/layer", 3, "uv.lock"), "layers/a/layer/000003/uv.lock");
        assert_eq!(backup_key("p", 999_999, "uv.lock"), "p/999999/uv.lock");
        assert_eq!(backup_key("p", 1_234_567, "uv.lock"), "p/1234567/uv.lock");
    }

    #[test]
    fn a_backup_is_known_by_its_key() {
        for version in [1, 3, 999_999, 1_234_567] {
            let key = backup_key("p", version, "uv.lock");
            assert_eq!(version_of_backup(key.strip_prefix("p/").unwrap()), Some((version, "uv.lock")));
        }
        for other in ["publish.lock", "layer.zip", "3/uv.lock", "000000/uv.lock", "000003/", "000003/a/b", "+00003/a"] {
            assert_eq!(version_of_backup(other), None, "{other}");
        }
    }

    #[test]
    fn each_partition_has_its_console() {
        let at = S3Location { bucket: "acme".to_owned(), key: "layers/a b&c/uv.lock".to_owned() };
        let link = |region: &str| at.console_link(&region.parse().unwrap());
        let page = |host: &str| Some(format!("https://{host}/s3/object/acme?prefix=layers/a%20b%26c/uv.lock"));
        assert_eq!(link("eu-west-1"), page("s3.console.aws.amazon.com"));
        assert_eq!(link("cn-north-1"), page("console.amazonaws.cn"));
        assert_eq!(link("us-gov-west-1"), page("console.amazonaws-us-gov.com"));
        assert_eq!(link("eusc-de-east-1"), page("eusc-de-east-1.console.amazonaws-eusc.eu"));
        assert_eq!(link("us-iso-east-1"), None);
    }
}
