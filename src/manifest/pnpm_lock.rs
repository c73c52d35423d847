//! `pnpm-lock.yaml`, read by its indentation: the keys of its `packages:` section, and the facts below each.

use super::dependencies::{Dependencies, Found, LIMIT};
use super::line_locks::unmerged;
use super::node::split_at_sign;
use super::pnpm_keys::{fact, key, split_old, unquoted, without_peers};
use super::pnpm_needs::Needs;
use super::survey::too_many;
use super::unreadable::Unreadable;
use super::versions::Need;
use crate::halt::Halt;

/// A lock file of any version from 5 on.
pub(super) fn pnpm(text: &str, halt: &Halt) -> Result<Dependencies, Unreadable> {
    let version = text.lines().find_map(|line| line.strip_prefix("lockfileVersion:"));
    let version = version.ok_or_else(|| Unreadable::new("it is not a lock file of pnpm"))?;
    unmerged(text)?;
    let is_old = unquoted(version).starts_with('5');
    let (packages, needs) = sections(text, halt);
    if packages.len() > LIMIT {
        return Err(too_many());
    }
    let (told, mut dependencies) = (needs.told(), Dependencies::default());
    for package in packages {
        let need = told.get(package.key).map_or(package.need, |need| package.need.max(*need));
        dependencies.insert(package.found(is_old).with_hashes(package.hash).needed(need));
    }
    Ok(dependencies)
}

/// The packages, and what is said elsewhere of who needs them.
fn sections<'a>(text: &'a str, halt: &Halt) -> (Vec<Package<'a>>, Needs<'a>) {
    let (mut packages, mut needs, mut section) = (Vec::<Package<'a>>::new(), Needs::default(), "");
    for line in halt.over(text.lines()) {
        match section {
            _ if !line.is_empty() && !line.starts_with(' ') => section = line,
            "importers:" => needs.read_importer(line),
            "snapshots:" => needs.read_snapshot(line),
            "packages:" => match key(line) {
                Some(key) if packages.len() <= LIMIT => packages.push(Package::new(key)),
                Some(_) => {}
                None => packages.last_mut().into_iter().for_each(|package| package.read(line)),
            },
            _ => {}
        }
    }
    (packages, needs)
}

#[derive(Default)]
struct Package<'a> {
    key: &'a str,
    /// Where the key is the place that it comes from.
    name: Option<&'a str>,
    hash: Option<&'a str>,
    need: Need,
    /// Whether the facts that come are those of its archive.
    in_resolution: bool,
}

impl<'a> Package<'a> {
    fn new(key: &'a str) -> Self {
        Self { key: without_peers(key), ..Self::default() }
    }

    /// `    name: x`; what is deeper belongs to the line above it.
    fn read(&mut self, line: &'a str) {
        let (depth, fact) = fact(line);
        if depth > 4 {
            return self.read_resolution(fact);
        }
        let Some((key, value)) = fact.split_once(':') else { return };
        let value = value.trim();
        self.in_resolution = key == "resolution";
        self.read_resolution(value);
        match (key, value) {
            ("name", name) => self.name = Some(unquoted(name)),
            ("dev", "true") => self.need = Need::Development,
            ("optional", "true") => self.need = self.need.max(Need::Optional),
            _ => {}
        }
    }

    /// `{integrity: sha512-…, tarball: …}`, or up to version 5.1 a line for each.
    fn read_resolution(&mut self, facts: &'a str) {
        let hash = facts.split_once("integrity:").filter(|_| self.in_resolution);
        if let Some((_, rest)) = hash {
            self.hash = rest.split([',', '}']).next().map(str::trim);
        }
    }

    /// What comes from elsewhere than a registry is told by where that is: a version may stay while its content changes.
    fn found(&self, is_old: bool) -> Found<'a> {
        let (name, version) = match self.name {
            Some(name) => (name, self.key),
            None if is_old => split_old(self.key),
            None => {
                let key = self.key.strip_prefix('/').unwrap_or(self.key);
                split_at_sign(key).unwrap_or((key, ""))
            }
        };
        Found::new(name, version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Dependencies {
        pnpm(text, &Halt::default()).unwrap()
    }

    fn shown(text: &str) -> String {
        let (read, windows) = (read(text), read(&text.replace('\n', "\r\n")));
        assert_eq!(read, windows, "CRLF: {text}");
        let named = read.iter().flat_map(|(name, versions)| versions.keys().map(move |version| (name, version)));
        named.map(|(name, version)| format!("{name} {}", version.as_str())).collect::<Vec<_>>().join(", ")
    }

    /// A lock file of a version that has this in its section of packages.
    fn lock(version: &str, packages: &str) -> String {
        format!("lockfileVersion: {version}\n\npackages:\n\n{packages}\nother:\n  z@1:\n")
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
