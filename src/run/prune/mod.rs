//! Deleting the old versions of a layer at a target, under its lock.
//!
//! | file | what it does |
//! |---|---|
//! | `archives` | which archives in the bucket no version needs |
//! | `look` | what becomes of each version: asks only as much as that takes |
//! | `hands` | looks again where somebody was quicker, and deletes |

mod archives;
mod hands;
mod look;

use std::collections::BTreeSet;
use std::sync::Arc;

use layership_protocol::{Decision, End, Outcome as Came};

use super::Shared;
use super::exactly_once::{Grip, drive, job, lock_told, unheld};
use super::pool::Slot;
use super::site::Site;
use super::trail::Trail;
use crate::layer::VersionArn;
use crate::outcome::{JobError, Outcome};
use hands::PruneHands;
use look::look;

/// What `prune` is asked for, beside what the layers say.
#[derive(Clone, Debug, Default)]
pub struct Pruning {
    /// Only tell what would be deleted.
    pub dry_run: bool,
    /// Delete versions that others may use, too.
    pub shared: bool,
    /// Delete the backup of a version before it.
    pub backups: bool,
    /// Somebody saw these, and agreed: nothing else is deleted.
    pub agreed: Option<Arc<BTreeSet<VersionArn>>>,
}

/// Deletes what is old. Until the lock is taken a stop drops the work; from then on the version in hand is finished.
pub async fn prune(site: Site<'_>, shared: &Shared, slot: &mut Slot, trail: &mut Trail) -> Result<Outcome, JobError> {
    let options = &shared.options;
    let fates = tokio::select! {
        fates = look(site, None, options, trail) => fates?,
        () = shared.stop.finishing() => return Ok(Outcome::Cancelled),
    };
    let Some(latest) = fates.latest().filter(|_| !fates.are_all_kept()) else { return Ok(Outcome::Unchanged) };
    if options.pruning.dry_run {
        return Ok(Outcome::Planned);
    }
    let mut hands = PruneHands::new(Grip::new(site, shared, slot, trail), fates);
    let end = drive(site, &mut hands, &job(site, options), latest, Decision::Keep(latest)).await;
    outcome(end, hands)
}

fn outcome(end: End, mut hands: PruneHands<'_>) -> Result<Outcome, JobError> {
    lock_told(end.lock, &mut hands.grip);
    match end.outcome {
        Came::Kept(_) => hands.ended(),
        Came::Stopped => Ok(Outcome::Cancelled),
        came => Err(unheld(came, &mut hands.grip, "deleted")),
    }
}
