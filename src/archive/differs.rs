//! Whether an archive holds what its manifest pins.

use super::node;
use super::packages::{Ecosystem, Packages, Python};
use crate::bounds::Outside;
use crate::finding::{Check, Finding};
use crate::halt::Halt;
use crate::layer::{LayerSettings, Runtime};
use crate::manifest::{
    About, Dependencies, Environments, Format, Need, Version, Versions, is_left_out, is_left_out_with_botocore,
};
use std::collections::BTreeSet;
use std::str::FromStr as _;

/// How many packages a message names.
const SHOWN: usize = 3;

/// A manifest that was read.
#[derive(Clone, Copy)]
pub struct Pins<'a> {
    /// Its file name, for messages.
    pub name: &'a str,
    /// What kind of manifest it is.
    pub format: Format,
    /// What it names.
    pub dependencies: &'a Dependencies,
    /// It has lines that cannot be read: these are the others.
    pub is_partial: bool,
    /// Why no message names what it does, if so; asked where there is something to name.
    pub unshown: &'a dyn Fn() -> Option<Outside>,
}

/// That no package in an archive tells its version, where it would have to be held against a manifest of this name.
pub fn not_compared(packages: &Packages, format: Format, name: &str) -> Option<Finding> {
    let ecosystem = Ecosystem::of(format)?;
    let message = || format!("no package in it tells its version, so it was not compared with `{name}`");
    let hint = "keep the packages' metadata in the archive (`*.dist-info` of Python, `package.json` of Node)";
    packages.are_unknown(ecosystem).then(|| Finding::advice(Check::ArchiveNotCompared, message(), hint))
}

/// What differs between the packages of an archive and the manifest, for a layer of these settings. Of what is found where
/// nobody waits any more, nothing can be made.
///
/// | in the archive | in the manifest | |
/// |---|---|---|
/// | another version | pinned | error |
/// | missing | pinned, and installed in one of the environments | warning |
/// | there | not named | warning |
///
/// Where the manifest does not tell what is for development, what is missing is only worth knowing. Where lines of it cannot be
/// read, only another version counts: what looks like a package in such a file may be none.
///
/// Lock files of Yarn and pnpm name neither what packages bring along in themselves nor, in a workspace, what one project of it
/// needs; Yarn's do not tell what is for development. Of these, only another version of what was installed counts.
///
/// What lies in `python/` is held against what is pinned for any of the layer's Pythons; what lies in the `site-packages` of one,
/// against what is pinned for that. Those of other Pythons are no part of the layer. A package of Node of which nothing was read
/// is known by the name that it is installed under.
///
/// An archive without any metadata is not compared (see [`not_compared`]): many strip it to save space. What Lambda's runtimes bring, and tools
/// that only build, may be missing.
pub fn differs(packages: &Packages, pins: Pins<'_>, settings: &LayerSettings, halt: &Halt) -> Vec<Finding> {
    let Some(ecosystem) = Ecosystem::of(pins.format) else { return Vec::new() };
    let names_all = !matches!(pins.format, Format::YarnLock | Format::PnpmLock);
    let is_complete = names_all && !pins.is_partial;
    let lacks_botocore = lacks_botocore(packages, pins.dependencies);
    let homes = &homes(settings);
    let look = Look { format: pins.format, ecosystem, names_all, lacks_botocore, packages, homes, halt };
    let (mut wrong, mut missing) = (Vec::new(), Vec::new());
    let unread = packages.of(ecosystem).filter(|(_, versions)| versions.is_empty());
    let unread: BTreeSet<&str> = unread.flat_map(|(name, _)| pins.dependencies.own_names(name)).collect();
    for (name, versions) in halt.over(pins.dependencies.iter()) {
        let is_there = || look.is_seen(name) || unread.contains(name) || packages.is_elsewhere(name);
        wrong.extend(look.other_versions(name, versions));
        if is_complete && !is_there() && look.is_expected(name, versions) {
            missing.push(format!("`{name}`"));
        }
    }
    let is_known = |name: &str| {
        let is_locked = pins.dependencies.versions(name).is_some() || pins.dependencies.is_project(name);
        is_locked || is_left_out(pins.format, name) || pins.dependencies.own_names(name).next().is_some()
    };
    let loose = packages.of(ecosystem).map(|(name, _)| name);
    let loose = loose.filter(|name| is_complete && !is_known(name) && look.is_seen(name));
    let loose: Vec<&str> = loose.collect();
    let loose: Vec<String> =
        look.foreign(&loose, pins.dependencies).into_iter().map(|name| format!("`{name}`")).collect();
    let sampled = packages.are_sampled(ecosystem).then(|| pins.told_sampled());
    let told = [pins.told_wrong(&wrong), pins.told_missing(&missing), pins.told_loose(&loose), sampled];
    told.into_iter().flatten().collect()
}

