//! The way out of the work: events to whoever displays them. The work never waits for the display, and does not care
//! whether there is one.

use tokio::sync::mpsc::UnboundedSender;

use crate::event::{Event, JobId, Stage};
use crate::outcome::{JobReport, Warning};

/// Where events go.
#[derive(Clone, Debug)]
pub struct Events(UnboundedSender<Event>);

impl Events {
    /// Events into a channel.
    pub fn new(sender: UnboundedSender<Event>) -> Self {
        Self(sender)
    }

    /// Says what happened.
    pub fn send(&self, event: Event) {
        // A display that is gone has nothing to show; the report still tells everything.
        let _ = self.0.send(event);
    }
}

/// The events of one job.
pub struct JobLog {
    job: JobId,
    events: Events,
}

impl JobLog {
    pub fn new(job: JobId, events: Events) -> Self {
        Self { job, events }
    }

    pub fn enter(&self, stage: Stage) {
        self.events.send(Event::StageEntered { job: self.job, stage });
    }

    /// A step that was done; the request id is shown where there is one.
    pub fn step(&self, step: impl Into<String>, request_id: Option<&str>) {
        let mut step = step.into();
        if let Some(id) = request_id {
            step.push_str(&format!(" (request {id})"));
        }
        self.events.send(Event::StepDone { job: self.job, step });
    }

    pub fn warn(&self, report: &mut JobReport, code: &str, message: impl Into<String>) {
        let warning = Warning { code: code.to_owned(), message: message.into() };
        report.warnings.push(warning.clone());
        self.events.send(Event::Warned { job: self.job, warning });
    }
}
