//! Turns for Lambda requests: one after the other, as fast as [`Quota`] says, the most urgent first. The quota (15
//! requests a second per account and Region, for all tools together) is met long before the network is.

mod quota;
#[cfg(test)]
mod simulation;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep_until};

use quota::{Departure, Quota};

/// How urgent a request is: the most urgent one goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// It was throttled: it has waited once already.
    Again,
    /// A job waits for it.
    Needed,
    /// Nobody waits for it yet.
    Ahead,
}

/// The pace of one account and Region.
#[derive(Debug)]
pub struct Pace {
    began: Instant,
    state: Mutex<Queue>,
    /// Wakes the task that gives out the turns, when the next turn may be earlier.
    changed: Notify,
}

#[derive(Debug)]
struct Queue {
    quota: Quota,
    /// By urgency, then in the order they came.
    waiting: BTreeMap<(Urgency, u64), oneshot::Sender<Turn>>,
    came: u64,
    /// Whether a task gives out the turns; it ends when nobody waits.
    giving: bool,
}

/// A turn that was given to one request, which tells how it fared. One that is dropped untold costs nothing.
#[derive(Debug)]
pub struct Turn {
    pace: Arc<Pace>,
    departure: Option<Departure>,
}

impl Turn {
    /// The request was throttled: everything slows down, and nothing leaves before `retry_after`.
    pub fn throttled(mut self, retry_after: Option<Duration>) {
        if let Some(departure) = self.departure.take() {
            let now = self.pace.began.elapsed();
            let mut state = self.pace.state();
            state.quota.throttled(departure, now);
            if let Some(rest) = retry_after {
                state.quota.rests(now, rest);
            }
        }
    }

    /// The pace at which turns are given at the moment, to a tenth.
    pub fn requests_per_second(&self) -> f64 {
        (self.pace.state().quota.pace() * 10.0).round() / 10.0
    }

    /// The request was within the quota, whatever else became of it.
    pub fn succeeded(mut self) {
        self.departure = None;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(departure) = self.departure.take() {
            let now = self.pace.began.elapsed();
            self.pace.state().quota.stayed(departure, now);
            self.pace.changed.notify_one();
        }
    }
}

impl Pace {
    /// A pace of so many requests a second at most.
    pub fn new(per_second: u32) -> Self {
        let state = Queue { quota: Quota::new(per_second), waiting: BTreeMap::new(), came: 0, giving: false };
        Self { began: Instant::now(), state: Mutex::new(state), changed: Notify::new() }
    }

    /// Waits for a turn. Among equally urgent ones they are given in the order they are asked for.
    pub async fn turn(self: &Arc<Self>, urgency: Urgency) -> Turn {
        if let Some(free) = self.free_turn() {
            return free;
        }
        loop {
            let (sender, receiver) = oneshot::channel();
            {
                let mut state = self.state();
                state.came += 1;
                let place = (urgency, state.came);
                state.waiting.insert(place, sender);
                if !std::mem::replace(&mut state.giving, true) {
                    tokio::spawn(Arc::clone(self).give());
                }
            }
            // Nobody gives turns any more only when the runtime ends: asking again then does no harm.
            if let Ok(turn) = receiver.await {
                return turn;
            }
        }
    }

    /// A turn at once, where one is free and nobody waits: who gives out turns would come behind all that is to be done first.
    fn free_turn(self: &Arc<Self>) -> Option<Turn> {
        let mut state = self.state();
        let now = self.began.elapsed();
        let is_free = !state.giving && state.quota.next() <= now;
        is_free.then(|| Turn { pace: Arc::clone(self), departure: Some(state.quota.leaves(now)) })
    }

    /// Gives out turns until nobody waits.
    async fn give(self: Arc<Self>) {
        while let Some(next) = self.next() {
            if next > Instant::now() {
                tokio::select! {
                    () = sleep_until(next) => {}
                    () = self.changed.notified() => {}
                }
                continue;
            }
            self.give_one();
        }
    }

    /// When the next turn is; `None` if nobody waits.
    fn next(&self) -> Option<Instant> {
        let mut state = self.state();
        state.giving = !state.waiting.is_empty();
        state.giving.then(|| self.began + state.quota.next())
    }

