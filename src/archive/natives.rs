//! Native libraries of an archive, as far as their names or their headers tell what they were built for.
//!
//! An extension module of Python carries it in its name: `_speedups.cpython-312-aarch64-linux-gnu.so` is for CPython 3.12
//! on arm64, and no other Python would even look at it.

use super::oddities::Met;
use super::packages::below_python;
use crate::finding::{Check, Finding, Level};
use crate::layer::{Architecture, LayerSettings, Runtime};
use std::collections::{BTreeMap, BTreeSet};

/// More kinds of libraries than this no layer has; it bounds what names can take of memory.
const LIMIT: usize = 64;

/// The same of packages with extension modules.
const PACKAGES_LIMIT: usize = 2_000;

/// Machines as Python's names have them, and as Lambda does.
const MACHINES: [(&str, &str); 2] = [("x86_64", "x86_64"), ("aarch64", "arm64")];

const HINT: &str = "build it for what the layer declares: `pip install --python-version 3.12 --platform manylinux2014_aarch64 --only-binary :all: --target DIR`";

/// What an extension module was built for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct BuiltFor {
    /// `3.12`
    python: String,
    /// As Lambda names it.
    architecture: &'static str,
}

/// What the extension modules of an archive were built for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Natives {
    /// By the names of extension modules.
    named: BTreeMap<BuiltFor, Met>,
    /// By the headers of libraries whose names do not tell.
    headed: BTreeMap<&'static str, Met>,
    /// What the extension modules of each package were built for: `import` finds no other.
    packages: BTreeMap<String, BTreeMap<&'static str, Met>>,
    /// Not every library was looked at.
    is_sampled: bool,
}

impl Natives {
    /// Takes note of a path, if it is one of an extension module where Python looks.
    pub(super) fn meet(&mut self, path: &[u8]) {
        let Some((path, built_for)) = std::str::from_utf8(path).ok().and_then(|path| Some((path, read(path)?))) else {
            return;
        };
        self.note_module(path, built_for.architecture);
        if self.named.len() < LIMIT || self.named.contains_key(&built_for) {
            self.named.entry(built_for).or_default().add(path.as_bytes());
        }
    }

    fn note_module(&mut self, path: &str, architecture: &'static str) {
        let Some(package) = below_python(path).and_then(|path| path.split(['/', '.']).next()) else { return };
        if self.packages.len() < PACKAGES_LIMIT || self.packages.contains_key(package) {
            let built = self.packages.entry(package.to_owned()).or_default();
            built.entry(architecture).or_default().add(path.as_bytes());
        }
    }

    /// Takes note of the first bytes of a library; `is_whole` where every one is looked at.
    pub(super) fn see(&mut self, path: &[u8], content: &[u8], is_whole: bool) {
        self.is_sampled |= !is_whole;
        let text = std::str::from_utf8(path).ok();
        let is_named = text.is_some_and(|path| read(path).is_some());
        let Some(architecture) = machine(content).filter(|_| !is_named) else { return };
        self.headed.entry(architecture).or_default().add(path);
        if let Some(path) = text.filter(|path| path.ends_with(".abi3.so")) {
            self.note_module(path, architecture);
        }
    }

    /// Runtimes and architectures that a layer declares, and that none of its extension modules was built for.
    pub fn judge(&self, settings: &LayerSettings) -> Vec<Finding> {
        let is_built = |runtime: &&Runtime| {
            let python = runtime.as_str().strip_prefix("python");
            python.is_none_or(|version| self.named.keys().any(|built_for| built_for.python == version))
        };
        let runtimes = settings.compatible_runtimes.iter().filter(|one| !is_built(one)).map(Runtime::as_str);
        let pythons = self.named.iter().map(|(built_for, met)| (format!("python{}", built_for.python), met));
        let python = told("native modules", pythons.collect(), runtimes.collect());
        let python = python.map(|message| Finding::warning(Check::ArchivePython, message, HINT));
        let declared = declared(settings);
        let architecture = self.architectures(&declared);
        let architecture = architecture.map(|message| Finding::warning(Check::ArchiveArchitecture, message, HINT));
        python.into_iter().chain(architecture).chain(self.mixed(&declared)).collect()
    }

    /// A package whose modules are none for an architecture that is declared, beside others that are.
    fn mixed(&self, declared: &[&str]) -> Option<Finding> {
        // What was not read may be for that.
        if self.is_sampled {
            return None;
        }
        let is_there = |one: &&&str| self.packages.values().any(|built| built.contains_key(**one));
        let needed: Vec<&str> = declared.iter().filter(is_there).copied().collect();
        let lacks = |built: &BTreeMap<&str, Met>| needed.iter().copied().find(|one| !built.contains_key(*one));
        let mut lacking = self.packages.iter().filter_map(|(package, built)| Some((package, built, lacks(built)?)));
        let (package, built, missing) = lacking.next()?;
        let (architecture, met) = built.first_key_value()?;
        let more = match lacking.count() {
            0 => String::new(),
            1 => ", and 1 more package like that".to_owned(),
            more => format!(", and {more} more packages like that"),
        };
        let first = &met.first;
        let message =
            format!("its modules of `{package}` are for {architecture} and not for {missing}: `{first}`{more}");
        // A layer for both may leave out of one what only the other needs.
        let level = if declared.len() > 1 { Level::Advice } else { Level::Warning };
        Some(Finding { check: Check::ArchiveArchitecture, level, message, hint: HINT })
    }

