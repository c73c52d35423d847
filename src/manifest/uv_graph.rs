//! Which packages of a `uv.lock` are installed with the project, and where: the file tells it by its edges only.

mod askers;

use super::dependencies::{Dependencies, shown};
use super::toml_parts::head;
use super::uv_ways::{Reached, Ways};
use super::versions::Need;
use crate::halt::Halt;
use askers::Root;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use toml::{Table, Value};

/// Who asks for whom.
#[derive(Debug, Default)]
pub(super) struct Graph {
    packages: Vec<Package>,
    /// Which of the packages have an extra of this name.
    with_extra: BTreeMap<String, Vec<usize>>,
}

/// A package at one version: of one that is locked in several, each asks for its own dependencies.
#[derive(Debug, Default)]
struct Package {
    id: Id,
    /// What stands for its version among the dependencies; `None` for a project that is locked.
    version: Option<String>,
    /// It lies beside the lock file.
    is_here: bool,
    /// Those that it asks for.
    edges: Vec<Edge>,
    /// Those that it asks for where one of its extras is asked for.
    extras: BTreeMap<String, Vec<Edge>>,
    /// Those that its groups ask for, which are for development, or for a layer each.
    groups: BTreeMap<String, Vec<Edge>>,
}

/// What a `uv.lock` says of all that is locked in it.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    /// The names of its projects, where there are several.
    members: BTreeSet<String>,
    /// Groups of dependencies that belong to no project.
    groups: BTreeMap<String, Vec<Edge>>,
}

impl Workspace {
    /// What stands in front of the packages.
    pub fn of(text: &str) -> Self {
        let head = head(text, "package");
        let manifest = head.as_ref().and_then(|head| head.get("manifest")?.as_table());
        let members = manifest.and_then(|manifest| manifest.get("members")?.as_array()).into_iter().flatten();
        let members = members.filter_map(Value::as_str).map(str::to_owned).collect();
        let groups = manifest.map(|manifest| lists(manifest, "dependency-groups")).unwrap_or_default();
        Self { members, groups }
    }

    /// Whether a package is one of its projects.
    pub fn has(&self, package: &Table) -> bool {
        package.get("name").and_then(Value::as_str).is_some_and(|name| self.members.contains(name))
    }
}

/// What tells packages apart. Who asks for one names no more of it than it takes to tell it from others.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Id {
    name: String,
    version: Option<String>,
    source: Option<String>,
}

impl Id {
    fn of(table: &Table) -> Option<Self> {
        let text = |key| table.get(key).and_then(Value::as_str).map(str::to_owned);
        let source = table.get("source").map(Value::to_string);
        Some(Self { name: text("name")?, version: text("version"), source })
    }

    /// The first so many of its parts.
    fn parts(&self, count: usize) -> [Option<&str>; 3] {
        let mut parts = [Some(&*self.name), self.version.as_deref(), self.source.as_deref()];
        parts[count..].fill(None);
        parts
    }
}

#[derive(Debug)]
struct Edge {
    to: Id,
    marker: Option<String>,
    /// The extras of it that are asked for.
    extras: Vec<String>,
}

impl Edge {
    /// What it leads to: packages, and those of their extras that are asked for.
    fn places(&self, to: Asked) -> impl Iterator<Item = Place<'_>> {
        std::iter::once("").chain(self.extras.iter().map(String::as_str)).map(move |extra| (to, extra))
    }
}

/// How many edges are followed, some of them again and again, before what is reached counts as installed everywhere: so that
/// no file makes much more work than reading it. The largest lock files need a tenth of it.
const MOST_STEPS: usize = 1_000_000;

/// What the markers of all packages may have together, in bytes: one that leads to many packages is told of each. Those
/// beyond count as installed everywhere.
const MARKER_BYTES: usize = 16 * 1024 * 1024;

