//! `layership prune`: nothing is deleted before somebody has seen what.

use std::collections::BTreeSet;
use std::mem;
use std::sync::Arc;

use super::how::{How, Print};
use super::local;
use super::run::{run, run_and_tell};
use super::told;
use crate::cli::{Common, PruneArgs};
use crate::error::{Ended, Error};
use crate::event::Mode;
use crate::layer::{LayerArn, VersionArn};
use crate::outcome::{JobReport, Outcome};
use crate::report::{
    Listing, Notices, Report, Shown, agreed, emit, plural, rendered, shown, somebody_is_there, style_of_data,
};
use crate::run::Pruning;

/// Deletes old versions; at a terminal, after showing them and asking.
pub async fn prune(mut args: PruneArgs) -> Result<Ended, Error> {
    let pruning = Pruning { dry_run: args.dry_run, shared: args.shared, backups: args.backups, agreed: None };
    let how = How { pruning, exit_code: args.exit_code, ..How::new(Mode::Prune) }.printing(args.printed.format);
    if args.dry_run || args.yes {
        return run(&args.common, how).await;
    }
    if !somebody_is_there() {
        let error = Error::usage("nobody can be asked whether old versions are to be deleted")
            .hint("see with `--dry-run` which ones, and agree with `--yes`");
        return Err(told(error, &args.common, Mode::Prune));
    }
    // What is written to files, and told to others, is what was done in the end.
    let (reports, events) = (mem::take(&mut args.common.reports), args.common.events.take());
    let no_ci = mem::replace(&mut args.common.no_ci, true);
    let look = Pruning { dry_run: true, ..how.pruning.clone() };
    let look = How { pruning: look, print: Print::Nothing, ..how.clone() };
    let (ended, seen) = run_and_tell(&args.common, look).await?;
    // What the look met is told once: by the run that follows, or here where none does.
    let conclude = || {
        let same = local::same(&args.common.manner, &args.common.chosen.config);
        Notices::of(&args.common.manner.surroundings()).conclude(&seen, &same);
    };
    if ended == Ended::Interrupted {
        conclude();
        return Ok(ended);
    }
    let versions = to_delete(&seen);
    if !versions.is_empty() {
        // Beside the question: standard output may be a file.
        emit::stderr(&shown!("{}{}", table(&args.common, &seen), left_out(&seen)));
        if agreed(&shown!("delete these versions? They cannot be had back.")) != Some(true) {
            conclude();
            return Err(Error::usage("not agreed: nothing was done"));
        }
    }
    (args.common.reports, args.common.events, args.common.no_ci) = (reports, events, no_ci);
    let agreed = Pruning { agreed: Some(Arc::new(versions)), ..how.pruning };
    run(&args.common, How { pruning: agreed, ..how }).await
}

fn table(args: &Common, seen: &Report) -> Shown {
    let facts = args.manner.surroundings();
    rendered(seen, &args.chosen.config, Listing::of(args.manner.verbose > 0, &facts), style_of_data(&facts))
}

/// Whoever is asked knows that this is not all.
fn left_out(seen: &Report) -> Shown {
    match seen.summary.get(Outcome::Failed) {
        0 => Shown::default(),
        failed => shown!("{} failed: nothing is deleted there, and why is told at the end\n", plural(failed, "job")),
    }
}

/// What a report says would be deleted.
fn to_delete(report: &Report) -> BTreeSet<VersionArn> {
    fn of_job(job: &JobReport) -> Option<impl Iterator<Item = VersionArn>> {
        let layer: LayerArn = job.layer_arn.as_ref()?.parse().ok()?;
        let numbers = job.prune.iter().flat_map(|prune| &prune.to_delete);
        Some(numbers.map(move |number| VersionArn { layer: layer.clone(), number: *number }))
    }
    report.jobs.iter().filter_map(of_job).flatten().collect()
}
