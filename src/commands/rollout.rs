//! `layership rollout`: functions get the newest versions of the layers that they use.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc::unbounded_channel;

use super::how::Print;
use super::load::{Loaded, load};
use super::local::{self, RunSandbox};
use super::outputs::log;
use super::run::{connecting, follow, log_requests, run_id};
use super::stdout::Wishes;
use super::{document, kept};
use crate::aws::{self, Endpoint, Wanted, ambient_region};
use crate::cli::{Output, RolloutArgs};
use crate::config::Settings;
use crate::error::{Ended, Error};
use crate::event::Happening;
use crate::plan::{Pattern, Plan, Target};
use crate::report::rollout::{RolloutFailure, RolloutLayer, RolloutReport, RolloutRun, show};
use crate::report::{Ci, EventLog, Notices, ReportFile, Shown, emit, warnings_of};
use crate::rollout::{Choice, FunctionReport, Record, RolloutMode};
use crate::run::rollout::{self, Survey, Surveyed, Wave, Wish};
use crate::run::{Events, Stop, on_signals};
use crate::shown;

/// Most bytes of a file that a rollout kept: 100,000 functions need less.
const LARGEST_RECORD: u64 = 256 * 1024 * 1024;

/// Finds the functions, and moves them where that is asked for.
pub async fn rollout(args: &RolloutArgs) -> Result<Ended, Error> {
    let ci = Ci::of_this_process(!args.no_ci);
    let refused = |error: &Error| ci.refuse_rollout(&error.refused(), mode(args));
    let Begun { loaded, outputs, notices, undone, wish, local, stop } = begin(args).await.inspect_err(refused)?;
    let Outputs { files, log, stdout_is_taken } = outputs;
    let (plan, settings) = (&loaded.plan, &loaded.settings);
    let story = Story { args, plan, settings, undone, wish, run: run_id(), stop: &stop };
    let (sender, receiver) = unbounded_channel();
    let (followed, receiver) = follow(log, receiver);
    let display = tokio::spawn(show(receiver, notices.choice()));
    let events = Events::new(sender);
    warnings_of(&loaded.warnings).for_each(|warning| events.send(Happening::LayersFileWarned { warning }));
    let report = story.report(local.endpoint(), events).await;
    // The display ends when the last sender of events is gone; if it broke, the report still tells everything.
    let _ = display.await;
    let followed = followed.await;
    local.stop().await;
    let Some(report) = report.inspect_err(refused)? else {
        refused(&Error::other("it was stopped before it knew what is to be done"));
        followed?;
        return Ok(Ended::Interrupted);
    };
    let saved: Vec<_> = files.into_iter().map(|mut file| file.write(&report)).collect();
    ci.conclude_rollout(&report, &loaded.file());
    conclude(&report, args, stdout_is_taken, &notices)?;
    saved.into_iter().collect::<Result<(), _>>()?;
    followed?;
    Ok(ended(&report, &plan.targets(), args, stop.asked()))
}

/// What there is before the first request.
struct Begun {
    loaded: Loaded,
    outputs: Outputs,
    notices: Notices,
    undone: Option<Record>,
    wish: Wish,
    local: RunSandbox,
    stop: Stop,
}

/// Everything that is written, opened.
struct Outputs {
    files: Vec<ReportFile<RolloutReport>>,
    log: Option<EventLog>,
    /// Standard output belongs to one of them.
    stdout_is_taken: bool,
}

