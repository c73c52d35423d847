//! The display where there is no terminal: lines that are only ever appended, and from time to time one that says how the
//! run goes on.

use std::io::Write;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant;

use crate::batches::Batches;
use crate::event::{Event, Happening};
use crate::outcome::{Outcome, Tally};
use crate::report::beats::Beats;
use crate::report::choose::Choice;
use crate::report::progress_lines::{counter, heartbeat, line_of, paced};
use crate::report::state::State;
use crate::report::wording::parts;
use crate::report::{Shown, emit};
use crate::shown;

/// Appends lines until the channel closes.
pub async fn run(events: UnboundedReceiver<Event>, mut out: impl Write, choice: Choice) {
    let (start, mut events) = (Instant::now(), Batches::of(events));
    let (mut state, mut counted) = (State::default(), Tally::default());
    let mut beats = Beats::from_now();
    loop {
        let line = tokio::select! {
            event = events.next() => match event {
                Some(event) => append(&event.what, &mut state, &mut counted, start.elapsed(), choice),
                None => break,
            },
            () = beats.due() => {
                counted = state.tally.clone();
                alive(&state).then(|| heartbeat(&state, start.elapsed()).render(choice.style, None))
            }
        };
        if let Some(line) = line {
            emit::line(&mut out, &line);
        }
    }
}

/// Says nothing but that a signal was understood, until the channel closes. Warnings and errors come after the run.
pub async fn run_silently(events: UnboundedReceiver<Event>, mut out: impl Write, choice: Choice) {
    let (start, mut events) = (Instant::now(), Batches::of(events));
    let mut state = State::default();
    while let Some(event) = events.next().await {
        state.apply(&event.what, start.elapsed());
        if let (Happening::Interrupted { .. }, Some(line)) =
            (&event.what, line_of(&event.what, &state, start.elapsed(), false))
        {
            emit::line(&mut out, &line.render(choice.style, None));
        }
    }
}

fn alive(state: &State) -> bool {
    state.tally.jobs > 0 && !state.finished
}

/// `counted` is how the jobs had ended when they were counted last.
fn append(event: &Happening, state: &mut State, counted: &mut Tally, now: Duration, choice: Choice) -> Option<Shown> {
    state.apply(event, now);
    // Verbose, it is told at each turn.
    if let Some(pace) = state.pace_news.as_ref().filter(|_| choice.verbose == 0 && choice.lasting) {
        return Some(paced(pace, state, now).render(choice.style, None));
    }
    let mut line = line_of(event, state, now, choice.verbose > 0).filter(|_| choice.stays(event))?;
    line.counter = match event {
        Happening::JobFinished { report, .. } => {
            line.text = shown!("{}{}", line.text, in_silence(report.outcome, state, counted));
            counted.clone_from(&state.tally);
            Some(counter(state))
        }
        // Keeps the names of one job under each other.
        Happening::FactFound { .. } | Happening::Warned { .. } => Some(" ".repeat(counter(state).len())),
        _ => None,
    };
    Some(line.render(choice.style, None))
}

