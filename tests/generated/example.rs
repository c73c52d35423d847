//! The example: complete, valid, and what `init` writes.

use serde_json::Value;

use crate::common::project::Project;
use crate::common::zips::zip;
use crate::common::{folder, layership, run};
use crate::{Schema, printed, text, toml};

const EXAMPLE: &str = "layers.toml.example";

#[test]
fn init_writes_the_example_where_there_are_no_lock_files() {
    let folder = folder();
    run(layership(folder.path()), ["init"]).expect(0);
    let written = std::fs::read_to_string(folder.path().join("layers.toml")).unwrap();
    let (line, rest) = written.split_once('\n').unwrap();
    assert_eq!(line, "#:schema layers.schema.json");
    assert_eq!(rest, text(EXAMPLE).split_once('\n').unwrap().1);
    assert_eq!(std::fs::read_to_string(folder.path().join("layers.schema.json")).unwrap(), printed("layers"));
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

/// The example with everything beside it that it names.
pub fn example() -> Project {
    let project = Project::new(&text(EXAMPLE));
    project.write("requests/requirements.txt", "requests==2.32.3\n");
    project.write("requests/build/lambda/layer/layer.zip", zip(&[("python/requests/__init__.py", "")]));
    project.write("numpy/uv.lock", "version = 1\n\n[[package]]\nname = \"numpy\"\nversion = \"2.1.3\"\n");
    project.write("numpy/build/layer/python/numpy/__init__.py", "");
    project.write("pandas/poetry.lock", "[[package]]\nname = \"pandas\"\nversion = \"2.2.3\"\n");
    project.write("pandas/layer.zip", zip(&[("python/pandas/__init__.py", "")]));
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
