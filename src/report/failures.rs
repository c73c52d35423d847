//! What went wrong, told last: where eyes and the tails of logs land. Each cause is told once, whoever it hit; the
//! report has every job's own words.

use std::collections::{BTreeMap, BTreeSet};

use crate::event::Mode;
use crate::outcome::{JobError, JobReport};
use crate::report::Shown;
use crate::report::group::{Masked, mask, merge};
use crate::report::model::Report;
use crate::report::style::{Style, Tone};
use crate::report::wording::names;
use crate::shown;

/// Warnings, then failures, each cause once; empty if there are none. A blank line stands between two causes.
pub fn render(report: &Report, style: Style) -> Shown {
    let warnings = warnings(report, style);
    let errors = errors(report, style);
    Shown::join([warnings, errors].into_iter().filter(|part| !part.is_empty()), "\n")
}

/// One job's part in a group: the texts, with the job's own words taken out.
struct Member<'a> {
    job: &'a JobReport,
    texts: Vec<Masked>,
    hint: Option<Masked>,
}

impl<'a> Member<'a> {
    fn new(job: &'a JobReport, texts: &[String], hint: Option<&str>) -> Self {
        let mask = |text: &str| mask(text, job);
        Self { job, texts: texts.iter().map(|text| mask(text)).collect(), hint: hint.map(mask) }
    }

    fn key(&self) -> (Vec<String>, Option<String>) {
        let templates = self.texts.iter().map(|text| text.template.clone()).collect();
        (templates, self.hint.as_ref().map(|hint| hint.template.clone()))
    }
}

/// Members with equal texts, groups in the order of their first members.
fn grouped(members: Vec<Member<'_>>) -> Vec<Vec<Member<'_>>> {
    let mut place = BTreeMap::new();
    let mut groups: Vec<Vec<Member<'_>>> = Vec::new();
    for member in members {
        let at = *place.entry(member.key()).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.push(member),
            None => groups.push(vec![member]),
        }
    }
    groups
}

