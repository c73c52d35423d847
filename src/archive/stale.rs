//! Whether an archive was built again after its manifest changed.

use super::differs::{counted, holds};
use super::packages::{Ecosystem, Packages};
use crate::bounds::Outside;
use crate::finding::{Check, Finding};
use crate::halt::Halt;
use crate::manifest::{
    About, Contents, Dependencies, Environments, Format, Need, Version, Versions, both, is_left_out,
};
use std::collections::BTreeSet;

const HINT: &str = "build it again from the changed manifest, then stage it; where nothing in it had to change, `allow = [\"archive-stale\"]`";

/// What is said of a version that makes another content of it: extras, and what tells its contents.
type Said<'a> = (&'a Version, &'a BTreeSet<Box<str>>, Contents);

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
/// | a package that the archive holds, or should hold, or the extras of one, or a patch of it | error: the old content would be frozen under the new manifest |
/// | a marker or a group, so that a package begins to belong into the archive, which does not hold it | the same error |
/// | only packages that it need not hold: the runtime brings them, markers rule them out, they are for development or an extra | warning |
/// | only other hashes or markers, or a manifest that cannot be read | warning |
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
    let look = Look { change, old, new, environments, halt };
    let (mut changed, mut built) = (Told::default(), Told::default());
    for (name, _, _) in halt.over(both(old, new)).filter(|(name, _, _)| look.is_changed(name) || look.begins(name)) {
        changed.meet(name);
        if look.belongs(name) {
            built.meet(name);
        }
    }
    match (built.first, changed.first) {
        (Some(first), _) => {
            let message = format!("{same}, but {} changed: it was not built again", change.named(first, built.count));
            Some(Finding::error(Check::ArchiveStale, message, HINT))
        }
        (None, Some(first)) => {
            let message =
                format!("{same}; only {} changed, which need not be in it", change.named(first, changed.count));
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

/// The versions of a package with what makes another content of them, of which only those count that the filter lets through.
fn versions<'a>(of: &'a Dependencies, name: &str, counts: impl Fn(&About) -> bool) -> Vec<Said<'a>> {
    let all = of.versions(name).into_iter().flat_map(Versions::iter).filter(|(_, about)| counts(about));
    all.map(|(version, about)| (version, &about.details().extras, about.contents)).collect()
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

/// Packages of which the first is named.
#[derive(Debug, Default)]
struct Told<'a> {
    first: Option<&'a str>,
    count: usize,
}

