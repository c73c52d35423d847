//! Others may use the version: who is missing is let in, who is not wanted is told, or shut out with `--revoke`.

use std::collections::BTreeSet;

use super::super::RunOptions;
use super::super::site::Site;
use super::super::trail::Trail;
use super::Followed;
use crate::event::{Activity, Fact, Mode};
use crate::layer::{Grant, Grantee};
use crate::outcome::{ErrorCode, JobError};

/// What is to be done about who may use a version.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Who is let in, as it is wanted.
    pub there: Vec<Grantee>,
    /// Who is not, and should be.
    pub missing: Vec<Grantee>,
    /// What lets in who is not wanted.
    pub extra: Vec<Grant>,
}

/// What leads from these grants to the wanted ones. Whose statement it is does not matter: somebody may have granted by
/// hand what is wanted.
pub fn changes(wanted: &BTreeSet<Grantee>, grants: BTreeSet<Grant>) -> Changes {
    let (fitting, extra): (Vec<Grant>, Vec<Grant>) =
        grants.into_iter().partition(|grant| grant.to.as_ref().is_some_and(|to| wanted.contains(to)));
    let let_in: BTreeSet<Grantee> = fitting.into_iter().filter_map(|grant| grant.to).collect();
    let missing = wanted.difference(&let_in).cloned().collect();
    Changes { there: let_in.into_iter().collect(), missing, extra }
}

/// Shares a version with those who are named.
pub async fn share(
    site: Site<'_>,
    wanted: &BTreeSet<Grantee>,
    version: Followed,
    options: &RunOptions,
    trail: &mut Trail,
) -> Result<(), JobError> {
    trail.enter(Activity::Sharing);
    let grants = match version {
        Followed::ToCome | Followed::New(_) => BTreeSet::new(),
        Followed::There(number) => site.grants(number).await?,
    };
    let changes = changes(wanted, grants);
    let (to_revoke, extra) =
        if options.revoke { (texts(&changes.extra), Vec::new()) } else { (Vec::new(), texts(&changes.extra)) };
    let (there, to_grant) = (texts(&changes.there), texts(&changes.missing));
    options.approval.hold_share(site.job, &to_grant, &to_revoke)?;
    trail.found(Fact::GrantsCompared { there, to_grant, extra: extra.clone(), to_revoke });
    let (Followed::New(number) | Followed::There(number)) = version else { return Ok(()) };
    if !extra.is_empty() {
        let (layer, others) = (&site.job.name, extra.join(", "));
        let message = format!(
            "version {number} of layer `{layer}` is shared with {others} as well, which `share` does not name; `publish --revoke` ends it"
        );
        trail.warn("extra-grant", message);
    }
    if options.mode == Mode::Plan {
        return Ok(());
    }
    for to in &changes.missing {
        let granted = grant(site, number, to).await;
        granted.map_err(|error| failed(site, number, &format!("could not be shared with {to}"), error))?;
        trail.found(Fact::GrantMade { to: to.to_string() });
    }
    for extra in changes.extra.iter().filter(|_| options.revoke) {
        let revoked = site.revoke(number, extra).await;
        revoked.map_err(|error| failed(site, number, &format!("is still shared with {extra}"), error))?;
        trail.found(Fact::GrantTaken { from: extra.to_string() });
    }
    Ok(())
}

/// Lets somebody in. A statement of that id may be there: of another run, or because an answer was lost.
async fn grant(site: Site<'_>, version: u64, to: &Grantee) -> Result<(), JobError> {
    if site.grant(version, to).await? || site.grants(version).await?.iter().any(|grant| grant.to.as_ref() == Some(to)) {
        return Ok(());
    }
    let statement = to.statement_id();
    let hint = format!(
        "look at it with `aws lambda get-layer-version-policy --layer-name {layer} --version-number {version}`, take it away with \
         `remove-layer-version-permission --statement-id {statement}`, and run the same command again",
        layer = site.job.name
    );
    Err(JobError::new(
        ErrorCode::ShareFailed,
        format!("its policy has a statement `{statement}` that says something else"),
    )
    .hint(hint))
}

/// The version is there all the same: its ARN is told.
fn failed(site: Site<'_>, version: u64, what: &str, error: JobError) -> JobError {
    let arn = site.layer_arn().map(|arn| arn.version(version).to_string());
    let which = arn.unwrap_or_else(|| format!("version {version} of layer `{}`", site.job.name));
    let mut error = error.context(format!("{which} {what}"));
    error.code = ErrorCode::ShareFailed;
    error
}

fn texts(all: &[impl ToString]) -> Vec<String> {
    all.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(statement: &str, to: Option<&str>) -> Grant {
        Grant { statement: statement.to_owned(), to: to.map(|to| to.parse().unwrap()) }
    }

    fn wanted(all: &[&str]) -> BTreeSet<Grantee> {
        all.iter().map(|one| one.parse().unwrap()).collect()
    }

    #[test]
    fn whoever_is_missing_is_let_in_and_whoever_is_not_wanted_is_told() {
        let by_hand = grant("by-hand", Some("123456789012"));
        let other = grant("other", Some("o-abc123def4"));
        let odd = grant("odd", None);
        let found = changes(
            &wanted(&["123456789012", "210987654321", "public"]),
            [by_hand.clone(), other.clone(), odd.clone(), grant("again", Some("123456789012"))].into(),
        );
        assert_eq!(texts(&found.there), ["123456789012"]);
        assert_eq!(texts(&found.missing), ["210987654321", "public"]);
        assert_eq!(found.extra, [odd, other]);
        assert_eq!(texts(&found.extra), ["statement odd", "o-abc123def4"]);
        // Nobody is wanted.
        assert_eq!(changes(&wanted(&[]), [by_hand.clone()].into()).extra, [by_hand]);
    }
}
