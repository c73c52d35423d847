//! How much of an upload was handed to its connections, counted part by part: a part that is sent again counts anew.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Uploads below this size in bytes are over before anybody reads how far they are.
const WORTH_TELLING: u64 = 8 * 1024 * 1024;
/// It is told this often at most: with each hundredth.
const STEPS: u64 = 100;

/// Told how many bytes were sent so far.
pub type Tell = Arc<dyn Fn(u64) + Send + Sync>;

/// An upload of one or more parts.
#[derive(Clone)]
pub struct Progress(Arc<Counts>);

struct Counts {
    parts: Vec<AtomicU64>,
    size: u64,
    told: AtomicU64,
    tell: Tell,
}

impl Progress {
    /// Nothing is sent yet of so many bytes in so many parts.
    pub fn of(size: u64, parts: usize, tell: &Tell) -> Self {
        let parts = (0..parts).map(|_| AtomicU64::default()).collect();
        Self(Arc::new(Counts { parts, size, told: AtomicU64::default(), tell: Arc::clone(tell) }))
    }

    /// What one part, counted from 0, adds to it.
    pub fn part(&self, index: usize) -> Share {
        Share { counts: Arc::clone(&self.0), index }
    }
}

/// One part of it.
#[derive(Clone)]
pub struct Share {
    counts: Arc<Counts>,
    index: usize,
}

impl Share {
    /// The part is sent, or sent again: nothing of it counts.
    pub fn begin(&self) {
        if let Some(part) = self.counts.parts.get(self.index) {
            part.store(0, Ordering::Relaxed);
        }
    }

    /// So many more bytes of it were sent.
    pub fn add(&self, bytes: u64) {
        if let Some(part) = self.counts.parts.get(self.index) {
            part.fetch_add(bytes, Ordering::Relaxed);
            self.counts.tell();
        }
    }
}

impl Counts {
    /// Never goes back: what is sent again is told once it is more than before.
    fn tell(&self) {
        if self.size < WORTH_TELLING {
            return;
        }
        let sent: u64 = self.parts.iter().map(|part| part.load(Ordering::Relaxed)).sum();
        let step = sent.saturating_mul(STEPS) / self.size;
        if self.told.fetch_max(step, Ordering::Relaxed) < step {
            (self.tell)(sent);
        }
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Share").field("index", &self.index).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// What is told while `play` goes on with an upload of two parts of 10 MiB.
    fn told(size: u64, play: impl Fn(&Progress)) -> Vec<u64> {
        let told = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&told);
        let tell: Tell = Arc::new(move |sent| heard.lock().unwrap().push(sent));
        play(&Progress::of(size, 2, &tell));
        let told = told.lock().unwrap();
        told.clone()
    }

    const MEBI: u64 = 1024 * 1024;

    #[test]
    fn a_part_that_is_sent_again_counts_once_and_is_never_told_backwards() {
        let told = told(20 * MEBI, |progress| {
            let (one, two) = (progress.part(0), progress.part(1));
            one.begin();
            one.add(6 * MEBI);
            two.begin();
            two.add(10 * MEBI);
            one.begin();
            one.add(5 * MEBI);
            one.add(5 * MEBI);
        });
        assert_eq!(told, [6 * MEBI, 16 * MEBI, 20 * MEBI]);
    }

    #[test]
    fn it_is_told_a_hundred_times_at_most_and_not_at_all_of_small_ones() {
        let in_kibis = |progress: &Progress| (0..20 * 1024).for_each(|_| progress.part(0).add(1024));
        assert_eq!(told(20 * MEBI, in_kibis).len(), 100);
        assert_eq!(told(WORTH_TELLING - 1, |progress| progress.part(0).add(WORTH_TELLING - 1)), [0; 0]);
    }
}
