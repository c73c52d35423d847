//! Telling work on another thread that nobody waits for it any more.

use super::pack_error::PackError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether long work is to end early: who packs or reads a folder asks it between two pieces.
#[derive(Clone, Debug, Default)]
pub struct Halt(Arc<AtomicBool>);

impl Halt {
    /// Halts the work when what is returned goes out of scope: where a future that waits for the work is dropped.
    #[must_use]
    pub fn on_drop(&self) -> HaltOnDrop {
        HaltOnDrop(self.clone())
    }

    /// Whether to go on.
    pub(super) fn check(&self) -> Result<(), PackError> {
        if self.0.load(Ordering::Relaxed) { Err(PackError::Stopped) } else { Ok(()) }
    }
}

/// See [`Halt::on_drop`].
#[derive(Debug)]
pub struct HaltOnDrop(Halt);

impl Drop for HaltOnDrop {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}
