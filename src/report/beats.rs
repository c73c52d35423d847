//! When a log says how a run goes on: soon after its beginning, and then time and again, whether or not jobs leave lines of
//! their own. Nobody then takes it for hung, neither a person nor a watchdog of the build server, and everybody can read how
//! long it still takes.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// By then somebody looks.
const FIRST: Duration = Duration::from_secs(15);
/// And so often from then on.
const NEXT: Duration = Duration::from_secs(30);

/// When the next one is due.
#[derive(Clone, Copy, Debug)]
pub struct Beats(Instant);

impl Beats {
    /// Of a run that begins now.
    pub fn from_now() -> Self {
        Self(Instant::now() + FIRST)
    }

    /// Waits until one is due. Nothing is lost where it is dropped meanwhile.
    pub async fn due(&mut self) {
        sleep_until(self.0).await;
        self.0 = Instant::now() + NEXT;
    }
}
