//! Documents of real lock files: bills of materials, by the official schema of CycloneDX and as another reader reads them,
//! and statements of provenance, by the protocol buffers of in-toto and SLSA.

use std::fs;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::common::project::{Project, in_crate};
use crate::python::{Python, json as printed, script};

/// Every tool whose lock files there are samples of, the file, and a package that it locks, as others call it.
const SAMPLES: [(&str, &str, &str); 16] = [
    ("pip", "requirements.txt", "pkg:pypi/urllib3@2.2.1"),
    ("uv", "uv.lock", "pkg:pypi/urllib3@2.2.1"),
    ("pylock", "pylock.toml", "pkg:pypi/urllib3@2.2.1"),
    ("poetry", "poetry.lock", "pkg:pypi/urllib3@2.2.1"),
    ("pdm", "pdm.lock", "pkg:pypi/urllib3@2.2.1"),
    ("pipenv", "Pipfile.lock", "pkg:pypi/urllib3@2.2.1"),
    ("npm-1", "package-lock.json", "pkg:npm/debug@4.3.4"),
    ("npm-2", "package-lock.json", "pkg:npm/debug@4.3.4"),
    ("npm-3", "package-lock.json", "pkg:npm/debug@4.3.4"),
    ("yarn-1", "yarn.lock", "pkg:npm/debug@4.3.4"),
    ("yarn-4", "yarn.lock", "pkg:npm/debug@4.3.4"),
    ("pnpm-9", "pnpm-lock.yaml", "pkg:npm/debug@4.3.4"),
    ("cargo", "Cargo.lock", "pkg:cargo/itoa@1.0.11"),
    ("go", "go.sum", "pkg:golang/rsc.io/sampler@v1.3.1"),
    ("bundler", "Gemfile.lock", "pkg:gem/rack@"),
    ("composer", "composer.lock", "pkg:composer/monolog/monolog@"),
];

/// Tools whose lock files have hashes of the files that are installed.
const WITH_HASHES: [&str; 12] =
    ["pip", "uv", "pylock", "poetry", "pdm", "pipenv", "npm-1", "npm-2", "npm-3", "yarn-1", "pnpm-9", "cargo"];

#[test]
fn bills_of_materials_are_valid_and_name_what_is_locked() {
    let Some(python) = Python::with("sbom.txt") else { return };
    let project = Project::new("");
    let mut layers = "[defaults]\nbucket = \"artifacts\"\nattest = true\n".to_owned();
    for (tool, file, _) in SAMPLES {
        let lock = fs::read(in_crate(&format!("tests/samples/manifests/{tool}/new/{file}"))).unwrap();
        project.write(&format!("{tool}/{file}"), lock);
        project.write(&format!("{tool}/layer/python/module.py"), "");
        layers += &format!("[layers.{tool}]\nmanifest = \"{tool}/{file}\"\narchive = \"{tool}/layer\"\n");
    }
    project.write("layers.toml", layers);
    project.run("publish --stage --attest-dir attest", 0);
    let path = |tool: &str, file: &str| format!("attest/123456789012/us-east-1/{tool}/000001/{file}.cdx.json");
    let mut command = python.command(&project.folder());
    command.arg(script("read_sbom.py")).args(SAMPLES.iter().map(|(tool, file, _)| path(tool, file)));
    let read = printed(command);
    for (tool, file, package) in SAMPLES {
        let bom = &read[path(tool, file)];
        assert_eq!(bom["problems"], Value::Null, "{tool}");
        let packages = bom["packages"].as_object().unwrap();
        let found = packages.iter().find(|(purl, _)| purl.starts_with(package));
        let (_, hashes) = found.unwrap_or_else(|| panic!("{tool} has no {package}: {packages:#?}"));
        assert_eq!(WITH_HASHES.contains(&tool), !hashes.as_array().unwrap().is_empty(), "{tool}");
        assert_eq!(bom["layer"], json!([tool, "1"]));
    }
    let path = |tool: &str, file: &str| format!("attest/123456789012/us-east-1/{tool}/000001/{file}.intoto.json");
    let mut command = python.command(&project.folder());
    command.arg(script("read_statement.py")).args(SAMPLES.iter().map(|(tool, file, _)| path(tool, file)));
    let read = printed(command);
    for (tool, file, _) in SAMPLES {
        let statement = &read[path(tool, file)];
        let zip = Sha256::digest(project.layer_archive("us-east-1", tool, 1));
        let zip: String = zip.iter().map(|byte| format!("{byte:02x}")).collect();
        let subjects: Vec<&Value> = statement["subject"].as_object().unwrap().values().collect();
        assert_eq!(subjects, [&json!({ "sha256": zip })], "{tool}");
        assert_eq!(statement["parameters"]["layer"], tool);
        assert!(statement["dependencies"].get(file).is_some(), "{tool}: {statement:#}");
    }
}
