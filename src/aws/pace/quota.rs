//! How fast requests may leave: what is left of a quota that others use too, found from nothing but which requests were
//! throttled. A pure value: moments go in as durations since the pace began, and no clock is read.
//!
//! Lambda meters with a token bucket: tokens come at a steady rate, each request takes one, and a request that finds
//! less than one is throttled and takes none. How many tokens a second are left for this run, and how many the bucket
//! can save up, nobody tells. Three facts are enough:
//!
//! - At a throttle the bucket was empty. If `n` requests went through between two throttles that lie `t` apart, at most
//!   `n + 1` tokens came in that time: no more than `(n + 1) / t` a second are left. A few throttles right after each
//!   other so close in on the rate, and they cost no time, since they take no token.
//! - At a rate a little below that, there are no throttles, whatever the bucket saves up.
//! - That more is left again can only be found by trying. A try goes a little faster. If its surplus goes through, more
//!   than what the bucket can have saved up meanwhile, then more is left: back to the full pace at once. If it is
//!   throttled, nothing was lost but one throttle.
//!
//! | estimate | pace | a throttle means | it ends |
//! |---|---|---|---|
//! | free | the setting | others use the quota: slower, by what the throttles tell | at a throttle |
//! | found | a little below what is left | less is left | after twenty requests for each throttle, or 7.5 seconds |
//! | trying | a quarter faster | nothing more is left | when the surplus went through: free; at a throttle: found |
//!
//! Answers come late, and in any order: every request carries the round in which it left. A throttle of an earlier
//! round was not caused by today's pace, and only makes the bound more exact. A request whose answer has not come yet
//! counts as gone through.
//!
//! The numbers below are chosen by simulation (`simulation.rs`): quotas from 3 to 15 a second and bursts from 1 to 15,
//! networks from 2 to 80 ms, work of up to 800 ms. Of each quota six sevenths are used or more, at most one request in
//! twenty is throttled, and from 7 a second on the full pace is back within five seconds after others stopped.

use std::collections::VecDeque;
use std::time::Duration;

/// Share of what is left that is used: the rest is for clocks and networks that are not exact.
const USED: f64 = 0.97;
/// What remains of the estimate at a throttle that tells nothing more exact.
const SLOWER: f64 = 0.96;
/// Requests between a throttle and the next try, and more of them for each further throttle of the same try.
const STEADY: u32 = 20;
/// A try does not wait longer than this, however few requests there are.
const PATIENCE: f64 = 7.5;
/// How much faster a try is: by this factor, and by so many requests a second at least.
const TRY_FACTOR: f64 = 1.25;
const TRY_MORE: f64 = 2.0;
/// Requests above what was found that must go through: one for what the bucket may have had left …
const SURPLUS: f64 = 1.2;
/// … and this for each request since the last throttle, for what the bucket may have saved up meanwhile.
const SAVED: f64 = 0.05;
/// Requests may arrive so much closer to each other than they left, in seconds.
const UNSURE: f64 = 0.005;
/// Share of the rate at which a request was throttled after one that went through, below which windows of several are
/// not believed.
const AT_LEAST: f64 = 0.9;
/// Once so many requests went through one after the other, the bucket may have been full, and tokens lost: throttles
/// before and after do not tell a rate together.
const CLEAN: u32 = 6;
/// How late a timer may be without the next request being late too, in seconds.
const LATE: f64 = 0.002;
/// No slower than this, in requests a second.
const SLOWEST: f64 = 0.5;
/// Longest time that `Retry-After` is believed for.
const LONGEST_REST: Duration = Duration::from_secs(60);
/// Requests that are remembered to see what throttles tell.
const REMEMBERED: usize = 256;

/// A request that left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Departure {
    at: f64,
    round: u32,
    /// What it took beyond what was found to be left.
    surplus: f64,
}

/// What is known of the requests a second that are left.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Estimate {
    Free,
    Found { rate: f64, steady: u32, clean: u32, since: f64 },
    Trying { rate: f64, needed: f64, passed: f64 },
}

/// What is known of a quota, and when the next request may leave.
#[derive(Clone, Debug)]
pub struct Quota {
    setting: f64,
    estimate: Estimate,
    round: u32,
    /// When the next one may leave, in seconds.
    next: f64,
    /// Requests since the quota was found to be shared: when they left, and whether they were throttled.
    left: VecDeque<(f64, bool)>,
}

