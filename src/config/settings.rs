//! The settings of a run, through figment: file, then `LAYERSHIP_*` environment, then flags, each value with its origin.

use std::fmt;

use figment::providers::{Env, Serialized};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};
use serde::{Deserialize, Serialize};
use toml::de::DeValue;

use super::problem::{Problem, nearest};
use super::source::Source;

/// Prefix of the environment variables that set settings.
const ENV_PREFIX: &str = "LAYERSHIP_";
/// Variables with that prefix that are flags of the command line, not settings.
const ENV_FLAGS: [&str; 1] = ["LAYERSHIP_CONFIG"];

/// How a run behaves, settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// Jobs in flight at once.
    pub concurrency: usize,
    /// Lambda requests a second, per account and Region.
    pub lambda_requests_per_second: u32,
    /// Start nothing new after the first failure.
    pub fail_fast: bool,
    /// How long to wait for a lock that another run holds, in seconds.
    pub lock_wait_seconds: u32,
    /// Deadline of one request to AWS, in seconds.
    pub request_timeout_seconds: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            concurrency: 32,
            lambda_requests_per_second: 15,
            fail_fast: false,
            lock_wait_seconds: 60,
            request_timeout_seconds: 30,
        }
    }
}

/// The names of the settings, with the least and the greatest value of the numbers.
const BOUNDS: [(&str, Option<(i64, i64)>); 5] = [
    ("concurrency", Some((1, 1024))),
    ("lambda-requests-per-second", Some((1, 10_000))),
    ("fail-fast", None),
    ("lock-wait-seconds", Some((0, 3600))),
    ("request-timeout-seconds", Some((1, 900))),
];

/// Where one value came from, for `-v`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsOrigin {
    /// Name of the setting.
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// `default`, `layers.toml:3`, `LAYERSHIP_CONCURRENCY`, `--concurrency`.
    pub origin: String,
}

impl fmt::Display for SettingsOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {} ({})", self.name, self.value, self.origin)
    }
}

/// Settles the settings. `flags` holds what the command line says, by name.
///
/// # Errors
/// Every value that does not fit, with the place it came from.
pub fn resolve(
    source: &Source<'_>,
    flags: &[(&'static str, Value)],
) -> Result<(Settings, Vec<SettingsOrigin>, Vec<Problem>), Vec<Problem>> {
    let env = Env::prefixed(ENV_PREFIX)
        .map(|name| name.as_str().to_lowercase().replace('_', "-").into())
        .filter(|name| BOUNDS.iter().any(|(known, _)| name == *known));
    let figment = Figment::from(Serialized::defaults(Settings::default()))
        .merge(FileProvider(source))
        .merge(env)
        .merge(FlagProvider(flags));
    let problems: Vec<Problem> =
        BOUNDS.iter().filter_map(|(name, bounds)| misfit(&figment, source, name, *bounds)).collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    let settings =
        figment.extract().map_err(|error| vec![Problem::error(None, error.path.join("."), error.kind.to_string())])?;
    let origins = BOUNDS.iter().map(|(name, _)| origin(&figment, source, name)).collect();
    Ok((settings, origins, unknown_variables()))
}

/// One problem per setting at most: of the wrong kind, or out of bounds.
fn misfit(figment: &Figment, source: &Source<'_>, name: &str, bounds: Option<(i64, i64)>) -> Option<Problem> {
    let value = figment.find_value(name).ok()?;
    let expected = match (bounds, &value) {
        (None, Value::Bool(..)) => return None,
        (None, _) => "expected true or false".to_owned(),
        (Some((least, most)), value) => match number(value) {
            Some(number) if (i128::from(least)..=i128::from(most)).contains(&number) => return None,
            _ => format!("expected a number from {least} to {most}"),
        },
    };
    let found = value.as_str().map(str::to_owned).or_else(|| number(&value).map(|number| number.to_string()));
    let found = found.map(|found| format!(", found `{found}`")).unwrap_or_default();
    let message = format!("{expected}{found}");
    let in_file = figment.find_metadata(name).is_some_and(|metadata| metadata.name == FILE);
    Some(if in_file {
        Problem::error(source.line(&["settings", name]), format!("settings.{name}"), message)
    } else {
        Problem::error(None, describe(figment, source, name), message).elsewhere()
    })
}

fn origin(figment: &Figment, source: &Source<'_>, name: &'static str) -> SettingsOrigin {
    let value = figment.find_value(name).ok();
    let shown = value.as_ref().map_or(String::new(), |value| match value {
        Value::Bool(_, flag) => flag.to_string(),
        other => number(other).map(|number| number.to_string()).unwrap_or_default(),
    });
    SettingsOrigin { name, value: shown, origin: describe(figment, source, name) }
}

fn describe(figment: &Figment, source: &Source<'_>, name: &str) -> String {
    let metadata = figment.find_metadata(name).map(|metadata| metadata.name.as_ref());
    match metadata {
        Some(FILE) => match source.line(&["settings", name]) {
            Some(line) => format!("{}:{line}", source.path().display()),
            None => source.path().display().to_string(),
        },
        Some(FLAGS) => format!("--{name}"),
        Some(other) if other.contains("environment") => {
            format!("{ENV_PREFIX}{}", name.to_uppercase().replace('-', "_"))
        }
        _ => "default".to_owned(),
    }
}

/// A misspelt variable would silently do nothing: say so.
fn unknown_variables() -> Vec<Problem> {
    let known: Vec<String> =
        BOUNDS.iter().map(|(name, _)| format!("{ENV_PREFIX}{}", name.to_uppercase().replace('-', "_"))).collect();
    let mut unknown: Vec<String> = std::env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| name.starts_with(ENV_PREFIX) && !known.contains(name) && !ENV_FLAGS.contains(&name.as_str()))
        .collect();
    unknown.sort();
    unknown.into_iter().map(|name| unknown_variable(&name, &known)).collect()
}

fn unknown_variable(name: &str, known: &[String]) -> Problem {
    let problem = Problem::warning(None, name, "this environment variable sets nothing").elsewhere();
    match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem,
    }
}

const FILE: &str = "layers file";
const FLAGS: &str = "command line";

/// The `[settings]` table: figment's own TOML provider would lose the lines and bring a second TOML parser.
struct FileProvider<'a>(&'a Source<'a>);

impl Provider for FileProvider<'_> {
    fn metadata(&self) -> Metadata {
        Metadata::named(FILE)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        // An unknown key is a problem of the file, and told as one.
        let known = |name: &str| BOUNDS.iter().any(|(known, _)| *known == name);
        let table = self.0.settings().into_iter().flatten().filter(|(key, _)| known(key.get_ref()));
        let dict = table.map(|(key, value)| (key.get_ref().to_string(), figment_value(value.get_ref()))).collect();
        Ok(Profile::Default.collect(dict))
    }
}

fn figment_value(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::Boolean(flag) => Value::from(*flag),
        DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(number) => Value::from(number),
            Err(_) => Value::from(integer.as_str()),
        },
        other => Value::from(other.as_str().unwrap_or(other.type_str())),
    }
}

/// What the command line says.
struct FlagProvider<'a>(&'a [(&'static str, Value)]);

impl Provider for FlagProvider<'_> {
    fn metadata(&self) -> Metadata {
        Metadata::named(FLAGS)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let dict = self.0.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        Ok(Profile::Default.collect(dict))
    }
}

/// A whole number, whichever way figment holds it.
fn number(value: &Value) -> Option<i128> {
    value.to_i128().or_else(|| value.to_u128().and_then(|number| i128::try_from(number).ok()))
}
