//! `pnpm-lock.yaml`: the keys of its `packages:` section, and the facts below each.

use super::dependencies::{Dependencies, Found};
use super::line_locks::unmerged;
use super::node::{content, split_at_sign};
use super::pnpm_keys::{patch, plain, split_old, without_peers};
use super::pnpm_needs::{Needs, note_use};
use super::unreadable::Unreadable;
use super::uses::Uses;
use super::versions::Need;
use super::yaml::Yaml;
use crate::halt::Halt;
use std::borrow::Cow;

const NO_LOCK: &str = "it is not a lock file of pnpm";

/// A lock file of any version from 5 on.
///
/// Since its version 11 pnpm may write two documents into one file. The last is that of the project; the one before it locks
/// pnpm itself and what configures it, which is not installed with the project.
pub(super) fn pnpm(text: &str, halt: &Halt) -> Result<Dependencies, Unreadable> {
    unmerged(text)?;
    let mut last = Lock::default();
    Yaml::new(text, halt).documents(|yaml| {
        last = Lock::default();
        last.read(yaml)
    })?;
    last.dependencies()
}

/// A document of a lock file.
#[derive(Default)]
struct Lock<'a> {
    version: Option<Cow<'a, str>>,
    packages: Vec<Package<'a>>,
    needs: Needs<'a>,
    uses: Uses,
    /// How many projects need anything: which of them a layer is for is not told.
    projects: usize,
}

impl<'a> Lock<'a> {
    fn read(&mut self, yaml: &mut Yaml<'a, '_>) -> Result<(), Unreadable> {
        let is_map = yaml.entries(|yaml, section| {
            let is_map = match &*section {
                "lockfileVersion" => {
                    self.version = yaml.text()?;
                    true
                }
                "packages" => yaml.entries(|yaml, key| self.read_package(yaml, key))?,
                "importers" => yaml.entries(|yaml, _| {
                    self.projects += usize::from(self.needs.read_importer(yaml)?);
                    Ok(())
                })?,
                "snapshots" => yaml.entries(|yaml, key| self.needs.read_snapshot(yaml, key))?,
                // Of a project alone, before version 9.
                group => {
                    self.needs.read_group(yaml, group)?;
                    true
                }
            };
            if is_map { Ok(()) } else { Err(yaml.wrong(NO_LOCK)) }
        })?;
        if is_map { Ok(()) } else { Err(yaml.wrong(NO_LOCK)) }
    }

    fn read_package(&mut self, yaml: &mut Yaml<'a, '_>, key: Cow<'a, str>) -> Result<(), Unreadable> {
        let mut package = Package { key, ..Package::default() };
        let is_old = self.is_old();
        package.read(yaml, &mut self.uses, is_old)?;
        self.packages.push(package);
        Ok(())
    }

    /// Whether it is one before version 6, whose keys are others.
    fn is_old(&self) -> bool {
        self.version.as_ref().is_some_and(|version| version.starts_with('5'))
    }

    fn dependencies(mut self) -> Result<Dependencies, Unreadable> {
        let is_old = self.is_old();
        self.needs.note_uses(&mut self.uses, is_old);
        if self.version.is_none() {
            return Err(Unreadable::new(NO_LOCK));
        }
        let (told, patches, mut dependencies) = (self.needs.told(), self.needs.patches(), Dependencies::default());
        for package in &self.packages {
            let need = told.get(package.key()).map_or(package.need, |need| package.need.max(*need));
            let patch = package.patch(is_old).or_else(|| patches.get(package.key()).copied());
            let found = package.found(is_old);
            let is_place = package.name.is_some() || found.version.contains(':');
            let place = Some(&*found.version).filter(|_| is_place);
            let own = patch.or_else(|| content(place, "", package.hash.as_deref()));
            let found = found.with_hashes(package.hash.as_deref()).with_content(own);
            dependencies.insert(found.with_content(package.folder.as_deref()).needed(need));
        }
        self.uses.tell(&mut dependencies);
        // What nobody asks for itself lies where only those find it who need it.
        self.needs.asked_for().for_each(|name| dependencies.note_choice(name));
        if self.projects > 1 {
            dependencies.leave_untold_who_asks();
        }
        Ok(dependencies)
    }
}

#[derive(Default)]
struct Package<'a> {
    /// With its peers.
    key: Cow<'a, str>,
    /// Where the key is the place that it comes from.
    name: Option<Cow<'a, str>>,
    hash: Option<Cow<'a, str>>,
    /// Which folder of a repository it is in.
    folder: Option<Cow<'a, str>>,
    need: Need,
    is_patched: bool,
}

