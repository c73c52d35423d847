//! One report of several: the parts of a run that several machines did.

mod parts;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use crate::outcome::{JobReport, Tally};
use crate::plan::Part;
use crate::report::model::{Report, Summary};
use parts::{Parts, told_differently};

/// Makes one report of several, each with the name by which messages call it. Their order does not matter. It says itself
/// which parts it lacks, and which it has.
///
/// # Errors
/// Reports that do not belong together: why, with their names.
pub fn merge(reports: Vec<(String, Report)>) -> Result<Report, String> {
    let mut reports = reports.into_iter();
    let (first_name, first) = reports.next().ok_or("there is no report")?;
    let mut whole = Whole::of(first_name, &first)?;
    let mut all = first;
    for (name, report) in reports {
        let report = whole.add(&name, report, &all.jobs)?;
        all = joined(all, report);
    }
    all.run = whole.runs.into_keys().collect::<Vec<_>>().join("+");
    if let Some(parts) = &whole.parts {
        all.missing = parts.missing();
        all.made_of = (!all.missing.is_empty()).then(|| parts.kept());
        let jobs = all.jobs.iter().map(|job| (job.layer.as_str(), job.target.as_str()));
        if all.missing.is_empty() && !parts.are_all(jobs) {
            return Err("all parts are there, but not all jobs of the run, or others: a report was changed".to_owned());
        }
    }
    Ok(counted(all))
}

/// What is known of the reports so far.
struct Whole {
    first: String,
    names: BTreeSet<String>,
    mode: String,
    /// The commit that was checked out, where one was.
    commit: Option<String>,
    parts: Option<Parts>,
    /// A report that lacks parts, and does not say which it has.
    unknown: Option<String>,
    /// Their ids, each with a report that is of it.
    runs: BTreeMap<String, String>,
    jobs: HashMap<(String, String), String>,
}

impl Whole {
    fn of(name: String, report: &Report) -> Result<Self, String> {
        let parts = Parts::of(&name, report)?;
        Ok(Self {
            mode: report.mode.to_string(),
            commit: commit(report),
            unknown: lacks_unknown(report, parts.as_ref()).then(|| name.clone()),
            parts,
            runs: runs(report).map(|run| (run, name.clone())).collect(),
            jobs: identities(report).map(|job| (job, name.clone())).collect(),
            names: BTreeSet::from([name.clone()]),
            first: name,
        })
    }

    /// Adds a report, if it belongs to the others, and gives what of it they do not have.
    fn add(&mut self, name: &str, report: Report, there: &[JobReport]) -> Result<Report, String> {
        let first = &self.first;
        if !self.names.insert(name.to_owned()) {
            return Err(format!("{name} is given twice"));
        }
        if report.mode.to_string() != self.mode {
            return Err(format!("{first} is of `{}`, and {name} is of `{}`", self.mode, report.mode));
        }
        if let (Some(ours), Some(other)) = (&self.commit, commit(&report))
            && *ours != other
            && self.parts.is_some()
        {
            return Err(format!("{first} is of commit {ours}, and {name} is of commit {other}"));
        }
        let report = self.add_parts(name, report, there)?;
        self.runs.extend(runs(&report).map(|run| (run, name.to_owned())));
        for job in identities(&report) {
            if let Some(same) = self.jobs.insert(job.clone(), name.to_owned()) {
                return Err(format!("layer `{}` at `{}` is both in {same} and in {name}", job.0, job.1));
            }
        }
        Ok(report)
    }

    /// The same of its parts, where these are of parts.
    fn add_parts(&mut self, name: &str, report: Report, there: &[JobReport]) -> Result<Report, String> {
        let other = Parts::of(name, &report)?;
        if lacks_unknown(&report, other.as_ref()) {
            self.unknown.get_or_insert_with(|| name.to_owned());
        }
        match (&mut self.parts, other) {
            (None, None) => Ok(report),
            (Some(ours), Some(other)) if ours.are_of_one_run_with(&other) => {
                let report = once(ours, &other, (name, report), there)?;
                ours.take(other);
                Ok(report)
            }
            (Some(_), Some(_)) => Err(format!("{} and {name} are parts of different runs", self.first)),
            (ours, _) => {
                let part = if ours.is_some() { self.first.as_str() } else { name };
                Err(self.not_of_parts(part, name, &report))
            }
        }
    }

    /// Why a report of parts of a run cannot be merged with one that is not.
    fn not_of_parts(&self, part: &str, name: &str, report: &Report) -> String {
        if let Some(unknown) = &self.unknown {
            let why = "does not say which it has, since an older version of layership made it";
            return format!("{unknown} lacks parts of a run and {why}: merge the reports of all parts");
        }
        if let Some((run, same)) = runs(report).find_map(|run| self.runs.get_key_value(&run)) {
            let (part, whole) = if part == name { (name, same.as_str()) } else { (same.as_str(), name) };
            return format!("{part} is of run {run}, which is in {whole} already, and nothing is missing there");
        }
        let other = if part == name { self.first.as_str() } else { name };
        format!("{part} is a part of a run that `--partition` split, and {other} is not")
    }
}

/// A report without the jobs of parts that others tell of already, where they tell the same of them.
fn once(ours: &Parts, other: &Parts, named: (&str, Report), there: &[JobReport]) -> Result<Report, String> {
    let (name, report) = named;
    let both: BTreeMap<Part, &str> = ours.both(other)?;
    if both.is_empty() {
        return Ok(report);
    }
    let is_in_both = |job: &JobReport| both.contains_key(&ours.part_of(job));
    let (again, jobs): (Vec<_>, Vec<_>) = report.jobs.into_iter().partition(is_in_both);
    let here = there.iter().filter(|job| is_in_both(job));
    if let Some(part) = told_differently(here, again.iter(), |job| ours.part_of(job)) {
        let holder = both.get(&part).copied().unwrap_or_default();
        return Err(format!("{holder} and {name} both have part {part}, and do not tell the same of it"));
    }
    Ok(Report { jobs, ..report })
}

/// Whether nobody knows which parts of a run it has, although it lacks some.
fn lacks_unknown(report: &Report, parts: Option<&Parts>) -> bool {
    parts.is_none() && !report.missing.is_empty()
}

fn commit(report: &Report) -> Option<String> {
    report.ran.git.as_ref().map(|git| git.commit.clone())
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
mod tests;
