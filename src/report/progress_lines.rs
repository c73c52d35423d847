//! What a run's state and events read like: pure, so that every screen is a snapshot.

use std::time::Duration;

use crate::event::{Happening, Mode};
use crate::outcome::{JobReport, Outcome, PruneReport};
use crate::report::Shown;
use crate::report::ended;
use crate::report::estimate::roughly;
use crate::report::fact_words::{no_answer, sentence};
use crate::report::follow_words;
use crate::report::paces::PaceNews;
use crate::report::prune::things;
use crate::report::state::{Running, State, is_wait};
use crate::report::status_line::StatusLine;
use crate::report::style::Tone;
use crate::report::waiting::Waiting;
use crate::report::wording::{plural, size};
use crate::shown;

/// The live region never has more lines than this, and never more than half of the screen.
const LIVE_LINES: usize = 10;
/// The bar's inside, where there is room.
const BAR_COLUMNS: usize = 27;
/// A bar shorter than this says nothing.
const BAR_COLUMNS_AT_LEAST: usize = 8;
const VERB_AND_BRACKETS: usize = 12 + 1 + 2;
const TIME: usize = 10;
/// Narrower than this, what runs and what failed needs the room more than the time does.
const COLUMNS_WITH_TIME: usize = 60;

/// The line that an event leaves behind, if any. `state` already has the event in it.
///
/// What is unchanged leaves none: two hundred such lines would hide the one that matters. A plan leaves none either,
/// for it says everything itself when it is done. With `-v` everything is told.
pub fn line_of(event: &Happening, state: &State, now: Duration, verbose: bool) -> Option<StatusLine> {
    match event {
        Happening::JobFinished { report, .. } if verbose || is_news(report, state) => Some(finished(report)),
        Happening::FactFound { job, fact } if verbose => Some(within(state.running.get(job)?, now, &sentence(fact))),
        // Of the rest, the region and the heartbeat tell: another run may hold two hundred locks.
        Happening::FactFound { job, fact } if is_wait(fact) && state.is_told(*job) => {
            Some(running(state.running.get(job)?, now))
        }
        Happening::Warned { job, warning } if verbose => {
            let line = within(state.running.get(job)?, now, &warning.message);
            Some(StatusLine { verb: "Warning", tone: Tone::Attention, ..line })
        }
        Happening::Interrupted { running } => Some(stopping(*running, state, now)),
        _ => None,
    }
}

/// Of failures, the first of its kind at a target is news: what the others hit is told when the run is over.
fn is_news(report: &JobReport, state: &State) -> bool {
    // These say everything themselves when they are done.
    !matches!(state.mode, Mode::Check | Mode::Changed | Mode::Plan | Mode::Status)
        && match report.outcome {
            Outcome::Unchanged => !follow_words::done(report).is_empty(),
            Outcome::Checked | Outcome::Planned | Outcome::Cancelled => false,
            Outcome::Failed => state.failed_alike(report) <= 1,
            _ => true,
        }
}

fn finished(job: &JobReport) -> StatusLine {
    let (verb, tone) = match job.outcome {
        Outcome::Checked if !job.findings().is_empty() => ("Checked", Tone::Attention),
        Outcome::Checked => ("Checked", Tone::Good),
        Outcome::Changed => ("Changed", Tone::Good),
        Outcome::Built => ("Built", Tone::Good),
        Outcome::Planned => ("Planned", Tone::Good),
        Outcome::Published => ("Published", Tone::Good),
        Outcome::Adopted => ("Adopted", Tone::Good),
        Outcome::Staged => ("Staged", Tone::Good),
        Outcome::Pruned => ("Pruned", Tone::Good),
        Outcome::Unchanged if !follow_words::done(job).is_empty() => ("Followed up", Tone::Good),
        Outcome::Unchanged => ("Unchanged", Tone::Faint),
        Outcome::Failed => ("Failed", Tone::Bad),
        Outcome::Cancelled => ("Cancelled", Tone::Attention),
    };
    let text = shown!("{} {}{}", job.layer, job.target, result(job));
    StatusLine::new(verb, tone, Some(job.seconds), text)
}

