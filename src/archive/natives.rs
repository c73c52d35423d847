//! Native libraries of an archive, as far as their names or their headers tell what they were built for.
//!
//! An extension module of Python carries it in its name: `_speedups.cpython-312-aarch64-linux-gnu.so` is for CPython 3.12
//! on arm64, and no other Python would even look at it.

use super::beside::{Beside, Stray};
use super::built_for::{BuiltFor, LAMBDA, module, of_header};
use super::oddities::Met;
use super::packages::below_python;
use crate::finding::{Check, Finding, Level};
use crate::layer::{Architecture, LayerSettings, Runtime};
use std::collections::{BTreeMap, BTreeSet};

/// More kinds of libraries than this no layer has; it bounds what names can take of memory.
const LIMIT: usize = 64;

/// The same of packages with extension modules.
const PACKAGES_LIMIT: usize = 2_000;

/// The same of extension modules.
const MODULES_LIMIT: usize = 5_000;

/// Where nothing is declared, what is needed is one of them.
const EITHER: &str = "Lambda's x86_64 or arm64";

const HINT: &str = "build it for what the layer declares: `pip install --only-binary :all: --target DIR` with the layer's `--python-version` and, for arm64, `--platform manylinux2014_aarch64`, else `manylinux2014_x86_64`";

/// What the native code of an archive was built for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Natives {
    /// By the names of extension modules.
    named: BTreeMap<BuiltFor, Met>,
    /// By the headers of libraries whose names do not tell.
    headed: Headed,
    /// By those of programs.
    programs: Headed,
    /// Libraries whose header tells something else than their name.
    misnamed: BTreeMap<&'static str, Met>,
    /// What the extension modules of each package were built for: `import` finds no other.
    packages: BTreeMap<String, BTreeMap<&'static str, Met>>,
    /// Which Pythons find each extension module that has one in its name.
    modules: BTreeMap<String, Module>,
}

/// What headers tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Headed {
    found: BTreeMap<&'static str, Met>,
    /// The same for each of them.
    beside: Beside,
    /// Not every header was looked at.
    is_sampled: bool,
}

/// Which Pythons find an extension module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Module {
    pythons: BTreeSet<String>,
    /// One of its files is for any Python.
    is_for_any: bool,
    /// The path of its first file.
    met: Met,
}

impl Module {
    fn is_for(&self, pythons: &[&str]) -> bool {
        self.is_for_any || pythons.iter().any(|python| self.pythons.contains(*python))
    }
}

impl Natives {
    /// Takes note of a path, if it is one of an extension module where Python looks.
    pub(super) fn meet(&mut self, path: &[u8]) {
        let Ok(path) = std::str::from_utf8(path) else { return };
        self.meet_module(path);
        let Some(built_for) = BuiltFor::of_name(path) else { return };
        self.note_module(path, built_for.machine);
        if self.named.len() < LIMIT || self.named.contains_key(&built_for) {
            self.named.entry(built_for).or_default().add(path.as_bytes());
        }
    }