/// A folder of packages that a layer's runtimes look into.
struct Home {
    /// Who looks there.
    python: Python,
    environments: Environments,
}

/// First that of all runtimes, then those of one Python each.
fn homes(settings: &LayerSettings) -> Vec<Home> {
    let of_all = Home { python: None, environments: Environments::of(settings) };
    let own = settings.compatible_runtimes.iter().filter_map(|runtime| {
        let only = LayerSettings { compatible_runtimes: vec![runtime.clone()], ..settings.clone() };
        Some(Home { python: Some(minor(runtime)?), environments: Environments::of(&only) })
    });
    std::iter::once(of_all).chain(own).collect()
}

/// `12` of `python3.12`.
fn minor(runtime: &Runtime) -> Option<u16> {
    runtime.as_str().strip_prefix("python3.")?.parse().ok()
}

/// What packages are looked at for.
struct Look<'a> {
    format: Format,
    ecosystem: Ecosystem,
    /// Such a manifest names all that is installed.
    names_all: bool,
    /// The archive leaves out botocore, which the manifest names.
    lacks_botocore: bool,
    packages: &'a Packages,
    homes: &'a [Home],
    halt: &'a Halt,
}

impl Look<'_> {
    /// Whether a package is in the layer.
    fn is_seen(&self, name: &str) -> bool {
        let versions = self.packages.versions(self.ecosystem, name);
        let is_held = |version: &String| self.homes.iter().any(|home| self.is_held(name, version, home));
        versions.is_some_and(|versions| versions.is_empty() || versions.iter().any(is_held))
    }

    /// Whether a version counts as one of this folder. Only packages of Python lie in several; a layer for no Python says
    /// nothing of them.
    fn is_held(&self, name: &str, version: &str, home: &Home) -> bool {
        match self.ecosystem {
            Ecosystem::Python if self.homes.len() > 1 => self.packages.is_in(name, version, home.python),
            Ecosystem::Node if !self.names_all => home.python.is_none() && self.packages.is_installed(name, version),
            _ => home.python.is_none(),
        }
    }

    /// Those of these packages, which the manifest does not name, that are not what it means: a folder (`-e .`) has another
    /// name than its project, and most lock files of Python do not name the project that they lock.
    fn foreign<'n>(&self, loose: &[&'n str], dependencies: &Dependencies) -> Vec<&'n str> {
        let unseen = dependencies.guesses().filter(|name| !self.is_seen(name)).count();
        let locks = [Format::PoetryLock, Format::PdmLock, Format::Pylock, Format::PipfileLock];
        let own = unseen + usize::from(locks.contains(&self.format));
        let is_placed = |name: &str| self.packages.is_placed(name);
        // Of more than there can be nobody knows which they are.
        let are_placed_own = loose.iter().filter(|name| is_placed(name)).count() <= own;
        let is_own = |name: &str| loose.len() <= unseen || are_placed_own && is_placed(name);
        loose.iter().copied().filter(|name| !is_own(name)).collect()
    }

    /// Versions that the archive holds and the manifest does not pin.
    fn other_versions(&self, name: &str, versions: &Versions) -> Vec<String> {
        let Some(held) = self.packages.versions(self.ecosystem, name) else { return Vec::new() };
        let of_home = |home: &Home| {
            let held: Vec<&str> =
                held.iter().map(String::as_str).filter(|version| self.is_held(name, version, home)).collect();
            self.others(name, &held, home, versions)
        };
        self.homes.iter().flat_map(of_home).collect()
    }

    /// Those of one folder. A pin is read once, and few of either are told: a package may have many in both.
    fn others(&self, name: &str, held: &[&str], home: &Home, versions: &Versions) -> Vec<String> {
        if held.is_empty() {
            return Vec::new();
        }
        let used = versions.iter().filter(|(_, about)| home.environments.allow(about, self.halt));
        let used: Vec<&Version> = used.map(|(version, _)| version).collect();
        // Whatever rules all of them out, the archive holds the package: then it has to be one of them at least.
        let all = self.ecosystem == Ecosystem::Node || used.is_empty();
        let pinned = if all { versions.keys().collect() } else { used };
        let mut others: Vec<Held<'_>> = held.iter().map(|held| Held::of(self.ecosystem, held)).collect();
        for pin in self.halt.over(&pinned) {
            let pin = Pin::of(self.ecosystem, pin);
            others.retain(|held| !pin.allows(held));
        }
        let shown = pinned.iter().take(SHOWN).map(|pin| pin.as_str()).collect::<Vec<_>>().join(" or ");
        let more = match pinned.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" or one of {more} more"),
        };
        let whose = home.python.map(|minor| format!(" for python3.{minor}")).unwrap_or_default();
        others.iter().map(|held| format!("`{name}` {}{whose}, pinned is {shown}{more}", held.text)).collect()
    }

    /// Whether a package should be in the archive.
    fn is_expected(&self, name: &str, versions: &Versions) -> bool {
        let is_expected = |version: &Version, about: &About| {
            let is_used = || self.homes.first().is_some_and(|all| all.environments.install(about, self.halt));
            about.need == Need::Required && is_used() && !version.is_place()
        };
        !may_be_missing(self.format, name, self.lacks_botocore)
            && versions.iter().any(|(version, about)| is_expected(version, about))
    }
}

