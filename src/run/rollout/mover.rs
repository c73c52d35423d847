//! One function: its layers are set, it is waited for until they are in force, and they are read again; then a version is
//! published of it, and an alias led to that. Every change names the revision that it is made of. Where somebody was
//! quicker, what there is now is read, and what is to be done is found out anew.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::trail::FunctionTrail;
use crate::aws::{Changed, Lambda, watched};
use crate::event::{Fact, JobId};
use crate::layer::{AccountId, FunctionName, Region};
use crate::outcome::{ErrorCode, JobError};
use crate::rollout::{
    Aim, Alias, AliasRecord, Function, FunctionOutcome, FunctionRecord, FunctionReport, Next, Refusal, RefusalCode,
    Standing,
};
use crate::run::Events;
use crate::run::pool::{Operation, Slot};
use crate::run::stop::Stop;

/// How often what is to be done is found out anew before others are said to change it all the time.
const ATTEMPTS: u32 = 10;
/// How soon is looked whether a change is in force, and how long is waited between two looks at most.
const FIRST_LOOK: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(8);

/// What is to be done with one function.
#[derive(Clone, Debug)]
pub struct FunctionJob {
    pub name: FunctionName,
    pub lambda: Lambda,
    pub region: Region,
    pub account: Option<AccountId>,
    /// The function, where it was looked at.
    pub seen: Option<Function>,
    /// What its layers are to be.
    pub aim: Aim,
    /// What they were when the rollout began.
    pub before: Vec<String>,
    /// What they will be.
    pub after: Vec<String>,
    /// Whether a version is to be published of it.
    pub publish: bool,
    pub alias: Option<AliasAim>,
    /// How long a change of it may take.
    pub patience: Duration,
    /// What is said of it before it is begun.
    pub report: FunctionReport,
}

/// Where an alias is to lead.
#[derive(Clone, Debug)]
pub enum AliasAim {
    /// To the version that has the layers.
    Lead {
        name: String,
        seen: Alias,
        /// That version, where it was there already.
        published: Option<String>,
    },
    /// To where it led before, where it still leads to a version with the layers that a rollout set.
    Back { name: String, to: String },
}

/// Moves functions.
pub struct Mover {
    pub stop: Stop,
    /// Where it is told what is done.
    pub events: Events,
}

/// How a function ended that did not fail.
enum Ended {
    Changed,
    Unchanged,
    Refused(Refusal),
}

impl Operation for Mover {
    type Job = FunctionJob;
    type Report = FunctionReport;

    fn lane(job: &FunctionJob) -> &str {
        &job.report.target
    }

    async fn perform(&self, _: JobId, job: Arc<FunctionJob>, _: &mut Slot) -> FunctionReport {
        let started = Instant::now();
        let mut report = job.report.clone();
        let trail = FunctionTrail::begin(&report, self.events.clone());
        let ended = tokio::select! {
            ended = watched(trail.watch(), job.carry_out(&mut report, &trail)) => Some(ended),
            () = self.stop.at_once() => None,
        };
        let back = matches!(job.aim, Aim::Back { .. });
        report.outcome = match ended {
            None => FunctionOutcome::Cancelled,
            Some(Ok(Ended::Unchanged)) => FunctionOutcome::Unchanged,
            Some(Ok(Ended::Changed)) if back => FunctionOutcome::Restored,
            Some(Ok(Ended::Changed)) => FunctionOutcome::Moved,
            Some(Ok(Ended::Refused(refusal))) => {
                report.refusal = Some(refusal);
                FunctionOutcome::Refused
            }
            Some(Err(error)) => {
                report.error = Some(error);
                FunctionOutcome::Failed
            }
        };
        report.seconds = (started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
        report
    }

    fn broken(&self, job: &FunctionJob) -> FunctionReport {
        let error = JobError::new(ErrorCode::Internal, "stopped because of a defect in layership")
            .hint("please report it; running the same command again finishes what was not done");
        FunctionReport { outcome: FunctionOutcome::Failed, error: Some(error), ..job.report.clone() }
    }
}

impl FunctionJob {
    /// Whether anything is to be changed, and not only seen to its end.
    pub fn is_change(&self) -> bool {
        self.before != self.after || self.publish || self.alias.is_some()
    }

