//! What the uploads of a run share: how many parts are under way at once, and what is still to be cleaned up.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_util::task::TaskTracker;

/// Parts under way at once, of all uploads of a run. Each has a connection of its own and holds a piece of its zip, so
/// this bounds the memory of uploads whatever their number and size.
const PARTS_AT_ONCE: usize = 16;

/// Shared by all targets of a run.
#[derive(Clone, Debug)]
pub struct UploadsUnderWay {
    parts: Arc<Semaphore>,
    cleaning: TaskTracker,
}

impl Default for UploadsUnderWay {
    fn default() -> Self {
        Self { parts: Arc::new(Semaphore::new(PARTS_AT_ONCE)), cleaning: TaskTracker::new() }
    }
}

impl UploadsUnderWay {
    /// Waits until one more part may be sent; `None` is never returned, since nobody closes this.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.parts.acquire().await.ok()
    }

    /// Does something although whoever wanted the upload is gone.
    pub fn clean_up(&self, work: impl Future<Output = ()> + Send + 'static) {
        // Without a runtime the process is ending: a lifecycle rule is what clears uploads then.
        if let Ok(runtime) = Handle::try_current() {
            self.cleaning.spawn_on(work, &runtime);
        }
    }

    /// Waits until everything is cleaned up.
    pub async fn cleaned_up(&self) {
        self.cleaning.close();
        self.cleaning.wait().await;
    }
}
