//! Pacing of Lambda calls: they are spaced before they are sent, because the quota (15 requests a second per account
//! and Region, for all tools together) is met long before the network is.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// A throttled pace never gets slower than this between two requests.
const SLOWEST: Duration = Duration::from_secs(2);
/// How much longer the pause gets at a throttle.
const SLOW_DOWN: f64 = 1.5;
/// How much of the pause remains after a success, until the pace is back at the setting.
const RECOVER: f64 = 0.95;

/// A turn that was given to one request, which tells how it fared.
#[derive(Debug)]
pub struct Turn {
    pace: Arc<Pace>,
    at: Instant,
}

impl Turn {
    /// The request was throttled: everything slows down, and nothing leaves before `retry_after`.
    pub fn throttled(self, retry_after: Option<Duration>) {
        self.pace.throttled(self.at, retry_after);
    }

    /// The request was within the quota, whatever else became of it.
    pub fn succeeded(self) {
        self.pace.succeeded();
    }
}

/// The pace of one account and Region.
#[derive(Debug)]
pub struct Pace {
    /// Pause at the pace of the setting.
    normal: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Pause at the current pace.
    pause: Duration,
    /// When the next request may leave.
    next: Instant,
    /// Throttles are answered to requests that left before the pace was slowed: one slowing for all of those.
    slowed: Option<Instant>,
}

impl Pace {
    /// A pace of so many requests a second.
    pub fn new(per_second: u32) -> Self {
        let normal = Duration::from_secs(1) / per_second.max(1);
        Self { normal, state: Mutex::new(State { pause: normal, next: Instant::now(), slowed: None }) }
    }

    /// Waits for a turn. Turns are given in the order they are asked for.
    pub async fn turn(self: &Arc<Self>) -> Turn {
        let turn = {
            let mut state = self.state();
            let turn = state.next.max(Instant::now());
            state.next = turn + state.pause;
            turn
        };
        sleep_until(turn).await;
        Turn { pace: Arc::clone(self), at: turn }
    }

    /// A request that left at `turn` was throttled: everything slows down, and nothing leaves before `retry_after`.
    fn throttled(&self, turn: Instant, retry_after: Option<Duration>) {
        let mut state = self.state();
        let now = Instant::now();
        if state.slowed.is_none_or(|slowed| turn > slowed) {
            state.pause = state.pause.mul_f64(SLOW_DOWN).min(SLOWEST);
            state.slowed = Some(now);
        }
        let rest = retry_after.unwrap_or(state.pause).min(Duration::from_secs(60));
        state.next = state.next.max(now + rest);
    }

    /// A request went through: a slowed pace recovers a little.
    fn succeeded(&self) {
        let mut state = self.state();
        state.pause = state.pause.mul_f64(RECOVER).max(self.normal);
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // The state is three plain values, whole at any point: a panic elsewhere does not make it wrong.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn turns_are_spaced_and_never_bunch_up() {
        let pace = Arc::new(Pace::new(10));
        let start = Instant::now();
        for _ in 0..21 {
            pace.turn().await;
        }
        assert_eq!(start.elapsed().as_millis() / 10, 200);
        tokio::time::sleep(Duration::from_secs(5)).await;
        let rested = Instant::now();
        for _ in 0..11 {
            pace.turn().await;
        }
        assert_eq!(rested.elapsed().as_millis() / 10, 100, "a rest must not be saved up for a burst");
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttle_slows_down_once_for_all_that_were_under_way_and_recovers() {
        let pace = Arc::new(Pace::new(10));
        let (first, second) = (pace.turn().await, pace.turn().await);
        first.throttled(None);
        second.throttled(None);
        assert_eq!(pace.state().pause, Duration::from_millis(150));
        for _ in 0..8 {
            pace.succeeded();
        }
        assert_eq!(pace.state().pause, Duration::from_millis(100));
    }

    #[tokio::test(start_paused = true)]
    async fn retry_after_is_honoured() {
        let pace = Arc::new(Pace::new(10));
        let turn = pace.turn().await;
        turn.throttled(Some(Duration::from_secs(7)));
        let start = Instant::now();
        pace.turn().await;
        assert_eq!(start.elapsed().as_secs(), 7);
    }
}
