//! Package URLs: what a package is called across tools (ECMA-427).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::manifest::Format;

/// What stands as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_').remove(b'~');

/// The type of the packages that a manifest of this format names; `None` where that is not known.
pub(super) fn kind(format: Format) -> Option<&'static str> {
    Some(match format {
        Format::Requirements
        | Format::UvLock
        | Format::PoetryLock
        | Format::PdmLock
        | Format::Pylock
        | Format::PipfileLock => "pypi",
        Format::NpmLock | Format::YarnLock | Format::PnpmLock => "npm",
        Format::GemfileLock => "gem",
        Format::GoSum => "golang",
        Format::CargoLock => "cargo",
        Format::ComposerLock => "composer",
        Format::Unknown => return None,
    })
}

/// The package URL of a package, with its version where it has one.
pub(super) fn purl(kind: &str, name: &str, version: Option<&str>) -> String {
    // Names of these are the same in either case.
    let name = if matches!(kind, "pypi" | "golang" | "composer") { name.to_lowercase() } else { name.to_owned() };
    let parts: Vec<String> = name.split('/').map(|part| utf8_percent_encode(part, PLAIN).to_string()).collect();
    let version = version.map(|version| format!("@{}", utf8_percent_encode(version, PLAIN)));
    format!("pkg:{kind}/{}{}", parts.join("/"), version.unwrap_or_default())
}

/// Whether a text is a version, and not a range, a place or a commit.
pub(super) fn is_version(text: &str) -> bool {
    let behind_v = text.strip_prefix('v').unwrap_or(text);
    behind_v.starts_with(|first: char| first.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || ".+!_-~".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_called_as_everywhere() {
        assert_eq!(purl("pypi", "Typing-Extensions", Some("4.12.2")), "pkg:pypi/typing-extensions@4.12.2");
        assert_eq!(purl("npm", "@aws-sdk/client-s3", Some("3.1.0")), "pkg:npm/%40aws-sdk/client-s3@3.1.0");
        assert_eq!(purl("golang", "github.com/Azure/x", Some("v1.2.3")), "pkg:golang/github.com/azure/x@v1.2.3");
        assert_eq!(purl("pypi", "torch", Some("2.0+cu118")), "pkg:pypi/torch@2.0%2Bcu118");
        assert_eq!(purl("pypi", "a b?c#d", None), "pkg:pypi/a%20b%3Fc%23d");
    }

    #[test]
    fn versions_are_told_from_places_and_ranges() {
        for version in ["1", "2.0.4", "1!2.0+local", "v1.2.3", "1.0.0-rc.1", "v0.0.0-20200101-abc+incompatible"] {
            assert!(is_version(version), "{version}");
        }
        for other in
            ["*", ">=1", "==1.*", "git+https://h/x#c0ffee", "./x", "packages/x", "dev-main#c0ffee", "", "x.whl"]
        {
            assert!(!is_version(other), "{other}");
        }
    }
}
