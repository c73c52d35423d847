//! The vocabulary: the words of Lambda, S3 and of this tool as types, checked once at the edge and then trusted.

mod account;
mod architecture;
mod arn;
mod digest;
mod function;
mod grantee;
mod limits;
mod name;
mod parameter;
mod partition;
mod region;
mod runtime;
mod s3;
mod storage;
mod version;
mod word;

pub use account::AccountId;
pub use architecture::Architecture;
pub use arn::{LayerArn, RoleArn, VersionArn};
pub use digest::{Md5, Sha256};
pub use function::FunctionName;
pub use grantee::{Grant, Grantee};
pub use limits::{DESCRIPTION_LIMIT, LICENSE_LIMIT, S3_KEY_LIMIT};
pub use name::LayerName;
pub use parameter::ParameterName;
pub use partition::Partition;
pub use region::{KNOWN_REGIONS, Region};
pub use runtime::{KNOWN_RUNTIMES, Runtime, RuntimeFamily};
pub use s3::{CONTENT, S3Location, backup_key, content_key, content_of, version_key, version_of_backup};
pub use storage::{Referenced, Storage};
pub use version::{LayerSettings, LayerVersion};
