//! Drives the machine: one step at a time, and beside it the renewal of the lock.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::pin::pin;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use layership_protocol::{Decision, End, Job, Machine, Moment, Nonce, Rules, Seen, Step, Version};

use super::super::site::Site;
use super::lock_steps;

/// What carries the steps of a job out.
pub trait Hands {
    /// Carries out a step, and tells what came of it.
    fn carry_out(&mut self, step: Step, rules: &Rules) -> impl Future<Output = Seen> + Send;
}

/// Does what is to be done under the lock, from what preflight saw and decided to the end.
pub async fn drive(site: Site<'_>, hands: &mut impl Hands, job: &Job, seen: Version, decision: Decision) -> End {
    let (mut machine, mut step) = Machine::begin(seen, decision, site.now());
    loop {
        if let Step::End(end) = step {
            return end;
        }
        let beside = Beside { site, job, machine: &mut machine, renewal: None };
        step = beside.until_answered(hands.carry_out(step, &job.rules)).await;
    }
}

type Renewal<'a> = BoxFuture<'a, Seen>;

/// What goes on beside a step: the renewal of the lock.
struct Beside<'a> {
    site: Site<'a>,
    job: &'a Job,
    machine: &'a mut Machine,
    /// A write of the lock, or the reading that tells what became of it.
    renewal: Option<Renewal<'a>>,
}

impl<'a> Beside<'a> {
    /// Waits for the answer to a step, and gives the next one.
    async fn until_answered(mut self, step: impl Future<Output = Seen>) -> Step {
        let mut step = pin!(step.fuse());
        loop {
            let due = self.machine.renewal_due();
            let (seen, of_renewal) = tokio::select! {
                seen = &mut step => (seen, false),
                seen = running(&mut self.renewal) => (seen, true),
                () = self.site.until_due(due) => (Seen::RenewalDue, true),
            };
            if of_renewal {
                self.renewal = None;
            }
            let begins = matches!(seen, Seen::RenewalDue);
            let Some(next) = self.machine.next(self.job, seen, self.moment()) else { continue };
            // A renewal is a write, and a reading where its answer was lost. Whatever else follows is the next step.
            if begins || of_renewal && matches!(next, Step::ReadLock { .. }) {
                self.renewal = Some(lock_steps::carry_out(self.site, next).boxed());
            } else {
                return next;
            }
        }
    }

    fn moment(&self) -> Moment {
        Moment { now: self.site.now(), nonce: nonce() }
    }
}

/// For ever, if there is none.
async fn running(renewal: &mut Option<Renewal<'_>>) -> Seen {
    match renewal {
        Some(renewal) => renewal.await,
        None => std::future::pending().await,
    }
}

/// The operating system seeds each process freshly, and each call counts on from there.
fn nonce() -> Nonce {
    Nonce(RandomState::new().build_hasher().finish())
}
