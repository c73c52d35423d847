//! Lock files of one line per fact, read by their indentation: Yarn, Bundler and Go. That of pnpm has a file of its own.
//!
//! No kept crate knows those of pnpm and Bundler. The one for Yarn, as a reader of YAML would, holds all of a file and cannot
//! be told to end; and what is read here is held against what these tools read themselves, in `tests/interop` and by what is
//! recorded there.

use super::dependencies::{Dependencies, Found};
use super::node::{split_at_sign, stands_for};
use super::unreadable::Unreadable;
use crate::halt::Halt;

/// Refuses what git leaves where two sides changed the same lines: both would be read as one.
pub(super) fn unmerged(text: &str) -> Result<(), Unreadable> {
    let conflict = text.lines().position(|line| line.starts_with("<<<<<<< "));
    conflict.map_or(Ok(()), |index| Err(Unreadable::at(index + 1, "it has a conflict of git that is not resolved")))
}

/// `yarn.lock`: a header line of descriptors without indentation, facts below it.
pub(super) fn yarn(text: &str, halt: &Halt) -> Result<Dependencies, Unreadable> {
    if !text.contains("yarn lockfile v1") && !text.contains("__metadata:") {
        return Err(Unreadable::new("it is not a lock file of Yarn"));
    }
    unmerged(text)?;
    let mut dependencies = Dependencies::default();
    let mut package = None;
    for line in halt.over(text.lines()).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match (line.strip_prefix("  "), &mut package) {
            (None, _) => keep(package.replace(YarnPackage::new(line)), &mut dependencies),
            (Some(fact), Some(package)) => package.read(fact),
            (Some(_), None) => {}
        }
    }
    keep(package, &mut dependencies);
    Ok(dependencies)
}

#[derive(Default)]
struct YarnPackage {
    name: String,
    version: String,
    origin: Option<String>,
    resolved: Option<String>,
    hash: Option<String>,
    is_workspace: bool,
}

impl YarnPackage {
    /// From a header such as `"@scope/name@^1.0.0", "@scope/name@^1.1.0":`.
    fn new(header: &str) -> YarnPackage {
        let descriptor = header.trim_start_matches("? ").trim_start_matches('"');
        let (name, _) = split_at_sign(descriptor).unwrap_or(("", descriptor));
        YarnPackage { name: name.to_owned(), ..YarnPackage::default() }
    }

    /// `version "1.0.0"` (classic) or `version: 1.0.0` (Yarn 2 and later). Deeper lines begin with a blank and so
    /// have an empty key.
    fn read(&mut self, fact: &str) {
        let Some((key, value)) = fact.split_once([' ', ':']) else { return };
        let value = value.trim().trim_matches('"');
        match key {
            "version" => value.clone_into(&mut self.version),
            "resolved" => self.resolved = Some(value.to_owned()),
            "integrity" | "checksum" => self.hash = Some(value.to_owned()),
            "resolution" => self.read_resolution(value),
            _ => {}
        }
    }

    fn read_resolution(&mut self, resolution: &str) {
        let (name, reference) = split_at_sign(resolution).unwrap_or(("", resolution));
        if !name.is_empty() {
            // Where it is asked for by another name, this is its own.
            name.clone_into(&mut self.name);
        }
        self.is_workspace = reference.starts_with("workspace:");
        if reference.contains("#commit=") || reference.starts_with("http") {
            self.origin = Some(reference.to_owned());
        }
    }
}

fn keep(package: Option<YarnPackage>, dependencies: &mut Dependencies) {
    // `__metadata` has a version, too, but no `@` and thus no name.
    let Some(package) = package.filter(|package| !package.name.is_empty() && !package.is_workspace) else { return };
    let resolved = package.resolved.as_deref();
    let place = resolved.filter(|place| stands_for(place, &package.version, package.hash.is_some()));
    let version = package.origin.as_deref().or(place).unwrap_or(&package.version);
    // Older ones have the hash behind the place alone.
    let digest = resolved.and_then(|place| place.split_once('#')).map(|(_, digest)| digest);
    let found = Found::new(&package.name, version).with_hashes(package.hash.as_deref());
    dependencies.insert(found.noting(digest.filter(|_| package.hash.is_none())));
}

