//! Hashes of files, as lock files write them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

/// A hash, as CycloneDX writes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Hash {
    alg: &'static str,
    content: String,
}

/// The hashes in what a lock file says of a file: `sha256:HEX`, `sha512-BASE64` (several with blanks between), or bare
/// digits. What is no hash of the file itself is left out: `h1:` of Go is one of a listing, a checksum of Yarn 2 one of its
/// own cache.
pub(super) fn hashes(text: &str) -> Vec<Hash> {
    text.split_whitespace().filter_map(one).collect()
}

fn one(text: &str) -> Option<Hash> {
    if let Some((algorithm, digits)) = text.split_once(':') {
        return hash(algorithm, digits.to_owned());
    }
    if let Some((algorithm, encoded)) = text.split_once('-') {
        let bytes = STANDARD.decode(encoded.split('?').next()?).ok()?;
        return hash(algorithm, bytes.iter().map(|byte| format!("{byte:02x}")).collect());
    }
    match text.len() {
        // Composer and Cargo, which say no more.
        40 => hash("sha1", text.to_owned()),
        64 => hash("sha256", text.to_owned()),
        _ => None,
    }
}

fn hash(algorithm: &str, digits: String) -> Option<Hash> {
    let (alg, length) = match algorithm {
        "md5" => ("MD5", 32),
        "sha1" => ("SHA-1", 40),
        "sha256" => ("SHA-256", 64),
        "sha384" => ("SHA-384", 96),
        "sha512" => ("SHA-512", 128),
        _ => return None,
    };
    let is_hex = digits.len() == length && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_hex.then(|| Hash { alg, content: digits.to_ascii_lowercase() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_every_tool_are_read() {
        let digits = "AB".repeat(32);
        let sha256 = Hash { alg: "SHA-256", content: digits.to_ascii_lowercase() };
        let encoded = STANDARD.encode([0xab; 32]);
        for text in [format!("sha256:{digits}"), digits, format!("sha256-{encoded} sha999-{encoded}")] {
            assert_eq!(hashes(&text), std::slice::from_ref(&sha256), "{text}");
        }
        assert_eq!(hashes("sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=")[0].content, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        let none = ["", "h1:x=", "sha256:ab", "sha256:zz", "10c0/ab", "sha512-!", &"ab".repeat(64), "é:é", "sha256-"];
        for text in none {
            assert_eq!(hashes(text), [], "{text}");
        }
    }
}
