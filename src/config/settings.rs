//! The settings of a run: file, then `LAYERSHIP_*` environment, then flags, each value with its origin.
//!
//! [`SettingsTable`] declares each of them once. Its field is the flag and the key of the file; its documentation is the
//! help and the reference; its bounds and its default stand in the schema, and everything else reads them there.

use std::fmt;

use clap::Args;
use figment::providers::Env;
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use toml::de::DeValue;

use super::expected::SchemaNode;
use super::number::whole;
use super::origin::Origin;
use super::problem::Problem;
use super::problems::Problems;
use super::words::{excerpt, nearest};

/// Prefix of the environment variables that set settings.
const ENV_PREFIX: &str = "LAYERSHIP_";
/// Variables with that prefix that are no settings: a flag of the command line, what a build is told, and the page of the
/// build that runs layership.
const NOT_SETTINGS: [&str; 3] = ["LAYERSHIP_CONFIG", "LAYERSHIP_LAYER", "LAYERSHIP_RUN_URL"];

/// How a run behaves.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema, Args)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct SettingsTable {
    /// Jobs in flight at once
    #[schemars(range(min = 1, max = 1024), extend("default" = 32))]
    #[arg(long, value_name = "N", help_heading = "Settings")]
    #[arg(value_parser = whole::<u32>, allow_negative_numbers = true)]
    pub concurrency: Option<u32>,
    /// Lambda requests a second, per account and Region
    ///
    /// Lambda allows 15 for all tools of an account together: lower it where others need their share.
    #[schemars(range(min = 1, max = 10_000), extend("default" = 15))]
    #[arg(long, value_name = "N", help_heading = "Settings")]
    #[arg(value_parser = whole::<u32>, allow_negative_numbers = true)]
    pub lambda_requests_per_second: Option<u32>,
    /// Start nothing new after the first failure
    #[schemars(extend("default" = false))]
    #[arg(long, value_name = "true|false", help_heading = "Settings", hide_possible_values = true)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub fail_fast: Option<bool>,
    /// How long to wait for a layer's lock that another run holds
    #[schemars(range(min = 0, max = 3600), extend("default" = 60))]
    #[arg(long, value_name = "SECONDS", help_heading = "Settings")]
    #[arg(value_parser = whole::<u32>, allow_negative_numbers = true)]
    pub lock_wait_seconds: Option<u32>,
    /// How long a publish whose answer was lost may take to show up
    ///
    /// It counts from when Lambda would refuse the request as too old. Until then the version is looked for and nothing
    /// is sent again: less than Lambda needs, or than its lists lag behind, risks a second version.
    #[schemars(range(min = 10, max = 900), extend("default" = 60))]
    #[arg(long, value_name = "SECONDS", help_heading = "Settings")]
    #[arg(value_parser = whole::<u32>, allow_negative_numbers = true)]
    pub publish_settle_seconds: Option<u32>,
    /// Deadline of one request to AWS
    ///
    /// Publishing a version has four times as long, a transfer twice as long and a second more for each 128 KiB.
    #[schemars(range(min = 1, max = 900), extend("default" = 30))]
    #[arg(long, value_name = "SECONDS", help_heading = "Settings")]
    #[arg(value_parser = whole::<u32>, allow_negative_numbers = true)]
    pub request_timeout_seconds: Option<u32>,
}

/// The settings, settled: [`SettingsTable`] with every value there.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[allow(missing_docs, reason = "they are documented where they are declared")]
pub struct Settings {
    pub concurrency: usize,
    pub lambda_requests_per_second: u32,
    pub fail_fast: bool,
    pub lock_wait_seconds: u32,
    pub publish_settle_seconds: u32,
    pub request_timeout_seconds: u32,
}

/// One setting with what its declaration says.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Its key in the layers file; with two dashes its flag.
    pub name: String,
    /// The value where nobody sets it.
    pub default: Json,
    bounds: Option<(i64, i64)>,
}

impl Setting {
    /// All settings, by name.
    pub fn all() -> Vec<Self> {
        let schema = schemars::schema_for!(SettingsTable);
        let table = SchemaNode::root(schema.as_value());
        let described = |name: &str| {
            let field = table.property(name)?;
            let bounds = field.bound("minimum").zip(field.bound("maximum"));
            Some(Self { name: name.to_owned(), default: field.default()?.clone(), bounds })
        };
        table.names().into_iter().filter_map(described).collect()
    }

    /// The environment variable that sets it.
    pub fn variable(&self) -> String {
        format!("{ENV_PREFIX}{}", self.name.to_uppercase().replace('-', "_"))
    }

    /// Why a value cannot be its value.
    fn misfit(&self, value: &Value) -> Option<String> {
        let expected = match self.bounds {
            None if value.to_bool().is_some() => return None,
            None => "expected true or false".to_owned(),
            Some((least, most)) => match whole_number(value) {
                Some(number) if (i128::from(least)..=i128::from(most)).contains(&number) => return None,
                _ => format!("expected a number from {least} to {most}"),
            },
        };
        let found = value.as_str().map(excerpt).or_else(|| whole_number(value).map(|number| number.to_string()));
        Some(found.map_or(expected.clone(), |found| format!("{expected}, found `{found}`")))
    }

    fn origin(&self, figment: &Figment, problems: &Problems<'_>) -> Option<Origin> {
        let metadata = figment.find_metadata(&self.name)?;
        match metadata.name.as_ref() {
            DEFAULTS => None,
            FILE => Some(problems.source().origin(&["settings", &self.name])),
            FLAGS => Some(Origin::Flag(self.name.clone())),
            _ => Some(Origin::Variable(self.variable())),
        }
    }
}

