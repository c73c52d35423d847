//! How fast requests may leave: what is left of a quota that others use too, found from nothing but which requests were
//! throttled. A pure value: moments go in as durations since the pace began, and no clock is read.
//!
//! Lambda meters with a token bucket: tokens come at a steady rate, each request takes one, and a request that finds
//! less than one is throttled and takes none. How many tokens a second are left for this run, and how many the bucket
//! can save up, nobody tells. Four facts are enough:
//!
//! - At a throttle the bucket was empty. If `n` requests went through between two throttles that lie `t` apart, at most
//!   `n + 1` tokens came in that time: no more than `(n + 1) / t` a second are left. A few throttles right after each
//!   other so close in on the rate, and they cost no time, since they take no token.
//! - At a rate a little below that, there are no throttles, whatever the bucket saves up.
//! - That more is left again can only be found by trying. A try goes a little faster. If its surplus goes through, more
//!   than what the bucket can have saved up meanwhile, then so much is left, and the try goes on twice as fast. If it is
//!   throttled, nothing was lost but one throttle.
//! - Whether a request went through shows before its answer comes: a throttle comes sooner, since nothing was done, and
//!   how soon the last ones told. So work that takes long does not delay a try.
//!
//! | estimate | pace | a throttle means | it ends |
//! |---|---|---|---|
//! | free | the setting | others use the quota: slower, by what the throttles tell | at a throttle |
//! | found | a little below what is left | less is left | after twenty requests for each throttle |
//! | trying | faster, in stages | no more is left than in the stage before | at the setting: free; at a throttle: found |
//!
//! **Two runs at once** know nothing of each other, and a throttle hits either of them. So that they come to share alike,
//! who has more than half of the setting yields more at a throttle, waits longer for a try and tries more carefully than
//! who has less. It costs throttles: a try of either meets both, so that up to one request in ten is throttled, where it
//! is one in twenty beside a steady use. A bucket that saves up nothing cannot be shared: who is as fast as its tokens come
//! gets all of them.
//!
//! **What excludes each other.** At `r` requests a second, a try after twenty requests comes `20 / r` seconds after the
//! last one. So the full pace within five seconds after others stopped, and one throttle in twenty requests, can both be
//! had from six a second on; below, throttles stay rare and it takes up to `20 / r + 1.7` seconds. Below [`STARVED`] it is
//! the other way round: whoever gets so little is probably pushed aside by somebody who has more.
//!
//! The numbers below are chosen by simulation (`simulation.rs`).

use std::collections::VecDeque;
use std::time::Duration;

/// Share of what is left that is used: the rest is for clocks and networks that are not exact.
const USED: f64 = 0.97;
/// What remains of the setting at the first throttle, and at one after the full pace had come back.
const FIRST: f64 = 0.96;
const BACK: f64 = 0.8;
/// Requests between a throttle and the next try, and as many more for each further throttle of the same try.
const STEADY: u32 = 20;
/// A try does not wait longer than this, however few requests there are.
const PATIENCE: f64 = 7.5;
/// Fewer requests a second than this, and a try waits for its time alone.
const STARVED: f64 = 2.6;
/// How much faster a try becomes when its surplus went through.
const FASTER: f64 = 2.0;
/// Requests above what was found that must go through: one for what the bucket may have had left …
const SURPLUS: f64 = 1.2;
/// … and this for each request since the last throttle, for what the bucket may have saved up meanwhile.
const SAVED: f64 = 0.05;
/// How much later than the last ones a throttle may be told: by this factor, and by so many seconds.
const LATER: f64 = 1.2;
const LATER_BY: f64 = 0.01;
/// How fast it is forgotten that a throttle was told late.
const FORGOTTEN: f64 = 0.9;
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
const SLOWEST: f64 = 2.0;
/// Longest time that `Retry-After` is believed for.
const LONGEST_REST: Duration = Duration::from_secs(60);
/// Requests that are remembered to see what throttles tell.
const REMEMBERED: usize = 256;

/// How a run behaves towards others.
struct Manners {
    /// What remains of the estimate at a throttle that tells nothing more exact.
    slower: f64,
    /// Seconds between a throttle and the next try, at least.
    pause: f64,
    /// How much faster a try begins, in requests a second.
    more: f64,
}

/// Above this share of the setting, a run is generous.
const LARGE: f64 = 0.55;
const GENEROUS: Manners = Manners { slower: 0.9, pause: 3.0, more: 2.5 };
const EAGER: Manners = Manners { slower: 0.95, pause: 2.0, more: 3.0 };

/// A request that left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Departure {
    at: f64,
    round: u32,
    /// What was known to be left.
    base: f64,
    /// What it took beyond that.
    surplus: f64,
}

/// What is known of the requests a second that are left.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Estimate {
    Free,
    Found { rate: f64, steady: u32, clean: u32, since: f64 },
    Trying { rate: f64, pace: f64, needed: f64 },
}

/// What is known of a quota, and when the next request may leave.
#[derive(Clone, Debug)]
pub struct Quota {
    setting: f64,
    estimate: Estimate,
    /// Every request carries the round in which it left: a throttle of an earlier one was not caused by today's pace.
    round: u32,
    /// When the next one may leave, in seconds.
    next: f64,
    /// Requests that left, and whether they were throttled.
    left: VecDeque<(Departure, bool)>,
    /// The surplus of this round that is no longer remembered one by one.
    passed: f64,
    /// How long after its departure a throttle is told; `None` before the first one.
    told: Option<f64>,
}

