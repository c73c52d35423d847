//! The targets of a layers file, and which of them a layer goes to.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Target;
use super::problems::Problems;
use crate::config::{LayerTable, Problem, Scope, TargetTable, nearest, render};

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
    let Some(region) = ambient.region.clone() else {
        let problem = "there is no target, and the AWS configuration names no Region";
        problems.extend([Problem::error(None, "targets", problem)
            .hint("set AWS_REGION, or a region in the AWS profile, or add a target such as `[targets.us-east-1]`")]);
        return None;
    };
    Some(Target { name: region.clone(), region, account: None, profile: None, role_arn: None })
}

fn target(name: &str, table: &TargetTable, ambient: &Ambient<'_>, problems: &mut Problems<'_>) -> Option<Target> {
    let region = table.region.clone().unwrap_or_else(|| name.to_owned());
    if !looks_like_region(&region) {
        match &table.region {
            Some(_) => problems.error(&["targets", name, "region"], format!("`{region}` is no AWS Region")),
            None => problems
                .error(&["targets", name], format!("`{name}` is no AWS Region; add `region = \"…\"` to the target")),
        }
        return None;
    }
    let (account, profile) = (table.account.clone(), table.profile.clone());
    let scope = Scope { target: name, region: &region, account: account.as_deref(), ..Scope::default() };
    let role_arn = table.role_arn.as_deref().map(|template| render(template, &scope, ambient.env)).transpose();
    match role_arn {
        Ok(role_arn) => Some(Target { name: name.to_owned(), region, account, profile, role_arn }),
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

fn looks_like_region(region: &str) -> bool {
    let mut parts: Vec<&str> = region.split('-').collect();
    let number = parts.pop().is_some_and(|last| !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()));
    let word = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    number && parts.len() >= 2 && parts.iter().all(word)
}
