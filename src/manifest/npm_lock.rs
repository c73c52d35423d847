//! `package-lock.json`, read as it comes: no more of it is kept than the dependencies that it names.

use super::dependencies::{Dependencies, Found};
use super::json::{Text, entries, read};
use super::unreadable::Unreadable;
use super::versions::Need;
use crate::halt::Halt;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use std::fmt;

/// A lock file of any version. Version 2 carries the tree in both forms; `packages` is the newer.
pub(super) fn npm(text: &str, halt: &Halt) -> Result<Dependencies, Unreadable> {
    let lock: NpmLock = read(text, "npm", Lock { halt })?;
    Ok(lock.packages.or(lock.tree).unwrap_or_default())
}

/// What both forms name, where they are there.
#[derive(Default)]
struct NpmLock {
    packages: Option<Dependencies>,
    tree: Option<Dependencies>,
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
                    let mut found = Dependencies::default();
                    let package = |path: Text<'de>, package: NpmPackage<'de>| package.insert_at(&path.0, &mut found);
                    lock.packages = map.next_value_seed(entries(self.halt, package))?.then_some(found);
                }
                "dependencies" if lock.packages.is_none() => {
                    let mut found = Dependencies::default();
                    let node = |name: Text<'de>, node: NpmNode<'de>| node.insert(&name.0, &mut found);
                    lock.tree = map.next_value_seed(entries(self.halt, node))?.then_some(found);
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

/// A package of versions 2 and 3: what is named below it are ranges.
type NpmPackage<'a> = Package<'a, IgnoredAny>;

/// A package of version 1.
type NpmNode<'a> = Package<'a, Tree<'a>>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Package<'a, Below> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    version: Option<Text<'a>>,
    #[serde(borrow)]
    resolved: Option<Text<'a>>,
    #[serde(borrow)]
    integrity: Option<Text<'a>>,
    #[serde(default)]
    link: bool,
    #[serde(default)]
    dev: bool,
    #[serde(default)]
    optional: bool,
    #[serde(default)]
    dev_optional: bool,
    #[serde(default)]
    peer: bool,
    dependencies: Option<Below>,
}

/// What is installed below a package. serde_json refuses to nest deeper than the stack can follow.
struct Tree<'a>(Vec<(Text<'a>, NpmNode<'a>)>);

impl<'de: 'a, 'a> Deserialize<'de> for Tree<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut below = Vec::new();
        entries(&Halt::default(), |name, node| below.push((name, node))).deserialize(from)?;
        Ok(Self(below))
    }
}

impl NpmPackage<'_> {
    /// A package of a flat list, keyed by where it is installed.
    fn insert_at(&self, path: &str, dependencies: &mut Dependencies) {
        // Without `node_modules/` it is the project or one of its workspaces, which links point to.
        let Some((_, installed_as)) = path.rsplit_once("node_modules/") else { return };
        if !self.link {
            let name = self.name.as_ref().map_or(installed_as, |Text(name)| name);
            dependencies.insert(self.found(name));
        }
    }
}

impl NpmNode<'_> {
    fn insert(&self, name: &str, dependencies: &mut Dependencies) {
        dependencies.insert(self.found(name));
        for (Text(name), node) in self.dependencies.iter().flat_map(|Tree(below)| below) {
            node.insert(name, dependencies);
        }
    }
}

impl<Below> Package<'_, Below> {
    fn found<'f>(&'f self, name: &'f str) -> Found<'f> {
        let hash = self.integrity.as_ref().map(|Text(hash)| &**hash);
        Found::new(name, self.version()).with_hashes(hash).needed(self.need())
    }

    /// Peers are left out with `--legacy-peer-deps`; what is optional, where another platform needs it.
    fn need(&self) -> Need {
        match self {
            Self { dev: true, .. } => Need::Development,
            Self { optional: true, .. } | Self { dev_optional: true, .. } | Self { peer: true, .. } => Need::Optional,
            _ => Need::Required,
        }
    }

    /// The version, or for a package from git the repository with its commit.
    fn version(&self) -> &str {
        let git = self.resolved.as_ref().filter(|Text(resolved)| resolved.starts_with("git"));
        git.or(self.version.as_ref()).map(|Text(version)| &**version).unwrap_or_default()
    }
}
