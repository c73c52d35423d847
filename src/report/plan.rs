//! The plan as text: what would be published, why, and nothing of what stays as it is.

use std::collections::BTreeSet;

use crate::outcome::{Decision, JobReport, Outcome, Reason, SettingChange};
use crate::report::model::Report;
use crate::report::style::{Style, Tone};
use crate::report::wording::{self, nouns, plural};
use crate::report::{Shown, failed, follow_words, table, wording::truncate};
use crate::shown;

/// So many changed dependencies are named; the report has them all.
const DEPENDENCIES_AT_MOST: usize = 4;
/// A value of a setting, such as the full text of a license, is cut here.
const VALUE_AT_MOST: usize = 40;

/// What a plan says beside its report.
#[derive(Clone, Debug, Default)]
pub struct PlanContext {
    /// The layers file, as the user named it.
    pub file: String,
    /// List what is unchanged as well.
    pub list_unchanged: bool,
    /// Whether the signs are coloured.
    pub style: Style,
}

/// The plan as text.
pub fn plan(report: &Report, context: &PlanContext) -> Shown {
    let mut lines = vec![headline(report, context), Shown::default()];
    let (signs, rows): (Vec<Sign>, Vec<Vec<Shown>>) = listed(report, context).into_iter().unzip();
    if !rows.is_empty() {
        let aligned = signs.iter().zip(table::align(&rows));
        lines.extend(aligned.map(|(sign, row)| shown!("  {} {}", context.style.paint(sign.tone(), sign.sign()), row)));
        lines.push(Shown::default());
    }
    lines.push(conclusion(report));
    Shown::of_lines(lines)
}

fn headline(report: &Report, context: &PlanContext) -> Shown {
    let layers = plural(layers(report), "layer");
    let targets = plural(targets(report), "target");
    let accounts: BTreeSet<&str> = report.jobs.iter().filter_map(|job| job.account.as_deref()).collect();
    let of_accounts = match accounts.len() {
        0 => Shown::default(),
        n => shown!(", {} {}", nouns(n, "account"), wording::names(accounts)),
    };
    shown!("Plan for {} at {} from {}{}", layers, targets, context.file, of_accounts)
}

fn layers(report: &Report) -> usize {
    report.jobs.iter().map(|job| &job.layer).collect::<BTreeSet<_>>().len()
}

fn targets(report: &Report) -> usize {
    report.jobs.iter().map(|job| &job.target).collect::<BTreeSet<_>>().len()
}

/// What a line begins with, in the order in which the lines are listed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sign {
    First,
    Again,
    Adopt,
    Follow,
    Keep,
    Stopped,
    Failed,
}

impl Sign {
    fn of(job: &JobReport) -> Self {
        match (job.outcome, job.decision, job.reason) {
            (Outcome::Failed, ..) => Self::Failed,
            (Outcome::Cancelled, ..) => Self::Stopped,
            (Outcome::Unchanged, ..) if job.is_to_follow_up() => Self::Follow,
            (Outcome::Unchanged, ..) | (_, Some(Decision::Keep), _) => Self::Keep,
            (_, Some(Decision::Adopt), _) => Self::Adopt,
            (_, _, Some(Reason::FirstVersion)) => Self::First,
            _ => Self::Again,
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Self::First => "+",
            Self::Again => "~",
            Self::Adopt => "^",
            Self::Follow => ">",
            Self::Keep => "=",
            Self::Stopped => "-",
            Self::Failed => "!",
        }
    }
}

impl Sign {
    /// The sign says it; the colour helps to find it.
    fn tone(self) -> Tone {
        match self {
            Self::First | Self::Adopt => Tone::Good,
            Self::Again | Self::Follow => Tone::Attention,
            Self::Keep | Self::Stopped => Tone::Faint,
            Self::Failed => Tone::Bad,
        }
    }
}

