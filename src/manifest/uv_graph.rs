//! Which packages of a `uv.lock` are installed with the project, and where: the file tells it by its edges only.

use super::dependencies::{Dependencies, shown};
use super::versions::Need;
use crate::halt::Halt;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use toml::{Table, Value};

/// Who asks for whom.
#[derive(Debug, Default)]
pub(super) struct Graph {
    packages: Vec<Package>,
}

/// A package at one version: of one that is locked in several, each asks for its own dependencies.
#[derive(Debug)]
struct Package {
    id: Id,
    /// What stands for its version among the dependencies; `None` for a project that is locked. What that asks for in groups
    /// for development is not followed.
    version: Option<String>,
    /// Those that it asks for.
    edges: Vec<Edge>,
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
    /// Takes note of a package, by what stands for its version among the dependencies; `None` for a project that is locked.
    pub fn add(&mut self, package: &Table, version: Option<&str>) {
        let Some(id) = Id::of(package) else { return };
        let own = package.get("dependencies").into_iter().flat_map(|asked| read(asked, false));
        let extras = package.get("optional-dependencies").and_then(Value::as_table);
        // An extra of a dependency counts as asked for: whether it is, is said only where it is asked for.
        let extras = extras.into_iter().flat_map(Table::values).flat_map(|asked| read(asked, version.is_none()));
        let edges = own.chain(extras).collect();
        self.packages.push(Package { id, version: version.map(|version| shown(version).into_owned()), edges });
    }

    /// Says of each dependency who asks for it, and where it is installed.
    pub fn settle(mut self, dependencies: &mut Dependencies, halt: &Halt) {
        if self.packages.iter().all(|package| package.version.is_some()) {
            return;
        }
        self.packages.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        let reached = self.reached(MOST_STEPS, halt);
        let mut room = MARKER_BYTES;
        dependencies.adjust(|name, version, about| match reached.get(&(name, version.as_str())) {
            None => about.need = Need::Development,
            Some(how) => {
                let is_required = how.required != Ways::default();
                about.need = if is_required { Need::Required } else { Need::Optional };
                let ways = if is_required { &how.required } else { &how.optional };
                let left = room.checked_sub(ways.bytes());
                let markers = left.map(|_| ways.markers()).unwrap_or_default();
                if !markers.is_empty() || !about.details().markers.is_empty() {
                    about.details_mut().markers = markers;
                }
                room = left.unwrap_or_default();
            }
        });
    }

    /// What the projects ask for, directly or not, by name and version.
    fn reached(&self, most_steps: usize, halt: &Halt) -> BTreeMap<(&str, &str), Reached<'_>> {
        let mut walk = Walk {
            graph: self,
            most_steps,
            reached: BTreeMap::new(),
            next: VecDeque::new(),
            waiting: BTreeSet::new(),
            steps: 0,
        };
        let project = Reached { required: Ways::everywhere(), optional: Ways::default() };
        for package in halt.over(&self.packages).filter(|package| package.version.is_none()) {
            walk.follow(&project, halt.over(&package.edges));
        }
        while let Some(asked) = walk.next.pop_front().filter(|_| !halt.is_raised()) {
            walk.waiting.remove(&asked);
            let how = walk.reached.get(&asked).cloned().unwrap_or_default();
            walk.follow(&how, halt.over(self.packages[asked.0..asked.1].iter().flat_map(|package| &package.edges)));
        }
        let mut found: BTreeMap<(&str, &str), Reached<'_>> = BTreeMap::new();
        for package in halt.over(&self.packages) {
            let Some(version) = &package.version else { continue };
            let asked: BTreeSet<Asked> = (1..=3).map(|parts| self.asked(&package.id, parts)).collect();
            let ways = asked.iter().filter_map(|asked| walk.reached.get(asked));
            for how in ways {
                found.entry((&package.id.name, version)).or_default().add(how.clone());
            }
        }
        found
    }

    /// The packages that are asked for by the first so many parts of this.
    fn asked(&self, id: &Id, parts: usize) -> Asked {
        let wanted = id.parts(parts);
        let from = self.packages.partition_point(|package| package.id.parts(parts) < wanted);
        let count = self.packages[from..].partition_point(|package| package.id.parts(parts) == wanted);
        (from, from + count)
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

/// A walk through the graph. A package is looked at once more where another way leads to it.
struct Walk<'a> {
    graph: &'a Graph,
    reached: BTreeMap<Asked, Reached<'a>>,
    /// Packages whose edges are to be followed, each once.
    next: VecDeque<Asked>,
    waiting: BTreeSet<Asked>,
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
            let to = self.graph.meant(&edge.to);
            if self.reached.entry(to).or_default().add(how) && self.waiting.insert(to) {
                self.next.push_back(to);
            }
        }
    }
}

fn read(list: &Value, is_extra: bool) -> impl Iterator<Item = Edge> {
    list.as_array().into_iter().flatten().filter_map(Value::as_table).filter_map(move |asked| {
        let marker = asked.get("marker").and_then(Value::as_str).map(str::to_owned);
        Some(Edge { to: Id::of(asked)?, marker, is_extra })
    })
}

#[cfg(test)]
mod tests;
