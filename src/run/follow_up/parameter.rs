//! A parameter holds the version's ARN: it is written where it differs, and never made to name an older version than it
//! does.

use super::super::RunOptions;
use super::super::site::Site;
use super::super::trail::Trail;
use super::Followed;
use crate::aws::{Parameter, Written};
use crate::event::{Activity, Fact, Mode};
use crate::layer::{LayerArn, ParameterName, VersionArn};
use crate::outcome::{ErrorCode, JobError};

/// How often a parameter that somebody else made meanwhile is looked at again.
const ATTEMPTS: u32 = 3;

/// What is to be done about a parameter.
///
/// | it holds | then |
/// |---|---|
/// | – (it is not there) | it is made |
/// | the ARN | nothing |
/// | a lower version of the layer | it is written |
/// | a higher version of the layer | it is left alone, if there is such a version |
/// | anything else, or is of another type | it is refused: somebody uses it for something else |
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Make,
    Same,
    Overwrite,
    Newer(u64),
    Foreign(String),
}

/// What to do about the parameter that is to hold a version of the layer; without a number, one that is still to come,
/// which is higher than all.
fn judge(found: Option<&Parameter>, layer: &LayerArn, number: Option<u64>) -> Verdict {
    let Some(found) = found else { return Verdict::Make };
    if !found.is_string {
        return Verdict::Foreign(format!("is a {}", found.kind));
    }
    let held = match found.value.parse::<VersionArn>() {
        Ok(held) if held.layer == *layer => held.number,
        Ok(held) => return Verdict::Foreign(format!("holds {held}")),
        // It may be anything, a secret too.
        Err(_) => return Verdict::Foreign("holds something that is not the ARN of a layer version".to_owned()),
    };
    match number {
        Some(number) if held == number => Verdict::Same,
        Some(number) if held > number => Verdict::Newer(held),
        _ => Verdict::Overwrite,
    }
}

/// Writes the version's ARN into the parameter.
pub async fn parameter(
    site: Site<'_>,
    name: &ParameterName,
    version: Followed,
    options: &RunOptions,
    trail: &mut Trail,
) -> Result<(), JobError> {
    trail.enter(Activity::Announcing);
    let number = match version {
        Followed::ToCome => None,
        Followed::New(number) | Followed::There(number) => Some(number),
    };
    let layer = trail.report().layer_arn.as_deref().and_then(|arn| arn.parse().ok()).or_else(|| site.layer_arn());
    let Some(layer) = layer else {
        // A first version in a plan, by credentials that nobody tells the account of.
        trail.found(Fact::ParameterCompared { name: name.clone(), holds: None, to_write: true });
        return Ok(());
    };
    let announce = Announce { site, name, layer, number };
    announce.run(version, options, trail).await.map_err(|error| announce.failed(error))
}

struct Announce<'a> {
    site: Site<'a>,
    name: &'a ParameterName,
    layer: LayerArn,
    number: Option<u64>,
}

