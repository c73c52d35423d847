//! How long a run still takes, from its pace so far and the work that is still to be done: as far as that can be told
//! honestly, and nothing where it cannot.

use std::time::Duration;

use crate::event::Activity;

/// Before that a pace is a guess.
const JOBS_AT_LEAST: usize = 5;
const ELAPSED_AT_LEAST: Duration = Duration::from_secs(3);
/// So many times the usual interval without any job that ended, and nobody knows the pace any more.
const PATIENCE: f64 = 10.0;

/// Jobs of two kinds: most only look and end, some go on to build, upload or publish, which takes far longer and has
/// a pace of its own, that of Lambda's quota. Those that only look end first: one pace for both would promise too much.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// Jobs that ended after a look.
    looked: usize,
    /// Jobs that ended after work.
    worked: usize,
    /// Jobs that are at work.
    at_work: usize,
    /// When the first of them began to work.
    work_began: Option<Duration>,
    /// When a job ended last.
    last: Duration,
}

impl Pace {
    /// Whether a job that does this goes on to the work.
    pub fn is_work(activity: Activity) -> bool {
        matches!(activity, Activity::Building | Activity::Staging | Activity::Locking | Activity::Publishing)
    }

    /// A job began to work.
    pub fn begin_work(&mut self, now: Duration) {
        self.at_work += 1;
        self.work_began.get_or_insert(now);
    }

    /// A job ended, or was set aside.
    pub fn end(&mut self, at_work: bool, now: Duration) {
        self.last = now;
        if at_work {
            self.at_work = self.at_work.saturating_sub(1);
            self.worked += 1;
        } else {
            self.looked += 1;
        }
    }

    /// How long the rest of so many jobs takes, if that can be told.
    pub fn left(&self, jobs: usize, began: Duration, now: Duration) -> Option<Duration> {
        let ended = self.looked + self.worked;
        let elapsed = now.saturating_sub(began);
        if ended < JOBS_AT_LEAST || elapsed < ELAPSED_AT_LEAST || ended >= jobs {
            return None;
        }
        let interval = self.last.saturating_sub(began).as_secs_f64() / count(ended);
        if now.saturating_sub(self.last).as_secs_f64() > (PATIENCE * interval).max(ELAPSED_AT_LEAST.as_secs_f64()) {
            return None;
        }
        // What is known of those whose kind is known goes for the others as well.
        let known = ended + self.at_work;
        let unknown = count(jobs.saturating_sub(known));
        let share = count(self.worked + self.at_work) / count(known);
        let looks = time(unknown * (1.0 - share), count(self.looked), elapsed)?;
        let works = unknown * share + count(self.at_work);
        let working = now.saturating_sub(self.work_began.unwrap_or(now));
        // One is always half done.
        let worked = if self.worked == 0 { 0.0 } else { count(self.worked) + 0.5 };
        let left = looks.max(time(works, worked, working)?);
        // A stopped clock, or a number of jobs beyond all measure.
        Duration::try_from_secs_f64(left).ok()
    }
}

/// How long so many take, of which some took so long.
fn time(left: f64, ended: f64, took: Duration) -> Option<f64> {
    match left {
        _ if left < 0.5 => Some(0.0),
        _ if ended < 0.5 => None,
        _ => Some(left * took.as_secs_f64() / ended),
    }
}

#[allow(clippy::cast_precision_loss, reason = "there are no 2^52 jobs")]
fn count(jobs: usize) -> f64 {
    jobs as f64
}

/// A duration as a person would say it: `~45s`, `~4m30s`, `~12m`; always rounded up, as a promise should be.
pub fn roughly(left: Duration) -> String {
    let up_to = |step: u64| left.as_millis().div_ceil(1000).div_ceil(step.into()).max(1) * u128::from(step);
    match left.as_secs() {
        0..55 => format!("~{}s", up_to(5)),
        55..570 => {
            let seconds = up_to(30);
            let half = if seconds % 60 == 0 { "" } else { "30s" };
            format!("~{}m{half}", seconds / 60)
        }
        _ => format!("~{}m", up_to(60) / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    /// What is promised at each second of a run of so many jobs, of which each tenth works. Looks take a twentieth of a
    /// second each, works half a second, one after the other, as a quota makes them.
    fn promises(jobs: usize) -> (Vec<(f64, f64)>, f64) {
        let mut happens: Vec<(f64, bool, bool)> = Vec::new();
        let mut works_end: f64 = 0.0;
        for job in 0..jobs {
            let looked = 0.05 * (job + 1) as f64;
            if job % 10 == 0 {
                works_end = works_end.max(looked) + 0.5;
                happens.extend([(looked, true, false), (works_end, true, true)]);
            } else {
                happens.push((looked, false, true));
            }
        }
        happens.sort_by(|one, other| one.0.total_cmp(&other.0));
        let over = happens.last().unwrap().0;
        let (mut pace, mut said) = (Pace::default(), Vec::new());
        for (when, works, ends) in happens {
            if ends {
                pace.end(works, at(when))
            } else {
                pace.begin_work(at(when))
            }
            said.extend(pace.left(jobs, at(0.0), at(when)).map(|left| (when, left.as_secs_f64())));
        }
        (said, over)
    }

    #[test]
    fn what_is_promised_is_kept_within_a_fifth_although_the_quick_ones_end_first() {
        let (said, over) = promises(400);
        assert!(said.len() > 300, "next to nothing was promised");
        for (when, left) in said {
            let error = (when + left - over).abs();
            assert!(error <= over / 5.0, "at {when:.1} s: {left:.1} s left, but it took until {over:.1} s");
        }
    }

    #[test]
    fn nothing_is_promised_that_nobody_knows() {
        let mut pace = Pace::default();
        for _ in 0..4 {
            pace.end(false, at(3.0));
        }
        assert_eq!(pace.left(100, at(0.0), at(5.0)), None, "too few");
        pace.end(false, at(3.0));
        assert_eq!(pace.left(100, at(0.0), at(2.0)), None, "too early");
        assert_eq!(pace.left(100, at(0.0), at(5.0)), Some(at(95.0)));
        assert_eq!(pace.left(5, at(0.0), at(5.0)), None, "over");
        pace.begin_work(at(5.0));
        assert_eq!(pace.left(100, at(0.0), at(6.0)), None, "no work has ended yet");
        pace.end(true, at(6.0));
        assert!(pace.left(100, at(0.0), at(6.0)).is_some());
        assert_eq!(pace.left(100, at(0.0), at(60.0)), None, "nothing ends any more");
    }

    #[test]
    fn durations_are_rounded_up() {
        for (seconds, expected) in [
            (0.0, "~5s"),
            (0.2, "~5s"),
            (5.0, "~5s"),
            (5.1, "~10s"),
            (54.9, "~55s"),
            (55.0, "~1m"),
            (61.0, "~1m30s"),
            (90.1, "~2m"),
            (569.0, "~9m30s"),
            (570.0, "~10m"),
            (3601.0, "~61m"),
        ] {
            assert_eq!(roughly(at(seconds)), expected, "{seconds}");
        }
    }
}
