//! Everything that can happen in a world, and when.

use layership_protocol::{Reading, Step, Version};

use crate::alike::{START, time};
use crate::setup::{Budget, Setup, Weak};
use crate::world::{Main, On, Run, World};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// A run looks at a list that shows this version as the latest.
    Preflight(usize, Version),
    /// A run's step is carried out.
    Do(usize, How),
    /// A step of a run's renewal is carried out.
    DoRenewal(usize, How),
    /// A run begins a renewal that is due.
    Renew(usize),
    /// A run dies; a write of the lock that it had under way is done later, or never.
    Crash(usize, bool),
    /// A publish arrives at Lambda.
    Arrives(usize),
    /// An accepted publish makes its version.
    TakesEffect(usize),
    /// A late write of the lock arrives at S3.
    LateWrite(usize),
    /// Somebody publishes by hand.
    ByHand,
    /// The Python library publishes.
    Library,
    /// Time passes.
    Tick,
}

/// How a step goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum How {
    /// Done and answered.
    Well,
    /// Done, and the answer is lost.
    AnswerLost,
    /// Not done, and the answer is lost.
    Dropped,
    /// Not done yet, and the answer is lost.
    Late,
    /// It fails.
    Fails,
    /// A list shows this version as the latest.
    Lists(Version),
    /// Refused for the quota.
    Throttled,
    /// The connection was not made.
    NeverSent,
    /// A stop was asked for.
    Stopped,
}

impl World {
    pub fn actions(&self, setup: &Setup) -> Vec<Action> {
        let mut actions = Vec::new();
        for run in 0..self.runs.len() {
            self.actions_of(run, setup, &mut actions);
        }
        for (index, request) in self.requests.iter().enumerate() {
            actions.push(match request.finished_by {
                None => Action::Arrives(index),
                Some(_) => Action::TakesEffect(index),
            });
        }
        actions.extend((0..self.late.len()).map(Action::LateWrite));
        if self.left.hand > 0 && self.is_quiet() {
            actions.push(Action::ByHand);
        }
        if self.left.library > 0 && self.library_is_seen() {
            actions.push(Action::Library);
        }
        if self.now < START + setup.ticks && self.may_pass() {
            actions.push(Action::Tick);
        }
        actions
    }

    /// What Lambda accepted is finished in time.
    pub fn may_pass(&self) -> bool {
        self.requests.iter().all(|request| request.finished_by.is_none_or(|by| by > self.now))
    }

    /// Other tools do not know of locks: what they publish between a run's look and its send is not seen. Before the run
    /// reads the lock it is, if the backup lies where the run looks for it.
    fn library_is_seen(&self) -> bool {
        let next = self.highest() + 1;
        let looks = |on: &On| matches!(&on.main, Main::Step(Step::ReadLock { why: Reading::First { backup }, .. }) if *backup == next);
        let blind = self.runs.iter().any(|run| matches!(run, Run::On(on) if !looks(on)));
        self.requests.is_empty() && self.counter + 1 == next && !blind
    }

    fn actions_of(&self, run: usize, setup: &Setup, actions: &mut Vec<Action>) {
        match &self.runs[run] {
            Run::Idle => {
                // Runs with the same manifest are the same: the first begins first.
                let waits = setup.runs[..run].iter().zip(&self.runs).any(|(change, other)| match other {
                    Run::Idle => *change == setup.runs[run],
                    Run::On(_) => setup.one_after_another,
                    _ => false,
                });
                if !waits {
                    actions.extend(self.listed(setup).into_iter().map(|listed| Action::Preflight(run, listed)));
                }
            }
            Run::On(on) => {
                let mut hows = Vec::new();
                self.hows(run, on, setup, &mut hows);
                actions.extend(hows.drain(..).map(|how| Action::Do(run, how)));
                if let Some(step) = &on.side {
                    self.hows_of(run, step, setup, &mut hows);
                    actions.extend(hows.drain(..).map(|how| Action::DoRenewal(run, how)));
                }
                if self.left.renewal > 0 && on.machine.renewal_due().is_some_and(|due| due <= self.clock(run, setup)) {
                    actions.push(Action::Renew(run));
                }
                if self.left.crash > 0 {
                    actions.push(Action::Crash(run, false));
                    if self.writes(on) {
                        actions.push(Action::Crash(run, true));
                    }
                }
            }
            Run::Dead | Run::Unchanged | Run::Ended(_) => {}
        }
    }

    /// By this run's clock.
    pub fn clock(&self, run: usize, setup: &Setup) -> layership_protocol::Time {
        match setup.weak {
            Weak::FastClock(ahead) if run == 1 => time(self.now + ahead),
            _ => time(self.now),
        }
    }

    fn writes(&self, on: &On) -> bool {
        let step = match &on.main {
            Main::Step(step) => Some(step),
            _ => None,
        };
        let writes = |step: &Step| matches!(step, Step::WriteLock { condition, .. } if self.holds(condition));
        step.is_some_and(writes) || on.side.as_ref().is_some_and(writes)
    }

    fn hows(&self, run: usize, on: &On, setup: &Setup, hows: &mut Vec<How>) {
        match &on.main {
            Main::Step(step) => self.hows_of(run, step, setup, hows),
            Main::Sent if self.left.answer > 0 => hows.push(How::AnswerLost),
            Main::Answer(_) => hows.push(How::Well),
            Main::Sent | Main::Deferred => {}
        }
    }

    fn hows_of(&self, run: usize, step: &Step, setup: &Setup, hows: &mut Vec<How>) {
        let Budget { lock, trouble, stop, .. } = self.left;
        let fails = |hows: &mut Vec<How>| hows.extend((trouble > 0).then_some(How::Fails));
        let now = self.clock(run, setup);
        match step {
            Step::WriteLock { condition, .. } => {
                hows.push(How::Well);
                if lock > 0 && self.holds(condition) {
                    hows.extend([How::AnswerLost, How::Dropped, How::Late]);
                }
            }
            Step::ReadLock { at, .. } if *at <= now => {
                hows.push(How::Well);
                fails(hows);
            }
            Step::ReadLock { .. } => hows.extend((stop > 0).then_some(How::Stopped)),
            Step::Look { at, .. } if *at <= now => {
                hows.extend(self.listed(setup).into_iter().map(How::Lists));
                fails(hows);
            }
            Step::Look { .. } => {}
            Step::Decide { .. } => {
                hows.push(How::Well);
                fails(hows);
            }
            Step::WaitTurn => {
                hows.push(How::Well);
                hows.extend((stop > 0).then_some(How::Stopped));
            }
            Step::Send(_) => {
                hows.push(How::Well);
                if trouble > 0 {
                    hows.extend([How::Throttled, How::NeverSent]);
                }
            }
            Step::WriteBackup { .. } => {
                hows.push(How::Well);
                if trouble > 0 {
                    hows.extend([How::Fails, How::AnswerLost]);
                }
            }
            Step::FollowUp { .. } | Step::End(_) => hows.push(How::Well),
        }
    }
}
