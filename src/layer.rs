//! The vocabulary: the words of Lambda, S3 and of this tool as types, checked once and then trusted.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5::Digest as _;
use serde::{Serialize, Serializer};

/// Longest layer name the API model accepts.
pub const LAYER_NAME_LIMIT: usize = 140;
/// Longest layer version ARN the API model accepts; it is what really bounds a name.
pub const LAYER_VERSION_ARN_LIMIT: usize = 140;
/// Longest description of a layer version, in characters (API model).
pub const DESCRIPTION_LIMIT: usize = 256;
/// Longest license text of a layer version, in characters (API model).
pub const LICENSE_LIMIT: usize = 512;
/// Most compatible runtimes of a layer version (API model).
pub const RUNTIMES_LIMIT: usize = 15;
/// Most compatible architectures of a layer version (API model).
pub const ARCHITECTURES_LIMIT: usize = 2;
/// Longest object key in S3, in UTF-8 bytes.
pub const S3_KEY_LIMIT: usize = 1024;
/// The architectures Lambda runs on (API model).
pub const ARCHITECTURES: [&str; 2] = ["x86_64", "arm64"];

/// Runtimes known when this version was made. Only used to warn about a misspelling: the service learns new runtimes
/// before any tool does, so an unknown one is never refused.
pub const KNOWN_RUNTIMES: &[&str] = &[
    "dotnet6",
    "dotnet8",
    "dotnet10",
    "dotnetcore1.0",
    "dotnetcore2.0",
    "dotnetcore2.1",
    "dotnetcore3.1",
    "go1.x",
    "java8",
    "java8.al2",
    "java11",
    "java17",
    "java21",
    "java25",
    "nodejs",
    "nodejs4.3",
    "nodejs4.3-edge",
    "nodejs6.10",
    "nodejs8.10",
    "nodejs10.x",
    "nodejs12.x",
    "nodejs14.x",
    "nodejs16.x",
    "nodejs18.x",
    "nodejs20.x",
    "nodejs22.x",
    "nodejs24.x",
    "provided",
    "provided.al2",
    "provided.al2023",
    "python2.7",
    "python3.6",
    "python3.7",
    "python3.8",
    "python3.9",
    "python3.10",
    "python3.11",
    "python3.12",
    "python3.13",
    "python3.14",
    "ruby2.5",
    "ruby2.7",
    "ruby3.2",
    "ruby3.3",
    "ruby3.4",
];

/// Why a layer name cannot be used, in words that follow the name itself.
///
/// The pattern and the limits are those of the API model; the ARN limit needs the Region, because
/// `arn:PARTITION:lambda:REGION:ACCOUNT:layer:NAME:VERSION` has to fit as well.
pub fn layer_name_problem(name: &str, region: &str) -> Option<String> {
    if name.is_empty() {
        return Some("is empty".to_owned());
    }
    if let Some(bad) = name.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))) {
        return Some(format!("has the character `{bad}`; Lambda accepts letters, digits, `-` and `_`"));
    }
    // Room for a version number of six digits.
    let room = LAYER_VERSION_ARN_LIMIT.saturating_sub(version_arn(region, "000000000000", "", 999_999).len());
    let limit = room.min(LAYER_NAME_LIMIT);
    (name.len() > limit).then(|| {
        format!(
            "has {} characters; in {region} Lambda accepts {limit} (a version ARN has at most {LAYER_VERSION_ARN_LIMIT})",
            name.len()
        )
    })
}

/// The AWS partition of a Region, by the Region's prefix.
pub fn partition(region: &str) -> &'static str {
    match region {
        r if r.starts_with("cn-") => "aws-cn",
        r if r.starts_with("us-gov-") => "aws-us-gov",
        r if r.starts_with("us-iso-") => "aws-iso",
        r if r.starts_with("us-isob-") => "aws-iso-b",
        r if r.starts_with("eusc-") => "aws-eusc",
        _ => "aws",
    }
}

/// The ARN of a layer, without a version.
pub fn layer_arn(region: &str, account: &str, name: &str) -> String {
    format!("arn:{}:lambda:{region}:{account}:layer:{name}", partition(region))
}

/// The ARN of one version of a layer.
pub fn version_arn(region: &str, account: &str, name: &str, version: u64) -> String {
    format!("{}:{version}", layer_arn(region, account, name))
}

