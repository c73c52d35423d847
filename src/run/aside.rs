//! Work on the bytes of manifests, where it holds up nobody: a large one would keep a worker from noticing a stop, and
//! other jobs from going on.

use tokio::task::spawn_blocking;

use crate::outcome::{ErrorCode, JobError};

/// So many bytes are dealt with in less time than it takes to wake another thread.
const SMALL: usize = 64 * 1024;

/// Does this work, on another thread where it is about many bytes. Who no longer waits leaves it behind.
pub(super) async fn aside<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JobError> {
    if bytes <= SMALL {
        return Ok(work());
    }
    let done = spawn_blocking(work).await;
    done.map_err(|error| {
        JobError::new(ErrorCode::Internal, "reading a manifest failed unexpectedly").cause(error.to_string())
    })
}
