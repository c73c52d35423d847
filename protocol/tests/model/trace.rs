//! A schedule as a story.

use layership_protocol::{Answer, Looking, Outcome, Seen, Step, Writing};
use stateright::{Model as _, Path};

use crate::action::{Action, How};
use crate::check::Publishing;
use crate::world::{Main, Run, World};

/// One line for each thing that happened.
pub fn story(model: &Publishing, path: Path<World, Action>) -> String {
    let mut lines = Vec::new();
    for (world, action) in path.into_vec() {
        if let Some(action) = action {
            let next = model.next_state(&world, action.clone()).unwrap_or_else(|| world.clone());
            lines.push(format!("{:>2}  {}", world.now - crate::alike::START, line(&world, &action, &next)));
        }
    }
    lines.join("\n")
}

fn line(world: &World, action: &Action, next: &World) -> String {
    match action {
        Action::Preflight(run, version) => {
            format!("{}: preflight sees version {version}{}", name(*run), ended(next, *run))
        }
        Action::Do(run, how) => format!("{}: {}{}", name(*run), done(world, *run, *how), ended(next, *run)),
        Action::DoRenewal(run, how) => format!("{}: renewal: {how:?}{}", name(*run), ended(next, *run)),
        Action::Renew(run) => format!("{}: begins to renew its lock", name(*run)),
        Action::Crash(run, false) => format!("{}: dies", name(*run)),
        Action::Crash(run, true) => format!("{}: dies, with a write of the lock under way", name(*run)),
        Action::Arrives(index) => {
            let taken = if next.requests.len() == world.requests.len() { "accepted" } else { "refused" };
            format!("Lambda: {}'s request arrives and is {taken}", name(world.requests[*index].run))
        }
        Action::TakesEffect(index) => {
            format!("Lambda: {}'s request makes version {}", name(world.requests[*index].run), next.counter)
        }
        Action::LateWrite(index) => format!("S3: {}'s late write of the lock arrives", name(world.late[*index].run)),
        Action::ByHand => format!("somebody publishes version {} by hand", next.counter),
        Action::Library => format!("the library publishes version {} and its backup", next.counter),
        Action::Tick => "(time passes)".into(),
    }
}

/// A, B, C.
fn name(run: usize) -> char {
    u8::try_from(run).map_or('?', |run| char::from(b'A' + run))
}

fn done(world: &World, run: usize, how: How) -> String {
    let Run::On(on) = &world.runs[run] else { return "nothing".into() };
    let what = match &on.main {
        Main::Step(step) => step_line(step, how),
        Main::Sent => "its answer is lost".into(),
        Main::Answer(Seen::Sent(Answer::Published(version, _))) => format!("gets its answer: version {version}"),
        Main::Answer(Seen::Sent(answer)) => format!("gets its answer: {answer:?}"),
        Main::Answer(_) | Main::Deferred => "goes on".into(),
    };
    match how {
        How::Well | How::Lists(_) => what,
        other if matches!(on.main, Main::Sent) => format!("{what} ({other:?})"),
        other => format!("{what}: {other:?}"),
    }
}

fn step_line(step: &Step, how: How) -> String {
    match step {
        Step::ReadLock { .. } => "reads the lock".into(),
        Step::WriteLock { why: Writing::Take, .. } => "writes `holding`".into(),
        Step::WriteLock { why: Writing::TakeOver(_), .. } => {
            "takes over the lock, whose lease is over: writes `holding`".into()
        }
        Step::WriteLock { why: Writing::Renew, .. } => "renews the lock".into(),
        Step::WriteLock { why: Writing::Mark, .. } => "writes `sending`".into(),
        Step::WriteLock { why: Writing::Free, .. } => "writes `free`".into(),
        Step::Look { why, .. } => {
            let what = match why {
                Looking::TakeOver => "looks for the version of whoever holds the lock",
                Looking::UnderLock => "looks for the latest version",
                Looking::Confirm => "looks for its own version",
            };
            match how {
                How::Lists(version) => format!("{what}; the list ends at {version}"),
                _ => what.into(),
            }
        }
        Step::Decide { latest } => format!("decides with version {latest}"),
        Step::WaitTurn => "it is its turn".into(),
        Step::Send(_) => "sends the publish".into(),
        Step::WriteBackup { version, .. } => format!("writes the backup of version {version}"),
        Step::FollowUp { .. } | Step::End(_) => "goes on".into(),
    }
}

fn ended(world: &World, run: usize) -> String {
    match &world.runs[run] {
        Run::Unchanged => ": unchanged".into(),
        Run::Ended(Outcome::Published(version, _)) => format!("; version {version} is published"),
        Run::Ended(outcome) => format!(" and ends: {outcome:?}"),
        Run::On(_) | Run::Idle | Run::Dead => String::new(),
    }
}
