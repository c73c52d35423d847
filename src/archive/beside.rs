//! Native files for a machine that is not declared, beside others that are right: nothing else would show them.
//!
//! Some packages bring one file for each of several machines on purpose. These say so in their paths, or the right one lies
//! beside them.

use super::built_for::LAMBDA;
use super::oddities::Met;
use std::collections::BTreeMap;

/// More libraries than this no layer has; it bounds what names can take of memory.
const LIMIT: usize = 5_000;

/// What auditwheel puts behind the names of the libraries that it adds: so many digits of a hash.
const HASH: usize = 8;

/// What was met of native files, by what is the same of one that was built for several machines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Beside(BTreeMap<String, BTreeMap<&'static str, Met>>);

/// A file for a machine that is not declared.
pub(super) struct Stray<'a> {
    pub machine: &'static str,
    pub path: &'a str,
    /// How many others there are.
    pub more: usize,
}

impl Beside {
    /// Takes note of a file for this machine.
    pub fn add(&mut self, path: &str, machine: &'static str) {
        let name = name(path);
        if !names_machine(path) && (self.0.len() < LIMIT || self.0.contains_key(&name)) {
            self.0.entry(name).or_default().entry(machine).or_default().add(path.as_bytes());
        }
    }

    /// A file for Lambda's other architecture, without one beside it for one that is declared. Those for other systems lie beside
    /// the right ones in many packages, and nothing loads them.
    pub fn stray(&self, declared: &[&str]) -> Option<Stray<'_>> {
        let is_right = |built: &BTreeMap<&str, Met>| declared.iter().any(|one| built.contains_key(one));
        let wrong = self.0.values().filter(|built| !is_right(built));
        let mut wrong = wrong.filter_map(|built| LAMBDA.iter().find_map(|one| built.get_key_value(one)));
        let (machine, met) = wrong.next()?;
        Some(Stray { machine, path: &met.first, more: wrong.count() })
    }
}

/// The path without its version, and without the hash of a library that auditwheel added.
fn name(path: &str) -> String {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let (stem, end) = match file.find(".so") {
        Some(at) => (&file[..at], ".so"),
        None => (file, ""),
    };
    let is_hash = |text: &str| text.len() == HASH && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let shorter = |stem: &str| stem.rsplit_once('-').filter(|(_, hash)| is_hash(hash)).map(|(stem, _)| stem.len());
    // What a wheel took from another one that was repaired has two.
    let stem = (0..2).fold(stem, |stem, _| shorter(stem).map_or(stem, |len| &stem[..len]));
    format!("{folder}/{stem}{end}")
}

/// Whether a path says which machine it is for: `prebuilds/linux-arm64/a.node`, `attach_linux_amd64.so`.
fn names_machine(path: &str) -> bool {
    let is_machine = |word: &str| {
        let known = ["x64", "x86", "amd64", "aarch64", "i386", "i686", "ia32", "x8664"];
        word.starts_with("arm") || known.contains(&word)
    };
    path.to_ascii_lowercase().split(|next: char| !next.is_ascii_alphanumeric()).any(is_machine)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stray(files: &[(&str, &'static str)]) -> Option<(String, usize)> {
        let mut beside = Beside::default();
        files.iter().for_each(|(path, machine)| beside.add(path, machine));
        beside.stray(&["x86_64"]).map(|stray| (stray.path.to_owned(), stray.more))
    }

    #[test]
    fn what_lies_beside_the_right_ones_is_told_unless_it_is_there_on_purpose() {
        let both = |one: &'static str, other: &'static str| stray(&[(one, "x86_64"), (other, "arm64")]);
        for (right, wrong) in [
            ("nodejs/node_modules/a/a.node", "nodejs/node_modules/b/b.node"),
            ("lib/liba.so", "lib/libfoo.so.1"),
            ("extensions/x", "bin/y"),
            ("python/a.so", "python/numpy.libs/libblas-0123abcd.so"),
        ] {
            assert_eq!(both(right, wrong), Some((wrong.to_owned(), 0)));
            assert_eq!(both(wrong, right), Some((right.to_owned(), 0)));
        }
        for (right, wrong) in [
            ("nodejs/a/prebuilds/linux-x64/a.node", "nodejs/a/prebuilds/linux-arm64/a.node"),
            ("nodejs/@img/sharp-linux-x64/lib/sharp.node", "nodejs/@img/sharp-linux-arm64/lib/sharp.node"),
            ("python/x.so", "python/pydevd/attach_linux_aarch64.so"),
            ("python/numpy.libs/libblas-0123abcd.so", "python/numpy.libs/libblas-ff01abcd.so.3"),
            (
                "python/numpy.libs/libgfortran-040039e1-0352e75f.so.5.0.0",
                "python/numpy.libs/libgfortran-daac5196-038a5e3c.so.5.0.0",
            ),
            ("lib/libx.so.1.2", "lib/libx.so.1.3"),
        ] {
            assert_eq!(both(right, wrong), None, "{wrong}");
        }
        assert_eq!(stray(&[("lib/a.so", "x86_64"), ("lib/b.dylib", "macOS"), ("lib/c.so", "32-bit ARM")]), None);
        assert_eq!(stray(&[("lib/a.so", "arm64"), ("lib/b.so", "arm64")]), Some(("lib/a.so".to_owned(), 1)));
    }

    #[test]
    fn names_are_bounded() {
        let mut beside = Beside::default();
        (0..2 * LIMIT).for_each(|number| beside.add(&format!("lib/{number}.so"), "arm64"));
        assert_eq!(beside.0.len(), LIMIT);
    }
}
