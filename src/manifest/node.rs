//! What the lock files of npm, Yarn and pnpm have in common.

use memchr::{memchr, memchr2, memrchr};

/// `@scope/name@rest` at the `@` behind the name.
pub(super) fn split_at_sign(text: &str) -> Option<(&str, &str)> {
    let behind_first = text.chars().next().map_or(0, char::len_utf8);
    let at = text[behind_first..].find('@')? + behind_first;
    Some((&text[..at], &text[at + 1..]))
}

/// Whether a place says no more than the version: registries have it in the name of the file (`…/-/name-1.0.0.tgz`,
/// `…/name/1.0.0.tgz`) or of its folder (`…/name/1.0.0/DIGEST`). Any other place may hold something else under that version.
fn is_of_registry(place: &str, version: &str) -> bool {
    let path = memchr2(b'#', b'?', place.as_bytes()).map_or(place, |end| &place[..end]);
    // What stands behind the plus is no part of a file's name.
    let version = memchr(b'+', version.as_bytes()).map_or(version, |end| &version[..end]);
    let (folders, file) = last_part(path);
    let (_, folder) = last_part(folders);
    let name = file.strip_suffix(".tgz").and_then(|name| name.strip_suffix(version));
    let has_version = name.is_some_and(|name| name.is_empty() || name.ends_with('-')) || folder == version;
    !version.is_empty() && !place.starts_with("git") && !place.starts_with("file:") && has_version
}

/// What stands in front of the last slash, and behind it.
fn last_part(path: &str) -> (&str, &str) {
    memrchr(b'/', path.as_bytes()).map_or(("", path), |at| (&path[..at], &path[at + 1..]))
}

/// The hash of a file that no registry has: whoever makes it may do so again at the same version.
pub(super) fn content<'h>(place: Option<&str>, version: &str, hash: Option<&'h str>) -> Option<&'h str> {
    hash.filter(|_| place.is_some_and(|place| !is_of_registry(place, version)))
}

/// Whether a place stands for what is installed, rather than the version: it names a commit, or nothing else does, no hash
/// either. Where there is a hash, that tells of another content, and the version of itself.
pub(super) fn stands_for(place: &str, version: &str, is_hashed: bool) -> bool {
    !is_of_registry(place, version) && (!is_hashed || place.starts_with("git") || place.contains('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_with_a_hash_hides_no_version() {
        let (folder, commit) = ("https://host/latest.tgz", "https://host/a.git#0123abc");
        let table = [(folder, false, true), (folder, true, false), (commit, true, true), ("git+ssh://h/a", true, true)];
        for (place, is_hashed, expected) in table {
            assert_eq!(stands_for(place, "1.0.0", is_hashed), expected, "{place}");
        }
        assert!(!stands_for("https://registry.npmjs.org/x/-/x-1.0.0.tgz#0123", "1.0.0", false));
    }

    #[test]
    fn places_of_registries_are_known() {
        let table = [
            ("https://registry.npmjs.org/x/-/x-1.0.0.tgz", true),
            ("https://registry.yarnpkg.com/@s/x/-/x-1.0.0.tgz#0123abc", true),
            ("https://registry.nlark.com/x/download/x-1.0.0.tgz?cache=0", true),
            ("https://npm.jsr.io/~/11/@jsr/s__x/1.0.0.tgz", true),
            ("https://npm.pkg.github.com/download/@s/x/1.0.0/c0ffee", true),
            ("x-1.0.0.tgz#0123abc", true),
            ("https://codeload.github.com/a/x/tar.gz/c0ffee", false),
            ("https://codeload.github.com/a/x/tar.gz/1.0.0", false),
            ("https://h/x.git#1.0.0", false),
            ("https://h/x.git#c0ffee", false),
            ("git+ssh://git@h/x/x-1.0.0.tgz", false),
            ("file:x-1.0.0.tgz", false),
            ("https://registry.npmjs.org/x/-/x-11.0.0.tgz", false),
            ("https://h/x.tgz", false),
            ("", false),
        ];
        for (place, expected) in table {
            assert_eq!(is_of_registry(place, "1.0.0"), expected, "{place}");
        }
        assert!(is_of_registry("https://registry.npmjs.org/x/-/x-1.0.0.tgz", "1.0.0+build"));
        assert!(!is_of_registry("https://registry.npmjs.org/x/-/x-.tgz", ""));
    }
}
