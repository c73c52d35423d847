//! The last line of a run: how many jobs ended how.

use crate::event::Mode;
use crate::outcome::Outcome;
use crate::report::model::Report;
use crate::report::status_line::StatusLine;
use crate::report::style::Tone;
use crate::report::wording::{names, parts, plural};
use crate::report::{Shown, status};
use crate::shown;

/// `Summary [  48.2s] 200 jobs: 125 published, 70 unchanged, 1 adopted, 4 failed`
pub fn summary(report: &Report) -> StatusLine {
    let text = counted(report);
    let bad = [Outcome::Failed, Outcome::Cancelled].iter().any(|outcome| report.summary.get(*outcome) > 0);
    StatusLine::new("Summary", if bad { Tone::Bad } else { Tone::Good }, Some(report.seconds), text)
}

/// `200 jobs: 125 published, 4 failed`
pub fn counted(report: &Report) -> Shown {
    let off = status::by_job(report).jobs.iter().filter(|job| !job.findings().is_empty()).count();
    let in_order = report.summary.get(Outcome::Checked).saturating_sub(off);
    let counts = WORDS.iter().map(|(outcome, word)| match outcome {
        Outcome::Checked if report.mode == Mode::Status => (in_order, "in order"),
        outcome => (report.summary.get(*outcome), *word),
    });
    let counts: Vec<_> = counts.chain([(off, "not in order")]).collect();
    let (jobs, parts) = (plural(report.summary.jobs, "job"), parts(&counts));
    if parts.is_empty() { shown!("{}", jobs) } else { shown!("{}: {}", jobs, parts) }
}

/// Of a report that is not whole: `not whole: part 2/3 of the run is missing`
pub fn missing(report: &Report) -> Option<Shown> {
    let parts: Vec<String> = report.missing.iter().map(ToString::to_string).collect();
    let (noun, are) = if parts.len() == 1 { ("part", "is") } else { ("parts", "are") };
    let named = names(parts.iter().map(String::as_str));
    (!parts.is_empty()).then(|| shown!("not whole: {} {} of the run {} missing", noun, named, are))
}

/// What was done, what was not, what went wrong.
const WORDS: [(Outcome, &str); 11] = [
    (Outcome::Checked, "OK"),
    (Outcome::Changed, "changed"),
    (Outcome::Built, "built"),
    (Outcome::Planned, "planned"),
    (Outcome::Published, "published"),
    (Outcome::Staged, "staged"),
    (Outcome::Pruned, "pruned"),
    (Outcome::Unchanged, "unchanged"),
    (Outcome::Adopted, "adopted"),
    (Outcome::Failed, "failed"),
    (Outcome::Cancelled, "cancelled"),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::samples::{job, report};
    use crate::report::style::Style;

    fn line(jobs: &[(Outcome, usize)]) -> String {
        let jobs = jobs.iter().flat_map(|(outcome, count)| (0..*count).map(|n| job(&n.to_string(), "x", *outcome)));
        summary(&report(Mode::Publish, jobs.collect())).render(Style::default(), None).to_string()
    }

    #[test]
    fn a_run_ends_with_what_it_did() {
        use Outcome::{Adopted, Failed, Published, Unchanged};
        assert_eq!(
            line(&[(Published, 125), (Unchanged, 70), (Adopted, 1), (Failed, 4)]),
            "     Summary [   4.1s] 200 jobs: 125 published, 70 unchanged, 1 adopted, 4 failed"
        );
        assert_eq!(line(&[(Published, 1)]), "     Summary [   4.1s] 1 job: 1 published");
        assert_eq!(line(&[]), "     Summary [   4.1s] 0 jobs");
    }

    proptest! {
        #[test]
        fn the_numbers_of_a_summary_add_up(counts in proptest::collection::vec(0..40_usize, 5)) {
            use Outcome::{Adopted, Cancelled, Failed, Published, Unchanged};
            let ends: Vec<_> = [Adopted, Cancelled, Failed, Published, Unchanged].into_iter().zip(counts.clone()).collect();
            let line = line(&ends);
            let (jobs, parts) = line.split_once(": ").unwrap_or((&line, ""));
            let last = |text: &str| text.split(' ').rev().nth(1).and_then(|n| n.parse::<usize>().ok()).unwrap_or(0);
            prop_assert_eq!(last(jobs), counts.iter().sum::<usize>());
            prop_assert_eq!(parts.split(", ").map(last).sum::<usize>(), counts.iter().sum::<usize>());
        }
    }

    #[test]
    fn every_outcome_has_its_word() {
        assert!(Outcome::ALL.iter().all(|outcome| WORDS.iter().any(|(known, _)| known == outcome)));
    }
}
