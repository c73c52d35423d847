//! What the findings of `status` mean.

use super::Explanation;
use crate::outcome::StatusCode;

/// What a finding means.
pub const fn of_finding(code: StatusCode) -> Explanation {
    let (cause, remedy) = match code {
        StatusCode::NotPublished => (
            "Found by `status`: the layers file sends the layer to this target, and Lambda has no version of it there.",
            "Publish it: `layership publish --stage`; or correct the layer's `targets`.",
        ),
        StatusCode::BackupMissing => (
            "Found by `status`: the latest version has no copy of its manifest in S3. It was published by hand, or a run was interrupted between the two, or the copy was deleted.",
            "Run `layership publish`: it adopts the version if its content is what is staged, and publishes otherwise.",
        ),
        StatusCode::ManifestDiffers => (
            "Found by `status`: the latest version was published from another state of the manifest than the one at hand.",
            "`layership plan` says which dependencies differ; build, stage and publish, or update the checkout.",
        ),
        StatusCode::BackupsMissing => (
            "Found by `status --all-versions`: older versions have no copy of their manifest in S3, so that nobody can tell what they were built from.",
            "Nothing has to be done: only the latest version's backup decides what is published.",
        ),
        StatusCode::AttestationMissing => (
            "Found by `status`: the layer has `attest`, and the bill of materials and the statement of provenance are not beside the backup of the latest version.",
            "Run `layership publish`: it writes them.",
        ),
        StatusCode::ArchiveGone => (
            "Found by `status`: the layer stays in the bucket (`storage = \"reference\"`), and the object that Lambda reads the latest version from is not there any more, in the version that Lambda reads. Functions that use the version go on, but none can be given it any more.",
            "Put the same bytes back if they are still there as a noncurrent version, or publish a new version with `layership publish --force`; look which person or lifecycle rule deletes what lies below the layer's prefix.",
        ),
        StatusCode::StorageDiffers => (
            "Found by `status`: the latest version was published while the layer had another `storage`, or by another tool.",
            "Nothing has to be done: the next version is kept as the layer says. `layership publish --force` publishes one at once.",
        ),
        StatusCode::ParameterDiffers => (
            "Found by `status`: the parameter that `parameter` names is not there, or does not hold the ARN of the latest version.",
            "Run `layership publish`: it writes the parameter, unless something else than an ARN of this layer is in it; then choose another name.",
        ),
        StatusCode::ShareMissing => (
            "Found by `status`: somebody whom the layer's `share` names may not use the latest version. It was published by another tool, `share` was changed since, or a run broke off.",
            "Run `layership publish`: it lets in who is missing, also where nothing is published.",
        ),
        StatusCode::ShareExtra => (
            "Found by `status`: somebody whom the layer's `share` does not name may use the latest version.",
            "Add them to `share`, or run `layership publish --revoke`, which shuts them out.",
        ),
        StatusCode::LockStale => (
            "Found by `status`: a run died while it held the layer's lock. The message names the run, its machine, and whether it may have sent a publish.",
            "Nothing has to be deleted: the next run that publishes the layer takes the lock over and finishes what was begun.",
        ),
        StatusCode::LockForeign => (
            "Found by `status`: what lies at the key of the layer's lock is not a lock, or one of a newer version of layership. It is never overwritten, so the layer cannot be published.",
            "Move that object away, choose another `backup-prefix`, or use the newer version everywhere.",
        ),
        StatusCode::ContentDiffers => (
            "Found by `status`: the latest versions of one layer at several targets have zips of different content: a run failed at one of them, or each was built for itself.",
            "Stage one archive to all targets with `layership stage`; `layership publish` then publishes where the manifest or settings differ, and `detect` with `content` also where only the zip does.",
        ),
    };
    Explanation { cause, remedy }
}