impl Quota {
    /// At most so many requests a second.
    pub fn new(per_second: u32) -> Self {
        let setting = f64::from(per_second.max(1));
        Self { setting, estimate: Estimate::Free, round: 0, next: 0.0, left: VecDeque::new() }
    }

    /// When the next request may leave.
    pub fn next(&self) -> Duration {
        Duration::from_secs_f64(self.next)
    }

    /// Requests a second at the moment.
    pub fn pace(&self) -> f64 {
        match self.estimate {
            Estimate::Free => self.setting,
            Estimate::Found { rate, .. } => rate * USED,
            Estimate::Trying { rate, .. } => (rate * USED * TRY_FACTOR).max(rate * USED + TRY_MORE).min(self.setting),
        }
    }

    /// Whether nothing says that others use the quota.
    #[cfg(test)]
    pub fn is_free(&self) -> bool {
        self.estimate == Estimate::Free
    }

    /// A request leaves.
    pub fn leaves(&mut self, now: Duration) -> Departure {
        let now = now.as_secs_f64();
        self.go_on(now);
        // The next one follows the time that was planned, and not the moment at which a timer woke up; but a rest is not
        // saved up.
        self.next = self.next.max(now - LATE) + 1.0 / self.pace();
        if self.left.len() == REMEMBERED {
            self.left.pop_front();
        }
        self.left.push_back((now, false));
        let surplus = match self.estimate {
            Estimate::Trying { rate, .. } => 1.0 - rate * USED / self.pace(),
            _ => 0.0,
        };
        Departure { at: now, round: self.round, surplus }
    }

    /// From found to trying, when it is time.
    fn go_on(&mut self, now: f64) {
        let Estimate::Found { rate, steady, clean, since } = self.estimate else { return };
        let clean = clean + 1;
        if clean == CLEAN {
            self.left.clear();
        }
        if steady == 0 || now - since > PATIENCE {
            self.estimate = Estimate::Trying { rate, needed: SURPLUS + SAVED * f64::from(clean), passed: 0.0 };
            self.round += 1;
        } else {
            self.estimate = Estimate::Found { rate, steady: steady - 1, clean, since };
        }
    }

    /// It did not leave after all: its place is free again.
    pub fn stayed(&mut self, departure: Departure, now: Duration) {
        self.left.retain(|(at, _)| *at != departure.at);
        self.next = (self.next - 1.0 / self.pace()).max(now.as_secs_f64());
    }

    /// It was within the quota, whatever else became of it.
    pub fn passed(&mut self, departure: Departure) {
        let Estimate::Trying { rate, needed, passed } = self.estimate else { return };
        if departure.round != self.round {
            return;
        }
        let passed = passed + departure.surplus;
        if passed < needed {
            self.estimate = Estimate::Trying { rate, needed, passed };
        } else {
            self.estimate = Estimate::Free;
            self.round += 1;
            self.left.clear();
        }
    }

    /// It was throttled.
    pub fn throttled(&mut self, departure: Departure, now: Duration) {
        let now = now.as_secs_f64();
        if let Some(left) = self.left.iter_mut().find(|(at, _)| *at == departure.at) {
            left.1 = true;
        }
        let bound = self.bound(departure.at);
        let (pace, of_now) = (self.pace(), departure.round == self.round);
        let (rate, steady) = match self.estimate {
            Estimate::Found { rate, .. } if of_now => (bound.min(rate * SLOWER), STEADY),
            Estimate::Found { rate, steady, .. } => (rate.min(bound), steady + STEADY),
            Estimate::Free if of_now => (bound.min(self.setting * SLOWER), STEADY),
            Estimate::Trying { rate, .. } if of_now => (rate, STEADY),
            Estimate::Free | Estimate::Trying { .. } => return,
        };
        self.round += u32::from(of_now);
        self.estimate = Estimate::Found { rate: rate.max(SLOWEST), steady, clean: 0, since: now };
        // What was planned at the old pace waits for the new one.
        self.next += (1.0 / self.pace() - 1.0 / pace).max(0.0);
    }

    /// Nothing leaves before this is over.
    pub fn rests(&mut self, now: Duration, rest: Duration) {
        self.next = self.next.max((now + rest.min(LONGEST_REST)).as_secs_f64());
    }

