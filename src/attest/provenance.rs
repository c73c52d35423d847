//! An in-toto statement about the zip of a version, with SLSA provenance: which manifest it was built from, and what was
//! checked out where it was published. It is not signed: that is for who has the key.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Made, TOOL, TOOL_VERSION, document};
use crate::layer::Sha256;

/// What was checked out where a version was published.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkout {
    /// The commit's id.
    pub commit: String,
    /// Whether the run saw something else than the commit has.
    pub dirty: bool,
    /// The page of the build, where its environment names one.
    pub page: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Statement<'a> {
    #[serde(rename = "_type")]
    kind: &'static str,
    subject: [Resource; 1],
    predicate_type: &'static str,
    predicate: Predicate<'a>,
}

/// What in-toto calls a resource descriptor.
#[derive(Serialize)]
struct Resource {
    name: String,
    digest: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<&'static str, bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Predicate<'a> {
    build_definition: BuildDefinition<'a>,
    run_details: RunDetails<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BuildDefinition<'a> {
    build_type: &'static str,
    external_parameters: Parameters<'a>,
    resolved_dependencies: Vec<Resource>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Parameters<'a> {
    layer: &'a str,
    layer_version_arn: String,
    manifest: &'a str,
    compatible_runtimes: BTreeSet<&'a str>,
    compatible_architectures: BTreeSet<&'a str>,
}

#[derive(Serialize)]
struct RunDetails<'a> {
    builder: Builder,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<RunMetadata<'a>>,
}

#[derive(Serialize)]
struct Builder {
    id: &'static str,
    version: BTreeMap<&'static str, &'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RunMetadata<'a> {
    invocation_id: &'a str,
}

/// The statement about a version.
pub fn provenance(made: &Made<'_>) -> Vec<u8> {
    let resource = |name: &str, kind, digest: String| Resource {
        name: name.to_owned(),
        digest: [(kind, digest)].into(),
        annotations: BTreeMap::new(),
    };
    let mut dependencies = vec![resource(made.manifest_name, "sha256", Sha256::of(made.manifest).to_string())];
    if let Some(checkout) = made.checkout {
        let mut commit = resource("source", "gitCommit", checkout.commit.clone());
        commit.annotations.insert("dirty", checkout.dirty);
        dependencies.push(commit);
    }
    let page = made.checkout.and_then(|checkout| checkout.page.as_deref());
    document(&Statement {
        kind: "https://in-toto.io/Statement/v1",
        subject: [resource(&made.arn.to_string(), "sha256", made.sha256.to_string())],
        predicate_type: "https://slsa.dev/provenance/v1",
        predicate: Predicate {
            build_definition: BuildDefinition {
                build_type: "urn:layership:publish:1",
                external_parameters: Parameters {
                    layer: made.layer,
                    layer_version_arn: made.arn.to_string(),
                    manifest: made.manifest_name,
                    compatible_runtimes: words(&made.settings.compatible_runtimes),
                    compatible_architectures: words(&made.settings.compatible_architectures),
                },
                resolved_dependencies: dependencies,
            },
            run_details: RunDetails {
                builder: Builder { id: "urn:layership:publish", version: [(TOOL, TOOL_VERSION)].into() },
                metadata: page.map(|page| RunMetadata { invocation_id: page }),
            },
        },
    })
}

/// Sorted, as Lambda may tell them in another order than they were given.
fn words(all: &[impl AsRef<str>]) -> BTreeSet<&str> {
    all.iter().map(AsRef::as_ref).collect()
}
