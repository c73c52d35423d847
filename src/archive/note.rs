//! What is known of a zip as short texts, to travel as metadata of a staged archive.

use super::{Inspection, TreeDigest};
use crate::layer::{LayerSettings, Md5, Sha256};

/// Counts up with every new check, so that a note of an older one never passes it.
const VERSION: &str = "v11";

/// That every check passed without so much as a warning, for a layer of certain settings with a certain manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note {
    /// Entries of the zip that are not folders.
    pub files: u64,
    /// The sum of all unzipped sizes, in bytes.
    pub unzipped: u64,
    purpose: Purpose,
}

/// What an archive is checked for: another manifest, runtime or architecture, and the checks may find something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purpose(u128);

impl Purpose {
    /// A layer of these settings, built from the manifest with this MD5.
    pub fn new(manifest: Md5, settings: &LayerSettings) -> Self {
        let mut runtimes: Vec<&str> = settings.compatible_runtimes.iter().map(|runtime| runtime.as_str()).collect();
        let mut architectures: Vec<&str> = settings.compatible_architectures.iter().map(|one| one.as_str()).collect();
        runtimes.sort_unstable();
        architectures.sort_unstable();
        let purpose = format!("{manifest}\n{}\n{}", runtimes.join(" "), architectures.join(" "));
        Self(u128::from_be_bytes(Md5::of(purpose.as_bytes()).to_bytes()))
    }
}

impl Note {
    /// A note of a zip in which nothing was found.
    pub fn new(inspection: &Inspection, purpose: Purpose) -> Self {
        Self { files: inspection.files, unzipped: inspection.unzipped, purpose }
    }

    /// Whether it was checked for just this.
    pub fn is_for(&self, purpose: Purpose) -> bool {
        self.purpose == purpose
    }

    /// `v11 sha256=… for=… files=2 unzipped=1234`. The digest ties the note to the bytes, since metadata can be copied to
    /// another object; the version says which checks were made.
    pub fn to_text(self, sha256: Sha256) -> String {
        let Self { files, unzipped, purpose: Purpose(purpose) } = self;
        format!("{VERSION} sha256={sha256} for={purpose:032x} files={files} unzipped={unzipped}")
    }

    /// Reads a note about these bytes; `None` if it is not one.
    pub fn from_text(text: &str, sha256: Sha256) -> Option<Self> {
        let mut parts = text.strip_prefix(VERSION)?.strip_prefix(' ')?.split(' ');
        let mut value = |name: &str| parts.next()?.strip_prefix(name)?.strip_prefix('=');
        if value("sha256")? != sha256.to_string() {
            return None;
        }
        let purpose = Purpose(u128::from_str_radix(value("for")?, 16).ok()?);
        let (files, unzipped) = (value("files")?.parse().ok()?, value("unzipped")?.parse().ok()?);
        parts.next().is_none().then_some(Self { files, unzipped, purpose })
    }
}

impl TreeDigest {
    /// `v1 sha256=… tree=…`. The digest of the zip ties the note to the bytes, as above; what the digest of the tree is
    /// of is part of that digest itself.
    pub fn to_note(self, sha256: Sha256) -> String {
        format!("v1 sha256={sha256} tree={self}")
    }

    /// Reads a note about these bytes; `None` if it is not one.
    pub fn from_note(note: &str, sha256: Sha256) -> Option<Self> {
        let tree = note.strip_prefix(&format!("v1 sha256={sha256} tree="))?;
        let (pairs, rest) = tree.as_bytes().as_chunks::<2>();
        let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        let bytes: Vec<u8> = pairs.iter().map(byte).collect::<Option<_>>()?;
        rest.is_empty().then_some(())?;
        bytes.try_into().ok().map(Self::from_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: Sha256 = Sha256::from_bytes([0xab; 32]);

    fn purpose(manifest: &str, runtimes: &[&str], architectures: &[&str]) -> Purpose {
        let settings = LayerSettings {
            compatible_runtimes: runtimes.iter().map(|name| name.parse().unwrap()).collect(),
            compatible_architectures: architectures.iter().map(|name| name.parse().unwrap()).collect(),
            ..LayerSettings::default()
        };
        Purpose::new(Md5::of(manifest.as_bytes()), &settings)
    }

    #[test]
    fn a_note_reads_back_for_its_own_bytes_only() {
        let inspection = Inspection { entries: 3, files: 2, unzipped: 1_234, ..Inspection::default() };
        let note = Note::new(&inspection, purpose("", &[], &[]));
        let text = note.to_text(SHA);
        insta::assert_snapshot!(text.replace(&SHA.to_string(), "SHA"), @"v11 sha256=SHA for=ac5496e61ecd0889b42d4a1363709d8d files=2 unzipped=1234");
        assert_eq!(Note::from_text(&text, SHA), Some(note));
        assert_eq!(Note::from_text(&text, Sha256::from_bytes([0xac; 32])), None);
        for bad in [
            "",
            "files=2",
            &text[3..],
            &text.replace("v11", "v9"),
            &text.replace("v11", "v77"),
            &text.replace("files=2", "files=x"),
            &text.replace("files", "entries"),
            &text.replace("for=", "for=x"),
            &format!("{text} more=1"),
        ] {
            assert_eq!(Note::from_text(bad, SHA), None, "{bad}");
        }
    }

    #[test]
    fn a_note_is_for_one_manifest_and_for_settings_as_sets() {
        let note = Note::new(&Inspection::default(), purpose("a", &["python3.12", "python3.13"], &["arm64"]));
        assert!(note.is_for(purpose("a", &["python3.13", "python3.12"], &["arm64"])));
        for other in [
            purpose("b", &["python3.12", "python3.13"], &["arm64"]),
            purpose("a", &["python3.12"], &["arm64"]),
            purpose("a", &["python3.12", "python3.13"], &["x86_64"]),
            purpose("a", &["python3.12", "python3.13"], &[]),
        ] {
            assert!(!note.is_for(other));
        }
    }

    #[test]
    fn a_tree_is_noted_for_its_own_bytes_only() {
        let tree = TreeDigest::from_bytes([0x1f; 32]);
        let note = tree.to_note(SHA);
        assert_eq!(note, format!("v1 sha256={SHA} tree={}", "1f".repeat(32)));
        assert_eq!(TreeDigest::from_note(&note, SHA), Some(tree));
        assert_eq!(TreeDigest::from_note(&note, Sha256::from_bytes([0xac; 32])), None);
        for bad in ["", &note[3..], &note.replace("v1", "v3"), &note[..note.len() - 1], &note.replace("1f", "1g")] {
            assert_eq!(TreeDigest::from_note(bad, SHA), None, "{bad}");
        }
    }
}
