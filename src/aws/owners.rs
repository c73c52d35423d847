//! Whose a bucket must be. Names such as `acme-artifacts-eu-west-1` can be registered by anybody: a request that does not
//! name the owner would read and write a stranger's bucket. S3 refuses a request that names another one.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_s3::config::endpoint::Params;
use aws_sdk_s3::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_smithy_runtime_api::client::endpoint::EndpointResolverParams;

use crate::layer::AccountId;

const HEADER: &str = "x-amz-expected-bucket-owner";

/// The accounts that the buckets of a target must belong to.
#[derive(Clone, Debug, Default)]
pub struct Owners {
    /// The target's own account, where it is known.
    pub account: Option<AccountId>,
    /// By bucket, those that were declared to belong to another one.
    pub declared: Arc<HashMap<String, AccountId>>,
}

impl Owners {
    /// The account that a bucket must belong to; `None` where nobody knows.
    pub fn of(&self, bucket: &str) -> Option<&AccountId> {
        self.declared.get(bucket).or(self.account.as_ref())
    }
}

impl Intercept for Owners {
    fn name(&self) -> &'static str {
        "Owners"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let params = config.load::<EndpointResolverParams>().and_then(|params| params.get::<Params>());
        if let Some(owner) = params.and_then(Params::bucket).and_then(|bucket| self.of(bucket)) {
            context.request_mut().headers_mut().try_insert(HEADER, owner.to_string())?;
        }
        Ok(())
    }
}
