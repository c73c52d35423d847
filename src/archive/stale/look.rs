//! What packages that changed mean for an archive: which of them it holds, should hold, or need not.

use super::Change;
use super::chosen::{Chosen, Of};
use crate::archive::differs::{holds, lacks_botocore, may_be_missing};
use crate::archive::packages::Ecosystem;
use crate::archive::pin::{Held, Pin};
use crate::halt::Halt;
use crate::manifest::{About, Contents, Dependencies, Environments, Need, Version, Versions, both, is_left_out};
use std::cell::OnceCell;
use std::collections::BTreeSet;

/// What is said of a version that makes another content of it: extras, and what tells its contents.
type Said<'a> = (&'a Version, &'a BTreeSet<Box<str>>, Contents);

/// The versions of a package with what makes another content of them, of which only those count that the filter lets through.
fn versions<'a>(of: &'a Dependencies, name: &str, counts: impl Fn(&About) -> bool) -> Vec<Said<'a>> {
    let all = of.versions(name).into_iter().flat_map(Versions::iter).filter(|(_, about)| counts(about));
    all.map(|(version, about)| said(version, about)).collect()
}

fn said<'a>(version: &'a Version, about: &'a About) -> Said<'a> {
    (version, &about.details().extras, about.contents)
}

/// Packages of which the first is named.
#[derive(Debug, Default)]
pub(super) struct Told<'a> {
    pub first: Option<&'a str>,
    pub count: usize,
}

impl<'a> Told<'a> {
    fn meet(&mut self, name: &'a str) {
        self.first.get_or_insert(name);
        self.count += 1;
    }
}

/// The packages that changed.
#[derive(Debug, Default)]
pub(super) struct Changes<'a> {
    pub changed: Told<'a>,
    /// Those of them that are part of the archive, or should be, and are not as the manifest names them.
    pub built: Told<'a>,
    /// How many of them the archive tells to hold as the manifest names them.
    pub held: usize,
    /// How many of those that count are only optional, where the archive does not tell what it holds.
    pub optional: usize,
    /// Some of those that do not count may have to be in the archive all the same: who asks for them is not known to be asked.
    pub unsure: bool,
}

/// What packages that changed are looked at for.
pub(super) struct Look<'a> {
    change: Change<'a>,
    old: &'a Dependencies,
    new: &'a Dependencies,
    environments: &'a Environments,
    halt: &'a Halt,
    /// Whose packages the archive tells the versions of.
    pub told: Option<Ecosystem>,
    /// The archive holds all that the manifest named before, once somebody asked.
    held_all: OnceCell<bool>,
    /// For whom it was built, once somebody asked.
    chosen: OnceCell<Chosen>,
    /// The manifest names nothing but what an archive may leave out, and the archive tells nothing.
    is_left_out_alone: bool,
    /// The archive tells that it leaves out botocore, which the manifest names.
    lacks_botocore: bool,
}

impl<'a> Look<'a> {
    pub fn new(
        change: Change<'a>,
        (old, new): (&'a Dependencies, &'a Dependencies),
        environments: &'a Environments,
        halt: &'a Halt,
    ) -> Self {
        let ecosystem = Ecosystem::of(change.format);
        let told = ecosystem.filter(|ecosystem| !change.packages.are_unknown(*ecosystem));
        let is_left_out_alone =
            told.is_none() && halt.over(new.iter()).all(|(name, _)| is_left_out(change.format, name));
        let lacks_botocore = told.is_some() && lacks_botocore(change.packages, new);
        let (held_all, chosen) = (OnceCell::new(), OnceCell::new());
        Self { change, old, new, environments, halt, told, held_all, chosen, is_left_out_alone, lacks_botocore }
    }

    /// Whether the archive need not hold a package that the manifest names.
    fn may_be_missing(&self, name: &str) -> bool {
        may_be_missing(self.change.format, name, self.lacks_botocore)
    }

