//! The layers file: as it is written, its problems with their places, its settings and templates.

mod check;
mod expected;
mod file;
mod origin;
mod problem;
mod problems;
mod schema;
mod settings;
mod source;
mod template;
mod words;

pub use check::read;
pub use file::{Detect, LayerTable, LayersFile, TargetTable, Unpinned};
pub use origin::Origin;
pub use problem::{Found, Problem, Severity};
pub use problems::Problems;
pub use settings::{Setting, SettingOrigin, Settings, SettingsTable, settle as settle_settings};
pub use source::{Source, SourceError, Text};
pub use template::{Filled, Placeholders, fill};
/// The JSON Schema of a layers file.
pub fn layers_schema() -> schemars::Schema {
    schema::of::<LayersFile>()
}

pub use words::{excerpt, listed, nearest};
