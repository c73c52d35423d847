//! A bill of materials in CycloneDX 1.6: what the manifest locks, with the hashes that it has.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::hash::{Hash, hashes};
use super::{Made, TOOL, TOOL_VERSION, document, purl};
use crate::layer::Sha256;
use crate::manifest::{About, Details, Format, Need, Version, mask};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bom<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    bom_format: &'static str,
    spec_version: &'static str,
    version: u32,
    metadata: Metadata<'a>,
    components: Vec<Component>,
    compositions: [Composition; 1],
}

#[derive(Serialize)]
struct Metadata<'a> {
    tools: Tools,
    component: Layer<'a>,
    properties: Vec<Property>,
}

#[derive(Serialize)]
struct Tools {
    components: [Tool; 1],
}

#[derive(Serialize)]
struct Tool {
    r#type: &'static str,
    name: &'static str,
    version: &'static str,
}

/// The layer itself.
#[derive(Serialize)]
struct Layer<'a> {
    r#type: &'static str,
    #[serde(rename = "bom-ref")]
    reference: String,
    name: &'a str,
    version: String,
    hashes: Vec<Hash>,
}

#[derive(Serialize)]
struct Component {
    r#type: &'static str,
    #[serde(rename = "bom-ref")]
    reference: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    scope: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash>,
    purl: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property>,
}

#[derive(Serialize)]
struct Property {
    name: &'static str,
    value: String,
}

/// How far the list of components can be believed.
#[derive(Serialize)]
struct Composition {
    aggregate: &'static str,
    assemblies: [String; 1],
}

/// The bill of materials of a version.
pub fn sbom(made: &Made<'_>) -> Vec<u8> {
    let reference = made.arn.to_string();
    document(&Bom {
        schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
        bom_format: "CycloneDX",
        spec_version: "1.6",
        version: 1,
        metadata: Metadata {
            tools: Tools { components: [Tool { r#type: "application", name: TOOL, version: TOOL_VERSION }] },
            component: Layer {
                r#type: "library",
                reference: reference.clone(),
                name: made.arn.layer.name.as_str(),
                version: made.arn.number.to_string(),
                hashes: hashes(&format!("sha256:{}", made.sha256)),
            },
            properties: vec![
                Property { name: "layership:manifest", value: made.manifest_name.to_owned() },
                Property { name: "layership:manifest-sha256", value: Sha256::of(made.manifest).to_string() },
            ],
        },
        components: components(made),
        compositions: [Composition {
            // What is locked is known to be all; whether the zip has more, or less, is another question.
            aggregate: if made.locked.is_some() { "incomplete" } else { "unknown" },
            assemblies: [reference],
        }],
    })
}

fn components(made: &Made<'_>) -> Vec<Component> {
    let format = Format::from_file_name(made.manifest_name);
    let (Some(dependencies), Some(kind)) = (made.locked, purl::kind(format)) else { return Vec::new() };
    let mut taken = BTreeMap::new();
    let all = dependencies.iter().flat_map(|(name, versions)| versions.iter().map(move |of| (name, of)));
    all.map(|(name, (version, about))| component(kind, name, version, about, &mut taken)).collect()
}

fn component(
    kind: &str,
    name: &str,
    version: &Version,
    about: &About,
    taken: &mut BTreeMap<String, usize>,
) -> Component {
    let shown = version.as_str();
    let locked = Some(shown).filter(|shown| purl::is_version(shown));
    let purl = purl::purl(kind, name, locked);
    // Two that differ only in where they come from have one package URL. It has no `#` of its own, which is escaped in it.
    let before = taken.entry(purl.clone()).or_default();
    let reference = if *before == 0 { purl.clone() } else { format!("{purl}#{before}") };
    *before += 1;
    let origin = locked.is_none().then(|| Property { name: "layership:locked-to", value: shown.to_owned() });
    let Details { markers, hashes: written, .. } = about.details();
    let markers = markers.iter().map(|marker| Property { name: "layership:marker", value: mask(marker).into_owned() });
    let files: BTreeSet<Hash> = written.iter().flat_map(|text| hashes(text)).collect();
    Component {
        r#type: "library",
        reference,
        name: name.to_owned(),
        version: locked.map(str::to_owned),
        scope: match about.need {
            Need::Required => "required",
            Need::Optional => "optional",
            Need::Development => "excluded",
        },
        hashes: files.into_iter().collect(),
        purl,
        properties: origin.into_iter().chain(markers).collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::halt::Halt;
    use crate::layer::LayerSettings;
    use crate::manifest::{Includes, locked};

    fn of(name: &str, text: &str) -> Value {
        let locked = locked(Format::from_file_name(name), text.as_bytes(), &Includes::default(), &Halt::default());
        let arn = "arn:aws:lambda:us-east-1:123456789012:layer:numpy:3".parse().unwrap();
        let settings = LayerSettings::default();
        let made = Made {
            arn: &arn,
            sha256: Sha256::of(b"zip"),
            manifest: text.as_bytes(),
            locked: locked.as_ref(),
            manifest_name: name,
            layer: "numpy",
            settings: &settings,
            checkout: None,
        };
        assert_eq!(sbom(&made), sbom(&made));
        serde_json::from_slice(&sbom(&made)).unwrap()
    }

    #[test]
    fn a_package_has_its_name_its_version_and_the_hashes_that_are_locked() {
        let digits = "ab".repeat(32);
        let bom = of("requirements.txt", &format!("Flask==3.0 --hash=sha256:{digits} ; python_version > '3.8'\n"));
        let expected = serde_json::json!({
            "type": "library", "bom-ref": "pkg:pypi/flask@3.0", "name": "flask", "version": "3.0", "scope": "required",
            "hashes": [{"alg": "SHA-256", "content": digits}], "purl": "pkg:pypi/flask@3.0",
        });
        let mut component = bom["components"][0].clone();
        component.as_object_mut().unwrap().remove("properties");
        assert_eq!(component, expected);
        assert_eq!(bom["metadata"]["component"]["version"], "3");
        assert!(bom.get("serialNumber").is_none() && bom["metadata"].get("timestamp").is_none());
    }

    #[test]
    fn credentials_are_hidden_and_what_has_no_version_says_where_it_comes_from() {
        let bom = of(
            "requirements.txt",
            "x @ git+https://user:hunter2@h/x@c0ffee\nx @ https://token:hunter2@h/x.zip\nx @ https://h/x.whl\ny>=1\n",
        );
        let text = bom.to_string();
        assert!(!text.contains("hunter2"), "{text}");
        let references: Vec<&str> =
            bom["components"].as_array().unwrap().iter().map(|one| one["bom-ref"].as_str().unwrap()).collect();
        assert_eq!(references, ["pkg:pypi/x", "pkg:pypi/x#1", "pkg:pypi/x#2", "pkg:pypi/y"]);
        assert_eq!(bom["components"][3]["properties"][0]["value"], ">=1");
    }

    #[test]
    fn what_cannot_be_read_is_not_said_to_be_nothing() {
        assert_eq!(of("uv.lock", "= = =")["compositions"][0]["aggregate"], "unknown");
        assert_eq!(of("layer.nix", "{}")["compositions"][0]["aggregate"], "unknown");
        assert_eq!(of("requirements.txt", "a==1\n")["compositions"][0]["aggregate"], "incomplete");
    }
}
