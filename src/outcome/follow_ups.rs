//! What followed a version.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who may use the version: accounts, organizations, `public`; or `statement ID`, where a statement of the version's
/// policy says something else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ShareReport {
    /// Who was let in before, as the layers file wants it.
    pub there: Vec<String>,
    /// Who is to be let in: in a plan, or where granting failed.
    pub to_grant: Vec<String>,
    /// Who was let in by this run.
    pub granted: Vec<String>,
    /// Who is let in although the layers file does not say so, and was left so.
    pub extra: Vec<String>,
    /// Who is not to be let in any more: in a plan with `--revoke`, or where that failed.
    pub to_revoke: Vec<String>,
    /// Who was let in before, and is no longer.
    pub revoked: Vec<String>,
}

impl ShareReport {
    /// Whether something is left to be done.
    pub fn is_open(&self) -> bool {
        !self.to_grant.is_empty() || !self.to_revoke.is_empty()
    }

    /// Whether something was done.
    pub fn is_changed(&self) -> bool {
        !self.granted.is_empty() || !self.revoked.is_empty()
    }

    /// Notes that somebody was let in.
    pub fn grant(&mut self, to: &str) {
        self.to_grant.retain(|other| other != to);
        self.granted.push(to.to_owned());
    }

    /// Notes that somebody is not let in any more.
    pub fn revoke(&mut self, from: &str) {
        self.to_revoke.retain(|other| other != from);
        self.revoked.push(from.to_owned());
    }
}

/// The parameter that holds the ARN of the version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ParameterReport {
    /// Its name.
    pub name: String,
    /// The ARN of a layer version that it held before, if it held one.
    pub held: Option<String>,
    /// Whether it is to be written: in a plan, or where that failed.
    pub to_write: bool,
    /// Whether it was written by this run.
    pub written: bool,
}

/// The documents beside the backup of the version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AttestReport {
    /// S3 URI of the bill of materials; null in a plan of a version that is still to come.
    pub sbom: Option<String>,
    /// S3 URI of the statement of provenance; null in the same case.
    pub provenance: Option<String>,
    /// Whether they are to be written: in a plan, or where that failed.
    pub to_write: bool,
    /// Whether they were written by this run.
    pub written: bool,
}
