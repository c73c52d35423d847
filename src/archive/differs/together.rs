//! Several versions of one package of Python in one folder, where there can be one: it was built over an older one, and of
//! which of them the code is nobody knows. `pip install --target` leaves what lies there, and adds the metadata all the same.

use super::{Home, Look, Pins, SHOWN};
use crate::archive::packages::{Ecosystem, Packages, Python};
use crate::archive::pin::Held;
use crate::finding::{Check, Finding};
use crate::layer::LayerSettings;

const HINT: &str = "delete the folder that it is built into, or from it the older version with its `*.dist-info`, and build into an empty one: `pip install --target` takes nothing away; `allow = [\"archive-differs\"]` accepts it";

/// More packages than this are not in several versions in any layer; it bounds the work for them.
const LIMIT: usize = 500;

/// The same of versions of one.
const VERSIONS_LIMIT: usize = 16;

/// A package of which a folder holds several versions.
struct Crowd<'a> {
    name: &'a str,
    python: Python,
    /// As they are written.
    texts: Vec<&'a str>,
    /// The oldest first.
    held: Vec<Held<'a>>,
}

impl Crowd<'_> {
    fn shown(&self) -> String {
        let mut versions: Vec<&str> = self.held.iter().map(|held| held.text).collect();
        let unread = self.texts.len().saturating_sub(VERSIONS_LIMIT);
        let last = versions.pop().unwrap_or_default();
        let more = match versions.len().saturating_sub(SHOWN) + unread {
            0 => String::new(),
            more => format!(", {more} more"),
        };
        versions.truncate(SHOWN);
        let whose = self.python.map(|minor| format!(" for python3.{minor}")).unwrap_or_default();
        format!("`{}` {}{more} and {last}{whose}", self.name, versions.join(", "))
    }
}

/// All of them in the folders that a layer's runtimes look into.
pub(super) struct Together<'a>(Vec<Crowd<'a>>);

impl<'a> Together<'a> {
    /// Those in `python/`, and in the folders of these Pythons.
    pub fn of(packages: &'a Packages, homes: &[Home]) -> Self {
        // A layer for no Python says nothing of them.
        let is_looked_into = |python: Python| homes.len() < 2 || homes.iter().any(|home| home.python == python);
        let all = packages.together().filter(|(_, python, _)| is_looked_into(*python)).take(LIMIT);
        let all = all.map(|(name, python, texts)| Crowd { name, python, held: distinct(&texts), texts });
        Self(all.filter(|crowd| crowd.held.len() > 1).collect())
    }

    /// Whether this version lies beside another one.
    pub fn has(&self, name: &str, version: &str) -> bool {
        // They are sorted by their names, as all packages are.
        let from = self.0.partition_point(|crowd| crowd.name < name);
        self.0[from..].iter().take_while(|crowd| crowd.name == name).any(|crowd| crowd.texts.contains(&version))
    }

    /// An error where the manifest pins another version than one of them, and otherwise a warning.
    pub fn told(&self, look: &Look<'_>, pins: Pins<'_>) -> Option<Finding> {
        let (mut refused, mut warned) = (Vec::new(), Vec::new());
        for crowd in &self.0 {
            let home = look.homes.iter().find(|home| home.python == crowd.python).or(look.homes.first())?;
            let pinned = pins.dependencies.versions(crowd.name).map(|versions| look.pinned(home, versions));
            match pinned.filter(|pinned| !look.others(&crowd.held, pinned).is_empty()) {
                Some(pinned) if (pins.unshown)().is_none() => {
                    refused.push(format!("{}, pinned is {}", crowd.shown(), super::shown(&pinned)));
                }
                Some(_) => refused.push(crowd.shown()),
                None => warned.push(crowd.shown()),
            }
        }
        let level = if refused.is_empty() { Finding::warning } else { Finding::error };
        told(level, &[refused, warned].concat())
    }
}

/// What is told where no manifest says what is pinned.
pub fn together(packages: &Packages, settings: &LayerSettings) -> Option<Finding> {
    let crowds = Together::of(packages, &super::homes(settings)).0;
    told(Finding::warning, &crowds.iter().map(Crowd::shown).collect::<Vec<_>>())
}

fn told(level: fn(Check, String, &'static str) -> Finding, crowds: &[String]) -> Option<Finding> {
    let message = || {
        let listed = super::listed(crowds, "; ");
        format!("it holds several versions of one package, as a build over an older one leaves them: {listed}")
    };
    (!crowds.is_empty()).then(|| level(Check::ArchiveDiffers, message(), HINT))
}

/// A version that is written in two ways is one.
fn distinct<'a>(versions: &[&'a str]) -> Vec<Held<'a>> {
    let mut distinct = Vec::<Held<'a>>::new();
    for version in versions.iter().take(VERSIONS_LIMIT) {
        let held = Held::of(Ecosystem::Python, version);
        if !distinct.iter().any(|other| other.is_same(&held)) {
            distinct.push(held);
        }
    }
    distinct.sort_by(|one, other| one.order().cmp(&other.order()));
    distinct
}

#[cfg(test)]
mod tests;
