//! Looking for versions: by number, because a list may lag and a version itself is there or not, and in the list,
//! because numbers of deleted versions are never given again and a version may lie behind such a gap.

use std::collections::BTreeMap;

use futures::future::join_all;
use layership_protocol::{Ask, Sight, Version};

use super::super::site::Site;
use crate::layer::{LayerVersion, Sha256};
use crate::outcome::JobError;

/// What was found, by number.
pub type Versions = BTreeMap<Version, LayerVersion>;

/// Looks once. What was found is told beside an error too.
pub async fn look(site: Site<'_>, ask: &Ask, neighbours: u64) -> (Versions, Option<JobError>) {
    let (numbered, listed) = tokio::join!(by_number(site, &ask.versions), site.listed());
    let (mut versions, mut error) = numbered;
    match listed {
        Ok(Some(listed)) => {
            let highest = listed.arn.number;
            versions.entry(highest).or_insert(listed);
            if ask.sha256.is_some() {
                let first = (ask.above + 1).max(highest.saturating_sub(neighbours) + 1);
                let unknown = |version: &u64| versions.get(version).is_none_or(|found| found.sha256.is_none());
                let rest: Vec<u64> = (first..=highest).filter(unknown).collect();
                let (more, failed) = by_number(site, &rest).await;
                versions.extend(more);
                error = error.or(failed);
            }
        }
        Ok(None) => {}
        Err(failed) => error = Some(failed),
    }
    (versions, error)
}

/// What was found means this to the protocol.
pub fn sight(versions: &Versions, ask: &Ask) -> Sight {
    let wanted = ask.sha256.map(|sha256| Sha256::from_bytes(sha256.0));
    let matching = versions.range(ask.above + 1..).rev();
    let matching =
        matching.filter(|(_, found)| wanted.is_some() && found.sha256 == wanted).map(|(version, _)| *version);
    Sight { highest: versions.keys().next_back().copied().unwrap_or_default(), matching: matching.take(1).next() }
}

async fn by_number(site: Site<'_>, versions: &[Version]) -> (Versions, Option<JobError>) {
    let answers = join_all(versions.iter().map(|version| site.version(*version))).await;
    let (mut found, mut error) = (Versions::new(), None);
    for (version, answer) in versions.iter().zip(answers) {
        match answer {
            Ok(answer) => found.extend(answer.map(|answer| (*version, answer))),
            Err(failed) => error = error.or(Some(failed)),
        }
    }
    (found, error)
}
