//! What an archive was built for, of those who ask in a lock file: the project, its extras and groups, projects of a workspace.
//!
//! The lock file does not say, and the archive does: it was built for one of whom it holds all that was locked, if any of that is
//! there for nobody else.

use crate::halt::Halt;
use crate::manifest::{About, Askers, Dependencies, Version, Versions};

/// What is asked of a version that is locked.
pub(super) struct Of<'a> {
    /// Whether it has to be in an archive that is built for who asks for it.
    pub counts: &'a dyn Fn(&str, &Version, &About) -> bool,
    /// Whether the archive holds it.
    pub holds: &'a dyn Fn(&str, &Version) -> bool,
}

/// Those for whom the archive was built, as they are known in the old and in the new lock file.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Chosen {
    before: Askers,
    now: Askers,
}

impl Chosen {
    /// Looks at all that was locked, and for whom.
    pub fn of(old: &Dependencies, new: &Dependencies, of: &Of<'_>, halt: &Halt) -> Self {
        if old.askers().next().is_none() {
            return Self::default();
        }
        let (mut seen, mut lacking) = (Askers::default(), Askers::default());
        for (name, versions) in halt.over(old.iter()) {
            for (version, about) in versions.iter().filter(|(version, about)| (of.counts)(name, version, about)) {
                match (of.holds)(name, version) {
                    false => lacking = lacking.and(about.askers),
                    true if about.askers.is_one() => seen = seen.and(about.askers),
                    true => {}
                }
            }
        }
        let chosen = seen.without(lacking);
        let mut found = Self::default();
        for (name, before) in old.askers().filter(|(_, asker)| asker.meet(chosen)) {
            let now = new.askers().filter(|(known, _)| *known == name).map(|(_, asker)| asker);
            found.now = now.fold(found.now, Askers::and);
            found.before = found.before.and(before);
        }
        found
    }

    /// Whether one of them asks for a version of a package now that none asked for before, and the archive does not hold it.
    pub fn lack(self, name: &str, (before, after): (Option<&Versions>, Option<&Versions>), of: &Of<'_>) -> bool {
        if self.now.is_empty() {
            return false;
        }
        let is_asked_for = |version: &Version, about: &About, chosen: Askers| {
            about.askers.meet(chosen) && (of.counts)(name, version, about)
        };
        let was_asked_for = |version: &Version| {
            before.and_then(|all| all.get(version)).is_some_and(|about| is_asked_for(version, about, self.before))
        };
        let mut asked_for = after.into_iter().flat_map(Versions::iter);
        asked_for.any(|(version, about)| {
            is_asked_for(version, about, self.now) && !was_asked_for(version) && !(of.holds)(name, version)
        })
    }
}