fn listed(report: &Report, context: &PlanContext) -> Vec<(Sign, Vec<Shown>)> {
    let mut marked: Vec<(Sign, &JobReport)> = report.jobs.iter().map(|job| (Sign::of(job), job)).collect();
    marked.retain(|(mark, _)| match mark {
        Sign::Keep | Sign::Stopped => context.list_unchanged,
        Sign::Failed => false,
        Sign::First | Sign::Again | Sign::Adopt | Sign::Follow => true,
    });
    // Stable: within a mark the report's own order stays.
    marked.sort_by_key(|(mark, _)| *mark);
    let failed = failed::rows(report)
        .into_iter()
        .map(|[what, target, code]| (Sign::Failed, vec![what, target, Shown::default(), shown!("failed: {}", code)]));
    marked.into_iter().map(|(mark, job)| (mark, row(mark, job))).chain(failed).collect()
}

fn row(mark: Sign, job: &JobReport) -> Vec<Shown> {
    let latest = match (mark, latest_version(job)) {
        (Sign::Again, Some(version)) => shown!("after {}", version),
        (Sign::Adopt | Sign::Follow | Sign::Keep, Some(version)) => shown!("at {}", version),
        _ => Shown::default(),
    };
    vec![Shown::one_line(&job.layer), Shown::one_line(&job.target), latest, explanation(mark, job)]
}

fn explanation(mark: Sign, job: &JobReport) -> Shown {
    let follows = follow_words::planned(job);
    if follows.is_empty() { why(mark, job) } else { shown!("{}; {}", why(mark, job), follows) }
}

fn why(mark: Sign, job: &JobReport) -> Shown {
    match mark {
        Sign::Failed => "failed".into(),
        Sign::Stopped => "not checked".into(),
        Sign::Follow | Sign::Keep => "unchanged".into(),
        Sign::First => "first version".into(),
        Sign::Adopt => shown!("adopt: {} has the staged content but no backup", version(job)),
        Sign::Again => changes(job),
    }
}

/// The version that is the latest now. The next one is not predicted: Lambda assigns it.
fn latest_version(job: &JobReport) -> Option<u64> {
    job.previous_version.or(job.version)
}

fn version(job: &JobReport) -> String {
    latest_version(job).map_or_else(|| "the latest version".to_owned(), |n| format!("version {n}"))
}

fn changes(job: &JobReport) -> Shown {
    let reason = job.reason.map_or_else(|| "changed".to_owned(), |reason| reason.to_string());
    let dependencies = dependencies(job);
    let settings = Shown::join(job.settings.iter().map(setting), ", ");
    let detail = match job.reason {
        Some(Reason::BackupMissing) => shown!("{} has none, so what changed is unknown", version(job)),
        Some(Reason::Behind) => shown!("the staged archive differs from {}, other targets from it", version(job)),
        Some(Reason::ContentChanged) => shown!("the staged archive differs from {}", version(job)),
        Some(Reason::SettingsChanged) => settings,
        // Dependencies come first, yet the settings may have changed with them.
        _ if settings.is_empty() => dependencies,
        _ if dependencies.is_empty() => settings,
        _ => shown!("{}; settings changed: {}", dependencies, settings),
    };
    if detail.is_empty() { shown!("{}", reason) } else { shown!("{}: {}", reason, detail) }
}

/// The dependencies that differ, as many as one reads.
pub(super) fn dependencies(job: &JobReport) -> Shown {
    wording::brief(&job.dependencies, DEPENDENCIES_AT_MOST)
}

/// `runtimes +python3.13 -python3.8`, `license MIT -> Apache-2.0`.
fn setting(change: &SettingChange) -> Shown {
    let name = change.setting.strip_prefix("compatible-").unwrap_or(&change.setting);
    let value = |value: &String| truncate(Shown::one_line(value).as_str(), VALUE_AT_MOST, false);
    let is_list = name != change.setting;
    if let ([to], [from], false) = (change.added.as_slice(), change.removed.as_slice(), is_list) {
        return shown!("{} {} -> {}", name, value(from), value(to));
    }
    let added = change.added.iter().map(|one| shown!(" +{}", value(one)));
    let removed = change.removed.iter().map(|one| shown!(" -{}", value(one)));
    Shown::join(std::iter::once(Shown::one_line(name)).chain(added).chain(removed), "")
}

