//! Conditional requests.

use s3s::S3Result;
use s3s::dto::{ETagCondition, Timestamp};

use super::errors;
use crate::store::{Content, ObjectVersion};
use crate::text;

/// `If-Match` and `If-None-Match` of a write.
#[derive(Debug, Default)]
pub(super) struct WriteConditions {
    pub if_match: Option<ETagCondition>,
    pub if_none_match: Option<ETagCondition>,
}

impl WriteConditions {
    /// Judges the current version, where a delete marker counts as nothing there. S3 takes only `*` for
    /// `If-None-Match` on writes.
    pub fn check(&self, current: Option<&ObjectVersion>) -> S3Result<()> {
        let current = current.and_then(|version| version.content.as_ref());
        match &self.if_none_match {
            Some(ETagCondition::ETag(_)) => return Err(errors::not_implemented()),
            Some(ETagCondition::Any) if current.is_some() => return Err(errors::precondition_failed()),
            _ => {}
        }
        match (&self.if_match, current) {
            (None, _) => Ok(()),
            (Some(_), None) => Err(errors::no_such_key()),
            (Some(condition), Some(content)) if matches(condition, content) => Ok(()),
            _ => Err(errors::precondition_failed()),
        }
    }
}

/// The conditions of a read.
#[derive(Debug, Default)]
pub(super) struct ReadConditions {
    pub if_match: Option<ETagCondition>,
    pub if_none_match: Option<ETagCondition>,
    pub if_modified_since: Option<Timestamp>,
    pub if_unmodified_since: Option<Timestamp>,
}

impl ReadConditions {
    /// Judges the version read: 412 or 304. An ETag condition goes before one on the time.
    pub fn check(&self, version: &ObjectVersion, content: &Content) -> S3Result<()> {
        // Times in headers have whole seconds.
        let modified = Timestamp::from(text::system_time(version.modified / 1000 * 1000));
        let allowed = match (&self.if_match, &self.if_unmodified_since) {
            (Some(condition), _) => matches(condition, content),
            (None, Some(since)) => modified <= *since,
            (None, None) => true,
        };
        if !allowed {
            return Err(errors::precondition_failed());
        }
        let unchanged = match (&self.if_none_match, &self.if_modified_since) {
            (Some(condition), _) => matches(condition, content),
            (None, Some(since)) => modified <= *since,
            (None, None) => false,
        };
        if unchanged { Err(errors::not_modified(&content.etag)) } else { Ok(()) }
    }
}

/// Whether the condition names this content.
pub(super) fn matches(condition: &ETagCondition, content: &Content) -> bool {
    condition.as_etag().is_none_or(|etag| etag.value() == content.etag)
}