/// Whether an archive leaves out botocore, although the manifest names it.
pub(super) fn lacks_botocore(packages: &Packages, dependencies: &Dependencies) -> bool {
    dependencies.versions("botocore").is_some() && packages.versions(Ecosystem::Python, "botocore").is_none()
}

/// Whether an archive need not hold a package: what the runtime brings, and what comes with botocore where it lacks that.
pub(super) fn may_be_missing(format: Format, name: &str, lacks_botocore: bool) -> bool {
    is_left_out(format, name) || lacks_botocore && is_left_out_with_botocore(format, name)
}

/// Whether an archive holds this version of a package, or one that tells no version.
pub(super) fn holds(packages: &Packages, ecosystem: Ecosystem, name: &str, version: &Version) -> bool {
    let pin = Pin::of(ecosystem, version);
    // What another package of Node brought along is not there for itself.
    let counts = |held: &str| ecosystem != Ecosystem::Node || packages.is_asked_for(name, held);
    let is_it = |held: &String| counts(held) && pin.allows(&Held::of(ecosystem, held));
    packages.versions(ecosystem, name).is_some_and(|all| all.is_empty() || all.iter().any(is_it))
}

/// A version that the archive holds.
pub(super) struct Held<'a> {
    text: &'a str,
    /// Of a package of Python, where it can be read.
    version: Option<pep440_rs::Version>,
}

