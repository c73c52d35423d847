//! `layership report`

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

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
    let name = if path == Path::new("-") { "standard input".to_owned() } else { format!("`{}`", path.display()) };
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Error::usage(format!("there is no report {name}")),
        _ => Error::usage(format!("cannot read the report from {name}: {error}")),
    };
    let mut text = Vec::new();
    let read = match path.to_str() {
        Some("-") => io::stdin().take(SIZE_LIMIT + 1).read_to_end(&mut text),
        _ => File::open(path).map_err(unreadable)?.take(SIZE_LIMIT + 1).read_to_end(&mut text),
    };
    read.map_err(unreadable)?;
    if text.len() as u64 > SIZE_LIMIT {
        return Err(Error::usage(format!("{name} has more than {} MB: it is not a report", SIZE_LIMIT / 1_000_000)));
    }
    Report::parse(&text)
        .map_err(|why| Error::usage(format!("{name} is not a report: {why}")).hint("`--report json=PATH` writes one"))
}