    /// What there was before, and what is to be there: for the file that is kept.
    pub fn record(&self) -> FunctionRecord {
        let alias = match &self.alias {
            Some(AliasAim::Lead { name, seen, .. }) => {
                Some(AliasRecord { name: name.clone(), before: seen.version.clone() })
            }
            Some(AliasAim::Back { .. }) | None => None,
        };
        FunctionRecord {
            target: self.report.target.clone(),
            region: self.region.clone(),
            account: self.account.clone(),
            function: self.name.clone(),
            before: self.before.clone(),
            after: self.after.clone(),
            alias,
        }
    }

    async fn carry_out(&self, report: &mut FunctionReport, trail: &FunctionTrail) -> Result<Ended, JobError> {
        // What was led to the new version is led back first.
        let led_back = match &self.alias {
            Some(AliasAim::Back { name, to }) => self.lead_back(name, to, trail).await?,
            _ => Ended::Unchanged,
        };
        if matches!(led_back, Ended::Refused(_)) {
            return Ok(led_back);
        }
        let (set, seen) = match self.set(self.seen.clone(), trail).await? {
            Settled::As(changed, seen) => (changed, seen),
            Settled::Refused(refusal) => return Ok(Ended::Refused(refusal)),
        };
        let mut changed = set || matches!(led_back, Ended::Changed);
        if self.publish {
            report.version = Some(self.publish(seen, trail).await?);
            changed = true;
        }
        if let Some(AliasAim::Lead { name, seen, published }) = &self.alias {
            let version = report.version.clone().or_else(|| published.clone());
            let version = version.ok_or_else(|| self.changed_meanwhile("has no version to lead the alias to"))?;
            changed |= self.lead(name, seen.clone(), &version, trail).await?;
            report.alias.iter_mut().for_each(|alias| alias.to = Some(version.clone()));
        }
        Ok(if changed { Ended::Changed } else { Ended::Unchanged })
    }

    /// Sets the layers, and waits until they are in force.
    async fn set(&self, seen: Option<Function>, trail: &FunctionTrail) -> Result<Settled, JobError> {
        let (mut seen, mut changed) = (seen, false);
        for _ in 0..ATTEMPTS {
            let function = match seen.take() {
                Some(function) if function.standing != Standing::Busy => function,
                Some(_) => self.settled(trail).await?,
                None => match self.lambda.configuration(&self.name, None).await? {
                    Some(function) if function.standing == Standing::Busy => self.settled(trail).await?,
                    Some(function) => function,
                    None => return Ok(Settled::Refused(self.gone())),
                },
            };
            let layers = match self.aim.next(&function.layers) {
                Next::Done => {
                    if let Standing::Failed(why) = &function.standing {
                        return Err(update_failed(&self.name, &self.region, why));
                    }
                    return Ok(Settled::As(changed, function));
                }
                Next::Changed => return Ok(Settled::Refused(changed_since(&self.name))),
                Next::Set(layers) => layers,
            };
            match self.lambda.set_layers(&self.name, &layers, &function.revision).await? {
                Changed::Done(()) => {
                    trail.found(Fact::LayersSet { layers: layers.clone() });
                    let now = self.settled(trail).await?;
                    if let (Standing::Failed(why), true) = (&now.standing, now.layers == layers) {
                        return Err(update_failed(&self.name, &self.region, why));
                    }
                    changed = true;
                    seen = Some(now);
                }
                Changed::Busy => seen = Some(self.settled(trail).await?),
                Changed::Stale => {}
            }
        }
        Err(self.changed_meanwhile("is changed by somebody else all the time"))
    }

    /// Publishes a version that has the layers; its number.
    async fn publish(&self, seen: Function, trail: &FunctionTrail) -> Result<String, JobError> {
        let mut seen = seen;
        for _ in 0..ATTEMPTS {
            match self.lambda.publish_function(&self.name, &seen.revision).await? {
                Changed::Done(version) => {
                    trail.found(Fact::FunctionPublished { version: version.clone() });
                    return Ok(version);
                }
                Changed::Busy => drop(self.settled(trail).await?),
                Changed::Stale => {}
            }
            // Whoever changed it may have changed its layers.
            seen = match self.set(None, trail).await? {
                Settled::As(_, function) => function,
                Settled::Refused(refusal) => return Err(self.changed_meanwhile(&refusal.message)),
            };
        }
        Err(self.changed_meanwhile("is changed by somebody else all the time"))
    }