/// ` (and 70 unchanged)`: what ended without a line of its own, so that nobody looks for it between two numbers.
fn in_silence(told: Outcome, state: &State, counted: &Tally) -> Shown {
    let since =
        |outcome: Outcome| state.tally.get(outcome).saturating_sub(counted.get(outcome) + usize::from(outcome == told));
    let silent = [(Outcome::Unchanged, "unchanged"), (Outcome::Failed, "failed"), (Outcome::Cancelled, "cancelled")];
    let silent = parts(&silent.map(|(outcome, word)| (since(outcome), word)));
    if silent.is_empty() { Shown::default() } else { shown!(" (and {})", silent) }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
    use tokio::time::sleep;

    use super::*;
    use crate::event::{Activity, Fact, Mode};
    use crate::outcome::{Decision, ErrorCode, JobReport, Reason};
    use crate::report::choose::Display;
    use crate::report::samples::{failed, job, warning};
    use crate::report::style::Style;

    fn choice(verbose: u8) -> Choice {
        Choice { display: Display::Log, style: Style::default(), verbose, lasting: true }
    }

    fn started(job: usize, layer: &str) -> Happening {
        Happening::JobStarted { job, layer: layer.to_owned(), target: "us-east-1".to_owned() }
    }

    fn finished(job: usize, report: JobReport, tally: &mut Tally) -> Happening {
        tally.count(report.outcome);
        Happening::JobFinished { job, report: Box::new(report), tally: tally.clone() }
    }

    async fn shown<F: Future<Output = ()>>(play: impl FnOnce(UnboundedSender<Event>) -> F, verbose: u8) -> String {
        let (send, receive) = unbounded_channel();
        let mut out = Vec::new();
        tokio::join!(play(send), run(receive, &mut out, choice(verbose)));
        String::from_utf8(out).unwrap()
    }

    async fn short_run(send: UnboundedSender<Event>) {
        let mut tally = Tally::of(129);
        let tell = |what| send.send(Event::now(what)).unwrap();
        tell(Happening::RunStarted { mode: Mode::Publish, jobs: 129 });
        tell(started(0, "requests-py312"));
        tell(started(1, "scipy-py311"));
        tell(Happening::ActivityEntered { job: 0, activity: Activity::Checking });
        tell(Happening::FactFound {
            job: 0,
            fact: Fact::BackupThere { at: "s3://b/\n7f3c".to_owned(), written: false, request_id: None },
        });
        tell(Happening::Warned { job: 0, warning: warning("manifest-unpinned", "`six` is not pinned") });
        tell(Happening::ActivityEntered { job: 0, activity: Activity::Publishing });
        sleep(Duration::from_millis(3400)).await;
        tell(finished(0, job("requests-py312", "us-east-1", Outcome::Published), &mut tally));
        tell(finished(
            1,
            failed("scipy-py311", "us-east-1", ErrorCode::AccessDenied, "not authorized to publish"),
            &mut tally,
        ));
        tell(started(2, "six"));
        tell(finished(2, job("six", "us-east-1", Outcome::Unchanged), &mut tally));
        tell(started(3, "torch"));
        tell(Happening::ActivityEntered { job: 3, activity: Activity::Locking });
        sleep(Duration::from_secs(70)).await;
        tell(Happening::Interrupted { running: 1 });
        tell(finished(3, job("torch", "us-east-1", Outcome::Cancelled), &mut tally));
        tell(Happening::RunFinished { tally, findings: None });
    }

    #[tokio::test(start_paused = true)]
    async fn a_log_grows_line_by_line_and_gives_a_sign_of_life() {
        insta::assert_snapshot!(shown(short_run, 0).await, @"
        Published [   3.4s] (  1/129) requests-py312 us-east-1 version 3
           Failed [   0.9s] (  2/129) scipy-py311 us-east-1: access-denied
          Running [  15.0s] (  3/129) 1 failed, 1 running; longest: torch, locking 11.6s
          Running [  45.0s] (  3/129) 1 failed, 1 running; longest: torch, locking 41.6s
         Stopping [  73.4s] jobs that are publishing will finish; interrupt again to stop at once
        ");
    }

    #[tokio::test(start_paused = true)]
    async fn verbose_logs_tell_the_steps_under_the_name_of_their_job() {
        insta::assert_snapshot!(shown(short_run, 1).await, @"
         Checking [   0.0s]           requests-py312 us-east-1: manifest was already stored at s3://b/ 7f3c
          Warning [   0.0s]           requests-py312 us-east-1: `six` is not pinned
        Published [   3.4s] (  1/129) requests-py312 us-east-1 version 3
           Failed [   0.9s] (  2/129) scipy-py311 us-east-1: access-denied
        Unchanged [   3.4s] (  3/129) six us-east-1 version 3
          Running [  15.0s] (  3/129) 1 failed, 1 running; longest: torch, locking 11.6s
          Running [  45.0s] (  3/129) 1 failed, 1 running; longest: torch, locking 41.6s
         Stopping [  73.4s] jobs that are publishing will finish; interrupt again to stop at once
        Cancelled [   3.4s] (  4/129) torch us-east-1
        ");
    }

    #[tokio::test(start_paused = true)]
    async fn what_ended_without_a_line_is_counted_in_the_next() {
        let play = async |send: UnboundedSender<Event>| {
            let mut tally = Tally::of(6);
            let tell = |what| send.send(Event::now(what)).unwrap();
            tell(Happening::RunStarted { mode: Mode::Publish, jobs: 6 });
            let outcomes = [Outcome::Published, Outcome::Unchanged, Outcome::Unchanged, Outcome::Published];
            for (n, outcome) in outcomes.into_iter().chain([Outcome::Unchanged, Outcome::Adopted]).enumerate() {
                tell(finished(n, job(&format!("l{n}"), "x", outcome), &mut tally));
                if n == 4 {
                    sleep(Duration::from_secs(31)).await;
                }
            }
        };
        insta::assert_snapshot!(shown(play, 0).await, @"
        Published [   3.4s] (1/6) l0 x version 3
        Published [   3.4s] (4/6) l3 x version 3 (and 2 unchanged)
          Running [  15.0s] (5/6) 0 running
          Adopted [   3.4s] (6/6) l5 x version 3
        ");
    }

    /// Without a word about the pace, a reader of the first half minute would wonder why a version takes half a second.
    #[tokio::test(start_paused = true)]
    async fn a_log_says_at_which_pace_jobs_get_their_turns_and_when_that_changes() {
        let play = async |send: UnboundedSender<Event>| {
            let mut tally = Tally::of(200);
            let tell = |what| send.send(Event::now(what)).unwrap();
            tell(Happening::RunStarted { mode: Mode::Publish, jobs: 200 });
            let found = |job, fact| Happening::FactFound { job, fact };
            for n in 0..66 {
                tell(started(n, &format!("l{n}")));
                let (settings, dependencies) = (Vec::new(), std::sync::Arc::default());
                let (decision, reason) = (Decision::Publish, Reason::DependenciesChanged);
                tell(found(n, Fact::Decided { decision, reason, settings, dependencies }));
                tell(Happening::ActivityEntered { job: n, activity: Activity::Locking });
                tell(Happening::ActivityEntered { job: n, activity: Activity::Queueing });
                if n < 16 {
                    continue;
                }
                let (job_id, requests_per_second) = (n - 16, if n < 40 { 2.0 } else { 0.5 });
                sleep(Duration::from_secs_f64(1.0 / requests_per_second)).await;
                if n == 40 {
                    tell(found(job_id, Fact::Throttled));
                }
                tell(found(job_id, Fact::TurnGiven { requests_per_second }));
                let arn = "arn:aws:lambda:us-east-1:123456789012:layer:l:3".parse().unwrap();
                tell(found(job_id, Fact::VersionPublished { arn, request_id: None }));
                tell(finished(job_id, job(&format!("l{}", n - 16), "us-east-1", Outcome::Published), &mut tally));
            }
        };
        let log = shown(play, 0).await;
        let told: Vec<&str> = log.lines().filter(|line| !line.contains("Published")).collect();
        insta::assert_snapshot!(told.join("\n"), @"
        Waiting [   0.5s] (  0/200) us-east-1: 16 jobs wait for the pace of 2 requests/s
        Waiting [  10.0s]           l24 us-east-1: for Lambda's quota, which other tools use too
        Waiting [  14.0s] ( 24/200) us-east-1: 16 jobs wait for the pace of 0.5 requests/s, ~6m left
        Running [  15.0s] ( 25/200) ~6m left, 17 running (17 waiting); longest: l25, waiting for the pace of 0.5 requests/s 10.5s
        Running [  45.0s] ( 40/200) ~5m30s left, 17 running (17 waiting); longest: l40, waiting for the pace of 0.5 requests/s 33.0s
        ");
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_silent_but_for_the_answer_to_a_signal() {
        let (send, receive) = unbounded_channel();
        let mut out = Vec::new();
        tokio::join!(short_run(send), run_silently(receive, &mut out, choice(2)));
        insta::assert_snapshot!(String::from_utf8(out).unwrap(), @"    Stopping [  73.4s] jobs that are publishing will finish; interrupt again to stop at once");
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_went_away_stops_nothing() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let (send, receive) = unbounded_channel();
        tokio::join!(short_run(send), run(receive, Gone, choice(1)));
    }
}
