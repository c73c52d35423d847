//! Which packages of a `uv.lock` are installed with the project, and where: the file tells it by its edges only.

use super::dependencies::{Dependencies, Need};
use std::collections::{BTreeMap, BTreeSet};
use toml::{Table, Value};

/// Who asks for whom.
#[derive(Debug, Default)]
pub(super) struct Graph {
    /// For each package those that it asks for.
    edges: BTreeMap<String, Vec<Edge>>,
    /// Projects that are locked. What they ask for in groups for development is not followed.
    projects: Vec<String>,
}

#[derive(Debug)]
struct Edge {
    to: String,
    marker: Option<String>,
    /// Only who asks for an extra follows it.
    is_extra: bool,
}

/// How a package is reached.
#[derive(Debug, Default)]
struct Reached<'a> {
    markers: BTreeSet<Option<&'a str>>,
    /// It is reached without any extra of a project.
    is_required: bool,
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
            self.projects.push(name.to_owned());
        }
    }

    /// Says of each dependency who asks for it, and where it is installed.
    pub fn settle(self, dependencies: &mut Dependencies) {
        if self.projects.is_empty() {
            return;
        }
        let reached = self.reached();
        dependencies.adjust(|name, about| match reached.get(name) {
            None => about.need = Need::Development,
            Some(how) => {
                about.need = if how.is_required { Need::Required } else { Need::Optional };
                if !how.markers.contains(&None) {
                    about.markers = how.markers.iter().flatten().map(|marker| (*marker).to_owned()).collect();
                }
            }
        });
    }

    /// What the projects ask for, directly or not, with the markers of all who ask. A package is looked at once more
    /// where it turns out to be required and not only part of an extra.
    fn reached(&self) -> BTreeMap<&str, Reached<'_>> {
        let mut reached: BTreeMap<&str, Reached<'_>> = BTreeMap::new();
        let mut next: Vec<(&str, bool)> = self.projects.iter().map(|project| (project.as_str(), true)).collect();
        while let Some((name, is_required)) = next.pop() {
            for edge in self.edges.get(name).into_iter().flatten() {
                let is_required = is_required && !edge.is_extra;
                let is_new = !reached.contains_key(edge.to.as_str());
                let how = reached.entry(&edge.to).or_default();
                if is_new || is_required && !how.is_required {
                    next.push((&edge.to, is_required));
                }
                how.is_required |= is_required;
                how.markers.insert(edge.marker.as_deref());
            }
        }
        reached
    }
}

fn read(list: &Value, is_extra: bool) -> impl Iterator<Item = Edge> {
    list.as_array().into_iter().flatten().filter_map(Value::as_table).filter_map(move |asked| {
        let text = |key| asked.get(key).and_then(Value::as_str).map(str::to_owned);
        Some(Edge { to: text("name")?, marker: text("marker"), is_extra })
    })
}
