//! The layers file: as it is written, its problems with their lines, its settings and templates.

mod check;
mod file;
mod problem;
mod settings;
mod source;
mod template;

pub use check::{Read, read};
pub use file::{Detect, LayerTable, LayersFile, SettingsTable, TargetTable, Unpinned, schema};
pub use problem::{Problem, Severity, nearest};
pub use settings::{Settings, SettingsOrigin, resolve as resolve_settings};
pub use source::{Source, SourceError, Text};
pub use template::{Scope, render};
