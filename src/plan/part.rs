//! A run in parts, one for each machine.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::layer::{Md5, Sha256};

/// One of several parts into which a run is split, one for each machine: every job is in exactly one of them, and
/// always in the same one, whatever other jobs there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Part {
    number: u64,
    of: u64,
}

impl Part {
    /// Whether the job of this layer at this target is in it.
    pub fn has(self, layer: &str, target: &str) -> bool {
        self.with(layer, target) == self
    }

    /// Which of the same parts the job of this layer at this target is in.
    pub fn with(self, layer: &str, target: &str) -> Self {
        self.other(Md5::of(format!("{layer}\0{target}").as_bytes()).spread() % self.of + 1)
    }

    /// How many parts there are.
    pub fn of(self) -> u64 {
        self.of
    }

    /// Another of the same parts.
    pub fn other(self, number: u64) -> Self {
        Self { number, ..self }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl From<Part> for String {
    fn from(part: Part) -> Self {
        part.to_string()
    }
}

impl TryFrom<String> for Part {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// `2/5`: the second of five parts.
impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let part = text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match part {
            Some((number, of)) if 1 <= number && number <= of => Ok(Self { number, of }),
            _ => Err("expected a number and how many parts there are, such as `2/5`".to_owned()),
        }
    }
}

/// A part of a run, and of which whole it is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PartOfRun {
    /// Which part, such as `2/5`.
    #[schemars(with = "String")]
    pub part: Part,
    /// SHA-256 of the layers and targets of all jobs of all parts: parts of one run have the same.
    pub whole: String,
    /// What the build server calls the build that all parts belong to, where one says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
}

impl PartOfRun {
    /// A part of the run that has these jobs, each a layer and its target, in whatever order.
    pub fn new<'j>(part: Part, jobs: impl Iterator<Item = (&'j str, &'j str)>) -> Self {
        let mut jobs: Vec<String> = jobs.map(|(layer, target)| format!("{layer}\0{target}\0")).collect();
        jobs.sort();
        Self { part, whole: Sha256::of(jobs.concat().as_bytes()).to_string(), build: None }
    }

    /// The same, in the build that is called so.
    #[must_use]
    pub fn in_build(self, build: Option<String>) -> Self {
        Self { build, ..self }
    }
}

/// Several parts of one run, which has others as well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PartsOfRun {
    /// Which parts, such as `2/5`.
    #[schemars(with = "Vec<String>")]
    pub parts: Vec<Part>,
    /// SHA-256 of the layers and targets of all jobs of all parts, as each of them has it.
    pub whole: String,
    /// What the build server calls the build that all parts belong to, where one says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
}
