//! What the events of a run tell of its pace, and of the calls that its jobs are still to make.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::event::{Activity, Fact, Happening, JobId};
use crate::outcome::Decision;
use crate::report::estimate::{Lane, Work};

/// The work of a run at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pace {
    looked: usize,
    worked: usize,
    called: usize,
    /// When the first job began to work.
    work_began: Option<Duration>,
    /// When a job ended last, or something was deleted.
    last: Duration,
    running: BTreeMap<JobId, Job>,
    targets: BTreeMap<String, Target>,
}

/// A job that runs.
#[derive(Clone, Debug, Default, PartialEq)]
struct Job {
    target: String,
    /// Whether it does more than look.
    at_work: bool,
    /// Whether it waits for its turn in the quota.
    queueing: bool,
    /// Calls beside those of its look: made, and still to be made as far as it knows.
    called: usize,
    to_call: usize,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Target {
    started: usize,
    rate: Option<f64>,
    /// What was deleted there: the turns for that are given without a word.
    deleted: usize,
}

impl Target {
    /// Calls a second: as things were deleted in all that time, or as turns were last given.
    fn rate_of(&self, working: Duration) -> Option<f64> {
        let deleted = u32::try_from(self.deleted).ok().filter(|deleted| *deleted > 0);
        deleted.map(|deleted| f64::from(deleted) / working.as_secs_f64()).or(self.rate)
    }
}

impl Pace {
    /// Takes in what happened.
    pub fn apply(&mut self, event: &Happening, now: Duration) {
        match event {
            Happening::JobStarted { job, target, .. } => {
                self.targets.entry(target.clone()).or_default().started += 1;
                self.running.insert(*job, Job { target: target.clone(), ..Job::default() });
            }
            Happening::ActivityEntered { job, activity } => self.enter(*job, *activity, now),
            Happening::FactFound { job, fact } => self.found(*job, fact, now),
            // It is done once more, and in earnest: what a rehearsal took says nothing about that.
            Happening::JobSetAside { job } => {
                self.running.remove(job);
                let running = std::mem::take(&mut self.running);
                *self = Self { running, ..Self::default() };
            }
            Happening::JobFinished { job, .. } => {
                self.last = now;
                match self.running.remove(job) {
                    Some(job) if job.at_work => {
                        self.worked += 1;
                        self.called += job.called;
                    }
                    _ => self.looked += 1,
                }
            }
            _ => {}
        }
    }

    fn enter(&mut self, job: JobId, activity: Activity, now: Duration) {
        let Some(job) = self.running.get_mut(&job) else { return };
        job.queueing = activity == Activity::Queueing;
        if matches!(activity, Activity::Building | Activity::Staging | Activity::Locking | Activity::Publishing) {
            job.at_work = true;
            self.work_began.get_or_insert(now);
        }
    }

    fn found(&mut self, job: JobId, fact: &Fact, now: Duration) {
        let Some(job) = self.running.get_mut(&job) else { return };
        match fact {
            Fact::Decided { decision, .. } => job.to_call = usize::from(*decision == Decision::Publish),
            Fact::GrantsCompared { to_grant, to_revoke, .. } => job.to_call = to_grant.len() + to_revoke.len(),
            Fact::VersionsSorted { to_delete, .. } => job.to_call = to_delete.len(),
            Fact::ArchivesSorted { to_delete } => job.to_call += to_delete.len(),
            Fact::VersionDeleted { .. } | Fact::ArchiveDeleted { .. } => {
                job.called += 1;
                job.to_call = job.to_call.saturating_sub(1);
                self.last = now;
                self.targets.entry(job.target.clone()).or_default().deleted += 1;
            }
            Fact::VersionPublished { .. }
            | Fact::VersionFound { .. }
            | Fact::GrantMade { .. }
            | Fact::GrantTaken { .. } => {
                job.called += 1;
                job.to_call = job.to_call.saturating_sub(1);
            }
            Fact::TurnGiven { requests_per_second } => {
                self.targets.entry(job.target.clone()).or_default().rate = Some(*requests_per_second);
            }
            _ => {}
        }
    }

