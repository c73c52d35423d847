//! A layer that has got a manifest of another name: whether that says what the archive was built from.

use super::archive_checks::settle_all;
use super::aside::aside;
use super::site::Site;
use super::trail::Trail;
use crate::archive::{first_of, switched};
use crate::finding::{Check, Finding};
use crate::halt::Halt;
use crate::layer::S3Location;
use crate::manifest::{Environments, Format, Manifest, dependencies};
use crate::outcome::JobError;

/// A version has backups of one or two manifests; more are not read.
const MOST: usize = 3;

const HINT: &str = "build it again from the manifest as it is now, then stage it; where nothing in it had to change, `allow = [\"archive-stale\"]`";

/// The backup of a manifest that the layer had.
struct Former {
    format: Format,
    name: String,
    bytes: bytes::Bytes,
}

/// Refuses to record a version under a manifest that pins other versions of packages than the one did that the layer had then:
/// its zip may have been forgotten to be built. Where they cannot be compared, that is told.
///
/// # Errors
/// `archive-stale`, where the layer does not allow it.
pub async fn check(site: Site<'_>, latest: u64, manifest: &Manifest, trail: &mut Trail) -> Result<(), JobError> {
    let job = site.job;
    let former = former(site, latest).await;
    let size = manifest.size() + former.iter().map(|one| one.bytes.len()).sum::<usize>();
    let (manifest, environments) = (manifest.clone(), Environments::of(&job.settings));
    let found = aside(size, move |halt| found(&former, &manifest, &environments, halt)).await?;
    let finding = found.map(|found| found.told(latest, &job.manifest_name));
    settle_all(finding.into_iter().collect(), &job.staged.to_string(), job, false, trail)
}

/// What is beside the backup that is missing. Who may not list or read it has less to compare with.
async fn former(site: Site<'_>, latest: u64) -> Vec<Former> {
    let kept = site.kept_of(latest).await.unwrap_or_default();
    let mut found = Vec::new();
    for at in kept.iter().filter(|at| format_of(at) != Format::Unknown).take(MOST) {
        if let Ok(Some(bytes)) = site.document(at).await {
            found.push(Former { format: format_of(at), name: name_of(at).to_owned(), bytes });
        }
    }
    found
}

fn name_of(at: &S3Location) -> &str {
    at.key.rsplit('/').next().unwrap_or_default()
}

fn format_of(at: &S3Location) -> Format {
    Format::from_file_name(name_of(at))
}

/// What speaks against the new manifest.
enum Found {
    /// Nothing to compare it with.
    Unknown,
    /// These packages differ, as far as they are to be shown.
    Differs { former: String, packages: String },
}

fn found(former: &[Former], manifest: &Manifest, environments: &Environments, halt: &Halt) -> Option<Found> {
    let mut is_known = false;
    for Former { format, name, bytes } in former {
        let (Ok(Some(old)), Ok(Some(new))) = (dependencies(*format, bytes, halt), manifest.all_dependencies()) else {
            continue;
        };
        let Some(names) = switched((*format, &old), (manifest.format, new), environments, halt) else { continue };
        is_known = true;
        if let Some(first) = names.first() {
            let packages = first_of(first, names.len(), manifest.unshown([&old, new]));
            return Some(Found::Differs { former: name.clone(), packages });
        }
    }
    (!is_known).then_some(Found::Unknown)
}

impl Found {
    fn told(self, latest: u64, name: &str) -> Finding {
        let content = format!("it has the very content of version {latest}");
        match self {
            Self::Unknown => {
                let message = format!(
                    "{content}, which was published for another manifest than `{name}`: whether it was to be built again is not known"
                );
                Finding::warning(Check::ArchiveStale, message, HINT)
            }
            Self::Differs { former, packages } => {
                let message = format!(
                    "{content}, but `{name}` pins other packages than `{former}` did, for which it was published: {packages}"
                );
                Finding::error(Check::ArchiveStale, message, HINT)
            }
        }
    }
}
