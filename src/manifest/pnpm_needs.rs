//! Who asks for the packages of a lock file of pnpm. Since its version 9 a package does not say so itself: it is found by a walk
//! from the projects along what each package needs.

use super::dependencies::LIMIT;
use super::pnpm_keys::{own_name, patch, plain, target, without_peers};
use super::survey::too_many;
use super::unreadable::Unreadable;
use super::uses::Uses;
use super::versions::Need;
use super::yaml::Yaml;
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

/// More than this no lock file has of packages that need packages.
const EDGES: usize = 10 * LIMIT;

/// What is needed: the name by which it is asked for, and what is locked for that.
type Edge<'a> = (Cow<'a, str>, Cow<'a, str>);

/// The sections `importers:` and `snapshots:`.
#[derive(Default)]
pub(super) struct Needs<'a> {
    /// What the projects need, whoever develops them.
    roots: Vec<Edge<'a>>,
    /// What packages need.
    edges: Vec<Edge<'a>>,
    /// Packages, each once for each set of its peers.
    snapshots: Vec<Snapshot<'a>>,
    /// How many packages the projects ask for.
    asked: usize,
}

struct Snapshot<'a> {
    key: Cow<'a, str>,
    needs: Range<usize>,
    is_optional: bool,
}

impl<'a> Needs<'a> {
    /// Reads a project of `importers:`: its groups, below these names, and below each what is locked for it. Says whether it needs
    /// anything, whoever develops it.
    pub fn read_importer(&mut self, yaml: &mut Yaml<'a, '_>) -> Result<bool, Unreadable> {
        let before = self.asked;
        yaml.entries(|yaml, group| self.read_group(yaml, &group))?;
        Ok(self.asked > before)
    }

    /// Reads a group of what a project needs: below each name what is locked for it, in an entry of that since version 6.
    pub fn read_group(&mut self, yaml: &mut Yaml<'a, '_>, group: &str) -> Result<(), Unreadable> {
        if !is_needed(group) {
            return yaml.skip();
        }
        yaml.entries(|yaml, name| {
            self.asked += 1;
            let locked = yaml.text_or_entry("version")?;
            push(&mut self.roots, name, locked)
        })?;
        Ok(())
    }

    /// The names of what projects ask for themselves, whoever develops them.
    pub fn asked_for(&self) -> impl Iterator<Item = &str> {
        self.roots.iter().map(|(name, _)| &**name)
    }

    /// Reads a package of `snapshots:`: its groups, and below these what it needs.
    pub fn read_snapshot(&mut self, yaml: &mut Yaml<'a, '_>, key: Cow<'a, str>) -> Result<(), Unreadable> {
        let start = self.edges.len();
        let mut is_optional = false;
        yaml.entries(|yaml, group| {
            match &*group {
                "optional" => is_optional = yaml.is_true()?,
                group if is_needed(group) => {
                    yaml.entries(|yaml, name| push(&mut self.edges, name, yaml.text()?))?;
                }
                _ => yaml.skip()?,
            }
            Ok(())
        })?;
        self.snapshots.push(Snapshot { key, needs: start..self.edges.len(), is_optional });
        Ok(())
    }

    /// Who asks for each package, by its key without peers; nothing, where that is not told in this way.
    pub fn told(&self) -> HashMap<&str, Need> {
        let mut told = HashMap::new();
        for (snapshot, is_reached) in self.snapshots.iter().zip(self.reached()) {
            let need = match (is_reached, snapshot.is_optional) {
                (false, _) => Need::Development,
                (true, true) => Need::Optional,
                (true, false) => Need::Required,
            };
            let known = told.entry(without_peers(&snapshot.key)).or_insert(need);
            *known = need.min(*known);
        }
        told
    }

    /// The hashes of the patches of packages, by their keys without peers.
    pub fn patches(&self) -> HashMap<&str, &str> {
        let patched = self.snapshots.iter().filter_map(|one| Some((without_peers(&one.key), patch(&one.key)?)));
        patched.collect()
    }

    /// Takes note of what projects use, and of what packages do as far as snapshots say it.
    pub fn note_uses(&self, uses: &mut Uses, is_old: bool) {
        let of = |one: &Snapshot<'a>| one.needs.clone();
        let of_snapshots =
            self.snapshots.iter().flat_map(|one| self.edges[of(one)].iter().map(|edge| (&*one.key, edge)));
        for (who, (name, locked)) in self.roots.iter().map(|edge| ("", edge)).chain(of_snapshots) {
            note_use(uses, who, (name, locked), is_old);
        }
    }

