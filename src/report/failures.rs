//! What went wrong, told last, where eyes and the tails of logs land, and told once: whoever a cause hit, it is one
//! message. The report has every job's own words.

use std::collections::{BTreeMap, BTreeSet};

use crate::outcome::{JobError, JobReport};
use crate::report::group::{Masked, different, mask, merge};
use crate::report::model::Report;
use crate::report::style::{Style, Tone};
use crate::report::wording::{names, plural};
use crate::report::{Shown, warnings};
use crate::shown;

/// So many paths or names of what a cause hit are listed, one a line.
const LISTED_AT_MOST: usize = 10;
/// So many causes are told.
const CAUSES_AT_MOST: usize = 40;

/// Warnings, then failures, each cause once; empty if there are none. A blank line stands between two causes.
pub fn render(report: &Report, style: Style) -> Shown {
    let parts = [warnings::render(report, style), errors(report, style)];
    Shown::join(parts.into_iter().filter(|part| !part.is_empty()), "\n")
}

fn errors(report: &Report, style: Style) -> Shown {
    let failed = report.jobs.iter().filter_map(|job| job.error.as_ref().map(|error| (job, error)));
    let groups = grouped(failed.map(|(job, error)| Member::new(job, error)).collect());
    let all: BTreeSet<&str> = report.jobs.iter().map(|job| job.layer.as_str()).collect();
    let told: Vec<Cause> = groups.iter().take(CAUSES_AT_MOST).map(|group| Cause::of(group, &all)).collect();
    // Causes that want the same done about them share one hint, under the last of them.
    let repeated = |n: usize, cause: &Cause| told.get(n + 1).is_some_and(|next| next.hint == cause.hint);
    let blocks = told.iter().enumerate().map(|(n, cause)| cause.render(!repeated(n, cause), style));
    Shown::join(blocks.chain(left_out(&groups, style)), "\n")
}

