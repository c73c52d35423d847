//! Who asks for the packages of a lock file of pnpm. Since its version 9 a package does not say so itself: it is found by a walk
//! from the projects along what each package needs.

use super::dependencies::LIMIT;
use super::pnpm_keys::{fact, key, target, unquoted, without_peers};
use super::versions::Need;
use std::collections::HashMap;
use std::ops::Range;

/// More than this no lock file has of packages that need packages. Beyond it nothing is said of needs.
const EDGES: usize = 10 * LIMIT;

/// What is needed: the name by which it is asked for, and what is locked for that.
type Edge<'a> = (&'a str, &'a str);

/// The sections `importers:` and `snapshots:`.
#[derive(Default)]
pub(super) struct Needs<'a> {
    /// What the projects need, whoever develops them.
    roots: Vec<Edge<'a>>,
    /// What packages need.
    edges: Vec<Edge<'a>>,
    /// Packages, each once for each set of its peers.
    snapshots: Vec<Snapshot<'a>>,
    /// Whether the lines that come are of what is needed.
    is_needed: bool,
    /// The name whose version comes.
    name: &'a str,
}

struct Snapshot<'a> {
    key: &'a str,
    needs: Range<usize>,
    is_optional: bool,
}

impl<'a> Needs<'a> {
    /// Reads a line of `importers:`: below a project its groups, below these names, and below each what is locked for it.
    pub fn read_importer(&mut self, line: &'a str) {
        match fact(line) {
            (4, group) => self.enter(group),
            (6, name) => self.name = unquoted(name.trim_end_matches(':')),
            (8, fact) if self.is_needed && self.roots.len() < EDGES => {
                self.roots.extend(fact.strip_prefix("version: ").map(|version| (self.name, unquoted(version))));
            }
            _ => {}
        }
    }

    /// Reads a line of `snapshots:`: below a package its groups, and below these what it needs.
    pub fn read_snapshot(&mut self, line: &'a str) {
        let end = self.edges.len();
        if let Some(key) = key(line) {
            self.is_needed = false;
            if self.snapshots.len() <= LIMIT {
                self.snapshots.push(Snapshot { key, needs: end..end, is_optional: false });
            }
            return;
        }
        let Some(snapshot) = self.snapshots.last_mut() else { return };
        match fact(line) {
            (4, "optional: true") => snapshot.is_optional = true,
            (4, group) => self.enter(group),
            (6, fact) if self.is_needed && end < EDGES => {
                self.edges.extend(fact.split_once(": ").map(|(name, locked)| (unquoted(name), unquoted(locked))));
                snapshot.needs.end = self.edges.len();
            }
            _ => {}
        }
    }

    fn enter(&mut self, group: &str) {
        self.is_needed = matches!(group, "dependencies:" | "optionalDependencies:");
    }

    /// Who asks for each package, by its key without peers; nothing, where that is not told in this way.
    pub fn told(&self) -> HashMap<&'a str, Need> {
        let mut told = HashMap::new();
        if self.snapshots.len() > LIMIT || self.edges.len() >= EDGES || self.roots.len() >= EDGES {
            return told;
        }
        for (snapshot, is_reached) in self.snapshots.iter().zip(self.reached()) {
            let need = match (is_reached, snapshot.is_optional) {
                (false, _) => Need::Development,
                (true, true) => Need::Optional,
                (true, false) => Need::Required,
            };
            let known = told.entry(without_peers(snapshot.key)).or_insert(need);
            *known = need.min(*known);
        }
        told
    }

    /// Of each snapshot, whether the projects need it, however far away.
    fn reached(&self) -> Vec<bool> {
        let places: HashMap<&str, usize> = self.snapshots.iter().enumerate().map(|(at, one)| (one.key, at)).collect();
        let mut reached = vec![false; self.snapshots.len()];
        let mut open = self.roots.clone();
        while let Some((name, locked)) = open.pop() {
            let Some(&at) = target(name, locked).and_then(|key| places.get(&*key)) else { continue };
            if !std::mem::replace(&mut reached[at], true) {
                open.extend(&self.edges[self.snapshots[at].needs.clone()]);
            }
        }
        reached
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(importers: &str, snapshots: &str) -> String {
        let mut needs = Needs::default();
        importers.lines().for_each(|line| needs.read_importer(line));
        snapshots.lines().for_each(|line| needs.read_snapshot(line));
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
