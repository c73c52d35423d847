//! What follows a version, in words.

use crate::outcome::JobReport;
use crate::report::Shown;
use crate::shown;

/// What is to be done: `to be shared with 123456789012, public`. Empty where nothing is.
pub fn planned(job: &JobReport) -> Shown {
    let Some(share) = &job.share else { return Shown::default() };
    joined(&[("to be shared with", &share.to_grant), ("to be taken from", &share.to_revoke)])
}

/// What was done: `shared with 123456789012, public`. Empty where nothing was.
pub fn done(job: &JobReport) -> Shown {
    let Some(share) = &job.share else { return Shown::default() };
    joined(&[("shared with", &share.granted), ("taken from", &share.revoked)])
}

fn joined(parts: &[(&str, &Vec<String>)]) -> Shown {
    let said = parts.iter().filter(|(_, who)| !who.is_empty());
    Shown::join(said.map(|(what, who)| shown!("{} {}", *what, who.join(", "))), "; ")
}
