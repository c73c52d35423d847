//! `layership report`

use std::path::Path;

use super::document;
use crate::cli::{ConvertArgs, ReportArgs, ReportCommand};
use crate::error::{Ended, Error};
use crate::report::{Inputs, Report, ReportFile};

/// More than the report of a hundred thousand jobs: beyond it, it is something else.
const SIZE_LIMIT: u64 = 512_000_000;

/// Does what is asked with reports.
pub fn report(args: &ReportArgs) -> Result<Ended, Error> {
    match &args.command {
        ReportCommand::Convert(args) => convert(args),
    }
}

fn convert(args: &ConvertArgs) -> Result<Ended, Error> {
    let report = read(&args.from)?;
    let mut inputs = Inputs::default();
    inputs.add(&args.from, "the report to convert");
    let files = ReportFile::open_all(&args.to, &inputs).map_err(|error| Error::usage(error.to_string()))?;
    let written: Result<(), _> = files.into_iter().try_for_each(|mut file| file.write(&report));
    written.map_err(|error| Error::other(error.to_string()))?;
    Ok(Ended::Well)
}

fn read(path: &Path) -> Result<Report, Error> {
    let text = document::read(path, "report", SIZE_LIMIT)?;
    Report::parse(&text).map_err(|why| {
        Error::usage(format!("{} is not a report: {why}", document::name(path))).hint("`--report json=PATH` writes one")
    })
}
