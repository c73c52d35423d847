//! How long a run still takes, from its pace so far, the calls that are still to be made, and the pace of the quota that they
//! wait for: as far as that can be told honestly, and nothing where it cannot. A pure function, under its table.

use std::time::Duration;

/// Before that a pace is a guess: of jobs that ended, and of what was deleted.
const DONE_AT_LEAST: usize = 5;
const ELAPSED_AT_LEAST: Duration = Duration::from_secs(3);
/// So many times the usual interval without any job that ended, and nobody knows the pace any more.
const PATIENCE: f64 = 10.0;

/// What is known of a run's work, as numbers alone.
///
/// Jobs are of two kinds: most only look and end, some go on to build, upload or publish, which takes far longer. Those that
/// only look end first: one pace for both would promise too much.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Work {
    /// All jobs.
    pub jobs: usize,
    /// Jobs that ended after a look.
    pub looked: usize,
    /// Jobs that ended after work.
    pub worked: usize,
    /// Jobs that are at work.
    pub at_work: usize,
    /// How long the run goes on.
    pub elapsed: Duration,
    /// How long it has gone on when a job ended last, or something was deleted.
    pub last: Duration,
    /// How long ago the first job began to work.
    pub working: Duration,
    /// Calls that those which worked have made, beside those of their look.
    pub called: usize,
    /// What was deleted so far, also by jobs at work. Where anything is, that is all that the work consists of.
    pub deleted: usize,
    /// What waits for turns in the quota of each target.
    pub lanes: Vec<Lane>,
}

/// A target, and the quota that its calls wait for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lane {
    /// Jobs of it that were taken up.
    pub started: usize,
    /// Calls that its jobs at work are still to make.
    pub calls: usize,
    /// Calls a second at which turns were last given, or things deleted, once any was.
    pub rate: Option<f64>,
    /// Jobs that wait for their turn: it is the quota that they go as fast as.
    pub queueing: usize,
}

impl Work {
    /// How long the rest takes, if that can be told.
    pub fn left(&self) -> Option<Duration> {
        let ended = self.looked + self.worked;
        let done = ended + self.deleted;
        if done < DONE_AT_LEAST || self.elapsed < ELAPSED_AT_LEAST || ended >= self.jobs {
            return None;
        }
        let interval = self.last.as_secs_f64() / count(done);
        let silence = self.elapsed.saturating_sub(self.last).as_secs_f64();
        if silence > (PATIENCE * interval).max(ELAPSED_AT_LEAST.as_secs_f64()) {
            return None;
        }
        // What is known of those whose kind is known goes for the others as well.
        let known = ended + self.at_work;
        let unknown = count(self.jobs.saturating_sub(known));
        let share = count(self.worked + self.at_work) / count(known.max(1));
        let looks = time(unknown * (1.0 - share), count(self.looked), self.elapsed)?;
        let works = unknown * share + count(self.at_work);
        // One is always half done.
        let worked = if self.worked == 0 { 0.0 } else { count(self.worked) + 0.5 };
        let by_pace = time(works, worked, self.working);
        let works = match self.by_calls(unknown * share) {
            // One layer has two old versions and the next one two hundred.
            Some(by_calls) if self.deleted > 0 => by_calls,
            // How fast they went so far does not matter: the quota may be shared with others only since then.
            Some(by_calls) if self.lanes.iter().any(|lane| lane.queueing > 0) => by_calls,
            // Something else holds them up, such as uploads; no faster than the quota in any case.
            Some(by_calls) => by_calls.max(by_pace?),
            None if self.deleted > 0 => return None,
            None => by_pace?,
        };
        // A stopped clock, or a number of jobs beyond all measure.
        Duration::try_from_secs_f64(looks.max(works)).ok()
    }

