//! What people and tools see of a run.
//!
//! While it goes on, [`show`] turns events into a screen or a log on standard error. When it is over there is one
//! [`Report`], and everything else is a rendering of it: [`text`] and [`json`] for standard output, [`failures`] for
//! standard error, [`ReportFile`] for files.
//!
//! A display is three steps, the first two pure: `state` takes in events, `lines` says what a state reads like, and
//! `progress` and `log` write that down.

use tokio::sync::mpsc::UnboundedReceiver;

use crate::event::Event;

mod ask;
mod beats;
mod causes;
pub mod changed;
mod charset;
mod check;
mod choose;
mod ci;
mod command;
mod destination;
pub mod emit;
mod end;
mod ended;
mod escape;
mod estimate;
mod event_log;
pub mod explain;
mod fact_words;
mod failed;
pub mod failures;
mod fatal;
mod file;
mod follow_words;
mod formats;
mod group;
mod inputs;
mod live_display;
mod log_display;
mod masked;
mod merge;
mod model;
mod pace;
mod paces;
mod plan;
mod progress_lines;
mod prune;
mod ran;
pub mod rollout;
mod same;
#[cfg(test)]
mod samples;
mod saved;
mod screen;
mod secrets;
mod snippet;
mod state;
pub mod status;
mod status_line;
mod style;
mod summary;
mod table;
pub mod text;
mod usual;
mod waiting;
mod warnings;
mod wording;
mod wrap;

pub use ask::{agreed, somebody_is_there};
pub use choose::{Choice, Display, Surroundings, When, style_of_data};
pub use ci::{Ci, LinesOfFile, Refused};
pub use destination::{Destination, is_stdout};
pub use end::{Listing, Notices, rendered};
pub(crate) use escape::shown;
pub use escape::{Escaped, Shown};
pub use event_log::{EventLine, EventLog, EventLogError};
pub use fatal::{say_error, say_layers, say_usage, say_warning};
pub use file::{ReportFile, ReportFileError, ReportFileErrors};
pub use formats::arns::alike;
pub use formats::{ReportRequest, formats, index, json, markdown};
pub use inputs::Inputs;
pub use merge::merge;
pub use model::{Report, warnings_of};
pub use ran::{CheckedOut, Ran};
pub use same::Same;
pub use secrets::{never_show, without};
pub use status::StatusReport;
pub use wording::{plural, shell_word};
pub use wrap::wrapped;

/// Shows the run on standard error until the channel closes, and ticks by itself. Standard error is nobody else's in
/// that time.
///
/// It never fails: a display that cannot be drawn is no reason to stop publishing.
pub async fn show(events: UnboundedReceiver<Event>, choice: Choice) {
    match choice.display {
        Display::Live => live_display::run(events, console::Term::buffered_stderr(), choice).await,
        Display::Log => log_display::run(events, std::io::stderr(), choice).await,
        Display::Silent => log_display::run_silently(events, std::io::stderr(), choice).await,
    }
}
