//! Which parts of a run there are, and which reports tell of them: that of a part, or one that was made of several.

use std::collections::{BTreeMap, BTreeSet};

use crate::outcome::JobReport;
use crate::plan::{Part, PartOfRun, PartsOfRun};
use crate::report::model::Report;

/// Parts of one run.
pub struct Parts {
    /// One of them: it knows how many there are.
    one: Part,
    /// SHA-256 of the layers and targets of all jobs of the run.
    whole: String,
    build: Option<String>,
    held: BTreeMap<Part, Holder>,
}

/// A report that tells of a part.
struct Holder {
    name: String,
    /// It was made of several.
    is_merged: bool,
}

impl Parts {
    /// The parts that a report tells of, where it is of parts.
    ///
    /// # Errors
    /// It tells of parts that are not of one run.
    pub fn of(name: &str, report: &Report) -> Result<Option<Self>, String> {
        let holder = |is_merged| Holder { name: name.to_owned(), is_merged };
        match (&report.part, &report.made_of) {
            (Some(PartOfRun { part, whole, build }), _) => {
                let held = BTreeMap::from([(*part, holder(false))]);
                Ok(Some(Self { one: *part, whole: whole.clone(), build: build.clone(), held }))
            }
            (None, Some(PartsOfRun { parts, whole, build })) => {
                let one = parts.first().copied().filter(|one| parts.iter().all(|part| part.of() == one.of()));
                let one = one.ok_or_else(|| format!("{name} does not say of which parts of one run it is"))?;
                let held = parts.iter().map(|part| (*part, holder(true))).collect();
                Ok(Some(Self { one, whole: whole.clone(), build: build.clone(), held }))
            }
            (None, None) => Ok(None),
        }
    }

    /// Of the same jobs, split alike, and of one build where a build server says which.
    pub fn are_of_one_run_with(&self, other: &Self) -> bool {
        let builds_differ = self.build.is_some() && other.build.is_some() && self.build != other.build;
        self.whole == other.whole && self.one.of() == other.one.of() && !builds_differ
    }

    /// Parts that both tell of, each with the report that tells of it here.
    ///
    /// # Errors
    /// Two reports of one part, neither of which was made of several: nobody means to give a part twice.
    pub fn both(&self, other: &Self) -> Result<BTreeMap<Part, &str>, String> {
        let both = other.held.iter().filter_map(|(part, theirs)| Some((part, self.held.get(part)?, theirs)));
        let both = both.map(|(part, ours, theirs)| match ours.is_merged || theirs.is_merged {
            true => Ok((*part, ours.name.as_str())),
            false => Err(format!("{} and {} are both part {part}", ours.name, theirs.name)),
        });
        both.collect()
    }

    /// With the parts of another report. Of a part the report of that part itself is kept, which must be the only one.
    pub fn take(&mut self, other: Self) {
        for (part, holder) in other.held {
            if !holder.is_merged || !self.held.contains_key(&part) {
                self.held.insert(part, holder);
            }
        }
        self.build = self.build.take().or(other.build);
    }

    /// The part that a job is in.
    pub fn part_of(&self, job: &JobReport) -> Part {
        self.one.with(&job.layer, &job.target)
    }

    /// Parts that nothing tells of.
    pub fn missing(&self) -> Vec<Part> {
        // Of a run that claims more parts than there can be, the first that are missing say enough.
        let all = (1..=self.one.of()).map(|number| self.one.other(number));
        all.filter(|part| !self.held.contains_key(part)).take(self.held.len() + 1000).collect()
    }

    /// Whether these are all jobs of the run, and no others.
    pub fn are_all<'j>(&self, jobs: impl Iterator<Item = (&'j str, &'j str)>) -> bool {
        PartOfRun::new(self.one, jobs).whole == self.whole
    }

    /// These parts, as a report keeps them.
    pub fn kept(&self) -> PartsOfRun {
        let parts = self.held.keys().copied().collect();
        PartsOfRun { parts, whole: self.whole.clone(), build: self.build.clone() }
    }
}

/// The part of which two reports, which both have all jobs of some parts, tell differently.
pub fn told_differently<'j>(
    ours: impl Iterator<Item = &'j JobReport>,
    theirs: impl Iterator<Item = &'j JobReport>,
    part_of: impl Fn(&JobReport) -> Part,
) -> Option<Part> {
    let (ours, theirs) = (by_identity(ours), by_identity(theirs));
    let all: BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
    let odd = all.into_iter().find(|job| ours.get(*job) != theirs.get(*job))?;
    ours.get(odd).or_else(|| theirs.get(odd)).map(|job| part_of(job))
}

fn by_identity<'j>(jobs: impl Iterator<Item = &'j JobReport>) -> BTreeMap<(&'j str, &'j str), &'j JobReport> {
    jobs.map(|job| ((job.layer.as_str(), job.target.as_str()), job)).collect()
}
