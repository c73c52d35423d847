//! The way out of the work: events to whoever displays them. The work never waits for the display, and does not care
//! whether there is one.

use tokio::sync::mpsc::{UnboundedSender, WeakUnboundedSender};

use crate::event::{Event, Happening};

/// Sends events to the displays.
#[derive(Clone, Debug)]
pub struct Events(UnboundedSender<Event>);

impl Events {
    /// Events into a channel.
    pub fn new(sender: UnboundedSender<Event>) -> Self {
        Self(sender)
    }

    /// Tells what happened just now.
    pub fn send(&self, what: Happening) {
        // A display that is gone has nothing to show; the report still tells everything.
        let _ = self.0.send(Event::now(what));
    }

    /// See [`WeakEvents`].
    pub fn weak(&self) -> WeakEvents {
        WeakEvents(self.0.downgrade())
    }
}

/// The same for what may outlive the run: the display ends with the last [`Events`], and waits for none of these.
#[derive(Clone, Debug)]
pub struct WeakEvents(WeakUnboundedSender<Event>);

impl WeakEvents {
    /// Tells what happened just now, if the run goes on.
    pub fn send(&self, what: Happening) {
        if let Some(sender) = self.0.upgrade() {
            Events(sender).send(what);
        }
    }
}
