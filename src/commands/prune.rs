//! `layership prune`: nothing is deleted before somebody has seen what.

use std::mem;

use super::how::How;
use super::run::run;
use crate::cli::PruneArgs;
use crate::error::{Ended, Error};
use crate::event::Mode;
use crate::report::{agreed, shown, somebody_is_there};
use crate::run::Pruning;

/// Deletes old versions; at a terminal, after showing them and asking.
pub async fn prune(mut args: PruneArgs) -> Result<Ended, Error> {
    let pruning = Pruning { dry_run: args.dry_run, shared: args.shared, backups: args.backups };
    let how = How { pruning, exit_code: args.exit_code, ..How::new(Mode::Prune) }.printing(&args.printed);
    if args.dry_run || args.yes {
        return run(&args.common, how).await;
    }
    if !somebody_is_there() {
        return Err(Error::usage("nobody can be asked whether old versions are to be deleted")
            .hint("see with `--dry-run` which ones, and agree with `--yes`"));
    }
    // What is written to files is what was done in the end.
    let (reports, events) = (mem::take(&mut args.common.reports), args.common.events.take());
    let look = How { pruning: Pruning { dry_run: true, ..pruning }, exit_code: true, ..how.clone() };
    match run(&args.common, look).await? {
        Ended::SomethingToDo => {}
        ended => return Ok(ended),
    }
    if agreed(&shown!("delete these versions? They cannot be had back.")) != Some(true) {
        return Err(Error::usage("not agreed: nothing was done"));
    }
    (args.common.reports, args.common.events) = (reports, events);
    run(&args.common, how).await
}
