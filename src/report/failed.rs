//! The jobs of a list that failed, with no more than their codes: why is told once, after the list.

use std::collections::BTreeMap;

use crate::outcome::{ErrorCode, JobReport};
use crate::report::model::Report;
use crate::report::{Shown, wording::plural};
use crate::shown;

/// So many layers that failed alike at a target are named.
const NAMED_AT_MOST: usize = 5;

/// What failed, at which target, and the code; layers that failed alike are counted where they are many. In the order of the
/// report, as all that is listed; what is counted stands where the first of it would.
pub fn rows(report: &Report) -> Vec<[Shown; 3]> {
    let mut alike: BTreeMap<(&str, ErrorCode), Vec<(usize, &JobReport)>> = BTreeMap::new();
    for (place, job) in report.jobs.iter().enumerate() {
        if let Some(error) = &job.error {
            alike.entry((&job.target, error.code)).or_default().push((place, job));
        }
    }
    let mut rows = BTreeMap::new();
    for ((target, code), jobs) in alike {
        let row = |what: Shown| [what, Shown::one_line(target), shown!("{}", code.to_string())];
        match jobs.as_slice() {
            [(first, _), ..] if jobs.len() > NAMED_AT_MOST => {
                _ = rows.insert(*first, row(shown!("{}", plural(jobs.len(), "layer"))));
            }
            few => rows.extend(few.iter().map(|(place, job)| (*place, row(Shown::one_line(&job.layer))))),
        }
    }
    rows.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Mode;
    use crate::report::samples::{failed, report};

    #[test]
    fn what_failed_is_listed_in_the_order_of_all_that_is_listed() {
        let fail = |layer: &str, target: &str, code| failed(layer, target, code, "why");
        let mut jobs = vec![
            fail("a", "tokyo", ErrorCode::Network),
            fail("b", "east", ErrorCode::Network),
            fail("b", "tokyo", ErrorCode::Internal),
        ];
        jobs.extend((0..6).map(|n| fail(&format!("c{n}"), "east", ErrorCode::Locked)));
        jobs.push(fail("d", "east", ErrorCode::Internal));
        let rows: Vec<String> = rows(&report(Mode::Plan, jobs))
            .iter()
            .map(|[what, target, code]| format!("{what} {target} {code}"))
            .collect();
        let expected =
            ["a tokyo network", "b east network", "b tokyo internal", "6 layers east locked", "d east internal"];
        assert_eq!(rows, expected);
    }
}
