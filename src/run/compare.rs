//! A manifest against its backup: whether what counts for the layer differs, and what that is.
//! No steps of a job: what several steps ask.

use bytes::Bytes;

use super::aside::aside;
use super::site::counted_includes;
use crate::aws::BackupRead;
use crate::halt::Halt;
use crate::manifest::{
    Difference, Manifest, Only, dependencies, difference, names_other_indexes, same_meaning, same_text,
};
use crate::outcome::JobError;
use crate::plan::Job;

/// The backup's bytes, where what counts for the layer differs: more than line endings, or what the manifest says and the
/// files that it includes.
pub(super) async fn changed_bytes<'b>(
    job: &Job,
    backup: &'b BackupRead,
    manifest: &Manifest,
) -> Result<Option<&'b Bytes>, JobError> {
    let Some(backup) = backup.other() else { return Ok(None) };
    let by_meaning = job.compares_dependencies();
    let includes = counted_includes(job, manifest);
    if by_meaning && includes.is_some() && !backup.includes(includes) {
        return Ok(Some(&backup.bytes));
    }
    let (old, new, format) = (backup.bytes.clone(), manifest.bytes.clone(), manifest.format);
    let is_same = aside(old.len() + new.len(), move |halt| {
        if by_meaning { same_meaning(format, &old, &new, halt) } else { same_text(&old, &new) }
    });
    Ok((!is_same.await?).then_some(&backup.bytes))
}

/// What changed between two manifests, where both can be read as what their name says; nothing without an old one.
pub(super) async fn difference_between(old: Option<&Bytes>, new: &Manifest, job: &Job) -> Result<Difference, JobError> {
    let Some(old) = old.cloned() else { return Ok(Difference::default()) };
    let (new, includes_count) = (new.clone(), counted_includes(job, new).is_some());
    aside(old.len() + new.bytes.len(), move |halt| between(&old, &new, includes_count, halt)).await
}

fn between(old: &[u8], new: &Manifest, includes_count: bool, halt: &Halt) -> Difference {
    let only = |only| Difference { only: Some(only), ..Difference::default() };
    let mut difference = match (dependencies(new.format, old, halt), new.dependencies()) {
        (Ok(Some(old)), Ok(Some(named))) => match difference(&old, named) {
            found if !found.is_empty() && new.unshown([&old, named]).is_some() => return only(Only::Elsewhere),
            found => found,
        },
        // Of what has no names there is nothing to tell.
        (Ok(None), _) => return Difference::default(),
        _ => return only(Only::Unreadable),
    };
    if difference.is_empty() && difference.only.is_none() {
        let is_included = includes_count && same_meaning(new.format, old, &new.bytes, halt);
        difference.only = Some(match is_included {
            true => Only::Included,
            false if names_other_indexes(new.format, old, &new.bytes, halt) => Only::Index,
            false => Only::Text,
        });
    }
    difference
}
