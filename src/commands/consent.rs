//! What nobody does by accident: share a layer with everybody, delete versions without having said how many stay.

use std::collections::BTreeSet;

use super::how::How;
use crate::error::Error;
use crate::event::Mode;
use crate::layer::Grantee;
use crate::plan::Plan;
use crate::report::{agreed, plural, shown};

/// So many layers are named.
const NAMED: usize = 10;

/// Asks whether layers are to be shared with everybody, unless the command line says so. Copies that somebody made meanwhile
/// cannot be taken back.
pub fn consent(plan: &Plan, how: &How) -> Result<(), Error> {
    let is_public =
        |share: &Option<BTreeSet<Grantee>>| share.as_ref().is_some_and(|share| share.contains(&Grantee::Public));
    let public = plan.jobs.iter().filter(|job| is_public(&job.follow_ups.share));
    let layers: BTreeSet<&str> = public.map(|job| job.layer.as_str()).collect();
    if layers.is_empty() || how.mode != Mode::Publish || how.yes {
        return Ok(());
    }
    let named: Vec<&str> = layers.iter().copied().take(NAMED).collect();
    let more = if layers.len() > NAMED { ", …" } else { "" };
    let what = shown!("share {} with everybody: {}{}", plural(layers.len(), "layer"), named.join(", "), more);
    match agreed(&shown!("{}?", what)) {
        Some(true) => Ok(()),
        Some(false) => Err(Error::usage("not agreed: nothing was done")),
        None => Err(Error::usage(format!("nobody can be asked whether to {what}"))
            .hint("agree with `--yes`, or take `public` out of `share`")),
    }
}

/// A layer that does not say how many versions stay keeps all of them, and the run ends before anything is started.
pub fn refuse_without_keep(plan: &Plan) -> Result<(), Error> {
    let all: BTreeSet<&str> = plan.jobs.iter().map(|job| job.layer.as_str()).collect();
    let without = plan.jobs.iter().filter(|job| job.retention.is_none());
    let layers: BTreeSet<&str> = without.map(|job| job.layer.as_str()).collect();
    if layers.is_empty() {
        return Ok(());
    }
    let named: Vec<&str> = layers.iter().copied().take(NAMED).collect();
    let more = if layers.len() > NAMED { ", …" } else { "" };
    let (count, verb) = (plural(layers.len(), "layer"), if layers.len() == 1 { "does" } else { "do" });
    Err(Error::usage(format!("{count} {verb} not say how many versions are to be kept: {}{more}", named.join(", ")))
        .hint(if layers.len() == all.len() {
            "add `keep = 10`, or another number, to a layer or to [defaults]"
        } else {
            "add `keep = 10`, or another number, to a layer or to [defaults], or name only layers that say it"
        }))
}
