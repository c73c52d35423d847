//! Commands to the build server that reads the log.

use std::fmt::Write as _;

use crate::report::Shown;

/// A line that GitHub's runner takes for a command: the one thing that may reach a log without being [`Shown`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowCommand(String);

impl WorkflowCommand {
    /// A command with its properties, each a name of ours and a value from anywhere, and its message.
    pub fn new(name: &str, properties: &[(&str, String)], message: &Shown) -> Self {
        let mut line = format!("::{name}");
        for (number, (key, value)) in properties.iter().enumerate() {
            let before = if number == 0 { ' ' } else { ',' };
            let _ = write!(line, "{before}{key}={}", property(&Shown::one_line(value)));
        }
        Self(format!("{line}::{}", data(message)))
    }

    /// The line.
    pub fn line(&self) -> &str {
        &self.0
    }
}

/// As the runner unescapes a command's message.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// As the runner unescapes a command's property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
