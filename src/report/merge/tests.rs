use proptest::prelude::*;

use super::*;
use crate::event::Mode;
use crate::outcome::{JobReport, Outcome};
use crate::plan::PartOfRun;
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

proptest! {
    /// Merged in two steps, however they overlap, the parts are what they are merged in one.
    #[test]
    fn a_report_that_lacks_parts_is_made_whole_by_them(count in 0..40_usize, first in 1..32_u8, second in 1..32_u8) {
        let all = parts(&some_jobs(count), 5);
        let of = |mask: u8| -> Vec<_> { all.iter().zip(0..).filter(|(_, n)| mask >> n & 1 == 1).map(|(part, _)| part.clone()).collect() };
        let expected = merge(of(first | second)).unwrap();
        let merged = |name: &str, mask| (name.to_owned(), read_again(&merge(of(mask)).unwrap()));
        // What is whole already lacks nothing that a part could add.
        prop_assume!(first != 31 && second != 31);
        prop_assert_eq!(&merge(vec![merged("a", first), merged("b", second)]).unwrap(), &expected);
        let parts_last = [vec![merged("a", first)], of(second)].concat();
        prop_assert_eq!(&merge(parts_last).unwrap(), &expected);
        let parts_first = [of(second), vec![merged("a", first)]].concat();
        prop_assert_eq!(&merge(parts_first).unwrap(), &expected);
        prop_assert_eq!(expected.made_of.is_none(), first | second == 31);
    }
}

fn read_again(report: &Report) -> Report {
    Report::parse(crate::report::json::render(report).as_bytes()).unwrap()
}

/// `r1`, `r2` and what is made of them.
fn two_of_three() -> (Vec<(String, Report)>, (String, Report)) {
    let run = parts(&some_jobs(9), 3);
    let merged = merge(run[..2].to_vec()).unwrap();
    (run, ("`merged.json`".to_owned(), merged))
}

#[test]
fn a_report_that_cannot_be_made_whole_by_a_part_says_why() {
    let (run, merged) = two_of_three();
    let mut again = run[1].clone();
    again.1.jobs[0].seconds += 1.0;
    let odd = "`merged.json` and `2.json` both have part 2/3, and do not tell the same of it";
    assert_eq!(refused(vec![merged.clone(), again.clone()]), odd);
    let odd = "`2.json` and `merged.json` both have part 2/3, and do not tell the same of it";
    assert_eq!(refused(vec![again, merged.clone()]), odd);
    let other = parts(&some_jobs(11), 3)[2].clone();
    assert_eq!(refused(vec![merged.clone(), other]), "`merged.json` and `3.json` are parts of different runs");
    let copied = vec![run[0].clone(), merged.clone(), ("`copy.json`".to_owned(), run[0].1.clone())];
    assert_eq!(refused(copied), "`1.json` and `copy.json` are both part 1/3");
    let older = (merged.0.clone(), Report { made_of: None, ..merged.1.clone() });
    let unknown = "`merged.json` lacks parts of a run and does not say which it has, since an older version of layership \
                   made it: merge the reports of all parts";
    assert_eq!(refused(vec![older.clone(), run[2].clone()]), unknown);
    assert_eq!(refused(vec![run[2].clone(), older.clone()]), unknown);
    assert_eq!(merge(vec![older]).unwrap().missing.len(), 1, "alone it is told as it is");
    let whole = (merged.0, merge(run.clone()).unwrap());
    let there = "`1.json` is of run r1, which is in `merged.json` already, and nothing is missing there";
    assert_eq!(refused(vec![whole.clone(), run[0].clone()]), there);
    assert_eq!(refused(vec![run[0].clone(), whole]), there);
}

#[test]
fn a_report_that_claims_parts_of_several_runs_is_refused() {
    let (run, mut merged) = two_of_three();
    for parts in [Vec::new(), vec!["1/3".parse().unwrap(), "2/4".parse().unwrap()]] {
        merged.1.made_of.as_mut().unwrap().parts = parts;
        let why = "`merged.json` does not say of which parts of one run it is";
        assert_eq!(refused(vec![merged.clone(), run[2].clone()]), why);
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
