//! What is known of buckets: asked once for all jobs of a target.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::sync::OnceCell;

use crate::outcome::JobError;

/// What was found out of the buckets of a target.
#[derive(Clone, Debug, Default)]
pub struct Buckets(Arc<Mutex<HashMap<String, Arc<Bucket>>>>);

/// What was found out of one bucket, once somebody asked.
#[derive(Debug, Default)]
pub struct Bucket {
    /// Whether it keeps versions.
    pub versioning: OnceCell<Result<bool, JobError>>,
    /// Its policy; `None` if it has none.
    pub policy: OnceCell<Result<Option<Value>, JobError>>,
}

impl Buckets {
    /// What is known of a bucket.
    pub fn of(&self, name: &str) -> Arc<Bucket> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(buckets.entry(name.to_owned()).or_default())
    }
}
