//! The functions that something is done with: which of them run, what they wait for, and how long the rest takes.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::event::{Fact, Unanswered};
use crate::report::Shown;
use crate::report::estimate::Work;
use crate::report::fact_words::no_answer;
use crate::report::waiting::Waiting;
use crate::shown;

/// A function by its target and its name.
pub type Key = (String, String);

/// All of them at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Functions {
    /// How many they are, and how many of them ended.
    pub all: usize,
    pub ended: usize,
    running: BTreeMap<Key, Running>,
    pace: Pace,
}

/// A function that is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Running {
    started: Duration,
    /// What it waits for, and since when.
    waits: Option<(Wait, Duration)>,
    /// Its requests that have no answer for long, the oldest first.
    unanswered: Vec<Unanswered>,
}

/// What a function waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    /// That Lambda says that a change of it is in force.
    Change,
    /// Its turn in the quota, after a throttle.
    Quota,
}

/// How many ended since there were as many at once as there are now. A wave of a few functions says nothing about the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Pace {
    began: Duration,
    at_once: usize,
    ended: usize,
    last: Duration,
}

impl Functions {
    /// One was taken up.
    pub fn start(&mut self, key: Key, now: Duration) {
        self.running.insert(key, Running { started: now, waits: None, unanswered: Vec::new() });
        if self.running.len() > self.pace.at_once {
            self.pace = Pace { began: now, at_once: self.running.len(), ended: 0, last: now };
        }
    }

    /// One found something out; since when it is changed, if it is.
    pub fn found(&mut self, key: &Key, fact: &Fact, now: Duration) -> Option<Duration> {
        let running = self.running.get_mut(key)?;
        match fact {
            // What it does beside such a request ends no wait, and begins none.
            Fact::Unanswered(request) => running.unanswered.push(request.clone()),
            Fact::Answered(request) => running.unanswered.retain(|other| other != request),
            Fact::ChangeAwaited => running.waits = Some((Wait::Change, now)),
            Fact::Throttled => running.waits = Some((Wait::Quota, now)),
            _ => running.waits = None,
        }
        Some(running.started)
    }

    /// Nothing more is done with one; whether it had been taken up.
    pub fn end(&mut self, key: &Key, now: Duration) -> bool {
        let was_running = self.running.remove(key).is_some();
        let ended = usize::from(was_running);
        self.ended += ended;
        self.pace.ended += ended;
        self.pace.last = now;
        was_running
    }

    /// How many run.
    pub fn running(&self) -> usize {
        self.running.len()
    }

    /// How long the rest takes, as far as that can be told.
    pub fn left(&self, now: Duration) -> Option<Duration> {
        let Pace { began, ended, last, .. } = self.pace;
        let stands_still =
            |one: &Running| one.waits.is_some_and(|(wait, _)| wait == Wait::Quota) || !one.unanswered.is_empty();
        if !self.running.is_empty() && self.running.values().all(stands_still) {
            return None;
        }
        let elapsed = now.saturating_sub(began);
        let work = Work {
            jobs: self.all.saturating_sub(self.ended) + ended,
            worked: ended,
            at_work: self.running.len(),
            elapsed,
            last: last.saturating_sub(began),
            working: elapsed,
            ..Work::default()
        };
        work.left()
    }

    /// `orders us-east-1, waiting until its change is in force 12.0s`: the one that was taken up first.
    pub fn longest(&self, now: Duration) -> Option<Shown> {
        let ((target, function), one) = self.running.iter().min_by_key(|(_, one)| one.started)?;
        let (doing, since) = match &one.waits {
            Some((Wait::Change, since)) => ("waiting until its change is in force".into(), since),
            Some((Wait::Quota, since)) => (shown!("waiting {}", Waiting::Quota.words()), since),
            None => ("changing".into(), &one.started),
        };
        let seconds = format!("{:.1}s", now.saturating_sub(*since).as_secs_f64());
        let request = one.unanswered.first().map(|request| format!(", {}", no_answer(request))).unwrap_or_default();
        Some(shown!("{} {}, {} {}{}", function, target, doing, seconds, request))
    }
}