    fn architectures(&self, declared: &[&str]) -> Option<String> {
        let named = self.named.iter().map(|(built_for, met)| (built_for.architecture.to_owned(), met));
        let headed = self.headed.iter().map(|(architecture, met)| ((*architecture).to_owned(), met));
        let built: Vec<(String, &Met)> = named.chain(headed).collect();
        let is_missing = |one: &&str| !built.iter().any(|(built_for, _)| built_for == one);
        let missing: Vec<&str> = declared.iter().copied().filter(is_missing).collect();
        let what =
            if self.is_sampled { "native libraries, as far as a few of them were read," } else { "native libraries" };
        told(what, built, missing)
    }
}

/// The architectures that a layer declares. What is not known here has names that are not known either.
fn declared(settings: &LayerSettings) -> Vec<&str> {
    let known = |one: &&str| MACHINES.iter().any(|(_, known)| known == one);
    settings.compatible_architectures.iter().map(Architecture::as_str).filter(known).collect()
}

fn told(what: &str, built: Vec<(String, &Met)>, missing: Vec<&str>) -> Option<String> {
    let first = &built.first()?.1.first;
    let built_for: BTreeSet<&str> = built.iter().map(|(built_for, _)| built_for.as_str()).collect();
    let built_for: Vec<&str> = built_for.into_iter().collect();
    let (built_for, missing_for) = (built_for.join(" and "), missing.join(" and "));
    let message = || format!("its {what} are for {built_for} and not for {missing_for}: `{first}`");
    (!missing.is_empty()).then(message)
}

/// What machine the header of an ELF file names.
fn machine(content: &[u8]) -> Option<&'static str> {
    let is_elf = content.starts_with(b"\x7fELF\x02\x01");
    match content.get(18..20).filter(|_| is_elf)? {
        [62, 0] => Some("x86_64"),
        [183, 0] => Some("arm64"),
        _ => None,
    }
}

