//! What differs between the dependencies of two manifests.

use super::dependencies::Dependencies;
use super::versions::{Version, Versions};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;

/// A dependency at one version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Dependency {
    /// The name of the dependency, as its ecosystem normalises it.
    pub name: String,
    /// Its version; a specifier, a URL or `*` where the manifest fixes none.
    pub version: String,
}

/// A dependency whose version changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Changed {
    /// The name of the dependency, as its ecosystem normalises it.
    pub name: String,
    /// The version that was published last.
    pub from: String,
    /// The version that the manifest names now.
    pub to: String,
}

/// What differs between the dependencies of two manifests; each list is sorted by name.
///
/// Where several versions of one name are locked at once, a name may appear more than once: those that left are
/// paired with those that came, and what is left over was added or removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// Dependencies that only the new manifest has.
    pub added: Vec<Dependency>,
    /// Dependencies that only the old manifest has.
    pub removed: Vec<Dependency>,
    /// Dependencies that both have, at another version.
    pub changed: Vec<Changed>,
    /// Dependencies that both have at one version, but with other hashes: files of it came, went or were replaced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rehashed: Vec<Dependency>,
    /// What differs although all these lists are empty; not there where nothing differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Only>,
}

/// What differs between two manifests that name the same dependencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Only {
    /// Comments, order, or what else is no dependency, such as options.
    Text,
    /// Where they are looked for: another index or registry is named.
    Index,
    /// Where dependencies are installed (markers), how (editable, options), or who asks for them (groups, extras, other packages).
    Markers,
    /// A file that the manifest includes: what in it is not known, since no backup holds it.
    Included,
    /// One of the two cannot be read, so what differs is not known.
    Unreadable,
    /// Which dependencies differ is not shown: the manifest lies outside of the git checkout, and may be any other file.
    Elsewhere,
}

impl Only {
    /// In words that follow `dependencies changed: `.
    fn words(self) -> &'static str {
        match self {
            Only::Text => "no dependency differs, only comments, order or options",
            Only::Index => "no version differs, only the index that they come from",
            Only::Markers => "no version differs, only where, how or for whom one is installed",
            Only::Included => "in an included file, of which the backup holds nothing",
            Only::Unreadable => "which ones is not known, since a manifest cannot be read",
            Only::Elsewhere => "which ones is not shown, since the manifest lies outside of the checkout",
        }
    }
}

/// What changed from `old` to `new`.
#[inline(never)] // `bench/instructions` counts it by its name.
pub fn difference(old: &Dependencies, new: &Dependencies) -> Difference {
    let mut difference = Difference::default();
    for (name, before, after) in both(old, new) {
        difference.compare(name, before, after);
    }
    if difference.is_empty() && old != new {
        difference.only = Some(Only::Markers);
    }
    // A list of many has grown by doubling.
    difference.changed.shrink_to_fit();
    difference
}

/// The names of both, in order, each with its versions on either side.
pub fn both<'d>(
    old: &'d Dependencies,
    new: &'d Dependencies,
) -> impl Iterator<Item = (&'d str, Option<&'d Versions>, Option<&'d Versions>)> {
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    std::iter::from_fn(move || {
        let order = match (old.peek(), new.peek()) {
            (Some((before, _)), Some((after, _))) => before.cmp(after),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return None,
        };
        let before = if order.is_le() { old.next() } else { None };
        let after = if order.is_ge() { new.next() } else { None };
        let (name, _) = before.or(after)?;
        Some((name, before.map(|(_, versions)| versions), after.map(|(_, versions)| versions)))
    })
}

impl Difference {
    /// One in which no dependency differs, but this.
    pub fn in_nothing_but(only: Only) -> Self {
        Self { only: Some(only), ..Self::default() }
    }

    fn compare(&mut self, name: &str, before: Option<&Versions>, after: Option<&Versions>) {
        let is_in = |side: Option<&Versions>, version: &Version| side.is_some_and(|all| all.get(version).is_some());
        let mut gone = before.into_iter().flat_map(Versions::keys).filter(|version| !is_in(after, version));
        let mut come = after.into_iter().flat_map(Versions::keys).filter(|version| !is_in(before, version));
        loop {
            match (gone.next(), come.next()) {
                (Some(from), Some(to)) => self.changed.push(Changed {
                    name: name.to_owned(),
                    from: from.as_str().to_owned(),
                    to: to.as_str().to_owned(),
                }),
                (Some(version), None) => self.removed.push(Dependency::new(name, version)),
                (None, Some(version)) => self.added.push(Dependency::new(name, version)),
                (None, None) => break,
            }
        }
        let (Some(before), Some(after)) = (before, after) else { return };
        let kept = before.iter().filter_map(|(version, about)| Some((version, about, after.get(version)?)));
        let rehashed = kept.filter(|(_, before, after)| before.files != after.files);
        self.rehashed.extend(rehashed.map(|(version, _, _)| Dependency::new(name, version)));
    }

