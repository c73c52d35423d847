//! Packages that a layer may leave out.

/// What Lambda's Python runtimes bring, and tools that only build and test: `aws_lambda_artifact_builder` leaves them out
/// of every layer.
const LEFT_OUT: [&str; 9] =
    ["boto3", "botocore", "s3transfer", "urllib3", "setuptools", "pip", "wheel", "twine", "pytest"];

/// Whether a package may be missing in an archive although the manifest names it.
pub fn is_left_out(name: &str) -> bool {
    LEFT_OUT.contains(&name)
}
