//! `--events`: one JSON object a line for everything that happens, as it happens, for programs that follow a run.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use crate::disk::{reason, remedy};
use crate::event::Event;
use crate::report::destination::is_stdout;
use crate::report::inputs::Inputs;
use crate::report::{Shown, emit};

/// Version of the lines' shape; raised when a field changes its meaning or goes away.
const EVENTS_VERSION: u32 = 1;

/// One line of the event stream.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct EventLine {
    /// Version of this shape: 1.
    pub events: u32,
    /// What happened, and when.
    #[serde(flatten)]
    pub event: Event,
}

impl EventLine {
    /// The line of an event.
    pub fn of(event: Event) -> Self {
        Self { events: EVENTS_VERSION, event }
    }

    fn text(&self) -> Shown {
        // Serialising fails only for maps whose keys are not strings, and events have none.
        Shown::json(serde_json::to_string(self).unwrap_or_default() + "\n")
    }
}

/// Events cannot be written there.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("cannot write the events to `{}`: {why}", path.display())]
pub struct EventLogError {
    path: PathBuf,
    why: String,
    /// What helps against it, where that is known.
    pub hint: Option<&'static str>,
}

/// Where events are written.
#[derive(Debug)]
pub struct EventLog {
    path: PathBuf,
    /// `None` for standard output.
    file: Option<File>,
}

impl EventLog {
    /// A file that begins anew, or a pipe; `-` is standard output. Never what the run reads.
    pub fn open(path: &Path, inputs: &Inputs) -> Result<Self, EventLogError> {
        let refused = |why| EventLogError { path: path.to_owned(), why, hint: None };
        let log = |file| Self { path: path.to_owned(), file };
        if is_stdout(path) {
            return Ok(log(None));
        }
        if let Some(why) = inputs.forbids(path) {
            return Err(refused(why));
        }
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(path);
        file.map(|file| log(Some(file))).map_err(|error| refused(reason(&error)))
    }

    /// Writes every event and hands it on, until the run is over. What cannot be written stops nothing: the display
    /// goes on, and the first failure is told in the end.
    pub async fn follow(
        mut self,
        mut from: UnboundedReceiver<Event>,
        to: UnboundedSender<Event>,
    ) -> Result<(), EventLogError> {
        let mut written = Ok(());
        while let Some(event) = from.recv().await {
            if written.is_ok() {
                written = self.write(&EventLine::of(event.clone()).text());
            }
            // A display that is gone has nothing to show.
            let _ = to.send(event);
        }
        written.map_err(|error| EventLogError { path: self.path, why: reason(&error), hint: remedy(&error) })
    }

    fn write(&mut self, line: &Shown) -> io::Result<()> {
        match &mut self.file {
            Some(file) => file.write_all(line.as_bytes()),
            None => emit::stdout(line),
        }
    }
}

#[cfg(test)]
mod tests;