    /// Whether no dependency differs.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there is anything to tell of it.
    pub fn differs(&self) -> bool {
        !self.is_empty() || self.only.is_some()
    }

    /// How many changes there are.
    pub fn len(&self) -> usize {
        self.added.len() + self.removed.len() + self.changed.len() + self.rehashed.len()
    }

    /// All changes on one line: `urllib3 2.0.4 -> 2.2.1, +idna 3.7, -six 1.16.0`.
    pub fn summary(&self) -> String {
        self.summary_of(usize::MAX)
    }

    /// The first `limit` changes on one line, and how many more there are.
    pub fn summary_of(&self, limit: usize) -> String {
        if let (Some(only), true) = (self.only, self.is_empty()) {
            return only.words().to_owned();
        }
        let shown: Vec<String> = self.changes().take(limit).collect();
        match self.len() - shown.len() {
            0 => shown.join(", "),
            more if shown.is_empty() => format!("{more} more"),
            more => format!("{}, and {more} more", shown.join(", ")),
        }
    }

    /// Each change, as it stands in a summary.
    pub fn changes(&self) -> impl Iterator<Item = String> {
        let changed = self.changed.iter().map(Changed::to_string);
        let added = self.added.iter().map(|dependency| format!("+{dependency}"));
        let removed = self.removed.iter().map(|dependency| format!("-{dependency}"));
        let rehashed = self.rehashed.iter().map(|dependency| format!("{dependency} with other hashes"));
        changed.chain(added).chain(removed).chain(rehashed)
    }
}

impl Dependency {
    fn new(name: &str, version: &Version) -> Dependency {
        Dependency { name: name.to_owned(), version: version.as_str().to_owned() }
    }
}

impl fmt::Display for Dependency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.name, self.version)
    }
}

