//! What is generated stays what it is generated from: the schemas, the example, and what `init` writes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

#[macro_use]
mod common;

use boon::{Compiler, Draft, SchemaIndex, Schemas};
use serde_json::{Value, json};

use common::project::{Project, in_crate};
use common::{folder, layership, run};

const EXAMPLE: &str = "layers.toml.example";

fn text(path: &str) -> String {
    std::fs::read_to_string(in_crate(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn printed(of: &str) -> String {
    run(layership(folder().path()), ["schema", of]).expect(0).stdout
}

#[track_caller]
fn pinned(of: &str) {
    let path = format!("schemas/{of}.schema.json");
    let is = std::fs::read_to_string(in_crate(&path)).unwrap_or_default();
    assert!(is == printed(of), "{path} is out of date; mend it with `cargo run -- schema {of} > {path}`");
}

#[test]
fn the_schema_of_the_layers_file_is_up_to_date() {
    pinned("layers");
}

#[test]
fn the_schema_of_the_report_is_up_to_date() {
    pinned("report");
}

#[test]
fn init_writes_the_example_byte_for_byte() {
    let folder = folder();
    run(layership(folder.path()), ["init"]).expect(0);
    assert_eq!(std::fs::read(folder.path().join("layers.toml")).unwrap(), std::fs::read(in_crate(EXAMPLE)).unwrap());
}

/// A schema as a validator reads it that knows nothing of this crate.
struct Schema {
    all: Schemas,
    one: SchemaIndex,
}

impl Schema {
    fn of(kind: &str) -> Self {
        let schema: Value = serde_json::from_str(&printed(kind)).unwrap();
        assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#", "what editors read");
        let (mut all, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.set_default_draft(Draft::V7);
        let name = format!("file:///{kind}.json");
        compiler.add_resource(&name, schema).unwrap();
        let one = compiler.compile(&name, &mut all).unwrap_or_else(|error| panic!("{kind}: no schema: {error}"));
        Self { all, one }
    }

    /// What is wrong with a document; nothing if it is valid.
    fn problems(&self, document: &Value) -> Option<String> {
        self.all.validate(document, self.one).err().map(|error| error.to_string())
    }
}

fn toml(text: &str) -> Value {
    toml::from_str(text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_example_is_valid_by_its_schema() {
    assert_eq!(Schema::of("layers").problems(&toml(&text(EXAMPLE))), None);
    assert!(text(EXAMPLE).starts_with("#:schema schemas/layers.schema.json\n"), "editors find the schema by this line");
}

#[test]
fn the_example_mentions_every_key() {
    let schema: Value = serde_json::from_str(&printed("layers")).unwrap();
    let tables = ["SettingsTable", "TargetTable", "LayerTable"];
    let keys = tables.iter().flat_map(|table| schema["definitions"][table]["properties"].as_object().unwrap().keys());
    let example = text(EXAMPLE);
    let missing: Vec<&String> = keys.filter(|key| !example.contains(&format!("{key} = "))).collect();
    assert_eq!(missing, [""; 0], "{EXAMPLE} shows every key, in a comment where need be");
}

/// The schema and the tool agree on the samples.
#[test]
fn the_schema_takes_what_the_tool_takes() {
    let schema = Schema::of("layers");
    let samples = std::fs::read_dir(in_crate("tests/sample-configs/valid")).unwrap();
    let paths: Vec<_> = samples
        .map(|sample| sample.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    assert!(paths.len() > 5);
    for path in paths {
        let sample = std::fs::read_to_string(&path).unwrap();
        assert_eq!(schema.problems(&toml(sample.trim_start_matches('\u{feff}'))), None, "{}", path.display());
    }
}

#[test]
fn the_schema_refuses_what_the_tool_refuses_by_it() {
    let schema = Schema::of("layers");
    for name in [
        "account-not-in-quotes",
        "account-too-short",
        "architectures-too-many",
        "manifest-path-is-empty",
        "number-out-of-range",
        "runtimes-too-many",
        "several-problems-at-once",
        "unknown-key-near-miss",
        "unknown-key-with-underscores",
        "unknown-setting",
        "unknown-table",
        "unknown-target-key",
        "wrong-type-in-a-list",
        "wrong-type-layer-is-text",
        "wrong-type-layers-is-a-list",
        "wrong-type-number-for-text",
        "wrong-type-table-for-text",
        "wrong-type-text-for-list",
        "wrong-type-text-for-number",
        "wrong-word-architecture",
        "wrong-word-detect",
        "wrong-word-unpinned",
    ] {
        // TOML's integers have 64 bits.
        let sample = text(&format!("tests/sample-configs/invalid/{name}.toml")).replace("99999999999999999999", "901");
        assert!(schema.problems(&toml(&sample)).is_some(), "{name} is valid by the schema");
    }
}

/// The example with everything beside it that it names.
fn example() -> Project {
    let project = Project::new(&text(EXAMPLE));
    project.write("requests/requirements.txt", "requests==2.32.3\n");
    project.write("requests/build/lambda/layer/layer.zip", common::zips::zip(&[("python/requests/__init__.py", "")]));
    project.write("numpy/uv.lock", "version = 1\n\n[[package]]\nname = \"numpy\"\nversion = \"2.1.3\"\n");
    project.write("numpy/build/layer/python/numpy/__init__.py", "");
    project.write("pandas/poetry.lock", "[[package]]\nname = \"pandas\"\nversion = \"2.2.3\"\n");
    project.write("pandas/layer.zip", common::zips::zip(&[("python/pandas/__init__.py", "")]));
    project
}

#[test]
fn the_example_is_checked_planned_and_published() {
    let project = example();
    assert_shown!(project.run("check", 0), @"
    exit code 0
    --- stdout ---
    Check of layers.toml: 5 jobs OK
    ");
    assert_shown!(project.run("plan --stage", 0), @"
    exit code 0
    --- stdout ---
    Plan for 3 layers at 2 targets from layers.toml, account 123456789012

      + numpy-arm  tokyo      first version
      + pandas     tokyo      first version
      + pandas     us-east-1  first version
      + requests   tokyo      first version
      + requests   us-east-1  first version

    Plan: 5 first versions
    ");
    let published = project.run("publish --stage", 0);
    insta::assert_snapshot!(published.stdout, @"
    LAYER      TARGET     OUTCOME    VERSION  ARN
    numpy-arm  tokyo      published  1        arn:aws:lambda:ap-northeast-1:123456789012:layer:numpy:1
    pandas     tokyo      published  1        arn:aws:lambda:ap-northeast-1:123456789012:layer:pandas:1
    pandas     us-east-1  published  1        arn:aws:lambda:us-east-1:123456789012:layer:pandas:1
    requests   tokyo      published  1        arn:aws:lambda:ap-northeast-1:123456789012:layer:requests:1
    requests   us-east-1  published  1        arn:aws:lambda:us-east-1:123456789012:layer:requests:1
    ");
    project.run_writing_nothing("plan --exit-code", 0);
}

#[test]
fn every_report_is_valid_by_its_schema() {
    let schema = Schema::of("report");
    let project = example();
    project.write("requests/requirements.txt", "requests\n");
    for (command, code) in [
        ("check", 0),
        ("plan", 1),
        ("plan --stage", 0),
        ("stage", 0),
        ("publish requests numpy-arm", 0),
        ("publish", 0),
        ("publish --force --concurrency 1", 0),
    ] {
        let report = project.run(&format!("{command} --format json"), code).report();
        assert_eq!(schema.problems(&report), None, "{command}");
        // The schema says what there is, and nothing else is there.
        let named = |definition: &Value, object: &Value| {
            let known = definition["properties"].as_object().unwrap();
            let unknown: Vec<&String> =
                object.as_object().unwrap().keys().filter(|key| !known.contains_key(*key)).collect();
            assert_eq!(unknown, [""; 0], "{command}");
        };
        let all: Value = serde_json::from_str(&printed("report")).unwrap();
        named(&all, &report);
        report["jobs"].as_array().unwrap().iter().for_each(|job| named(&all["definitions"]["JobReport"], job));
    }
    assert!(schema.problems(&json!({"report": 1})).is_some());
}
