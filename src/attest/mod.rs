//! What a published version is made of, as documents that others can check: a bill of materials, and a statement that
//! binds it to the zip. Both are pure: no clock, no random number, so the same version gives the same bytes.
//!
//! | file | document |
//! |---|---|
//! | `sbom` | CycloneDX 1.6, from what the manifest locks |
//! | `provenance` | in-toto statement with SLSA provenance, about the zip |
//! | `purl`, `hash` | how packages and the hashes of their files are written there |

mod hash;
mod provenance;
mod purl;
mod sbom;

use serde::Serialize;

pub use provenance::{Checkout, provenance};
pub use sbom::sbom;

use crate::layer::{LayerSettings, Sha256, VersionArn};
use crate::manifest::Dependencies;

/// How the name of a bill of materials ends, behind the manifest's.
pub const SBOM: &str = ".cdx.json";
/// The same of a statement of provenance.
pub const PROVENANCE: &str = ".intoto.json";

/// A published version, and what it was made of.
#[derive(Clone, Copy, Debug)]
pub struct Made<'a> {
    /// The version.
    pub arn: &'a VersionArn,
    /// SHA-256 of its zip.
    pub sha256: Sha256,
    /// The manifest that it was built from.
    pub manifest: &'a [u8],
    /// What that locks, where it can be read.
    pub locked: Option<&'a Dependencies>,
    /// That manifest's file name.
    pub manifest_name: &'a str,
    /// Key of the layer in the layers file.
    pub layer: &'a str,
    /// What it was published with.
    pub settings: &'a LayerSettings,
    /// What was checked out where it was published, if that is known.
    pub checkout: Option<&'a Checkout>,
}

/// Name and version of this tool.
const TOOL: &str = "layership";
const TOOL_VERSION: &str = env!("CARGO_PKG_VERSION");

fn document(document: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(document).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}
