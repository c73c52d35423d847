//! Layer versions, as tests need them.

use super::function::Newest;
use crate::layer::{LayerSettings, LayerVersion};

/// The ARN of a version.
pub fn arn(name: &str, number: u64) -> String {
    format!("arn:aws:lambda:us-east-1:123456789012:layer:{name}:{number}")
}

/// A version to use, which is for everything.
pub fn newest(name: &str, number: u64) -> Newest {
    let version = LayerVersion {
        arn: arn(name, number).parse().unwrap(),
        settings: LayerSettings::default(),
        sha256: None,
        size: None,
        created: None,
        reference: None,
    };
    Newest { layer: name.to_owned(), version }
}
