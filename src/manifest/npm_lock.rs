//! `package-lock.json`, read as it comes: no more of it is kept than the dependencies that it names.

use super::dependencies::{Dependencies, Found};
use super::json::{Entries, Take, Text, read};
use super::node::{content, split_at_sign, stands_for};
use super::unreadable::Unreadable;
use super::uses::{Uses, digest};
use super::versions::Need;
use crate::halt::Halt;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;

/// A lock file of any version. Version 2 carries the tree in both forms; `packages` is the newer.
#[inline(never)] // `bench/instructions` counts it by its name.
pub(super) fn npm(text: &str, halt: &Halt) -> Result<Dependencies, Unreadable> {
    let lock: NpmLock = read(text, "npm", Lock { halt })?;
    let mut dependencies = lock.packages.or(lock.tree).unwrap_or_default();
    // What any project of a workspace asks for is no package for development: which of them a layer is for is not told.
    if lock.is_workspace {
        dependencies.leave_untold_who_asks();
    }
    Ok(dependencies)
}

/// What both forms name, where they are there.
#[derive(Default)]
struct NpmLock {
    packages: Option<Dependencies>,
    tree: Option<Dependencies>,
    is_workspace: bool,
}

/// What was found in one of them, and where npm puts it.
#[derive(Default)]
struct Installed {
    dependencies: Dependencies,
    uses: Uses,
    /// What the project asks for itself.
    asked: HashSet<String>,
    is_workspace: bool,
}

impl Installed {
    fn told(mut self) -> Dependencies {
        self.uses.tell(&mut self.dependencies);
        self.dependencies
    }
}

/// Reads a lock.
#[derive(Clone, Copy)]
struct Lock<'h> {
    halt: &'h Halt,
}

impl<'de> DeserializeSeed<'de> for Lock<'_> {
    type Value = NpmLock;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<NpmLock, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Lock<'_> {
    type Value = NpmLock;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a lock file of npm")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NpmLock, A::Error> {
        let (mut lock, mut has_version) = (NpmLock::default(), false);
        while let Some(Text(key)) = map.next_key()? {
            match &*key {
                "packages" => {
                    let mut found = Installed::default();
                    let is_there = map.next_value_seed(Entries { halt: self.halt, take: Packages(&mut found) })?;
                    lock.is_workspace |= found.is_workspace;
                    lock.packages = is_there.then(|| found.told());
                }
                "dependencies" if lock.packages.is_none() => {
                    let mut found = Installed::default();
                    let take = Nodes { halt: self.halt, found: &mut found, above: None };
                    lock.tree = map.next_value_seed(Entries { halt: self.halt, take })?.then(|| found.told());
                }
                key => {
                    has_version |= key == "lockfileVersion";
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        if has_version { Ok(lock) } else { Err(A::Error::missing_field("lockfileVersion")) }
    }
}

/// A package. What is named below one of versions 2 and 3 are ranges.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Package<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    version: Option<Text<'a>>,
    #[serde(borrow)]
    resolved: Option<Text<'a>>,
    #[serde(borrow)]
    integrity: Option<Text<'a>>,
    link: bool,
    dev: bool,
    optional: bool,
    dev_optional: bool,
    peer: bool,
}

/// The project beside the lock file.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Root<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    /// Where the projects of a workspace lie.
    workspaces: Option<IgnoredAny>,
    dependencies: Option<HashMap<String, IgnoredAny>>,
    optional_dependencies: Option<HashMap<String, IgnoredAny>>,
}

/// Packages of versions 2 and 3.
struct Packages<'f>(&'f mut Installed);

impl<'de> Take<'de> for Packages<'_> {
    fn take<A: MapAccess<'de>>(&mut self, path: Cow<'de, str>, map: &mut A) -> Result<(), A::Error> {
        match &*path {
            "" => map.next_value::<Root<'de>>()?.note_in(self.0),
            path => map.next_value::<Package<'de>>()?.insert_at(path, self.0),
        }
        Ok(())
    }
}

impl Root<'_> {
    fn note_in(self, found: &mut Installed) {
        self.name.iter().for_each(|Text(name)| found.dependencies.insert_project(name, None));
        found.is_workspace = self.workspaces.is_some();
        let asked = self.dependencies.into_iter().chain(self.optional_dependencies);
        found.asked = asked.flat_map(HashMap::into_keys).collect();
    }
}

/// Packages of version 1, and what is installed below them. serde_json refuses to nest deeper than the stack can follow.
struct Nodes<'h, 'f> {
    halt: &'h Halt,
    found: &'f mut Installed,
    /// A digest of the package that has them below it, if one has, and of those above that.
    above: Option<u64>,
}

