//! The report as text for standard output: the plan, and the tables that a run ends with.

use crate::outcome::{JobReport, Outcome};
use crate::report::model::Report;
use crate::report::{Shown, table, wording};
use crate::shown;

use crate::report::plan::dependencies;
pub use crate::report::plan::{PlanContext, plan};

/// What stands where there is nothing: a row with a gap would read as if its next column were this one.
const NOTHING: &str = "-";

/// Jobs with their outcome and the ARN to use; `all` of them, or those that have a new one. Beneath a new version stands what
/// changed in its dependencies.
pub fn publish(report: &Report, all: bool) -> Shown {
    let is_new = |job: &&JobReport| job.version.is_some() && job.outcome != Outcome::Unchanged;
    let jobs = report.jobs.iter().filter(|job| all || is_new(job));
    let beneath = |job: &JobReport| {
        let differs = job.outcome == Outcome::Published && job.dependencies.differs();
        differs.then(|| shown!("  {}", dependencies(job)))
    };
    render(["LAYER", "TARGET", "OUTCOME", "VERSION", "ARN"], jobs, beneath, |job| {
        [job.version.map(|version| shown!("{}", version)), job.layer_version_arn.as_deref().map(Shown::one_line)]
    })
}

/// Jobs with their outcome; `all` of them, or those that were built.
pub fn build(report: &Report, all: bool) -> Shown {
    let jobs = report.jobs.iter().filter(|job| all || job.outcome == Outcome::Built);
    let mut rows = vec![["LAYER", "TARGET", "OUTCOME"].map(Shown::from).to_vec()];
    rows.extend(jobs.map(|job| first_cells(job).to_vec()));
    if rows.len() == 1 { Shown::default() } else { Shown::of_lines(table::align(&rows)) }
}

/// Jobs with their outcome and where their archive was staged; `all` of them, or those where it was.
pub fn stage(report: &Report, all: bool) -> Shown {
    let jobs = report.jobs.iter().filter(|job| all || job.outcome == Outcome::Staged);
    render(
        ["LAYER", "TARGET", "OUTCOME", "SIZE", "STAGED"],
        jobs,
        |_| None,
        |job| {
            [job.archive.size.map(|size| shown!("{}", wording::size(size))), Some(Shown::one_line(&job.archive.staged))]
        },
    )
}

fn render<'a>(
    head: [&'static str; 5],
    jobs: impl Iterator<Item = &'a JobReport>,
    beneath: impl Fn(&JobReport) -> Option<Shown>,
    last: impl Fn(&JobReport) -> [Option<Shown>; 2],
) -> Shown {
    let (mut rows, mut notes) = (vec![head.map(Shown::from).to_vec()], vec![None]);
    for job in jobs {
        let mut row = first_cells(job).to_vec();
        row.extend(last(job).map(|cell| cell.unwrap_or_else(|| NOTHING.into())));
        rows.push(row);
        notes.push(beneath(job));
    }
    if rows.len() == 1 {
        return Shown::default();
    }
    Shown::of_lines(table::align(&rows).into_iter().zip(notes).flat_map(|(row, note)| std::iter::once(row).chain(note)))
}

fn first_cells(job: &JobReport) -> [Shown; 3] {
    [&job.layer, &job.target, &job.outcome.to_string()].map(|cell| Shown::one_line(cell))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Mode;
    use crate::outcome::ErrorCode;
    use crate::report::samples::{difference, failed, job, report};

    #[test]
    fn publishing_ends_with_a_table_of_arns() {
        let jobs = vec![
            job("requests-py312", "us-east-1", Outcome::Published),
            job("boto3-py312", "us-east-1", Outcome::Adopted),
            job("numpy", "us-east-1", Outcome::Unchanged),
            failed("scipy", "us-east-1", ErrorCode::AccessDenied, "not authorized"),
            job("torch", "us-east-1", Outcome::Cancelled),
        ];
        insta::assert_snapshot!(publish(&report(Mode::Publish, jobs), true), @r"
        LAYER           TARGET     OUTCOME    VERSION  ARN
        boto3-py312     us-east-1  adopted    3        arn:aws:lambda:us-east-1:123456789012:layer:boto3-py312:3
        numpy           us-east-1  unchanged  3        arn:aws:lambda:us-east-1:123456789012:layer:numpy:3
        requests-py312  us-east-1  published  3        arn:aws:lambda:us-east-1:123456789012:layer:requests-py312:3
        scipy           us-east-1  failed     -        -
        torch           us-east-1  cancelled  -        -
        ");
    }

    #[test]
    fn what_changed_stands_beneath_a_new_version() {
        let mut jobs = vec![job("a", "x", Outcome::Published), job("b", "x", Outcome::Published)];
        jobs[0].dependencies = difference();
        jobs.push(JobReport { dependencies: difference(), ..failed("c", "x", ErrorCode::Locked, "locked") });
        insta::assert_snapshot!(publish(&report(Mode::Publish, jobs), true), @r"
        LAYER  TARGET  OUTCOME    VERSION  ARN
        a      x       published  3        arn:aws:lambda:us-east-1:123456789012:layer:a:3
          urllib3 2.0.4 -> 2.2.1, +idna 3.7, -six 1.16.0
        b      x       published  3        arn:aws:lambda:us-east-1:123456789012:layer:b:3
        c      x       failed     -        -
        ");
    }

    #[test]
    fn staging_ends_with_a_table_of_archives() {
        let mut folder = job("numpy", "us-east-1", Outcome::Staged);
        folder.archive.size = Some(48_000_000);
        let mut unread = failed("scipy\u{1b}[2J", "us-east-1", ErrorCode::ArchiveMissing, "there is no archive");
        unread.archive.size = None;
        let jobs = vec![job("requests", "us-east-1", Outcome::Unchanged), folder, unread];
        insta::assert_snapshot!(stage(&report(Mode::Stage, jobs), true), @r"
        LAYER           TARGET     OUTCOME    SIZE     STAGED
        numpy           us-east-1  staged     48.0 MB  s3://acme/layers/numpy/layer/layer.zip
        requests        us-east-1  unchanged  0.8 MB   s3://acme/layers/requests/layer/layer.zip
        scipy\u{1b}[2J  us-east-1  failed     -        s3://acme/layers/scipy\u{1b}[2J/layer/layer.zip
        ");
    }
}