    /// The packages that changed. One that only a side names that is not known as a whole may have been named by the other as
    /// well.
    pub fn changes(&self) -> Changes<'a> {
        let mut all = Changes::default();
        for name in self.projects_left_behind() {
            all.changed.meet(name);
            all.built.meet(name);
        }
        for (name, before, after) in self.halt.over(both(self.old, self.new)) {
            let is_known = !self.change.is_partial || before.is_some() && after.is_some();
            if is_known && self.is_moved(name) {
                all.changed.meet(name);
                all.built.meet(name);
            } else if is_known && (self.is_changed(name) || self.begins(name) || self.is_lacking(name)) {
                all.changed.meet(name);
                if self.told.is_some_and(|of| self.holds_as_named(of, name)) {
                    all.held += 1;
                } else if self.belongs(name) {
                    all.built.meet(name);
                    let is_optional = self.told.is_none() && !self.is_required(before) && !self.is_required(after);
                    all.optional += usize::from(is_optional);
                } else {
                    all.unsure |= self.may_belong(name, before) || self.may_belong(name, after);
                }
            }
        }
        all
    }

    /// Whether the archive tells that it holds a package as the manifest, with all that it includes, names it now: then only how
    /// its version is written changed, or where. Of a place, a patch or other extras its version says nothing.
    fn holds_as_named(&self, of: Ecosystem, name: &str) -> bool {
        let Some(held) = self.change.packages.versions(of, name).filter(|held| !held.is_empty()) else { return false };
        let before = versions(self.old, name, |_| true);
        let all = self.change.all.unwrap_or(self.new);
        let is_required = self.is_required(all.versions(name));
        // What nobody requires may be there for an extra or a group.
        let after = versions(all, name, |about| match is_required {
            true => self.requires(about),
            false => self.environments.admit(about, self.halt),
        });
        let is_plain = |(version, extras, contents): &Said<'_>| {
            !version.is_place() && extras.is_empty() && *contents == Contents::default()
        };
        if !before.iter().chain(&after).all(is_plain) {
            return false;
        }
        // A package may have many versions on both sides: each is read once.
        let mut others: Vec<Held<'_>> = held.iter().map(|held| Held::of(of, held)).collect();
        for (version, _, _) in self.halt.over(&after) {
            let pin = Pin::of(of, version);
            others.retain(|held| !pin.allows(held));
        }
        others.is_empty()
    }

    /// Whether the lock file says what is only for development.
    pub fn tells_who_asks(&self) -> bool {
        self.old.tells_who_asks() && self.new.tells_who_asks()
    }

    /// Whether a package changed, wherever it is installed.
    fn is_changed(&self, name: &str) -> bool {
        versions(self.old, name, |_| true) != versions(self.new, name, |_| true)
    }

    /// Whether another version of a package that is locked in several lies now where everybody finds it, and the archive has the
    /// old one there. What lies there for one project of a workspace is not told.
    fn is_moved(&self, name: &str) -> bool {
        let (Some(before), Some(after)) = (self.old.top(name), self.new.top(name)) else { return false };
        let lies = |version: &str| self.change.packages.is_direct(name, version);
        before != after && self.tells_who_asks() && lies(before) && !lies(after)
    }

    fn installs(&self, about: &About) -> bool {
        self.environments.install(about, self.halt)
    }

    fn requires(&self, about: &About) -> bool {
        about.need == Need::Required && self.installs(about)
    }

    fn is_required(&self, versions: Option<&Versions>) -> bool {
        versions.into_iter().flat_map(Versions::values).any(|about| self.requires(about))
    }

    /// Whether the archive holds this version.
    fn holds(&self, name: &str, version: &Version) -> bool {
        Ecosystem::of(self.change.format).is_some_and(|of| holds(self.change.packages, of, name, version))
    }

    /// Whether the archive holds a package, as its metadata or its folder tells.
    fn is_there(&self, name: &str) -> bool {
        let Change { format, packages, .. } = self.change;
        let tells = Ecosystem::of(format).is_some_and(|of| packages.versions(of, name).is_some());
        tells || self.is_there_untold(name)
    }

    /// Whether a package of those that are left out most often is there all the same, without metadata.
    fn is_there_untold(&self, name: &str) -> bool {
        Ecosystem::of(self.change.format) == Some(Ecosystem::Python) && self.change.packages.has_folder(name)
    }

    /// Whether a version of a package is required in these environments that was not so before, and the archive does not hold
    /// it: a marker holds now, or what was for development is not any more.
    fn begins(&self, name: &str) -> bool {
        let (before, after) = (self.old.versions(name), self.new.versions(name));
        // Nothing is said of most packages that was not said before.
        if before == after || self.may_be_missing(name) {
            return false;
        }
        let was_required =
            |version: &Version| before.and_then(|all| all.get(version)).is_some_and(|about| self.requires(about));
        let mut required = after.into_iter().flat_map(Versions::iter).filter(|(_, about)| self.requires(about));
        required.any(|(version, _)| !was_required(version) && !self.holds(name, version))
    }

    /// Projects that are locked in another version, and which the archive holds in that which was locked.
    fn projects_left_behind(&self) -> impl Iterator<Item = &'a str> {
        let (old, new) = (self.old.project_versions(), self.new.project_versions());
        let both = old.iter().filter_map(|(name, was)| Some((&**name, was, new.get(name)?)));
        both.filter(|(name, was, is)| was != is && self.told.is_some() && self.holds(name, was)).map(|(name, ..)| name)
    }

    /// Whether somebody for whom the archive was built asks for a version of a package now, and it does not hold it.
    fn is_lacking(&self, name: &str) -> bool {
        if self.told.is_none() {
            return false;
        }
        let counts = |name: &str, version: &Version, about: &About| {
            !version.is_place() && !self.may_be_missing(name) && self.environments.admit(about, self.halt)
        };
        let of = Of { counts: &counts, holds: &|name, version| self.holds(name, version) };
        let chosen = self.chosen.get_or_init(|| Chosen::of(self.old, self.new, &of, self.halt));
        chosen.lack(name, (self.old.versions(name), self.new.versions(name)), &of)
    }

    /// Whether a package that changed is part of the archive, or should be.
    fn belongs(&self, name: &str) -> bool {
        match self.told {
            Some(of) if self.holds_one_of_an_extra(of, name) => false,
            Some(_) if self.is_lacking(name) => true,
            Some(_) if !self.tells_who_asks() => self.is_left_behind(name),
            _ => self.begins(name) || self.is_part(name),
        }
    }

    /// Whether a package would be part of an archive that is built for all who ask.
    fn may_belong(&self, name: &str, versions: Option<&Versions>) -> bool {
        let mut abouts = versions.into_iter().flat_map(Versions::values);
        !self.may_be_missing(name) && abouts.any(|about| self.environments.admit(about, self.halt))
    }

    fn is_part(&self, name: &str) -> bool {
        let is_held = self.is_there(name);
        let [before, after] = [self.old, self.new].map(|one| versions(one, name, |about| self.installs(about)));
        if before == after {
            // What changed is not for these environments. Where none of it is, the archive may hold it all the same.
            return before.is_empty() && is_held || self.is_left_behind_of_an_extra(name);
        }
        // Without any metadata nobody knows which extras were built. What not all projects of a workspace need may be for others.
        let extras_count = self.told.is_none() && self.new.tells_for_whom();
        let abouts = [self.old, self.new].into_iter().filter_map(|one| one.versions(name)).flat_map(Versions::values);
        let mut installed = abouts.filter(|about| self.installs(about));
        let is_expected = installed.any(|about| extras_count || about.need == Need::Required);
        is_held || (self.is_left_out_alone || !self.may_be_missing(name)) && is_expected
    }

    /// Whether the only version in the archive is one that is locked for an extra, and did not change: it was built with that.
    fn holds_one_of_an_extra(&self, of: Ecosystem, name: &str) -> bool {
        let (before, after) = (self.old.versions(name), self.new.versions(name));
        let is_alone = self.change.packages.versions(of, name).is_some_and(|held| held.len() == 1);
        let mut all = after.into_iter().flat_map(Versions::iter);
        is_alone
            && all.any(|(version, about)| {
                let was = before.and_then(|all| all.get(version));
                let is_same = was.is_some_and(|was| said(version, was) == said(version, about));
                let is_of_extra = || !self.installs(about) && self.environments.allow(about, self.halt);
                is_same && is_of_extra() && self.holds(name, version)
            })
    }

    /// Whether the archive was built with a version for an extra that is not locked any more.
    fn is_left_behind_of_an_extra(&self, name: &str) -> bool {
        let allowed = |about: &About| self.environments.allow(about, self.halt);
        let [before, after] = [self.old, self.new].map(|one| versions(one, name, allowed));
        before.iter().any(|one| !after.contains(one) && self.holds(name, one.0))
    }

    /// Where nobody tells what is for development: whether the archive holds what is locked no more, or lacks what was added
    /// alone. What it held in no version before it need not hold now.
    fn is_left_behind(&self, name: &str) -> bool {
        let [before, after] = [self.old, self.new].map(|one| versions(one, name, |about| self.installs(about)));
        let mut gone = before.iter().filter(|one| !after.contains(one));
        if gone.any(|(version, _, _)| self.holds(name, version)) || before != after && self.is_there_untold(name) {
            return true;
        }
        let required = versions(self.new, name, |about| self.requires(about));
        let mut came = required.iter().filter(|one| !before.contains(one));
        let was_held = before.is_empty() || before.iter().any(|(version, _, _)| self.holds(name, version));
        was_held
            && !self.may_be_missing(name)
            && came.any(|(version, _, _)| !self.holds(name, version))
            && self.held_all()
    }

    /// Whether the archive holds all that the manifest named before, whoever asked for it. A place may be a folder that is used
    /// where it is.
    fn held_all(&self) -> bool {
        *self.held_all.get_or_init(|| {
            self.halt.over(self.old.iter()).all(|(name, versions)| {
                let is_told = |version: &Version, about: &About| self.requires(about) && !version.is_place();
                let mut required = versions.iter().filter(|(version, about)| is_told(version, about));
                self.may_be_missing(name) || required.all(|(version, _)| self.holds(name, version))
            })
        })
    }

    /// Whether the archive is known to hold all that the manifest names with the files that it includes.
    pub fn holds_all(&self) -> bool {
        let Some(all) = self.change.all.filter(|_| self.told.is_some()) else { return false };
        self.halt.over(all.iter()).all(|(name, versions)| {
            let required: Vec<&Version> =
                versions.iter().filter(|(_, about)| self.requires(about)).map(|(version, _)| version).collect();
            let may_be_missing = required.is_empty() || self.may_be_missing(name) && !self.is_there(name);
            may_be_missing || required.iter().any(|version| self.holds(name, version))
        })
    }
}