    /// The most that can be left a second, by what went through between an earlier throttle and the one at `at`. Where
    /// the bucket was full in between, tokens were lost and this is too low, so it is not believed far below the rate at
    /// which the last one went through.
    fn bound(&self, at: f64) -> f64 {
        let (mut passed, mut bound, mut pause) = (0, f64::INFINITY, None);
        for (left, throttled) in self.left.iter().rev().filter(|(left, _)| *left < at) {
            let between = (at - left - UNSURE).max(UNSURE);
            if *throttled {
                bound = bound.min(f64::from(passed + 1) / between);
            } else {
                passed += 1;
                pause.get_or_insert(between);
            }
        }
        bound.max(pause.map_or(0.0, |pause| AT_LEAST / pause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// Lets a request leave when it may, and tells when that was.
    fn leave(quota: &mut Quota) -> (Departure, Duration) {
        let next = quota.next();
        (quota.leaves(next), next)
    }

    #[test]
    fn requests_are_spaced_and_a_rest_is_not_saved_up() {
        let mut quota = Quota::new(10);
        let times: Vec<u128> = (0..4).map(|_| leave(&mut quota).1.as_millis()).collect();
        assert_eq!(times, [0, 100, 200, 300]);
        quota.leaves(at(5_000));
        assert_eq!(quota.next().as_millis(), 5_098, "a timer may be 2 ms late, and no more");
        quota.leaves(at(5_099));
        assert_eq!(quota.next().as_millis(), 5_198, "what is late does not make the next one late");
    }

    #[test]
    fn two_throttles_tell_what_is_left_and_a_third_more_exactly() {
        let mut quota = Quota::new(10);
        let departures: Vec<Departure> = (0..12).map(|_| leave(&mut quota).0).collect();
        quota.throttled(departures[0], at(1_200));
        let first = quota.pace();
        assert!((9.0..9.5).contains(&first), "{first}");
        // All left before anybody knew: one in five went through.
        for throttled in [1, 2, 3, 5, 6, 7, 8, 10] {
            quota.throttled(departures[throttled], at(1_200));
        }
        let pace = quota.pace();
        assert!((1.9..3.0).contains(&pace), "{pace}: two in a second were left");
    }

    #[test]
    fn answers_to_an_earlier_try_do_not_count_for_this_one() {
        let mut quota = Quota::new(10);
        let (departure, now) = leave(&mut quota);
        quota.throttled(departure, now);
        let mut tried = || loop {
            let (departure, now) = leave(&mut quota);
            if departure.surplus > 0.0 {
                return (departure, now, quota.clone());
            }
            quota.passed(departure);
        };
        let (first, now, mut quota_then) = tried();
        for _ in 0..100 {
            quota_then.passed(first);
        }
        assert!(quota_then.is_free(), "a hundred answers to this try are enough");
        quota.throttled(first, now);
        let second = loop {
            let (departure, _) = leave(&mut quota);
            if departure.surplus > 0.0 {
                break departure;
            }
        };
        for _ in 0..100 {
            quota.passed(first);
        }
        assert!(!quota.is_free() && second.round > first.round);
    }

    #[test]
    fn nothing_leaves_before_retry_after() {
        let mut quota = Quota::new(10);
        let (departure, _) = leave(&mut quota);
        quota.throttled(departure, at(40));
        quota.rests(at(40), at(7_000));
        assert_eq!(quota.next().as_millis(), 7_040);
        let (departure, now) = leave(&mut quota);
        quota.throttled(departure, now);
        quota.rests(now, Duration::from_secs(86_400));
        assert_eq!(quota.next(), now + LONGEST_REST);
    }

    #[test]
    fn a_place_that_is_given_back_is_free_again() {
        let mut quota = Quota::new(10);
        let (_, _) = leave(&mut quota);
        let (departure, now) = leave(&mut quota);
        quota.stayed(departure, now + at(3));
        assert_eq!(quota.next(), now + at(3));
    }

    #[test]
    fn the_pace_never_exceeds_the_setting_or_ends() {
        let mut quota = Quota::new(10);
        for _ in 0..1_000 {
            let (departure, now) = leave(&mut quota);
            quota.throttled(departure, now);
            assert!(quota.pace() >= SLOWEST * USED && quota.pace() <= 10.0);
        }
        assert!(quota.pace() < 0.5);
        let started = quota.next();
        while quota.pace() < 10.0 {
            let (departure, _) = leave(&mut quota);
            quota.passed(departure);
        }
        assert!(quota.next() - started < Duration::from_secs(10), "back after {:?}", quota.next() - started);
    }
}
