//! Whether an archive was built again after its manifest changed.

use super::differs::counted;
use super::packages::{Ecosystem, Packages};
use crate::bounds::Outside;
use crate::finding::{Check, Finding};
use crate::halt::Halt;
use crate::manifest::{About, Dependencies, Environments, Format, Need, Version, Versions, is_left_out};
use std::collections::BTreeSet;

const HINT: &str = "build it again from the changed manifest, then stage it; where nothing in it had to change, `allow = [\"archive-stale\"]`";

type Extras = BTreeSet<Box<str>>;

/// A manifest that changed while the bytes of the archive did not.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// What kind of manifest it is.
    pub format: Format,
    /// What it named when the latest version was published, where that can be read.
    pub old: Option<&'a Dependencies>,
    /// What it names now, where that can be read.
    pub new: Option<&'a Dependencies>,
    /// A file that the manifest includes says something else than then, or nobody noted what it said.
    pub includes: bool,
    /// What the archive holds.
    pub packages: &'a Packages,
    /// Why no message names what the manifest does, if so.
    pub unshown: Option<Outside>,
}

/// What it means that a zip has the very bytes of the latest version, although the manifest has changed since.
///
/// | what changed | |
/// |---|---|
/// | a package that the archive holds, or should hold, or the extras of one | error: the old content would be frozen under the new manifest |
/// | only packages that it need not hold: the runtime brings them, markers rule them out, they are for development or an extra | warning |
/// | only hashes or markers, or a manifest that cannot be read | warning |
/// | only a file that the manifest includes, of which the backup holds nothing | warning |
/// | no dependency: comments, order | nothing |
///
/// Of what is found where nobody waits any more, nothing can be made.
pub fn stale(latest: u64, change: Change<'_>, environments: &Environments, halt: &Halt) -> Option<Finding> {
    let same = format!("it has the very content of version {latest}");
    let (Some(old), Some(new)) = (change.old, change.new) else {
        let message = format!("{same}, but the manifest changed");
        return Some(Finding::warning(Check::ArchiveStale, message, HINT));
    };
    let names: BTreeSet<&str> = old.iter().chain(new.iter()).map(|(name, _)| name).collect();
    let changed = |name: &&str| versions(old, name, |_| true) != versions(new, name, |_| true);
    let changed: Vec<&str> = halt.over(names).filter(changed).collect();
    let look = Look { change, old, new, environments, halt };
    let built: Vec<&str> = halt.over(changed.iter().copied()).filter(|name| look.belongs(name)).collect();
    match (built.first(), changed.first()) {
        (Some(first), _) => {
            let message = format!("{same}, but {} changed: it was not built again", change.named(first, built.len()));
            Some(Finding::error(Check::ArchiveStale, message, HINT))
        }
        (None, Some(first)) => {
            let message =
                format!("{same}; only {} changed, which need not be in it", change.named(first, changed.len()));
            Some(Finding::warning(Check::ArchiveStale, message, HINT))
        }
        (None, None) if old != new => {
            let message = format!("{same}, but hashes or markers in the manifest changed");
            Some(Finding::warning(Check::ArchiveStale, message, HINT))
        }
        (None, None) if change.includes => {
            let message = format!("{same}, but a file that the manifest includes changed");
            Some(Finding::warning(Check::ArchiveStale, message, HINT))
        }
        (None, None) => None,
    }
}

/// The versions of a package with their extras, of which only those count that the filter lets through.
fn versions<'a>(of: &'a Dependencies, name: &str, counts: impl Fn(&About) -> bool) -> Vec<(&'a Version, &'a Extras)> {
    let all = of.versions(name).into_iter().flat_map(Versions::iter);
    all.filter(|(_, about)| counts(about)).map(|(version, about)| (version, &about.details().extras)).collect()
}

impl Change<'_> {
    /// The first of so many packages, as far as it may be told.
    fn named(&self, first: &str, count: usize) -> String {
        match (self.unshown, count) {
            (Some(outside), _) => format!("{} (which ones {})", counted(count), outside.is_why()),
            (None, 1) => format!("`{first}`"),
            (None, _) => format!("`{first}` and {} more", count - 1),
        }
    }
}

/// What packages that changed are looked at for.
struct Look<'a> {
    change: Change<'a>,
    old: &'a Dependencies,
    new: &'a Dependencies,
    environments: &'a Environments,
    halt: &'a Halt,
}