impl Graph {
    /// Takes note of a package, by what stands for its version among the dependencies; `None` for a project that is locked.
    pub fn add(&mut self, package: &Table, version: Option<&str>) {
        let Some(id) = Id::of(package) else { return };
        let source = package.get("source").and_then(Value::as_table);
        let place = source.and_then(|source| source.get("virtual").or_else(|| source.get("editable")));
        let is_here = place.and_then(Value::as_str) == Some(".");
        let edges = package.get("dependencies").into_iter().flat_map(read).collect();
        let [extras, groups] = ["optional-dependencies", "dev-dependencies"].map(|key| lists(package, key));
        let version = version.map(|version| shown(version).into_owned());
        self.packages.push(Package { id, version, is_here, edges, extras, groups });
    }

    /// Says of each dependency who asks for it, and where it is installed. A workspace has several projects, of which a layer may
    /// be for any: what not all of them need counts as optional. Where there is none, groups may ask for all.
    pub fn settle(mut self, workspace: &Workspace, dependencies: &mut Dependencies, halt: &Halt) {
        self.packages.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        for (index, package) in self.packages.iter().enumerate() {
            for extra in package.extras.keys() {
                self.with_extra.entry(extra.clone()).or_default().push(index);
            }
        }
        let projects = self.projects(&workspace.members);
        let that_ask = projects.iter().filter(|project| !project.edges.is_empty() || !project.extras.is_empty());
        let that_ask: Vec<&Package> = that_ask.copied().collect();
        if that_ask.len() > 1 {
            dependencies.leave_untold_for_whom();
        }
        if projects.is_empty() && !workspace.groups.is_empty() {
            dependencies.leave_untold_who_asks();
        }
        let roots = self.roots(&projects, workspace);
        self.tell_askers(&roots, dependencies, halt);
        if projects.is_empty() {
            return;
        }
        let shared = (that_ask.len() > 1).then(|| self.shared(&that_ask, MOST_STEPS, halt)).flatten();
        let is_shared = |package: &(&str, &str)| shared.as_ref().is_none_or(|shared| shared.contains(package));
        let reached = self.reached(&projects, MOST_STEPS, halt);
        let in_groups = self.reached_in_groups(&roots, halt);
        let mut room = MARKER_BYTES;
        let settled = |key: &(&str, &str)| {
            let in_groups = || Some((Need::Development, in_groups.get(key)?.optional.clone()));
            reached.get(key).map(Reached::settled).or_else(in_groups)
        };
        dependencies.adjust(|name, version, about| match settled(&(name, version.as_str())) {
            None => about.need = Need::Development,
            Some((need, ways)) => {
                about.need = if is_shared(&(name, version.as_str())) { need } else { need.max(Need::Optional) };
                let left = room.checked_sub(ways.bytes());
                let markers = left.map(|_| ways.markers()).unwrap_or_default();
                if !markers.is_empty() || !about.details().markers.is_empty() {
                    about.details_mut().markers = markers;
                }
                room = left.unwrap_or_default();
            }
        });
    }

    /// The packages that each of these projects needs, directly or not, without its extras; `None` where that is too much to find.
    fn shared(&self, projects: &[&Package], most_steps: usize, halt: &Halt) -> Option<BTreeSet<(&str, &str)>> {
        let (mut needed, mut steps) = (BTreeMap::<Asked, usize>::new(), 0);
        for project in halt.over(projects) {
            let start = (self.asked(&project.id, 3), "");
            let (mut known, mut open) = (BTreeSet::from([start]), vec![start]);
            while let Some(place) = open.pop().filter(|_| !halt.is_raised()) {
                for edge in self.edges_at(place) {
                    steps += 1 + edge.extras.len();
                    let places = edge.places(self.meant(&edge.to));
                    open.extend(places.filter(|place| known.insert(*place)));
                }
                if steps > most_steps {
                    return None;
                }
            }
            for (asked, _) in known.into_iter().filter(|(_, extra)| extra.is_empty()) {
                *needed.entry(asked).or_default() += 1;
            }
        }
        let by_all = |package: &&Package| {
            let asked: BTreeSet<Asked> = (1..=3).map(|parts| self.asked(&package.id, parts)).collect();
            asked.iter().filter_map(|asked| needed.get(asked)).sum::<usize>() >= projects.len()
        };
        let shared = halt.over(&self.packages).filter(by_all);
        Some(shared.filter_map(|package| Some((&*package.id.name, package.version.as_deref()?))).collect())
    }

