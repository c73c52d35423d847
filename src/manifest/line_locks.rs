//! Lock files of one line per fact: Bundler's, read by its indentation, and Go's.
//!
//! No kept crate knows that of Bundler. What is read here is held against what these tools read themselves, by what is
//! recorded in `tests/interop`.

use super::dependencies::{Dependencies, Found};
use super::unreadable::Unreadable;
use super::versions::Need;
use crate::halt::Halt;

/// Refuses what git leaves where two sides changed the same lines: both would be read as one.
pub(super) fn unmerged(text: &str) -> Result<(), Unreadable> {
    let conflict = text.lines().position(|line| line.starts_with("<<<<<<< "));
    conflict.map_or(Ok(()), |index| Err(Unreadable::at(index + 1, "it has a conflict of git that is not resolved")))
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
            let section = line.trim_end();
            source = GemSource {
                has_specs: matches!(section, "GEM" | "GIT" | "PATH"),
                is_local: section == "PATH",
                has_checksums: section == "CHECKSUMS",
                ..GemSource::default()
            };
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
    /// Its gems are folders of the project: Bundler uses them where they are, and installs none.
    is_local: bool,
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
            "" => {
                let need = if self.is_local { Need::Optional } else { Need::Required };
                dependencies.insert(Found::new(name, version.trim_end_matches(')')).needed(need));
            }
            revision => dependencies.insert(Found::new(name, format!("{}#{revision}", self.remote)).placed(true)),
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
    use crate::manifest::reading::{Read, shown};
    use crate::manifest::yarn_lock::yarn;

    /// Bundler uses a folder of the project where it is, and installs none.
    #[test]
    fn a_gem_of_the_project_need_not_be_installed() {
        let lock = "PATH\n  remote: gems/own\n  specs:\n    own (0.1.0)\n      rack\n\nGEM\n  remote: h\n  specs:\n    rack (3.0.8)\n";
        let read = gemfile(lock, &Halt::default()).unwrap();
        let need = |name: &str| read.versions(name).unwrap().values().next().unwrap().need;
        assert_eq!((need("own"), need("rack")), (Need::Optional, Need::Required));
    }

    #[test]
    fn unusual_packages_are_read() {
        let table: [(Read, &str, &str); 4] = [
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
        let table: [(Read, &str, &str, &str); 2] = [
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
