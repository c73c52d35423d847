//! What each action does to a world.

use std::mem;
use std::sync::Arc;

use layership_protocol::{
    Body, Condition, Job, LockWritten, Machine, Moment, Phase, Reading, Seen, Step, Time, Version, Writing,
};

use crate::action::{Action, How};
use crate::alike::{Aside, etag, nonce};
use crate::setup::{Setup, Weak};
use crate::world::{Backup, Late, Made, Main, On, Run, Stored, World, holder};

/// Which of a run's two steps is answered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Slot {
    Main,
    Side,
}

impl World {
    /// The world after this action.
    pub fn after(&self, setup: &Setup, action: &Action) -> Self {
        let mut world = self.clone();
        match *action {
            Action::Preflight(run, listed) => world.preflight(setup, run, listed),
            Action::Do(run, how) => world.carry_out(setup, run, Slot::Main, how),
            Action::DoRenewal(run, how) => world.carry_out(setup, run, Slot::Side, how),
            Action::Renew(run) => {
                world.left.renewal -= 1;
                world.tell(setup, run, Slot::Side, Seen::RenewalDue);
            }
            Action::Crash(run, late) => world.crash(run, late),
            Action::Arrives(index) => world.arrives(setup, index),
            Action::TakesEffect(index) => world.takes_effect(index),
            Action::LateWrite(index) => {
                let late = world.late.remove(index);
                world.write(setup, &late.body, &late.condition);
            }
            Action::ByHand => {
                world.left.hand -= 1;
                world.foreign(setup.runs[0]);
            }
            Action::Library => {
                world.left.library -= 1;
                let version = world.foreign(setup.runs[0]);
                world.store(Backup { version, change: setup.runs[0], stray: false });
            }
            Action::Tick => world.now += 1,
        }
        world.tidy(setup);
        world
    }

    /// Forgets what can have no effect any more.
    fn tidy(&mut self, setup: &Setup) {
        let late = mem::take(&mut self.late);
        self.late = late.into_iter().filter(|late| self.can_be_written(setup, &late.condition)).collect();
        let now = self.now;
        let expires = setup.weak != Weak::NoExpiry;
        self.requests.retain(|it| it.waited_for || it.finished_by.is_some() || !expires || now <= it.until);
    }

    fn can_be_written(&self, setup: &Setup, condition: &Condition) -> bool {
        setup.weak == Weak::Unconditional || self.holds(condition)
    }

    fn preflight(&mut self, setup: &Setup, run: usize, listed: Version) {
        let decision = self.decide(setup, setup.runs[run], listed);
        self.runs[run] = if let layership_protocol::Decision::Keep(_) = decision {
            Run::Unchanged
        } else {
            let (machine, step) = Machine::begin(listed, decision, self.clock(run, setup));
            Run::On(Arc::new(On { machine, main: Main::Step(step), side: None, writes: Aside(0), seen: listed }))
        };
    }

    fn crash(&mut self, run: usize, late: bool) {
        self.left.crash -= 1;
        let Run::On(on) = mem::replace(&mut self.runs[run], Run::Dead) else { return };
        let On { main, side, .. } = Arc::unwrap_or_clone(on);
        let main = match main {
            Main::Step(step) => Some(step),
            _ => None,
        };
        for step in [main, side].into_iter().flatten() {
            if let (true, Step::WriteLock { body, condition, .. }) = (late, step) {
                self.late.push(Late { run, body, condition });
            }
        }
        for request in self.requests.iter_mut().filter(|request| request.run == run) {
            request.waited_for = false;
        }
    }

    /// Writes the lock if the condition holds.
    fn write(&mut self, setup: &Setup, body: &Body, condition: &Condition) -> bool {
        if !self.can_be_written(setup, condition) {
            return false;
        }
        let mut body = body.clone();
        if let (Weak::NoMark | Weak::RenewalOnly, Phase::Sending { lease, .. }) = (setup.weak, &body.phase) {
            body.phase = Phase::Holding { lease: *lease };
        }
        if setup.weak == Weak::NoMemory {
            body.last = None;
        }
        self.lock = Some(Stored { body, modified: self.now });
        true
    }

    pub fn store(&mut self, backup: Backup) {
        self.backups.retain(|other| other.version != backup.version);
        self.backups.push(backup);
        self.backups.sort_by_key(|backup| backup.version);
    }