impl<'a> Told<'a> {
    fn meet(&mut self, name: &'a str) {
        self.first.get_or_insert(name);
        self.count += 1;
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
    /// Whether a package changed, wherever it is installed.
    fn is_changed(&self, name: &str) -> bool {
        versions(self.old, name, |_| true) != versions(self.new, name, |_| true)
    }

    /// Whether a version of a package is required in these environments that was not so before, and the archive does not hold
    /// it: a marker holds now, or what was for development is not any more.
    fn begins(&self, name: &str) -> bool {
        let (before, after) = (self.old.versions(name), self.new.versions(name));
        // Nothing is said of most packages that was not said before.
        if before == after || is_left_out(self.change.format, name) {
            return false;
        }
        let is_required = |about: &About| about.need == Need::Required && self.environments.install(about, self.halt);
        let was_required = |version: &Version| before.and_then(|all| all.get(version)).is_some_and(is_required);
        let Change { format, packages, .. } = self.change;
        let is_held = |version: &Version| Ecosystem::of(format).is_some_and(|of| holds(packages, of, name, version));
        let mut required = after.into_iter().flat_map(Versions::iter).filter(|(_, about)| is_required(about));
        required.any(|(version, _)| !was_required(version) && !is_held(version))
    }

    /// Whether a package that changed is part of the archive, or should be.
    fn belongs(&self, name: &str) -> bool {
        if self.begins(name) {
            return true;
        }
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
        is_held || !is_left_out(format, name) && is_expected
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
        let table: [(&[&str], &str, &str, &str); 25] = [
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
            (&[], "a==1 ; os_name == 'nt'", "a==1", "error"),
            (&[], "a==1", "a==1 ; os_name == 'nt'", "warning"),
            (&[], "a==1 ; python_version<'3.9'", "a==1 ; python_version<'3.10'", "warning"),
            (&[], "a==1 ; python_version<'3.9'", "a==1 ; python_version<'3.13'", "error"),
            (&[], "a==1 ; python_version<'3.13'", "a==1", "warning"),
            (&["b-1"], "a==1 ; os_name == 'nt'", "a==1", "error"),
            (&["a-1"], "a==1.0 ; os_name == 'nt'", "a==1.0", "warning"),
            (&["a-2"], "a==1 ; os_name == 'nt'", "a==1", "error"),
            (&[], "pip==1 ; os_name == 'nt'", "pip==1", "warning"),
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

    /// The version stays, and yet the archive lacks what nobody but developers, or an extra, asked for before.
    #[test]
    fn a_package_that_begins_to_be_required_has_to_be_there() {
        let poetry = |group: &str| format!("[[package]]\nname = \"y\"\nversion = \"1\"\ngroups = [\"{group}\"]\n");
        let npm = |facts: &str| {
            format!(r#"{{"lockfileVersion":3,"packages":{{"node_modules/y":{{"version":"1.0.0"{facts}}}}}}}"#)
        };
        let table = [
            (Format::PoetryLock, &[][..], poetry("dev"), poetry("main"), "error"),
            (Format::PoetryLock, &["x-1"], poetry("dev"), poetry("main"), "error"),
            (Format::PoetryLock, &["y-1"], poetry("dev"), poetry("main"), "warning"),
            (Format::PoetryLock, &[], poetry("main"), poetry("dev"), "warning"),
            (Format::NpmLock, &[], npm(",\"dev\":true"), npm(""), "error"),
            (Format::NpmLock, &[], npm(",\"optional\":true"), npm(""), "error"),
            (Format::NpmLock, &[], npm(""), npm(",\"dev\":true"), "warning"),
        ];
        for (format, held, old, new, level) in table {
            let told = told(format, held, &old, &new);
            assert_eq!(told.split(':').next(), Some(level), "{held:?} {old} {new}: {told}");
        }
    }

    /// The version stays, and yet it is another package.
    #[test]
    fn another_patch_or_file_at_one_version_is_another_content() {
        let npm = |place: &str| {
            format!(
                r#"{{"lockfileVersion":3,"packages":{{"node_modules/y":{{"version":"1.0.0","resolved":"{place}","integrity":"sha512-HASH"}}}}}}"#
            )
        };
        let berry = |reference: &str| {
            let resolution = format!("  resolution: \"y@{reference}\"\n");
            format!("__metadata:\n  version: 8\n\n\"y@x\":\n  version: 1.0.0\n{resolution}  checksum: HASH\n")
        };
        let pnpm = "lockfileVersion: '9.0'\npatchedDependencies:\n  y@1.0.0:\n    hash: HASH\n    path: p.patch\nimporters:\n  .:\n    \
                    dependencies:\n      y:\n        version: 1.0.0(patch_hash=HASH)(z@1.0.0)\npackages:\n  y@1.0.0:\n    \
                    resolution: {integrity: x}\n  z@1.0.0: {}\nsnapshots:\n  y@1.0.0(patch_hash=HASH)(z@1.0.0): {}\n  z@1.0.0: {}\n";
        let pnpm_of_6 = "lockfileVersion: '6.0'\npackages:\n  /y@1.0.0(patch_hash=HASH):\n    resolution: {integrity: x}\n    dev: false\n";
        let pnpm_of_5 =
            "lockfileVersion: 5.4\npackages:\n  /y/1.0.0_HASH:\n    resolution: {integrity: x}\n    dev: false\n";
        let pnpm_file = "lockfileVersion: '9.0'\npackages:\n  y@file:y-1.0.0.tgz:\n    resolution: {integrity: HASH, tarball: file:y-1.0.0.tgz}\n    \
                         version: 1.0.0\n";
        let package = |key: &str, rest: &str| format!("[[{key}]]\nname = \"y\"\nversion = \"1.0.0\"\n{rest}\n");
        let uv = |source: &str| {
            package("package", &format!("source = {{ {source} }}\nwheels = [{{ hash = \"sha256:HASH\" }}]"))
        };
        let files = "files = [{ file = \"y.whl\", hash = \"sha256:HASH\" }]";
        let poetry = |source: &str| package("package", &format!("{files}\n\n[package.source]\n{source}"));
        let pdm = |place: &str| package("package", &format!("{place}\n{files}"));
        let pylock = |place: &str| package("packages", place);
        let pipfile =
            |place: &str| format!(r#"{{"_meta":{{}},"default":{{"y":{{{place},"hashes":["sha256:HASH"]}}}}}}"#);
        let patched_of_5 = format!("{pnpm_of_5}    patched: true\n");
        let table = [
            (Format::PnpmLock, pnpm.to_owned(), "error"),
            (Format::PnpmLock, pnpm_of_6.to_owned(), "error"),
            (Format::PnpmLock, patched_of_5, "error"),
            (Format::PnpmLock, pnpm_file.to_owned(), "error"),
            // Its peers may change, and it stays what it is.
            (Format::PnpmLock, pnpm_of_5.to_owned(), ""),
            (Format::YarnLock, berry("patch:y@npm%3A1.0.0#./p.patch::version=1.0.0&hash=HASH"), "error"),
            (Format::YarnLock, berry("patch:y@npm%3A1.0.0#./p.patch::version=1.0.0&hash=HASH&locator=p"), "error"),
            (Format::YarnLock, berry("file:./y.tgz#./y.tgz::hash=HASH&locator=p%40workspace%3A."), "error"),
            (
                Format::YarnLock,
                berry("patch:y@npm%3A1.0.0#optional!builtin<compat/y>::version=1.0.0&hash=HASH"),
                "warning",
            ),
            (Format::YarnLock, berry("npm:1.0.0"), "warning"),
            (Format::NpmLock, npm("https://h/HASH.tgz"), "error"),
            (Format::NpmLock, npm("https://h/y.tgz"), "error"),
            (Format::NpmLock, npm("file:y-HASH.tgz"), "error"),
            (Format::NpmLock, npm("file:y-1.0.0.tgz"), "error"),
            (Format::NpmLock, npm("https://r/y/-/y-1.0.0.tgz"), "warning"),
            (Format::UvLock, uv("path = \"y-1.0.0-py3-none-any.whl\""), "error"),
            (Format::UvLock, uv("url = \"https://h/y.whl\""), "error"),
            (Format::UvLock, uv("registry = \"https://h/simple\""), "warning"),
            (Format::PoetryLock, poetry("type = \"file\"\nurl = \"y.whl\""), "error"),
            (Format::PoetryLock, poetry("type = \"url\"\nurl = \"https://h/y.whl\""), "error"),
            (Format::PoetryLock, poetry("type = \"legacy\"\nurl = \"https://h/simple\""), "warning"),
            (Format::PdmLock, pdm("path = \"./y.whl\""), "error"),
            (Format::PdmLock, pdm("url = \"https://h/y.whl\""), "error"),
            (Format::PdmLock, pdm(""), "warning"),
            (Format::Pylock, pylock("archive = { path = \"y.whl\", hashes = { sha256 = \"HASH\" } }"), "error"),
            (
                Format::Pylock,
                pylock("archive = { url = \"https://h/y.whl\", hashes = { sha256 = \"HASH\" } }"),
                "error",
            ),
            (
                Format::Pylock,
                pylock("wheels = [{ url = \"https://h/y.whl\", hashes = { sha256 = \"HASH\" } }]"),
                "warning",
            ),
            (Format::PipfileLock, pipfile("\"file\":\"https://h/y.whl\""), "error"),
            (Format::PipfileLock, pipfile("\"path\":\"./y.whl\""), "error"),
            (Format::PipfileLock, pipfile("\"version\":\"==1.0.0\""), "warning"),
            (Format::Requirements, "./y-1.0.0.zip --hash=sha256:HASH\n".to_owned(), "error"),
            (Format::Requirements, "y==1.0.0 --hash=sha256:HASH\n".to_owned(), "warning"),
        ];
        for (format, lock, level) in table {
            let told = told(format, &[], &lock.replace("HASH", "aaa"), &lock.replace("HASH", "bbb"));
            assert_eq!(told.split(':').next(), Some(level), "{lock}: {told}");
        }
        // A file that is installed in one more place is the same.
        let once = npm("file:y.tgz");
        let twice = once.replace("}}}", r#"},"node_modules/z/node_modules/y":{"version":"1.0.0","resolved":"file:y.tgz","integrity":"sha512-HASH"}}}"#);
        assert!(told(Format::NpmLock, &[], &once, &twice).starts_with("warning"), "{twice}");
        // Where the same file lies elsewhere it is the same, and so is a registry's.
        for (from, to) in
            [("https://h/a.tgz", "https://h/b.tgz"), ("https://r/y/-/y-1.0.0.tgz", "https://s/y/-/y-1.0.0.tgz")]
        {
            assert_eq!(told(Format::NpmLock, &[], &npm(from), &npm(to)), "", "{from} {to}");
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