impl Announce<'_> {
    async fn run(&self, version: Followed, options: &RunOptions, trail: &mut Trail) -> Result<(), JobError> {
        // What was read together with others may be old. That is as good where it says that nothing is to be done.
        let mut found = match version {
            Followed::New(_) => self.site.parameter(self.name).await?,
            Followed::ToCome | Followed::There(_) => self.site.parameter_at_a_glance(self.name).await?,
        };
        let mut is_fresh = matches!(version, Followed::New(_));
        let mut attempts = 0;
        loop {
            let verdict = judge(found.as_ref(), &self.layer, self.number);
            let is_over = options.mode == Mode::Plan || verdict == Verdict::Same;
            if !is_fresh && !is_over {
                found = self.site.parameter(self.name).await?;
                is_fresh = true;
                continue;
            }
            let overwrite = self.decide(verdict, trail).await?;
            let holds = found.as_ref().and_then(|found| found.value.parse().ok());
            let to_write = overwrite.is_some();
            options.approval.hold_parameter(self.site.job, to_write)?;
            trail.found(Fact::ParameterCompared { name: self.name.clone(), holds, to_write });
            let (Some(overwrite), Some(number)) = (overwrite, self.number) else { return Ok(()) };
            if options.mode == Mode::Plan {
                return Ok(());
            }
            let arn = self.layer.clone().version(number);
            match self.site.write_parameter(self.name, &arn, overwrite).await? {
                Written::Done => {
                    trail.found(Fact::ParameterWritten { name: self.name.clone(), arn });
                    return Ok(());
                }
                Written::AlreadyThere if attempts < ATTEMPTS => {
                    attempts += 1;
                    found = self.site.parameter(self.name).await?;
                }
                Written::AlreadyThere => {
                    let message =
                        "the service says that it is there when it is made, and that it is not when it is read";
                    return Err(JobError::new(ErrorCode::ParameterFailed, message));
                }
            }
        }
    }

    /// Whether it is written, and over the one that is there.
    async fn decide(&self, verdict: Verdict, trail: &mut Trail) -> Result<Option<bool>, JobError> {
        match verdict {
            Verdict::Make => Ok(Some(false)),
            Verdict::Overwrite => Ok(Some(true)),
            Verdict::Same => Ok(None),
            Verdict::Newer(held) if self.site.version(held).await?.is_some() => {
                let (name, layer) = (self.name, &self.site.job.name);
                let message = format!(
                    "parameter `{name}` names version {held} of layer `{layer}`, which is newer than {}, and was left alone",
                    self.number.unwrap_or_default()
                );
                trail.warn("parameter-newer", message);
                Ok(None)
            }
            Verdict::Newer(_) => Ok(Some(true)),
            Verdict::Foreign(what) => {
                let region = &self.site.job.target.region;
                let name = self.name;
                let error = JobError::new(ErrorCode::ParameterFailed, format!("parameter `{name}` {what}"));
                Err(error.hint(format!(
                    "it is not overwritten: choose another name, or delete it if nobody needs it (`aws ssm delete-parameter \
                     --region {region} --name {name}`), and run the same command again"
                )))
            }
        }
    }

    /// The version is there all the same: its ARN is told.
    fn failed(&self, error: JobError) -> JobError {
        if error.code == ErrorCode::PlanStale {
            return error;
        }
        let what = match self.number {
            Some(number) => {
                format!("{} could not be written to parameter `{}`", self.layer.clone().version(number), self.name)
            }
            None => format!("parameter `{}` could not be written after the publish", self.name),
        };
        let mut error = error.context(what);
        error.code = ErrorCode::ParameterFailed;
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYER: &str = "arn:aws:lambda:us-east-1:123456789012:layer:numpy";

    fn judged(kind: &str, value: &str, number: Option<u64>) -> Verdict {
        let found = Parameter { is_string: kind == "String", kind: kind.to_owned(), value: value.to_owned() };
        judge(Some(&found), &LAYER.parse().unwrap(), number)
    }

    #[test]
    fn the_table() {
        let version = |number: u64| format!("{LAYER}:{number}");
        assert_eq!(judge(None, &LAYER.parse().unwrap(), Some(3)), Verdict::Make);
        assert_eq!(judged("String", &version(3), Some(3)), Verdict::Same);
        assert_eq!(judged("String", &version(2), Some(3)), Verdict::Overwrite);
        assert_eq!(judged("String", &version(4), Some(3)), Verdict::Newer(4));
        // What is to come is the newest.
        assert_eq!(judged("String", &version(4), None), Verdict::Overwrite);
        let foreign = |kind: &str, value: &str| matches!(judged(kind, value, Some(3)), Verdict::Foreign(_));
        assert!(foreign("SecureString", &version(3)) && foreign("StringList", &version(3)));
        assert!(foreign("String", "") && foreign("String", LAYER) && foreign("String", "hunter2"));
        assert!(foreign("String", &version(3).replace("numpy", "scipy")));
        assert!(foreign("String", &version(3).replace("9012", "9013")));
        let Verdict::Foreign(what) = judged("String", "hunter2", Some(3)) else { panic!("not refused") };
        assert!(!what.contains("hunter2"), "a value may be a secret");
    }
}
