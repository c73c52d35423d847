//! Versions that an archive holds, and what a manifest pins: whether one is the other.

use super::node;
use super::packages::Ecosystem;
use crate::manifest::Version;
use pep440_rs::{Version as OfPython, VersionSpecifiers};
use std::str::FromStr as _;

/// More underscores than this no version has; it bounds what one may stand for.
const UNDERSCORES: usize = 3;

/// A version that the archive holds.
pub(super) struct Held<'a> {
    pub text: &'a str,
    /// Of a package of Python what the text may stand for; nothing where it cannot be read.
    versions: Vec<OfPython>,
}

impl<'a> Held<'a> {
    pub fn of(ecosystem: Ecosystem, text: &'a str) -> Self {
        let is_python = ecosystem == Ecosystem::Python;
        Self { text, versions: if is_python { readings(text) } else { Vec::new() } }
    }

    /// Whether two may be one version, written in two ways.
    pub fn is_same(&self, other: &Held<'_>) -> bool {
        self.text == other.text || self.versions.iter().any(|version| other.versions.contains(version))
    }

    /// What comes first of two versions of one package, as far as they can be read.
    pub fn order(&self) -> (Option<&OfPython>, &str) {
        (self.versions.first(), self.text)
    }
}

/// What a version may be that stands in the name of a folder. What is no letter, no digit and no dot was written as `_` by some
/// tools: the dash of a post-release, and what stands behind an epoch or in front of a local version.
fn readings(text: &str) -> Vec<OfPython> {
    let read = |text: &str| OfPython::from_str(text).ok();
    let dashed = |text: &str| text.replace('_', "-");
    if let Some(version) = read(text).or_else(|| read(&dashed(text))) {
        return vec![version];
    }
    if text.bytes().filter(|byte| *byte == b'_').count() > UNDERSCORES {
        return Vec::new();
    }
    let with_epoch = text.split_once('_').map(|(epoch, rest)| (format!("{epoch}!"), rest));
    let bases = [Some((String::new(), text)), with_epoch].into_iter().flatten();
    let all = bases.flat_map(|(epoch, rest)| {
        let locals = rest.match_indices('_').map(|(at, _)| {
            let (public, local) = (dashed(&rest[..at]), rest[at + 1..].replace('_', "."));
            format!("{epoch}{public}+{local}")
        });
        let locals: Vec<String> = locals.collect();
        std::iter::once(format!("{epoch}{}", dashed(rest))).chain(locals)
    });
    all.filter_map(|text| read(&text)).collect()
}

/// What a manifest pins.
pub(super) enum Pin<'a> {
    /// A version as it is written, which has to be the same text.
    Text(&'a str),
    /// The platform of a gem stands behind its version in the lock file, and is no part of the gem's own version.
    Gem(&'a str),
    /// A version of Node.
    Node(&'a str),
    /// Versions of Python.
    Python(&'a str, VersionSpecifiers),
    /// Whatever is held.
    Anything,
}

impl<'a> Pin<'a> {
    pub fn of(ecosystem: Ecosystem, version: &'a Version) -> Self {
        let pin = version.as_str();
        // Who installs it fills in a variable; of a place it is not told what it holds, and perhaps not even its name.
        if pin == "*" || version.is_place() || pin.contains("${") {
            return Self::Anything;
        }
        match ecosystem {
            Ecosystem::Ruby => Self::Gem(pin),
            Ecosystem::Python => {
                let is_version = pin.starts_with(|first: char| first.is_ascii_alphanumeric());
                let specifiers = if is_version { format!("=={pin}") } else { pin.to_owned() };
                let specifiers = VersionSpecifiers::from_str(&specifiers);
                specifiers.map_or(Self::Text(pin), |specifiers| Self::Python(pin, specifiers))
            }
            Ecosystem::Node => Self::Node(node::plain(pin)),
        }
    }

    /// Whether a version is one that it allows.
    pub fn allows(&self, held: &Held<'_>) -> bool {
        match self {
            Self::Anything => true,
            Self::Text(pin) => escaped(pin.trim_start_matches('=')) == escaped(held.text),
            Self::Node(pin) => *pin == node::plain(held.text),
            Self::Gem(pin) => *pin == held.text || pin.split('-').next() == Some(held.text),
            Self::Python(pin, specifiers) => {
                *pin == held.text || held.versions.iter().any(|version| specifiers.contains(version))
            }
        }
    }
}

/// A version that is none by today's rules (PEP 440), as the name of a folder has it.
fn escaped(version: &str) -> String {
    let is_kept = |character: char| character.is_ascii_alphanumeric() || character == '.';
    version.trim().chars().map(|one| if is_kept(one) { one.to_ascii_lowercase() } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_in_the_name_of_a_folder_is_what_it_stands_for() {
        let table = [
            ("1.0", "1.0"),
            ("1.0_post1", "1.0.post1"),
            ("1.0_1", "1.0.post1"),
            ("1.0_rc1", "1.0rc1"),
            ("1.0_cu118", "1.0+cu118"),
            ("1.0_ubuntu.1_x", "1.0+ubuntu.1.x"),
            ("1.0_1_cu118", "1.0+1.cu118 1.0.post1+cu118"),
            ("1_2.0", "1+2.0 1!2.0"),
            ("1_2.0_cu118", "1+2.0.cu118 1!2.0+cu118"),
            ("1!2.0+cu118", "1!2.0+cu118"),
            ("1.0_foo_", ""),
            ("2004b", "2004b0"),
            ("", ""),
            ("_", ""),
            ("a_b", ""),
        ];
        for (text, expected) in table {
            let found: Vec<String> = readings(text).iter().map(ToString::to_string).collect();
            assert_eq!(found.join(" "), expected, "{text}");
        }
        assert_eq!(readings(&format!("1{}", "_1".repeat(1_000_000))), []);
    }
}