fn conclusion(report: &Report) -> Shown {
    if report.jobs.iter().all(|job| job.outcome == Outcome::Unchanged && !job.is_to_follow_up()) {
        return nothing_to_do(report);
    }
    let marked = |mark| report.jobs.iter().filter(move |job| Sign::of(job) == mark);
    let again = |reason| marked(Sign::Again).filter(|job| job.reason == Some(reason)).count();
    let first = marked(Sign::First).count();
    let (without_backup, forced) = (again(Reason::BackupMissing), again(Reason::Forced));
    let parts = wording::parts(&[
        (first, &nouns(first, "first version")),
        (marked(Sign::Again).count() - without_backup - forced, "changed"),
        (without_backup, "without backup"),
        (forced, "forced"),
        (marked(Sign::Adopt).count(), "to adopt"),
        (marked(Sign::Follow).count(), "to follow up"),
        (marked(Sign::Keep).count(), "unchanged"),
        (marked(Sign::Failed).count(), "failed"),
        (marked(Sign::Stopped).count(), "not checked"),
    ]);
    shown!("Plan: {}", parts)
}

fn nothing_to_do(report: &Report) -> Shown {
    let (layers, targets) = (layers(report), targets(report));
    let at = if targets > 1 { shown!(" at {} targets", targets) } else { Shown::default() };
    match layers {
        0 => "No changes: there are no layers".into(),
        1 => shown!("No changes: 1 layer is unchanged{}", at),
        n => shown!("No changes: {} layers are unchanged{}", n, at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Mode;
    use crate::outcome::ErrorCode;
    use crate::report::samples::{difference, failed, job, planned, report, runtimes};

    fn context() -> PlanContext {
        PlanContext { file: "layers.toml".to_owned(), list_unchanged: false, style: Style::default() }
    }

    fn sample() -> Vec<JobReport> {
        let mut pandas = planned("pandas-py312", Decision::Publish, Reason::SettingsChanged, Some(17));
        pandas.settings = vec![runtimes(&["python3.13"], &[])];
        let mut requests = planned("requests-py312", Decision::Publish, Reason::DependenciesChanged, Some(2));
        requests.dependencies = difference();
        let large = "268.4 MB unzipped; Lambda accepts 262.1 MB";
        let mut jobs = vec![
            failed("torch-py312", "us-east-1", ErrorCode::ArchiveTooLarge, large),
            planned("numpy-py313", Decision::Publish, Reason::FirstVersion, None),
            planned("boto3-py312", Decision::Adopt, Reason::BackupMissing, Some(8)),
            requests,
            pandas,
        ];
        jobs.extend((0..195).map(|n| job(&format!("stable-{n:03}"), "us-east-1", Outcome::Unchanged)));
        jobs
    }

    #[test]
    fn a_plan_lists_what_would_happen_and_why() {
        insta::assert_snapshot!(plan(&report(Mode::Plan, sample()), &context()), @"
        Plan for 200 layers at 1 target from layers.toml, account 123456789012

          + numpy-py313     us-east-1            first version
          ~ pandas-py312    us-east-1  after 17  settings changed: runtimes +python3.13
          ~ requests-py312  us-east-1  after 2   dependencies changed: urllib3 2.0.4 -> 2.2.1, +idna 3.7, -six 1.16.0
          ^ boto3-py312     us-east-1  at 8      adopt: version 8 has the staged content but no backup
          ! torch-py312     us-east-1            failed: archive-too-large

        Plan: 1 first version, 2 changed, 1 to adopt, 195 unchanged, 1 failed
        ");
    }

    #[test]
    fn colours_carry_no_meaning() {
        let all = report(Mode::Plan, sample());
        let colored = plan(&all, &PlanContext { style: Style { color: true, ascii: false }, ..context() });
        assert!(
            colored.contains("\u{1b}[1;32m+\u{1b}[0m numpy-py313") && colored.contains("\u{1b}[1;31m!\u{1b}[0m torch")
        );
        assert_eq!(console::strip_ansi_codes(&colored), plan(&all, &context()).as_str());
    }

    #[test]
    fn rarer_reasons_have_their_words_and_every_job_is_counted() {
        let mut both = planned("both", Decision::Publish, Reason::DependenciesChanged, Some(1));
        both.dependencies = difference();
        both.settings = vec![runtimes(&["python3.13"], &["python3.8"])];
        let mut license = planned("license", Decision::Publish, Reason::SettingsChanged, Some(1));
        license.settings = vec![SettingChange {
            setting: "license".to_owned(),
            added: vec!["Apache-2.0".to_owned()],
            removed: vec!["Permission is hereby granted, free of charge, to any person\nobtaining".to_owned()],
        }];
        let mut kept = job("kept", "us-east-1", Outcome::Unchanged);
        (kept.version, kept.previous_version) = (Some(4), Some(4));
        let jobs = vec![
            both,
            license,
            planned("lost", Decision::Publish, Reason::BackupMissing, Some(6)),
            planned("bytes", Decision::Publish, Reason::DependenciesChanged, Some(6)),
            planned("content", Decision::Publish, Reason::ContentChanged, Some(6)),
            planned("forced", Decision::Publish, Reason::Forced, Some(6)),
            job("stopped", "us-east-1", Outcome::Cancelled),
            kept,
            failed("evil\u{1b}]0;title\u{7}", "tokyo", ErrorCode::Internal, "first line\nsecond line"),
        ];
        let listing = PlanContext { list_unchanged: true, ..context() };
        insta::assert_snapshot!(plan(&report(Mode::Plan, jobs), &listing), @r"
        Plan for 9 layers at 2 targets from layers.toml, account 123456789012

          ~ both                     us-east-1  after 1  dependencies changed: urllib3 2.0.4 -> 2.2.1, +idna 3.7, -six 1.16.0; settings changed: runtimes +python3.13 -python3.8
          ~ bytes                    us-east-1  after 6  dependencies changed
          ~ content                  us-east-1  after 6  content changed: the staged archive differs from version 6
          ~ forced                   us-east-1  after 6  forced
          ~ license                  us-east-1  after 1  settings changed: license Permission is hereby granted, free of c… -> Apache-2.0
          ~ lost                     us-east-1  after 6  backup missing: version 6 has none, so what changed is unknown
          = kept                     us-east-1  at 4     unchanged
          - stopped                  us-east-1           not checked
          ! evil\u{1b}]0;title\u{7}  tokyo               failed: internal

        Plan: 4 changed, 1 without backup, 1 forced, 1 unchanged, 1 failed, 1 not checked
        ");
    }

    #[test]
    fn a_plan_without_changes_says_so() {
        let conclusion = |jobs| plan(&report(Mode::Plan, jobs), &context()).as_str().lines().last().map(str::to_owned);
        let unchanged = |layer: &str, target: &str| job(layer, target, Outcome::Unchanged);
        assert_eq!(conclusion(vec![unchanged("a", "x")]).unwrap(), "No changes: 1 layer is unchanged");
        let several = vec![unchanged("a", "x"), unchanged("a", "y"), unchanged("b", "x"), unchanged("b", "y")];
        assert_eq!(conclusion(several).unwrap(), "No changes: 2 layers are unchanged at 2 targets");
        assert_eq!(conclusion(vec![]).unwrap(), "No changes: there are no layers");
    }
}
