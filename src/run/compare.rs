//! A manifest against its backup: whether what counts for the layer differs, and what that is.
//! No steps of a job: what several steps ask.

use std::sync::Arc;

use bytes::Bytes;

use super::aside::aside;
use super::site::counted_includes;
use crate::aws::BackupRead;
use crate::halt::Halt;
use crate::manifest::{
    Dependencies, Difference, Manifest, Only, dependencies, difference, names_other_indexes, readable_part,
    same_meaning, same_text,
};
use crate::outcome::JobError;
use crate::plan::Job;

/// Whether what counts for the layer differs: more than line endings, or what the manifest says and the files that it includes.
pub(super) async fn is_changed(job: &Job, backup: &BackupRead, manifest: &Manifest) -> Result<bool, JobError> {
    let Some(backup) = backup.other() else { return Ok(false) };
    let by_meaning = job.compares_dependencies();
    let includes = counted_includes(job, manifest);
    if by_meaning && includes.is_some() && !backup.includes(includes) {
        return Ok(true);
    }
    let (old, new, format) = (backup.bytes.clone(), manifest.bytes.clone(), manifest.format);
    let is_same = aside(old.len() + new.len(), move |halt| {
        if by_meaning { same_meaning(format, &old, &new, halt) } else { same_text(&old, &new) }
    });
    Ok(!is_same.await?)
}

/// What a backup named, and what the manifest names in its place.
#[derive(Debug, Default)]
pub(super) struct Since {
    /// What the backup named, where it can be read as what its name says, or the lines that can.
    pub named: Option<Arc<Dependencies>>,
    /// These are not all of its lines.
    pub is_partial: bool,
    /// What changed since, where both can be read.
    pub difference: Arc<Difference>,
}

/// What changed since a backup had these bytes; nothing without any. They are not kept longer than they are read: with a
/// large manifest, nothing else takes as much memory.
pub(super) async fn since(old: Option<Bytes>, new: &Manifest, job: &Job) -> Result<Since, JobError> {
    let Some(old) = old else { return Ok(Since::default()) };
    let (new, includes_count) = (new.clone(), counted_includes(job, new).is_some());
    aside(old.len() + new.bytes.len(), move |halt| between(old, &new, includes_count, halt)).await
}

fn between(old: Bytes, new: &Manifest, includes_count: bool, halt: &Halt) -> Since {
    let before = dependencies(new.format, &old, halt);
    let part = before.as_ref().err().and_then(|_| readable_part(new.format, &old, halt));
    let difference = match (&before, new.dependencies()) {
        (Ok(Some(before)), Ok(Some(now))) if before == now => {
            let is_included = includes_count && same_meaning(new.format, &old, &new.bytes, halt);
            Difference::in_nothing_but(match is_included {
                true => Only::Included,
                false if names_other_indexes(new.format, &old, &new.bytes, halt) => Only::Index,
                false => Only::Text,
            })
        }
        (Ok(Some(before)), Ok(Some(now))) => {
            drop(old);
            match difference(before, now) {
                found if !found.is_empty() && new.unshown([before, now]).is_some() => {
                    Difference::in_nothing_but(Only::Elsewhere)
                }
                found => found,
            }
        }
        // Of what has no names there is nothing to tell.
        (Ok(None), _) => Difference::default(),
        _ => Difference::in_nothing_but(Only::Unreadable),
    };
    let is_partial = part.is_some();
    Since { named: before.ok().flatten().or(part).map(Arc::new), is_partial, difference: difference.into() }
}
