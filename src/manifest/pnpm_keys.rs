//! How pnpm writes in its lock file which package is meant.

use super::node::split_at_sign;
use std::borrow::Cow;

/// A key without the peers that stand in parentheses behind it.
pub(super) fn without_peers(key: &str) -> &str {
    key.split('(').next().unwrap_or(key)
}

/// The hash of the patch of a package, which stands in its key in front of its peers.
pub(super) fn patch(key: &str) -> Option<&str> {
    let behind = key[without_peers(key).len()..].strip_prefix("(patch_hash=")?;
    behind.split(')').next()
}

/// The key, since version 9, of what is locked for a name; `None` for a folder of the same repository. As pnpm reads it: what is
/// known by another name, or comes from elsewhere, stands there with its own.
pub(super) fn target<'a>(name: &str, locked: &'a str) -> Option<Cow<'a, str>> {
    match locked {
        folder if folder.starts_with("link:") => None,
        own if is_own(own) => Some(own.into()),
        version => Some(format!("{name}@{version}").into()),
    }
}

/// The own name of what is locked for a name.
pub(super) fn own_name<'a>(name: &'a str, locked: &'a str) -> &'a str {
    let own = Some(locked).filter(|locked| is_own(locked)).and_then(split_at_sign);
    own.map_or(name, |(own, _)| own)
}

/// Whether a name stands in front of a version.
fn is_own(locked: &str) -> bool {
    let before = |mark: char| locked.find('@').is_some_and(|at| locked.find(mark).is_none_or(|other| at < other));
    locked.starts_with('@') || before(':') && before('(')
}

/// A key, or what is locked for a name where that is written as one, in the form that it has since version 9.
pub(super) fn plain(key: &str, is_old: bool) -> Cow<'_, str> {
    match key.strip_prefix('/') {
        Some(_) if is_old => {
            let (name, version) = split_old(key);
            format!("{name}@{version}").into()
        }
        rest => rest.unwrap_or(key).into(),
    }
}

/// The name and the version of a key before version 6: `/@scope/name/1.0.0_peer@2.0.0`, with a registry in front where it is
/// another one.
pub(super) fn split_old(key: &str) -> (&str, &str) {
    let Some((before, version)) = key.rsplit_once('/') else { return (key, "") };
    let (above, last) = before.rsplit_once('/').unwrap_or(("", before));
    let scope = above.rsplit('/').next().filter(|scope| scope.starts_with('@'));
    let length = last.len() + scope.map_or(0, |scope| scope.len() + 1);
    (&before[before.len() - length..], version.split('_').next().unwrap_or(version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_are_no_part_of_a_package() {
        assert_eq!(without_peers("@s/x@1.0.0(react@17.0.2)(y@1)"), "@s/x@1.0.0");
        assert_eq!(without_peers("x@1.0.0"), "x@1.0.0");
    }

    #[test]
    fn a_patch_is_that_of_the_package_and_not_of_a_peer() {
        assert_eq!(patch("x@1.0.0(patch_hash=c0ffee)(y@1)"), Some("c0ffee"));
        assert_eq!(patch("x@1.0.0(y@1.0.0(patch_hash=c0ffee))"), None);
        assert_eq!(patch("x@1.0.0"), None);
    }

    #[test]
    fn what_is_locked_for_a_name_has_a_key() {
        for (name, locked, expected) in [
            ("x", "1.0.0", Some("x@1.0.0")),
            ("@s/x", "1.0.0(@t/y@1.0.0)", Some("@s/x@1.0.0(@t/y@1.0.0)")),
            ("kind-of-2", "kind-of@2.0.1", Some("kind-of@2.0.1")),
            ("other", "@s/x@1.0.0(y@1)", Some("@s/x@1.0.0(y@1)")),
            ("x", "https://h/x/tar.gz/c0ffee", Some("x@https://h/x/tar.gz/c0ffee")),
            ("x", "git+ssh://git@h/x.git#c0ffee", Some("x@git+ssh://git@h/x.git#c0ffee")),
            ("x", "x@https://h/y.tgz", Some("x@https://h/y.tgz")),
            ("x", "file:vendor/dir", Some("x@file:vendor/dir")),
            ("x", "link:../x", None),
        ] {
            assert_eq!(target(name, locked).as_deref(), expected, "{name} {locked}");
        }
    }

    #[test]
    fn keys_of_all_versions_are_one() {
        for (key, is_old, expected) in [
            ("/@s/x/1.0.0", true, "@s/x@1.0.0"),
            ("/@s/x@1.0.0", false, "@s/x@1.0.0"),
            ("@s/x@1.0.0(y@1)", false, "@s/x@1.0.0(y@1)"),
            ("1.0.0", true, "1.0.0"),
            ("file:vendor/dir", true, "file:vendor/dir"),
        ] {
            assert_eq!(plain(key, is_old), expected, "{key}");
        }
    }

    #[test]
    fn old_keys_are_split() {
        for (key, expected) in [
            ("/@s/x_y/1.0.0_@t+peer@2.0.0", ("@s/x_y", "1.0.0")),
            ("/string_decoder/1.3.0", ("string_decoder", "1.3.0")),
            ("r.example/@s/x/1.0.0", ("@s/x", "1.0.0")),
            ("r.example/y/2.0.0_abc", ("y", "2.0.0")),
            ("x", ("x", "")),
            ("/1", ("", "1")),
        ] {
            assert_eq!(split_old(key), expected, "{key}");
        }
    }
}
