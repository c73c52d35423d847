//! How a requirements file has its packages installed, beyond which they are.

use memchr::memchr_iter;

/// How what is used where it lies is installed, in every format that knows it.
pub(super) const EDITABLE: &str = "editable";

/// The options behind a requirement that are no hashes: they reach who builds it.
pub(super) fn own_options(options: &str) -> Option<String> {
    if has_only_hashes(options) {
        return None;
    }
    let mut words = options.split_whitespace();
    let mut kept = Vec::new();
    while let Some(word) = words.next() {
        match word.strip_prefix("--hash") {
            Some("") => drop(words.next()),
            Some(_) => {}
            None => kept.push(word),
        }
    }
    (!kept.is_empty()).then(|| kept.join(" "))
}

/// Told by the dashes alone: nearly every line of a file with hashes has nothing else.
fn has_only_hashes(options: &str) -> bool {
    let options = options.as_bytes();
    let is_hash = |at: usize| options[at..].starts_with(b"--hash");
    memchr_iter(b'-', options).all(|at| is_hash(at) || at > 0 && is_hash(at - 1))
}

/// A line of options that says which files of packages are taken, and how they are built.
pub(super) fn choice(line: &str) -> Option<String> {
    let choices =
        ["--pre", "--prefer-binary", "--no-binary", "--only-binary", "--global-option", "--config-setting", "-C"];
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_choice = |word: &&str| choices.iter().any(|choice| word.starts_with(choice));
    words.iter().any(is_choice).then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_hash_reaches_who_builds_it() {
        for (options, expected) in [
            ("", None),
            ("--hash=sha256:aa --hash=sha256:bb", None),
            ("--hash sha256:aa", None),
            ("--hash=sha256:aa --config-settings='a=b'", Some("--config-settings='a=b'")),
            ("--global-option=a --hash sha256:aa --global-option b", Some("--global-option=a --global-option b")),
            ("-C a=b", Some("-C a=b")),
            ("é-", Some("é-")),
        ] {
            assert_eq!(own_options(options).as_deref(), expected, "{options}");
        }
    }

    #[test]
    fn where_it_is_looked_for_is_no_choice() {
        for (line, expected) in [
            ("--pre", Some("--pre")),
            ("--no-binary   :all:", Some("--no-binary :all:")),
            ("--only-binary=a", Some("--only-binary=a")),
            ("-i https://h --pre", Some("-i https://h --pre")),
            ("-i https://h", None),
            ("--extra-index-url https://h", None),
            ("--require-hashes", None),
            ("-r base.txt", None),
        ] {
            assert_eq!(choice(line).as_deref(), expected, "{line}");
        }
    }
}
