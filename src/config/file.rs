//! The layers file as it is written. The JSON Schema is generated from these types, and what the schema says of a key
//! is its reference documentation: write the comments for someone who edits a layers file.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::Value as Json;

use super::settings::SettingsTable;
use crate::layer::{Architecture, Runtime};

/// Layers to publish to AWS Lambda. Relative paths are relative to this file.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[schemars(title = "layership layers file")]
pub struct LayersFile {
    /// How a run behaves. `LAYERSHIP_*` environment variables and flags override it.
    pub settings: SettingsTable,
    /// Where layers go: an account and a Region each, with the credentials to use. Without targets there is one, from
    /// the ambient AWS configuration.
    pub targets: BTreeMap<String, TargetTable>,
    /// Any layer key, for every layer that does not set it itself.
    pub defaults: LayerTable,
    /// The layers. The key of a layer is its name in Lambda unless `name` says otherwise.
    pub layers: BTreeMap<String, LayerTable>,
}

/// An account and a Region, with the credentials to use.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct TargetTable {
    /// AWS Region. Default: the target's own name.
    #[schemars(length(min = 1))]
    pub region: Option<String>,
    /// Twelve-digit account id. A guard: a run that finds credentials of another account refuses the target before
    /// anything is written.
    #[schemars(regex(pattern = r"^[0-9]{12}$"))]
    pub account: Option<String>,
    /// Profile of the AWS configuration to take credentials from.
    #[schemars(length(min = 1))]
    pub profile: Option<String>,
    /// Role to assume. Placeholders: `{target}`, `{region}`, `{account}`, `{env:NAME}`.
    #[schemars(length(min = 1))]
    pub role_arn: Option<String>,
    /// Bucket for every layer at this target, instead of the layers' own. It must be in the target's Region.
    #[schemars(length(min = 1))]
    pub bucket: Option<String>,
}

/// One layer.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct LayerTable {
    /// Name in Lambda: letters, digits, `-` and `_`. Default: the layer's key.
    #[schemars(length(min = 1))]
    pub name: Option<String>,
    /// The dependency lock file that the layer is built from: `requirements.txt`, `uv.lock`, `poetry.lock`,
    /// `package-lock.json` … Required, here or in `[defaults]`.
    #[schemars(length(min = 1))]
    pub manifest: Option<String>,
    /// The layer zip, or the folder it is made from: what `stage` uploads.
    #[schemars(length(min = 1))]
    pub archive: Option<String>,
    /// S3 bucket of the staged archive and the backups, in the target's Region. Required, here, in `[defaults]` or at
    /// the target. Placeholders: `{layer}`, `{target}`, `{region}`, `{account}`, `{env:NAME}`.
    #[schemars(length(min = 1))]
    pub bucket: Option<String>,
    /// Key prefix of the staged archive and the backups: `s3dir_lambda` of aws_lambda_artifact_builder. Default
    /// `layers/{layer}`.
    pub prefix: Option<String>,
    /// Key of the staged archive. Default `{prefix}/layer/layer.zip`.
    #[schemars(length(min = 1))]
    pub staged_key: Option<String>,
    /// Key prefix of the manifest backups. Default `{prefix}/layer`.
    #[schemars(length(min = 1))]
    pub backup_prefix: Option<String>,
    /// Runtimes the layer is for, at most 15.
    #[schemars(length(max = 15), inner(length(min = 1)))]
    pub compatible_runtimes: Option<Vec<Runtime>>,
    /// Architectures the layer is for.
    #[schemars(schema_with = "architectures")]
    pub compatible_architectures: Option<Vec<Architecture>>,
    /// Description of a version, at most 256 characters. Not compared unless `detect` says so.
    pub description: Option<String>,
    /// SPDX identifier, URL or text of the license, at most 512 characters.
    pub license: Option<String>,
    /// What counts as a change. Default `["manifest", "settings"]`.
    pub detect: Option<Vec<Detect>>,
    /// What to do with requirements that are not pinned to one version. Default `"warn"`.
    pub unpinned: Option<Unpinned>,
    /// Names of the targets this layer goes to, or globs such as `eu-*`. Default: all.
    #[schemars(length(min = 1, max = 1000))]
    pub targets: Option<Vec<String>>,
}

/// A facet whose difference counts as a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Detect {
    /// The manifest's bytes against the backup of the latest version; line endings do not count.
    Manifest,
    /// Compatible runtimes and architectures as sets, and the license, against the latest version's.
    Settings,
    /// The description against the latest version's.
    Description,
    /// The staged zip's SHA-256 against the latest version's.
    Content,
}

/// What to do with requirements that are not pinned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unpinned {
    /// Say so and go on.
    #[default]
    Warn,
    /// Refuse the layer.
    Deny,
    /// Say nothing.
    Allow,
}

/// The architectures that Lambda runs on, and no others: one that is misspelt is refused.
fn architectures(_: &mut SchemaGenerator) -> Schema {
    let known = Architecture::KNOWN;
    json_schema!({ "type": "array", "items": { "type": "string", "enum": known }, "maxItems": known.len() })
}

/// The JSON Schema (draft-07, which editors' TOML support reads) of a layers file.
pub fn schema() -> Schema {
    let settings = SchemaSettings::draft07().with_transform(RecursiveTransform(without_null));
    settings.into_generator().into_root_schema_for::<LayersFile>()
}

/// A key that is left out is not `null`: TOML has none.
fn without_null(schema: &mut Schema) {
    if let Some(Json::Array(types)) = schema.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            schema.insert("type".to_owned(), one);
        }
    }
    if schema.get("default").is_some_and(|default| default.is_null() || default.is_object()) {
        schema.remove("default");
    }
    if let Some(Json::Array(mut either)) = schema.remove("anyOf") {
        either.retain(|one| one.get("type").is_none_or(|kind| kind != "null"));
        // A reference alone: what stands beside one does not count in draft-07.
        let name = if either.len() == 1 { "allOf" } else { "anyOf" };
        schema.insert(name.to_owned(), Json::Array(either));
    }
}