    /// Leads an alias to a version; whether that was to be done.
    async fn lead(&self, name: &str, seen: Alias, version: &str, trail: &FunctionTrail) -> Result<bool, JobError> {
        let before = seen.version.clone();
        let mut seen = seen;
        for _ in 0..ATTEMPTS {
            if seen.version == version && !seen.splits {
                return Ok(seen.version != before);
            }
            if seen.version != before || seen.splits {
                return Err(
                    self.changed_meanwhile(&format!("has an alias `{name}` that somebody else moved meanwhile"))
                );
            }
            match self.lambda.lead_alias(&self.name, name, version, &seen.revision).await? {
                Changed::Done(()) => {
                    trail.found(Fact::AliasLed { alias: name.to_owned(), version: version.to_owned() });
                    return Ok(true);
                }
                Changed::Busy => drop(self.settled(trail).await?),
                Changed::Stale => {}
            }
            let read = self.lambda.alias(&self.name, name).await?;
            seen = read.ok_or_else(|| self.changed_meanwhile(&format!("has no alias `{name}` any more")))?;
        }
        Err(self.changed_meanwhile(&format!("has an alias `{name}` that is changed by somebody else all the time")))
    }

    /// Leads an alias back, where it still leads to what a rollout made.
    async fn lead_back(&self, name: &str, to: &str, trail: &FunctionTrail) -> Result<Ended, JobError> {
        let Some(seen) = self.lambda.alias(&self.name, name).await? else {
            return Ok(Ended::Refused(changed_since(&self.name)));
        };
        if seen.version == to && !seen.splits {
            return Ok(Ended::Unchanged);
        }
        let led = self.lambda.configuration(&self.name, Some(&seen.version)).await?;
        if seen.splits || led.is_none_or(|led| led.layers != self.before) {
            return Ok(Ended::Refused(changed_since(&self.name)));
        }
        self.lead(name, seen, to, trail).await.map(|_| Ended::Changed)
    }

    /// The function once no change of it is under way.
    async fn settled(&self, trail: &FunctionTrail) -> Result<Function, JobError> {
        trail.found(Fact::ChangeAwaited);
        let (started, mut wait) = (Instant::now(), FIRST_LOOK);
        while started.elapsed() < self.patience {
            sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
            let function = self.lambda.configuration(&self.name, None).await?;
            let function = function.ok_or_else(|| self.changed_meanwhile("was deleted meanwhile"))?;
            if function.standing != Standing::Busy {
                return Ok(function);
            }
        }
        let message = format!("a change of {} did not end within {} s", self.named(), self.patience.as_secs());
        Err(JobError::new(ErrorCode::FunctionBusy, message)
            .hint("running the same command again later does what is left"))
    }

    fn named(&self) -> String {
        format!("function `{}` in {}", self.name, self.region)
    }

    fn changed_meanwhile(&self, what: &str) -> JobError {
        JobError::new(ErrorCode::FunctionChanged, format!("{} {what}", self.named()))
            .hint("find out which tool it is; running the same command again does what is left")
    }

    fn gone(&self) -> Refusal {
        Refusal::new(RefusalCode::Gone, "it is not there any more")
    }
}

/// What became of the layers.
enum Settled {
    /// They are what they are to be; whether anything had to be changed.
    As(bool, Function),
    Refused(Refusal),
}

/// The layers of a function were set, and that failed in the end.
pub fn update_failed(name: &FunctionName, region: &Region, why: &str) -> JobError {
    let message = format!("the last change of function `{name}` in {region} could not be put into force");
    JobError::new(ErrorCode::UpdateFailed, message)
        .cause(why)
        .hint("mend what Lambda names; `layership rollout --undo FILE` puts back what was there before")
}

fn changed_since(name: &FunctionName) -> Refusal {
    Refusal::new(RefusalCode::ChangedSince, "it is not what the rollout made of it any more")
        .hint(format!("look what `{name}` uses now, and set its layers by hand if they are not right"))
}