/// `python/…/name.cpython-312-x86_64-linux-gnu.so`
fn read(path: &str) -> Option<BuiltFor> {
    let path = path.trim_start_matches("./").strip_prefix("python/")?;
    let (_, tag) = path.strip_suffix(".so")?.rsplit_once(".cpython-")?;
    let mut parts = tag.split('-');
    let (version, machine) = (parts.next()?, parts.next()?);
    // 3.13t is the Python without a global lock, which Lambda does not have.
    let minor =
        version.strip_prefix('3').filter(|minor| !minor.is_empty() && minor.bytes().all(|b| b.is_ascii_digit()))?;
    let (_, architecture) = MACHINES.iter().find(|(name, _)| *name == machine)?;
    Some(BuiltFor { python: format!("3.{minor}"), architecture })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(paths: &[&str], runtimes: &[&str], architectures: &[&str]) -> String {
        let mut natives = Natives::default();
        paths.iter().for_each(|path| natives.meet(path.as_bytes()));
        let settings = LayerSettings {
            compatible_runtimes: runtimes.iter().map(|name| name.parse().unwrap()).collect(),
            compatible_architectures: architectures.iter().map(|name| name.parse().unwrap()).collect(),
            ..LayerSettings::default()
        };
        let found = natives.judge(&settings);
        found.iter().map(|found| format!("{} {}", found.check, found.message)).collect::<Vec<_>>().join("\n")
    }

    const X86: &str = "python/charset_normalizer/md.cpython-312-x86_64-linux-gnu.so";
    const X86_ON_ARM: &str = "python/charset_normalizer/md.cpython-312-aarch64-linux-gnu.so";
    const ARM: &str = "python/numpy/_core/_simd.cpython-312-aarch64-linux-gnu.so";
    const OLD: &str = "python/lib/python3.11/site-packages/yaml/_yaml.cpython-311-x86_64-linux-gnu.so";

    #[test]
    fn what_is_declared_is_held_against_what_was_built() {
        let fine: [(&[&str], &[&str], &[&str]); 9] = [
            (&[X86], &["python3.12"], &["x86_64"]),
            (&[X86, X86_ON_ARM], &["python3.12"], &["x86_64", "arm64"]),
            (&[X86, X86_ON_ARM, ARM], &["python3.12"], &["arm64"]),
            (&[X86, OLD], &["python3.12", "python3.11"], &["x86_64"]),
            (&[X86], &["nodejs22.x"], &[]),
            (&[X86], &[], &[]),
            (&[], &["python3.12"], &["arm64"]),
            (&[X86], &["python3.12"], &["riscv64"]),
            (&["./python/a.cpython-312-x86_64-linux-musl.so"], &["python3.12"], &["x86_64"]),
        ];
        for (paths, runtimes, architectures) in fine {
            assert_eq!(told(paths, runtimes, architectures), "", "{paths:?} {runtimes:?} {architectures:?}");
        }
        insta::assert_snapshot!(told(&[X86], &["python3.12"], &["arm64"]), @"archive-architecture its native libraries are for x86_64 and not for arm64: `python/charset_normalizer/md.cpython-312-x86_64-linux-gnu.so`");
        insta::assert_snapshot!(told(&[X86, OLD], &["python3.12", "python3.13", "python3.14"], &["x86_64", "arm64"]), @"
        archive-python its native modules are for python3.11 and python3.12 and not for python3.13 and python3.14: `python/lib/python3.11/site-packages/yaml/_yaml.cpython-311-x86_64-linux-gnu.so`
        archive-architecture its native libraries are for x86_64 and not for arm64: `python/lib/python3.11/site-packages/yaml/_yaml.cpython-311-x86_64-linux-gnu.so`
        ");
    }

    /// An archive that was built twice, for one machine and for another: objects of the right one hid the others.
    #[test]
    fn a_package_for_another_architecture_beside_the_right_ones_is_told() {
        let found = |architectures: &[&str], read: &[(&str, u8)], is_whole: bool| {
            let mut natives = Natives::default();
            [X86, ARM].iter().for_each(|path| natives.meet(path.as_bytes()));
            for (path, machine) in read {
                let header = [b"\x7fELF\x02\x01".as_slice(), &[0; 12], &[*machine, 0]].concat();
                natives.see(path.as_bytes(), &header, is_whole);
            }
            let compatible_architectures = architectures.iter().map(|name| name.parse().unwrap()).collect();
            let settings = LayerSettings { compatible_architectures, ..LayerSettings::default() };
            let told =
                natives.judge(&settings).into_iter().map(|found| format!("{:?}: {}", found.level, found.message));
            told.collect::<Vec<_>>().join("\n")
        };
        insta::assert_snapshot!(found(&["arm64"], &[], true), @"Warning: its modules of `charset_normalizer` are for x86_64 and not for arm64: `python/charset_normalizer/md.cpython-312-x86_64-linux-gnu.so`");
        insta::assert_snapshot!(found(&["x86_64", "arm64"], &[], true), @"Advice: its modules of `charset_normalizer` are for x86_64 and not for arm64: `python/charset_normalizer/md.cpython-312-x86_64-linux-gnu.so`, and 1 more package like that");
        let read = [("python/cffi.abi3.so", 62), ("python/lib/python3.12/site-packages/rust/_rust.abi3.so", 183)];
        insta::assert_snapshot!(found(&["arm64"], &read, true), @"Warning: its modules of `cffi` are for x86_64 and not for arm64: `python/cffi.abi3.so`, and 1 more package like that");
        assert_eq!(found(&["arm64"], &read, false), "", "what was not read may be for it");
        // What is no module may be there for several machines.
        insta::assert_snapshot!(found(&["x86_64"], &[("python/a/arm.so", 183)], true), @"Warning: its modules of `numpy` are for arm64 and not for x86_64: `python/numpy/_core/_simd.cpython-312-aarch64-linux-gnu.so`");
    }

    #[test]
    fn only_names_that_tell_both_count() {
        let names = [
            "python/cryptography/_rust.abi3.so",
            "python/numpy.libs/libscipy_openblas64_.so",
            "python/a.cpython-313t-x86_64-linux-gnu.so",
            "python/a.cpython-312-x86_64-linux-gnu.so.txt",
            "python/a.cpython-312-arm-linux-gnueabihf.so",
            "python/a.cpython-312-darwin.so",
            "python/a.cpython-.so",
            "python/a.cpython-3-x86_64.so",
            "lib/a.cpython-312-x86_64-linux-gnu.so",
        ];
        assert_eq!(told(&names, &["python3.13"], &["arm64"]), "");
    }

    #[test]
    fn kinds_are_bounded() {
        let mut natives = Natives::default();
        for minor in 0..1_000 {
            natives.meet(format!("python/a.cpython-3{minor}-x86_64-linux-gnu.so").as_bytes());
        }
        assert_eq!(natives.named.len(), LIMIT);
        for package in 0..2 * PACKAGES_LIMIT {
            natives.meet(format!("python/{package}/a.cpython-312-x86_64-linux-gnu.so").as_bytes());
        }
        assert_eq!(natives.packages.len(), PACKAGES_LIMIT);
    }
}
