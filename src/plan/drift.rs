//! Whether the latest versions of a layer at its targets have different content, and which staged archives bring them
//! together again: a pure function of what is known of each target. Of targets whose content differs:
//!
//! | what is staged | what is behind |
//! |---|---|
//! | the same archive at all of them | every target that has something else published |
//! | not the same, or not known | a target where that is staged which another one has published |
//!
//! Anything else would only make one content more.

use std::collections::BTreeSet;

use crate::layer::Sha256;

/// What is known of a layer at one target that has a version of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The content of its latest version.
    pub content: Sha256,
    /// The staged archive, where its digest is known.
    pub staged: Option<Sha256>,
}

/// How the contents of a layer's latest versions differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drift {
    /// All contents; more than one, or none where nothing differs.
    published: BTreeSet<Sha256>,
    /// The same archive is staged everywhere.
    one_archive: bool,
    /// They differ even when everything that is behind has been published.
    remains: bool,
}

impl Drift {
    /// Of these targets; with `one_archive` this very run stages the same archive at all of them.
    pub fn of(targets: &[Standing], one_archive: bool) -> Self {
        let published: BTreeSet<Sha256> = targets.iter().map(|target| target.content).collect();
        if published.len() < 2 {
            return Self::default();
        }
        let staged: BTreeSet<Option<Sha256>> = targets.iter().map(|target| target.staged).collect();
        let one_archive = one_archive || staged.len() == 1 && !staged.contains(&None);
        let in_the_end = |target: &Standing| target.staged.filter(|staged| published.contains(staged));
        let ends: BTreeSet<Sha256> = targets.iter().map(|one| in_the_end(one).unwrap_or(one.content)).collect();
        Self { remains: !one_archive && ends.len() > 1, published, one_archive }
    }

    /// Whether a target where this is staged, and something else published, is behind.
    pub fn is_behind(&self, staged: Sha256) -> bool {
        !self.published.is_empty() && (self.one_archive || self.published.contains(&staged))
    }

    /// Whether the contents differ even when everything that is behind has been published.
    pub fn remains(&self) -> bool {
        self.remains
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn digest(name: u8) -> Sha256 {
        Sha256::of(&[name])
    }

    /// Content and staged archive of each target, by letters; `?` is not known.
    fn standings(targets: &[&str]) -> Vec<Standing> {
        let of = |name: u8| (name != b'?').then(|| digest(name));
        let one = |target: &&str| {
            let [content, staged] = target.as_bytes() else { panic!("two letters: {target}") };
            Standing { content: digest(*content), staged: of(*staged) }
        };
        targets.iter().map(one).collect()
    }

    #[test]
    fn what_is_behind_is_published_and_what_remains_is_known() {
        // What is staged of: a, b, c; then whether a target with that is behind, and whether a difference remains.
        let table: [(&[&str], [bool; 3], bool); 10] = [
            (&[], [false; 3], false),
            (&["aa"], [false; 3], false),
            (&["aa", "ac", "a?"], [false; 3], false),
            (&["aa", "ba"], [true; 3], false),
            (&["ac", "bc"], [true; 3], false),
            (&["aa", "bb"], [true, true, false], true),
            (&["aa", "bc"], [true, true, false], true),
            (&["ac", "ba"], [true, true, false], false),
            (&["a?", "ba"], [true, true, false], false),
            (&["a?", "b?"], [true, true, false], true),
        ];
        for (targets, behind, remains) in table {
            let drift = Drift::of(&standings(targets), false);
            assert_eq!(b"abc".map(|name| drift.is_behind(digest(name))), behind, "{targets:?}");
            assert_eq!(drift.remains(), remains, "{targets:?}");
        }
    }

    #[test]
    fn what_this_run_stages_is_the_same_everywhere() {
        let drift = Drift::of(&standings(&["a?", "bb"]), true);
        assert_eq!((drift.is_behind(digest(b'c')), drift.remains()), (true, false));
        assert_eq!(Drift::of(&standings(&["a?", "ab"]), true), Drift::default());
    }

    proptest! {
        /// Carried out, it ends as it said, and leaves no more contents than there were.
        #[test]
        fn it_never_makes_one_content_more(targets in proptest::collection::vec((b'a'..b'd', b'a'..b'd'), 1..5)) {
            let before: Vec<Standing> = targets
                .iter()
                .map(|(content, staged)| Standing { content: digest(*content), staged: Some(digest(*staged)) })
                .collect();
            let drift = Drift::of(&before, false);
            let published = |one: &Standing| one.staged.filter(|staged| drift.is_behind(*staged));
            let after: BTreeSet<Sha256> = before.iter().map(|one| published(one).unwrap_or(one.content)).collect();
            let contents: BTreeSet<Sha256> = before.iter().map(|one| one.content).collect();
            prop_assert!(after.len() <= contents.len());
            prop_assert_eq!(after.len() > 1, drift.remains());
        }
    }
}