    /// Of each snapshot, whether the projects need it, however far away.
    fn reached(&self) -> Vec<bool> {
        let places: HashMap<&str, usize> = self.snapshots.iter().enumerate().map(|(at, one)| (&*one.key, at)).collect();
        let mut reached = vec![false; self.snapshots.len()];
        let mut open: Vec<&Edge<'_>> = self.roots.iter().collect();
        while let Some((name, locked)) = open.pop() {
            let Some(&at) = target(name, locked).and_then(|key| places.get(&*key)) else { continue };
            if !std::mem::replace(&mut reached[at], true) {
                open.extend(&self.edges[self.snapshots[at].needs.clone()]);
            }
        }
        reached
    }
}

/// Takes note of what is locked for a name, for who asks for it.
pub(super) fn note_use(uses: &mut Uses, who: &str, (name, locked): (&str, &str), is_old: bool) {
    let locked = plain(locked, is_old);
    uses.add(own_name(name, &locked), (who, name, &locked));
}

fn is_needed(group: &str) -> bool {
    matches!(group, "dependencies" | "optionalDependencies")
}

fn push<'a>(edges: &mut Vec<Edge<'a>>, name: Cow<'a, str>, locked: Option<Cow<'a, str>>) -> Result<(), Unreadable> {
    if edges.len() == EDGES {
        return Err(too_many());
    }
    edges.extend(locked.map(|locked| (name, locked)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::halt::Halt;

    fn told(importers: &str, snapshots: &str) -> String {
        let text = format!("importers:\n{importers}\nsnapshots:\n{snapshots}");
        let mut needs = Needs::default();
        let read = Yaml::new(&text, &Halt::default()).documents(|yaml| {
            yaml.entries(|yaml, section| {
                match &*section {
                    "importers" => yaml.entries(|yaml, _| needs.read_importer(yaml).map(|_| ()))?,
                    _ => yaml.entries(|yaml, key| needs.read_snapshot(yaml, key))?,
                };
                Ok(())
            })?;
            Ok(())
        });
        read.unwrap();
        let mut told: Vec<String> = needs.told().into_iter().map(|(key, need)| format!("{key} {need:?}")).collect();
        told.sort();
        told.join(", ")
    }

    #[test]
    fn what_only_developers_want_is_told_from_what_is_needed_far_away() {
        let importers = "  .:\n    dependencies:\n      a:\n        specifier: ^1\n        version: 1.0.0(p@1.0.0)\n    \
                         devDependencies:\n      d:\n        specifier: ^1\n        version: 1.0.0\n";
        let snapshots = "  a@1.0.0(p@1.0.0):\n    dependencies:\n      alias: '@s/b@2.0.0'\n    optionalDependencies:\n      \
                         o: 1.0.0\n    transitivePeerDependencies:\n      - x\n\n  '@s/b@2.0.0':\n    dependencies:\n      \
                         a: 1.0.0(p@1.0.0)\n\n  d@1.0.0:\n    dependencies:\n      e: 1.0.0\n\n  e@1.0.0: {}\n\n  \
                         o@1.0.0:\n    optional: true\n\n  ? p@1.0.0\n  : dependencies:\n      e: 2.0.0\n\n  e@2.0.0: {}\n";
        let expected = "@s/b@2.0.0 Required, a@1.0.0 Required, d@1.0.0 Development, e@1.0.0 Development, \
                        e@2.0.0 Development, o@1.0.0 Optional, p@1.0.0 Development";
        assert_eq!(told(importers, snapshots), expected);
        // With other peers it is needed after all.
        let twice = format!("{importers}      d2:\n        version: 1.0.0\n")
            .replace("devDependencies", "optionalDependencies");
        assert!(told(&twice, snapshots).contains("d@1.0.0 Required, e@1.0.0 Required"), "{}", told(&twice, snapshots));
        let variants = "  d@1.0.0(x@1): {}\n  d@1.0.0: {}\n";
        assert_eq!(told(&importers.replace("1.0.0(p@1.0.0)", "d@1.0.0(x@1)"), variants), "d@1.0.0 Required");
    }

    #[test]
    fn where_nothing_is_told_nothing_is_said() {
        assert_eq!(told("", ""), "");
        assert_eq!(told("  .:\n    dependencies:\n      a:\n        version: link:../a\n", ""), "");
    }

    /// A lock file may say that packages need each other, and as often as it has lines.
    #[test]
    fn circles_are_walked_once() {
        let importers = "  .:\n    dependencies:\n      p0:\n        version: 1\n";
        let all: String = (0..300).map(|n| format!("      p{n}: 1\n")).collect();
        let snapshots: String = (0..300).map(|n| format!("  p{n}@1:\n    dependencies:\n{all}")).collect();
        assert_eq!(told(importers, &snapshots).matches("Required").count(), 300);
    }
}
