//! The Region of the ambient configuration, without asking the network: environment, then profile.

use aws_config::environment::region::EnvironmentVariableRegionProvider;
use aws_config::meta::region::ProvideRegion;
use aws_config::profile::region::ProfileFileRegionProvider;

/// Region from `AWS_REGION`, `AWS_DEFAULT_REGION` or the AWS profile.
pub async fn ambient_region() -> Option<String> {
    let region = match EnvironmentVariableRegionProvider::new().region().await {
        Some(region) => Some(region),
        None => ProfileFileRegionProvider::builder().build().region().await,
    };
    region.map(|region| region.to_string()).filter(|region| !region.is_empty())
}
