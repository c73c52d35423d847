//! What went wrong, told last, where eyes and the tails of logs land, and told once: whoever a cause hit, it is one
//! message. The report has every job's own words.

use crate::outcome::JobError;
use crate::report::causes::{Cause, causes, split};
use crate::report::model::Report;
use crate::report::style::{Style, Tone};
use crate::report::wording::plural;
use crate::report::{Same, Shown, warnings};
use crate::shown;

/// So many causes are told.
const CAUSES_AT_MOST: usize = 40;

/// Warnings, then failures, each cause once; empty if there are none. A blank line stands between two causes.
pub fn render(report: &Report, same: &Same, style: Style) -> Shown {
    let parts = [warnings::render(report, style), errors(report, same, style)];
    Shown::join(parts.into_iter().filter(|part| !part.is_empty()), "\n")
}

fn errors(report: &Report, same: &Same, style: Style) -> Shown {
    let (told, more) = split(causes(report), CAUSES_AT_MOST);
    // Causes that want the same done about them share one hint, under the last of them.
    let repeated = |n: usize, cause: &Cause| told.get(n + 1).is_some_and(|next| next.hint == cause.hint);
    let hint = |n: usize, cause: &Cause| {
        let hint = cause.hint.as_ref().filter(|_| !repeated(n, cause));
        hint.map(|hint| same.hint(hint))
    };
    let blocks = told.iter().enumerate().map(|(n, cause)| block(cause, hint(n, cause), style));
    Shown::join(blocks.chain(left_out(&more, style)), "\n")
}

fn left_out(more: &[Cause], style: Style) -> Option<Shown> {
    let jobs = plural(more.iter().map(|cause| cause.jobs).sum(), "more job");
    let (error, causes) = (style.paint(Tone::Bad, "error"), plural(more.len(), "other cause"));
    let said = shown!("{}: {} failed for {}; `--report json=PATH` has them all\n", error, jobs, causes);
    (!more.is_empty()).then_some(said)
}

fn block(cause: &Cause, hint: Option<Shown>, style: Style) -> Shown {
    let headline = shown!("{}: {}: {}\n", style.paint(Tone::Bad, "error"), cause.whose, cause.message);
    let listed = cause.listed().into_iter().map(|line| shown!("    {}\n", line));
    let beneath = cause.beneath.iter().map(|cause| caused_by(cause));
    let hint = hint.map(|hint| shown!("\n{}: {}\n", style.paint(Tone::Busy, "hint"), hint));
    Shown::join(std::iter::once(headline).chain(listed).chain(beneath).chain(hint), "")
}