/// `Gemfile.lock`: the specs of every source, four blanks deep.
pub(super) fn gemfile(text: &str, halt: &Halt) -> Result<Dependencies, Unreadable> {
    if !text.lines().any(|line| line.trim_end() == "  specs:") {
        return Err(Unreadable::new("it is not a lock file of Bundler"));
    }
    unmerged(text)?;
    let mut dependencies = Dependencies::default();
    let mut source = GemSource::default();
    for line in halt.over(text.lines()) {
        if !line.starts_with(' ') {
            let has_specs = matches!(line.trim_end(), "GEM" | "GIT" | "PATH");
            source = GemSource { has_specs, has_checksums: line.trim_end() == "CHECKSUMS", ..GemSource::default() };
        } else if source.has_checksums {
            keep_checksum(line, &mut dependencies);
        } else if let Some(remote) = line.strip_prefix("  remote: ") {
            source.remote = remote.trim();
        } else if let Some(revision) = line.strip_prefix("  revision: ") {
            source.revision = revision.trim();
        } else if source.has_specs {
            source.keep(line, &mut dependencies);
        }
    }
    Ok(dependencies)
}

#[derive(Default)]
struct GemSource<'a> {
    has_specs: bool,
    /// The sums of all gems stand in a section of their own.
    has_checksums: bool,
    remote: &'a str,
    revision: &'a str,
}

impl GemSource<'_> {
    /// `    name (1.0.0)`; deeper lines are what that gem asks for.
    fn keep(&self, line: &str, dependencies: &mut Dependencies) {
        let Some(spec) = line.strip_prefix("    ").filter(|spec| !spec.starts_with(' ')) else { return };
        let (name, version) = spec.trim_end().split_once(" (").unwrap_or((spec, ""));
        match self.revision {
            "" => dependencies.insert(Found::new(name, version.trim_end_matches(')'))),
            revision => dependencies.insert(Found::new(name, format!("{}#{revision}", self.remote))),
        }
    }
}

/// `  name (1.0.0) sha256=…`
fn keep_checksum(line: &str, dependencies: &mut Dependencies) {
    let parts = line.trim().split_once(" (").and_then(|(name, rest)| Some((name, rest.split_once(") ")?)));
    let Some((name, (version, sums))) = parts.filter(|(name, _)| dependencies.versions(name).is_some()) else { return };
    dependencies.insert(Found::new(name, version).with_hashes(sums.split(',')));
}

