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
    /// What S3 takes on writes: one condition, `*` for `If-None-Match` and an entity tag for `If-Match`. To be asked
    /// before a body is read.
    pub fn supported(&self) -> S3Result<()> {
        let unsupported = |header: &str, why: &str| Err(errors::header_not_implemented(header, why));
        match (&self.if_match, &self.if_none_match) {
            (Some(_), Some(_)) => {
                unsupported("If-Match,If-None-Match", "Multiple conditional request headers present in the request")
            }
            (Some(ETagCondition::Any), None) => {
                unsupported("If-Match", "We don't accept the provided value of If-Match header for this API")
            }
            (None, Some(ETagCondition::ETag(_))) => {
                unsupported("If-None-Match", "We don't accept the provided value of If-None-Match header for this API")
            }
            _ => Ok(()),
        }
    }

    /// Judges the current version when an upload in parts is completed: one that came after the upload was started is a
    /// conflict.
    pub fn check_since(&self, started: i64, current: Option<&ObjectVersion>, key: &str) -> S3Result<()> {
        let condition = match (&self.if_match, &self.if_none_match) {
            (Some(_), _) => "If-Match",
            (None, Some(_)) => "If-None-Match",
            (None, None) => return Ok(()),
        };
        if current.is_some_and(|version| version.modified > started) {
            return Err(errors::conflict(condition, key));
        }
        self.check(current, key)
    }

    /// Judges the current version, where a delete marker counts as nothing there.
    pub fn check(&self, current: Option<&ObjectVersion>, key: &str) -> S3Result<()> {
        let current = current.and_then(|version| version.content.as_ref());
        match (&self.if_none_match, &self.if_match, current) {
            (Some(_), _, Some(_)) => Err(errors::precondition_failed("If-None-Match")),
            (_, Some(_), None) => Err(errors::no_such_key(key)),
            (_, Some(condition), Some(content)) if !matches(condition, content) => {
                Err(errors::precondition_failed("If-Match"))
            }
            _ => Ok(()),
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

/// The condition of a read that is not met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unmet {
    /// 412
    Failed(&'static str),
    /// 304
    NotModified(&'static str),
}

impl ReadConditions {
    /// Judges the version read. An entity tag goes before a time.
    pub fn unmet(&self, version: &ObjectVersion, content: &Content) -> Option<Unmet> {
        // Times in headers have whole seconds.
        let modified = Timestamp::from(text::system_time(version.modified / 1000 * 1000));
        let failed = match (&self.if_match, &self.if_unmodified_since) {
            (Some(condition), _) => (!matches(condition, content)).then_some("If-Match"),
            (None, Some(since)) => (modified > *since).then_some("If-Unmodified-Since"),
            (None, None) => None,
        };
        let unmodified = match (&self.if_none_match, &self.if_modified_since) {
            (Some(condition), _) => matches(condition, content).then_some("If-None-Match"),
            (None, Some(since)) => (modified <= *since).then_some("If-Modified-Since"),
            (None, None) => None,
        };
        failed.map(Unmet::Failed).or(unmodified.map(Unmet::NotModified))
    }

    /// Refuses as a GET or HEAD does.
    pub fn check(&self, version: &ObjectVersion, content: &Content) -> S3Result<()> {
        match self.unmet(version, content) {
            None => Ok(()),
            Some(Unmet::Failed(condition)) => Err(errors::precondition_failed(condition)),
            Some(Unmet::NotModified(_)) => Err(errors::not_modified(&content.etag)),
        }
    }
}

/// Whether the condition names this content.
pub(super) fn matches(condition: &ETagCondition, content: &Content) -> bool {
    condition.as_etag().is_none_or(|etag| etag.value() == content.etag)
}