impl Look<'_> {
    /// Whether a package that changed is part of the archive, or should be.
    fn belongs(&self, name: &str) -> bool {
        let Change { format, packages, .. } = self.change;
        let ecosystem = Ecosystem::of(format);
        let is_held = ecosystem.is_some_and(|ecosystem| packages.versions(ecosystem, name).is_some());
        let installs = |about: &About| self.environments.install(about, self.halt);
        let [before, after] = [self.old, self.new].map(|one| versions(one, name, installs));
        if before == after {
            // What changed is not for these environments. Where none of it is, the archive may hold it all the same.
            return before.is_empty() && is_held;
        }
        // Without any metadata nobody knows which extras were built.
        let extras_count = ecosystem.is_none_or(|ecosystem| packages.are_unknown(ecosystem));
        let abouts = [self.old, self.new].into_iter().filter_map(|one| one.versions(name)).flat_map(Versions::values);
        let mut installed = abouts.filter(|about| installs(about));
        let is_expected = installed.any(|about| extras_count || about.need == Need::Required);
        is_held || !is_left_out(name) && is_expected
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Level;
    use crate::layer::LayerSettings;
    use crate::manifest::dependencies;

    /// What is told of an unchanged archive, where a manifest changed.
    fn told(format: Format, held: &[&str], old: &str, new: &str) -> String {
        told_if(None, (format, held), old, new)
    }

    fn told_if(unshown: Option<Outside>, (format, held): (Format, &[&str]), old: &str, new: &str) -> String {
        let mut packages = Packages::default();
        held.iter().for_each(|path| packages.meet(format!("python/{path}.dist-info/METADATA").as_bytes()));
        let [old, new] = [old, new].map(|text| dependencies(format, text.as_bytes(), &Halt::default()).ok().flatten());
        let (old, new, packages) = (old.as_ref(), new.as_ref(), &packages);
        let change = Change { format, old, new, includes: false, packages, unshown };
        let settings =
            LayerSettings { compatible_runtimes: vec!["python3.12".parse().unwrap()], ..LayerSettings::default() };
        match stale(3, change, &Environments::of(&settings), &Halt::default()) {
            Some(Finding { level: Level::Error, message, .. }) => format!("error: {message}"),
            Some(Finding { level: Level::Warning, message, .. }) => format!("warning: {message}"),
            Some(Finding { message, .. }) => format!("advice: {message}"),
            None => String::new(),
        }
    }

    #[test]
    fn what_changed_decides() {
        let table: [(&[&str], &str, &str, &str); 17] = [
            (&[], "a==1", "a==2", "error"),
            (&[], "a==1\nb==1", "a==1", "error"),
            (&[], "a==1", "a==1\nb==1", "error"),
            (&["a-1"], "a==1", "a==2", "error"),
            (&["b-1"], "a==1", "a==2", "error"),
            (&[], "urllib3==1", "urllib3==2", "warning"),
            (&["urllib3-1"], "urllib3==1", "urllib3==2", "error"),
            (&[], "w==1 ; os_name == 'nt'", "w==2 ; os_name == 'nt'", "warning"),
            (&["w-1"], "w==1 ; os_name == 'nt'", "w==2 ; os_name == 'nt'", "error"),
            (
                &["n-2"],
                "n==1 ; python_version<'3.12'\nn==2 ; python_version>='3.12'",
                "n==1.1 ; python_version<'3.12'\nn==2 ; python_version>='3.12'",
                "warning",
            ),
            (&[], "a==1 --hash=sha256:aa", "a==1 --hash=sha256:bb", "warning"),
            (&[], "a==1 ; os_name == 'nt'", "a==1", "warning"),
            (&[], "a==1", "a[x]==1", "error"),
            (&[], "a[x, y]==1", "A[Y,x] == 1", ""),
            (&[], "a[x]==1 ; os_name == 'nt'", "a[y]==1 ; os_name == 'nt'", "warning"),
            (&[], "a==1\nb==1", "# why\nb==1\r\na==1", ""),
            (&[], "a==1", "this is not a requirement", "warning"),
        ];
        for (held, old, new, level) in table {
            let told = told(Format::Requirements, held, old, new);
            assert_eq!(told.split(':').next(), Some(level), "{held:?} {old} {new}: {told}");
        }
    }

    /// Of a package that is locked in several versions, those for other Pythons need not be in the archive.
    #[test]
    fn a_locked_version_for_another_python_need_not_be_there() {
        let lock = |old: &str, new: &str| {
            format!(
                "[[package]]\nname = \"p\"\nsource = {{ virtual = \".\" }}\ndependencies = [\n\
                 {{ name = \"n\", version = \"{old}\", marker = \"python_full_version < '3.11'\" }},\n\
                 {{ name = \"n\", version = \"{new}\", marker = \"python_full_version >= '3.11'\" }},\n]\n\
                 [[package]]\nname = \"n\"\nversion = \"{old}\"\n[[package]]\nname = \"n\"\nversion = \"{new}\"\n"
            )
        };
        for (old, new, level) in [("1.1", "2", "warning"), ("1", "2.1", "error")] {
            let told = told(Format::UvLock, &["n-2"], &lock("1", "2"), &lock(old, new));
            assert_eq!(told.split(':').next(), Some(level), "{old} {new}: {told}");
        }
    }

    #[test]
    fn extras_and_groups_count_where_the_archive_holds_them() {
        let lock = |version: &str, extra: &str| {
            format!("[[package]]\nname = \"x\"\nversion = \"{version}\"\noptional = true\n{extra}\n")
        };
        let table = [
            (&[][..], "", "error"),
            (&["x-1"], "", "error"),
            (&["y-1"], "", "warning"),
            (&["y-1"], "groups = [\"dev\"]", "warning"),
            (&[], "groups = [\"dev\"]", "warning"),
            (&["x-1"], "groups = [\"dev\"]", "error"),
        ];
        for (held, extra, level) in table {
            let told = told(Format::PoetryLock, held, &lock("1", extra), &lock("2", extra));
            assert_eq!(told.split(':').next(), Some(level), "{held:?} {extra}: {told}");
        }
    }

    #[test]
    fn it_is_told_what_changed() {
        let told = |old, new| told(Format::Requirements, &[], old, new);
        insta::assert_snapshot!(told("a==1\nb==1", "a==2\nc==1"), @"error: it has the very content of version 3, but `a` and 2 more changed: it was not built again");
        insta::assert_snapshot!(told("pip==1", "pip==2"), @"warning: it has the very content of version 3; only `pip` changed, which need not be in it");
        insta::assert_snapshot!(told("a==1 --hash=md5:aa", "a==1"), @"warning: it has the very content of version 3, but hashes or markers in the manifest changed");
        let elsewhere = told_if(Some(Outside::Git), (Format::Requirements, &[]), "a==1\nb==1", "a==2\nc==1");
        insta::assert_snapshot!(elsewhere, @"error: it has the very content of version 3, but 3 packages (which ones is not shown, because the file is one of git's own) changed: it was not built again");
        insta::assert_snapshot!(told("?", "a==1"), @"warning: it has the very content of version 3, but the manifest changed");
    }
}