impl fmt::Display for Changed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} -> {}", self.name, self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::dependencies::Found;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn locked(pairs: &[(&str, &str)]) -> Dependencies {
        let mut dependencies = Dependencies::default();
        for (name, version) in pairs {
            dependencies.insert(Found::new(*name, *version));
        }
        dependencies
    }

    #[test]
    fn a_summary_reads_changed_added_removed() {
        let old = locked(&[("urllib3", "2.0.4"), ("six", "1.16.0"), ("certifi", "2024.2.2")]);
        let new = locked(&[("urllib3", "2.2.1"), ("idna", "3.7"), ("certifi", "2024.2.2")]);
        let difference = difference(&old, &new);
        assert_eq!(difference.summary(), "urllib3 2.0.4 -> 2.2.1, +idna 3.7, -six 1.16.0");
        assert_eq!(difference.summary_of(3), difference.summary());
        assert_eq!(difference.summary_of(2), "urllib3 2.0.4 -> 2.2.1, +idna 3.7, and 1 more");
        assert_eq!(difference.summary_of(0), "3 more");
    }

    #[test]
    fn other_hashes_of_one_version_are_told_as_such() {
        let with = |hashes: &[&str]| {
            let mut dependencies = Dependencies::default();
            dependencies.insert(Found::new("idna", "3.7").with_hashes(hashes.iter().copied()));
            dependencies
        };
        assert_eq!(difference(&with(&["a", "b"]), &with(&["b", "a"])).summary(), "");
        for (old, new) in [(&["a"][..], &["b"][..]), (&["a"], &["a", "b"]), (&[], &["a"])] {
            let difference = difference(&with(old), &with(new));
            assert_eq!(difference.summary(), "idna 3.7 with other hashes");
            assert!(!difference.is_empty());
        }
    }

    #[test]
    fn extras_are_a_difference() {
        let with = |extras: &[&'static str]| {
            let mut dependencies = Dependencies::default();
            dependencies.insert(Found::new("a", "1").with_extras(extras.iter().map(|extra| (*extra).into())));
            dependencies
        };
        assert_eq!(difference(&with(&["x", "y"]), &with(&["y", "x"])).only, None);
        assert_eq!(difference(&with(&[]), &with(&["x"])).only, Some(Only::Markers));
    }

    #[test]
    fn what_is_hidden_still_counts() {
        let old = locked(&[("x", "https://host/x.whl?rev=1")]);
        let new = locked(&[("x", "https://host/x.whl?rev=2")]);
        assert_eq!(difference(&old, &new).summary(), "x https://host/x.whl?**** -> https://host/x.whl?****");
        assert_ne!(old, new);
        assert_ne!(locked(&[("https://a:b@h/x", "")]), locked(&[("https://a:c@h/x", "")]));
    }

    #[test]
    fn several_versions_of_one_name_are_paired() {
        let table: [(&[&str], &[&str], &str); 6] = [
            (&["2.0.0", "2.1.3"], &["2.0.0", "2.1.3"], ""),
            (&["2.0.0", "2.1.3"], &["2.1.3"], "-ms 2.0.0"),
            (&["2.1.3"], &["2.0.0", "2.1.3"], "+ms 2.0.0"),
            (&["2.0.0", "2.1.3"], &["2.1.2", "2.1.3"], "ms 2.0.0 -> 2.1.2"),
            (&["1.0.0", "2.0.0"], &["2.1.4"], "ms 1.0.0 -> 2.1.4, -ms 2.0.0"),
            (&["1.0.0", "2.0.0"], &[], "-ms 1.0.0, -ms 2.0.0"),
        ];
        for (before, after, summary) in table {
            let old = locked(&before.iter().map(|version| ("ms", *version)).collect::<Vec<_>>());
            let new = locked(&after.iter().map(|version| ("ms", *version)).collect::<Vec<_>>());
            let difference = difference(&old, &new);
            assert_eq!(difference.summary(), summary);
            assert_eq!(difference.is_empty(), summary.is_empty());
        }
    }

    #[test]
    fn credentials_never_reach_a_difference() {
        let new = locked(&[("tool", "git+https://user:SECRET@host/tool@abc"), ("https://SECRET@host/x", "")]);
        let shown = serde_json::to_string(&difference(&Dependencies::default(), &new)).unwrap();
        assert!(!shown.contains("SECRET"), "{shown}");
        assert!(shown.contains("git+https://****@host/tool@abc"), "{shown}");
    }

    #[test]
    fn the_report_shape_is_as_documented() {
        let difference = difference(&locked(&[("urllib3", "2.0.4")]), &locked(&[("urllib3", "2.2.1")]));
        let json = serde_json::to_value(&difference).unwrap();
        let expected = serde_json::json!({
            "added": [], "removed": [], "changed": [{ "name": "urllib3", "from": "2.0.4", "to": "2.2.1" }]
        });
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_value::<Difference>(json).unwrap(), difference);
        let schema = serde_json::to_string(&schemars::schema_for!(Difference)).unwrap();
        assert!(schema.contains("The version that was published last"), "{schema}");
    }

    fn some() -> impl Strategy<Value = Dependencies> {
        prop::collection::vec(("[a-d]", "[1-3]"), 0..8).prop_map(|pairs| {
            let pairs: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            locked(&pairs)
        })
    }

    proptest! {
        #[test]
        fn applying_a_difference_to_the_old_gives_the_new(old in some(), new in some()) {
            let difference = difference(&old, &new);
            let mut pairs: BTreeSet<(String, String)> = flat(&old);
            for gone in &difference.removed { pairs.remove(&(gone.name.clone(), gone.version.clone())); }
            for change in &difference.changed { pairs.remove(&(change.name.clone(), change.from.clone())); }
            for change in &difference.changed { pairs.insert((change.name.clone(), change.to.clone())); }
            for come in &difference.added { pairs.insert((come.name.clone(), come.version.clone())); }
            prop_assert_eq!(pairs, flat(&new));
            prop_assert!(difference.added.is_sorted() && difference.removed.is_sorted() && difference.changed.is_sorted());
            prop_assert_eq!(difference.is_empty(), old == new);
        }
    }

    fn flat(dependencies: &Dependencies) -> BTreeSet<(String, String)> {
        let pairs = dependencies.iter().flat_map(|(name, versions)| {
            versions.keys().map(move |version| (name.to_owned(), version.as_str().to_owned()))
        });
        pairs.collect()
    }
}
