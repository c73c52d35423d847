//! Who asks for what a lock file names: the project, each of its extras and groups, each project of a workspace.
//!
//! An archive is built for some of them, and the lock file does not say for which. What it holds does: see
//! `archive::stale`.

/// Of more of them nothing is told in one lock file.
const MOST: usize = 64;

/// Some of those that ask in one lock file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Askers(u64);

impl Askers {
    /// None of them, which is also what is known where nobody tells.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether it is one alone.
    pub fn is_one(self) -> bool {
        self.0.is_power_of_two()
    }

    /// Those of both.
    #[must_use]
    pub fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Those that are not among others.
    #[must_use]
    pub fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Whether any is among others.
    pub fn meet(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }
}

/// The names of those that ask in one lock file.
#[derive(Debug, Clone, Default)]
pub(super) struct AskerNames(Vec<Box<str>>);

impl AskerNames {
    /// The one of this name.
    pub fn of(&mut self, name: &str) -> Askers {
        let known = self.0.iter().position(|known| **known == *name);
        let index = known.unwrap_or(self.0.len());
        // One more than there may be is kept, which tells that there were more.
        if known.is_none() && index <= MOST {
            self.0.push(name.into());
        }
        if index < MOST { Askers(1 << index) } else { Askers::default() }
    }

    /// All of these names.
    pub fn all_of<'n>(&mut self, names: impl Iterator<Item = &'n str>) -> Askers {
        names.fold(Askers::default(), |askers, name| askers.and(self.of(name)))
    }

    /// All of them; none where there are too many.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Askers)> {
        let told = self.0.iter().enumerate().filter(|_| self.0.len() <= MOST);
        told.map(|(index, name)| (&**name, Askers(1 << index)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_told_by_its_name_as_far_as_there_is_room() {
        let mut names = AskerNames::default();
        let (one, other) = (names.of("one"), names.of("other"));
        assert_eq!(names.of("one"), one);
        assert!(one.is_one() && !one.and(other).is_one() && !one.meet(other) && one.and(other).meet(other));
        assert_eq!(one.and(other).without(one), other);
        assert!(names.iter().eq([("one", one), ("other", other)]));
        let mut more = |count: usize| (0..count).filter(|index| names.of(&index.to_string()).is_one()).count();
        assert_eq!((more(MOST - 2), more(1_000)), (MOST - 2, MOST - 2));
        assert_eq!((names.iter().count(), names.0.len()), (0, MOST + 1));
    }
}