impl Quota {
    /// At most so many requests a second.
    pub fn new(per_second: u32) -> Self {
        let setting = f64::from(per_second.max(1));
        Self { setting, estimate: Estimate::Free, round: 0, next: 0.0, left: VecDeque::new(), passed: 0.0, told: None }
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
            Estimate::Trying { pace, .. } => pace,
        }
    }

    /// Whether requests leave as fast as they may.
    #[cfg(test)]
    pub fn is_full(&self) -> bool {
        self.pace() >= self.setting
    }

    /// A request leaves.
    pub fn leaves(&mut self, now: Duration) -> Departure {
        let now = now.as_secs_f64();
        self.go_on(now);
        // The next one follows the time that was planned, and not the moment at which a timer woke up; but a rest is not
        // saved up.
        self.next = self.next.max(now - LATE) + 1.0 / self.pace();
        if self.left.len() == REMEMBERED
            && let Some((forgotten, _)) = self.left.pop_front()
            && forgotten.round == self.round
        {
            self.passed += forgotten.surplus;
        }
        let (base, surplus) = match self.estimate {
            Estimate::Free => (self.setting, 0.0),
            Estimate::Found { rate, .. } => (rate, 0.0),
            Estimate::Trying { rate, pace, .. } => (rate, 1.0 - rate * USED / pace),
        };
        let departure = Departure { at: now, round: self.round, base, surplus };
        self.left.push_back((departure, false));
        departure
    }

    /// From found to trying, and on from there, when it is time.
    fn go_on(&mut self, now: f64) {
        self.estimate = match self.estimate {
            Estimate::Found { rate, steady, clean, since } => {
                let clean = clean + 1;
                if clean == CLEAN {
                    self.left.clear();
                }
                let is_steady = (clean >= steady || rate < STARVED) && now - since >= self.manners(rate).pause;
                if !is_steady && now - since <= PATIENCE {
                    Estimate::Found { rate, steady, clean, since }
                } else {
                    let pace = (rate * USED + self.manners(rate).more).min(self.setting);
                    self.next_round();
                    Estimate::Trying { rate, pace, needed: SURPLUS + SAVED * f64::from(clean) }
                }
            }
            Estimate::Trying { pace, needed, .. } if self.went_through(now) >= needed => {
                self.next_round();
                if pace < self.setting {
                    Estimate::Trying { rate: pace, pace: (pace * FASTER).min(self.setting), needed: SURPLUS }
                } else {
                    self.left.clear();
                    Estimate::Free
                }
            }
            other => other,
        };
    }

    /// The surplus of this stage that would have been throttled by now.
    fn went_through(&self, now: f64) -> f64 {
        let by = now - self.told.unwrap_or_default() * LATER - LATER_BY;
        let of_now = self.left.iter().map(|(departure, _)| departure).filter(|left| left.round == self.round);
        self.passed + of_now.filter(|left| left.at < by).map(|left| left.surplus).sum::<f64>()
    }

    fn next_round(&mut self) {
        self.round += 1;
        self.passed = 0.0;
    }

    fn manners(&self, rate: f64) -> &'static Manners {
        if rate > self.setting * LARGE { &GENEROUS } else { &EAGER }
    }

    /// It did not leave after all: its place is free again.
    pub fn stayed(&mut self, departure: Departure, now: Duration) {
        self.left.retain(|(left, _)| left.at != departure.at);
        self.next = (self.next - 1.0 / self.pace()).max(now.as_secs_f64());
    }

    /// It was throttled.
    pub fn throttled(&mut self, departure: Departure, now: Duration) {
        let now = now.as_secs_f64();
        let full = self.setting * if self.told.is_none() { FIRST } else { BACK };
        self.told = Some((self.told.unwrap_or_default() * FORGOTTEN).max(now - departure.at));
        if let Some(left) = self.left.iter_mut().find(|(left, _)| left.at == departure.at) {
            left.1 = true;
        }
        let bound = self.bound(departure.at);
        let (pace, of_now) = (self.pace(), departure.round == self.round);
        let (rate, steady, clean) = match self.estimate {
            Estimate::Found { rate, .. } if of_now => (bound.min(rate * self.manners(rate).slower), STEADY, 0),
            Estimate::Found { rate, steady, clean, .. } => (rate.min(bound), steady + STEADY, clean),
            Estimate::Free if of_now => (bound.min(full), STEADY, 0),
            // Of this stage, or of one before that was believed to have gone through.
            Estimate::Trying { .. } if departure.surplus > 0.0 => (departure.base, STEADY, 0),
            Estimate::Free | Estimate::Trying { .. } => return,
        };
        if of_now {
            self.next_round();
        }
        let rate = rate.max(SLOWEST).min(self.setting);
        self.estimate = Estimate::Found { rate, steady, clean, since: now };
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
        for (left, throttled) in self.left.iter().rev().filter(|(left, _)| left.at < at) {
            let between = (at - left.at - UNSURE).max(UNSURE);
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
mod tests;