    /// The projects that are locked: those of the workspace, or else the one beside the lock file; or else all that are projects
    /// and no dependencies.
    fn projects(&self, members: &BTreeSet<String>) -> Vec<&Package> {
        let of = |is_one: &dyn Fn(&Package) -> bool| self.packages.iter().filter(|package| is_one(package)).collect();
        let kinds: [&dyn Fn(&Package) -> bool; 3] =
            [&|package| members.contains(&package.id.name), &|package| package.is_here, &|package| {
                package.version.is_none()
            }];
        let mut all = kinds.into_iter().map(of).filter(|found: &Vec<&Package>| !found.is_empty());
        all.next().unwrap_or_default()
    }

    /// What the projects ask for, directly or not, by name and version.
    fn reached<'g>(
        &'g self,
        projects: &[&'g Package],
        most_steps: usize,
        halt: &Halt,
    ) -> BTreeMap<(&'g str, &'g str), Reached<'g>> {
        let mut walk = Walk::through(self, most_steps);
        for project in halt.over(projects) {
            let asked = self.asked(&project.id, 3);
            walk.reach((asked, ""), Reached { required: Ways::everywhere(), optional: Ways::default() });
            for extra in halt.over(project.extras.keys()) {
                let how = Reached { required: Ways::default(), optional: Ways::everywhere() };
                walk.reach((asked, extra), how);
            }
        }
        walk.all_reached(halt)
    }

    /// What groups ask for, directly or not, by name and version: with them, it is installed in these ways.
    fn reached_in_groups<'g>(&'g self, roots: &[Root<'g>], halt: &Halt) -> BTreeMap<(&'g str, &'g str), Reached<'g>> {
        if !roots.iter().any(|root| root.is_group) {
            return BTreeMap::new();
        }
        let mut walk = Walk::through(self, MOST_STEPS);
        let how = Reached { required: Ways::default(), optional: Ways::everywhere() };
        for root in halt.over(roots.iter().filter(|root| root.is_group)) {
            walk.follow(&how, root.edges.iter());
        }
        walk.all_reached(halt)
    }

    /// All packages by name and version, each with the places that lead to it.
    fn with_places(&self) -> impl Iterator<Item = ((&str, &str), BTreeSet<Asked>)> {
        self.packages.iter().filter_map(|package| {
            let asked = (1..=3).map(|parts| self.asked(&package.id, parts)).collect();
            Some(((&*package.id.name, package.version.as_deref()?), asked))
        })
    }

    /// The packages that are asked for by the first so many parts of this.
    fn asked(&self, id: &Id, parts: usize) -> Asked {
        let wanted = id.parts(parts);
        let from = self.packages.partition_point(|package| package.id.parts(parts) < wanted);
        let count = self.packages[from..].partition_point(|package| package.id.parts(parts) == wanted);
        (from, from + count)
    }

    /// What is asked for at a place. Many packages may be meant there, few of which have the extra.
    fn edges_at<'g>(&'g self, ((from, to), extra): Place<'g>) -> impl Iterator<Item = &'g Edge> {
        let of_all = if extra.is_empty() { &self.packages[from..to] } else { &[] };
        let having = self.with_extra.get(extra).map(Vec::as_slice).unwrap_or_default();
        let having =
            &having[having.partition_point(|index| *index < from)..having.partition_point(|index| *index < to)];
        let of_extra = having.iter().flat_map(move |index| self.packages[*index].extras.get(extra)).flatten();
        of_all.iter().flat_map(|package| &package.edges).chain(of_extra)
    }

    /// The packages that an edge leads to: all that it may mean.
    fn meant(&self, id: &Id) -> Asked {
        let parts = id.parts(3).iter().take_while(|part| part.is_some()).count();
        let mut all = (1..=parts).rev().map(|parts| self.asked(id, parts));
        all.find(|(from, to)| from < to).unwrap_or_default()
    }
}

