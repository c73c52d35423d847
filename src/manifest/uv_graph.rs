//! Which packages of a `uv.lock` are installed with the project, and where: the file tells it by its edges only.

use super::dependencies::Dependencies;
use super::versions::Need;
use crate::halt::Halt;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use toml::{Table, Value};

/// Who asks for whom.
#[derive(Debug, Default)]
pub(super) struct Graph {
    /// For each package those that it asks for.
    edges: BTreeMap<String, Vec<Edge>>,
    /// Projects that are locked. What they ask for in groups for development is not followed.
    projects: BTreeSet<String>,
}

#[derive(Debug)]
struct Edge {
    to: String,
    marker: Option<String>,
    /// Only who asks for an extra follows it.
    is_extra: bool,
}

/// Most ways to a package that are told apart, and most markers of one way: what asks for more counts as installed
/// wherever the others are.
const MOST_WAYS: usize = 16;
const MOST_MARKERS: usize = 6;

/// How many edges are followed, some of them again and again, before what is reached counts as installed everywhere: so that
/// no file makes much more work than reading it. The largest lock files need a tenth of it.
const MOST_STEPS: usize = 1_000_000;

/// What the markers of all packages may have together, in bytes: one that leads to many packages is told of each. Those
/// beyond count as installed everywhere.
const MARKER_BYTES: usize = 16 * 1024 * 1024;

/// Where a package is installed: in one of these ways, each of which needs all of its markers. A way without a marker is
/// everywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Ways<'a>(BTreeSet<BTreeSet<&'a str>>);

impl<'a> Ways<'a> {
    fn everywhere() -> Self {
        Self(BTreeSet::from([BTreeSet::new()]))
    }

    /// The ways to what is asked for with this marker.
    fn through(&self, marker: Option<&'a str>) -> Self {
        let through = |way: &BTreeSet<&'a str>| {
            let marker = marker.filter(|_| way.len() < MOST_MARKERS);
            way.iter().copied().chain(marker).collect()
        };
        Self(self.0.iter().map(through).collect())
    }

    /// Adds further ways; whether it is installed in more places now. A way within another one says nothing new.
    fn add(&mut self, others: Self) -> bool {
        let mut is_more = false;
        for way in others.0 {
            if !self.0.iter().any(|known| known.is_subset(&way)) {
                self.0.retain(|known| !way.is_subset(known));
                self.0.insert(way);
                is_more = true;
            }
        }
        if self.0.len() > MOST_WAYS {
            *self = Self::everywhere();
        }
        is_more
    }

    /// How long all of its markers are, as often as they are told.
    fn bytes(&self) -> usize {
        self.0.iter().flatten().map(|marker| marker.len()).sum()
    }

    fn markers(&self) -> BTreeSet<String> {
        if self.0.iter().any(BTreeSet::is_empty) {
            return BTreeSet::new();
        }
        let text = |way: &BTreeSet<&str>| match way.iter().collect::<Vec<_>>().as_slice() {
            [one] => (**one).to_owned(),
            several => several.iter().map(|one| format!("({one})")).collect::<Vec<_>>().join(" and "),
        };
        self.0.iter().map(text).collect()
    }
}

/// How a package is reached: without any extra of a project, and with one.
#[derive(Debug, Clone, Default)]
struct Reached<'a> {
    required: Ways<'a>,
    optional: Ways<'a>,
}

impl<'a> Reached<'a> {
    fn through(&self, edge: &'a Edge) -> Self {
        let through = |ways: &Ways<'a>| ways.through(edge.marker.as_deref());
        let (required, mut optional) = (through(&self.required), through(&self.optional));
        if edge.is_extra {
            optional.add(required);
            return Self { required: Ways::default(), optional };
        }
        Self { required, optional }
    }

    fn add(&mut self, others: Self) -> bool {
        let is_more = self.required.add(others.required);
        self.optional.add(others.optional) || is_more
    }

    /// Tells no ways apart any more.
    fn everywhere(mut self) -> Self {
        for ways in [&mut self.required, &mut self.optional] {
            if !ways.0.is_empty() {
                *ways = Ways::everywhere();
            }
        }
        self
    }
}

