//! `layership report`

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::document;
use super::stdout::Wishes;
use crate::cli::{ConvertArgs, MergeArgs, ReportArgs, ReportCommand};
use crate::config::listed;
use crate::error::{Ended, Error};
use crate::report::rollout::{RolloutReport, RolloutRequest};
use crate::report::{self, Ci, Inputs, Report, ReportFile, ReportFileErrors, ReportRequest, emit};

/// More than the report of a hundred thousand jobs: beyond it, it is something else.
const SIZE_LIMIT: u64 = 512_000_000;

/// Does what is asked with reports.
pub fn report(args: &ReportArgs) -> Result<Ended, Error> {
    match &args.command {
        ReportCommand::Convert(args) => convert(args),
        ReportCommand::Merge(args) => merge(args),
    }
}

fn convert(args: &ConvertArgs) -> Result<Ended, Error> {
    one_owner_of_stdout("", &args.to)?;
    let mut inputs = layers_files(&args.to);
    inputs.add(&args.from, "the report to convert");
    let text = document::read(&args.from, "report", SIZE_LIMIT)?;
    match RolloutReport::parse(&text) {
        Some(rollout) => write_rollout(&rollout.map_err(|why| no_report(&args.from, &why))?, &args.to, &inputs)?,
        None => {
            let report = parsed(&args.from, &text)?;
            write(&report, &args.to, &inputs)?;
            Ci::of_this_process(!args.no_ci).hold(&report, &args.to);
        }
    }
    Ok(Ended::Well)
}

fn merge(args: &MergeArgs) -> Result<Ended, Error> {
    one_owner_of_stdout("--report ", &args.to)?;
    let mut inputs = layers_files(&args.to);
    args.from.iter().for_each(|path| inputs.add(path, "a report to merge"));
    let named = args.from.iter().map(|path| Ok((document::name(path), read(path)?)));
    let merged = report::merge(named.collect::<Result<_, Error>>()?).map_err(|why| {
        Error::usage(format!("these reports do not make one: {why}"))
            .hint("each part of one run once, or reports with no job in common")
    })?;
    write(&merged, &args.to, &inputs)?;
    Ci::of_this_process(!args.no_ci).hold(&merged, &args.to);
    if args.to.is_empty() {
        let printed = emit::stdout(&report::json::render(&merged));
        printed.map_err(|error| Error::other(format!("cannot write to standard output: {error}")))?;
    }
    if merged.missing.is_empty() {
        return Ok(Ended::Well);
    }
    let missing: Vec<String> = merged.missing.iter().map(ToString::to_string).collect();
    let error = Error::other(format!("the report is not whole: there is no part {}", listed(&missing)));
    Err(error.hint("the report has what there is; merge its JSON with the parts that are missing, or all parts again"))
}

fn one_owner_of_stdout(before: &str, to: &[ReportRequest]) -> Result<(), Error> {
    let mut wishes = Wishes::default();
    to.iter().for_each(|request| wishes.file(&format!("{before}{}=", request.format.name), &request.path));
    wishes.settle(None).map(drop)
}

/// Layers files, which nobody means to replace by a report: the usual one, and any that is called like it.
fn layers_files(to: &[ReportRequest]) -> Inputs {
    let mut inputs = Inputs::default();
    let usual = std::env::var_os("LAYERSHIP_CONFIG").map(PathBuf::from);
    let named = to.iter().map(|request| request.path.clone()).filter(|path| path.ends_with("layers.toml"));
    named.chain(usual).chain([PathBuf::from("layers.toml")]).for_each(|path| inputs.add(&path, "a layers file"));
    inputs
}

fn write(report: &Report, to: &[ReportRequest], inputs: &Inputs) -> Result<(), Error> {
    let refused: BTreeSet<&str> = to
        .iter()
        .map(|to| to.format)
        .filter(|format| format.refusal(report).is_some())
        .map(|format| format.name)
        .collect();
    let why = to.iter().find_map(|to| to.format.refusal(report));
    let refused: Vec<String> = refused.into_iter().map(|format| format!("`{format}`")).collect();
    let refused = why.map(|why| format!("cannot write the report as {}: {why}", listed(&refused)));
    let hint = "was it made by somebody else? whoever uses these ARNs would take this for one";
    let hint = refused.as_ref().map(|_| hint);
    let files = settled(refused, ReportFile::open_all(to, inputs), to.len()).map_err(|error| error.hint_of(hint))?;
    write_all(files, report)
}

fn write_rollout(report: &RolloutReport, to: &[ReportRequest], inputs: &Inputs) -> Result<(), Error> {
    let (wanted, refused) = RolloutRequest::of_all(to);
    let wanted = wanted.iter().map(|request| (request.render, request.path.as_path()));
    let files = settled(refused, ReportFile::open_each(wanted, inputs), to.len())?;
    write_all(files, report)
}

/// The files, if nothing is refused of so many reports: all of them are written, or none.
fn settled<R>(
    refused: Option<String>,
    files: Result<Vec<ReportFile<R>>, ReportFileErrors>,
    reports: usize,
) -> Result<Vec<ReportFile<R>>, Error> {
    let (files, unwritable) = match files {
        Ok(files) => (files, None),
        Err(errors) => (Vec::new(), Some(errors.to_string())),
    };
    let whys: Vec<String> = refused.into_iter().chain(unwritable).collect();
    match whys.join("; and ") {
        why if why.is_empty() => Ok(files),
        why if reports == 1 => Err(Error::usage(why)),
        why => Err(Error::usage(format!("{why}; nothing was written"))),
    }
}

/// All is tried; of what fails, the first is told.
fn write_all<R>(files: Vec<ReportFile<R>>, report: &R) -> Result<(), Error> {
    let written: Vec<_> = files.into_iter().map(|mut file| file.write(report)).collect();
    Ok(written.into_iter().collect::<Result<(), _>>()?)
}

fn read(path: &Path) -> Result<Report, Error> {
    parsed(path, &document::read(path, "report", SIZE_LIMIT)?)
}

fn parsed(path: &Path, text: &[u8]) -> Result<Report, Error> {
    Report::parse(text).map_err(|why| no_report(path, &why))
}

fn no_report(path: &Path, why: &str) -> Error {
    Error::usage(format!("{} is not a report: {why}", document::name(path)))
        .hint("`--report json=PATH` of `plan`, `publish` and all other commands writes one")
}
