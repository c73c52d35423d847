//! Why jobs failed, each cause once, whoever it hit: what screens and reports for people tell of failures.

use std::collections::{BTreeMap, BTreeSet};

use crate::outcome::{JobError, JobReport};
use crate::report::Shown;
use crate::report::group::{Masked, different, mask, merge};
use crate::report::model::Report;
use crate::report::wording::names;
use crate::shown;

/// So many paths or names of what a cause hit are listed.
const LISTED_AT_MOST: usize = 10;

/// The causes of all failures; those that want the same done about them stand beside each other.
pub fn causes(report: &Report) -> Vec<Cause> {
    let failed = report.jobs.iter().filter_map(|job| job.error.as_ref().map(|error| (job, error)));
    let groups = grouped(failed.map(|(job, error)| Member::new(job, error)).collect());
    let all: BTreeSet<&str> = report.jobs.iter().map(|job| job.layer.as_str()).collect();
    groups.iter().map(|group| Cause::of(group, &all)).collect()
}

/// One job that failed: its texts, with the layer's own words taken out.
struct Member<'a> {
    job: &'a JobReport,
    /// The message, and what lies beneath it.
    texts: Vec<Masked>,
    hint: Option<Masked>,
}

impl<'a> Member<'a> {
    fn new(job: &'a JobReport, error: &JobError) -> Self {
        let mask = |text: &String| mask(text, job);
        Self { job, texts: texts(error).iter().map(mask).collect(), hint: error.hint.as_ref().map(mask) }
    }

    fn key(&self) -> (Option<String>, Vec<String>) {
        let templates = self.texts.iter().map(|text| text.template.clone()).collect();
        (self.hint.as_ref().map(|hint| hint.template.clone()), templates)
    }
}

/// The message and what lies beneath it, the request id behind the last.
fn texts(error: &JobError) -> Vec<String> {
    let mut all = vec![error.message.clone()];
    all.extend(error.causes.iter().cloned());
    if let (Some(id), Some(last)) = (&error.request_id, all.last_mut())
        && !id.is_empty()
        && !std::iter::once(&error.message).chain(&error.causes).any(|text| text.contains(id.as_str()))
    {
        *last = match last.strip_suffix(')') {
            Some(open) if last.contains("(HTTP ") => format!("{open}, request {id})"),
            _ => format!("{last} (request {id})"),
        };
    }
    all
}

/// Members with equal texts, groups in the order of their first members, but those with one hint beside each other.
fn grouped(members: Vec<Member<'_>>) -> Vec<Vec<Member<'_>>> {
    let mut hints = BTreeMap::new();
    let mut places = BTreeMap::new();
    let mut groups: Vec<(usize, Vec<Member<'_>>)> = Vec::new();
    for member in members {
        let key = member.key();
        let next = hints.len();
        let hint = *hints.entry(key.0.clone()).or_insert(next);
        let at = *places.entry(key).or_insert(groups.len());
        match groups.get_mut(at) {
            Some((_, group)) => group.push(member),
            None => groups.push((hint, vec![member])),
        }
    }
    groups.sort_by_key(|(hint, _)| *hint);
    groups.into_iter().map(|(_, group)| group).collect()
}

/// One cause, and what it hit.
pub struct Cause {
    /// `scipy at us-east-1`, `3 layers at us-east-1`.
    pub whose: Shown,
    /// What failed, on what, with `…` where that is not the same for all.
    pub message: String,
    /// What it hit, one a line, where that is more than one thing and not everything.
    pub listed: Vec<Shown>,
    /// What lies beneath, outermost first.
    pub beneath: Vec<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// Key of the first layer that it hit.
    pub first_layer: String,
    /// How many jobs it hit.
    pub jobs: usize,
}

impl Cause {
    /// What a group has in common; `all` are the layers of the run.
    fn of(group: &[Member<'_>], all: &BTreeSet<&str>) -> Self {
        let layers: BTreeSet<&str> = group.iter().map(|member| member.job.layer.as_str()).collect();
        let count = group.iter().map(|member| member.texts.len()).min().unwrap_or(0);
        let nth = |n: usize| group.iter().filter_map(|member| member.texts.get(n)).collect::<Vec<_>>();
        let mut texts = (0..count).map(|n| merge(&nth(n)));
        let hints: Vec<&Masked> = group.iter().filter_map(|member| member.hint.as_ref()).collect();
        Self {
            listed: match pairs(group) {
                Some(pairs) => bounded(pairs),
                None => bounded(listed(&different(&nth(0)), &layers, layers.len() == all.len())),
            },
            message: texts.next().unwrap_or_default(),
            beneath: texts.collect(),
            hint: (!hints.is_empty()).then(|| merge(&hints)),
            whose: whose(group, &layers),
            first_layer: layers.first().map(|layer| (*layer).to_owned()).unwrap_or_default(),
            jobs: group.len(),
        }
    }
}

/// `scipy at us-east-1`, `3 layers at us-east-1, tokyo`, `3 layers at 2 targets (5 jobs)` where not each is meant at each.
fn whose(group: &[Member<'_>], layers: &BTreeSet<&str>) -> Shown {
    let targets = targets(group);
    let what = if layers.len() == 1 { names(layers.iter().copied()) } else { shown!("{} layers", layers.len()) };
    if group.len() < layers.len() * targets.len() {
        return shown!("{} at {} targets ({} jobs)", what, targets.len(), group.len());
    }
    shown!("{} at {}", what, names(targets))
}

fn targets<'a>(group: &[Member<'a>]) -> BTreeSet<&'a str> {
    group.iter().map(|member| member.job.target.as_str()).collect()
}

/// Each layer with its targets, where not each layer was hit at each target.
fn pairs(group: &[Member<'_>]) -> Option<Vec<Shown>> {
    let mut targets_of: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for Member { job, .. } in group {
        targets_of.entry(&job.layer).or_default().insert(&job.target);
    }
    let all = targets(group);
    let each_at_each = targets_of.values().all(|targets| *targets == all);
    (!each_at_each).then(|| targets_of.into_iter().map(|(layer, at)| shown!("{} at {}", layer, names(at))).collect())
}

/// What a cause hit, one a line: what the messages name, or else the layers, unless it is all of them.
fn listed(different: &[&str], layers: &BTreeSet<&str>, is_all: bool) -> Vec<Shown> {
    match different {
        [] if is_all || layers.len() == 1 => Vec::new(),
        [] => layers.iter().copied().map(Shown::one_line).collect(),
        words => words.iter().copied().map(Shown::one_line).collect(),
    }
}

fn bounded(mut lines: Vec<Shown>) -> Vec<Shown> {
    if lines.len() > LISTED_AT_MOST {
        let more = lines.len() - (LISTED_AT_MOST - 1);
        lines.truncate(LISTED_AT_MOST - 1);
        lines.push(shown!("… and {} more", more));
    }
    lines
}
