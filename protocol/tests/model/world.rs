//! The world that the machines live in: one lock, one layer, its backups, requests under way, and the runs.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock};

use layership_protocol::{
    Body, Condition, Decision, Holder, Intent, Last, Machine, Md5, Outcome, Phase, Seen, Sha256, Step, Time, Version,
};

use crate::alike::{Aside, FromNow, START, etag, nonce};
use crate::setup::{Budget, Setup, Start, Weak};

/// A manifest and the zip that belongs to it.
pub type Change = u8;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct World {
    pub now: u64,
    pub long_ago: u64,
    pub lock: Option<Stored>,
    /// Writes of the lock whose run does not wait for them any more, and that may still be done.
    pub late: Vec<Late>,
    /// Publishes under way.
    pub requests: Vec<Request>,
    /// In the order of their numbers.
    pub versions: Vec<Made>,
    /// The last number that was given.
    pub counter: Version,
    pub backups: Vec<Backup>,
    pub runs: Vec<Run>,
    pub left: Budget,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stored {
    pub body: Body,
    pub modified: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Late {
    pub run: usize,
    pub body: Body,
    pub condition: Condition,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Request {
    pub run: usize,
    /// The latest version that the sender knew of.
    pub seen: Version,
    pub change: Change,
    /// The last tick at which its signature is accepted.
    pub until: u64,
    pub back_dated: bool,
    /// Accepted: when it is finished at the latest.
    pub finished_by: Option<u64>,
    /// Its run waits for the answer.
    pub waited_for: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Made {
    pub number: Version,
    pub change: Change,
    /// The run that published it; none for those that were there, and for others'.
    pub by: Option<usize>,
    pub born: u64,
    /// A higher version was there than its sender knew of.
    pub outdated: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Backup {
    pub version: Version,
    pub change: Change,
    /// It was there before its version.
    pub stray: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Run {
    /// Not begun.
    Idle,
    On(Arc<On>),
    Dead,
    /// It saw in preflight that there is nothing to do.
    Unchanged,
    Ended(Outcome),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct On {
    pub machine: Machine,
    pub main: Main,
    /// The renewal's step that is under way.
    pub side: Option<Step>,
    /// How often it wrote the lock.
    pub writes: Aside<u64>,
    /// The latest version that it decided with.
    pub seen: Version,
}

/// What a run is at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Main {
    /// This is to be done.
    Step(Step),
    /// It waits for the answer to a publish.
    Sent,
    /// This answer is there.
    Answer(Seen),
    /// Its answer waits for the renewal.
    Deferred,
}

static HOLDERS: LazyLock<Vec<Arc<Holder>>> = LazyLock::new(|| {
    let holder = |run| Holder { owner: format!("run {run}"), ..Holder::default() };
    (0..8).map(holder).map(Arc::new).collect()
});

pub fn holder(run: usize) -> Arc<Holder> {
    Arc::clone(&HOLDERS[run])
}

pub fn intent(change: Change) -> Intent {
    Intent { sha256: Sha256([change; 32]), manifest_md5: Md5([change; 16]) }
}

impl Hash for World {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let mut hasher = FromNow::new(hasher, self.now, self.long_ago);
        (&self.lock, &self.late, &self.requests, &self.versions, self.counter).hash(&mut hasher);
        (&self.backups, &self.runs, self.left).hash(&mut hasher);
    }
}

impl World {
    pub fn begin(setup: &Setup, start: Start) -> Self {
        let first = Made { number: 1, change: 0, by: None, born: START - 100, outdated: false };
        let mut world = Self {
            now: START,
            long_ago: long_ago(setup),
            lock: Some(Stored { body: free(1), modified: START - 100 }),
            late: Vec::new(),
            requests: Vec::new(),
            versions: vec![first],
            counter: 1,
            backups: vec![Backup { version: 1, change: 0, stray: false }],
            runs: vec![Run::Idle; setup.runs.len()],
            left: setup.budget,
        };
        match start {
            Start::Plain => {}
            Start::NoLock => world.lock = None,
            Start::Gap(missing) => world.counter = 1 + missing,
            Start::AllDeleted => world.versions.clear(),
            Start::Stray => world.backups.push(Backup { version: 2, change: 9, stray: true }),
        }
        world
    }

    pub fn highest(&self) -> Version {
        self.versions.last().map_or(0, |made| made.number)
    }

    pub fn version(&self, number: Version) -> Option<&Made> {
        self.versions.iter().find(|made| made.number == number)
    }

    pub fn backup(&self, version: Version) -> Option<&Backup> {
        self.backups.iter().find(|backup| backup.version == version)
    }

    /// The highest versions that a list may show: those that are younger than its lag may be missing.
    pub fn listed(&self, setup: &Setup) -> Vec<Version> {
        let certain =
            self.versions.iter().filter(|made| made.born + setup.lag < self.now).map(|made| made.number).max();
        let mut listed = vec![certain.unwrap_or(0)];
        listed.extend(self.versions.iter().map(|made| made.number).filter(|number| Some(*number) > certain));
        listed
    }

    /// What a run decides with this latest version.
    pub fn decide(&self, setup: &Setup, change: Change, latest: Version) -> Decision {
        let backup = self.backup(latest).filter(|backup| !backup.stray || setup.weak == Weak::BelievesStray);
        let content = self.version(latest).map(|made| made.change);
        match (content, backup) {
            (None, _) => Decision::Publish(intent(change)),
            (Some(content), None) if content == change => Decision::Adopt(latest, intent(change)),
            (Some(_), Some(backup)) if backup.change == change => Decision::Keep(latest),
            (Some(_), _) => Decision::Publish(intent(change)),
        }
    }

    pub fn holds(&self, condition: &Condition) -> bool {
        match (condition, &self.lock) {
            (Condition::Absent, None) => true,
            (Condition::Match(tag), Some(stored)) => *tag == etag(stored.body.nonce),
            _ => false,
        }
    }

    /// Nothing is under way, and nobody is at work.
    pub fn is_quiet(&self) -> bool {
        self.requests.is_empty() && !self.runs.iter().any(|run| matches!(run, Run::On(_)))
    }
}

/// One tick more than the longest duration.
fn long_ago(setup: &Setup) -> u64 {
    let rules = &setup.rules;
    let durations = [rules.lease, rules.lock_wait, rules.patience, rules.throttle_patience, rules.longest];
    let longest = durations.iter().map(|duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)).max();
    longest.unwrap_or_default().max(setup.lag) + 1
}

fn free(version: Version) -> Body {
    Body {
        phase: Phase::Free,
        holder: holder(7),
        time: Time::default(),
        seen: version,
        last: Some(Last { version, sha256: None, manifest_md5: None }),
        nonce: nonce(7, 0),
    }
}
