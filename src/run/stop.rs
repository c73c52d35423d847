//! Stopping a run: the first signal lets what is publishing finish, the second one does not.

use std::sync::Arc;

use tokio::sync::watch;

/// How urgently a run is to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Urgency {
    None,
    Finish,
    Now,
}

/// Tells a run to stop.
#[derive(Clone, Debug)]
pub struct Stop(Arc<watch::Sender<Urgency>>);

impl Default for Stop {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Urgency::None)))
    }
}

impl Stop {
    /// Asks once more: first to finish, then to stop at once.
    pub fn ask(&self) {
        self.0.send_modify(|urgency| {
            *urgency = if *urgency == Urgency::None { Urgency::Finish } else { Urgency::Now };
        });
    }

    /// Whether nothing new is to start.
    pub fn asked(&self) -> bool {
        *self.0.borrow() != Urgency::None
    }

    /// Waits until nothing new is to start.
    pub async fn finishing(&self) {
        self.reached(Urgency::Finish).await;
    }

    /// Waits until everything is to be dropped.
    pub async fn at_once(&self) {
        self.reached(Urgency::Now).await;
    }

    async fn reached(&self, urgency: Urgency) {
        let mut seen = self.0.subscribe();
        // The sender lives as long as `self`.
        let _ = seen.wait_for(|now| *now >= urgency).await;
    }
}

/// Passes Ctrl-C and SIGTERM on, for as long as the process lives.
///
/// # Errors
/// Where the process cannot listen to signals.
pub fn on_signals(stop: Stop) -> std::io::Result<()> {
    let mut signals = Signals::new()?;
    tokio::spawn(async move {
        while signals.next().await.is_some() {
            stop.ask();
        }
    });
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
