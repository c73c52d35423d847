//! What a bucket is, beside its objects: whether it keeps versions, and whom its policy lets in. Asked once for all jobs of
//! a target.

use serde_json::Value;

use super::last::sent;
use super::policy::missing;
use super::s3::S3;
use crate::layer::S3Location;
use crate::outcome::{ErrorCode, JobError};

/// What the policy of a bucket says of Lambda and an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyRead {
    /// Nothing that speaks against it.
    MayRead,
    /// Lambda may not read it, for this reason.
    MayNot(String),
}

impl S3 {
    /// Whether the bucket of an object keeps all versions of its objects.
    ///
    /// # Errors
    /// Whatever the service refuses.
    pub async fn keeps_versions(&self, at: &S3Location) -> Result<bool, JobError> {
        self.buckets().of(&at.bucket).versioning.get_or_init(|| self.versioning(at)).await.clone()
    }

    async fn versioning(&self, at: &S3Location) -> Result<bool, JobError> {
        let told = sent(self.client().get_bucket_versioning().bucket(&at.bucket).send()).await;
        let told = told.map_err(|failure| failure.into_error(&self.of_bucket("s3:GetBucketVersioning", at)))?;
        Ok(told.status().is_some_and(|status| status.as_str() == "Enabled"))
    }

    /// Whether Lambda may read an object, as far as the policy of its bucket tells.
    ///
    /// # Errors
    /// Whatever the service refuses, and a policy that is none.
    pub async fn lambda_may_read(&self, at: &S3Location) -> Result<PolicyRead, JobError> {
        let bucket = self.buckets().of(&at.bucket);
        let policy = bucket.policy.get_or_init(|| self.policy(at)).await.as_ref();
        let why = match policy.map_err(JobError::clone)? {
            None => Some("the bucket has no policy".to_owned()),
            Some(policy) => missing(policy, &at.arn(self.region())),
        };
        Ok(why.map_or(PolicyRead::MayRead, PolicyRead::MayNot))
    }

    async fn policy(&self, at: &S3Location) -> Result<Option<Value>, JobError> {
        let call = self.of_bucket("s3:GetBucketPolicy", at);
        let told = match sent(self.client().get_bucket_policy().bucket(&at.bucket).send()).await {
            Ok(told) => told,
            Err(failure) if failure.answer.code.as_deref() == Some("NoSuchBucketPolicy") => return Ok(None),
            Err(failure) => return Err(failure.into_error(&call)),
        };
        let read = told.policy().and_then(|text| serde_json::from_str(text).ok()).filter(Value::is_object);
        let odd = || JobError::new(ErrorCode::Internal, format!("the policy of {} cannot be read", call.resource));
        read.map(Some).ok_or_else(odd)
    }
}