/// Packages beside each other, from one up to another, which were asked for together. They are as many as packages and their
/// names at most, so that many versions of one name make no more work than many names.
type Asked = (usize, usize);

/// Packages themselves, or one of their extras where it has a name.
type Place<'a> = (Asked, &'a str);

/// A walk through the graph. A package is looked at once more where another way leads to it.
struct Walk<'a> {
    graph: &'a Graph,
    reached: BTreeMap<Place<'a>, Reached<'a>>,
    /// Packages whose edges are to be followed, each once.
    next: VecDeque<Place<'a>>,
    waiting: BTreeSet<Place<'a>>,
    steps: usize,
    most_steps: usize,
}

impl<'a> Walk<'a> {
    fn through(graph: &'a Graph, most_steps: usize) -> Self {
        let (reached, next, waiting) = (BTreeMap::new(), VecDeque::new(), BTreeSet::new());
        Self { graph, most_steps, reached, next, waiting, steps: 0 }
    }

    /// Follows all edges; what was reached then, by name and version.
    fn all_reached(mut self, halt: &Halt) -> BTreeMap<(&'a str, &'a str), Reached<'a>> {
        let graph = self.graph;
        while let Some(place) = self.next.pop_front().filter(|_| !halt.is_raised()) {
            self.waiting.remove(&place);
            let how = self.reached.get(&place).cloned().unwrap_or_default();
            self.follow(&how, halt.over(graph.edges_at(place)));
        }
        let mut found: BTreeMap<(&str, &str), Reached<'_>> = BTreeMap::new();
        for (package, asked) in halt.over(graph.with_places()) {
            for how in asked.iter().filter_map(|asked| self.reached.get(&(*asked, ""))) {
                found.entry(package).or_default().add(how.clone());
            }
        }
        found
    }

    /// Follows the edges of a package that is reached in this way.
    fn follow(&mut self, how: &Reached<'a>, edges: impl Iterator<Item = &'a Edge>) {
        for edge in edges {
            self.steps += 1 + edge.extras.len();
            let how = how.through(edge.marker.as_deref());
            let how = if self.steps > self.most_steps { how.everywhere() } else { how };
            for place in edge.places(self.graph.meant(&edge.to)) {
                self.reach(place, how.clone());
            }
        }
    }

    /// Takes note that this is reached.
    fn reach(&mut self, place: Place<'a>, how: Reached<'a>) {
        if self.reached.entry(place).or_default().add(how) && self.waiting.insert(place) {
            self.next.push_back(place);
        }
    }
}

/// The lists of a table, which are below this key: what is asked for, by the name of an extra or a group.
fn lists(table: &Table, key: &str) -> BTreeMap<String, Vec<Edge>> {
    let lists = table.get(key).and_then(Value::as_table).into_iter().flatten();
    lists.map(|(name, asked)| (name.clone(), read(asked).collect())).collect()
}

fn read(list: &Value) -> impl Iterator<Item = Edge> {
    list.as_array().into_iter().flatten().filter_map(Value::as_table).filter_map(|asked| {
        let marker = asked.get("marker").and_then(Value::as_str).map(str::to_owned);
        let extras = asked.get("extra").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        Some(Edge { to: Id::of(asked)?, marker, extras: extras.map(str::to_owned).collect() })
    })
}

#[cfg(test)]
mod tests;
