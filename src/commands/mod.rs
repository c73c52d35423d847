//! One story per command.

mod complete;
mod consent;
mod document;
mod explain;
mod how;
mod init;
mod kept;
mod load;
mod local;
mod outputs;
mod prune;
mod ran;
mod report;
mod rollout;
mod run;
#[cfg(feature = "sandbox")]
mod sandbox;
mod saved;
mod schema;
mod since;
mod stdout;

use std::path::Path;

use crate::cli::{Cli, Command, Common};
use crate::error::{Ended, Error};
use crate::event::Mode;
use crate::plan::SavedPlan;
use crate::report::Ci;
use crate::run::{BuildScope, outlive_limits_of_files};
pub use complete::complete;
use how::How;
use run::run;

/// Does what the command line says.
///
/// # Errors
/// What stops the command before or instead of its jobs.
pub async fn dispatch(cli: Cli) -> Result<Ended, Error> {
    outlive_limits_of_files().map_err(|error| Error::other(format!("cannot listen for signals: {error}")))?;
    match cli.command {
        Command::Init(args) => init::init(&args),
        Command::Explain(args) => explain::explain(&args),
        Command::Completions(args) => complete::script(&args),
        Command::Report(args) => report::report(&args),
        Command::Rollout(args) => rollout::rollout(&args).await,
        Command::Schema(args) => schema::schema(&args),
        #[cfg(feature = "sandbox")]
        Command::Sandbox(args) => sandbox::serve(args).await,
        Command::Check(args) => {
            let how = How { strict: args.strict, ..How::new(Mode::Check) };
            run(&args.common, how.printing(args.printed.format)).await
        }
        Command::Changed(args) => {
            let how = How { exit_code: args.exit_code, print: args.format.into(), ..How::new(Mode::Changed) };
            run(&args.common, how).await
        }
        Command::Build(args) => {
            let scope = if args.all { BuildScope::All } else { BuildScope::Changed };
            let how = How { build: Some(scope), ..How::new(Mode::Build) };
            run(&args.common, how.printing(args.printed.format)).await
        }
        Command::Plan(args) => {
            if let Some(path) = &args.show {
                return saved::show(path, &args);
            }
            let how = How { stage_first: args.stage, force: args.force, strict: args.strict, ..How::new(Mode::Plan) };
            let build = args.build.then_some(BuildScope::Changed);
            let how = How { revoke: args.revoke, align: args.align, build, ..how };
            run(&args.common, How { exit_code: args.exit_code, out: args.out, ..how }.printing(args.printed.format))
                .await
        }
        Command::Stage(args) => {
            let how = How { strict: args.strict, ..How::new(Mode::Stage) };
            run(&args.common, how.printing(args.printed.format)).await
        }
        Command::Publish(args) => {
            let mode = if args.dry_run { Mode::Plan } else { Mode::Publish };
            let how = How { stage_first: args.stage, force: args.force, strict: args.strict, ..How::new(mode) };
            let build = args.build.then_some(BuildScope::Changed);
            let how = How {
                all_or_nothing: args.all_or_nothing,
                attest_dir: args.attest_dir,
                revoke: args.revoke,
                yes: args.yes,
                build,
                ..how
            };
            let how = How { align: args.align, ..how };
            let how = match &args.plan {
                Some(path) => how.following(followed(path, &args.common, mode)?, path),
                None => how,
            };
            run(&args.common, how.printing(args.printed.format)).await
        }
        Command::Status(args) => {
            if args.common.chosen.partition.is_some() {
                return Err(told(not_split(), &args.common, Mode::Status));
            }
            let how = How { exit_code: args.exit_code, all_versions: args.all_versions, ..How::new(Mode::Status) };
            run(&args.common, how.printing(args.printed.format)).await
        }
        Command::Prune(args) => prune::prune(args).await,
    }
}

/// A plan that is to be carried out. One that cannot be read ends the run before its first job.
fn followed(path: &Path, args: &Common, mode: Mode) -> Result<SavedPlan, Error> {
    saved::read(path).map_err(|error| told(error, args, mode))
}

/// A part of the jobs has not all targets of a layer.
fn not_split() -> Error {
    let refused = "`status` cannot be split with `--partition`: it compares what the targets of a layer have";
    Error::usage(refused)
        .hint("to look at fewer at once, name layers, by key or glob: each is looked at in all of its targets")
}

/// What ends a run before its first job, and before anything of it is known: the build server is told.
fn told(error: Error, args: &Common, mode: Mode) -> Error {
    Ci::of_this_process(!args.no_ci).refuse(&error.refused(), mode, &args.reports);
    error
}
