//! The story of every command that runs jobs: check, changed, build, plan, stage, publish, status, prune.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use futures::FutureExt as _;
use gethostname::gethostname;
use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::consent::{consent, refuse_without_keep};
use super::how::{How, Print};
use super::load::{Loaded, load};
use super::local::{self, RunSandbox};
use super::outputs::{Outputs, Telling};
use super::ran::{build, what_ran};
use crate::attest::Checkout;
use crate::aws::{self, Wanted, ambient_region};
use crate::cli::Common;
use crate::config::Settings;
use crate::error::{Ended, Error};
use crate::event::{Event, Happening, Mode};
use crate::outcome::Outcome;
use crate::plan::Plan;
use crate::report::{self, CheckedOut, Ci, EventLog, EventLogError, Notices, Ran, Report, Shown, emit};
use crate::run::{self, CheckoutLater, Events, Stop, on_signals};

/// Runs the jobs of a layers file and reports them.
pub async fn run(args: &Common, how: How) -> Result<Ended, Error> {
    run_and_tell(args, how).await.map(|(ended, _)| ended)
}

/// The same, and what was reported.
pub async fn run_and_tell(args: &Common, how: How) -> Result<(Ended, Report), Error> {
    let ci = Ci::of_this_process(!args.no_ci);
    let begun = begin(args, &how).await;
    let refused = |error: &Error| ci.refuse(&error.refused(), how.mode, &args.reports);
    let Begun { loaded, mut outputs, notices, local, stop } = begun.inspect_err(refused)?;

    let told = Telling { args, how: &how, notices: &notices };
    let story = Story { told, loaded: &loaded, id: run_id(), endpoint: local.endpoint() };
    let (report, followed) = story.report(outputs.take_events(), &stop).await;
    local.stop().await;

    let written = outputs.write(&report, &loaded.plan, told);
    ci.conclude(&report, &args.reports, &loaded.file());
    if !how.is_look() {
        notices.conclude(&report, &local::same(&args.manner, &args.chosen.config));
    }
    written?;
    followed?;
    Ok((ended(&report, &loaded.plan, &how, stop.asked()), report))
}

/// What there is before the first job.
struct Begun {
    loaded: Loaded,
    outputs: Outputs,
    notices: Notices,
    local: RunSandbox,
    stop: Stop,
}

/// Everything that can end a run before its first job.
async fn begin(args: &Common, how: &How) -> Result<Begun, Error> {
    let mut loaded = load_all(args, how).await?;
    refuse(&loaded.plan, how)?;
    let outputs = Outputs::open(args, how, &mut loaded)?;
    let notices = Notices::of(&args.manner.surroundings());
    let notices = if how.is_look() { notices.of_a_look() } else { notices };
    if !how.follows_look() {
        notices.say_problems(&loaded.warnings);
        notices.say_settings(&loaded.origins);
        notices.say_included(&loaded.included);
    }
    if args.manner.verbose > 1 {
        log_requests();
    }
    let local = local::start(&args.manner, &args.chosen.config, &notices).await?;
    let stop = Stop::default();
    on_signals(stop.clone()).map_err(|error| Error::other(format!("cannot listen for signals: {error}")))?;
    Ok(Begun { loaded, outputs, notices, local, stop })
}

/// The layers file, and what the command line says about it.
async fn load_all(args: &Common, how: &How) -> Result<Loaded, Error> {
    let offline = how.is_offline().then(|| "us-east-1".to_owned());
    let region = ambient_region().await.or_else(|| local::region(&args.manner)).or(offline);
    load(&args.chosen, &args.manner, region, how.saved.as_deref())
}

/// What ends a run before it begins.
fn refuse(plan: &Plan, how: &How) -> Result<(), Error> {
    if how.build.is_some() && !plan.jobs.is_empty() && plan.jobs.iter().all(|job| job.build.is_none()) {
        let error = Error::usage("none of these layers says how it is built");
        return Err(error.hint("add `build = \"…\"`, a command for a shell, to a layer or to [defaults]"));
    }
    if how.mode == Mode::Prune {
        refuse_without_keep(plan)?;
    }
    consent(plan, how)
}

/// A run, from the first request to the report.
struct Story<'a> {
    told: Telling<'a>,
    loaded: &'a Loaded,
    id: String,
    endpoint: Option<aws::Endpoint>,
}

impl Story<'_> {
    /// Runs the jobs while they are shown; and says whether all events could be written.
    async fn report(&self, log: Option<EventLog>, stop: &Stop) -> (Report, Result<(), EventLogError>) {
        let Telling { args, how, notices } = self.told;
        let (plan, started) = (&self.loaded.plan, Timestamp::now());
        let ran = what_ran(&args.chosen.config, plan, &self.loaded.included, stop).boxed().shared();
        let (sender, receiver) = unbounded_channel();
        let (followed, receiver) = follow(log, receiver);
        let display = tokio::spawn(report::show(receiver, notices.choice()));
        // Connecting asks for credentials and whose they are.
        let targets = if how.is_offline() { Vec::new() } else { plan.targets() };
        let connecting = connecting(&self.loaded.settings, &self.id, self.endpoint.clone());
        let sessions = aws::connect(&targets, wanted(plan, how.mode), &connecting);
        let options = self.options(checkout(ran.clone()));
        let events = Events::new(sender);
        let odd = report::warnings_of(&self.loaded.warnings);
        odd.for_each(|warning| events.send(Happening::LayersFileWarned { warning }));
        let jobs = run::run(plan, sessions, options, events, stop.clone()).await;
        // The display ends when the last sender of events is gone; if it broke, the report still tells everything.
        let _ = display.await;
        let followed = followed.await;
        let part = plan.part.clone().map(|part| part.in_build(build()));
        let report = Report::new(how.mode, &self.id, started, Timestamp::now(), jobs).with_part(part);
        let report = report.with_variables(&self.loaded.variables);
        (report.with_warnings(&self.loaded.warnings).with_ran(ran.await), followed)
    }

    fn options(&self, checkout: CheckoutLater) -> run::RunOptions {
        let (Telling { args, how, .. }, settings) = (self.told, &self.loaded.settings);
        let reports_have_dependencies = args.reports.iter().any(|report| report.format.has_dependencies());
        run::RunOptions {
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
            tells_dependencies: how.print == Print::Json || reports_have_dependencies,
            pruning: how.pruning.clone(),
            concurrency: settings.concurrency,
            lock_wait: Duration::from_secs(settings.lock_wait_seconds.into()),
            publish_settle: Duration::from_secs(settings.publish_settle_seconds.into()),
            checkout,
            attest_dir: how.attest_dir.clone(),
            approval: how.approval(),
            identity: run::RunIdentity { run: self.id.clone(), host: gethostname().to_string_lossy().into_owned() },
        }
    }
}

/// How the sessions of a run are made.
pub(super) fn connecting(settings: &Settings, run: &str, endpoint: Option<aws::Endpoint>) -> aws::ConnectOptions {
    aws::ConnectOptions {
        request_timeout: Duration::from_secs(settings.request_timeout_seconds.into()),
        lambda_requests_per_second: settings.lambda_requests_per_second,
        session_name: format!("layership-{run}"),
        endpoint,
        http_client: None,
    }
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
pub(super) fn follow(
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
