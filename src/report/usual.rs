//! How long what a job does usually takes in this run: what takes far longer has no end that anybody could tell.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::event::{Activity, Happening, JobId};
use crate::outcome::Outcome;

/// So many times as long as it ever took.
const FAR_BEYOND: u32 = 4;
/// Below that nobody takes anything for hung.
const AT_LEAST: Duration = Duration::from_secs(3);

/// What each job does, since when, and how long that took at most where it went well.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Usual {
    running: BTreeMap<JobId, (Activity, Duration)>,
    longest: HashMap<Activity, Duration>,
}

impl Usual {
    /// Takes in what happened.
    pub fn apply(&mut self, event: &Happening, now: Duration) {
        match event {
            // Whoever looks again and again at the same lock does one thing.
            Happening::ActivityEntered { job, activity } if self.doing(*job) != Some(*activity) => {
                self.ended(*job, now);
                self.running.insert(*job, (*activity, now));
            }
            // A request that was given up after a minute is not what is usual.
            Happening::JobFinished { job, report, .. } if report.outcome == Outcome::Failed => {
                self.running.remove(job);
            }
            Happening::JobFinished { job, .. } => self.ended(*job, now),
            Happening::JobSetAside { job } => _ = self.running.remove(job),
            _ => {}
        }
    }

    fn doing(&self, job: JobId) -> Option<Activity> {
        self.running.get(&job).map(|(activity, _)| *activity)
    }

    fn ended(&mut self, job: JobId, now: Duration) {
        if let Some((activity, since)) = self.running.remove(&job) {
            let longest = self.longest.entry(activity).or_default();
            *longest = (*longest).max(now.saturating_sub(since));
        }
    }

    /// Whether a job does something for far longer than that ever took. What goes by the size of a layer, or by the quota, has
    /// no usual time.
    pub fn is_exceeded(&self, now: Duration) -> bool {
        self.running.values().filter(|(activity, _)| is_short(*activity)).any(|(activity, since)| {
            let usual = self.longest.get(activity).map(|longest| (*longest * FAR_BEYOND).max(AT_LEAST));
            usual.is_some_and(|usual| now.saturating_sub(*since) > usual)
        })
    }
}

fn is_short(activity: Activity) -> bool {
    match activity {
        Activity::Building | Activity::Packing | Activity::Staging | Activity::Queueing | Activity::Pruning => false,
        Activity::Checking
        | Activity::Locking
        | Activity::Publishing
        | Activity::Confirming
        | Activity::Recording
        | Activity::Sharing
        | Activity::Attesting
        | Activity::Announcing => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Tally;
    use crate::report::samples::job;

    fn at(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    fn enter(usual: &mut Usual, job: JobId, activity: Activity, seconds: f64) {
        usual.apply(&Happening::ActivityEntered { job, activity }, at(seconds));
    }

    fn finish(usual: &mut Usual, id: JobId, outcome: Outcome, seconds: f64) {
        let report = Box::new(job("a", "x", outcome));
        usual.apply(&Happening::JobFinished { job: id, report, tally: Tally::of(9) }, at(seconds));
    }

    #[test]
    fn what_takes_far_longer_than_ever_has_no_usual_end() {
        let mut usual = Usual::default();
        enter(&mut usual, 0, Activity::Publishing, 0.0);
        enter(&mut usual, 1, Activity::Publishing, 0.0);
        assert!(!usual.is_exceeded(at(60.0)), "nobody knows what is usual");
        enter(&mut usual, 0, Activity::Recording, 2.0);
        assert!(!usual.is_exceeded(at(8.0)));
        assert!(usual.is_exceeded(at(8.1)));
        // It went on: that is what it takes at most, from now on.
        enter(&mut usual, 1, Activity::Recording, 10.0);
        enter(&mut usual, 2, Activity::Publishing, 10.0);
        finish(&mut usual, 0, Outcome::Published, 10.0);
        finish(&mut usual, 1, Outcome::Published, 10.5);
        assert!(!usual.is_exceeded(at(50.0)));
        // What failed after a minute is not.
        finish(&mut usual, 2, Outcome::Failed, 70.0);
        enter(&mut usual, 3, Activity::Publishing, 70.0);
        assert!(usual.is_exceeded(at(110.1)));
    }

    #[test]
    fn what_is_short_may_take_some_seconds_and_what_goes_by_size_as_long_as_it_likes() {
        let mut usual = Usual::default();
        for activity in [Activity::Locking, Activity::Staging] {
            enter(&mut usual, 0, activity, 0.0);
            enter(&mut usual, 0, Activity::Checking, 0.1);
        }
        enter(&mut usual, 1, Activity::Staging, 1.0);
        usual.apply(&Happening::JobSetAside { job: 0 }, at(1.0));
        assert!(!usual.is_exceeded(at(1000.0)));
        enter(&mut usual, 2, Activity::Locking, 1000.0);
        assert!(!usual.is_exceeded(at(1003.0)) && usual.is_exceeded(at(1003.1)));
    }
}
