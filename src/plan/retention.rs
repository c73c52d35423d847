//! Which versions of a layer stay: a pure function of what is known of one version. The first line that holds decides.
//!
//! | what is known of the version | then |
//! |---|---|
//! | it is the latest one | kept: `latest` |
//! | `protect` names it | kept: `protected` |
//! | it is among the `keep` newest | kept: `newest` |
//! | it is younger than `keep-days`, or nobody says how old it is | kept: `young` |
//! | functions use it | kept: `used` |
//! | nobody has looked yet who may use it | to be looked at |
//! | somebody else may use it, and that counts | kept: `shared` |
//! | somebody saw what would be deleted and agreed to that, and it was not among it | kept: `unseen` |
//! | – | deleted |

use std::collections::BTreeSet;
use std::time::Duration;

use crate::outcome::KeptBecause;

/// How many versions of a layer stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// So many of the newest.
    pub keep: usize,
    /// Those that are younger.
    pub younger_than: Option<Duration>,
    /// These.
    pub protect: BTreeSet<u64>,
}

/// One version of a layer, as far as its fate depends on it.
#[derive(Clone, Copy, Debug)]
pub struct OldVersion<'a> {
    /// Its number.
    pub number: u64,
    /// How many versions are newer.
    pub newer: usize,
    /// How old it is, where Lambda says when it was made.
    pub age: Option<Duration>,
    /// Somebody agreed to what was to be deleted, and this was not among it.
    pub unseen: bool,
    /// Functions that use it.
    pub used_by: &'a [String],
    /// Who else may use it; `None` where nobody has looked yet.
    pub shared_with: Option<&'a [String]>,
}

/// What becomes of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It stays, for the first reason that there is; and because of whom.
    Kept(KeptBecause, Vec<String>),
    /// Whether others may use it has to be looked at first.
    Unclear,
    /// It is to be deleted.
    Deleted,
}

impl Retention {
    /// What becomes of a version, by the table above.
    pub fn fate(&self, version: &OldVersion<'_>) -> Fate {
        let kept = |because| Fate::Kept(because, Vec::new());
        let is_young = self.younger_than.is_some_and(|limit| version.age.is_none_or(|age| age < limit));
        match version.shared_with {
            _ if version.newer == 0 => kept(KeptBecause::Latest),
            _ if self.protect.contains(&version.number) => kept(KeptBecause::Protected),
            _ if version.newer < self.keep => kept(KeptBecause::Newest),
            _ if is_young => kept(KeptBecause::Young),
            _ if !version.used_by.is_empty() => Fate::Kept(KeptBecause::Used, version.used_by.to_vec()),
            None => Fate::Unclear,
            Some([]) if version.unseen => kept(KeptBecause::Unseen),
            Some([]) => Fate::Deleted,
            Some(others) => Fate::Kept(KeptBecause::Shared, others.to_vec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn retention() -> Retention {
        Retention { keep: 3, younger_than: Some(10 * DAY), protect: [2].into() }
    }

    /// Nothing spares it.
    fn old<'a>() -> OldVersion<'a> {
        OldVersion { number: 1, newer: 3, age: Some(10 * DAY), unseen: false, used_by: &[], shared_with: Some(&[]) }
    }

    #[test]
    fn the_first_reason_decides() {
        let function = ["orders:7".to_owned()];
        let account = ["210987654321".to_owned()];
        let kept = |because| Fate::Kept(because, Vec::new());
        // From the last line of the table up, each beside all that are above it.
        let mut version = old();
        assert_eq!(retention().fate(&version), Fate::Deleted);
        version.unseen = true;
        assert_eq!(retention().fate(&version), kept(KeptBecause::Unseen));
        version.shared_with = Some(&account);
        assert_eq!(retention().fate(&version), Fate::Kept(KeptBecause::Shared, account.to_vec()));
        version.shared_with = None;
        assert_eq!(retention().fate(&version), Fate::Unclear);
        version.used_by = &function;
        assert_eq!(retention().fate(&version), Fate::Kept(KeptBecause::Used, function.to_vec()));
        version.age = Some(10 * DAY - Duration::from_secs(1));
        assert_eq!(retention().fate(&version), kept(KeptBecause::Young));
        version.age = None;
        assert_eq!(retention().fate(&version), kept(KeptBecause::Young), "nobody says how old it is");
        version.newer = 2;
        assert_eq!(retention().fate(&version), kept(KeptBecause::Newest));
        version.number = 2;
        assert_eq!(retention().fate(&version), kept(KeptBecause::Protected));
        version.newer = 0;
        assert_eq!(retention().fate(&version), kept(KeptBecause::Latest));
    }

    #[test]
    fn without_days_an_age_does_not_count() {
        let retention = Retention { younger_than: None, ..retention() };
        assert_eq!(retention.fate(&OldVersion { age: None, ..old() }), Fate::Deleted);
    }

    proptest! {
        #[test]
        fn nothing_that_is_spared_is_deleted(
            keep in 1_usize..5, number in 1_u64..5, newer in 0_usize..8, days in proptest::option::of(0_u32..20),
            used: bool, unseen: bool, shared in proptest::option::of(proptest::bool::ANY),
        ) {
            let who = ["somebody".to_owned()];
            let retention = Retention { keep, ..retention() };
            let list = |is: bool| if is { &who[..] } else { &[] };
            let version = OldVersion {
                number, newer, age: days.map(|days| DAY * days), unseen, used_by: list(used), shared_with: shared.map(list),
            };
            if retention.fate(&version) == Fate::Deleted {
                prop_assert!(newer >= keep && newer > 0 && number != 2 && !unseen && !used && shared == Some(false));
                prop_assert!(days.is_some_and(|days| days >= 10));
            }
        }
    }
}
