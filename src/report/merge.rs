//! One report of several: the parts of a run that several machines did.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use crate::outcome::Tally;
use crate::plan::{Part, PartOfRun};
use crate::report::model::{Report, Summary};

/// Makes one report of several, each with the name by which messages call it. Their order does not matter. It says itself
/// which parts it lacks.
///
/// # Errors
/// Reports that do not belong together: why, with their names.
pub fn merge(reports: Vec<(String, Report)>) -> Result<Report, String> {
    let mut reports = reports.into_iter();
    let (first_name, first) = reports.next().ok_or("there is no report")?;
    let mut whole = Whole::of(first_name, &first);
    let mut all = first;
    for (name, report) in reports {
        whole.add(&name, &report)?;
        all = joined(all, report);
    }
    let missing = whole.missing();
    if let (true, Some(part)) = (missing.is_empty(), &whole.part) {
        let jobs = all.jobs.iter().map(|job| (job.layer.as_str(), job.target.as_str()));
        if PartOfRun::new(part.part, jobs).whole != part.whole {
            return Err("all parts are there, but not all jobs of the run, or others: a report was changed".to_owned());
        }
    }
    all.run = whole.runs.into_iter().collect::<Vec<_>>().join("+");
    all.missing.extend(missing);
    Ok(counted(all))
}

/// What is known of the reports so far.
struct Whole {
    first: String,
    names: BTreeSet<String>,
    mode: String,
    /// The commit that was checked out, where one was.
    commit: Option<String>,
    part: Option<PartOfRun>,
    parts: BTreeMap<Part, String>,
    /// Their ids.
    runs: BTreeSet<String>,
    jobs: HashMap<(String, String), String>,
}

impl Whole {
    fn of(name: String, report: &Report) -> Self {
        Self {
            mode: report.mode.to_string(),
            commit: commit(report),
            part: report.part.clone(),
            parts: report.part.iter().map(|part| (part.part, name.clone())).collect(),
            runs: runs(report).collect(),
            jobs: identities(report).map(|job| (job, name.clone())).collect(),
            names: BTreeSet::from([name.clone()]),
            first: name,
        }
    }

    /// Adds a report, if it belongs to the others and has nothing that they have.
    fn add(&mut self, name: &str, report: &Report) -> Result<(), String> {
        let first = &self.first;
        if !self.names.insert(name.to_owned()) {
            return Err(format!("{name} is given twice"));
        }
        if report.mode.to_string() != self.mode {
            return Err(format!("{first} is of `{}`, and {name} is of `{}`", self.mode, report.mode));
        }
        if let (Some(ours), Some(other)) = (&self.commit, commit(report))
            && *ours != other
            && self.part.is_some()
        {
            return Err(format!("{first} is of commit {ours}, and {name} is of commit {other}"));
        }
        match (&self.part, &report.part) {
            (None, None) => {}
            (Some(ours), Some(other)) if are_of_one(ours, other) => {
                if let Some(same) = self.parts.insert(other.part, name.to_owned()) {
                    return Err(format!("{same} and {name} are both part {}", other.part));
                }
            }
            (Some(_), Some(_)) => return Err(format!("{first} and {name} are parts of different runs")),
            (ours, _) => {
                let (part, other) = if ours.is_some() { (first.as_str(), name) } else { (name, first.as_str()) };
                return Err(format!("{part} is a part of a run that `--partition` split, and {other} is not"));
            }
        }
        self.runs.extend(runs(report));
        for job in identities(report) {
            if let Some(same) = self.jobs.insert(job.clone(), name.to_owned()) {
                return Err(format!("layer `{}` at `{}` is both in {same} and in {name}", job.0, job.1));
            }
        }
        Ok(())
    }