    fn foreign(&mut self, change: u8) -> Version {
        self.counter += 1;
        // Lists show it at once: a list that does not show what others published is not in the promise.
        self.versions.push(Made {
            number: self.counter,
            change,
            by: None,
            born: crate::alike::START - 100,
            outdated: false,
        });
        self.counter
    }

    fn carry_out(&mut self, setup: &Setup, run: usize, slot: Slot, how: How) {
        let Run::On(on) = &mut self.runs[run] else { return };
        let on = Arc::make_mut(on);
        let step = match slot {
            Slot::Side => on.side.take(),
            Slot::Main => match mem::replace(&mut on.main, Main::Deferred) {
                Main::Step(step) => Some(step),
                Main::Answer(seen) => return self.tell(setup, run, slot, seen),
                Main::Sent => {
                    self.left.answer -= 1;
                    self.stop_waiting(run);
                    return self.tell(setup, run, slot, Seen::Sent(layership_protocol::Answer::Ambiguous));
                }
                Main::Deferred => None,
            },
        };
        let Some(step) = step else { return };
        let seen = match step {
            Step::WriteLock { body, condition, .. } => Some(self.written(setup, how, Late { run, body, condition })),
            step => self.answer(setup, run, &step, how),
        };
        if let Some(seen) = seen {
            self.tell(setup, run, slot, seen);
        }
    }

    fn written(&mut self, setup: &Setup, how: How, write: Late) -> Seen {
        if how != How::Well {
            self.left.lock -= 1;
        }
        let nonce = write.body.nonce;
        let done = match how {
            How::Dropped => false,
            How::Late => {
                self.late.push(write);
                false
            }
            _ => self.write(setup, &write.body, &write.condition),
        };
        Seen::LockWritten(if done && how == How::Well {
            LockWritten::Written(etag(nonce))
        } else {
            LockWritten::Unknown
        })
    }

    pub fn stop_waiting(&mut self, run: usize) {
        for request in self.requests.iter_mut().filter(|request| request.run == run) {
            request.waited_for = false;
        }
    }

    /// Tells a run what it saw, and takes down what it does next.
    fn tell(&mut self, setup: &Setup, run: usize, slot: Slot, seen: Seen) {
        let goes_on_reading = slot == Slot::Side && seen == Seen::LockWritten(LockWritten::Unknown);
        let Some(step) = self.next(setup, run, seen) else { return };
        let side = goes_on_reading || matches!(&step, Step::WriteLock { why: Writing::Renew, .. });
        if let Some(seen) = self.at_once(setup, run, &step) {
            return self.tell(setup, run, if side { Slot::Side } else { Slot::Main }, seen);
        }
        let Run::On(on) = &mut self.runs[run] else { return };
        let on = Arc::make_mut(on);
        match step {
            Step::End(end) => {
                self.runs[run] = Run::Ended(end.outcome);
                self.stop_waiting(run);
            }
            step if side => on.side = Some(step),
            step => on.main = Main::Step(step),
        }
    }

    fn next(&mut self, setup: &Setup, run: usize, seen: Seen) -> Option<Step> {
        let now = self.clock(run, setup);
        let Run::On(on) = &mut self.runs[run] else { return None };
        let on = Arc::make_mut(on);
        let job = Job { holder: holder(run), layer_arn: "".into(), rules: setup.rules.clone() };
        let mut step = on.machine.next(&job, seen, Moment { now, nonce: nonce(run, on.writes.0) })?;
        if let Step::WriteLock { body, .. } = &mut step {
            on.writes.0 += 1;
            // Nobody acts on it.
            body.time = Time::default();
        }
        if let Step::Decide { latest } = step {
            on.seen = latest;
        }
        Some(step)
    }

    /// The answer to a step that needs no turn of its own: nothing that others do matters to it, or to sleep there is
    /// the same as to sleep at the step before or after it.
    fn at_once(&mut self, setup: &Setup, run: usize, step: &Step) -> Option<Seen> {
        match step {
            Step::WriteLock { condition: Condition::Match(tag), why: Writing::Mark, .. }
                if setup.weak == Weak::NoMark =>
            {
                Some(Seen::LockWritten(LockWritten::Written(tag.clone())))
            }
            Step::FollowUp { .. } => Some(Seen::FollowedUp),
            Step::WaitTurn | Step::Decide { .. } if setup.brief => self.answer(setup, run, step, How::Well),
            Step::ReadLock { at, why: Reading::Again } if setup.brief && *at <= self.clock(run, setup) => {
                self.answer(setup, run, step, How::Well)
            }
            _ => None,
        }
    }
}
