//! Why jobs failed, each cause once, whoever it hit: what screens and reports for people tell of failures.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::manifest::hide_credentials;
use crate::outcome::{ErrorCode, JobError, JobReport};
use crate::report::Shown;
use crate::report::group::{Masked, differing, differing_word, mask, mask_loosely, merge};
use crate::report::model::Report;
use crate::report::wording::names;
use crate::shown;

/// So many paths or names of what a cause hit are listed.
const LISTED_AT_MOST: usize = 10;

/// So many causes of one kind are told on a screen, those that hit most; elsewhere the others come last.
const OF_A_KIND_AT_MOST: usize = 10;

/// The causes of all failures, what hits most first. Those of one kind, which want the same done about them, stand beside each
/// other; but of very many of a kind, most come last.
pub fn causes(report: &Report) -> Vec<Cause> {
    let failed = report.jobs.iter().filter_map(|job| job.error.as_ref().map(|error| (job, error)));
    let all: BTreeSet<&str> = report.jobs.iter().map(|job| job.layer.as_str()).collect();
    let known: BTreeSet<&str> = report.jobs.iter().flat_map(of_target).collect();
    let kinds = kinds(failed.map(|(job, error)| Member::new(job, error, &known)).collect());
    let ranked = kinds.iter().flat_map(|groups| groups.iter().enumerate());
    let mut causes: Vec<Cause> = ranked.map(|(rank, group)| Cause::of(group, &all, rank)).collect();
    causes.sort_by_key(|cause| cause.rank >= OF_A_KIND_AT_MOST);
    causes
}

/// Names of a job's target, which tell one cause from another.
fn of_target(job: &JobReport) -> impl Iterator<Item = &str> {
    [Some(&job.target), Some(&job.region), job.account.as_ref()].into_iter().flatten().map(String::as_str)
}

/// So many of the causes, of each kind those that hit most, and the rest.
pub fn split(causes: Vec<Cause>, at_most: usize) -> (Vec<Cause>, Vec<Cause>) {
    let mut ranks: Vec<(usize, usize)> = causes.iter().map(|cause| cause.rank).zip(0..).collect();
    ranks.sort_unstable();
    let few = ranks.into_iter().filter(|(rank, _)| *rank < OF_A_KIND_AT_MOST);
    let told: BTreeSet<usize> = few.take(at_most).map(|(_, place)| place).collect();
    let (told, more): (Vec<_>, Vec<_>) = causes.into_iter().enumerate().partition(|(n, _)| told.contains(n));
    let plain = |causes: Vec<(usize, Cause)>| causes.into_iter().map(|(_, cause)| cause).collect();
    (plain(told), plain(more))
}

/// One job that failed: its texts, with the layer's own words taken out.
struct Member<'a> {
    job: &'a JobReport,
    code: ErrorCode,
    /// The message, and what lies beneath it.
    texts: Vec<Masked>,
    hint: Option<Masked>,
}

impl<'a> Member<'a> {
    fn new(job: &'a JobReport, error: &JobError, known: &BTreeSet<&str>) -> Self {
        // Before a text is taken apart, which may part a URL from what tells that it has a credential.
        let texts = texts(error).iter().map(|text| mask_loosely(&hide_credentials(text), job, known)).collect();
        Self { job, code: error.code, texts, hint: error.hint.as_ref().map(|hint| mask(hint, job)) }
    }

    /// What is the same for all causes of its kind.
    fn kind(&self) -> (ErrorCode, Option<String>) {
        (self.code, self.hint.as_ref().map(|hint| hint.template.clone()))
    }

    fn templates(&self) -> Vec<String> {
        self.texts.iter().map(|text| text.template.clone()).collect()
    }
}