impl<'a> Held<'a> {
    pub fn of(ecosystem: Ecosystem, text: &'a str) -> Self {
        let is_python = ecosystem == Ecosystem::Python;
        Self { text, version: is_python.then(|| pep440_rs::Version::from_str(text).ok()).flatten() }
    }
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
    Python(&'a str, pep440_rs::VersionSpecifiers),
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
                let specifiers = pep440_rs::VersionSpecifiers::from_str(&specifiers);
                specifiers.map_or(Self::Text(pin), |specifiers| Self::Python(pin, specifiers))
            }
            Ecosystem::Node => Self::Node(node::plain(pin)),
        }
    }

    /// Whether a version is one that it allows.
    pub fn allows(&self, held: &Held<'_>) -> bool {
        match self {
            Self::Anything => true,
            Self::Text(pin) => *pin == held.text,
            Self::Node(pin) => *pin == node::plain(held.text),
            Self::Gem(pin) => *pin == held.text || pin.split('-').next() == Some(held.text),
            Self::Python(pin, specifiers) => {
                *pin == held.text || held.version.as_ref().is_some_and(|version| specifiers.contains(version))
            }
        }
    }
}

impl Pins<'_> {
    fn told_sampled(&self) -> Finding {
        let message =
            format!("it was compared with `{}` as far as the versions of a few of its packages were read", self.name);
        let hint = "`layership check` reads those of an archive on this machine";
        Finding::advice(Check::ArchiveNotCompared, message, hint)
    }

    fn told_wrong(&self, wrong: &[String]) -> Option<Finding> {
        let hint = "build it again from the manifest, then stage it; where another version is meant, `allow = [\"archive-differs\"]`";
        let message = || format!("it does not hold what `{}` pins: {}", self.name, self.listed(wrong, "; "));
        (!wrong.is_empty()).then(|| Finding::error(Check::ArchiveDiffers, message(), hint))
    }

    fn told_missing(&self, missing: &[String]) -> Option<Finding> {
        let hint =
            "build it again from the manifest; what is left out on purpose, `allow = [\"package-missing\"]` accepts";
        let verb = if missing.len() == 1 { "is" } else { "are" };
        let message = || match (self.unshown)() {
            None => format!("{} of `{}` {verb} not in it", listed(missing, ", "), self.name),
            Some(_) => format!("`{}` names what is not in it: {}", self.name, self.listed(missing, ", ")),
        };
        let level = if self.dependencies.tells_who_asks() { Finding::warning } else { Finding::advice };
        (!missing.is_empty()).then(|| level(Check::PackageMissing, message(), hint))
    }

    /// What is named here is the archive's own.
    fn told_loose(&self, loose: &[String]) -> Option<Finding> {
        let hint = "lock all that is installed, for example with `uv pip compile` or `pip freeze`: changes to the rest are not noticed";
        let message = || format!("it holds {}, which `{}` does not name", listed(loose, ", "), self.name);
        (!loose.is_empty()).then(|| Finding::warning(Check::PackageNotLocked, message(), hint))
    }

    /// What is made of names in the manifest, as far as they may be told.
    fn listed(&self, items: &[String], between: &str) -> String {
        match (self.unshown)() {
            None => listed(items, between),
            Some(outside) => format!("{}; which ones {}", counted(items.len()), outside.is_why()),
        }
    }
}

/// The first of so many packages, and how many more; only how many where they are not to be shown.
pub fn first_of(first: &str, count: usize, unshown: Option<Outside>) -> String {
    match (unshown, count) {
        (Some(outside), _) => format!("{} (which ones {})", counted(count), outside.is_why()),
        (None, 1) => format!("`{first}`"),
        (None, _) => format!("`{first}` and {} more", count - 1),
    }
}

/// So many packages.
fn counted(packages: usize) -> String {
    if packages == 1 { "1 package".to_owned() } else { format!("{packages} packages") }
}

fn listed(items: &[String], between: &str) -> String {
    let shown = items.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(between);
    match items.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests;