/// Splits a layer version ARN into the layer's ARN and the version, or `None` if it is not one.
pub fn split_version_arn(arn: &str) -> Option<(&str, u64)> {
    let (layer, version) = arn.rsplit_once(':')?;
    let version = version.parse().ok().filter(|v| *v > 0)?;
    (layer.split(':').count() == 7 && layer.contains(":layer:")).then_some((layer, version))
}

/// The account in a layer's ARN.
pub fn account_of_arn(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty())
}

/// MD5 of a manifest: what ties a staged archive to the dependency state it was built from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Md5([u8; 16]);

impl Md5 {
    /// The MD5 of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(md5::Md5::digest(bytes).into())
    }
}

impl fmt::Display for Md5 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

impl fmt::Debug for Md5 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// SHA-256 of an archive. Lambda's `CodeSha256` and S3's checksums are the base64 form, people and reports read the
/// hexadecimal one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sha256([u8; 32]);

impl Sha256 {
    /// Wraps a finished digest.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads the base64 form; `None` if it is not one of 32 bytes.
    pub fn from_base64(text: &str) -> Option<Self> {
        BASE64.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// The form of `CodeSha256` and of `x-amz-checksum-sha256`.
    pub fn to_base64(self) -> String {
        BASE64.encode(self.0)
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// One object in S3.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct S3Location {
    /// Bucket name.
    pub bucket: String,
    /// Object key, without a leading slash.
    pub key: String,
}

impl S3Location {
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

/// Key of the backup of one published manifest: the version is padded to six digits so that keys sort like numbers,
/// exactly as `aws_lambda_artifact_builder` writes it (`str(version).zfill(6)`).
pub fn backup_key(backup_prefix: &str, version: u64, manifest_file_name: &str) -> String {
    format!("{backup_prefix}/{version:06}/{manifest_file_name}")
}

/// What a published version says of itself beside its content; also what a layer asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LayerSettings {
    /// Runtimes the layer is declared compatible with.
    pub compatible_runtimes: Vec<String>,
    /// Architectures the layer is declared compatible with.
    pub compatible_architectures: Vec<String>,
    /// Free text shown in the console.
    pub description: Option<String>,
    /// SPDX identifier, URL or full text of the license.
    pub license: Option<String>,
}

/// A version that Lambda has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedVersion {
    /// The number Lambda assigned; never used again, even after deletion.
    pub version: u64,
    /// ARN of this version.
    pub arn: String,
    /// What it was published with.
    pub settings: LayerSettings,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backup_keys_are_padded_to_six_digits_and_no_further() {
        assert_eq!(backup_key("layers/a/layer", 3, "uv.lock"), "layers/a/layer/000003/uv.lock");
        assert_eq!(backup_key("p", 999_999, "uv.lock"), "p/999999/uv.lock");
        assert_eq!(backup_key("p", 1_234_567, "uv.lock"), "p/1234567/uv.lock");
    }

    #[test]
    fn layer_names_follow_lambdas_pattern_and_the_arn_limit() {
        assert_eq!(layer_name_problem("requests-py312_a", "us-east-1"), None);
        assert!(layer_name_problem("", "us-east-1").is_some());
        assert!(layer_name_problem("a.b", "us-east-1").is_some_and(|p| p.contains("`.`")));
        let longest = "a".repeat(LAYER_VERSION_ARN_LIMIT - version_arn("us-east-1", "123456789012", "", 999_999).len());
        assert_eq!(layer_name_problem(&longest, "us-east-1"), None);
        assert!(layer_name_problem(&format!("{longest}a"), "us-east-1").is_some());
    }

    #[test]
    fn version_arns_split_only_where_they_are_version_arns() {
        let arn = "arn:aws:lambda:us-east-1:123456789012:layer:requests:3";
        assert_eq!(split_version_arn(arn), Some(("arn:aws:lambda:us-east-1:123456789012:layer:requests", 3)));
        for bad in ["", "requests:3", "arn:aws:lambda:us-east-1:123456789012:layer:requests", &arn.replace(":3", ":0")]
        {
            assert_eq!(split_version_arn(bad), None, "{bad}");
        }
    }

    #[test]
    fn digests_have_both_forms() {
        assert_eq!(Md5::of(b"").to_string(), "d41d8cd98f00b204e9800998ecf8427e");
        let sha = Sha256::from_base64("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=").unwrap();
        assert_eq!(sha.to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(Sha256::from_base64(&sha.to_base64()), Some(sha));
        assert_eq!(Sha256::from_base64("AAAA"), None);
    }
}
