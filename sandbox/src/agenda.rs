//! What is to be done at a later time of the clock: answers that were lost while the work goes on, requests that are held
//! in the network. Moving the clock on does what falls due on the way, each at its time, before it says that it is done.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, watch};

use super::clock::Clock;

/// Time and number: what is due at the same time is done in the order in which it came.
type Key = (i64, u64);

/// The agenda of one sandbox.
#[derive(Debug, Clone, Default)]
pub(super) struct Agenda(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    open: watch::Sender<BTreeSet<Key>>,
    next: AtomicU64,
    /// Held while the clock is moved: two moves follow one another.
    moving: Mutex<()>,
}

/// Something to be done; it is done when this is dropped.
#[derive(Debug)]
pub(super) struct Entry {
    agenda: Agenda,
    key: Key,
}

impl Agenda {
    /// Notes something to be done so much later.
    pub fn enter(&self, clock: &Clock, after: Duration) -> Entry {
        let at = clock.now_millis().saturating_add(i64::try_from(after.as_millis()).unwrap_or(i64::MAX));
        let key = (at, self.0.next.fetch_add(1, Ordering::Relaxed));
        self.0.open.send_modify(|open| {
            open.insert(key);
        });
        Entry { agenda: self.clone(), key }
    }

    /// Moves the clock on, and does what falls due meanwhile. False, and nothing happens, if it does not go that far.
    pub async fn advance(&self, clock: &Clock, by: Duration) -> bool {
        let _moving = self.0.moving.lock().await;
        let Some(end) = clock.ahead_after(by) else { return false };
        let mut open = self.0.open.subscribe();
        loop {
            let due = open.borrow_and_update().first().copied();
            let Some(key) = due.filter(|(at, _)| clock.reach(*at, end)) else { break };
            // The sender lives as long as this agenda.
            let _ = open.wait_for(|open| !open.contains(&key)).await;
        }
        clock.set_ahead(end);
        true
    }
}

impl Entry {
    /// Waits until its time has come, and everything before it is done.
    pub async fn turn(&self, clock: &Clock) {
        clock.until(self.key.0).await;
        let mut open = self.agenda.0.open.subscribe();
        let _ = open.wait_for(|open| open.first() == Some(&self.key)).await;
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.agenda.0.open.send_modify(|open| {
            open.remove(&self.key);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_falls_due_is_done_at_its_time_before_the_clock_has_moved() {
        let (agenda, clock) = (Agenda::default(), Clock::default());
        let start = clock.now_millis();
        let (done, mut seen) = tokio::sync::mpsc::unbounded_channel();
        for after in [40, 8, 300] {
            let (entry, clock, done) = (agenda.enter(&clock, Duration::from_secs(after)), clock.clone(), done.clone());
            tokio::spawn(async move {
                entry.turn(&clock).await;
                let _ = done.send((after, clock.now_millis() - start));
                drop(entry);
            });
        }
        assert!(agenda.advance(&clock, Duration::from_secs(100)).await);
        let done: Vec<(u64, i64)> = std::iter::from_fn(|| seen.try_recv().ok()).collect();
        assert_eq!(done.iter().map(|(after, _)| *after).collect::<Vec<_>>(), [8, 40]);
        for (after, at) in done {
            let at = u64::try_from(at).expect("later") / 1000;
            assert!((after..after + 5).contains(&at), "what was due after {after} s was done after {at} s");
        }
        assert_eq!(clock.ahead(), Duration::from_secs(100));
    }
}
