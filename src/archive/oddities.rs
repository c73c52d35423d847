//! Entries of a zip that would not be unzipped as they were meant.

use super::entry::Entry;
use crate::manifest::mask;
use rawzip::CompressionMethod;
use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};

/// How many characters of a path are kept to be shown.
const SHOWN: usize = 200;

/// What can be odd about an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Oddity {
    /// A path with `..` in it: it may lead out of the folder that the zip is unzipped into.
    Climbing,
    /// A path from the root of the file system, or of a drive.
    Absolute,
    /// A path that another entry has already.
    Duplicate,
    /// An entry that needs a password.
    Encrypted,
    /// An entry that is neither stored nor deflated, which is all that Lambda is known to unzip.
    Method(u16),
    /// An entry that is stored as it is, but has two different sizes.
    Sizes,
    /// An entry of which the table of contents says something else than it is.
    Contradicting,
    /// A link that leads out of the folder that the zip is unzipped into.
    Leaving,
}

/// How often something was met, and where first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Met {
    /// How many entries have it.
    pub times: u64,
    /// The path of the first entry, masked, and cut where it is very long.
    pub first: String,
}

impl Met {
    /// Once more, at this path.
    pub(super) fn add(&mut self, path: &[u8]) {
        if self.times == 0 {
            self.first = mask(&String::from_utf8_lossy(path)).chars().take(SHOWN).collect();
        }
        self.times += 1;
    }
}

/// What is odd about the entries of a zip.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Oddities(BTreeMap<Oddity, Met>);

/// The paths of a zip so far, as numbers: a hundred bytes for each of a million entries would be too much.
pub(super) struct Paths {
    seen: HashSet<u64>,
    // Keyed anew for each zip, so that nobody can choose paths that seem to be the same.
    key: RandomState,
}

impl Default for Paths {
    fn default() -> Self {
        Self { seen: HashSet::new(), key: RandomState::new() }
    }
}

impl Paths {
    /// Whether a path is new. `./a//b` is `a/b`, and a folder `a/` is in the way of a file `a`.
    fn is_new(&mut self, path: &[u8]) -> bool {
        let parts: Vec<&[u8]> = parts(path).collect();
        self.seen.insert(self.key.hash_one(parts))
    }
}

fn parts(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|byte| *byte == b'/').filter(|part| !matches!(*part, b"" | b"."))
}

impl Oddities {
    /// What was met, and how often.
    pub fn iter(&self) -> impl Iterator<Item = (Oddity, &Met)> {
        self.0.iter().map(|(oddity, met)| (*oddity, met))
    }

    pub(super) fn judge(&mut self, entry: &Entry<'_>, paths: &mut Paths) {
        let is_stored = entry.method == CompressionMethod::STORE;
        let is_known = is_stored || entry.method == CompressionMethod::DEFLATE;
        let checks = [
            (parts(entry.path).any(|part| part == b".."), Oddity::Climbing),
            (is_absolute(entry.path), Oddity::Absolute),
            (!paths.is_new(entry.path), Oddity::Duplicate),
            (entry.encrypted, Oddity::Encrypted),
            (!is_known && !entry.encrypted, Oddity::Method(entry.method.as_u16())),
            (is_stored && !entry.encrypted && entry.size != entry.zipped, Oddity::Sizes),
        ];
        for (_, oddity) in checks.into_iter().filter(|(is_odd, _)| *is_odd) {
            let met = self.0.entry(oddity).or_default();
            met.add(entry.path);
        }
    }
}

impl Oddities {
    /// Something that only a look into an entry shows.
    pub(super) fn add(&mut self, oddity: Oddity, path: &[u8]) {
        self.0.entry(oddity).or_default().add(path);
    }
}

fn is_absolute(path: &[u8]) -> bool {
    path.starts_with(b"/")
        || path.starts_with(b"\\")
        || matches!(path, [drive, b':', ..] if drive.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str) -> Entry<'_> {
        Entry {
            path: path.as_bytes(),
            is_folder: path.ends_with('/'),
            size: 5,
            zipped: 5,
            encrypted: false,
            method: CompressionMethod::STORE,
            offset: 0,
            is_link: false,
        }
    }

    fn odd(entries: &[Entry<'_>]) -> Vec<(Oddity, u64, String)> {
        let (mut oddities, mut paths) = (Oddities::default(), Paths::default());
        entries.iter().for_each(|entry| oddities.judge(entry, &mut paths));
        oddities.iter().map(|(oddity, met)| (oddity, met.times, met.first.clone())).collect()
    }

    fn met(oddity: Oddity, times: u64, first: &str) -> Vec<(Oddity, u64, String)> {
        vec![(oddity, times, first.to_owned())]
    }

    #[test]
    fn paths_are_judged() {
        for fine in ["python/a", "./python/a", "python//a", "a..b/c", "..a", "python/c:x", "a:"] {
            let expected = if fine == "a:" { met(Oddity::Absolute, 1, fine) } else { vec![] };
            assert_eq!(odd(&[entry(fine)]), expected, "{fine}");
        }
        for climbing in ["../a", "python/../../a", "..", "python/.."] {
            assert_eq!(odd(&[entry(climbing)]), met(Oddity::Climbing, 1, climbing));
        }
        for absolute in ["/etc/passwd", "//a", "C:/a", "c:\\a", "\\\\host\\a"] {
            assert_eq!(odd(&[entry(absolute)]), met(Oddity::Absolute, 1, absolute));
        }
    }

    #[test]
    fn a_path_may_come_once() {
        let entries = ["a/b", "a/", "c", "./a//b", "c/"].map(entry);
        assert_eq!(odd(&entries), met(Oddity::Duplicate, 2, "./a//b"));
        assert_eq!(odd(&["a/b", "ab", "b/a", "a"].map(entry)), []);
    }

    #[test]
    fn content_that_lambda_could_not_unzip_is_told() {
        assert_eq!(odd(&[Entry { encrypted: true, size: 17, ..entry("a") }]), met(Oddity::Encrypted, 1, "a"));
        let lzma = |path| Entry { method: CompressionMethod::LZMA, size: 9, ..entry(path) };
        assert_eq!(odd(&[lzma("a"), lzma("b")]), met(Oddity::Method(14), 2, "a"));
        assert_eq!(odd(&[Entry { size: 4, ..entry("a") }]), met(Oddity::Sizes, 1, "a"));
        assert_eq!(odd(&[Entry { size: 4, method: CompressionMethod::DEFLATE, ..entry("a") }]), []);
    }

    #[test]
    fn long_paths_are_cut() {
        let path = format!("../{}", "é".repeat(10_000));
        assert_eq!(odd(&[entry(&path)])[0].2.chars().count(), SHOWN);
        let url = format!("../https://user:{}@host", "p".repeat(SHOWN));
        assert_eq!(odd(&[entry(&url)])[0].2, "../https://****@host");
    }
}