    /// How long the quotas need for the calls that are still to be made: by the jobs at work, and by so many of which that is
    /// not known yet. `None` where there are such and no job that worked has ended, or a target has given no turn.
    fn by_calls(&self, unknown: f64) -> Option<f64> {
        let each = match self.worked {
            // What is to be deleted is known as soon as a job is at work.
            _ if self.deleted > 0 => {
                let known = self.deleted + self.lanes.iter().map(|lane| lane.calls).sum::<usize>();
                count(known) / count((self.worked + self.at_work).max(1))
            }
            0 if unknown < 0.5 => 0.0,
            0 => return None,
            worked => count(self.called) / count(worked),
        };
        let started: usize = self.lanes.iter().map(|lane| lane.started).sum();
        let busy = self.lanes.iter().filter(|lane| lane.calls > 0 || lane.rate.is_some());
        let times = busy.map(|lane| {
            let coming = unknown * each * count(lane.started) / count(started.max(1));
            Some((count(lane.calls) + coming) / lane.rate.filter(|rate| *rate > 0.0)?)
        });
        times.collect::<Option<Vec<f64>>>()?.into_iter().reduce(f64::max)
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

    /// Half a minute after the beginning, the last job ended just now: 50 looked, 10 worked, 20 are at work.
    fn middle() -> Work {
        Work {
            jobs: 200,
            looked: 50,
            worked: 10,
            at_work: 20,
            elapsed: at(30.0),
            last: at(30.0),
            working: at(21.0),
            called: 10,
            deleted: 0,
            lanes: Vec::new(),
        }
    }

    fn lane(calls: usize, rate: f64, queueing: usize) -> Lane {
        Lane { started: 80, calls, rate: Some(rate), queueing }
    }

    /// Of the 120 jobs of which nothing is known, 75 will look and 45 work, as 50 and 30 of 80 do.
    #[test]
    fn the_table_of_what_is_left() {
        let with = |lanes: Vec<Lane>| Work { lanes, ..middle() };
        let quick = |work: Work| Work { elapsed: at(4.0), last: at(4.0), working: at(2.1), ..work };
        let table = [
            ("by their pace: 65 works of which 10.5 took 21 s", middle(), Some(130.0)),
            ("a quota that nobody waits for is a bound", quick(with(vec![lane(20, 2.0, 0)])), Some(32.5)),
            ("and no more than that", with(vec![lane(20, 100.0, 0)]), Some(130.0)),
            (
                "what waits for turns: 20 calls and 45 of those to come, at 5 a second",
                quick(with(vec![lane(20, 5.0, 9)])),
                Some(13.0),
            ),
            ("at half of that", quick(with(vec![lane(20, 2.5, 9)])), Some(26.0)),
            ("however slow it was before", with(vec![lane(20, 1.3, 9)]), Some(50.0)),
            ("two calls for each", quick(Work { called: 20, ..with(vec![lane(40, 5.0, 9)]) }), Some(26.0)),
            ("looks may take longest: 75 of which 50 took 30 s", with(vec![lane(20, 15.0, 9)]), Some(45.0)),
            (
                "two targets, each with a quota: the slower one counts",
                quick(with(vec![lane(10, 15.0, 1), lane(10, 1.0, 9)])),
                Some(32.5),
            ),
            (
                "a target that has given no turn yet: by their pace",
                with(vec![lane(10, 9.0, 9), Lane { calls: 10, ..Lane::default() }]),
                Some(130.0),
            ),
            (
                "a target that has nothing to call does not count",
                quick(with(vec![lane(20, 5.0, 9), Lane::default()])),
                Some(13.0),
            ),
            (
                "what is deleted goes by its own pace: 260 things, and 45 times 20 of those to come",
                Work { called: 300, deleted: 340, ..with(vec![lane(260, 11.6, 0)]) },
                Some(100.0),
            ),
            (
                "of few layers with many versions none has ended yet",
                Work {
                    jobs: 3,
                    looked: 0,
                    worked: 0,
                    at_work: 3,
                    called: 0,
                    deleted: 90,
                    ..with(vec![lane(60, 3.0, 0)])
                },
                Some(20.0),
            ),
            (
                "a target where nothing was deleted yet",
                Work { deleted: 90, ..with(vec![lane(60, 3.0, 0), Lane { calls: 10, ..Lane::default() }]) },
                None,
            ),
            ("the last ones", Work { jobs: 61, at_work: 1, ..with(vec![lane(1, 0.1, 1)]) }, Some(10.0)),
            ("too few ended", Work { looked: 2, worked: 2, ..middle() }, None),
            ("too early", Work { elapsed: at(2.9), last: at(2.9), ..middle() }, None),
            ("all ended", Work { looked: 190, at_work: 0, ..middle() }, None),
            ("no work has ended yet", Work { worked: 0, called: 0, ..with(vec![lane(20, 5.0, 9)]) }, None),
            ("nothing ends any more", Work { elapsed: at(36.0), ..middle() }, None),
            ("a stopped clock", Work { working: at(0.0), ..with(vec![lane(20, 0.0, 9)]) }, Some(45.0)),
        ];
        for (name, work, expected) in table {
            assert_eq!(work.left().map(|left| left.as_secs_f64()), expected, "{name}");
        }
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