/// Everything that can end a rollout before its first request.
async fn begin(args: &RolloutArgs) -> Result<Begun, Error> {
    let (chosen, manner) = (&args.chosen, &args.manner);
    let undone = args.undo.as_deref().map(read).transpose()?;
    let region = ambient_region().await.or_else(|| local::region(manner));
    let mut loaded = load(chosen, manner, region, None)?;
    args.undo.iter().for_each(|record| loaded.inputs.add(record, "what is to be put back"));
    let stdout_is_taken = stdout_is_taken(args)?;
    let wish = wish(args, &loaded.settings)?;
    let wanted = args.reports.iter().map(|request| (request.render, request.path.as_path()));
    let files = ReportFile::open_each(wanted, &loaded.inputs).map_err(|error| Error::usage(error.to_string()))?;
    let log = args.events.as_deref().map(|path| log(path, &files, &loaded.inputs)).transpose()?;
    let notices = Notices::of(&manner.surroundings());
    notices.say_problems(&loaded.warnings);
    notices.say_settings(&loaded.origins);
    notices.say_included(&loaded.included);
    if manner.verbose > 1 {
        log_requests();
    }
    let local = local::start(manner, &chosen.config, &notices).await?;
    let stop = Stop::default();
    on_signals(stop.clone()).map_err(|error| Error::other(format!("cannot listen for signals: {error}")))?;
    let outputs = Outputs { files, log, stdout_is_taken };
    Ok(Begun { loaded, outputs, notices, undone, wish, local, stop })
}

/// A rollout, from the first request to the report.
struct Story<'a> {
    args: &'a RolloutArgs,
    plan: &'a Plan,
    settings: &'a Settings,
    undone: Option<Record>,
    wish: Wish,
    run: String,
    stop: &'a Stop,
}

impl Story<'_> {
    /// `None` where it was stopped before it knew what is to be done.
    async fn report(&self, endpoint: Option<Endpoint>, events: Events) -> Result<Option<RolloutReport>, Error> {
        let (mode, started) = (mode(self.args), Timestamp::now());
        events.send(Happening::RolloutStarted { mode });
        let survey = tokio::select! {
            survey = self.survey(endpoint, &events) => survey,
            () = self.stop.finishing() => {
                events.send(Happening::Interrupted { running: 0 });
                return Ok(None);
            }
        };
        let Survey { layers, functions, failures } = survey;
        for (target, error) in &failures {
            events.send(Happening::TargetFailed { target: target.clone(), error: Box::new(error.clone()) });
        }
        let record = self.keep(mode, &functions, started)?;
        let has_job = |one: &&Surveyed| mode != RolloutMode::Plan && one.job.is_some();
        let jobs = functions.iter().filter(has_job).count();
        events.send(Happening::FunctionsFound { functions: functions.len(), jobs, record: record.clone() });
        let functions = self.carried_out(mode, functions, &events).await;
        let layers = layers.into_iter().map(|one| RolloutLayer {
            layer: one.layer,
            target: one.target,
            layer_version_arn: one.arn,
        });
        let failures = failures.into_iter().map(|(target, error)| RolloutFailure { target, error });
        let (run, layers, failures) = (self.run.clone(), layers.collect(), failures.collect());
        let run = RolloutRun { mode, run, started, record, layers, functions, failures };
        let report = RolloutReport::of(run, Timestamp::now());
        events.send(Happening::RolloutFinished { summary: report.summary });
        Ok(Some(report))
    }

    async fn survey(&self, endpoint: Option<Endpoint>, events: &Events) -> Survey {
        let targets = self.plan.targets();
        let sessions = aws::connect(&targets, wanted(self.plan), &connecting(self.settings, &self.run, endpoint));
        match &self.undone {
            Some(record) => rollout::put_back(record, &targets, &sessions, self.wish.patience, events).await,
            None => rollout::survey(self.plan, &sessions, &self.wish, events).await,
        }
    }

    /// Keeps what was there before, where anything is to be changed; where it is kept.
    fn keep(&self, mode: RolloutMode, functions: &[Surveyed], started: Timestamp) -> Result<Option<String>, Error> {
        let jobs = functions.iter().filter_map(|one| one.job.as_ref());
        let before: Vec<_> = jobs.filter(|job| job.is_change()).map(|job| job.record()).collect();
        if mode != RolloutMode::Apply || before.is_empty() {
            return Ok(None);
        }
        let record = Record::new(&self.run, started.to_string(), before);
        kept::keep(&self.args.chosen.config, &record).map(|path| Some(path.display().to_string()))
    }

    async fn carried_out(&self, mode: RolloutMode, functions: Vec<Surveyed>, events: &Events) -> Vec<FunctionReport> {
        if mode == RolloutMode::Plan {
            let told = |one: Surveyed| {
                rollout::tell(&one.report, events);
                one.report
            };
            return functions.into_iter().map(told).collect();
        }
        let canary = self.args.canary.map(usize::from);
        let wave = Wave { concurrency: self.settings.concurrency, canary, stops_at_failure: self.undone.is_none() };
        rollout::carry_out(functions, &wave, self.stop, events).await
    }
}

