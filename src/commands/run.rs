//! The story of every command that runs jobs: check, changed, build, plan, stage, publish, status, prune.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::path::Path;
use std::time::Duration;

use futures::FutureExt as _;
use gethostname::gethostname;
use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::consent::{consent, refuse_without_keep};
use super::how::{How, Print};
use super::load::{Loaded, load, selection};
use super::local;
use super::ran::{build, what_ran};
use super::saved::{self, Keep};
use crate::attest::Checkout;
use crate::aws::{self, Wanted, ambient_region};
use crate::cli::Common;
use crate::error::{Ended, Error};
use crate::event::{Event, Mode};
use crate::outcome::Outcome;
use crate::plan::Plan;
use crate::report::{
    self, CheckedOut, Ci, EventLog, EventLogError, Listing, Notices, Ran, Report, ReportFile, Shown, emit,
    style_of_data,
};
use crate::run::{self, CheckoutLater, Events, Stop, on_signals};

/// Runs the jobs of a layers file and reports them.
pub async fn run(args: &Common, how: How) -> Result<Ended, Error> {
    run_and_tell(args, how).await.map(|(ended, _)| ended)
}

/// The same, and what was reported.
pub async fn run_and_tell(args: &Common, how: How) -> Result<(Ended, Report), Error> {
    let offline = how.is_offline().then(|| "us-east-1".to_owned());
    let region = ambient_region().await.or_else(|| local::region(&args.manner)).or(offline);
    let ci = Ci::of_this_process(!args.no_ci);
    let Loaded { plan, settings, origins, warnings, included, mut inputs, digest, places, secrets } =
        load(&args.chosen, &args.manner, region, how.saved.as_deref()).inspect_err(|error| {
            if let Error::Layers { found, .. } = error {
                ci.annotate_problems(&found.problems);
            }
        })?;
    ci.annotate_problems(&warnings.problems);
    if how.build.is_some() && !plan.jobs.is_empty() && plan.jobs.iter().all(|job| job.build.is_none()) {
        let error = Error::usage("none of these layers says how it is built");
        return Err(error.hint("add `build = \"…\"`, a command for a shell, to a layer or to [defaults]"));
    }
    if how.mode == Mode::Prune {
        refuse_without_keep(&plan)?;
    }
    consent(&plan, &how)?;
    if how.out.is_some() {
        saved::without(&secrets)?;
    }
    let keep =
        how.out.as_ref().map(|path| Keep::open(path, &mut inputs, digest, selection(&args.chosen))).transpose()?;
    let files = ReportFile::open_all(&args.reports, &inputs).map_err(|error| Error::usage(error.to_string()))?;
    let events = args.events.as_ref().map(|path| EventLog::open(path, &inputs)).transpose();
    let events = events.map_err(|error| Error::usage(error.to_string()))?;
    let stdout_is_taken =
        events.as_ref().is_some_and(EventLog::takes_stdout) || keep.as_ref().is_some_and(Keep::takes_stdout);
    let facts = args.manner.surroundings();
    let notices = Notices::of(&facts);
    notices.say_problems(&warnings);
    notices.say_settings(&origins);
    notices.say_included(&included);
    if let Some(folder) = &how.attest_dir {
        attest_dir(folder)?;
    }
    let local = local::start(&args.manner, &args.chosen.config, &notices).await?;

    let stop = Stop::default();
    on_signals(stop.clone()).map_err(|error| Error::other(format!("cannot listen for signals: {error}")))?;
    let (id, started) = (run_id(), Timestamp::now());
    let ran = what_ran(&args.chosen.config, &plan, &included).boxed().shared();
    let (sender, receiver) = unbounded_channel();
    if args.manner.verbose > 1 {
        log_requests();
    }
    let (followed, receiver) = follow(events, receiver);
    let display = tokio::spawn(report::show(receiver, notices.choice()));
    // Connecting asks for credentials and whose they are.
    let targets = if how.is_offline() { Vec::new() } else { plan.targets() };
    let sessions = aws::connect(
        &targets,
        wanted(&plan, how.mode),
        &aws::ConnectOptions {
            request_timeout: Duration::from_secs(settings.request_timeout_seconds.into()),
            lambda_requests_per_second: settings.lambda_requests_per_second,
            session_name: format!("layership-{id}"),
            endpoint: local.endpoint(),
            http_client: None,
        },
    );
    let options = run::RunOptions {
        mode: how.mode,
        stage_first: how.stage_first,
        build: how.build,
        force: how.force,
        align: how.align,
        revoke: how.revoke,
        strict: how.strict,
        fail_fast: settings.fail_fast,
        all_or_nothing: how.all_or_nothing,
        all_versions: how.all_versions,
        tells_dependencies: how.print == Print::Json
            || args.reports.iter().any(|report| report.format.has_dependencies()),
        pruning: how.pruning.clone(),
        concurrency: settings.concurrency,
        lock_wait: Duration::from_secs(settings.lock_wait_seconds.into()),
        publish_settle: Duration::from_secs(settings.publish_settle_seconds.into()),
        checkout: checkout(ran.clone()),
        attest_dir: how.attest_dir.clone(),
        approval: how.approval(),
        identity: run::RunIdentity { run: id.clone(), host: gethostname().to_string_lossy().into_owned() },
    };
    let jobs = run::run(&plan, sessions, options, Events::new(sender), stop.clone()).await;
    // The display ends when the last sender of events is gone; if it broke, the report below still tells everything.
    let _ = display.await;
    let followed = followed.await;
    let part = plan.part.clone().map(|part| part.in_build(build()));
    let report = Report::new(how.mode, &id, started, Timestamp::now(), jobs).with_part(part);
    let report = report.with_ran(ran.await);
    local.stop().await;

    let saved: Vec<_> = files.into_iter().map(|mut file| file.write(&report)).collect();
    let printed = match how.print {
        Print::Nothing => Ok(Shown::default()),
        _ if stdout_is_taken => Ok(Shown::default()),
        Print::Json => Ok(report::json::render(&report)),
        Print::Markdown => Ok(report::markdown::comment(&report)),
        Print::Lines => Ok(report::changed::lines(&report)),
        Print::GithubMatrix => report::changed::github_matrix(&report).map_err(Error::other),
        Print::Usual | Print::Text => {
            let listing = Listing::of(how.print == Print::Text || args.manner.verbose > 0, &facts);
            Ok(report::rendered(&report, &args.chosen.config, listing, style_of_data(&facts)))
        }
    };
    let printed = printed.and_then(|text| {
        emit::stdout(&text).map_err(|error| Error::other(format!("cannot write to standard output: {error}")))
    });
    let kept = keep.map_or(Ok(()), |keep| keep.keep(&plan, &report, &how, &notices));
    ci.conclude(&report, &args.reports, &places);
    notices.conclude(&report);
    saved.into_iter().collect::<Result<(), _>>()?;
    kept?;
    followed?;
    printed?;
    Ok((ended(&report, &plan, &how, stop.asked()), report))
}

