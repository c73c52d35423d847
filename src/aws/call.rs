//! A call in the words of its messages.

use crate::layer::{AccountId, Region, S3Location};

/// Whose API a call belongs to; shown as people call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::Display)]
pub enum Service {
    /// Object storage.
    S3,
    /// Lambda's layers.
    Lambda,
    /// Who the credentials belong to.
    #[strum(serialize = "STS")]
    Sts,
    /// Parameters.
    #[strum(serialize = "Parameter Store")]
    Ssm,
}

/// What one call asks for: named in its errors.
#[derive(Clone, Debug)]
pub struct Call {
    /// The service that is asked.
    pub service: Service,
    /// The IAM action it needs, such as `s3:GetObject`.
    pub action: &'static str,
    /// What it is about, such as ``layer `requests` in us-east-1`` or an S3 URI.
    pub resource: String,
    /// The target's Region, where it matters.
    pub region: Option<Region>,
    /// The bucket that is asked, and the account that it must belong to.
    pub bucket: Option<(String, Option<AccountId>)>,
}

impl Call {
    /// A call of Lambda in a Region.
    pub fn lambda(action: &'static str, resource: impl Into<String>, region: &Region) -> Self {
        let region = Some(region.clone());
        Self { service: Service::Lambda, action, resource: resource.into(), region, bucket: None }
    }

    /// A call of S3 in a Region about an object, in a bucket that must belong to `owner`.
    pub fn s3(action: &'static str, at: &S3Location, region: &Region, owner: Option<AccountId>) -> Self {
        let bucket = Some((at.bucket.clone(), owner));
        Self { service: Service::S3, action, resource: at.to_string(), region: Some(region.clone()), bucket }
    }

    /// A call of Parameter Store in a Region.
    pub fn ssm(action: &'static str, resource: impl Into<String>, region: &Region) -> Self {
        let region = Some(region.clone());
        Self { service: Service::Ssm, action, resource: resource.into(), region, bucket: None }
    }

    /// A call of STS.
    pub fn sts(action: &'static str, resource: impl Into<String>) -> Self {
        Self { service: Service::Sts, action, resource: resource.into(), region: None, bucket: None }
    }
}
