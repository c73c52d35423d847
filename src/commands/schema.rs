//! `layership schema`

use schemars::generate::SchemaSettings;

use crate::cli::{SchemaArgs, SchemaOf};
use crate::error::{Ended, Error};
use crate::plan::SavedPlan;
use crate::report::index::Index;
use crate::report::rollout::RolloutReport;
use crate::report::{EventLine, Report, Shown, StatusReport, emit::stdout};

/// Prints a schema: the text of the file in `schemas/`.
pub fn schema(args: &SchemaArgs) -> Result<Ended, Error> {
    stdout(&Shown::json(text(args.of)?))
        .map_err(|error| Error::other(format!("cannot write to standard output: {error}")))?;
    Ok(Ended::Well)
}

pub(super) fn text(of: SchemaOf) -> Result<String, Error> {
    let schema = match of {
        SchemaOf::Layers => crate::config::layers_schema(),
        SchemaOf::Included => crate::config::included_schema(),
        SchemaOf::Events => SchemaSettings::draft07().into_generator().into_root_schema_for::<EventLine>(),
        SchemaOf::Plan => SchemaSettings::draft07().into_generator().into_root_schema_for::<SavedPlan>(),
        SchemaOf::Status => SchemaSettings::draft07().into_generator().into_root_schema_for::<StatusReport>(),
        SchemaOf::Rollout => SchemaSettings::draft07().into_generator().into_root_schema_for::<RolloutReport>(),
        SchemaOf::Index => SchemaSettings::draft07().into_generator().into_root_schema_for::<Index<'static>>(),
        SchemaOf::Report => SchemaSettings::draft07().into_generator().into_root_schema_for::<Report>(),
    };
    let text = serde_json::to_string_pretty(&schema);
    text.map(|text| text + "\n").map_err(|error| Error::other(format!("cannot print the schema: {error}")))
}
