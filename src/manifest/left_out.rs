//! Packages that a layer may leave out.

use super::format::Format;

/// What Lambda's Python runtimes bring, and tools that only build and test: `aws_lambda_artifact_builder` leaves them out
/// of every layer.
const OF_PYTHON: [&str; 9] =
    ["boto3", "botocore", "s3transfer", "urllib3", "setuptools", "pip", "wheel", "twine", "pytest"];

/// What comes with these in the runtimes, and is left out with them. Other packages need it as well: alone it may not be missing.
const WITH_BOTOCORE: [&str; 3] = ["jmespath", "python-dateutil", "six"];

/// What Lambda's Node.js runtimes bring from 18 on: version 3 of the AWS SDK, all of which is in these scopes.
const OF_NODE: [&str; 2] = ["@aws-sdk/", "@smithy/"];

/// What installs gems, which every Ruby brings, and what only builds one: a gem that was built for a platform does without it,
/// though the lock file names it for those that are not.
const OF_RUBY: [&str; 2] = ["bundler", "mini_portile2"];

/// Whether a package may be missing in an archive although a manifest of this format names it.
pub fn is_left_out(format: Format, name: &str) -> bool {
    match format {
        Format::Requirements
        | Format::UvLock
        | Format::PoetryLock
        | Format::PdmLock
        | Format::Pylock
        | Format::PipfileLock => OF_PYTHON.contains(&name),
        Format::NpmLock | Format::YarnLock | Format::PnpmLock => OF_NODE.iter().any(|scope| name.starts_with(scope)),
        Format::GemfileLock => OF_RUBY.contains(&name),
        _ => false,
    }
}

/// Whether a package may be missing in an archive without botocore, although a manifest of this format names both.
pub fn is_left_out_with_botocore(format: Format, name: &str) -> bool {
    is_left_out(format, "botocore") && WITH_BOTOCORE.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_runtime_brings_may_be_missing_in_its_own_archives_alone() {
        let table = [
            ("requirements.txt", "boto3", true),
            ("uv.lock", "pip", true),
            ("package-lock.json", "pip", false),
            ("package-lock.json", "@aws-sdk/client-s3", true),
            ("yarn.lock", "@smithy/types", true),
            ("pnpm-lock.yaml", "@aws-sdk-of-ours/x", false),
            ("requirements.txt", "@aws-sdk/client-s3", false),
            ("Gemfile.lock", "bundler", true),
            ("go.sum", "boto3", false),
        ];
        for (file, name, expected) in table {
            assert_eq!(is_left_out(Format::from_file_name(file), name), expected, "{file} {name}");
        }
    }
}
