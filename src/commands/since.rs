//! `--changed-since`: layers of which something changed since a revision of git.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::{Table, Value};

use crate::config::Source;
use crate::error::Error;
use crate::git::{GitError, Since};
use crate::halt::Halt;
use crate::manifest::read;
use crate::plan::{Job, Plan};

/// The keys of the layers whose manifest, archive or declaration is not what it was at a revision.
///
/// # Errors
/// Git cannot tell: no checkout, no such revision.
pub fn changed_since(revision: &str, sources: &[&Source<'_>], plan: &Plan) -> Result<HashSet<String>, Error> {
    let Some(first) = sources.first() else { return Ok(HashSet::new()) };
    let included = included(plan);
    let archives = plan.jobs.iter().filter_map(|job| job.archive.as_ref()).map(|archive| &archive.path);
    let files = sources.iter().map(|source| source.path());
    let paths: HashSet<PathBuf> = plan
        .jobs
        .iter()
        .map(|job| &job.manifest.path)
        .chain(archives)
        .cloned()
        .chain(files.map(Path::to_owned))
        .chain(included.values().flatten().cloned())
        .collect();
    let folder = if first.folder().as_os_str().is_empty() { Path::new(".") } else { first.folder() };
    let since = Since::new(folder, revision, &paths.into_iter().collect::<Vec<_>>()).map_err(untold)?;
    let declared = Declarations::new(sources, &since).map_err(untold)?;
    let included_changed = |manifest: &Path| {
        included.get(manifest).is_some_and(|files| files.iter().any(|file| since.tracked_changed(file)))
    };
    let is_changed = |job: &&Arc<Job>| {
        since.file_changed(&job.manifest.path)
            || job.archive.as_ref().is_some_and(|archive| since.tracked_changed(&archive.path))
            || declared.changed(&job.layer)
            || job.compares_dependencies() && included_changed(&job.manifest.path)
    };
    Ok(plan.jobs.iter().filter(is_changed).map(|job| job.layer.clone()).collect())
}

/// The files that manifests include, or name in vain, where what they say counts; by the manifest's path.
fn included(plan: &Plan) -> HashMap<PathBuf, Vec<PathBuf>> {
    let mut included = HashMap::new();
    for job in plan.jobs.iter().filter(|job| job.compares_dependencies()) {
        let path = &job.manifest.path;
        if included.contains_key(path) {
            continue;
        }
        // One that cannot be read is told when its job comes.
        let Ok(manifest) = read(path, &job.reach, &Halt::default()) else { continue };
        let folder = path.parent().unwrap_or(Path::new(""));
        included.insert(path.clone(), manifest.includes().paths().iter().map(|file| folder.join(file)).collect());
    }
    included
}

fn untold(error: GitError) -> Error {
    let hint = match &error {
        GitError::NotRun(_) => "`--changed-since` asks git: install it",
        GitError::NoCheckout(..) => "`--changed-since` works in a git checkout",
        GitError::NoCommit(_) => {
            "fetch it first; build servers often fetch one commit alone (`fetch-depth: 0` fetches all)"
        }
        GitError::Failed(_) => "run the command without `--changed-since` to look at all layers",
    };
    Error::usage(error.to_string()).hint(hint)
}

/// The layers files as they are and as they were.
struct Declarations {
    files: Vec<Versions>,
    /// What the first file says for all layers changed.
    all: bool,
}

struct Versions {
    now: Table,
    /// `None` where there was no such file, or one that cannot be read.
    then: Option<Table>,
}

impl Declarations {
    fn new(sources: &[&Source<'_>], since: &Since) -> Result<Self, GitError> {
        let mut files = Vec::with_capacity(sources.len());
        for source in sources {
            let now: Table = toml::from_str(source.whole()).unwrap_or_default();
            let is_same = !since.file_changed(source.path());
            let then = if is_same {
                Some(now.clone())
            } else {
                since.text(source.path())?.and_then(|text| toml::from_str(&text).ok())
            };
            files.push(Versions { now, then });
        }
        let all = files
            .first()
            .is_some_and(|first| ["defaults", "targets", "include"].iter().any(|key| first.changed(&[key])));
        Ok(Self { files, all })
    }

    /// Whether what is written of a layer changed, in it or in the defaults that hold for it.
    fn changed(&self, layer: &str) -> bool {
        let file = self.files.iter().find(|file| at(&file.now, &["layers", layer]).is_some());
        self.all || file.is_none_or(|file| file.changed(&["layers", layer]) || file.changed(&["defaults"]))
    }
}

impl Versions {
    fn changed(&self, path: &[&str]) -> bool {
        self.then.as_ref().is_none_or(|then| at(then, path) != at(&self.now, path))
    }
}

fn at<'t>(table: &'t Table, path: &[&str]) -> Option<&'t Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(table.get(*first)?, |value, key| value.get(key))
}