/// Whether standard output is for a report or the events: then nothing else goes there.
fn stdout_is_taken(args: &RolloutArgs) -> Result<bool, Error> {
    let mut wishes = Wishes::default();
    args.reports.iter().for_each(|report| wishes.file(&format!("--report {}=", report.format), &report.path));
    args.events.iter().for_each(|path| wishes.file("--events ", path));
    wishes.settle(Print::from(args.format).asked())
}

fn mode(args: &RolloutArgs) -> RolloutMode {
    match (&args.undo, args.apply) {
        (Some(_), _) => RolloutMode::Undo,
        (None, true) => RolloutMode::Apply,
        (None, false) => RolloutMode::Plan,
    }
}

fn conclude(report: &RolloutReport, args: &RolloutArgs, stdout_is_taken: bool, notices: &Notices) -> Result<(), Error> {
    let same = &local::same(&args.manner, &args.chosen.config);
    let text = match args.format {
        _ if stdout_is_taken => Shown::default(),
        Some(Output::Json) => report.json(),
        Some(Output::Markdown) => report.markdown(),
        Some(Output::Text) | None => report.text(same),
    };
    emit::stdout(&text).map_err(|error| Error::other(format!("cannot write to standard output: {error}")))?;
    let errors = report.errors(same, notices.style());
    if !errors.is_empty() {
        emit::stderr(&shown!("\n{}", errors));
    }
    Ok(())
}

fn ended(report: &RolloutReport, targets: &[Arc<Target>], args: &RolloutArgs, interrupted: bool) -> Ended {
    let counts = |name: &str| !targets.iter().any(|target| target.name == name && target.best_effort);
    match () {
        () if interrupted => Ended::Interrupted,
        () if report.is_bad(counts) => Ended::JobFailed,
        () if args.exit_code && report.summary.planned > 0 => Ended::SomethingToDo,
        () => Ended::Well,
    }
}

fn wish(args: &RolloutArgs, settings: &Settings) -> Result<Wish, Error> {
    let patterns = args.functions.iter().map(|text| Pattern::new(text));
    let functions = patterns.collect::<Result<Vec<_>, _>>().map_err(|error| Error::usage(error.to_string()))?;
    let choice = Choice { force: args.force, publish: args.publish_versions, alias: args.alias.clone() };
    let tags = args.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
    // A change of a function takes seconds, and up to minutes in a VPC.
    let patience = Duration::from_secs(settings.request_timeout_seconds.into()) * 10;
    Ok(Wish { functions, tags, choice, concurrency: settings.concurrency, patience, settles: args.apply })
}

/// Which layers' newest versions are asked for.
fn wanted(plan: &Plan) -> HashMap<String, Wanted> {
    let mut wanted: HashMap<String, Wanted> = HashMap::new();
    for job in &plan.jobs {
        let layers: &mut HashSet<_> = &mut wanted.entry(job.target.name.clone()).or_default().layers;
        layers.insert(job.name.clone());
    }
    wanted
}

fn read(path: &Path) -> Result<Record, Error> {
    let text = document::read(path, "file of a rollout", LARGEST_RECORD)?;
    Record::parse(&text).map_err(|error| {
        let error = Error::usage(format!("{} {error}", document::name(path)));
        error.hint("`rollout --apply` keeps one, and says where: .layership/rollout-….json beside the layers file")
    })
}
