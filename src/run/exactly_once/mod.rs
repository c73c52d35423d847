//! Publishing one job exactly once: the machine of `layership-protocol` says what comes next, and here it is carried
//! out against S3 and Lambda. No rule of the protocol is in here: those stand in its table.
//!
//! | file | what it does |
//! |---|---|
//! | `drive` | asks the machine, has its steps carried out, renews the lock beside them |
//! | `hands` | one step of a publish at a time: decide again, wait for a turn, send |
//! | `grip` | the steps that all jobs have: what is done with the lock, and looking |
//! | `lock_steps` | reads and writes the lock |
//! | `look` | looks for versions, by number and in the list |
//! | `backup_step` | writes the backup, or tells what lies in its place |
//! | `ending` | what an end means for the job |
//! | `unheld` | what a lock that could not be taken, kept or freed means |

mod backup_step;
mod drive;
mod ending;
mod grip;
mod hands;
mod lock_steps;
mod look;
mod unheld;

use std::sync::Arc;

use layership_protocol as protocol;

use super::pool::Slot;
use super::preflight::Checked;
use super::site::Site;
use super::trail::Trail;
use super::{RunOptions, Shared};
use crate::outcome::{Decision, ErrorCode, JobError, Outcome};
use hands::PublishHands;

pub use drive::{Hands, drive};
pub use grip::Grip;
pub use unheld::{lock_told, unheld};

/// Publishes or adopts what preflight checked, as it decided.
pub async fn carry_out(
    site: Site<'_>,
    checked: Checked,
    shared: &Shared,
    slot: &mut Slot,
    trail: &mut Trail,
) -> Result<Outcome, JobError> {
    let job = job(site, &shared.options);
    let mut hands = PublishHands::new(Grip::new(site, shared, slot, trail), checked);
    let decision = decision(&hands.checked)?;
    let seen = hands.checked.latest.as_ref().map_or(0, |latest| latest.arn.number);
    let end = drive(site, &mut hands, &job, seen, decision).await;
    ending::outcome(end, hands)
}

/// The facts of a job that the protocol needs.
pub fn job(site: Site<'_>, options: &RunOptions) -> protocol::Job {
    let (job, identity) = (site.job, &options.identity);
    let holder = protocol::Holder {
        run: identity.run.clone(),
        owner: format!("{}/{}/{}", identity.run, job.layer, job.target.name),
        host: identity.host.clone(),
        process: std::process::id(),
        layer: job.name.to_string(),
    };
    protocol::Job {
        holder: Arc::new(holder),
        layer_arn: site.layer_arn().map_or_else(|| job.name.to_string(), |arn| arn.to_string()).into(),
        rules: protocol::Rules::with(options.lock_wait, options.publish_settle),
    }
}

/// What was decided, in the words of the protocol.
fn decision(checked: &Checked) -> Result<protocol::Decision, JobError> {
    let latest = checked.latest.as_ref().map(|latest| latest.arn.number);
    match (checked.decided.decision, latest, intent(checked)) {
        (Decision::Keep, Some(latest), _) => Ok(protocol::Decision::Keep(latest)),
        (Decision::Adopt, Some(latest), Some(intent)) => Ok(protocol::Decision::Adopt(latest, intent)),
        (Decision::Publish, _, Some(intent)) => Ok(protocol::Decision::Publish(intent)),
        _ => Err(JobError::new(ErrorCode::Internal, "a decision lacks its version or content")),
    }
}

fn intent(checked: &Checked) -> Option<protocol::Intent> {
    let sha256 = protocol::Sha256(checked.sha256?.to_bytes());
    Some(protocol::Intent { sha256, manifest_md5: protocol::Md5(checked.manifest.md5.to_bytes()) })
}
