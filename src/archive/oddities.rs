//! Entries of a zip that would not be unzipped as they were meant.

use super::entry::Entry;
use super::link::LONGEST;
use crate::manifest::mask;
use rawzip::CompressionMethod;
use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher as _, Hash as _, Hasher as _, RandomState};

/// How many characters of a path are kept to be shown.
const SHOWN: usize = 200;

/// No part of a path is longer on Linux, in bytes.
const LONGEST_PART: usize = 255;

/// More folders than this no layer has; it bounds what deep paths can take of memory.
const FOLDERS: usize = 1_000_000;

/// Deflate says 258 bytes in two bits at best.
const BEST: u64 = 1_032;

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
    /// An entry whose two sizes contradict each other.
    Sizes,
    /// An entry of which the table of contents says something else than it is.
    Contradicting,
    /// A link that leads out of the folder that the zip is unzipped into, or in a circle.
    Leaving,
    /// A link that leads to an absolute place that is not the layer's.
    Elsewhere,
    /// A path with `\\` in it: a character of the name in Lambda, a step into a folder elsewhere.
    Backslash,
    /// An entry with two paths; which one counts depends on who unzips it.
    TwoPaths,
    /// A pipe, a socket or a device.
    Special,
    /// A path that goes through another entry, which is no folder.
    Blocked,
    /// A path that no file of Linux can have: without a name, with a NUL in it, or too long.
    Impossible,
    /// A file or a folder that functions may not read.
    Unreadable,
    /// A file that Lambda starts, and may not.
    Unstartable,
    /// A link of which nobody looked where it leads: there are too many of them, or they lie too far apart.
    Unseen,
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
    /// Entries that are no folders.
    files: HashSet<u64>,
    /// Entries that are folders.
    listed: HashSet<u64>,
    /// Folders that entries lie in, listed or not.
    above: HashSet<u64>,
    /// That of the last entry, as it is written: most of what follows lies in it, too.
    last: Vec<u8>,
    // Keyed anew for each zip, so that nobody can choose paths that seem to be the same.
    key: RandomState,
}

impl Default for Paths {
    fn default() -> Self {
        let [files, listed, above] = [(); 3].map(|()| HashSet::new());
        Self { files, listed, above, last: Vec::new(), key: RandomState::new() }
    }
}

/// How a path stands to those before it.
struct Standing {
    is_new: bool,
    is_blocked: bool,
}

impl Paths {
    /// `./a//b` is `a/b`, and a folder `a/` is in the way of a file `a`.
    fn meet(&mut self, path: &[u8], is_folder: bool) -> Standing {
        let parent = path.iter().rposition(|byte| *byte == b'/').map_or(&[][..], |end| &path[..end]);
        let is_known = !is_folder && parent == self.last;
        if is_folder {
            self.last.clear();
        } else if !is_known {
            parent.clone_into(&mut self.last);
        }
        let (mut hasher, mut parts, mut is_blocked) = (self.key.build_hasher(), parts(path).peekable(), false);
        while let Some(part) = parts.next() {
            part.hash(&mut hasher);
            if !is_known && parts.peek().is_some() {
                is_blocked |= self.is_in_file(hasher.clone().finish());
            }
        }
        let path = hasher.finish();
        let is_new = if is_folder {
            self.listed.insert(path) && !self.files.contains(&path)
        } else {
            is_blocked |= self.above.contains(&path);
            self.files.insert(path) && !self.listed.contains(&path)
        };
        Standing { is_new, is_blocked }
    }

    /// Takes note of a folder that an entry lies in: it may be a file.
    fn is_in_file(&mut self, folder: u64) -> bool {
        if self.above.len() < FOLDERS {
            self.above.insert(folder);
        }
        self.files.contains(&folder)
    }
}

