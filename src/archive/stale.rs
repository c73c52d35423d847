//! Whether an archive was built again after its manifest changed.

mod chosen;
mod look;

use super::differs::first_of;
use super::packages::Packages;
use crate::bounds::Outside;
use crate::finding::{Check, Finding};
use crate::halt::Halt;
use crate::manifest::{Dependencies, Environments, Format};
use look::{Changes, Look};

const HINT: &str = "build it again from the changed manifest, then stage it; where nothing in it had to change, `allow = [\"archive-stale\"]`";

const UNTOLD_HINT: &str = "build it again from the changed manifest, then stage it; such a lock file does not tell what is for development: where nothing else changed, `allow = [\"archive-stale\"]`";

const OPTIONAL_HINT: &str = "build it again from the changed manifest, then stage it; only what is optional changed, such as an extra, and the archive does not tell whether it holds that: where it does not, `allow = [\"archive-stale\"]`";

/// What is known of the files that a manifest includes, where they count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IncludedFiles {
    /// They say what they said, or there are none.
    Same,
    /// Nobody noted what they said.
    Unknown,
    /// What they ask for is something else than then.
    Changed,
    /// What they ask for is what it was: only hashes differ, what is for other places, or what bounds versions (`-c`), most of
    /// which are of what others ask for.
    Alike,
}

/// A manifest that changed while the bytes of the archive did not.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// What kind of manifest it is.
    pub format: Format,
    /// What it named when the latest version was published, where that can be read.
    pub old: Option<&'a Dependencies>,
    /// What it names now, where that can be read.
    pub new: Option<&'a Dependencies>,
    /// Lines of one of the two cannot be read, and these are the others.
    pub is_partial: bool,
    /// What it names now with all that it includes, where that can be read.
    pub all: Option<&'a Dependencies>,
    /// The files that it includes.
    pub included: IncludedFiles,
    /// What the archive holds.
    pub packages: &'a Packages,
    /// Why no message names what the manifest does, if so.
    pub unshown: Option<Outside>,
}

/// What it means that a zip has the very bytes of the latest version, although the manifest has changed since.
///
/// | what changed | |
/// |---|---|
/// | a package that the archive holds, or should hold, or the extras of one, or a patch of it | error: the old content would be frozen under the new manifest |
/// | a marker or a group, so that a package begins to belong into the archive, which does not hold it | the same error |
/// | what somebody asks for anew for whom the archive was built (see [`chosen`]), and which it does not hold | the same error |
/// | the version of a project that is locked, which the archive holds in that which was locked | the same error |
/// | another version of two lies where everybody finds it (npm), and not in the archive | the same error |
/// | what a file that the manifest includes asks for, of which the backup holds nothing but a digest, and the archive does not tell that it holds all of it | the same error |
/// | only hashes in files that the manifest includes, what is for other places, or what files bound (`-c`), and the archive tells no versions | warning |
/// | only packages that it need not hold: the runtime brings them, markers rule them out, they are for development, or for an extra and it tells that it does not hold them | warning |
/// | only other hashes, or where, how or for whom the same versions are installed, or what cannot be read | warning |
/// | only a file that the manifest includes, of which nobody noted what it said | warning |
/// | how a version is written, or in which file it stands, and the archive tells that it holds it | advice |
/// | no dependency: comments, order | nothing |
///
/// What the runtime brings counts all the same where its folder is there, or where the manifest names nothing else.
///
/// Some lock files do not tell what is for development. Of such a one a package counts that the archive holds in the version that
/// was locked; one that it held in none before does not; and one that was added does where the archive holds all else. An
/// archive that tells no versions is refused for whatever changed: it cannot be known.
///
/// Of what is found where nobody waits any more, nothing can be made.
pub fn stale(latest: u64, change: Change<'_>, environments: &Environments, halt: &Halt) -> Option<Finding> {
    let found = |why: String| format!("it has the very content of version {latest}{why}");
    let warning = |why: String| Some(Finding::warning(Check::ArchiveStale, found(why), HINT));
    let (Some(old), Some(new)) = (change.old, change.new) else {
        return warning(
            ", but the manifest changed, in what cannot be read: whether it was to be built again is not known".into(),
        );
    };
    let look = Look::new(change, (old, new), environments, halt);
    let Changes { changed, built, held, optional, unsure } = look.changes();
    if let Some(first) = built.first {
        let why = format!(", but {} changed: it was not built again", change.named(first, built.count));
        let hint = match look.tells_who_asks() {
            true if optional == built.count => OPTIONAL_HINT,
            true => HINT,
            false => UNTOLD_HINT,
        };
        return Some(Finding::error(Check::ArchiveStale, found(why), hint));
    }
    let counts = match change.included {
        IncludedFiles::Changed => true,
        IncludedFiles::Alike => look.told.is_some(),
        IncludedFiles::Same | IncludedFiles::Unknown => false,
    };
    if counts && !look.holds_all() {
        let why = ", but what a file asks for that the manifest includes changed: it was not built again".to_owned();
        return Some(Finding::error(Check::ArchiveStale, found(why), HINT));
    }
    match changed.first {
        _ if change.is_partial => warning(
            ", but the manifest changed, and a line that cannot be read may have: whether it was to be built again is not known"
                .into(),
        ),
        Some(first) if held == changed.count => {
            let why = format!(", and holds {} as the manifest names it now", change.named(first, held));
            Some(Finding::advice(Check::ArchiveStale, found(why), HINT))
        }
        Some(first) => {
            let meaning = match (unsure, look.tells_who_asks()) {
                (false, _) => "which need not be in it",
                (true, true) => "for an extra, a group or development: built without these, it need not be built again",
                (true, false) => "and such a lock file does not tell whether it was to be built again for that",
            };
            warning(format!("; only {} changed, {meaning}", change.named(first, changed.count)))
        }
        None if old != new => warning(", but hashes in the manifest changed, or where, how or for whom a version is installed".into()),
        None if change.included != IncludedFiles::Same => {
            warning(", but a file that the manifest includes changed".into())
        }
        None => None,
    }
}

impl Change<'_> {
    /// The first of so many packages, as far as it may be told.
    fn named(&self, first: &str, count: usize) -> String {
        first_of(first, count, self.unshown)
    }
}

#[cfg(test)]
mod tests;
