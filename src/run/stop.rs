//! Stopping a run: the first signal lets what is publishing finish, the second one does not.

use tokio_util::sync::CancellationToken;

/// Tells a run to stop.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    finishing: CancellationToken,
    at_once: CancellationToken,
}

impl Stop {
    /// Asks once more: first to finish, then to stop at once.
    pub fn ask(&self) {
        if self.asked() {
            self.at_once.cancel();
        }
        self.finishing.cancel();
    }

    /// Whether nothing new is to start.
    pub fn asked(&self) -> bool {
        self.finishing.is_cancelled()
    }

    /// Waits until nothing new is to start.
    pub async fn finishing(&self) {
        self.finishing.cancelled().await;
    }

    /// Waits until everything is to be dropped.
    pub async fn at_once(&self) {
        self.at_once.cancelled().await;
    }
}

/// Passes Ctrl-C and SIGTERM on, for as long as the process lives.
///
/// # Errors
/// Where the process cannot listen for signals.
pub fn on_signals(stop: Stop) -> std::io::Result<()> {
    let mut signals = Signals::new()?;
    tokio::spawn(async move {
        while signals.next().await.is_some() {
            stop.ask();
        }
    });
    Ok(())
}

/// Lets a write beyond a limit of file sizes (`ulimit -f`) fail as on a full disk, which is told with what helps, for as long as
/// the process lives. The signal would end it without a word. What a build starts is not concerned.
///
/// # Errors
/// Where the process cannot listen for signals.
pub fn outlive_limits_of_files() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        // What handles it stays when this is dropped.
        drop(signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?);
    }
    Ok(())
}

#[cfg(unix)]
struct Signals(tokio::signal::unix::Signal, tokio::signal::unix::Signal);

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self(signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
    }

    async fn next(&mut self) -> Option<()> {
        tokio::select! {
            signal = self.0.recv() => signal,
            signal = self.1.recv() => signal,
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Option<()> {
        tokio::signal::ctrl_c().await.ok()
    }
}