impl Graph {
    pub fn add(&mut self, package: &Table, is_project: bool) {
        let Some(name) = package.get("name").and_then(Value::as_str) else { return };
        let own = package.get("dependencies").into_iter();
        let extras = package.get("optional-dependencies").and_then(Value::as_table);
        let extras = extras.into_iter().flat_map(Table::values);
        let edges = self.edges.entry(name.to_owned()).or_default();
        // An extra of a dependency counts as asked for: whether it is, is said only where it is asked for.
        edges.extend(own.flat_map(|asked| read(asked, false)));
        edges.extend(extras.flat_map(|asked| read(asked, is_project)));
        if is_project {
            self.projects.insert(name.to_owned());
        }
    }

    /// Says of each dependency who asks for it, and where it is installed.
    pub fn settle(self, dependencies: &mut Dependencies, halt: &Halt) {
        if self.projects.is_empty() {
            return;
        }
        let reached = self.reached(MOST_STEPS, halt);
        let mut room = MARKER_BYTES;
        dependencies.adjust(|name, about| match reached.get(name) {
            None => about.need = Need::Development,
            Some(how) => {
                let is_required = how.required != Ways::default();
                about.need = if is_required { Need::Required } else { Need::Optional };
                let ways = if is_required { &how.required } else { &how.optional };
                let left = room.checked_sub(ways.bytes());
                about.markers = left.map(|_| ways.markers()).unwrap_or_default();
                room = left.unwrap_or_default();
            }
        });
    }

    /// What the projects ask for, directly or not.
    fn reached(&self, most_steps: usize, halt: &Halt) -> BTreeMap<&str, Reached<'_>> {
        let mut walk = Walk { most_steps, ..Walk::default() };
        let project = Reached { required: Ways::everywhere(), optional: Ways::default() };
        for name in halt.over(&self.projects) {
            walk.follow(&project, halt.over(self.edges.get(name).into_iter().flatten()));
        }
        while let Some(name) = walk.next.pop_front().filter(|_| !halt.is_raised()) {
            walk.waiting.remove(name);
            let how = walk.reached.get(name).cloned().unwrap_or_default();
            walk.follow(&how, halt.over(self.edges.get(name).into_iter().flatten()));
        }
        walk.reached
    }
}

/// A walk through the graph. A package is looked at once more where another way leads to it.
#[derive(Default)]
struct Walk<'a> {
    reached: BTreeMap<&'a str, Reached<'a>>,
    /// Packages whose edges are to be followed, each once.
    next: VecDeque<&'a str>,
    waiting: BTreeSet<&'a str>,
    steps: usize,
    most_steps: usize,
}

impl<'a> Walk<'a> {
    /// Follows the edges of a package that is reached in this way.
    fn follow(&mut self, how: &Reached<'a>, edges: impl Iterator<Item = &'a Edge>) {
        for edge in edges {
            self.steps += 1;
            let how = how.through(edge);
            let how = if self.steps > self.most_steps { how.everywhere() } else { how };
            if self.reached.entry(&edge.to).or_default().add(how) && self.waiting.insert(&edge.to) {
                self.next.push_back(&edge.to);
            }
        }
    }
}