impl<'a> Package<'a> {
    fn read(&mut self, yaml: &mut Yaml<'a, '_>, uses: &mut Uses, is_old: bool) -> Result<(), Unreadable> {
        yaml.entries(|yaml, key| {
            match &*key {
                // Since version 9 they stand with the snapshots.
                "dependencies" | "optionalDependencies" => self.read_uses(yaml, uses, is_old)?,
                "name" => self.name = yaml.text()?,
                "dev" => self.ask(yaml, Need::Development)?,
                "optional" => self.ask(yaml, Need::Optional)?,
                "patched" => self.is_patched = yaml.is_true()?,
                "resolution" => self.read_resolution(yaml)?,
                _ => yaml.skip()?,
            }
            Ok(())
        })?;
        Ok(())
    }

    fn read_uses(&self, yaml: &mut Yaml<'a, '_>, uses: &mut Uses, is_old: bool) -> Result<(), Unreadable> {
        let who = plain(&self.key, is_old);
        yaml.entries(|yaml, name| {
            if let Some(locked) = yaml.text()? {
                note_use(uses, &who, (&name, &locked), is_old);
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Takes whether it is asked for in this way.
    fn ask(&mut self, yaml: &mut Yaml<'a, '_>, need: Need) -> Result<(), Unreadable> {
        if yaml.is_true()? {
            self.need = self.need.max(need);
        }
        Ok(())
    }

    /// `{integrity: sha512-…, tarball: …}`
    fn read_resolution(&mut self, yaml: &mut Yaml<'a, '_>) -> Result<(), Unreadable> {
        yaml.entries(|yaml, key| {
            match &*key {
                "integrity" => self.hash = yaml.text()?,
                "path" => self.folder = yaml.text()?,
                _ => yaml.skip()?,
            }
            Ok(())
        })?;
        Ok(())
    }

    fn key(&self) -> &str {
        without_peers(&self.key)
    }

    /// The hash of its patch. Before version 6 it stood in one text with its peers; since version 9 the snapshots have it.
    fn patch(&self, is_old: bool) -> Option<&str> {
        let behind_version = || self.key.rsplit('/').next()?.split_once('_');
        match is_old {
            true => behind_version().filter(|_| self.is_patched).map(|(_, behind)| behind),
            false => patch(&self.key),
        }
    }

    /// What comes from elsewhere than a registry is told by where that is: a version may stay while its content changes.
    fn found(&self, is_old: bool) -> Found<'_> {
        let (name, version) = match &self.name {
            Some(name) => (&**name, self.key()),
            None if is_old => split_old(self.key()),
            None => {
                let key = self.key().strip_prefix('/').unwrap_or(self.key());
                split_at_sign(key).unwrap_or((key, ""))
            }
        };
        Found::new(name, version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::reading::line_of;

    fn read(text: &str) -> Dependencies {
        pnpm(text, &Halt::default()).unwrap()
    }

    fn shown(text: &str) -> String {
        let (read, windows) = (read(text), read(&text.replace('\n', "\r\n")));
        assert_eq!(read, windows, "CRLF: {text}");
        line_of(&read)
    }

    /// A lock file of a version that has this in its section of packages.
    fn lock(version: &str, packages: &str) -> String {
        format!("lockfileVersion: {version}\n\npackages:\n\n{packages}\nother:\n  z@1:\n")
    }

    /// It is installed where only those find it who need it, until somebody asks for it itself.
    #[test]
    fn what_is_asked_for_itself_counts() {
        let lock = |asked: &str| {
            let each = asked
                .split(' ')
                .map(|name| format!("      {name}:\n        specifier: 1.0.0\n        version: 1.0.0\n"));
            let importers = format!("importers:\n  .:\n    dependencies:\n{}", each.collect::<String>());
            let packages =
                "packages:\n  a@1.0.0:\n    resolution: {integrity: x}\n  b@1.0.0:\n    resolution: {integrity: y}\n";
            let snapshots = "snapshots:\n  a@1.0.0:\n    dependencies:\n      b: 1.0.0\n  b@1.0.0: {}\n";
            read(&format!("lockfileVersion: '9.0'\n{importers}{packages}{snapshots}"))
        };
        assert_ne!(lock("a"), lock("a b"));
        assert_eq!(lock("a b"), lock("b a"));
    }

    #[test]
    fn unusual_packages_are_read() {
        let commit = "github.com/kevva/is-negative/1d7e288222b53a0cab90a331f1865220ec29560c";
        let at_commit =
            format!("  {commit}:\n    resolution: {{tarball: x}}\n    name: is-negative\n    version: 2.1.0\n");
        let of_commit = format!("is-negative {commit}");
        for (version, packages, expected) in [
            ("5.4", "  /@s/x/1.0.0_react@17.0.2:\n    dev: false\n  /y/2.0.0:\n", "@s/x 1.0.0, y 2.0.0"),
            ("5.4", &at_commit, &of_commit),
            ("'6.0'", &at_commit, &of_commit),
            ("'6.0'", "  /@s/x@1.0.0(react@17.0.2):\n    resolution: {}\n", "@s/x 1.0.0"),
            ("'6.0'", "  ? /@s/x@1.0.0(react@17.0.2)\n  : resolution: {integrity: a}\n    dev: false\n", "@s/x 1.0.0"),
            ("5.1", "  ? /@s/x/1.0.0_y@1\n  : dependencies:\n      name: 9\n    dev: false\n", "@s/x 1.0.0"),
            ("'9.0'", "  x@https://h/x/tar.gz/c0ffee:\n    version: 1\n", "x https://h/x/tar.gz/c0ffee"),
            ("'9.0'", "  x@1.0.0:\n    deprecated: |-\n      name: y\n      integrity: z\n", "x 1.0.0"),
            ("'9.0'", "", ""),
        ] {
            assert_eq!(shown(&lock(version, packages)), expected, "{version}: {packages}");
        }
    }

    /// Since its version 11 pnpm may lock itself in the same file.
    #[test]
    fn of_two_documents_that_of_the_project_counts() {
        let own = "---\nlockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    configDependencies: {}\n    \
                   packageManagerDependencies:\n      pnpm:\n        specifier: 12.3.4\n        version: 12.3.4\n\n\
                   packages:\n\n  pnpm@12.3.4:\n    resolution: {integrity: sha512-a}\n\nsnapshots:\n\n  pnpm@12.3.4: {}\n";
        let project = "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    devDependencies:\n      x:\n        specifier: ^1\n        \
                       version: 1.0.0\n\npackages:\n\n  x@1.0.0:\n    resolution: {integrity: sha512-b}\n\nsnapshots:\n\n  \
                       x@1.0.0: {}\n";
        assert_eq!(shown(&format!("{own}---\n{project}")), "x 1.0.0");
        assert_eq!(read(&format!("{own}---\n{project}")), read(project));
        assert_eq!(shown(own), "pnpm 12.3.4");
        // What comes last counts, even where it is none.
        assert!(pnpm(&format!("{own}---\n"), &Halt::default()).is_err());
    }

    #[test]
    fn what_is_no_lock_is_not_read() {
        for (text, expected) in [
            ("packages:\n  x@1.0.0: {}\n", NO_LOCK),
            ("lockfileVersion:\n", NO_LOCK),
            ("- lockfileVersion: 9\n", "line 1: it is not a lock file of pnpm"),
            ("lockfileVersion: '9.0'\npackages:\n  - x@1.0.0\n", "line 3: it is not a lock file of pnpm"),
            (
                "lockfileVersion: '9.0'\npackages:\n  x@1.0.0: {}\n  x@1.0.0: {}\n",
                "line 4: a key stands twice in one map",
            ),
            ("lockfileVersion: '9.0'\npackages: &x {}\n", "line 2: it has an alias, an anchor or a tag"),
            ("lockfileVersion: '9.0'\npackages:\n  x@1.0.0: {\n", "line 3: it is not YAML"),
        ] {
            assert_eq!(pnpm(text, &Halt::default()).unwrap_err().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn hashes_are_known_however_they_are_written() {
        for (version, package) in [
            ("'9.0'", "  x@1.0.0:\n    resolution: {integrity: HASH}\n"),
            ("'6.0'", "  ? /x@1.0.0\n  : resolution: {integrity: HASH, tarball: t}\n"),
            ("5.1", "  /x/1.0.0:\n    dependencies:\n      y: 1\n    resolution:\n      integrity: HASH\n"),
        ] {
            let files = |package: &str| {
                let read = read(&lock(version, package));
                read.versions("x").unwrap().values().next().unwrap().files
            };
            assert!(files(package).is_some(), "{package}");
            assert_ne!(files(package), files(&package.replace("HASH", "OTHER")), "{package}");
        }
        // A dependency of this name is none.
        let other = read(&lock("5.4", "  /x/1.0.0:\n    dependencies:\n      integrity: 1.0.0\n"));
        assert_eq!(other.versions("x").unwrap().values().next().unwrap().files, None);
    }

    #[test]
    fn who_asks_for_a_package_is_known() {
        let need = |text: &str| read(text).versions("x").unwrap().values().next().unwrap().need;
        for (facts, expected) in [
            ("    dev: false\n", Need::Required),
            ("    dev: true\n    optional: true\n", Need::Development),
            ("    dev: false\n    optional: true\n", Need::Optional),
        ] {
            assert_eq!(need(&lock("'6.0'", &format!("  /x@1.0.0:\n{facts}"))), expected, "{facts}");
        }
        let ninth = |group: &str, snapshot: &str| {
            let importers = format!("importers:\n\n  .:\n    {group}:\n      x:\n        version: 1.0.0\n");
            need(&format!("{importers}\n{}\nsnapshots:\n\n{snapshot}", lock("'9.0'", "  x@1.0.0:\n")))
        };
        assert_eq!(ninth("dependencies", "  x@1.0.0: {}\n"), Need::Required);
        assert_eq!(ninth("devDependencies", "  x@1.0.0: {}\n"), Need::Development);
        assert_eq!(ninth("optionalDependencies", "  x@1.0.0:\n    optional: true\n"), Need::Optional);
    }
}
