//! The display on a terminal: what ended stays, below it a bar and what runs, drawn ten times a second at most however
//! much happens.

use std::time::Duration;

use indicatif::TermLike;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::batches::Batches;
use crate::event::{Event, Happening};
use crate::report::Shown;
use crate::report::choose::Choice;
use crate::report::progress_lines::{line_of, live};
use crate::report::screen::Screen;
use crate::report::state::State;

/// Often enough for tenths of a second, rare enough for a slow connection.
const FRAME: Duration = Duration::from_millis(100);

/// Draws until the channel closes.
pub async fn run<T: TermLike + Clone + 'static>(events: UnboundedReceiver<Event>, term: T, choice: Choice) {
    let (start, mut events) = (Instant::now(), Batches::of(events));
    let mut view = View { screen: Screen::new(term), state: State::default(), stay: Vec::new(), choice };
    let mut frames = interval(FRAME);
    // A terminal that was stopped for a while owes no frames.
    frames.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            event = events.next() => match event {
                Some(event) => view.take(&event.what, start.elapsed()),
                None => break,
            },
            _ = frames.tick() => view.draw(start.elapsed()),
        }
    }
    view.screen.close(&view.stay);
}

struct View<T> {
    screen: Screen<T>,
    state: State,
    /// Lines that the next frame writes above the region.
    stay: Vec<Shown>,
    choice: Choice,
}

impl<T: TermLike + Clone + 'static> View<T> {
    fn take(&mut self, event: &Happening, now: Duration) {
        self.state.apply(event, now);
        let line = line_of(event, &self.state, now, self.choice.verbose > 0).filter(|_| self.choice.stays(event));
        self.stay.extend(line.map(|line| line.render(self.choice.style, None)));
    }

    fn draw(&mut self, now: Duration) {
        let (rows, columns) = self.screen.size();
        let region: Vec<Shown> = live(&self.state, now, rows, columns)
            .iter()
            .map(|line| line.render(self.choice.style, Some(columns)))
            .collect();
        self.screen.draw(&std::mem::take(&mut self.stay), &region);
    }
}

#[cfg(test)]
mod tests {
    use indicatif::InMemoryTerm;
    use tokio::sync::mpsc::unbounded_channel;
    use tokio::time::sleep;

    use super::*;
    use crate::event::{Activity, Mode};
    use crate::outcome::{Outcome, Tally};
    use crate::report::choose::Display;
    use crate::report::samples::job;
    use crate::report::style::Style;

    #[tokio::test(start_paused = true)]
    async fn a_run_is_drawn_and_leaves_what_ended_and_the_summary() {
        let term = InMemoryTerm::new(12, 60);
        let choice = Choice { display: Display::Live, style: Style::default(), verbose: 0, lasting: true };
        let (send, receive) = unbounded_channel();
        let mut tally = Tally::of(200);
        let play = async {
            // The display ends with the last sender.
            let send = send;
            let tell = |what| send.send(Event::now(what)).unwrap();
            tell(Happening::RunStarted { mode: Mode::Publish, jobs: 200 });
            for id in 0..16 {
                let (layer, target) = (format!("layer-{id:03}"), "us-east-1".to_owned());
                tell(Happening::JobStarted { job: id, layer, target });
                tell(Happening::ActivityEntered { job: id, activity: Activity::Checking });
                sleep(Duration::from_millis(10)).await;
            }
            for id in 0..2 {
                let outcome = if id == 0 { Outcome::Published } else { Outcome::Unchanged };
                tally.count(outcome);
                let report = Box::new(job(&format!("layer-{id:03}"), "us-east-1", outcome));
                tell(Happening::JobFinished { job: id, report, tally: tally.clone() });
            }
            sleep(Duration::from_millis(840)).await;
            let during = term.contents();
            tell(Happening::RunFinished { tally, findings: None });
            during
        };
        let (during, ()) = tokio::join!(play, run(receive, term.clone(), choice));
        insta::assert_snapshot!(during, @"
         Published [   3.4s] layer-000 us-east-1 version 3
        Publishing [   0.9s] [>              ]   2/200: 14 running
          Checking [   0.9s] layer-002 us-east-1
          Checking [   0.9s] layer-003 us-east-1
          Checking [   0.9s] layer-004 us-east-1
          Checking [   0.8s] layer-005 us-east-1
                   ... and 10 more running
        ");
        insta::assert_snapshot!(term.contents(), @"   Published [   3.4s] layer-000 us-east-1 version 3");
    }
}
