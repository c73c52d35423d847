//! Where what a run finds goes: opened before anything is done, so that nothing fails late for what could be known early.

use std::path::Path;

use super::how::{How, Print};
use super::load::{Loaded, selection};
use super::saved::{self, Keep};
use super::stdout::Wishes;
use crate::cli::Common;
use crate::error::Error;
use crate::plan::Plan;
use crate::report::{self, EventLog, Inputs, Listing, Notices, Report, ReportFile, Shown, emit, style_of_data};

/// Everything that is written, opened.
pub struct Outputs {
    files: Vec<ReportFile>,
    events: Option<EventLog>,
    keep: Option<Keep>,
    /// Standard output belongs to one of them.
    stdout_is_taken: bool,
}

impl Outputs {
    /// Opens what the command line names; nothing of it is a file that the run reads.
    pub fn open(args: &Common, how: &How, loaded: &mut Loaded) -> Result<Self, Error> {
        let stdout_is_taken = stdout_is_taken(args, how)?;
        how.saved_at.iter().for_each(|path| loaded.inputs.add(path, "the plan that is carried out"));
        if how.out.is_some() {
            saved::without(&loaded.secrets)?;
        }
        let (digest, selection) = (loaded.digest, selection(&args.chosen));
        let keep = how.out.as_ref().map(|path| Keep::open(path, &mut loaded.inputs, digest, selection)).transpose()?;
        let files =
            ReportFile::open_all(&args.reports, &loaded.inputs).map_err(|error| Error::usage(error.to_string()))?;
        let events = args.events.as_ref().map(|path| log(path, &files, &loaded.inputs)).transpose()?;
        how.attest_dir.as_deref().map(provable).transpose()?;
        Ok(Self { files, events, keep, stdout_is_taken })
    }

    /// The log of events, which is written while the run goes on.
    pub fn take_events(&mut self) -> Option<EventLog> {
        self.events.take()
    }

    /// Writes what was found. All is tried; of what fails, the first is told.
    pub fn write(self, report: &Report, plan: &Plan, told: Telling<'_>) -> Result<(), Error> {
        let Telling { args, how, notices } = told;
        let saved: Vec<_> = self.files.into_iter().map(|mut file| file.write(report)).collect();
        let printed = if self.stdout_is_taken { Ok(()) } else { print(report, args, how.print) };
        let kept = self.keep.map_or(Ok(()), |keep| keep.keep(plan, report, how, notices));
        saved.into_iter().collect::<Result<(), _>>()?;
        kept.and(printed)
    }
}

/// Whether standard output is for a report, the events or the plan: then nothing else goes there.
fn stdout_is_taken(args: &Common, how: &How) -> Result<bool, Error> {
    let mut wishes = Wishes::default();
    args.reports.iter().for_each(|report| wishes.file(&format!("--report {}=", report.format.name), &report.path));
    args.events.iter().for_each(|path| wishes.file("--events ", path));
    how.out.iter().for_each(|path| wishes.file("--out ", path));
    wishes.settle(how.print.asked())
}

/// What decides how a report is told.
#[derive(Clone, Copy)]
pub struct Telling<'a> {
    pub args: &'a Common,
    pub how: &'a How,
    pub notices: &'a Notices,
}

/// To standard output.
fn print(report: &Report, args: &Common, print: Print) -> Result<(), Error> {
    let text = match print {
        Print::Nothing => Shown::default(),
        Print::Json => report::json::render(report),
        Print::Markdown => report::markdown::comment(report),
        Print::Lines => report::changed::lines(report),
        Print::GithubMatrix => report::changed::github_matrix(report).map_err(Error::other)?,
        Print::Usual | Print::Text => {
            let facts = args.manner.surroundings();
            let listing = Listing::of(print == Print::Text || args.manner.verbose > 0, &facts);
            report::rendered(report, &args.chosen.config, listing, style_of_data(&facts))
        }
    };
    emit::stdout(&text).map_err(|error| Error::other(format!("cannot write to standard output: {error}")))
}

/// Opens the log of events: it is written while the run goes on, and a report would take its place in the end.
pub fn log<R>(path: &Path, reports: &[ReportFile<R>], inputs: &Inputs) -> Result<EventLog, Error> {
    if reports.iter().any(|report| report.is_at(path)) {
        return Err(Error::usage(format!(
            "cannot write the events to `{}`: a report is written there",
            path.display()
        )));
    }
    EventLog::open(path, inputs).map_err(|error| Error::usage(error.to_string()))
}

/// Proves that files can be written below a folder.
fn provable(folder: &Path) -> Result<(), Error> {
    let proven = std::fs::create_dir_all(folder).and_then(|()| tempfile::tempfile_in(folder));
    let why = |error| Error::usage(format!("cannot write below `{}`: {error}", folder.display()));
    proven.map(drop).map_err(why)
}
