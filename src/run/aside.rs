//! Work on the bytes of manifests, where it holds up nobody: a large one would keep a worker from noticing a stop, and
//! other jobs from going on.

use tokio::task::spawn_blocking;

use crate::halt::Halt;
use crate::outcome::{ErrorCode, JobError};

/// So many bytes are dealt with in less time than it takes to wake another thread.
const SMALL: usize = 64 * 1024;

/// Does this work, on another thread where it is about many bytes. Where nobody waits any more it is asked to end.
pub(super) async fn aside<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce(&Halt) -> T + Send + 'static,
) -> Result<T, JobError> {
    let halt = Halt::default();
    if bytes <= SMALL {
        return Ok(work(&halt));
    }
    let _halted_when_dropped = halt.on_drop();
    let done = spawn_blocking(move || work(&halt)).await;
    done.map_err(|error| {
        JobError::new(ErrorCode::Internal, "reading a manifest failed unexpectedly").cause(error.to_string())
    })
}