impl<'de> Take<'de> for Nodes<'_, '_> {
    fn take<A: MapAccess<'de>>(&mut self, name: Cow<'de, str>, map: &mut A) -> Result<(), A::Error> {
        let place = Place { path: digest((self.above, &name)), is_top: false };
        let below = Nodes { halt: self.halt, found: self.found, above: Some(place.path) };
        map.next_value_seed(Node { name: &name, place, below })
    }
}

/// One of them.
struct Node<'n, 'h, 'f> {
    name: &'n str,
    place: Place,
    below: Nodes<'h, 'f>,
}

impl<'de> DeserializeSeed<'de> for Node<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Node<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a package")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { name, place, below: Nodes { halt, found, above } } = self;
        let mut package = Package::default();
        while let Some(Text(key)) = map.next_key()? {
            match &*key {
                "version" => package.version = map.next_value()?,
                "resolved" => package.resolved = map.next_value()?,
                "integrity" => package.integrity = map.next_value()?,
                "dev" => package.dev = map.next_value()?,
                "optional" => package.optional = map.next_value()?,
                "peer" => package.peer = map.next_value()?,
                "dependencies" => {
                    map.next_value_seed(Entries { halt, take: Nodes { halt, found: &mut *found, above } })?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        package.insert_as(name, place, found);
        Ok(())
    }
}

/// Where a package is installed.
#[derive(Clone, Copy)]
struct Place {
    /// A digest of its path.
    path: u64,
    /// It lies above all others, and versions 2 and 3 say whether the project asks for it.
    is_top: bool,
}

impl Package<'_> {
    /// A package of a flat list, keyed by where it is installed.
    fn insert_at(&self, path: &str, found: &mut Installed) {
        // Without `node_modules/` it is the project or one of its workspaces, which links point to. Its name stands there where it
        // is not that of its folder.
        let Some((above, installed_as)) = path.rsplit_once("node_modules/") else {
            let own = self.name.as_ref().map(|Text(name)| &**name);
            let folder = path.rsplit('/').next().filter(|folder| !folder.is_empty());
            own.or(folder).into_iter().for_each(|name| found.dependencies.insert_project(name, None));
            return;
        };
        match self.link {
            // Who copies what a link leads to has the project itself in its place.
            true => found.dependencies.insert_project(installed_as, None),
            false => self.insert_as(installed_as, Place { path: digest(path), is_top: above.is_empty() }, found),
        }
    }

    fn insert_as(&self, installed_as: &str, place: Place, all: &mut Installed) {
        let found = self.found(self.name.as_ref().map_or(installed_as, |Text(name)| name));
        let is_renamed = found.name != installed_as;
        if is_renamed {
            all.dependencies.insert_alias(installed_as, &found.name);
        }
        let said = (place.path, &found.version);
        match place.is_top && !is_renamed && all.asked.contains(installed_as) {
            true => all.uses.add_top(&found.name, &found.version, said),
            false => all.uses.add(&found.name, said),
        }
        all.dependencies.insert(found);
    }

    fn found<'f>(&'f self, name: &'f str) -> Found<'f> {
        let hash = self.integrity.as_ref().map(|Text(hash)| &**hash);
        // In version 1, what is installed by another name has its own in front of its version.
        let own = self.version().strip_prefix("npm:").and_then(split_at_sign);
        let (name, version) = own.unwrap_or((name, self.version()));
        let content = content(self.place(), self.registered(), hash);
        Found::new(name, version).with_hashes(hash).with_content(content).needed(self.need())
    }

    /// Peers are left out with `--legacy-peer-deps`; what is optional, where another platform needs it.
    fn need(&self) -> Need {
        match self {
            Self { dev: true, .. } => Need::Development,
            Self { optional: true, .. } | Self { dev_optional: true, .. } | Self { peer: true, .. } => Need::Optional,
            _ => Need::Required,
        }
    }

    /// The version or, of a package that comes from no registry, its place, such as a repository with its commit.
    fn version(&self) -> &str {
        let stands = |place: &&str| stands_for(place, self.registered(), self.integrity.is_some());
        self.place().filter(stands).unwrap_or(self.written())
    }

    /// The version as it is written.
    fn written(&self) -> &str {
        self.version.as_ref().map(|Text(version)| &**version).unwrap_or_default()
    }

    /// The version without the name that it may have in front.
    fn registered(&self) -> &str {
        let written = self.written();
        written.strip_prefix("npm:").and_then(split_at_sign).map_or(written, |(_, version)| version)
    }

    fn place(&self) -> Option<&str> {
        self.resolved.as_ref().map(|Text(place)| &**place)
    }
}
