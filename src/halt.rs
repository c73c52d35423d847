//! Telling work on another thread that nobody waits for it any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether long work is to end early: who reads, parses, hashes or packs asks it between two pieces.
#[derive(Clone, Debug, Default)]
pub struct Halt(Arc<Flag>);

#[derive(Debug, Default)]
struct Flag {
    raised: AtomicBool,
    #[cfg(test)]
    polls: polls::Polls,
}

/// Nobody waits for the work any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stopped")]
pub struct Halted;

impl Halt {
    /// Halts the work from now on.
    pub fn raise(&self) {
        self.0.raised.store(true, Ordering::Relaxed);
    }

    /// Halts the work when what is returned goes out of scope: where a future that waits for the work is dropped.
    #[must_use]
    pub fn on_drop(&self) -> HaltOnDrop {
        HaltOnDrop(self.clone())
    }

    /// Whether to end.
    pub fn is_raised(&self) -> bool {
        #[cfg(test)]
        if self.0.polls.are_used_up() {
            return true;
        }
        self.0.raised.load(Ordering::Relaxed)
    }

    /// Whether to go on.
    ///
    /// # Errors
    /// Where nobody waits any more.
    pub fn check(&self) -> Result<(), Halted> {
        if self.is_raised() { Err(Halted) } else { Ok(()) }
    }

    /// These, until nobody waits any more. What is then made of a part of them reaches nobody: who would have taken it is
    /// gone.
    pub fn over<I: IntoIterator>(&self, all: I) -> impl Iterator<Item = I::Item> {
        all.into_iter().take_while(|_| !self.is_raised())
    }
}

/// See [`Halt::on_drop`].
#[derive(Debug)]
pub struct HaltOnDrop(Halt);

impl Drop for HaltOnDrop {
    fn drop(&mut self) {
        self.0.raise();
    }
}

/// Counts how often it was asked, so that tests need no clock to see that work ends soon.
#[cfg(test)]
mod polls {
    use super::{Flag, Halt};
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[derive(Debug)]
    pub struct Polls {
        asked: AtomicUsize,
        raised_after: usize,
    }

    impl Default for Polls {
        fn default() -> Self {
            Self { asked: AtomicUsize::new(0), raised_after: usize::MAX }
        }
    }

    impl Polls {
        pub fn are_used_up(&self) -> bool {
            self.asked.fetch_add(1, Ordering::Relaxed) >= self.raised_after
        }
    }

    impl Halt {
        /// Is raised once it was asked so often.
        pub fn after(polls: usize) -> Self {
            let polls = Polls { raised_after: polls, ..Polls::default() };
            Self(std::sync::Arc::new(Flag { polls, ..Flag::default() }))
        }

        /// How often it was asked so far.
        pub fn polls(&self) -> usize {
            self.0.polls.asked.load(Ordering::Relaxed)
        }
    }
}