/// `go.sum`: modules by the hash of their content. Those with only the hash of their `go.mod` are not built.
pub(super) fn go_sum(text: &str, halt: &Halt) -> Result<Dependencies, Unreadable> {
    let mut dependencies = Dependencies::default();
    for (index, line) in halt.over(text.lines()).enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let mut fields = line.split_whitespace();
        let (Some(module), Some(version), Some(hash), None) =
            (fields.next(), fields.next(), fields.next().filter(|hash| hash.contains(':')), fields.next())
        else {
            return Err(Unreadable::at(index + 1, "it is not a module, its version and its hash"));
        };
        if !version.ends_with("/go.mod") {
            dependencies.insert(Found::new(module, version).with_hashes([hash]));
        }
    }
    Ok(dependencies)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::pnpm_lock::pnpm;

    type Read = fn(&str, &Halt) -> Result<Dependencies, Unreadable>;

    fn shown(dependencies: Result<Dependencies, Unreadable>) -> Option<String> {
        let dependencies = dependencies.ok()?;
        let pairs = dependencies
            .iter()
            .flat_map(|(name, versions)| versions.keys().map(move |version| format!("{name} {}", version.as_str())));
        Some(pairs.collect::<Vec<_>>().join(", "))
    }

    #[test]
    fn unusual_packages_are_read() {
        let table: [(Read, &str, &str); 12] = [
            (
                yarn,
                "# yarn lockfile v1\n\"@s/x@^1\", \"@s/x@^1.1\":\n  version \"1.2.0\"\n  dependencies:\n    version \"9\"\n",
                "@s/x 1.2.0",
            ),
            (
                yarn,
                "# yarn lockfile v1\n\"x@git+https://h/x\":\n  version \"1\"\n  resolved \"git+https://t@h/x#c0ffee\"\n",
                "x git+https://****@h/x#c0ffee",
            ),
            (
                yarn,
                "# yarn lockfile v1\nx@o/x:\n  version \"1.0.0\"\n  resolved \"https://codeload.github.com/o/x/tar.gz/c0ffee\"\n",
                "x https://codeload.github.com/o/x/tar.gz/c0ffee",
            ),
            (
                yarn,
                "# yarn lockfile v1\nx@^1:\n  version \"1.0.0\"\n  resolved \"https://registry.yarnpkg.com/x/-/x-1.0.0.tgz#abc\"\n",
                "x 1.0.0",
            ),
            (
                yarn,
                "__metadata:\n  version: 8\n\n\"x@https://h/x.git\":\n  version: 1\n  resolution: \"x@https://h/x.git#commit=c0ffee\"\n",
                "x https://h/x.git#commit=c0ffee",
            ),
            (
                yarn,
                "__metadata:\n  version: 8\n\n\"alias@npm:@s/x@1\":\n  version: 1\n  resolution: \"@s/x@npm:1\"\n",
                "@s/x 1",
            ),
            (yarn, "__metadata:\n  version: 8\n\n? \"x@npm:^1, x@npm:^2\"\n:\n  version: 1\n", "x *"),
            (
                yarn,
                "__metadata:\n  version: 8\n\n\"own@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"own@workspace:.\"\n",
                "",
            ),
            (
                gemfile,
                "GIT\n  remote: https://t@h/x.git\n  revision: c0ffee\n  specs:\n    x (1.0)\n      rack (>= 3)\n\nGEM\n  remote: https://rubygems.org/\n  specs:\n    rack (3.0.8)\n\nDEPENDENCIES\n    no (9)\n",
                "rack 3.0.8, x https://****@h/x.git#c0ffee",
            ),
            (gemfile, "PATH\n  remote: .\n  specs:\n    own (0.1.0)\n", "own 0.1.0"),
            (go_sum, "a/b v1.0.0 h1:x=\na/b v1.0.0/go.mod h1:y=\n\na/c v2.0.0/go.mod h1:z=\n", "a/b v1.0.0"),
            (go_sum, "", ""),
        ];
        for (read, text, expected) in table {
            assert_eq!(shown(read(text, &Halt::default())).as_deref(), Some(expected), "{text}");
            assert_eq!(
                shown(read(&text.replace('\n', "\r\n"), &Halt::default())).as_deref(),
                Some(expected),
                "CRLF: {text}"
            );
        }
    }

    #[test]
    fn what_is_no_lock_is_not_read() {
        let table = ["lockfile", "a b", "a b c", "packages:", "GEM", "é@"];
        for text in table {
            for read in [yarn as Read, pnpm, gemfile, go_sum] {
                assert!(read(text, &Halt::default()).is_err(), "{text}");
            }
        }
    }

    #[test]
    fn two_sides_of_a_conflict_are_not_read_as_one() {
        let conflict = "<<<<<<< HEAD\n=======\n>>>>>>> other\n";
        for (read, lock) in [
            (yarn as Read, "# yarn lockfile v1\n"),
            (pnpm, "lockfileVersion: '9.0'\n"),
            (gemfile, "GEM\n  specs:\n"),
            (go_sum, "a/b v1.0.0 h1:x=\n"),
        ] {
            assert!(read(lock, &Halt::default()).is_ok(), "{lock}");
            let line = read(&format!("{lock}{conflict}"), &Halt::default()).unwrap_err().line;
            assert_eq!(line, Some(lock.lines().count() + 1), "{lock}");
        }
    }

    #[test]
    fn hashes_are_known() {
        let table: [(Read, &str, &str, &str); 5] = [
            (yarn, "# yarn lockfile v1\nx@^1:\n  version \"1\"\n  integrity HASH\n", "x", "HASH"),
            (
                yarn,
                "# yarn lockfile v1\nx@^1:\n  version \"1\"\n  resolved \"https://r/x/-/x-1.tgz#HASH\"\n",
                "x",
                "HASH",
            ),
            (yarn, "__metadata:\n  version: 8\n\n\"x@npm:^1\":\n  version: 1\n  checksum: HASH\n", "x", "HASH"),
            (
                gemfile,
                "GEM\n  specs:\n    x (1.0)\n\nCHECKSUMS\n  x (1.0) sha256=HASH\n  y (2.0) sha256=a\n",
                "x",
                "HASH",
            ),
            (go_sum, "a/b v1.0.0 h1:HASH\n", "a/b", "HASH"),
        ];
        for (read, text, name, hash) in table {
            let found = |text: &str| read(text, &Halt::default()).unwrap();
            let files = |text: &str| found(text).versions(name).unwrap().values().next().unwrap().files;
            assert!(files(text).is_some(), "{text}");
            assert_ne!(files(text), files(&text.replace(hash, "OTHER")), "{text}");
        }
    }
}
