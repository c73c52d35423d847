//! What is known of a zip as short texts, to travel as metadata of a staged archive.

use super::{Inspection, TreeDigest};
use crate::layer::Sha256;

/// User metadata of an object in S3 has at most 2 KB in all; a zip whose root is too crowded for this gets no note.
const LIMIT: usize = 1024;

/// Counts up with every new check, so that a note of an older one never passes it.
const VERSION: &str = "v2";

impl Inspection {
    /// `v2 sha256=… entries=3 files=2 unzipped=1234 top=python/,bin/`; `None` where that would be too long, is not plain
    /// ASCII, or where the zip is odd: who publishes it then reads it again. The digest ties the note to the bytes, since
    /// metadata can be copied to another object; the version says which checks were made.
    pub fn to_note(&self, sha256: Sha256) -> Option<String> {
        let top: Vec<&str> = self.top_level.iter().map(String::as_str).collect();
        let plain = |name: &&str| name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',');
        let Self { entries, files, unzipped, .. } = self;
        let top_level = top.join(",");
        let note =
            format!("{VERSION} sha256={sha256} entries={entries} files={files} unzipped={unzipped} top={top_level}");
        (self.oddities.is_empty() && top.iter().all(plain) && note.len() <= LIMIT).then_some(note)
    }

    /// Reads a note about these bytes; `None` if it is not one.
    pub fn from_note(note: &str, sha256: Sha256) -> Option<Self> {
        let mut parts = note.strip_prefix(VERSION)?.strip_prefix(' ')?.split(' ');
        let mut value = |name: &str| parts.next()?.strip_prefix(name)?.strip_prefix('=');
        if value("sha256")? != sha256.to_string() {
            return None;
        }
        let entries = value("entries")?.parse().ok()?;
        let files = value("files")?.parse().ok()?;
        let unzipped = value("unzipped")?.parse().ok()?;
        let top_level = value("top")?.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        Some(Self { entries, files, unzipped, top_level, ..Self::default() })
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

    #[test]
    fn a_note_reads_back_for_its_own_bytes_only() {
        let inspection = Inspection {
            entries: 3,
            files: 2,
            unzipped: 1_234,
            top_level: ["python/".to_owned(), "bin/".to_owned()].into(),
            ..Inspection::default()
        };
        let note = inspection.to_note(SHA).unwrap();
        assert_eq!(note, format!("v2 sha256={SHA} entries=3 files=2 unzipped=1234 top=bin/,python/"));
        assert_eq!(Inspection::from_note(&note, SHA), Some(inspection));
        assert_eq!(Inspection::from_note(&note, Sha256::from_bytes([0xac; 32])), None);
        for bad in [
            "",
            "entries=3",
            &note[3..],
            &note.replace("v2", "v1"),
            &note.replace("v2", "v22"),
            &note.replace("files=2", "files=x"),
            &note.replace("files", "entries"),
        ] {
            assert_eq!(Inspection::from_note(bad, SHA), None, "{bad}");
        }
    }

    #[test]
    fn a_root_that_does_not_fit_has_no_note() {
        let noted = |name: String| Inspection { top_level: [name].into(), ..Inspection::default() }.to_note(SHA);
        assert_eq!(noted("naïve/".to_owned()), None);
        assert_eq!(noted("a b/".to_owned()), None);
        assert_eq!(noted("a,b/".to_owned()), None);
        assert_eq!(noted("a".repeat(LIMIT)), None);
        assert!(noted("python/".to_owned()).is_some());
    }

    #[test]
    fn a_tree_is_noted_for_its_own_bytes_only() {
        let tree = TreeDigest::from_bytes([0x1f; 32]);
        let note = tree.to_note(SHA);
        assert_eq!(note, format!("v1 sha256={SHA} tree={}", "1f".repeat(32)));
        assert_eq!(TreeDigest::from_note(&note, SHA), Some(tree));
        assert_eq!(TreeDigest::from_note(&note, Sha256::from_bytes([0xac; 32])), None);
        for bad in ["", &note[3..], &note.replace("v1", "v2"), &note[..note.len() - 1], &note.replace("1f", "1g")] {
            assert_eq!(TreeDigest::from_note(bad, SHA), None, "{bad}");
        }
    }
}
