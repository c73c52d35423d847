//! The layers file as it is written. The JSON Schema is generated from these types, and what the schema says of a key
//! is its reference documentation: write the comments for someone who edits a layers file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use super::schema;
use super::settings::SettingsTable;
use crate::finding::Check;
use crate::layer::{Architecture, Runtime, Storage};

/// Names of the placeholders of a layer's keys, beside `env:NAME`, as alternatives of a regular expression.
const EVERYWHERE: &str = "layer|target|region|account";
/// The same for keys that build on the prefix.
const BELOW_PREFIX: &str = "layer|target|region|account|prefix";

/// Layers to publish to AWS Lambda. Relative paths are relative to this file.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[schemars(title = "layership layers file", extend("$id" = "urn:layership:schema:layers"))]
#[schemars(extend("anyOf" = [{ "required": ["layers"] }, { "required": ["include"] }], "allOf" = schema::required_somewhere()))]
pub struct LayersFile {
    /// Further layers files, by paths or globs such as `services/*/layers.toml`, relative to this file. Each has layers of
    /// its own, with paths relative to itself, and may have `[defaults]`, which lie over the ones here; settings, targets
    /// and `include` stand only here. A glob leaves out hidden files and folders and what git ignores, and one that
    /// matches nothing is an error.
    #[schemars(length(min = 1, max = 100), inner(length(min = 1, max = 1000)))]
    pub include: Option<Vec<String>>,
    /// How a run behaves. `LAYERSHIP_*` environment variables and flags override it.
    pub settings: SettingsTable,
    /// Where layers go: an account and a Region each, with the credentials to use. Without targets there is one, from
    /// the ambient AWS configuration.
    #[schemars(extend(
        "patternProperties" = { (schema::REGION): { "$ref": "#/definitions/TargetTable" } },
        "additionalProperties" = schema::targets()
    ))]
    pub targets: BTreeMap<String, TargetTable>,
    /// Any layer key, for every layer that does not set it itself.
    pub defaults: LayerTable,
    /// The layers. The key of a layer is its name in Lambda unless `name` says otherwise.
    #[schemars(extend("minProperties" = 1))]
    pub layers: BTreeMap<String, LayerTable>,
}

/// Layers that another layers file includes. Relative paths are relative to this file.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[schemars(title = "included layership layers file", extend("$id" = "urn:layership:schema:included"))]
pub struct IncludedFile {
    /// Any layer key, for every layer of this file that does not set it itself; what is not here comes from the
    /// `[defaults]` of the file that includes this one.
    pub defaults: LayerTable,
    /// The layers of this file. No other included file may have one of the same key.
    pub layers: BTreeMap<String, LayerTable>,
}

impl IncludedFile {
    /// The file as if it stood in the folder of the one that includes it; `folder` leads from there to it.
    pub fn below(self, folder: &Path) -> LayersFile {
        let moved = |mut table: LayerTable| {
            // What does not name a file is told as it is written.
            let manifest = table.manifest.take();
            table.manifest = manifest.map(|path| if names_a_file(&path) { below(folder, &path) } else { path });
            table.build = table.build.take().map(|build| BuildCommand { folder: folder.to_owned(), ..build });
            table.archive = table.archive.take().map(|path| below(folder, &path));
            table
        };
        let layers = self.layers.into_iter().map(|(key, table)| (key, moved(table))).collect();
        LayersFile { defaults: moved(self.defaults), layers, ..LayersFile::default() }
    }
}

fn names_a_file(path: &str) -> bool {
    Path::new(path).file_name().is_some()
}

fn below(folder: &Path, path: &str) -> String {
    let separator = if folder.as_os_str().is_empty() { "" } else { "/" };
    if Path::new(path).is_absolute() { path.to_owned() } else { format!("{}{separator}{path}", folder.display()) }
}

