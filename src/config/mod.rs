//! The layers file: as it is written, its problems with their places, its settings and templates.

mod check;
mod expected;
mod file;
mod include;
mod include_walk;
mod number;
mod origin;
mod problem;
mod problems;
mod schema;
mod secret;
mod settings;
mod source;
mod template;
mod words;

pub use check::{read, read_included};
pub use file::{Detect, IncludedFile, LayerTable, LayersFile, TargetTable, UnpinnedPolicy};
pub use include::included;
pub use number::whole;
pub use origin::Origin;
pub use problem::{PROBLEMS_LIMIT, Problem, ProblemList, Severity};
pub use problems::Problems;
pub use secret::looks_secret;
pub use settings::{Setting, SettingOrigin, Settings, SettingsTable, settle as settle_settings};
pub use source::{Source, SourceError, Text};
pub use template::{Filled, Placeholders, fill};
/// The JSON Schema of a layers file.
pub fn layers_schema() -> schemars::Schema {
    schema::of::<LayersFile>()
}

/// The JSON Schema of a file that a layers file includes.
pub fn included_schema() -> schemars::Schema {
    schema::of::<IncludedFile>()
}

pub use words::{excerpt, listed, nearest};