/// The texts of a group, its slots filled with what they have in common.
fn merged(group: &[&Member<'_>]) -> Vec<String> {
    let count = group.first().map_or(0, |member| member.texts.len());
    let nth = |n: usize| group.iter().filter_map(|member| member.texts.get(n)).collect::<Vec<_>>();
    (0..count).map(|n| merge(&nth(n))).collect()
}

fn merged_hint(group: &[&Member<'_>]) -> Option<String> {
    let hints: Vec<&Masked> = group.iter().filter_map(|member| member.hint.as_ref()).collect();
    (!hints.is_empty()).then(|| merge(&hints))
}

fn warnings(report: &Report, style: Style) -> Shown {
    let all = report.jobs.iter().flat_map(|job| job.warnings.iter().map(move |warning| (job, warning)));
    let members = all.map(|(job, warning)| Member::new(job, std::slice::from_ref(&warning.message), None)).collect();
    Shown::join(grouped(members).iter().map(|group| warning(group, style)), "")
}

fn warning(group: &[Member<'_>], style: Style) -> Shown {
    let text = merged(&group.iter().collect::<Vec<_>>()).concat();
    let layers: BTreeSet<&str> = group.iter().map(|member| member.job.layer.as_str()).collect();
    let mentions = |layer: &&str| text.contains(*layer);
    let whose = if layers.iter().all(mentions) { Shown::default() } else { shown!("{}: ", names(layers)) };
    shown!("{}: {}{}\n", style.paint(Tone::Odd, "warning"), whose, text)
}

fn errors(report: &Report, style: Style) -> Shown {
    let failed = report.jobs.iter().filter_map(|job| job.error.as_ref().map(|error| (job, error)));
    let members = failed.map(|(job, error)| Member::new(job, &causes(error), error.hint.as_deref())).collect();
    let groups = grouped(members);
    let blocks: Vec<Block> = groups.iter().flat_map(|group| blocks(report.mode, group)).collect();
    // Causes that want the same done about them share one hint, under the last of them.
    let repeated = |n: usize, block: &Block| blocks.get(n + 1).is_some_and(|next| next.hint == block.hint);
    Shown::join(blocks.iter().enumerate().map(|(n, block)| block.render(!repeated(n, block), style)), "\n")
}

/// The message and what lies beneath it, the request id behind the last.
fn causes(error: &JobError) -> Vec<String> {
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

/// One cause at a set of targets.
struct Block {
    headline: Shown,
    causes: Vec<String>,
    hint: Option<String>,
}

/// A cause told once for all targets where it hit the same layers, since "a, b to x, y" means each of them at both.
fn blocks(mode: Mode, group: &[Member<'_>]) -> Vec<Block> {
    let mut layers_of: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for Member { job, .. } in group {
        layers_of.entry(&job.target).or_default().insert(&job.layer);
    }
    let mut targets_of: BTreeMap<BTreeSet<&str>, Vec<&str>> = BTreeMap::new();
    for (target, layers) in layers_of {
        targets_of.entry(layers).or_default().push(target);
    }
    targets_of
        .into_iter()
        .map(|(layers, targets)| {
            let hit: Vec<&Member<'_>> = group.iter().filter(|m| targets.contains(&m.job.target.as_str())).collect();
            Block { headline: headline(mode, layers, targets), causes: merged(&hit), hint: merged_hint(&hit) }
        })
        .collect()
}

fn headline(mode: Mode, layers: BTreeSet<&str>, targets: Vec<&str>) -> Shown {
    let (verb, to) = match mode {
        Mode::Check | Mode::Plan => ("check", "at"),
        Mode::Stage => ("stage", "for"),
        Mode::Publish => ("publish", "to"),
    };
    shown!("failed to {} {} {} {}", verb, names(layers), to, names(targets))
}

impl Block {
    fn render(&self, with_hint: bool, style: Style) -> Shown {
        let headline = shown!("{}: {}\n", style.paint(Tone::Bad, "error"), self.headline);
        let hint = self.hint.as_ref().filter(|_| with_hint);
        let hint = hint.map(|hint| shown!("\n{}: {}\n", style.paint(Tone::Busy, "hint"), hint));
        let causes = self.causes.iter().map(|cause| caused_by(cause));
        Shown::join(std::iter::once(headline).chain(causes).chain(hint), "")
    }
}

/// A cause of several lines, such as an answer in HTML, stays readable: its lines are indented under the first.
fn caused_by(cause: &str) -> Shown {
    let lines = cause.lines().map(Shown::one_line).filter(|line| !line.is_empty());
    shown!("  Caused by: {}\n", Shown::join(lines, "\n             "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{ErrorCode, Outcome};
    use crate::report::samples::{failed, job, report, warning};

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
        error: failed to publish scipy-py311, scipy-py312, scipy-py313 to us-east-1
          Caused by: not authorized to perform `lambda:PublishLayerVersion` on layer `scipy-*`
          Caused by: AccessDeniedException (HTTP 403, request 7f3c0a12-0000-4000-8000-000000000001 and 2 more)

        hint: allow `lambda:PublishLayerVersion` for this role; running the same command again publishes what failed
        ");
    }

    #[test]
    fn a_cause_at_several_targets_names_each_pair_of_layer_and_target_and_no_other() {
        let hit = [("a", "east"), ("b", "east"), ("a", "west"), ("b", "west"), ("b", "tokyo")];
        let jobs = hit.map(|(layer, target)| denied(layer, target, "r")).to_vec();
        insta::assert_snapshot!(render(&report(Mode::Plan, jobs), Style::PLAIN), @"
        error: failed to check a, b at east, west
          Caused by: not authorized to perform `lambda:PublishLayerVersion` on layer `a, b`
          Caused by: AccessDeniedException (HTTP 403)

        error: failed to check b at tokyo
          Caused by: not authorized to perform `lambda:PublishLayerVersion` on layer `b`
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
        error: failed to stage layer-000, layer-001, layer-002, layer-003, layer-004 and 195 more for x
          Caused by: no route

        error: failed to stage torch for x
          Caused by: <html>
                     <p>\u{1b}[31mbad
                     gateway</html>
        ");
    }

    #[test]
    fn warnings_come_first_and_are_not_repeated_per_target() {
        let warned = |layer: &str, target: &str, message: &str| {
            let mut job = job(layer, target, Outcome::Published);
            job.warnings = vec![warning("w", message)];
            job
        };
        let unpinned = "requests/requirements.txt line 3: `six` is not pinned";
        let jobs = vec![
            warned("requests", "east", unpinned),
            warned("requests", "west", unpinned),
            warned("numpy", "east", "Lambda may not know the runtime `python3.99`"),
            warned("pandas", "east", "Lambda may not know the runtime `python3.99`"),
            failed("z", "east", ErrorCode::Timeout, "no answer within 30 s"),
        ];
        insta::assert_snapshot!(render(&report(Mode::Publish, jobs), Style::PLAIN), @"
        warning: numpy, pandas: Lambda may not know the runtime `python3.99`
        warning: requests/requirements.txt line 3: `six` is not pinned

        error: failed to publish z to east
          Caused by: no answer within 30 s
        ");
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
