//! What the lock remembers of a version that has no backup: which manifest it was published for.

use layership_protocol::{Body, Content, Md5, Phase, Sha256};

use super::archive_checks::settle_all;
use super::renamed;
use super::site::Site;
use super::trail::Trail;
use crate::aws::Newest;
use crate::finding::{Check, Finding};
use crate::layer;
use crate::manifest::Manifest;
use crate::outcome::JobError;

const HINT: &str = "build it again from the manifest as it is now, then stage it; where nothing in it had to change, `allow = [\"archive-stale\"]`";

/// Refuses to record a version under this manifest that was published for another one: its zip may have been forgotten to be
/// built. Without a lock that remembers it, as where another tool published, nothing is known and nothing refused.
///
/// # Errors
/// `archive-stale`, where the layer does not allow it.
pub async fn check_adopted(
    site: Site<'_>,
    latest: u64,
    content: Option<layer::Sha256>,
    manifest: &Manifest,
    trail: &mut Trail,
) -> Result<(), JobError> {
    // Who may not read the lock cannot publish, which says why; a plan goes without.
    let Ok(Some(found)) = site.read_lock().await else { return Ok(()) };
    let (Content::Lock(body), Some(content)) = (&found.content, content) else { return Ok(()) };
    let now = Md5(manifest.md5.to_bytes());
    if published_for(body, latest, Sha256(content.to_bytes())).is_none_or(|then| then == now) {
        return Ok(());
    }
    // The layer has got a manifest of another name since: the one that it had tells what was built.
    if matches!(site.newest_backup().await, Ok(Newest::Of { version, etag: None }) if version == latest) {
        return renamed::check(site, latest, manifest, trail).await;
    }
    let (job, path) = (site.job, &site.job.manifest.shown);
    let message = format!(
        "it has the very content of version {latest}, which was published for another state of `{path}`, as the lock {} remembers",
        job.lock()
    );
    let finding = Finding::error(Check::ArchiveStale, message, HINT);
    settle_all(vec![finding], &job.staged.to_string(), job, false, trail)
}

/// The manifest that a version with this content was published for, as far as a lock says.
fn published_for(body: &Body, version: u64, content: Sha256) -> Option<Md5> {
    let last = body.last.filter(|last| last.version == version && last.sha256.is_none_or(|sha256| sha256 == content));
    let sent = match &body.phase {
        Phase::Sending { mark, .. } if mark.seen < version && mark.sha256 == Some(content) => mark.manifest_md5,
        _ => None,
    };
    last.and_then(|last| last.manifest_md5).or(sent)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use layership_protocol::{Holder, Last, Mark, Nonce, Time};

    use super::*;

    const CONTENT: Sha256 = Sha256([1; 32]);
    const OTHER: Sha256 = Sha256([2; 32]);
    const THEN: Md5 = Md5([3; 16]);

    fn body(phase: Phase, last: Option<Last>) -> Body {
        let text = || "x".to_owned();
        let holder = Holder { run: text(), owner: text(), host: text(), process: 1, layer: text() };
        Body { phase, holder: Arc::new(holder), time: Time::default(), seen: 1, last, nonce: Nonce::default() }
    }

    fn sending(seen: u64, sha256: Sha256) -> Phase {
        let mark = Mark {
            layer_arn: "arn".into(),
            seen,
            sha256: Some(sha256),
            manifest_md5: Some(THEN),
            accepted_until: Time::default(),
            settled_at: Time::default(),
        };
        Phase::Sending { lease: Duration::from_secs(1), mark }
    }

    #[test]
    fn a_lock_remembers_what_was_published_under_it_and_what_was_sent() {
        let last = |version, sha256, manifest_md5| Some(Last { version, sha256, manifest_md5 });
        let table = [
            ("nothing", Phase::Free, None, None),
            ("this version", Phase::Free, last(5, Some(CONTENT), Some(THEN)), Some(THEN)),
            ("this version, of unknown content", Phase::Free, last(5, None, Some(THEN)), Some(THEN)),
            ("this version, of an unknown manifest", Phase::Free, last(5, Some(CONTENT), None), None),
            ("another version", Phase::Free, last(4, Some(CONTENT), Some(THEN)), None),
            ("this version with another content", Phase::Free, last(5, Some(OTHER), Some(THEN)), None),
            ("it was sent", sending(4, CONTENT), None, Some(THEN)),
            ("it was there before", sending(5, CONTENT), None, None),
            ("something else was sent", sending(4, OTHER), None, None),
        ];
        for (case, phase, last, expected) in table {
            assert_eq!(published_for(&body(phase, last), 5, CONTENT), expected, "{case}");
        }
    }
}