fn result(job: &JobReport) -> Shown {
    match job.outcome {
        Outcome::Published | Outcome::Adopted | Outcome::Unchanged => {
            let version = job.version.map(|version| shown!(" version {}", version)).unwrap_or_default();
            let follows = follow_words::done(job);
            if follows.is_empty() { version } else { shown!("{}, {}", version, follows) }
        }
        Outcome::Staged => job.archive.size.map(|bytes| shown!(" {}", size(bytes))).unwrap_or_default(),
        Outcome::Pruned => {
            let count = |prune: &PruneReport| (prune.deleted.len(), prune.archives_deleted.len());
            let (versions, archives) = job.prune.as_ref().map(count).unwrap_or_default();
            shown!(": {} deleted", things(versions, archives))
        }
        Outcome::Planned | Outcome::Changed => {
            job.reason.map(|reason| shown!(": {}", reason.to_string())).unwrap_or_default()
        }
        Outcome::Failed => job.error.as_ref().map(|e| shown!(": {}", e.code.to_string())).unwrap_or_default(),
        Outcome::Checked if job.status.is_some() => shown!(": {}", in_order(job)),
        Outcome::Checked | Outcome::Built | Outcome::Cancelled => Shown::default(),
    }
}

/// By `status`: the codes of what is not in order, if anything is not.
fn in_order(job: &JobReport) -> String {
    let codes: Vec<String> = job.findings().iter().map(|finding| finding.code.to_string()).collect();
    if codes.is_empty() { ended::word(job) } else { codes.join(", ") }
}

/// Something that a running job met on its way.
fn within(job: &Running, now: Duration, what: &str) -> StatusLine {
    let line = running(job, now);
    StatusLine { text: shown!("{}: {}", line.text, what), ..line }
}

fn stopping(running: usize, state: &State, now: Duration) -> StatusLine {
    let text = match running {
        0 => "nothing is running".into(),
        _ => "jobs that are publishing will finish; interrupt again to stop at once".into(),
    };
    StatusLine::new("Stopping", Tone::Attention, Some(elapsed(state, now)), text)
}

/// How the run goes on, for a log.
pub fn heartbeat(state: &State, now: Duration) -> StatusLine {
    let longest = state.longest_first().first().map(|job| {
        let target = if state.several_targets { shown!(" {}", job.target) } else { Shown::default() };
        let doing = doing(job).to_lowercase();
        let seconds = now.saturating_sub(job.entered).as_secs_f64();
        let what = job.waiting.as_ref().map(|waiting| shown!(" {}", waiting.words())).unwrap_or_default();
        let more = sent(job).or_else(|| unanswered(job)).map(|more| format!(", {more}")).unwrap_or_default();
        shown!("; longest: {}{}, {}{} {}s{}", job.layer, target, doing, what, format!("{seconds:.1}"), more)
    });
    let text = shown!("{}{}", activity(state, now), longest.unwrap_or_default());
    StatusLine {
        counter: Some(counter(state)),
        ..StatusLine::new("Running", Tone::Busy, Some(elapsed(state, now)), text)
    }
}

/// `us-east-1: 14 jobs wait for the pace of 2 requests/s, ~1m30s left`: for a log, where no job says it of itself.
pub fn paced(pace: &PaceNews, state: &State, now: Duration) -> StatusLine {
    let words = Waiting::Pace { rate: Some(pace.rate) }.words();
    let verb = if pace.waiting == 1 { "waits" } else { "wait" };
    let left = state.left(now).map(|left| format!(", {} left", roughly(left))).unwrap_or_default();
    let text = shown!("{}: {} {} {}{}", pace.target, plural(pace.waiting, "job"), verb, words, left);
    StatusLine {
        counter: Some(counter(state)),
        ..StatusLine::new("Waiting", Tone::Busy, Some(elapsed(state, now)), text)
    }
}

/// `( 87/129)`: jobs that ended, of all jobs.
pub fn counter(state: &State) -> String {
    let total = state.tally.jobs.to_string();
    format!("({:>width$}/{total})", state.tally.ended(), width = total.len())
}

/// The region that is drawn again and again: a bar, and below it what is running, the longest first.
pub fn live(state: &State, now: Duration, rows: usize, columns: usize) -> Vec<StatusLine> {
    if state.tally.jobs == 0 || state.finished {
        return Vec::new();
    }
    let room = (rows / 2).clamp(1, LIVE_LINES) - 1;
    let all = state.longest_first();
    // The line that counts the rest needs a place too, unless there is only one place.
    let shown = if all.len() <= room || room == 1 { room } else { room.saturating_sub(1) };
    let mut lines = vec![bar(state, now, columns)];
    lines.extend(all.iter().take(shown).map(|job| under_way(job, now)));
    if room > 1 && all.len() > room {
        let text = shown!("... and {} more running", all.len() - shown);
        lines.push(StatusLine::new("", Tone::Faint, None, text));
    }
    lines
}