    fn meet_module(&mut self, path: &str) {
        let Some((module, python)) = module(path) else { return };
        if self.modules.len() < MODULES_LIMIT || self.modules.contains_key(module) {
            let module = self.modules.entry(module.to_owned()).or_default();
            module.met.add(path.as_bytes());
            module.is_for_any |= python.is_none();
            module.pythons.extend(python.filter(|_| module.pythons.len() < LIMIT));
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
        self.headed.is_sampled |= !is_whole;
        let Some(machine) = of_header(content) else { return };
        let text = std::str::from_utf8(path).unwrap_or_default();
        match BuiltFor::of_name(text) {
            Some(named) if named.header() == machine => {}
            Some(_) => self.misnamed.entry(machine).or_default().add(path),
            None if is_portable(text) => {}
            None => self.headed.add(path, machine),
        }
        if text.ends_with(".abi3.so") {
            self.note_module(text, machine);
        } else if BuiltFor::of_name(text).is_none() {
            self.headed.beside.add(text, machine);
        }
    }

    /// The same of a program.
    pub(super) fn see_program(&mut self, path: &[u8], content: &[u8], is_whole: bool) {
        self.programs.is_sampled |= !is_whole;
        if let Some(machine) = of_header(content) {
            self.programs.add(path, machine);
            self.programs.beside.add(str::from_utf8(path).unwrap_or_default(), machine);
        }
    }

    /// Runtimes and architectures that a layer declares, and that none of its native code was built for.
    pub fn judge(&self, settings: &LayerSettings) -> Vec<Finding> {
        let pythons = settings.compatible_runtimes.iter().map(Runtime::as_str);
        let pythons: Vec<&str> = pythons.filter_map(|runtime| runtime.strip_prefix("python")).collect();
        let declared = declared(settings);
        let python = [self.pythons(&pythons), self.modules(&pythons)].into_iter().flatten();
        let python = python.map(|message| Finding::warning(Check::ArchivePython, message, HINT));
        let architecture = [self.libraries(&declared), self.programs(&declared), self.misnamed()].into_iter().flatten();
        let architecture = architecture.map(|message| Finding::warning(Check::ArchiveArchitecture, message, HINT));
        python.chain(architecture).chain(self.mixed(&declared)).collect()
    }

    fn pythons(&self, declared: &[&str]) -> Option<String> {
        let is_built = |python: &str| self.named.keys().any(|built_for| built_for.python == python);
        let missing = declared.iter().filter(|python| !is_built(python)).map(|python| format!("python{python}"));
        let built = self.named.iter().map(|(built_for, met)| (format!("python{}", built_for.python), met));
        told("native modules", built.collect(), &missing.collect::<Vec<_>>())
    }

    /// A module that none of the declared Pythons finds, beside others that are right. Some come for several Pythons.
    fn modules(&self, declared: &[&str]) -> Option<String> {
        let is_right = |module: &Module| declared.iter().any(|python| module.pythons.contains(*python));
        if !self.modules.values().any(is_right) {
            return None;
        }
        let mut wrong = self.modules.values().filter(|module| !module.is_for(declared));
        let Module { pythons, met, .. } = wrong.next()?;
        let names = |pythons: &mut dyn Iterator<Item = &str>| {
            pythons.map(|python| format!("python{python}")).collect::<Vec<_>>().join(" and ")
        };
        let (built, missing) = (names(&mut pythons.iter().map(String::as_str)), names(&mut declared.iter().copied()));
        let more = more(wrong.count(), "module");
        Some(format!("one of its native modules is for {built} and not for {missing}: `{}`{more}", met.first))
    }

    fn libraries(&self, declared: &[&str]) -> Option<String> {
        let named = self.named.iter().map(|(built_for, met)| (built_for.machine.to_owned(), met));
        let built = match !self.named.is_empty() && self.named.keys().all(BuiltFor::is_for_musl) {
            // No Python of Lambda looks at one of its modules, whatever libraries are beside them.
            true => named.collect(),
            false => named.chain(self.headed.built()).collect(),
        };
        let all = self.headed.told("native libraries", built, declared);
        all.or_else(|| self.headed.stray(("native libraries", "library", "libraries"), declared))
    }

    fn programs(&self, declared: &[&str]) -> Option<String> {
        let all = self.programs.told("programs", self.programs.built().collect(), declared);
        all.or_else(|| self.programs.stray(("programs", "program", "programs"), declared))
    }

    fn misnamed(&self) -> Option<String> {
        let (machine, met) = self.misnamed.first_key_value()?;
        Some(format!("a native library is for {machine}, whatever its name says: `{}`", met.first))
    }

    /// A package whose modules are none for an architecture that is declared, beside others that are.
    fn mixed(&self, declared: &[&str]) -> Option<Finding> {
        // What was not read may be for that.
        if self.headed.is_sampled {
            return None;
        }
        let has = |built: &BTreeMap<&str, Met>, one: &str| match one {
            EITHER => LAMBDA.iter().any(|one| built.contains_key(one)),
            one => built.contains_key(one),
        };
        let is_there = |one: &&&str| self.packages.values().any(|built| has(built, one));
        let needed: Vec<&str> = declared.iter().filter(is_there).copied().collect();
        let lacks = |built: &BTreeMap<&str, Met>| needed.iter().copied().find(|one| !has(built, one));
        let mut lacking = self.packages.iter().filter_map(|(package, built)| Some((package, built, lacks(built)?)));
        let (package, built, missing) = lacking.next()?;
        let (machine, met) = built.first_key_value()?;
        let more = more(lacking.count(), "package");
        let first = &met.first;
        let message = format!("its modules of `{package}` are for {machine} and not for {missing}: `{first}`{more}");
        // A layer for both may leave out of one what only the other needs.
        let level = if declared.len() > 1 && has(built, EITHER) { Level::Advice } else { Level::Warning };
        Some(Finding { check: Check::ArchiveArchitecture, level, message, hint: HINT })
    }
}

impl Headed {
    fn add(&mut self, path: &[u8], machine: &'static str) {
        self.found.entry(machine).or_default().add(path);
    }

