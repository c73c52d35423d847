//! Hashes in lock files written in TOML: of the files of a package, and those that stand at the end for all packages.

use super::dependencies::Dependencies;
use super::versions::Files;
use crate::halt::Halt;
use std::collections::BTreeMap;
use toml::{Table, Value};

/// The hashes of the files of a package: of one table or of many, each a text or a table of texts.
pub(super) fn hashes(package: &Table, key: &str, places: &[&str]) -> Vec<String> {
    let files = places.iter().filter_map(|place| package.get(*place)).flat_map(|files| match files {
        Value::Array(files) => files.iter().collect(),
        file => vec![file],
    });
    let hashes = files.filter_map(|file| file.as_table()?.get(key)).flat_map(|hash| match hash {
        Value::String(hash) => vec![hash.clone()],
        Value::Table(hashes) => {
            hashes.iter().filter_map(|(algorithm, hash)| Some(format!("{algorithm}:{}", hash.as_str()?))).collect()
        }
        _ => Vec::new(),
    });
    hashes.collect()
}

/// Hashes that stand at the end, by a name (Poetry 1.1: which are of which version is not said), or by a name and a version (PDM
/// before 2.5, Cargo before 1.41).
#[derive(Default)]
pub(super) struct Sums(BTreeMap<String, Files>);

impl Sums {
    /// Takes those of a table `[metadata]`.
    pub fn take(&mut self, metadata: &Table, halt: &Halt) {
        for (key, hash) in halt.over(metadata) {
            // `"checksum name 1.0.0 (registry+https://…)" = "…"`
            if let Some(rest) = key.strip_prefix("checksum ")
                && let (Some(hash), Some((package, _))) = (hash.as_str(), rest.split_once(" ("))
            {
                self.add(package, Files::of(hash));
            }
        }
        let Some(files) = metadata.get("files").and_then(Value::as_table) else { return };
        for (package, _) in halt.over(files) {
            hashes(files, "hash", &[package]).iter().for_each(|hash| self.add(package, Files::of(hash)));
        }
    }

    fn add(&mut self, package: &str, files: Files) {
        self.0.entry(package.to_owned()).and_modify(|all| *all = all.and(files)).or_insert(files);
    }

    /// Adds them to their packages. It looks at all of these, so it is done once for a file.
    pub fn add_to(&self, dependencies: &mut Dependencies) {
        if self.0.is_empty() {
            return;
        }
        dependencies.adjust(|name, version, about| {
            let sums = self.0.get(name).or_else(|| self.0.get(&format!("{name} {}", version.as_str())));
            sums.into_iter().for_each(|files| about.add_files(*files));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::toml_locks::{cargo, pdm, poetry};
    use super::super::unreadable::Unreadable;
    use super::*;

    type Read = fn(&str, &Halt) -> Result<Dependencies, Unreadable>;

    /// The files of each package, one after the other.
    fn files(read: Read, lock: &str) -> Vec<Option<Files>> {
        let read = read(lock, &Halt::default()).unwrap();
        read.iter().flat_map(|(_, versions)| versions.values()).map(|about| about.files).collect()
    }

    #[test]
    fn hashes_at_the_end_are_those_of_their_packages() {
        let packages = "[[package]]\nname = \"x\"\nversion = \"1\"\nsource = \"registry+h\"\n";
        for (read, metadata) in [
            (
                poetry as Read,
                "[metadata]\nlock-version = \"1.1\"\n[metadata.files]\n\
                 x = [{ file = \"a\", hash = \"sha256:aa\" }, { file = \"b\", hash = \"sha256:bb\" }]\ny = []\n",
            ),
            (
                pdm,
                "[metadata]\nlock_version = \"4.0\"\n[metadata.files]\n\
                 \"x 1\" = [\n  {url = \"https://h/a\", hash = \"sha256:aa\"},\n  {url = \"https://h/b\", hash = \"sha256:bb\"},\n]\n",
            ),
            (
                cargo,
                "[metadata]\n\"checksum x 1 (registry+h)\" = \"sha256:bb\"\n\"checksum y 2 (registry+h)\" = \"aa\"\n",
            ),
        ] {
            let lock = format!("{packages}{}{metadata}", packages.replace("\"x\"", "\"y\""));
            let [x, y] = files(read, &lock)[..] else { panic!("{lock}") };
            assert!(x.is_some() && y.is_none(), "{lock}");
            assert_ne!(files(read, &lock.replace("sha256:bb", "sha256:cc"))[0], x, "{lock}");
        }
    }

    /// They are held against the packages once, and not for each part of a file: that could be done as often as it has packages.
    #[test]
    fn hashes_are_those_of_all_packages_wherever_they_stand() {
        let part = |name: &str, sums: &str| {
            format!(
                "[[package]]\nname = \"{name}\"\nversion = \"1\"\n[metadata.files]\n{sums} = [{{ hash = \"a\" }}]\n"
            )
        };
        let found = files(poetry, &[part("x", "y"), part("y", "x")].concat());
        assert!(found.len() == 2 && found.iter().all(Option::is_some), "{found:?}");
    }
}
