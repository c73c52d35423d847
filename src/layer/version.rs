//! A version of a layer, as Lambda describes it.

use jiff::Timestamp;

use super::architecture::Architecture;
use super::arn::VersionArn;
use super::digest::Sha256;
use super::runtime::Runtime;
use super::storage::Referenced;

/// What a published version says of itself beside its content; also what a layer asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LayerSettings {
    /// Runtimes the layer is declared compatible with.
    pub compatible_runtimes: Vec<Runtime>,
    /// Architectures the layer is declared compatible with.
    pub compatible_architectures: Vec<Architecture>,
    /// Free text shown in the console.
    pub description: Option<String>,
    /// SPDX identifier, URL or full text of the license.
    pub license: Option<String>,
}

/// A version that Lambda has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerVersion {
    /// Its ARN, with the number that Lambda assigned.
    pub arn: VersionArn,
    /// What it was published with.
    pub settings: LayerSettings,
    /// SHA-256 of its zip, where Lambda was asked for it: lists do not tell it.
    pub sha256: Option<Sha256>,
    /// Size of its zip in bytes, where Lambda was asked for it.
    pub size: Option<u64>,
    /// When it was made, by Lambda's clock.
    pub created: Option<Timestamp>,
    /// Where Lambda reads its zip from, if it has no copy of its own and was asked for it.
    pub reference: Option<Referenced>,
}

impl LayerVersion {
    /// Whether something was written before this version was made. S3 tells whole seconds, so both are held against each
    /// other in those.
    pub fn is_newer_than(&self, written: Option<Timestamp>) -> bool {
        let made = self.created.map(Timestamp::as_second);
        made.zip(written.map(Timestamp::as_second)).is_some_and(|(made, written)| written < made)
    }
}