/// One error, with whose it is.
pub fn one(whose: &Shown, error: &JobError, same: &Same, style: Style) -> Shown {
    let headline = shown!("{}: {}: {}\n", style.paint(Tone::Bad, "error"), whose, error.message);
    let beneath = error.causes.iter().map(|cause| caused_by(cause));
    let hint = error.hint.as_ref().map(|hint| shown!("\n{}: {}\n", style.paint(Tone::Busy, "hint"), same.hint(hint)));
    Shown::join(std::iter::once(headline).chain(beneath).chain(hint), "")
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
    use crate::outcome::JobReport;
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
        insta::assert_snapshot!(render(&report(Mode::Publish, jobs), &Same::default(), Style::default()), @"
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
        insta::assert_snapshot!(render(&report(Mode::Plan, jobs), &Same::default(), Style::default()), @"
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
        insta::assert_snapshot!(render(&report(Mode::Stage, jobs), &Same::default(), Style::default()), @r"
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
        let said = render(
            &report(Mode::Publish, (0..1600).map(without_credentials).collect()),
            &Same::default(),
            Style::default(),
        );
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
        insta::assert_snapshot!(render(&report(Mode::Check, jobs), &Same::default(), Style::default()), @"
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

    /// What a message names is told also where not each layer was hit at each target.
    #[test]
    fn what_a_cause_hit_at_some_targets_only_is_listed_with_what_its_messages_name() {
        let missing = |layer: &str, target: &str| {
            let message = format!("the manifest `{layer}/requirements.txt` does not exist");
            failed(layer, target, ErrorCode::ManifestMissing, &message)
        };
        let jobs = vec![missing("arm", "tokyo"), missing("six", "tokyo"), missing("six", "us-east-1")];
        insta::assert_snapshot!(render(&report(Mode::Check, jobs), &Same::default(), Style::default()), @"
        error: 2 layers at 2 targets (3 jobs): the manifest `…` does not exist
            arm at tokyo (arm/requirements.txt)
            six at tokyo, us-east-1 (six/requirements.txt)
        ");
    }

    /// Each kind has its causes told, however many another has.
    #[test]
    fn so_many_causes_are_told_and_the_rest_is_counted() {
        let reason = |n: usize| "reason ".repeat(n + 1);
        let mut jobs: Vec<_> =
            (0..50).map(|n| failed(&format!("l{n}"), "x", ErrorCode::Internal, &reason(n))).collect();
        for (code, name) in [(ErrorCode::Network, "n"), (ErrorCode::Timeout, "t"), (ErrorCode::Locked, "k")] {
            jobs.extend((0..20).map(|n| failed(&format!("{name}{n}"), "x", code, &reason(n))));
        }
        jobs.push(failed("last", "x", ErrorCode::Unconfirmed, "nobody knows"));
        let said = render(&report(Mode::Check, jobs), &Same::default(), Style::default());
        assert_eq!(said.matches("error: ").count(), CAUSES_AT_MOST + 1);
        assert!(said.contains("error: last at x: nobody knows\n"), "{said}");
        let last = "error: 71 more jobs failed for 71 other causes; `--report json=PATH` has them all";
        assert_eq!(said.lines().last(), Some(last));
    }

    /// Not a block for each package, and what hits most is told first.
    #[test]
    fn what_differs_in_its_examples_alone_is_one_cause() {
        let stale = |n: usize, target: &str| {
            let (layer, more) = (format!("layer-{n:03}"), if n.is_multiple_of(2) { "" } else { " and 2 more" });
            let message = format!(
                "s3://acme-{target}/{layer}.zip: it has the very content of version {n}, but `pkg-{n}`{more} changed"
            );
            let mut job = failed(&layer, target, ErrorCode::ArchiveStale, &message);
            job.error = job.error.map(|error| error.hint("build it again"));
            job
        };
        let missing = |n: usize, target: &str| {
            let layer = format!("layer-{n:03}");
            let message = format!("the archive `{layer}/layer` does not exist");
            let mut job = failed(&layer, target, ErrorCode::ArchiveMissing, &message);
            job.error = job.error.map(|error| error.hint(format!("build it first, or correct layer `{layer}`")));
            job
        };
        let at_each = |job: fn(usize, &str) -> JobReport, n| ["east", "west"].map(|target| job(n, target));
        let jobs = (0..41).flat_map(|n| at_each(stale, n)).chain((41..100).flat_map(|n| at_each(missing, n)));
        insta::assert_snapshot!(render(&report(Mode::Plan, jobs.collect()), &Same::default(), Style::default()), @"
        error: 59 layers at east, west: the archive `…/layer` does not exist
            layer-041
            layer-042
            layer-043
            layer-044
            layer-045
            layer-046
            layer-047
            layer-048
            layer-049
            … and 50 more

        hint: build it first, or correct layer `…`

        error: 41 layers at east, west: each of s3://acme-east/layer-000.zip and 81 more: it has the very content of version …, but `…` changed
            layer-000 (`pkg-0`)
            layer-001 (`pkg-1` and 2 more)
            layer-002 (`pkg-2`)
            layer-003 (`pkg-3` and 2 more)
            layer-004 (`pkg-4`)
            layer-005 (`pkg-5` and 2 more)
            layer-006 (`pkg-6`)
            layer-007 (`pkg-7` and 2 more)
            layer-008 (`pkg-8`)
            … and 32 more

        hint: build it again
        ");
    }

    #[test]
    fn whatever_an_error_is_about_has_a_name() {
        let of = |target: &str| {
            let message = format!("s3://acme-{target}/a.zip: it has the very content of version 1");
            failed("a", target, ErrorCode::ArchiveStale, &message)
        };
        insta::assert_snapshot!(render(&report(Mode::Plan, vec![of("east"), of("west")]), &Same::default(), Style::default()), @"
        error: a at east, west: each of s3://acme-east/a.zip and 1 more: it has the very content of version 1
            s3://acme-east/a.zip
            s3://acme-west/a.zip
        ");
        let too_large = |n: usize| {
            let message = format!("s3://acme/l{n}.zip: {n}.5 MB unzipped; Lambda accepts 262.1 MB");
            failed(&format!("l{n}"), "x", ErrorCode::ArchiveTooLarge, &message)
        };
        insta::assert_snapshot!(render(&report(Mode::Plan, vec![too_large(300), too_large(400)]), &Same::default(), Style::default()), @"
        error: 2 layers at x: each of s3://acme/l300.zip and 1 more: … unzipped; Lambda accepts 262.1 MB
            s3://acme/l300.zip (300.5 MB)
            s3://acme/l400.zip (400.5 MB)
        ");
    }

    #[test]
    fn nothing_to_tell_is_an_empty_text() {
        assert_eq!(
            render(&report(Mode::Publish, vec![job("a", "x", Outcome::Published)]), &Same::default(), Style::default())
                .as_str(),
            ""
        );
    }

    #[test]
    fn colour_is_all_that_colour_changes() {
        let report = report(Mode::Publish, vec![denied("a", "x", "r")]);
        let colored = render(&report, &Same::default(), Style { color: true, ascii: false });
        assert_ne!(colored, render(&report, &Same::default(), Style::default()));
        assert_eq!(
            console::strip_ansi_codes(colored.as_str()),
            render(&report, &Same::default(), Style::default()).as_str()
        );
    }
}
