//! Whether an archive holds what its manifest pins.

mod editable;
mod together;

use super::packages::{Ecosystem, Packages, Python};
use super::pin::{Held, Pin};
use crate::bounds::Outside;
use crate::finding::{Check, Finding};
use crate::halt::Halt;
use crate::layer::{LayerSettings, Runtime};
use crate::manifest::{
    About, Dependencies, Environments, Format, Need, Version, Versions, is_left_out, is_left_out_with_botocore,
};
use editable::told_editable;
use std::collections::BTreeSet;
use together::Together;
pub use together::together;

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
/// | several versions of a package of Python in one folder | one of them not allowed | error |
/// | the same | each of them allowed, or not named | warning |
/// | missing | pinned, and installed in one of the environments | warning |
/// | the metadata of a package of Python that is editable | the same | warning |
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
    let Some(ecosystem) = Ecosystem::of(pins.format) else { return together(packages, settings).into_iter().collect() };
    let names_all = !matches!(pins.format, Format::YarnLock | Format::PnpmLock);
    let is_complete = names_all && !pins.is_partial;
    let lacks_botocore = lacks_botocore(packages, pins.dependencies);
    let homes = &homes(settings);
    let crowds = &Together::of(packages, homes);
    let look = Look { format: pins.format, ecosystem, names_all, lacks_botocore, packages, homes, crowds, halt };
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
        let is_named = is_locked || pins.dependencies.own_names(name).next().is_some();
        // Nothing but its metadata is there.
        is_named || is_left_out(pins.format, name) || packages.is_editable(name)
    };
    let loose = packages.of(ecosystem).map(|(name, _)| name);
    let loose = loose.filter(|name| is_complete && !is_known(name) && look.is_seen(name));
    let loose: Vec<&str> = loose.collect();
    let loose: Vec<String> =
        look.foreign(&loose, pins.dependencies).into_iter().map(|name| format!("`{name}`")).collect();
    let sampled = packages.are_sampled(ecosystem).then(|| pins.told_sampled());
    let told = [
        crowds.told(&look, pins),
        pins.told_wrong(&wrong),
        pins.told_missing(&missing),
        told_editable(&look, pins),
        pins.told_loose(&loose),
        sampled,
    ];
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
    crowds: &'a Together<'a>,
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
            // Of what lies beside another version both are told.
            let is_it = |held: &&String| self.is_held(name, held, home) && !self.crowds.has(name, held);
            let held: Vec<Held<'_>> = held.iter().filter(is_it).map(|held| Held::of(self.ecosystem, held)).collect();
            if held.is_empty() {
                return Vec::new();
            }
            let pinned = self.pinned(home, versions);
            let (others, shown) = (self.others(&held, &pinned), shown(&pinned));
            let whose = home.python.map(|minor| format!(" for python3.{minor}")).unwrap_or_default();
            others.into_iter().map(|held| format!("`{name}` {}{whose}, pinned is {shown}", held.text)).collect()
        };
        self.homes.iter().flat_map(of_home).collect()
    }

    /// What is pinned for one folder.
    fn pinned<'v>(&self, home: &Home, versions: &'v Versions) -> Vec<&'v Version> {
        let used = versions.iter().filter(|(_, about)| home.environments.allow(about, self.halt));
        let used: Vec<&Version> = used.map(|(version, _)| version).collect();
        // Whatever rules all of them out, the archive holds the package: then it has to be one of them at least.
        let all = self.ecosystem == Ecosystem::Node || used.is_empty();
        if all { versions.keys().collect() } else { used }
    }

    /// Those of these versions that are not pinned. A pin is read once: a package may have many of both.
    fn others<'h, 'v>(&self, held: &'h [Held<'v>], pinned: &[&Version]) -> Vec<&'h Held<'v>> {
        let mut others: Vec<&Held<'_>> = held.iter().collect();
        for pin in self.halt.over(pinned) {
            let pin = Pin::of(self.ecosystem, pin);
            others.retain(|held| !pin.allows(held));
        }
        others
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

/// Few of many.
fn shown(pinned: &[&Version]) -> String {
    let shown = pinned.iter().take(SHOWN).map(|pin| pin.as_str()).collect::<Vec<_>>().join(" or ");
    match pinned.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} or one of {more} more"),
    }
}

/// Whether an archive holds this version of a package, or one that tells no version.
pub(super) fn holds(packages: &Packages, ecosystem: Ecosystem, name: &str, version: &Version) -> bool {
    let pin = Pin::of(ecosystem, version);
    // What another package of Node brought along is not there for itself.
    let counts = |held: &str| ecosystem != Ecosystem::Node || packages.is_asked_for(name, held);
    let is_it = |held: &String| counts(held) && pin.allows(&Held::of(ecosystem, held));
    packages.versions(ecosystem, name).is_some_and(|all| all.is_empty() || all.iter().any(is_it))
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