fn read(list: &Value, is_extra: bool) -> impl Iterator<Item = Edge> {
    list.as_array().into_iter().flatten().filter_map(Value::as_table).filter_map(move |asked| {
        let text = |key| asked.get(key).and_then(Value::as_str).map(str::to_owned);
        Some(Edge { to: text("name")?, marker: text("marker"), is_extra })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::dependencies::Found;

    fn edge(to: &str, marker: Option<&str>) -> Edge {
        Edge { to: to.to_owned(), marker: marker.map(str::to_owned), is_extra: false }
    }

    fn graph(edges: &[(&str, &str, Option<&str>)]) -> Graph {
        let mut graph = Graph { projects: BTreeSet::from(["project".to_owned()]), ..Graph::default() };
        for (from, to, marker) in edges {
            graph.edges.entry((*from).to_owned()).or_default().push(edge(to, *marker));
        }
        graph
    }

    fn markers(edges: &[(&str, &str, Option<&str>)], of: &str) -> Vec<String> {
        graph(edges).reached(MOST_STEPS, &Halt::default())[of].required.markers().into_iter().collect()
    }

    #[test]
    fn what_leads_to_a_package_has_to_hold_all_the_way() {
        let chain = [("project", "a", Some("x")), ("a", "b", None), ("b", "c", Some("y")), ("c", "a", None)];
        assert_eq!(markers(&chain, "b"), ["x"]);
        assert_eq!(markers(&chain, "c"), ["(x) and (y)"]);
        let two = [("project", "a", Some("x")), ("a", "c", None), ("project", "b", Some("y")), ("b", "c", None)];
        assert_eq!(markers(&two, "c"), ["x", "y"]);
        let late = [("project", "a", Some("x")), ("a", "c", None), ("project", "b", None), ("b", "a", None)];
        assert_eq!(markers(&late, "c"), [""; 0]);
    }

    #[test]
    fn many_ways_count_as_everywhere_and_end() {
        let names: Vec<String> = (0..40).map(|number| format!("n{number}")).collect();
        let mut edges = Vec::new();
        for name in &names {
            edges.push(("project", name.as_str(), Some(name.as_str())));
            edges.extend(names.iter().map(|other| (name.as_str(), other.as_str(), Some(name.as_str()))));
            edges.push((name.as_str(), "end", None));
        }
        assert_eq!(markers(&edges, "end"), [""; 0]);
    }

    /// Better ways to one package come late, one after the other, and each would be told to all that follow.
    #[test]
    fn what_changes_often_is_not_told_again_and_again() {
        // Five ways with three markers give way to one with two, five of those to one with one.
        let mut ways: Vec<Vec<usize>> = Vec::new();
        for a in 0..5 {
            for b in 0..5 {
                ways.extend((0..5).map(|c| vec![a, 10 + b, 20 + c]));
                ways.push(vec![a, 10 + b]);
            }
            ways.push(vec![a]);
        }
        let name = |number: usize| format!("n{number}");
        let mut edges = vec![("project".to_owned(), name(0), None)];
        for (number, way) in ways.iter().enumerate() {
            // Three steps later than the one before, however long it is.
            edges.extend((0..3).map(|step| (name(3 * number + step), name(3 * number + step + 1), None)));
            let mut from = name(3 * number);
            for (at, marker) in way.iter().enumerate() {
                let to = if at + 1 == way.len() { "hub".to_owned() } else { format!("{from}.{marker}") };
                edges.push((from, to.clone(), Some(format!("m{marker}"))));
                from = to;
            }
        }
        edges.extend((0..100).map(|end| ("hub".to_owned(), format!("end{end}"), None)));
        let edges: Vec<_> =
            edges.iter().map(|(from, to, marker)| (from.as_str(), to.as_str(), marker.as_deref())).collect();
        let polls = |most_steps: usize| {
            let halt = Halt::default();
            graph(&edges).reached(most_steps, &halt);
            halt.polls()
        };
        // Each package is looked at once or twice more, and asks once for itself and for each of its edges.
        let (all, bounded) = (polls(usize::MAX), polls(2_000));
        assert!(all > 20_000 && bounded < 2 * (2_000 + 2 * edges.len()), "{bounded} of {all} steps");
    }

    #[test]
    fn a_marker_that_leads_to_many_is_not_told_of_all() {
        let marker = "x".repeat(MARKER_BYTES / 4);
        let names: Vec<String> = (0..100).map(|number| format!("n{number}")).collect();
        let mut edges = vec![("project", "a", Some(marker.as_str()))];
        edges.extend(names.iter().map(|name| ("a", name.as_str(), None)));
        let mut dependencies = Dependencies::default();
        names.iter().for_each(|name| dependencies.insert(Found::new(name.as_str(), "1")));
        graph(&edges).settle(&mut dependencies, &Halt::default());
        let told =
            dependencies.iter().flat_map(|(_, versions)| versions.values()).filter(|about| !about.markers.is_empty());
        assert_eq!(told.count(), 4);
    }
}