/// An account and a Region, with the credentials to use.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct TargetTable {
    /// AWS Region. Default: the target's own name.
    #[schemars(extend("pattern" = schema::REGION))]
    pub region: Option<String>,
    /// Twelve-digit account id. A guard: a run that finds credentials of another account refuses the target before
    /// anything is written.
    #[schemars(regex(pattern = r"^[0-9]{12}$"))]
    pub account: Option<String>,
    /// Profile of the AWS configuration to take credentials from.
    #[schemars(length(min = 1))]
    pub profile: Option<String>,
    /// Role to assume. Placeholders: `{target}`, `{region}`, `{account}`, `{env:NAME}`.
    #[schemars(length(min = 1), extend("pattern" = schema::role_arn()))]
    pub role_arn: Option<String>,
    /// Bucket for every layer at this target, instead of the layers' own. It must be in the target's Region.
    #[schemars(length(min = 1), extend("pattern" = schema::template("a-z0-9.-", EVERYWHERE)))]
    #[schemars(extend("anyOf" = schema::lengths(3, 63)))]
    pub bucket: Option<String>,
    /// The target's failures are reported, and change neither the exit code nor what happens at other targets. Default:
    /// false.
    pub best_effort: Option<bool>,
}

/// One layer.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct LayerTable {
    /// Name in Lambda: letters, digits, `-` and `_`, at most 140, and fewer where a version's ARN would be too long.
    /// Default: the layer's key. Placeholders as in `bucket`.
    #[schemars(length(min = 1), extend("pattern" = schema::template("a-zA-Z0-9_-", EVERYWHERE)))]
    #[schemars(extend("anyOf" = schema::lengths(1, 140)))]
    pub name: Option<String>,
    /// The dependency lock file that the layer is built from: `requirements.txt`, `uv.lock`, `poetry.lock`,
    /// `package-lock.json` … Required, here or in `[defaults]`.
    #[schemars(length(min = 1), extend("not" = schema::file_path()))]
    pub manifest: Option<String>,
    /// The layer zip, or the folder it is made from: what `stage` uploads.
    #[schemars(length(min = 1))]
    pub archive: Option<String>,
    /// How the archive is built: a command for `sh`, run in the folder of the file that it is written in, without input and
    /// with the layer's key in the variable `LAYERSHIP_LAYER`. Only `layership build`, `plan --build`
    /// and `publish --build` run it.
    #[schemars(with = "Option<String>", length(min = 1, max = 10_000))]
    pub build: Option<BuildCommand>,
    /// S3 bucket of the staged archive and the backups, in the target's Region. Required, here, in `[defaults]` or at
    /// the target. Placeholders: `{layer}`, `{target}`, `{region}`, `{account}`, `{env:NAME}`.
    #[schemars(length(min = 1), extend("pattern" = schema::template("a-z0-9.-", EVERYWHERE)))]
    #[schemars(extend("anyOf" = schema::lengths(3, 63)))]
    pub bucket: Option<String>,
    /// Twelve-digit id of the account that the bucket belongs to, where it is not the target's own. Every S3 request
    /// names the owner: a bucket of the same name that somebody else registered is refused.
    #[schemars(regex(pattern = r"^[0-9]{12}$"))]
    pub bucket_owner: Option<String>,
    /// Key prefix of the staged archive and the backups. Placeholders as in `bucket`. It is `s3dir_lambda` of aws_lambda_artifact_builder.
    #[schemars(extend("default" = "layers/{layer}", "pattern" = schema::object_key(EVERYWHERE)))]
    pub prefix: Option<String>,
    /// Key of the staged archive, the zip that Lambda reads. Placeholders: also `{prefix}`.
    #[schemars(length(min = 1), extend("default" = "{prefix}/layer/layer.zip"))]
    #[schemars(extend("pattern" = schema::object_key(BELOW_PREFIX), "anyOf" = schema::lengths(1, 1011)))]
    pub staged_key: Option<String>,
    /// Key prefix of the manifest backups, and of the layer's lock. Placeholders: also `{prefix}`.
    #[schemars(length(min = 1), extend("default" = "{prefix}/layer"))]
    #[schemars(extend("pattern" = schema::object_key(BELOW_PREFIX), "anyOf" = schema::lengths(1, 1011)))]
    pub backup_prefix: Option<String>,
    /// Runtimes the layer is for, at most 15.
    #[schemars(length(max = 15), extend("items" = schema::runtime()))]
    pub compatible_runtimes: Option<Vec<Runtime>>,
    /// Architectures the layer is for.
    #[schemars(length(max = 2), extend("items" = schema::architecture()))]
    pub compatible_architectures: Option<Vec<Architecture>>,
    /// Description of a version, at most 256 characters. Not compared unless `detect` says so.
    #[schemars(extend("pattern" = schema::template("^{}", EVERYWHERE), "anyOf" = schema::lengths(0, 256)))]
    pub description: Option<String>,
    /// SPDX identifier, URL or text of the license, at most 512 characters.
    #[schemars(length(max = 512))]
    pub license: Option<String>,
    /// What counts as a change.
    #[schemars(extend("default" = ["manifest", "settings"]))]
    pub detect: Option<Vec<Detect>>,
    /// What to do with requirements that are not pinned to one version.
    #[schemars(extend("default" = "warn"))]
    pub unpinned: Option<UnpinnedPolicy>,
    /// Findings that this layer accepts: they are neither refused nor told. What Lambda or S3 would refuse all the same is no
    /// such finding: an archive that is no zip (`archive-invalid`) or too large (`archive-too-large`), for example. Default:
    /// none.
    pub allow: Option<Vec<Check>>,
    /// Who may use the versions of this layer: accounts by their twelve digits, organizations by their id
    /// (`o-abc123def4`), and `public` for everybody. What is missing is granted after each publish, and to the version in
    /// use where nothing is published; what is granted beyond that is told, and taken away by `publish --revoke` alone.
    /// `public` needs `publish --yes`, or somebody at a terminal who agrees. Default: nobody is asked about it, and nothing
    /// is granted or taken away.
    #[schemars(length(max = 50), inner(length(min = 1), regex(pattern = r"^([0-9]{12}|o-[a-z0-9]{10,32}|public)$")))]
    pub share: Option<Vec<String>>,
    /// Name of a parameter in the target's Parameter Store (Systems Manager) that holds the ARN of the version to use, a
    /// `String` such as `/layers/{layer}`. It is written after each publish, and repaired where nothing is published, only
    /// where it differs; one that holds something else is an error and stays. Placeholders as in `bucket`. Default: none.
    #[schemars(extend("pattern" = schema::template("a-zA-Z0-9_./-", EVERYWHERE), "anyOf" = schema::lengths(1, 1011)))]
    pub parameter: Option<String>,
    /// Whether documents are written beside the backup of each version, once: a bill of materials (CycloneDX 1.6, made from
    /// the manifest) and a statement of provenance (in-toto, SLSA). Default: false.
    pub attest: Option<bool>,
    /// Where the zips of versions are kept. `copy`: Lambda makes copies of its own, which count in the account's code
    /// storage. `reference`: they stay in `bucket`, which must be versioned and let Lambda read, and Lambda reads them there
    /// for as long as there are the versions. It counts for versions that are published from now on, and is no change by
    /// itself.
    #[schemars(extend("default" = "copy"))]
    pub storage: Option<Storage>,
    /// How many of the newest versions `layership prune` keeps. Without it, `prune` refuses the layer.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub keep: Option<u32>,
    /// `prune` also keeps versions that are younger than so many days. Default: age does not count.
    #[schemars(range(min = 1, max = 36_500))]
    pub keep_days: Option<u32>,
    /// Versions that `prune` never deletes, by their numbers, at whatever target. Default: none.
    #[schemars(length(max = 1000), inner(range(min = 1, max = 1_000_000_000)))]
    pub protect: Option<Vec<u64>>,
    /// Names of the targets this layer goes to, or globs such as `eu-*`. Default: all.
    #[schemars(length(min = 1, max = 1000))]
    pub targets: Option<Vec<String>>,
}

/// A command that builds a layer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct BuildCommand {
    /// The command, for a shell.
    pub command: String,
    /// The folder of the file that it is written in, relative to the first file's.
    pub folder: PathBuf,
}

impl From<String> for BuildCommand {
    fn from(command: String) -> Self {
        Self { command, folder: PathBuf::new() }
    }
}

/// A facet whose difference counts as a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Detect {
    /// The manifest's bytes against the backup of the latest version; line endings do not count.
    Manifest,
    /// What the manifest says, against the same backup: in place of `manifest`, so that comments on lines of their own, blank
    /// lines, line endings, and the order of packages and of their hashes alone do not publish. Of a manifest that cannot be
    /// read as what its name says, the bytes count. What a `requirements.txt` includes (`-r`, `-c`) counts with it.
    Dependencies,
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
pub enum UnpinnedPolicy {
    /// Say so and go on.
    #[default]
    Warn,
    /// Refuse the layer.
    Deny,
    /// Say nothing.
    Allow,
}