fn nth<'g>(group: &'g [Member<'_>], n: usize) -> Vec<&'g Masked> {
    group.iter().filter_map(|member| member.texts.get(n)).collect()
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

type Group<'a> = Vec<Member<'a>>;

/// Members with equal texts, by their kinds. What hits most comes first, and what is met first where that is the same.
fn kinds(members: Vec<Member<'_>>) -> Vec<Vec<Group<'_>>> {
    let of_a_kind = split_by(members, Member::kind);
    let mut kinds: Vec<Vec<Group<'_>>> =
        of_a_kind.into_iter().map(|members| split_by(members, Member::templates)).collect();
    kinds.iter_mut().for_each(|groups| groups.sort_by_key(|group| Reverse(group.len())));
    kinds.sort_by_key(|groups| Reverse(groups.iter().map(Vec::len).sum::<usize>()));
    kinds
}

/// Members with equal keys, groups in the order of their first members.
fn split_by<'a, K: Ord>(members: Vec<Member<'a>>, key: impl Fn(&Member<'a>) -> K) -> Vec<Group<'a>> {
    let mut places = BTreeMap::new();
    let mut groups: Vec<Group<'a>> = Vec::new();
    for member in members {
        let at = *places.entry(key(&member)).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.push(member),
            None => groups.push(vec![member]),
        }
    }
    groups
}

/// One cause, and what it hit.
pub struct Cause {
    /// `scipy at us-east-1`, `3 layers at us-east-1`.
    pub whose: Shown,
    /// What failed, on what, with `…` where that is not the same for all.
    pub message: String,
    /// What it hit, where that is more than one thing and not everything, with what the messages give as examples.
    pub hit: Vec<Shown>,
    /// What lies beneath, outermost first.
    pub beneath: Vec<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// Key of the first layer that it hit.
    pub first_layer: String,
    /// How many jobs it hit.
    pub jobs: usize,
    /// How many causes of its kind hit more.
    pub rank: usize,
}

impl Cause {
    /// What a group has in common; `all` are the layers of the run.
    fn of(group: &[Member<'_>], all: &BTreeSet<&str>, rank: usize) -> Self {
        let layers: BTreeSet<&str> = group.iter().map(|member| member.job.layer.as_str()).collect();
        let count = group.iter().map(|member| member.texts.len()).min().unwrap_or(0);
        let mut texts = (0..count).map(|n| merge(&nth(group, n)));
        let hints: Vec<&Masked> = group.iter().filter_map(|member| member.hint.as_ref()).collect();
        Self {
            hit: hit(group, &layers, layers.len() == all.len()),
            message: texts.next().unwrap_or_default(),
            beneath: texts.collect(),
            hint: (!hints.is_empty()).then(|| merge(&hints)),
            whose: whose(group, &layers),
            first_layer: layers.first().map(|layer| (*layer).to_owned()).unwrap_or_default(),
            jobs: group.len(),
            rank,
        }
    }

    /// What it hit, one a line, as much of it as one reads.
    pub fn listed(&self) -> Vec<Shown> {
        let shown = if self.hit.len() > LISTED_AT_MOST { LISTED_AT_MOST - 1 } else { self.hit.len() };
        let more = (self.hit.len() > shown).then(|| shown!("… and {} more", self.hit.len() - shown));
        self.hit.iter().take(shown).cloned().chain(more).collect()
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

/// What a cause hit, with what its messages give as examples: layers with their targets where not each layer was hit at each,
/// or else what the messages name, or else the layers, unless it is all of them.
fn hit(group: &[Member<'_>], layers: &BTreeSet<&str>, is_all: bool) -> Vec<Shown> {
    let (words, examples) = (words(group), examples(group));
    let different: BTreeSet<&&str> = words.iter().flatten().collect();
    let is_even = group.len() == layers.len() * targets(group).len();
    let gives_examples = examples.iter().any(|all| !all.is_empty());
    let name = |n: usize| match (layers.len(), different.len()) {
        (1, 0) if is_even && !gives_examples => None,
        (1, 0) if is_even => Some(group[n].job.target.as_str()),
        (of, 1..) if is_even && (of == 1 || different.len() <= of) && words[n].is_some() => words[n],
        _ if is_even && is_all && !gives_examples => None,
        _ => Some(group[n].job.layer.as_str()),
    };
    let mut lines: BTreeMap<&str, Line<'_>> = BTreeMap::new();
    for (n, member) in group.iter().enumerate() {
        let Some(name) = name(n) else { continue };
        let line = lines.entry(name).or_default();
        line.targets.insert(&member.job.target);
        line.examples.insert(&examples[n]);
        line.words.extend(words[n].filter(|word| *word != name));
    }
    lines.iter().map(|(name, line)| line.shown(name, !is_even)).collect()
}

/// What is known of one thing that a cause hit.
#[derive(Default)]
struct Line<'a> {
    targets: BTreeSet<&'a str>,
    examples: BTreeSet<&'a str>,
    /// What the messages name in place of `…`, where that is not the line's own name.
    words: BTreeSet<&'a str>,
}

impl Line<'_> {
    fn shown(&self, name: &str, with_targets: bool) -> Shown {
        let at = if with_targets { shown!(" at {}", names(self.targets.iter().copied())) } else { Shown::default() };
        let example = self.examples.first().filter(|example| !example.is_empty());
        // One at each target, such as a URI with the Region, says nothing of them all.
        let word = self.words.first().filter(|_| self.words.len() == 1);
        shown!("{}{}{}", name, at, word.or(example).map(|example| shown!(" ({})", *example)).unwrap_or_default())
    }
}

/// What each message names, where that is not the same in all.
fn words<'g>(group: &'g [Member<'_>]) -> Vec<Option<&'g str>> {
    let slot = differing_word(&nth(group, 0));
    group.iter().map(|member| slot.and_then(|slot| member.texts[0].word(slot))).collect()
}

/// What each member's texts give as examples, where that is not the same in all.
fn examples(group: &[Member<'_>]) -> Vec<String> {
    let texts = group.first().map_or(0, |first| first.texts.len());
    let slots: Vec<(usize, usize)> =
        (0..texts).flat_map(|n| differing(&nth(group, n)).into_iter().map(move |slot| (n, slot))).collect();
    let of = |member: &Member<'_>| {
        let given: Vec<&str> = slots.iter().filter_map(|(n, slot)| member.texts.get(*n)?.example(*slot)).collect();
        given.join(", ")
    };
    group.iter().map(of).collect()
}