    /// One that is not for what is declared, beside others that are.
    fn stray(&self, (what, one, many): (&str, &str, &str), declared: &[&str]) -> Option<String> {
        // What was not read may be the right one for it.
        if self.is_sampled || declared.is_empty() || declared.contains(&EITHER) {
            return None;
        }
        let Stray { machine, path, more } = self.beside.stray(declared)?;
        let more = match more {
            0 => String::new(),
            more => format!(", and {more} more {} like that", if more == 1 { one } else { many }),
        };
        let missing = declared.join(" and ");
        Some(format!("one of its {what} is for {machine} and not for {missing}: `{path}`{more}"))
    }

    fn built(&self) -> impl Iterator<Item = (String, &Met)> {
        self.found.iter().map(|(machine, met)| ((*machine).to_owned(), met))
    }

    fn told(&self, what: &str, built: Vec<(String, &Met)>, declared: &[&str]) -> Option<String> {
        let is_built = |one: &str| match one {
            EITHER => built.iter().any(|(built_for, _)| LAMBDA.contains(&built_for.as_str())),
            one => built.iter().any(|(built_for, _)| built_for == one),
        };
        let missing: Vec<String> = declared.iter().filter(|one| !is_built(one)).map(|one| (*one).to_owned()).collect();
        let sampled = if self.is_sampled { ", as far as a few of them were read," } else { "" };
        told(&format!("{what}{sampled}"), built, &missing)
    }
}

/// The architectures that a layer declares; either where it declares none. What is not known here has names that are not
/// known either.
fn declared(settings: &LayerSettings) -> Vec<&str> {
    if settings.compatible_architectures.is_empty() {
        return vec![EITHER];
    }
    settings.compatible_architectures.iter().map(Architecture::as_str).filter(|one| LAMBDA.contains(one)).collect()
}

/// Whether a library of Windows may be one of .NET, which is for any machine.
fn is_portable(path: &str) -> bool {
    let home = path.trim_start_matches("./").split('/').next();
    path.ends_with(".dll") && !matches!(home, Some("python" | "nodejs"))
}

fn more(count: usize, what: &str) -> String {
    match count {
        0 => String::new(),
        1 => format!(", and 1 more {what} like that"),
        more => format!(", and {more} more {what}s like that"),
    }
}

fn told(what: &str, built: Vec<(String, &Met)>, missing: &[String]) -> Option<String> {
    let first = &built.first()?.1.first;
    let built_for: BTreeSet<&str> = built.iter().map(|(built_for, _)| built_for.as_str()).collect();
    let built_for: Vec<&str> = built_for.into_iter().collect();
    let (built_for, missing_for) = (built_for.join(" and "), missing.join(" and "));
    let message = || format!("its {what} are for {built_for} and not for {missing_for}: `{first}`");
    (!missing.is_empty()).then(message)
}

#[cfg(test)]
mod tests;
