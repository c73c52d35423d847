//! Who asks for the packages of a `uv.lock`: each project of it, each of its extras, and each group.

use super::{Edge, Graph, MOST_STEPS, Package, Place, Workspace};
use crate::halt::Halt;
use crate::manifest::askers::{AskerNames, Askers};
use crate::manifest::dependencies::Dependencies;
use std::collections::{BTreeMap, VecDeque};

/// One who asks.
#[derive(Debug)]
pub(super) struct Root<'g> {
    /// Its name, which no other has.
    name: String,
    /// What it asks for itself.
    pub edges: &'g [Edge],
    /// Whether it is a group.
    pub is_group: bool,
}

impl Graph {
    /// All that ask.
    pub(super) fn roots<'g>(&self, projects: &[&'g Package], workspace: &'g Workspace) -> Vec<Root<'g>> {
        let mut roots = Vec::new();
        let mut add = |name, edges: &'g [Edge], is_group| roots.push(Root { name, edges, is_group });
        for project in projects {
            let of = &project.id.name;
            add(of.clone(), &project.edges, false);
            project.extras.iter().for_each(|(extra, edges)| add(format!("{of}[{extra}]"), edges, false));
            project.groups.iter().for_each(|(group, edges)| add(format!("{of}:{group}"), edges, true));
        }
        workspace.groups.iter().for_each(|(group, edges)| add(format!(":{group}"), edges, true));
        roots
    }

    /// Says of each dependency who asks for it, directly or not, whatever the markers on the way. Where that takes too long,
    /// nothing is said; nor where one asks for all.
    pub(super) fn tell_askers(&self, roots: &[Root<'_>], dependencies: &mut Dependencies, halt: &Halt) {
        if roots.len() < 2 {
            return;
        }
        let mut names = AskerNames::default();
        let mut walk = Walk { graph: self, asked: BTreeMap::new(), next: VecDeque::new(), steps: 0 };
        for root in halt.over(roots) {
            walk.follow(names.of(&root.name), root.edges.iter());
        }
        while let Some(place) = walk.next.pop_front().filter(|_| walk.steps <= MOST_STEPS && !halt.is_raised()) {
            let askers = walk.asked.get(&place).copied().unwrap_or_default();
            walk.follow(askers, self.edges_at(place));
        }
        if walk.steps > MOST_STEPS {
            return;
        }
        let mut found: BTreeMap<(&str, &str), Askers> = BTreeMap::new();
        for (package, asked) in halt.over(self.with_places()) {
            for askers in asked.iter().filter_map(|asked| walk.asked.get(&(*asked, ""))) {
                let all = found.entry(package).or_default();
                *all = all.and(*askers);
            }
        }
        dependencies.adjust(|name, version, about| {
            about.askers = found.get(&(name, version.as_str())).copied().unwrap_or_default();
        });
        dependencies.tell_askers(names);
    }
}

/// A walk through the graph. A package is looked at once more where others ask for it.
struct Walk<'g> {
    graph: &'g Graph,
    asked: BTreeMap<Place<'g>, Askers>,
    next: VecDeque<Place<'g>>,
    steps: usize,
}

impl<'g> Walk<'g> {
    fn follow(&mut self, askers: Askers, edges: impl Iterator<Item = &'g Edge>) {
        for edge in edges {
            self.steps += 1 + edge.extras.len();
            let to = self.graph.meant(&edge.to);
            for extra in std::iter::once("").chain(edge.extras.iter().map(String::as_str)) {
                self.reach((to, extra), askers);
            }
        }
    }

    fn reach(&mut self, place: Place<'g>, askers: Askers) {
        let known = self.asked.entry(place).or_default();
        if !askers.without(*known).is_empty() {
            *known = known.and(askers);
            self.next.push_back(place);
        }
    }
}