    fn give_one(self: &Arc<Self>) {
        let (waiting, departure) = {
            let mut state = self.state();
            let Some((_, waiting)) = state.waiting.pop_first() else { return };
            (waiting, state.quota.leaves(self.began.elapsed()))
        };
        // Where nobody waits for it any more it is dropped, and given back at once.
        let _ = waiting.send(Turn { pace: Arc::clone(self), departure: Some(departure) });
    }

    fn state(&self) -> std::sync::MutexGuard<'_, Queue> {
        // Every change of the state is whole before anything can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use tokio::time::sleep;

    use super::*;

    /// Tells in which order these get their turns, when all ask at once.
    async fn order(pace: &Arc<Pace>, urgencies: &[Urgency]) -> Vec<usize> {
        let got = Arc::new(Mutex::new(Vec::new()));
        let mut asking = Vec::new();
        for (number, urgency) in urgencies.iter().copied().enumerate() {
            let (pace, got) = (Arc::clone(pace), Arc::clone(&got));
            asking.push(tokio::spawn(async move {
                let turn = pace.turn(urgency).await;
                got.lock().expect("whole").push(number);
                turn.succeeded();
            }));
            tokio::task::yield_now().await;
        }
        for asking in asking {
            asking.await.expect("a turn");
        }
        got.lock().expect("whole").clone()
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_throttled_goes_first_and_what_nobody_waits_for_last() {
        let pace = Arc::new(Pace::new(10));
        pace.turn(Urgency::Needed).await.succeeded();
        let asked = [Urgency::Ahead, Urgency::Needed, Urgency::Ahead, Urgency::Needed, Urgency::Again];
        assert_eq!(order(&pace, &asked).await, [4, 1, 3, 0, 2]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_free_turn_is_had_at_once_and_not_past_those_who_wait() {
        let pace = Arc::new(Pace::new(10));
        pace.turn(Urgency::Needed).now_or_never().expect("it is free").succeeded();
        assert!(pace.turn(Urgency::Needed).now_or_never().is_none(), "the next one comes a tenth of a second later");
        sleep(Duration::from_secs(1)).await;
        pace.turn(Urgency::Needed).now_or_never().expect("it is free again").succeeded();
        sleep(Duration::from_secs(1)).await;
        // It is free, and about to be given to somebody who waits.
        pace.state().giving = true;
        assert!(pace.turn(Urgency::Again).now_or_never().is_none(), "it was another one's turn");
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_is_dropped_costs_nothing() {
        let pace = Arc::new(Pace::new(10));
        pace.turn(Urgency::Needed).await.succeeded();
        let started = Instant::now();
        for _ in 0..20 {
            // Cancelled while it waits.
            let waiting = tokio::time::timeout(Duration::from_millis(3), pace.turn(Urgency::Needed)).await;
            assert!(waiting.is_err(), "it should have waited");
        }
        sleep(Duration::from_millis(40)).await;
        // Given, and not used.
        drop(pace.turn(Urgency::Needed).await);
        pace.turn(Urgency::Needed).await.succeeded();
        assert_eq!(started.elapsed().as_millis(), 100);
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_is_given_back_wakes_whoever_waits() {
        let pace = Arc::new(Pace::new(1));
        let turn = pace.turn(Urgency::Needed).await;
        let waiting = tokio::spawn({
            let pace = Arc::clone(&pace);
            async move { pace.turn(Urgency::Needed).await.succeeded() }
        });
        sleep(Duration::from_millis(10)).await;
        let started = Instant::now();
        drop(turn);
        waiting.await.expect("a turn");
        assert!(started.elapsed() < Duration::from_millis(5), "{:?}", started.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_gets_a_turn_before_retry_after() {
        let pace = Arc::new(Pace::new(10));
        pace.turn(Urgency::Needed).await.throttled(Some(Duration::from_secs(7)));
        let started = Instant::now();
        pace.turn(Urgency::Again).await.succeeded();
        assert_eq!(started.elapsed().as_secs(), 7);
    }
}