    /// Turns a second that a target's jobs were last given.
    pub fn rate(&self, target: &str) -> Option<f64> {
        self.targets.get(target)?.rate
    }

    /// How long the rest of so many jobs takes, if that can be told.
    pub fn left(&self, jobs: usize, began: Duration, now: Duration) -> Option<Duration> {
        let at_work = || self.running.values().filter(|job| job.at_work);
        let working = now.saturating_sub(self.work_began.unwrap_or(now));
        let lane = |(name, target): (&String, &Target)| {
            let of_it = || at_work().filter(|job| job.target == *name);
            let (calls, queueing) = (of_it().map(|job| job.to_call).sum(), of_it().filter(|job| job.queueing).count());
            Lane { started: target.started, calls, rate: target.rate_of(working), queueing }
        };
        let work = Work {
            jobs,
            looked: self.looked,
            worked: self.worked,
            at_work: at_work().count(),
            elapsed: now.saturating_sub(began),
            last: self.last.saturating_sub(began),
            working,
            called: self.called,
            deleted: self.targets.values().map(|target| target.deleted).sum(),
            lanes: self.targets.iter().map(lane).collect(),
        };
        work.left()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{Outcome, Reason, Tally};
    use crate::report::samples::job as report;
    use std::sync::Arc;

    fn at(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    /// What is promised at each moment of a run of so many jobs, of which each tenth publishes. Looks take a twentieth of a
    /// second each; turns come one after the other, a little slower than they are asked for, and from the tenth second on at another pace.
    fn promises(jobs: usize, later: f64) -> (Vec<(f64, f64)>, f64) {
        let mut happens: Vec<(f64, Happening)> = Vec::new();
        let (mut turn, mut over): (f64, f64) = (0.0, 0.0);
        let tally = Tally::of(jobs);
        let finished = |job, outcome| Happening::JobFinished {
            job,
            report: Box::new(report("a", "x", outcome)),
            tally: tally.clone(),
        };
        for job in 0..jobs {
            let looked = 0.05 * (job + 1) as f64;
            let (layer, target) = ("a".to_owned(), "x".to_owned());
            happens.push((looked - 0.05, Happening::JobStarted { job, layer, target }));
            if job % 10 > 0 {
                happens.push((looked, finished(job, Outcome::Unchanged)));
                continue;
            }
            let found = |fact| Happening::FactFound { job, fact };
            let (decision, reason) = (Decision::Publish, Reason::DependenciesChanged);
            let (settings, dependencies) = (Vec::new(), Arc::default());
            happens.push((looked, found(Fact::Decided { decision, reason, settings, dependencies })));
            for activity in [Activity::Locking, Activity::Queueing] {
                happens.push((looked, Happening::ActivityEntered { job, activity }));
            }
            let rate = if turn < 10.0 { 1.8 } else { later };
            turn = turn.max(looked) + 1.0 / rate;
            let arn = "arn:aws:lambda:us-east-1:123456789012:layer:a:3".parse().unwrap();
            happens.push((turn, found(Fact::TurnGiven { requests_per_second: rate })));
            happens.push((turn, Happening::ActivityEntered { job, activity: Activity::Publishing }));
            happens.push((turn + 0.1, found(Fact::VersionPublished { arn, request_id: None })));
            happens.push((turn + 0.1, finished(job, Outcome::Published)));
            over = over.max(turn + 0.1);
        }
        happens.sort_by(|one, other| one.0.total_cmp(&other.0));
        let (mut pace, mut said) = (Pace::default(), Vec::new());
        for (when, event) in happens {
            pace.apply(&event, at(when));
            said.extend(pace.left(jobs, at(0.0), at(when)).map(|left| (when, left.as_secs_f64())));
        }
        (said, over)
    }

    #[test]
    fn what_is_promised_is_kept_within_a_fifth_although_the_quick_ones_end_first() {
        let (said, over) = promises(400, 1.8);
        assert!(said.len() > 300, "next to nothing was promised");
        for (when, left) in said {
            let error = (when + left - over).abs();
            assert!(error <= over / 5.0, "at {when:.1} s: {left:.1} s left, but it took until {over:.1} s");
        }
    }

    /// The pace so far would promise too much for a long time, or too little.
    #[test]
    fn a_quota_that_became_slower_or_faster_is_believed_at_once() {
        for later in [0.5, 8.0] {
            let (said, over) = promises(400, later);
            let after: Vec<_> = said.into_iter().filter(|(when, _)| *when > 13.0).collect();
            assert!(after.len() > 20, "next to nothing was promised at {later}");
            for (when, left) in after {
                let error = (when + left - over).abs();
                let most = over / 5.0;
                assert!(error <= most, "{later}: at {when:.1} s: {left:.1} s left, but it took until {over:.1} s");
            }
        }
    }

    #[test]
    fn a_rehearsal_says_nothing_about_the_pace_of_what_follows() {
        let mut pace = Pace::default();
        let start = |job| Happening::JobStarted { job, layer: "a".to_owned(), target: "x".to_owned() };
        let finish = |job| Happening::JobFinished {
            job,
            report: Box::new(report("a", "x", Outcome::Unchanged)),
            tally: Tally::of(100),
        };
        for job in 0..6 {
            pace.apply(&start(job), at(0.0));
        }
        for job in 0..5 {
            pace.apply(&finish(job), at(5.0));
        }
        assert_eq!(pace.left(100, at(0.0), at(5.0)), Some(at(95.0)));
        pace.apply(&Happening::JobSetAside { job: 5 }, at(5.0));
        assert_eq!(pace.left(100, at(0.0), at(5.0)), None);
    }

    /// The first layers have two old versions each, the others forty; four layers at once, a version each fifth of a second.
    #[test]
    fn what_a_prune_promises_goes_by_what_is_to_be_deleted() {
        let versions: Vec<u64> = (0..16).map(|job| if job < 8 { 2 } else { 40 }).collect();
        let over = 0.2 * 40.0 * 2.0 + 0.2 * 2.0 * 2.0;
        let mut happens: Vec<(f64, Happening)> = Vec::new();
        for (job, &many) in versions.iter().enumerate() {
            let begun = if job < 8 { 0.4 * (job / 4) as f64 } else { 0.8 + 8.0 * ((job - 8) / 4) as f64 };
            let (layer, target) = ("a".to_owned(), "x".to_owned());
            happens.push((begun, Happening::JobStarted { job, layer, target }));
            let found = |fact| Happening::FactFound { job, fact };
            happens.push((begun, found(Fact::VersionsSorted { to_delete: (0..many).collect(), kept: Vec::new() })));
            happens.push((begun, Happening::ActivityEntered { job, activity: Activity::Locking }));
            happens.push((begun, Happening::ActivityEntered { job, activity: Activity::Pruning }));
            let arn: crate::layer::VersionArn = "arn:aws:lambda:us-east-1:123456789012:layer:a:3".parse().unwrap();
            let ends = |number: u64| begun + 0.2 * (number + 1) as f64;
            happens.extend((0..many).map(|number| (ends(number), found(Fact::VersionDeleted { arn: arn.clone() }))));
            let report = Box::new(report("a", "x", Outcome::Pruned));
            happens.push((ends(many - 1), Happening::JobFinished { job, report, tally: Tally::of(16) }));
        }
        happens.sort_by(|one, other| one.0.total_cmp(&other.0));
        let (mut pace, mut late) = (Pace::default(), Vec::new());
        for (when, event) in happens {
            pace.apply(&event, at(when));
            late.extend(pace.left(16, at(0.0), at(when)).filter(|_| when > 9.0).map(|left| (when, left.as_secs_f64())));
        }
        assert!(late.len() > 100, "next to nothing was promised");
        for (when, left) in late {
            assert!((when + left - over).abs() <= over / 5.0, "at {when:.1} s: {left:.1} s left, of {over:.1} s");
        }
    }
}
