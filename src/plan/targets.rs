//! The targets of a layers file, and which of them a layer goes to.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Target;
use super::problems::Problems;
use crate::config::{LayerTable, Problem, Scope, TargetTable, nearest, render};
use crate::layer::{AccountId, Region};

/// What a plan takes from its surroundings.
pub struct Ambient<'a> {
    /// Region of the ambient AWS configuration.
    pub region: Option<String>,
    /// Looks an environment variable up.
    pub env: &'a dyn Fn(&str) -> Option<String>,
}

/// All targets; without any in the file there is one, from the ambient configuration.
pub fn targets(
    tables: &BTreeMap<String, TargetTable>,
    ambient: &Ambient<'_>,
    problems: &mut Problems<'_>,
) -> Vec<Arc<Target>> {
    if tables.is_empty() {
        return ambient_target(ambient, problems).into_iter().map(Arc::new).collect();
    }
    tables.iter().filter_map(|(name, table)| target(name, table, ambient, problems)).map(Arc::new).collect()
}

fn ambient_target(ambient: &Ambient<'_>, problems: &mut Problems<'_>) -> Option<Target> {
    let Some(region) = &ambient.region else {
        let problem = "there is no target, and the AWS configuration names no Region";
        problems.extend([Problem::error(None, "targets", problem)
            .hint("set AWS_REGION, or a region in the AWS profile, or add a target such as `[targets.us-east-1]`")]);
        return None;
    };
    match region.parse() {
        Ok(parsed) => {
            Some(Target { name: region.clone(), region: parsed, account: None, profile: None, role_arn: None })
        }
        Err(unfit) => {
            let problem = Problem::error(None, "targets", format!("`{region}` {unfit}"));
            problems.extend([problem.hint("correct AWS_REGION, or the region in the AWS profile")]);
            None
        }
    }
}

fn target(name: &str, table: &TargetTable, ambient: &Ambient<'_>, problems: &mut Problems<'_>) -> Option<Target> {
    let region = match table.region.as_deref().unwrap_or(name).parse::<Region>() {
        Ok(region) => region,
        Err(unfit) => {
            match &table.region {
                Some(region) => problems.error(&["targets", name, "region"], format!("`{region}` {unfit}")),
                None => {
                    problems.error(&["targets", name], format!("`{name}` {unfit}; add `region = \"…\"` to the target"))
                }
            }
            return None;
        }
    };
    let account = table.account.as_deref().map(str::parse::<AccountId>).transpose();
    let account = account.map_err(|unfit| problems.error(&["targets", name, "account"], unfit.to_string())).ok()?;
    let scope = Scope {
        target: name,
        region: region.as_str(),
        account: account.as_ref().map(AccountId::as_str),
        ..Scope::default()
    };
    let filled = table.role_arn.as_deref().map(|template| render(template, &scope, ambient.env)).transpose();
    let role_arn =
        filled.and_then(|role| role.map(|role| role.parse().map_err(|unfit| format!("`{role}` {unfit}"))).transpose());
    match role_arn {
        Ok(role_arn) => {
            Some(Target { name: name.to_owned(), region, account, profile: table.profile.clone(), role_arn })
        }
        Err(message) => {
            problems.error(&["targets", name, "role-arn"], message);
            None
        }
    }
}

/// The targets that the layer goes to. `own` is the layer as it is written, `layer` has the defaults in it.
pub fn targets_of(
    key: &str,
    own: &LayerTable,
    layer: &LayerTable,
    targets: &[Arc<Target>],
    problems: &mut Problems<'_>,
) -> Vec<Arc<Target>> {
    let Some(names) = &layer.targets else { return targets.to_vec() };
    let place: &[&str] = if own.targets.is_some() { &["layers", key, "targets"] } else { &["defaults", "targets"] };
    if names.is_empty() {
        problems.error(place, "names no target; leave it out for all of them");
    }
    let mut chosen: Vec<Arc<Target>> = Vec::new();
    for name in names {
        match targets.iter().find(|target| target.name == *name) {
            Some(target) if chosen.contains(target) => {}
            Some(target) => chosen.push(Arc::clone(target)),
            None => problems.error(place, format!("there is no target `{name}`; {}", suggestion(name, targets))),
        }
    }
    chosen
}

fn suggestion(name: &str, targets: &[Arc<Target>]) -> String {
    let known: Vec<&str> = targets.iter().map(|target| target.name.as_str()).collect();
    nearest(name, known.iter().copied())
        .map_or_else(|| format!("known targets: {}", known.join(", ")), |near| format!("did you mean `{near}`?"))
}
