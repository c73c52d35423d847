//! `layership rollout`: functions get the newest versions of the layers that they use.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc::unbounded_channel;

use super::load::{Loaded, load};
use super::run::{connecting, log_requests, run_id};
use super::{document, kept, local};
use crate::aws::{self, Wanted, ambient_region};
use crate::cli::{Output, RolloutArgs};
use crate::config::Settings;
use crate::error::{Ended, Error};
use crate::event::{Event, Happening};
use crate::plan::{Pattern, Plan, Target};
use crate::report::rollout::{RolloutFailure, RolloutLayer, RolloutMode, RolloutReport, RolloutRun, line};
use crate::report::{Notices, ReportFile, emit, plural};
use crate::rollout::{Choice, FunctionReport, Record};
use crate::run::rollout::{self, FunctionJob, Survey, Surveyed, Wave, Wish};
use crate::run::{Events, Stop, on_signals};
use crate::shown;

/// Most bytes of a file that a rollout kept: 100,000 functions need less.
const LARGEST_RECORD: u64 = 256 * 1024 * 1024;

/// Finds the functions, and moves them where that is asked for.
pub async fn rollout(args: &RolloutArgs) -> Result<Ended, Error> {
    let (chosen, manner) = (&args.chosen, &args.manner);
    let undone = args.undo.as_deref().map(read).transpose()?;
    let region = ambient_region().await.or_else(|| local::region(manner));
    let Loaded { plan, settings, origins, warnings, included, mut inputs, .. } = load(chosen, manner, region, None)?;
    args.undo.iter().for_each(|record| inputs.add(record, "what is to be put back"));
    let wish = wish(args, &settings)?;
    let wanted_reports = args.reports.iter().map(|request| (request.render, request.path.as_path()));
    let files = ReportFile::open_each(wanted_reports, &inputs).map_err(|error| Error::usage(error.to_string()))?;
    let notices = Notices::of(&manner.surroundings());
    notices.say_problems(&warnings);
    notices.say_settings(&origins);
    notices.say_included(&included);
    if manner.verbose > 1 {
        log_requests();
    }
    let local = local::start(manner, &chosen.config, &notices).await?;
    let stop = Stop::default();
    on_signals(stop.clone()).map_err(|error| Error::other(format!("cannot listen for signals: {error}")))?;
    let (run, started) = (run_id(), Timestamp::now());
    let targets = plan.targets();
    let sessions = aws::connect(&targets, wanted(&plan), &connecting(&settings, &run, local.endpoint()));
    let looking = async {
        match &undone {
            Some(record) => rollout::put_back(record, &targets, &sessions, wish.patience).await,
            None => rollout::survey(&plan, &sessions, &wish).await,
        }
    };
    let survey = tokio::select! {
        survey = looking => survey,
        () = stop.finishing() => return Ok(Ended::Interrupted),
    };
    let Survey { layers, functions, failures } = survey;
    let jobs: Vec<Arc<FunctionJob>> = functions.iter().filter_map(|one| one.job.clone()).collect();
    let mode = mode(args);
    let before: Vec<_> = jobs.iter().filter(|job| job.is_change()).map(|job| job.record()).collect();
    let record = if mode == RolloutMode::Apply && !before.is_empty() {
        let record = Record::new(&run, started.to_string(), before);
        Some(kept::keep(&args.chosen.config, &record)?.display().to_string())
    } else {
        None
    };
    record.iter().for_each(|path| notices.note("Kept", &shown!("{}: what was there before", path)));
    let functions = match mode {
        RolloutMode::Plan => functions.into_iter().map(|one| one.report).collect(),
        RolloutMode::Apply | RolloutMode::Undo => {
            let canary = args.canary.map(usize::from);
            let wave = Wave { concurrency: settings.concurrency, canary, stops_at_failure: undone.is_none() };
            carried_out(functions, &jobs, &wave, &stop, &notices).await
        }
    };
    local.stop().await;
    let layers =
        layers.into_iter().map(|one| RolloutLayer { layer: one.layer, target: one.target, layer_version_arn: one.arn });
    let failures = failures.into_iter().map(|(target, error)| RolloutFailure { target, error });
    let (layers, failures) = (layers.collect(), failures.collect());
    let report =
        RolloutReport::of(RolloutRun { mode, run, started, record, layers, functions, failures }, Timestamp::now());
    let saved: Vec<_> = files.into_iter().map(|mut file| file.write(&report)).collect();
    conclude(&report, args, &notices)?;
    saved.into_iter().collect::<Result<(), _>>()?;
    Ok(ended(&report, &targets, args, stop.asked()))
}

fn mode(args: &RolloutArgs) -> RolloutMode {
    match (&args.undo, args.apply) {
        (Some(_), _) => RolloutMode::Undo,
        (None, true) => RolloutMode::Apply,
        (None, false) => RolloutMode::Plan,
    }
}

/// Does what is to be done, and puts the reports where the functions stand.
async fn carried_out(
    functions: Vec<Surveyed>,
    jobs: &[Arc<FunctionJob>],
    wave: &Wave,
    stop: &Stop,
    notices: &Notices,
) -> Vec<FunctionReport> {
    let (sender, mut receiver) = unbounded_channel::<Event>();
    let told = *notices;
    tokio::spawn(async move {
        while let Some(event) = receiver.recv().await {
            if let Happening::Interrupted { running } = event.what {
                told.note("Stopping", &shown!("after {} under way", plural(running, "function")));
            }
        }
    });
    let mut ended = 0;
    let say = |report: &FunctionReport| {
        ended += 1;
        notices.line(&line(report, ended, jobs.len(), notices.style()));
    };
    let mut done = rollout::carry_out(jobs, wave, stop, Events::new(sender), say).await.into_iter();
    let report = |one: Surveyed| match one.job {
        Some(_) => done.next().unwrap_or(one.report),
        None => one.report,
    };
    functions.into_iter().map(report).collect()
}

fn conclude(report: &RolloutReport, args: &RolloutArgs, notices: &Notices) -> Result<(), Error> {
    let text = match args.format {
        Some(Output::Json) => report.json(),
        Some(Output::Markdown) => report.markdown(),
        Some(Output::Text) | None => report.text(),
    };
    emit::stdout(&text).map_err(|error| Error::other(format!("cannot write to standard output: {error}")))?;
    let errors = report.errors(notices.style());
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
    Record::parse(&text).map_err(|error| Error::usage(format!("{} {error}", document::name(path))))
}