fn left_out(groups: &[Vec<Member<'_>>], style: Style) -> Option<Shown> {
    let more = groups.get(CAUSES_AT_MOST..).filter(|more| !more.is_empty())?;
    let jobs: usize = more.iter().map(Vec::len).sum();
    let (jobs, causes) = (plural(jobs, "more job"), plural(more.len(), "other cause"));
    let error = style.paint(Tone::Bad, "error");
    Some(shown!("{}: {} failed for {}; `--report json=PATH` has them all\n", error, jobs, causes))
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
struct Cause {
    whose: Shown,
    message: String,
    listed: Vec<Shown>,
    beneath: Vec<String>,
    hint: Option<String>,
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
        }
    }

    fn render(&self, with_hint: bool, style: Style) -> Shown {
        let headline = shown!("{}: {}: {}\n", style.paint(Tone::Bad, "error"), self.whose, self.message);
        let listed = self.listed.iter().map(|line| shown!("    {}\n", line));
        let beneath = self.beneath.iter().map(|cause| caused_by(cause));
        let hint = self.hint.as_ref().filter(|_| with_hint);
        let hint = hint.map(|hint| shown!("\n{}: {}\n", style.paint(Tone::Busy, "hint"), hint));
        Shown::join(std::iter::once(headline).chain(listed).chain(beneath).chain(hint), "")
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

/// A cause of several lines, such as an answer in HTML, stays readable: its lines are indented under the first.
fn caused_by(cause: &str) -> Shown {
    let lines = cause.lines().map(Shown::one_line).filter(|line| !line.is_empty());
    shown!("  Caused by: {}\n", Shown::join(lines, "\n             "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Mode;
    use crate::outcome::{ErrorCode, Outcome};
    use crate::report::samples::{failed, job, report};

    fn denied(layer: &str, target: &str, request: &str) -> JobReport {
        let message = format!("not authorized to perform `lambda:PublishLayerVersion` on layer `{layer}`");
        let mut job = failed(layer, target, ErrorCode::AccessDenied, &message);
        let hint =
            "allow `lambda:PublishLayerVersion` for this role; running the same command again publishes what failed";
        job.error = job.error.map(|e| e.cause("AccessDeniedException (HTTP 403)").hint(hint));
        if let Some(error) = &mut job.error {
            error.request_id = Some(request.to_owned());
        }
        job
    }

    #[test]
    fn equal_causes_are_told_once() {
        let jobs = vec![
            denied("scipy-py311", "us-east-1", "7f3c0a12-0000-4000-8000-000000000001"),
            denied("scipy-py312", "us-east-1", "7f3c0a12-0000-4000-8000-000000000002"),
            denied("scipy-py313", "us-east-1", "7f3c0a12-0000-4000-8000-000000000003"),
            job("fine", "us-east-1", Outcome::Published),
        ];
        insta::assert_snapshot!(render(&report(Mode::Publish, jobs), Style::PLAIN), @"
        error: 3 layers at us-east-1: not authorized to perform `lambda:PublishLayerVersion` on layer `…`
            scipy-py311
            scipy-py312
            scipy-py313
          Caused by: AccessDeniedException (HTTP 403, request 7f3c0a12-0000-4000-8000-000000000001 and 2 more)

        hint: allow `lambda:PublishLayerVersion` for this role; running the same command again publishes what failed
        ");
    }

    #[test]
    fn a_cause_at_several_targets_names_each_pair_of_layer_and_target_and_no_other() {
        let hit = [("a", "east"), ("b", "east"), ("a", "west"), ("b", "west"), ("b", "tokyo")];
        let jobs = hit.map(|(layer, target)| denied(layer, target, "r")).to_vec();
        insta::assert_snapshot!(render(&report(Mode::Plan, jobs), Style::PLAIN), @"
        error: 2 layers at 3 targets (5 jobs): not authorized to perform `lambda:PublishLayerVersion` on layer `…`
            a at east, west
            b at east, tokyo, west
          Caused by: AccessDeniedException (HTTP 403)

        hint: allow `lambda:PublishLayerVersion` for this role; running the same command again publishes what failed
        ");
    }

    #[test]
    fn many_failures_have_a_short_headline() {
        let mut jobs: Vec<_> =
            (0..200).map(|n| failed(&format!("layer-{n:03}"), "x", ErrorCode::Network, "no route")).collect();
        jobs.push(failed("torch", "x", ErrorCode::Internal, "<html>\n <p>\u{1b}[31mbad\n\ngateway</html>"));
        insta::assert_snapshot!(render(&report(Mode::Stage, jobs), Style::PLAIN), @r"
        error: 200 layers at x: no route
            layer-000
            layer-001
            layer-002
            layer-003
            layer-004
            layer-005
            layer-006
            layer-007
            layer-008
            … and 191 more

        error: torch at x: <html> <p>\u{1b}[31mbad gateway</html>
        ");
    }

    #[test]
    fn a_cause_of_a_target_is_one_message_whatever_the_number_of_layers() {
        let without_credentials = |n: usize| {
            let target = format!("target-{}", n % 8);
            let layer = format!("layer-{:03}", n / 8);
            let mut job =
                failed(&layer, &target, ErrorCode::Credentials, &format!("no AWS credentials for target `{target}`"));
            job.error = job.error.map(|error| error.hint("log in"));
            job
        };
        let said = render(&report(Mode::Publish, (0..1600).map(without_credentials).collect()), Style::PLAIN);
        insta::assert_snapshot!(said.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n"), @"
        error: 200 layers at target-0: no AWS credentials for target `target-0`
        error: 200 layers at target-1: no AWS credentials for target `target-1`
        error: 200 layers at target-2: no AWS credentials for target `target-2`
        error: 200 layers at target-3: no AWS credentials for target `target-3`
        error: 200 layers at target-4: no AWS credentials for target `target-4`
        error: 200 layers at target-5: no AWS credentials for target `target-5`
        error: 200 layers at target-6: no AWS credentials for target `target-6`
        error: 200 layers at target-7: no AWS credentials for target `target-7`
        hint: log in
        ");
    }

    #[test]
    fn what_a_cause_hit_is_listed_by_the_names_that_its_messages_have() {
        let missing = |n: usize| {
            let message = format!("the manifest `l{n:02}/requirements.txt` does not exist");
            failed(&format!("l{n:02}"), "x", ErrorCode::ManifestMissing, &message)
        };
        let mut jobs: Vec<_> = (0..23).map(missing).collect();
        jobs.push(job("fine", "x", Outcome::Checked));
        insta::assert_snapshot!(render(&report(Mode::Check, jobs), Style::PLAIN), @"
        error: 23 layers at x: the manifest `…` does not exist
            l00/requirements.txt
            l01/requirements.txt
            l02/requirements.txt
            l03/requirements.txt
            l04/requirements.txt
            l05/requirements.txt
            l06/requirements.txt
            l07/requirements.txt
            l08/requirements.txt
            … and 14 more
        ");
    }

    #[test]
    fn so_many_causes_are_told_and_the_rest_is_counted() {
        let jobs = (0..50).map(|n| failed(&format!("l{n}"), "x", ErrorCode::Internal, &"reason ".repeat(n + 1)));
        let said = render(&report(Mode::Check, jobs.collect()), Style::PLAIN);
        assert_eq!(said.matches("error: ").count(), CAUSES_AT_MOST + 1);
        let last = "error: 10 more jobs failed for 10 other causes; `--report json=PATH` has them all";
        assert_eq!(said.lines().last(), Some(last));
    }

    #[test]
    fn nothing_to_tell_is_an_empty_text() {
        assert_eq!(render(&report(Mode::Publish, vec![job("a", "x", Outcome::Published)]), Style::PLAIN).as_str(), "");
    }

    #[test]
    fn colour_is_all_that_colour_changes() {
        let report = report(Mode::Publish, vec![denied("a", "x", "r")]);
        let colored = render(&report, Style { color: true });
        assert_ne!(colored, render(&report, Style::PLAIN));
        assert_eq!(console::strip_ansi_codes(colored.as_str()), render(&report, Style::PLAIN).as_str());
    }
}
