//! Reading a saved plan: one that was changed after it was made, or that this version cannot know all of, is refused.

use serde::Deserialize;
use thiserror::Error;

use super::{OLDEST_VERSION, PLAN_VERSION, SavedPlan};

/// A saved plan cannot be used. The words follow the name of the file.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum SavedPlanError {
    /// It is something else.
    #[error("is not a saved plan: {0}")]
    NotAPlan(String),
    /// Another version of layership made it.
    #[error("has format {0}, and this layership knows formats {OLDEST_VERSION} to {PLAN_VERSION}")]
    OtherFormat(u64),
    /// Its digest is not the one of what it holds.
    #[error("was changed after it was made: it says digest {0}, but what it holds has {1}")]
    Changed(String, String),
}

/// What every format has, whatever else is in it.
#[derive(Deserialize)]
struct Version {
    plan: Option<u64>,
}

impl SavedPlan {
    /// Reads a plan.
    ///
    /// # Errors
    /// See [`SavedPlanError`].
    pub fn parse(text: &[u8]) -> Result<Self, SavedPlanError> {
        let not_one = |error: serde_json::Error| SavedPlanError::NotAPlan(error.to_string());
        let format: Version = serde_json::from_slice(text).map_err(not_one)?;
        match format.plan {
            Some(format) if (u64::from(OLDEST_VERSION)..=u64::from(PLAN_VERSION)).contains(&format) => {}
            Some(format) => return Err(SavedPlanError::OtherFormat(format)),
            None => return Err(SavedPlanError::NotAPlan("it has no `plan` with a format".to_owned())),
        }
        let plan: Self = serde_json::from_slice(text).map_err(not_one)?;
        match plan.digested() {
            digest if digest == plan.digest => Ok(plan),
            digest => Err(SavedPlanError::Changed(plan.digest, digest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Sha256;
    use crate::plan::Selection;
    use crate::plan::saved::SavedOptions;

    fn text() -> String {
        SavedPlan::new(Sha256::of(b"file"), Selection::default(), SavedOptions::default(), Vec::new()).to_json()
    }

    #[test]
    fn a_plan_is_read_as_it_was_written() {
        assert_eq!(SavedPlan::parse(text().as_bytes()).unwrap().to_json(), text());
    }

    #[test]
    fn whoever_changes_anything_changes_the_digest() {
        let changed = text().replace("\"force\": false", "\"force\": true");
        assert!(matches!(SavedPlan::parse(changed.as_bytes()), Err(SavedPlanError::Changed(..))));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let error = |text: &str| SavedPlan::parse(text.as_bytes()).unwrap_err().to_string();
        for unknown in [0, 3, 4_000_000_000_u64] {
            assert_eq!(
                error(&text().replace("\"plan\": 2", &format!("\"plan\": {unknown}"))),
                format!("has format {unknown}, and this layership knows formats 1 to 2")
            );
        }
        assert_eq!(error("{}"), "is not a saved plan: it has no `plan` with a format");
        assert!(error(&text().replace("\"jobs\"", "\"more\": 1, \"jobs\"")).contains("unknown field `more`"));
        assert!(error("layers = 1").starts_with("is not a saved plan: "));
    }
}