/// Where one value came from, for `-v`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingOrigin {
    /// Name of the setting.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Where it was written; `None` for the default.
    pub origin: Option<Origin>,
}

/// `concurrency = 32 (default)`
impl fmt::Display for SettingOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {} (", self.name, self.value)?;
        match &self.origin {
            Some(origin) => write!(f, "{origin})"),
            None => f.write_str("default)"),
        }
    }
}

/// Settles the settings; `None` where a value that does not fit was told.
pub fn settle(flags: &SettingsTable, problems: &mut Problems<'_>) -> Option<(Settings, Vec<SettingOrigin>)> {
    let all = Setting::all();
    let names: Vec<String> = all.iter().map(|setting| setting.name.clone()).collect();
    let env = Env::prefixed(ENV_PREFIX)
        .map(|name| name.as_str().to_lowercase().replace('_', "-").into())
        .filter(move |name| names.iter().any(|known| name == known.as_str()));
    let figment = Figment::from(SettingsSource::defaults(&all))
        .merge(SettingsSource::file(&all, problems))
        .merge(env)
        .merge(SettingsSource::flags(flags));
    for setting in &all {
        let misfit = figment.find_value(&setting.name).ok().and_then(|value| setting.misfit(&value));
        if let Some((message, origin)) = misfit.zip(setting.origin(&figment, problems)) {
            problems.push(Problem::error(origin, "", message));
        }
    }
    unknown_variables(&all, problems);
    let settings = figment.extract().ok()?;
    let told = |setting: &Setting| SettingOrigin {
        name: setting.name.clone(),
        value: figment.find_value(&setting.name).map(|value| shown(&value)).unwrap_or_default(),
        origin: setting.origin(&figment, problems),
    };
    Some((settings, all.iter().map(told).collect()))
}

/// A misspelt variable would silently do nothing: say so.
fn unknown_variables(all: &[Setting], problems: &mut Problems<'_>) {
    let known: Vec<String> = all.iter().map(Setting::variable).collect();
    let is_unknown =
        |name: &String| name.starts_with(ENV_PREFIX) && !known.contains(name) && !NOT_SETTINGS.contains(&name.as_str());
    let mut unknown: Vec<String> =
        std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).filter(is_unknown).collect();
    unknown.sort();
    for name in unknown {
        let problem = Problem::warning(
            "setting-unknown",
            Origin::Variable(excerpt(&name)),
            "",
            "this environment variable is not a setting",
        );
        problems.push(problem.did_you_mean(nearest(&name, known.iter().map(String::as_str))));
    }
}

const DEFAULTS: &str = "defaults";
const FILE: &str = "layers file";
const FLAGS: &str = "command line";

/// Values from one place. figment's own TOML provider would lose the lines and bring a second TOML parser.
struct SettingsSource {
    from: &'static str,
    values: Dict,
}

impl SettingsSource {
    fn defaults(all: &[Setting]) -> Self {
        let values = all.iter().map(|setting| (setting.name.clone(), from_json(&setting.default)));
        Self { from: DEFAULTS, values: values.collect() }
    }

    /// What the file says, without what was told to be wrong already.
    fn file(all: &[Setting], problems: &Problems<'_>) -> Self {
        let table = problems.source().tree().get_ref().get("settings").map(toml::Spanned::get_ref);
        let values = table.and_then(DeValue::as_table).into_iter().flatten().filter_map(|(key, value)| {
            let setting = all.iter().find(|setting| setting.name == key.get_ref().as_ref())?;
            let value = from_toml(value.get_ref())?;
            setting.misfit(&value).is_none().then(|| (setting.name.clone(), value))
        });
        Self { from: FILE, values: values.collect() }
    }

    fn flags(flags: &SettingsTable) -> Self {
        let given = serde_json::to_value(flags).unwrap_or_default();
        let given = given.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
        Self { from: FLAGS, values: given.map(|(name, value)| (name.clone(), from_json(value))).collect() }
    }
}

impl Provider for SettingsSource {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.from)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}

fn from_json(value: &Json) -> Value {
    match (value.as_bool(), value.as_i64()) {
        (Some(flag), _) => Value::from(flag),
        (None, number) => Value::from(number.unwrap_or_default()),
    }
}

fn from_toml(value: &DeValue<'_>) -> Option<Value> {
    match value {
        DeValue::Boolean(flag) => Some(Value::from(*flag)),
        DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix()).ok().map(Value::from),
        _ => None,
    }
}

fn shown(value: &Value) -> String {
    value
        .to_bool()
        .map(|flag| flag.to_string())
        .or_else(|| whole_number(value).map(|number| number.to_string()))
        .unwrap_or_default()
}

/// A whole number, whichever way figment holds it.
fn whole_number(value: &Value) -> Option<i128> {
    value.to_i128().or_else(|| value.to_u128().and_then(|number| i128::try_from(number).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_has_a_default_within_its_bounds_and_a_settled_field() {
        let all = Setting::all();
        let misfits = all.iter().filter_map(|setting| setting.misfit(&from_json(&setting.default)));
        assert_eq!(misfits.collect::<Vec<_>>(), [""; 0]);
        let settled = Figment::from(SettingsSource::defaults(&all)).extract::<Settings>().unwrap();
        assert_eq!((settled.concurrency, settled.publish_settle_seconds, all.len()), (32, 60, 6));
    }
}
