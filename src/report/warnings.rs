//! What a person should know although it stopped nothing, each thing once.

use std::collections::{BTreeMap, BTreeSet};

use crate::manifest::hide_credentials;
use crate::outcome::{JobReport, Warning};
use crate::report::Shown;
use crate::report::group::{Masked, differing_word, mask, merge};
use crate::report::model::Report;
use crate::report::style::{Style, Tone};
use crate::report::wording::names;
use crate::shown;

/// So many warnings of one kind are told on a screen.
const OF_A_KIND_AT_MOST: usize = 6;

/// One line per warning; of a kind that comes very often, as many as one reads.
pub fn render(report: &Report, style: Style) -> Shown {
    Shown::join(lines(report).iter().map(|line| shown!("{}: {}\n", style.paint(Tone::Attention, "warning"), line)), "")
}

/// The warnings, as [`render`] shows them.
pub fn lines(report: &Report) -> Vec<Shown> {
    kinds(report).into_iter().flat_map(|(kind, told)| bounded(kind, told)).collect()
}

/// Those of the layers file, too, for a page: what one reads of each kind, and the rest.
pub fn few_and_more(report: &Report) -> (Vec<Shown>, Vec<Shown>) {
    let mut all: BTreeMap<&str, Vec<Shown>> = BTreeMap::new();
    for warning in &report.warnings {
        all.entry(&warning.code).or_default().push(Shown::one_line(&warning.message));
    }
    for (kind, told) in kinds(report) {
        all.entry(kind).or_default().extend(told.into_iter().map(|told| told.text));
    }
    let (mut few, mut more) = (Vec::new(), Vec::new());
    for mut lines in all.into_values() {
        let rest = if lines.len() > OF_A_KIND_AT_MOST { lines.split_off(OF_A_KIND_AT_MOST - 1) } else { Vec::new() };
        few.append(&mut lines);
        more.extend(rest);
    }
    (few, more)
}

/// Every warning, for whoever has bounds of their own.
pub fn all(report: &Report) -> Vec<Told<'_>> {
    kinds(report).into_values().flatten().collect()
}

/// A warning as it is told.
#[derive(Debug)]
pub struct Told<'r> {
    /// The first layer that has it.
    pub first_layer: &'r str,
    /// What there is to know.
    pub text: Shown,
}

fn kinds(report: &Report) -> BTreeMap<&str, Vec<Told<'_>>> {
    let mut groups: BTreeMap<(&str, String), Vec<Warned<'_>>> = BTreeMap::new();
    for (job, warning) in report.jobs.iter().flat_map(|job| job.warnings.iter().map(move |warning| (job, warning))) {
        let warned = Warned::new(job, warning);
        groups.entry((&warning.code, warned.text.template.clone())).or_default().push(warned);
    }
    let mut kinds: BTreeMap<&str, Vec<Told<'_>>> = BTreeMap::new();
    for ((kind, _), group) in groups {
        kinds.entry(kind).or_default().extend(messages(&group));
    }
    kinds
}

struct Warned<'a> {
    job: &'a JobReport,
    message: &'a str,
    text: Masked,
}

impl<'a> Warned<'a> {
    fn new(job: &'a JobReport, warning: &'a Warning) -> Self {
        Self { job, message: &warning.message, text: mask(&hide_credentials(&warning.message), job) }
    }
}

/// A group in one line where its texts are equal, else each text once.
fn messages<'r>(group: &[Warned<'r>]) -> Vec<Told<'r>> {
    let texts: Vec<&Masked> = group.iter().map(|warned| &warned.text).collect();
    if differing_word(&texts).is_some() {
        let mut each = BTreeMap::new();
        group.iter().for_each(|warned| _ = each.entry(warned.message).or_insert(warned.job.layer.as_str()));
        return each.into_iter().map(|(text, first_layer)| Told { first_layer, text: Shown::one_line(text) }).collect();
    }
    let text = merge(&texts);
    let layers: BTreeSet<&str> = group.iter().map(|warned| warned.job.layer.as_str()).collect();
    let named = layers.iter().all(|layer| text.contains(*layer));
    let first_layer = layers.first().copied().unwrap_or_default();
    let text = if named { Shown::one_line(&text) } else { shown!("{}: {}", names(layers), text) };
    vec![Told { first_layer, text }]
}

fn bounded(kind: &str, told: Vec<Told<'_>>) -> Vec<Shown> {
    let mut lines: Vec<Shown> = told.into_iter().map(|told| told.text).collect();
    if lines.len() > OF_A_KIND_AT_MOST {
        let more = lines.len() - (OF_A_KIND_AT_MOST - 1);
        lines.truncate(OF_A_KIND_AT_MOST - 1);
        lines.push(shown!("… and {} more of kind `{}`; `--report json=PATH` has them all", more, kind));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Mode;
    use crate::outcome::Outcome;
    use crate::report::samples::{job, report, warning};

    fn warned(layer: &str, target: &str, code: &str, message: &str) -> JobReport {
        JobReport { warnings: vec![warning(code, message)], ..job(layer, target, Outcome::Published) }
    }

    #[test]
    fn warnings_are_not_repeated_for_each_layer_and_target() {
        let unpinned = "requests/requirements.txt:3: `six` is not pinned";
        let jobs = vec![
            warned("requests", "east", "manifest-unpinned", unpinned),
            warned("requests", "west", "manifest-unpinned", unpinned),
            warned("numpy", "east", "runtime", "Lambda may not know the runtime `python3.99`"),
            warned("pandas", "east", "runtime", "Lambda may not know the runtime `python3.99`"),
        ];
        insta::assert_snapshot!(render(&report(Mode::Publish, jobs), Style::default()), @"
        warning: requests/requirements.txt:3: `six` is not pinned
        warning: numpy, pandas: Lambda may not know the runtime `python3.99`
        ");
    }

    #[test]
    fn of_a_kind_that_comes_often_the_rest_is_counted() {
        let jobs = (0..200).map(|n| {
            let message = format!("l{n:03}/requirements.txt:1: `six` is not pinned");
            warned(&format!("l{n:03}"), "x", "manifest-unpinned", &message)
        });
        insta::assert_snapshot!(render(&report(Mode::Publish, jobs.collect()), Style::default()), @"
        warning: l000/requirements.txt:1: `six` is not pinned
        warning: l001/requirements.txt:1: `six` is not pinned
        warning: l002/requirements.txt:1: `six` is not pinned
        warning: l003/requirements.txt:1: `six` is not pinned
        warning: l004/requirements.txt:1: `six` is not pinned
        warning: … and 195 more of kind `manifest-unpinned`; `--report json=PATH` has them all
        ");
    }
}