    fn missing(&self) -> Vec<Part> {
        let Some(PartOfRun { part, .. }) = self.part else { return Vec::new() };
        // Of a run that claims more parts than there can be, the first that are missing say enough.
        let all = (1..=part.of()).map(|number| part.other(number));
        all.filter(|part| !self.parts.contains_key(part)).take(self.parts.len() + 1000).collect()
    }
}

fn commit(report: &Report) -> Option<String> {
    report.ran.git.as_ref().map(|git| git.commit.clone())
}

/// Of the same jobs, split alike, and of one build where a build server says which.
fn are_of_one(ours: &PartOfRun, other: &PartOfRun) -> bool {
    let builds_differ = ours.build.is_some() && other.build.is_some() && ours.build != other.build;
    ours.whole == other.whole && ours.part.of() == other.part.of() && !builds_differ
}

fn identities(report: &Report) -> impl Iterator<Item = (String, String)> {
    report.jobs.iter().map(|job| (job.layer.clone(), job.target.clone()))
}

/// The run of a report, or the runs that it is made of.
fn runs(report: &Report) -> impl Iterator<Item = String> {
    report.run.split('+').map(str::to_owned)
}

/// From the beginning of the first to the end of the last.
fn joined(mut all: Report, other: Report) -> Report {
    all.seconds = all.seconds.max(other.seconds);
    // In this form, and all in UTC, they sort as times do.
    all.started_at = all.started_at.min(other.started_at);
    all.finished_at = all.finished_at.max(other.finished_at);
    all.ran = all.ran.and(&other.ran);
    all.missing.extend(other.missing);
    all.warnings.extend(other.warnings);
    all.jobs.extend(other.jobs);
    all
}

