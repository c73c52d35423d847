//! A requirements file in one pass: what it names, what it leaves open, and which files it includes.

use super::dependencies::{Dependencies, LIMIT};
use super::pins::{Pins, Unsettled};
use super::requirements::{Asks, Line, each_line, exact_version, insert};
use super::unreadable::Unreadable;
use crate::halt::Halt;
use std::collections::BTreeSet;

/// More lines than this that include others are not looked at.
const MENTIONS: usize = 10_000;

/// What a requirements file says.
#[derive(Debug)]
pub(super) struct Survey {
    /// What it names itself.
    pub named: Result<Dependencies, Unreadable>,
    /// What it leaves open itself.
    pub open: Unsettled,
    /// The files that it includes.
    pub mentions: Vec<Mention>,
}

/// A line that includes a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mention {
    /// The line, counted from 1.
    pub line: usize,
    /// The file, as it stands there.
    pub named: String,
    /// Whether the file only bounds versions.
    pub bounds: bool,
}

/// Reads the text of a requirements file.
#[inline(never)] // `bench/instructions` counts it by its name.
pub(super) fn survey(text: &str, halt: &Halt) -> Survey {
    let mut named = Ok(Dependencies::default());
    let survey = each(text, halt, |line| insert(&mut named, line));
    Survey { named: named.and_then(bounded), ..survey }
}

/// What the lines name that can be read, whatever the others are.
pub(super) fn readable(text: &str, halt: &Halt) -> Dependencies {
    let mut named = Ok(Dependencies::default());
    each_line(text, halt, |line| {
        if !matches!(line.asks, Asks::Unreadable) {
            insert(&mut named, line);
        }
    });
    named.unwrap_or_default()
}

/// The same without what it names, which is most of the work and often not asked for: `named` is empty, where it can be read.
#[inline(never)] // `bench/instructions` counts it by its name.
pub(super) fn glance(text: &str, halt: &Halt) -> Survey {
    let mut named = Ok(Dependencies::default());
    let survey = each(text, halt, |line| {
        if let Asks::Unreadable = line.asks {
            insert(&mut named, line);
        }
    });
    Survey { named, ..survey }
}

/// What a text leaves open, where others bound these names to one version.
pub(super) fn open_within(text: &str, bound: &BTreeSet<String>, halt: &Halt) -> Unsettled {
    let mut pins = Pins::within(bound);
    each_line(text, halt, |line| pins.meet(line));
    pins.found()
}

/// The names that a text bounds to one version, wherever it is installed.
pub(super) fn bound_names(text: &str, halt: &Halt) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    each_line(text, halt, |line| {
        let name = match &line.asks {
            Asks::Pinned { name, .. } => name,
            Asks::Version { name, specifier } if exact_version(specifier).is_some() => name,
            _ => return,
        };
        if line.marker.is_none() {
            names.insert(name.clone().into_owned());
        }
    });
    names
}

fn each(text: &str, halt: &Halt, mut tell: impl FnMut(&Line<'_>)) -> Survey {
    let (mut pins, mut mentions) = (Pins::default(), Vec::new());
    each_line(text, halt, |line| {
        tell(line);
        pins.meet(line);
        if let Asks::Include(file) | Asks::Bounds(file) = &line.asks
            && mentions.len() < MENTIONS
        {
            let bounds = matches!(line.asks, Asks::Bounds(_));
            mentions.push(Mention { line: line.number, named: file.clone().into_owned(), bounds });
        }
    });
    Survey { named: Ok(Dependencies::default()), open: pins.found(), mentions }
}

/// Refuses more than a manifest can have.
pub(super) fn bounded(found: Dependencies) -> Result<Dependencies, Unreadable> {
    match found.overflowed() {
        true => Err(too_many()),
        false => Ok(found),
    }
}

/// More than a manifest can have.
pub(super) fn too_many() -> Unreadable {
    Unreadable::new(format!("it names more than {LIMIT} dependencies, or very long ones"))
}
