//! What GitLab takes of reports, and says nothing about when it does not.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::Path;

use crate::report::formats::ReportRequest;
use crate::report::formats::arns::VARIABLE;
use crate::report::model::Report;
use crate::report::wording::size;
use crate::report::{Shown, is_stdout};
use crate::shown;

/// A dotenv report, and the fewest variables that an instance is set up to take.
const DOTENV_BYTES: usize = 5 * 1024;
const DOTENV_VARIABLES: usize = 20;
/// A file of a JUnit report.
const JUNIT_BYTES: usize = 30 * 1024 * 1024;
/// More than the variables of any run have, in bytes.
const LARGEST_ENV: u64 = 64 * 1024 * 1024;

/// Reports that GitLab would not take, each with what to do instead.
pub fn too_large(report: &Report, requests: &[ReportRequest]) -> Vec<Shown> {
    let told = requests.iter().filter_map(|request| {
        let text = (request.format.render)(report);
        too_large_for(request, text.len(), text.lines().count())
    });
    told.collect()
}

/// Leaves an empty `env` report of a run that has none: an older one in its place would be taken for this run's. Nothing but
/// such a report is emptied, since what the run would have read is not known. What could not be written is told.
pub fn empty(requests: &[ReportRequest]) -> Vec<Shown> {
    let env = requests.iter().filter(|request| request.format.name == "env" && !is_stdout(&request.path));
    let told = env.filter_map(|request| {
        let error = empty_one(&request.path).err()?;
        Some(shown!("cannot empty `{}`, which GitLab reads: {}", request.path, error.to_string()))
    });
    told.collect()
}

fn empty_one(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => File::create_new(path).map(drop),
        Err(error) => Err(error),
        // A device or a pipe keeps nothing of an older run.
        Ok(found) if !found.is_file() => Ok(()),
        Ok(_) if is_of_variables(path)? => File::options().write(true).truncate(true).open(path).map(drop),
        Ok(_) => Ok(()),
    }
}

fn is_of_variables(path: &Path) -> io::Result<bool> {
    let mut lines = BufReader::new(File::open(path)?.take(LARGEST_ENV)).lines();
    Ok(lines.all(|line| line.is_ok_and(|line| line.starts_with(VARIABLE))))
}

fn too_large_for(request: &ReportRequest, length: usize, lines: usize) -> Option<Shown> {
    let bytes = size(length as u64);
    match request.format.name {
        "env" if length > DOTENV_BYTES || lines > DOTENV_VARIABLES => Some(shown!(
            "`{}` has {} and {} variables; GitLab takes a dotenv report of 5 KiB and, as the instance is set up, 20 to 150 variables: keep a `tfvars` or `json` report as an artifact instead",
            request.path,
            bytes,
            lines
        )),
        "junit" if length > JUNIT_BYTES => Some(shown!(
            "`{}` has {}; GitLab takes JUnit reports of 30 MiB: split the run with `--target` or by layers",
            request.path,
            bytes
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Mode;
    use crate::outcome::Outcome;
    use crate::report::samples::{job, report};

    #[test]
    fn a_report_beyond_the_limits_is_told() {
        let requests = ["env=layers.env".parse().unwrap(), "junit=report.xml".parse().unwrap()];
        let of = |count: usize| {
            let jobs = (0..count).map(|n| job(&format!("l{n}"), "x", Outcome::Published)).collect();
            too_large(&report(Mode::Publish, jobs), &requests)
        };
        assert!(of(20).is_empty());
        let told = of(21);
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("`layers.env` has 1.4 kB and 21 variables; GitLab takes"), "{told:?}");
    }

    #[test]
    fn nothing_but_an_older_report_is_emptied() {
        let folder = tempfile::tempdir().unwrap();
        let of = |name: &str| folder.path().join(name);
        std::fs::write(of("old.env"), "LAYER_ARN_A__X=arn:1\nLAYER_ARN_B__X=arn:2\n").unwrap();
        std::fs::write(of("requirements.txt"), "LAYER_ARN_A__X=1\nsix==1.16.0\n").unwrap();
        std::fs::write(of("old.json"), "LAYER_ARN_A__X=1\n").unwrap();
        let request = |format: &str, name: &str| format!("{format}={}", of(name).display()).parse().unwrap();
        let wanted = [("env", "old.env"), ("env", "new.env"), ("env", "requirements.txt"), ("json", "old.json")];
        let requests: Vec<ReportRequest> = wanted.iter().map(|(format, name)| request(format, name)).collect();
        assert!(empty(&requests).is_empty());
        let is_empty = wanted.map(|(_, name)| std::fs::read(of(name)).unwrap().is_empty());
        assert_eq!(is_empty, [true, true, false, false]);
        let told = empty(&[request("env", "missing/new.env")]);
        assert!(told.len() == 1 && told[0].contains("missing/new.env"), "{told:?}");
    }

    #[test]
    fn a_junit_report_of_more_than_thirty_mebibytes_is_told() {
        let of = |bytes: usize| too_large_for(&"junit=report.xml".parse().unwrap(), bytes, 1);
        assert_eq!(of(JUNIT_BYTES), None);
        let told = of(JUNIT_BYTES + 1).unwrap();
        assert!(told.starts_with("`report.xml` has 31.5 MB; GitLab takes JUnit reports of 30 MiB"), "{told:?}");
    }
}
