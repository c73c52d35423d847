//! What becomes of a world that is left alone: nothing goes wrong any more, and everything that can happen does.

use layership_protocol::{Decision, Outcome, Phase};

use crate::action::{Action, How};
use crate::setup::{Budget, Setup};
use crate::world::{Main, On, Run, World};

/// More steps than any undisturbed run takes.
const STEPS: usize = 400;

impl World {
    /// Whether every run ends, and whether after one more run everything is as it should be.
    pub fn ends_well(&self, setup: &Setup) -> Result<(), String> {
        let mut setup = Setup { budget: Budget::default(), ..setup.clone() };
        let world = self.left_alone(&setup)?;
        let change = *setup.runs.last().ok_or("no run")?;
        setup.runs.push(change);
        let mut world = world;
        world.now += setup.lag + 1;
        world.runs.push(Run::Idle);
        let run = world.runs.len() - 1;
        world = world.after(&setup, &Action::Preflight(run, world.highest())).left_alone(&setup)?;
        world.is_complete(&setup, run)
    }

    /// Until every run has ended.
    fn left_alone(&self, setup: &Setup) -> Result<Self, String> {
        let mut world = self.clone();
        world.left = Budget::default();
        world.late.clear();
        for _ in 0..STEPS {
            if world.is_quiet() {
                return Ok(world);
            }
            let action = world.calm_action(setup);
            world = world.after(setup, &action);
            world.is_safe()?;
        }
        Err(format!("a run never ends: {:?}", world.runs))
    }

    fn calm_action(&self, setup: &Setup) -> Action {
        let calm = |action: &Action| match action {
            Action::Arrives(_) | Action::TakesEffect(_) | Action::Renew(_) => true,
            Action::Do(_, how) | Action::DoRenewal(_, how) => matches!(how, How::Well | How::Lists(_)),
            _ => false,
        };
        // The last of several lists is the one that shows most.
        self.actions(setup).into_iter().rfind(calm).unwrap_or(Action::Tick)
    }

    /// What must hold always.
    pub fn is_safe(&self) -> Result<(), String> {
        if self.has_second_version() {
            return Err("two versions of one change".into());
        }
        if self.versions.iter().any(|made| made.outdated) {
            return Err("published on an outdated decision".into());
        }
        if self.has_wrong_backup() {
            return Err("a backup that does not belong to its version".into());
        }
        Ok(())
    }

    /// A run published what the version before had already.
    pub fn has_second_version(&self) -> bool {
        self.versions.windows(2).any(|pair| pair[0].change == pair[1].change && pair[1].by.is_some())
    }

    pub fn has_wrong_backup(&self) -> bool {
        let wrong = |number, change| self.version(number).is_some_and(|made| made.change != change);
        self.backups.iter().any(|backup| !backup.stray && wrong(backup.version, backup.change))
    }

    /// This run, undisturbed and the last one, left everything as it should be.
    fn is_complete(&self, setup: &Setup, run: usize) -> Result<(), String> {
        let change = setup.runs[run];
        let latest = self.highest();
        match &self.runs[run] {
            Run::Unchanged => {}
            Run::Ended(Outcome::Published(version, _) | Outcome::Adopted(version) | Outcome::Kept(version))
                if *version == latest =>
            {
                self.lock_is_free()?;
            }
            other => return Err(format!("an undisturbed run ended so: {other:?}")),
        }
        match self.decide(setup, change, latest) {
            Decision::Keep(_) => Ok(()),
            other => Err(format!("there is still something to do: {other:?}")),
        }
    }

    fn lock_is_free(&self) -> Result<(), String> {
        match &self.lock {
            Some(stored) if stored.body.phase == Phase::Free => Ok(()),
            other => Err(format!("the lock is not free: {other:?}")),
        }
    }

    /// What the runs are at, for coverage.
    pub fn any_on(&self, is: impl Fn(&On) -> bool) -> bool {
        self.runs.iter().any(|run| matches!(run, Run::On(on) if is(on)))
    }

    pub fn any_step(&self, is: impl Fn(&layership_protocol::Step) -> bool) -> bool {
        self.any_on(|on| matches!(&on.main, Main::Step(step) if is(step)))
    }

    pub fn any_end(&self, is: impl Fn(&Outcome) -> bool) -> bool {
        self.runs.iter().any(|run| matches!(run, Run::Ended(outcome) if is(outcome)))
    }
}
