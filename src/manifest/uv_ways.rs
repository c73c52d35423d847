//! In which ways a package of a `uv.lock` is reached, by the markers on each of them.

use super::versions::Need;
use std::collections::BTreeSet;

/// Most ways to a package that are told apart, and most markers of one way: what asks for more counts as installed
/// wherever the others are.
const MOST_WAYS: usize = 16;
const MOST_MARKERS: usize = 6;

/// Where a package is installed: in one of these ways, each of which needs all of its markers. A way without a marker is
/// everywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ways<'a>(BTreeSet<BTreeSet<&'a str>>);

impl<'a> Ways<'a> {
    pub fn everywhere() -> Self {
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
    pub fn bytes(&self) -> usize {
        self.0.iter().flatten().map(|marker| marker.len()).sum()
    }

    /// Those that others do not cover.
    fn beyond(&self, others: &Self) -> Self {
        let is_new = |way: &&BTreeSet<&str>| !others.0.iter().any(|known| known.is_subset(way));
        Self(self.0.iter().filter(is_new).cloned().collect())
    }

    /// The same where this holds as well.
    fn within(&self, marker: &'a str) -> Self {
        Self(self.0.iter().map(|way| way.iter().copied().chain([marker]).collect()).collect())
    }

    pub fn markers(&self) -> BTreeSet<String> {
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

/// Holds where any extra is asked for, and nowhere else.
const ANY_EXTRA: &str = "extra != ''";

/// How a package is reached: without any extra of a project, and with one.
#[derive(Debug, Clone, Default)]
pub(super) struct Reached<'a> {
    pub required: Ways<'a>,
    pub optional: Ways<'a>,
}

impl<'a> Reached<'a> {
    /// How what is asked for with this marker is reached then.
    pub fn through(&self, marker: Option<&'a str>) -> Self {
        let through = |ways: &Ways<'a>| ways.through(marker);
        Self { required: through(&self.required), optional: through(&self.optional) }
    }

    /// Adds further ways; whether it is installed in more places now.
    pub fn add(&mut self, others: Self) -> bool {
        let is_more = self.required.add(others.required);
        self.optional.add(others.optional) || is_more
    }

    /// Who asks for it, and where it is installed then; of what is required somewhere, also where it is with an extra.
    pub fn settled(&self) -> (Need, Ways<'a>) {
        let Self { required, optional } = self;
        if required.0.is_empty() {
            return (Need::Optional, optional.clone());
        }
        let with_extras = optional.beyond(required).within(ANY_EXTRA);
        (Need::Required, Ways(required.0.iter().cloned().chain(with_extras.0).collect()))
    }

    /// Tells no ways apart any more.
    pub fn everywhere(mut self) -> Self {
        for ways in [&mut self.required, &mut self.optional] {
            if !ways.0.is_empty() {
                *ways = Ways::everywhere();
            }
        }
        self
    }
}