/// What is checked out, as statements of provenance say it.
fn checkout(ran: impl Future<Output = Ran> + Send + 'static) -> CheckoutLater {
    let checkout = |ran: Ran| {
        let CheckedOut { commit, dirty, .. } = ran.git?;
        Some(Checkout { commit, dirty, page: ran.ci })
    };
    ran.map(checkout).boxed().shared()
}

/// The events as they are to be displayed, and the end of the log that is written of them, if one is wanted.
fn follow(
    log: Option<EventLog>,
    events: UnboundedReceiver<Event>,
) -> (impl Future<Output = Result<(), EventLogError>>, UnboundedReceiver<Event>) {
    let (sender, shown) = unbounded_channel();
    let (task, shown) = match log {
        Some(log) => (Some(tokio::spawn(log.follow(events, sender))), shown),
        None => (None, events),
    };
    let end = async {
        match task {
            // If it broke, the report tells everything all the same.
            Some(task) => task.await.unwrap_or(Ok(())),
            None => Ok(()),
        }
    };
    (end, shown)
}

/// Proves that files can be written below a folder, before anything is published.
fn attest_dir(folder: &Path) -> Result<(), Error> {
    let proven = std::fs::create_dir_all(folder).and_then(|()| tempfile::tempfile_in(folder));
    let why = |error| Error::usage(format!("cannot write below `{}`: {error}", folder.display()));
    proven.map(drop).map_err(why)
}

/// What the jobs will ask for, by target.
fn wanted(plan: &Plan, mode: Mode) -> HashMap<String, Wanted> {
    let mut wanted: HashMap<String, Wanted> = HashMap::new();
    for job in &plan.jobs {
        let at = wanted.entry(job.target.name.clone()).or_default();
        if matches!(mode, Mode::Plan | Mode::Publish | Mode::Status) {
            at.layers.insert(job.name.clone());
            at.parameters.extend(job.follow_ups.parameter.clone());
        }
        at.owners.extend(job.bucket_owner.clone().map(|owner| (job.staged.bucket.clone(), owner)));
    }
    wanted
}

/// Failures at targets of `best-effort` are reported, and do not count.
fn ended(report: &Report, plan: &Plan, how: &How, interrupted: bool) -> Ended {
    let targets = plan.targets();
    let counts = |name: &str| !targets.iter().any(|target| target.name == name && target.best_effort);
    let failed = report.jobs.iter().any(|job| job.outcome == Outcome::Failed && counts(&job.target));
    let is_to_do = |outcome| matches!(outcome, Outcome::Planned | Outcome::Changed);
    let to_do = match how.mode {
        Mode::Status => report::status::is_off(report, counts),
        _ => report.jobs.iter().any(|job| is_to_do(job.outcome) || job.is_to_follow_up()),
    };
    match () {
        () if interrupted => Ended::Interrupted,
        () if failed => Ended::JobFailed,
        () if how.exit_code && to_do => Ended::SomethingToDo,
        () => Ended::Well,
    }
}

/// With `-vv`: every request and every retry, on standard error.
pub(super) fn log_requests() {
    use tracing_subscriber::filter::{LevelFilter, Targets};
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::util::SubscriberInitExt as _;
    // Only our own events: those of the SDK show headers.
    let ours = Targets::new()
        .with_target("layership::aws", LevelFilter::DEBUG)
        .with_target("layership::run", LevelFilter::DEBUG);
    let lines = tracing_subscriber::fmt::layer().with_writer(|| Stderr).with_ansi(false).with_target(false);
    let _ = tracing_subscriber::registry().with(lines).with(ours).try_init();
}

/// Standard error by way of the report, which alone knows the terminal.
struct Stderr;

impl std::io::Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        emit::stderr(&Shown::lines(&String::from_utf8_lossy(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Identifies a run in reports and locks: the time, so that it sorts, and a random number, because two containers can
/// start the same process number in the same millisecond, and whoever has the run's id holds its locks.
pub(super) fn run_id() -> String {
    // Seeded by the operating system, freshly for each process.
    let random = RandomState::new().build_hasher().finish();
    format!("{}-{random:016x}", Timestamp::now().strftime("%Y%m%dT%H%M%S%3fZ"))
}
