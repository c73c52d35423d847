//! What `prune` deletes and keeps, as text.

use std::collections::BTreeMap;

use crate::outcome::{JobReport, KeptBecause, KeptVersion, PruneReport};
use crate::report::model::Report;
use crate::report::wording::{names, plural, ranges};
use crate::report::{Shown, table};
use crate::shown;

/// A table, of all jobs or of those that lose a version, and how many versions that are.
pub fn text(report: &Report, all: bool) -> Shown {
    let jobs: Vec<&JobReport> = report.jobs.iter().filter(|job| all || !deletions(job).is_empty()).collect();
    let mut lines = Vec::new();
    if !jobs.is_empty() {
        let head = ["LAYER", "TARGET", "OUTCOME", "VERSIONS", "KEPT"].map(Shown::from).to_vec();
        let rows: Vec<_> = std::iter::once(head).chain(jobs.into_iter().map(row)).collect();
        lines.extend(table::align(&rows));
    }
    if let Some(conclusion) = conclusion(report) {
        lines.extend((!lines.is_empty()).then(Shown::default));
        lines.push(conclusion);
    }
    Shown::of_lines(lines)
}

/// `1-3 deleted, 4 to be deleted`; empty where nothing is.
pub fn deletions(job: &JobReport) -> Shown {
    let Some(prune) = &job.prune else { return Shown::default() };
    let versions = [(&prune.deleted, "deleted"), (&prune.to_delete, "to be deleted")];
    let versions = versions.iter().filter(|(versions, _)| !versions.is_empty());
    let archives = [(&prune.archives_deleted, "deleted"), (&prune.archives_to_delete, "to be deleted")];
    let archives = archives.iter().filter(|(archives, _)| !archives.is_empty());
    let said = versions.map(|(versions, what)| shown!("{} {}", ranges(versions), *what));
    let also = archives.map(|(archives, what)| shown!("{} {}", plural(archives.len(), "archive"), *what));
    Shown::join(said.chain(also), ", ")
}

fn row(job: &JobReport) -> Vec<Shown> {
    let or_nothing = |text: Shown| if text.is_empty() { "-".into() } else { text };
    let [layer, target, outcome] =
        [&job.layer, &job.target, &job.outcome.to_string()].map(|cell| Shown::one_line(cell));
    let kept = job.prune.as_ref().map(|prune| kept(&prune.kept)).unwrap_or_default();
    vec![layer, target, outcome, or_nothing(deletions(job)), or_nothing(kept)]
}

/// `8 latest; 6-7 newest; 4 used by orders:3`: those that stay for the same reason are one.
fn kept(versions: &[KeptVersion]) -> Shown {
    let mut reasons: BTreeMap<(KeptBecause, &[String]), Vec<u64>> = BTreeMap::new();
    for version in versions.iter().rev() {
        reasons.entry((version.because, &version.by)).or_default().push(version.version);
    }
    let said = reasons.iter().map(|((because, by), versions)| {
        let what = shown!("{} {}", ranges(versions), word(*because));
        let who = names(by.iter().map(String::as_str));
        if by.is_empty() { what } else { shown!("{} {}", what, who) }
    });
    Shown::join(said, "; ")
}

fn word(because: KeptBecause) -> &'static str {
    match because {
        KeptBecause::Latest => "latest",
        KeptBecause::Protected => "protected",
        KeptBecause::Newest => "newest",
        KeptBecause::Young => "young",
        KeptBecause::Unseen => "not shown before",
        KeptBecause::Used => "used by",
        KeptBecause::Shared => "shared with",
    }
}

/// Nothing, where all that there is to say is that jobs failed.
fn conclusion(report: &Report) -> Option<Shown> {
    let pruned: Vec<&PruneReport> = report.jobs.iter().filter_map(|job| job.prune.as_ref()).collect();
    let count = |of: fn(&PruneReport) -> usize| pruned.iter().map(|prune| of(prune)).sum::<usize>();
    let (deleted, archives) = (count(|prune| prune.deleted.len()), count(|prune| prune.archives_deleted.len()));
    let (to_delete, left) = (count(|prune| prune.to_delete.len()), count(|prune| prune.archives_to_delete.len()));
    let is_known = report.jobs.iter().all(|job| job.prune.is_some());
    Some(match (deleted + archives, to_delete + left) {
        (0, 0) if !is_known => return None,
        (0, 0) => "Nothing to delete".into(),
        (0, _) => shown!("{} to delete", things(to_delete, left)),
        (_, 0) => shown!("{} deleted", things(deleted, archives)),
        (_, _) if left == 0 => shown!("{} deleted, {} left to delete", things(deleted, archives), to_delete),
        (_, _) => shown!("{} deleted, {} left to delete", things(deleted, archives), things(to_delete, left)),
    })
}

/// `3 versions`, `1 archive`, `3 versions and 1 archive`
pub fn things(versions: usize, archives: usize) -> String {
    match (versions, archives) {
        (versions, 0) => plural(versions, "version"),
        (0, archives) => plural(archives, "archive"),
        (versions, archives) => format!("{} and {}", plural(versions, "version"), plural(archives, "archive")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Mode;
    use crate::outcome::{ErrorCode, Outcome};
    use crate::report::samples::{failed, job, report};

    fn stays(version: u64, because: KeptBecause, by: &[&str]) -> KeptVersion {
        KeptVersion { version, because, by: by.iter().map(|&who| who.to_owned()).collect() }
    }

    fn pruned(layer: &str, outcome: Outcome, prune: PruneReport) -> JobReport {
        JobReport { prune: Some(prune), ..job(layer, "us-east-1", outcome) }
    }

    fn jobs(outcome: Outcome) -> Vec<JobReport> {
        let kept = vec![
            stays(9, KeptBecause::Latest, &[]),
            stays(8, KeptBecause::Newest, &[]),
            stays(7, KeptBecause::Newest, &[]),
            stays(5, KeptBecause::Used, &["orders:3", "orders\u{1b}[2J:$LATEST"]),
            stays(4, KeptBecause::Shared, &["210987654321"]),
            stays(3, KeptBecause::Used, &["orders:3", "orders\u{1b}[2J:$LATEST"]),
            stays(2, KeptBecause::Protected, &[]),
        ];
        let (deleted, to_delete) =
            if outcome == Outcome::Planned { (vec![], vec![1, 6]) } else { (vec![1, 6], vec![]) };
        let mut cut_off = failed("scipy", "us-east-1", ErrorCode::AccessDenied, "no");
        cut_off.prune = Some(PruneReport { to_delete: vec![3, 4], deleted: vec![1, 2], ..PruneReport::default() });
        let unchanged = PruneReport { kept: vec![stays(1, KeptBecause::Latest, &[])], ..PruneReport::default() };
        vec![
            pruned("numpy", outcome, PruneReport { to_delete, deleted, kept, ..PruneReport::default() }),
            pruned("requests", Outcome::Unchanged, unchanged),
            cut_off,
        ]
    }

    #[test]
    fn people_see_what_goes_and_why_the_rest_stays() {
        insta::assert_snapshot!(text(&report(Mode::Prune, jobs(Outcome::Pruned)), true));
        insta::assert_snapshot!(text(&report(Mode::Prune, jobs(Outcome::Planned)), false));
        assert_eq!(text(&report(Mode::Prune, vec![]), false).to_string(), "Nothing to delete\n");
    }
}
