//! The layers file: as it is written, its problems with their places, its settings and templates.

mod check;
mod expected;
mod file;
mod origin;
mod problem;
mod problems;
mod settings;
mod source;
mod template;
mod words;

pub use check::read;
pub use file::{Detect, LayerTable, LayersFile, TargetTable, Unpinned, schema};
pub use origin::{Origin, Place};
pub use problem::{Found, Problem, Severity};
pub use problems::Problems;
pub use settings::{Setting, SettingOrigin, Settings, SettingsTable, settle as settle_settings};
pub use source::{Source, SourceError, Text};
pub use template::{Filled, Placeholders, fill};
pub use words::{excerpt, listed, nearest};