/// Whether what an entry unzips to and what it takes in the zip contradict each other. Deflate makes nothing much larger: by
/// an eighth where it is used badly.
pub(super) fn contradicts(entry: &Entry<'_>) -> bool {
    match entry.method {
        CompressionMethod::STORE => entry.size != entry.zipped,
        CompressionMethod::DEFLATE => {
            let most = entry.size.saturating_add(entry.size / 4).saturating_add(1_024);
            entry.size > entry.zipped.saturating_mul(BEST) || entry.zipped > most
        }
        _ => false,
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
        let is_known = matches!(entry.method, CompressionMethod::STORE | CompressionMethod::DEFLATE);
        let Standing { is_new, is_blocked } = paths.meet(entry.path, entry.is_folder);
        let steps = || entry.path.split(|byte| matches!(byte, b'/' | b'\\'));
        let (climbs, is_absolute) = (steps().any(|step| step == b".."), is_absolute(entry.path));
        let checks = [
            (climbs, Oddity::Climbing),
            (is_absolute, Oddity::Absolute),
            (is_impossible(entry) && !is_absolute, Oddity::Impossible),
            (entry.path.contains(&b'\\') && !climbs && !is_absolute, Oddity::Backslash),
            (entry.has_two_paths, Oddity::TwoPaths),
            (entry.is_special, Oddity::Special),
            (!entry.is_readable() && !entry.is_special, Oddity::Unreadable),
            (entry.is_readable() && entry.cannot_start(), Oddity::Unstartable),
            (!is_new, Oddity::Duplicate),
            (is_blocked, Oddity::Blocked),
            (entry.encrypted, Oddity::Encrypted),
            (!is_known && !entry.encrypted, Oddity::Method(entry.method.as_u16())),
            (!entry.encrypted && contradicts(entry), Oddity::Sizes),
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

/// Whether no file can have this path. A folder without a name is the one that the zip is unzipped into.
fn is_impossible(entry: &Entry<'_>) -> bool {
    let path = entry.path;
    let has_no_name = !entry.is_folder && parts(path).next().is_none();
    has_no_name || path.contains(&0) || path.len() > LONGEST || parts(path).any(|part| part.len() > LONGEST_PART)
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
        Entry::stored(path)
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
        for climbing in ["../a", "python/../../a", "..", "python/..", "..\\..\\c", "python\\../c"] {
            assert_eq!(odd(&[entry(climbing)]), met(Oddity::Climbing, 1, climbing));
        }
        for absolute in ["/etc/passwd", "//a", "C:/a", "c:\\a", "\\\\host\\a"] {
            assert_eq!(odd(&[entry(absolute)]), met(Oddity::Absolute, 1, absolute));
        }
    }

    #[test]
    fn what_unzips_differently_elsewhere_is_told() {
        assert_eq!(odd(&[entry("python\\b.py")]), met(Oddity::Backslash, 1, "python\\b.py"));
        assert_eq!(odd(&[Entry { has_two_paths: true, ..entry("a") }]), met(Oddity::TwoPaths, 1, "a"));
        assert_eq!(odd(&[Entry { is_special: true, ..entry("a") }]), met(Oddity::Special, 1, "a"));
    }

    #[test]
    fn what_functions_may_not_read_or_start_is_told() {
        let of = |mode, path| Entry { mode: Some(mode), ..entry(path) };
        let files = [of(0o600, "python/a"), of(0o644, "python/b"), of(0o700, "extensions/a"), of(0o700, "python/")];
        assert_eq!(odd(&files), met(Oddity::Unreadable, 3, "python/a"));
        assert_eq!(
            odd(&[of(0o644, "extensions/a"), of(0o644, "bootstrap")]),
            met(Oddity::Unstartable, 2, "extensions/a")
        );
    }

    #[test]
    fn paths_that_no_file_can_have_are_told() {
        let (part, path) = (format!("python/{}", "a".repeat(256)), "a/".repeat(2_048) + "a");
        for path in ["", ".", "./.", "python/a\0b", &part, &path] {
            let shown: String = path.chars().take(SHOWN).collect();
            assert_eq!(odd(&[entry(path)]), met(Oddity::Impossible, 1, &shown), "{path:?}");
        }
        for path in ["./", "python/./a", &part[1..part.len() - 1], &path[2..]] {
            assert_eq!(odd(&[entry(path)]), [], "{path:?}");
        }
    }

    #[test]
    fn a_path_may_come_once() {
        let entries = ["a/b", "a/", "c", "./a//b", "c/"].map(entry);
        assert_eq!(odd(&entries), met(Oddity::Duplicate, 2, "./a//b"));
        assert_eq!(odd(&["a/b", "ab", "b/a", "c/a", "c/"].map(entry)), []);
    }

    #[test]
    fn no_path_goes_through_a_file() {
        for paths in [["x.py", "x.py/y"], ["x.py/y", "x.py"], ["./x.py", "x.py//y/z"], ["a/x/y/z", "a/x"]] {
            assert_eq!(odd(&paths.map(entry)), met(Oddity::Blocked, 1, paths[1]), "{paths:?}");
        }
        assert_eq!(odd(&["a/b/c", "a/b/d", "a/b", "a/b/e"].map(entry)), met(Oddity::Blocked, 2, "a/b"));
        assert_eq!(odd(&["a/", "a/b/", "a/b/c", "a/bc", "a/bc.d"].map(entry)), []);
    }

    #[test]
    fn sizes_that_deflate_cannot_have_are_told() {
        let deflated = |size, zipped| Entry { size, zipped, method: CompressionMethod::DEFLATE, ..entry("a") };
        for (size, zipped, is_odd) in [
            (0, 2, false),
            (1_032_000, 1_000, false),
            (1_032_001, 1_000, true),
            (300_000_000, 291_000, false),
            (5, 291_000, true),
            (5, 1_030, false),
            (100_000, 112_600, false),
            (100_000, 130_000, true),
            (u64::MAX, 5, true),
            (5, u64::MAX, true),
        ] {
            let expected = if is_odd { met(Oddity::Sizes, 1, "a") } else { vec![] };
            assert_eq!(odd(&[deflated(size, zipped)]), expected, "{size} {zipped}");
        }
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
        let path = format!("../{}", "é/".repeat(1_000));
        assert_eq!(odd(&[entry(&path)])[0].2.chars().count(), SHOWN);
        let url = format!("../https://user:{}@host", "p".repeat(SHOWN));
        assert_eq!(odd(&[entry(&url)])[0].2, "../https://****@host");
    }
}