fn counted(mut all: Report) -> Report {
    all.jobs.sort_by(|a, b| (&a.layer, &a.target).cmp(&(&b.layer, &b.target)));
    all.missing.sort();
    all.missing.dedup();
    all.warnings.sort();
    all.warnings.dedup();
    let mut tally = Tally::of(all.jobs.len());
    all.jobs.iter().for_each(|job| tally.count(job.outcome));
    all.summary = Summary::new(all.mode, &tally);
    let time = |text: &str| text.parse::<Timestamp>().ok();
    if let (Some(from), Some(to)) = (time(&all.started_at), time(&all.finished_at)) {
        all.seconds = all.seconds.max(to.duration_since(from).as_secs_f64());
    }
    Report { part: None, ..all }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::Mode;
    use crate::outcome::{JobReport, Outcome};
    use crate::report::CheckedOut;
    use crate::report::samples::{job, report};

    /// The jobs of a run in so many parts.
    fn parts(jobs: &[JobReport], of: u64) -> Vec<(String, Report)> {
        let identities = || jobs.iter().map(|job| (job.layer.as_str(), job.target.as_str()));
        (1..=of)
            .map(|number| {
                let part: Part = format!("{number}/{of}").parse().unwrap();
                let own = jobs.iter().filter(|job| part.has(&job.layer, &job.target)).cloned().collect();
                let report = Report { run: format!("r{number}"), ..report(Mode::Publish, own) };
                (format!("`{number}.json`"), report.with_part(Some(PartOfRun::new(part, identities()))))
            })
            .collect()
    }

    fn some_jobs(count: usize) -> Vec<JobReport> {
        let outcomes = [Outcome::Published, Outcome::Failed, Outcome::Unchanged];
        (0..count).map(|n| job(&format!("l{}", n / 2), ["x", "y"][n % 2], outcomes[n % 3])).collect()
    }

    proptest! {
        #[test]
        fn the_parts_are_exactly_the_whole_whatever_their_order(count in 0..40_usize, of in 1..9_u64, turn in 0..9_usize) {
            let jobs = some_jobs(count);
            let mut parts = parts(&jobs, of);
            let turn = turn % parts.len();
            parts.rotate_left(turn);
            let merged = merge(parts).unwrap();
            let whole = report(Mode::Publish, jobs);
            prop_assert!(merged.missing.is_empty());
            prop_assert_eq!((&merged.jobs, &merged.summary), (&whole.jobs, &whole.summary));
            prop_assert_eq!(merged.run.split('+').count(), usize::try_from(of).unwrap());
        }
    }

    fn refused(reports: Vec<(String, Report)>) -> String {
        merge(reports).unwrap_err()
    }

    #[test]
    fn what_does_not_belong_together_is_refused_by_name() {
        let of = |jobs: &[JobReport], of| parts(jobs, of);
        let (run, other) = (of(&some_jobs(9), 3), of(&some_jobs(11), 3));
        let twice = vec![run[0].clone(), run[1].clone(), run[0].clone()];
        assert_eq!(refused(twice), "`1.json` is given twice");
        let copied = vec![run[0].clone(), ("`copy.json`".to_owned(), run[0].1.clone())];
        assert_eq!(refused(copied), "`1.json` and `copy.json` are both part 1/3");
        let foreign = vec![run[0].clone(), other[1].clone()];
        assert_eq!(refused(foreign), "`1.json` and `2.json` are parts of different runs");
        let foreign = vec![run[0].clone(), of(&some_jobs(9), 4)[1].clone()];
        assert_eq!(refused(foreign), "`1.json` and `2.json` are parts of different runs");
        let on = |build: &str| {
            let named = |report: &Report| report.part.clone().map(|part| part.in_build(Some(build.to_owned())));
            run.iter().map(|(name, report)| (name.clone(), report.clone().with_part(named(report)))).collect::<Vec<_>>()
        };
        assert!(merge(on("1")).is_ok());
        let mixed = vec![on("1")[0].clone(), on("2")[1].clone()];
        assert_eq!(refused(mixed), "`1.json` and `2.json` are parts of different runs");
        let at = |(name, mut report): (String, Report), commit: &str| {
            let git = CheckedOut { commit: commit.to_owned(), branch: None, dirty: false };
            report.ran.git = Some(git);
            (name, report)
        };
        let commits = vec![at(run[0].clone(), "aaaa"), at(run[1].clone(), "bbbb")];
        assert_eq!(refused(commits), "`1.json` is of commit aaaa, and `2.json` is of commit bbbb");
        let mut whole = run[1].clone();
        whole.1.part = None;
        let mixed = "`1.json` is a part of a run that `--partition` split, and `2.json` is not";
        assert_eq!(refused(vec![run[0].clone(), whole.clone()]), mixed);
        assert_eq!(refused(vec![whole, run[0].clone()]), mixed);
        let plan = ("`plan.json`".to_owned(), report(Mode::Plan, Vec::new()));
        assert_eq!(refused(vec![run[0].clone(), plan]), "`1.json` is of `publish`, and `plan.json` is of `plan`");
        let mut fewer = run;
        fewer.iter_mut().for_each(|(_, report)| drop(report.jobs.pop()));
        assert!(refused(fewer).contains("a report was changed"));
    }

    #[test]
    fn reports_of_a_matrix_have_no_job_in_common() {
        let one = |name: &str, layers: &[&str]| {
            let jobs = layers.iter().map(|layer| job(layer, "x", Outcome::Published)).collect();
            (name.to_owned(), report(Mode::Publish, jobs))
        };
        let merged = merge(vec![one("b", &["b"]), one("a", &["a", "c"])]).unwrap();
        assert_eq!((merged.summary.jobs, merged.missing.len()), (3, 0));
        assert_eq!(refused(vec![one("a", &["a"]), one("b", &["b", "a"])]), "layer `a` at `x` is both in a and in b");
    }

    #[test]
    fn a_missing_part_is_named() {
        let mut run = parts(&some_jobs(9), 3);
        run.remove(1);
        let merged = merge(run).unwrap();
        assert_eq!(merged.missing.iter().map(ToString::to_string).collect::<Vec<_>>(), ["2/3"]);
    }
}