/// `Publishing [  31.2s] [==============>            ]  87/129: 1 failed, ~15s left, 16 running`
fn bar(state: &State, now: Duration, columns: usize) -> StatusLine {
    let verb = match state.mode {
        _ if state.interrupted => "Stopping",
        Mode::Check | Mode::Changed | Mode::Plan | Mode::Status => "Checking",
        Mode::Build => "Building",
        Mode::Stage => "Staging",
        Mode::Publish => "Publishing",
        Mode::Prune => "Pruning",
    };
    let total = state.tally.jobs.to_string();
    let counted = format!(" {:>width$}/{total}: {}", state.tally.ended(), activity(state, now), width = total.len());
    let seconds = (columns >= COLUMNS_WITH_TIME).then(|| elapsed(state, now));
    let time = if seconds.is_some() { TIME } else { 0 };
    let room = columns.saturating_sub(VERB_AND_BRACKETS + time + counted.len()).min(BAR_COLUMNS);
    let text = if room < BAR_COLUMNS_AT_LEAST { counted } else { drawn(state, room) + &counted };
    let tone = if state.interrupted { Tone::Attention } else { Tone::Busy };
    StatusLine::new(verb, tone, seconds, shown!("{}", text))
}

fn drawn(state: &State, columns: usize) -> String {
    let done = (state.tally.ended() * columns / state.tally.jobs.max(1)).min(columns);
    let head = if done < columns { ">" } else { "" };
    format!("[{:<columns$}]", "=".repeat(done) + head)
}

/// `1 failed, ~15s left, 16 running (9 waiting)`: what matters most comes first, since a narrow screen cuts the end.
fn activity(state: &State, now: Duration) -> String {
    let waiting = state.running.values().filter(|job| job.waits()).count();
    let failed = Some(state.tally.get(Outcome::Failed)).filter(|failed| *failed > 0);
    let failed = failed.map(|failed| format!("{failed} failed, ")).unwrap_or_default();
    let left = state.left(now).map(|left| format!("{} left, ", roughly(left))).unwrap_or_default();
    let waiting = if waiting > 0 { format!(" ({waiting} waiting)") } else { String::new() };
    format!("{failed}{left}{} running{waiting}", state.running.len())
}

fn running(job: &Running, now: Duration) -> StatusLine {
    let seconds = now.saturating_sub(job.started).as_secs_f64();
    let no_answer = || unanswered(job).map(|text| shown!("{}", text));
    let what = job.waiting.as_ref().map(Waiting::brief).or_else(no_answer);
    let what = what.map(|what| shown!(": {}", what)).unwrap_or_default();
    StatusLine::new(doing(job), Tone::Busy, Some(seconds), shown!("{} {}{}", job.layer, job.target, what))
}

/// `no answer of S3 to HeadObject since 10:00:05Z`: not while the request is still being sent.
fn unanswered(job: &Running) -> Option<String> {
    let is_sending = job.sent.is_some_and(|(bytes, of)| bytes < of);
    job.unanswered.first().filter(|_| !is_sending).map(no_answer)
}

/// The same, with how much of its archive was sent.
fn under_way(job: &Running, now: Duration) -> StatusLine {
    let line = running(job, now);
    StatusLine {
        text: shown!("{}{}", line.text, sent(job).map(|sent| format!(": {sent}")).unwrap_or_default()),
        ..line
    }
}

/// `34.2 MB of 60.1 MB`
fn sent(job: &Running) -> Option<String> {
    job.sent.map(|(bytes, of)| format!("{} of {}", size(bytes), size(of)))
}

fn doing(job: &Running) -> &'static str {
    match (&job.waiting, job.activity) {
        (Some(_), _) => "Waiting",
        (None, Some(activity)) => activity.participle(),
        (None, None) => "Starting",
    }
}

fn elapsed(state: &State, now: Duration) -> f64 {
    now.saturating_sub(state.began).as_secs_f64()
}

#[cfg(test)]
mod tests;
