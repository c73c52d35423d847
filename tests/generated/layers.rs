//! The schema of the layers file and `check` say the same, as far as a schema can.

use serde_json::{Value, json};

use crate::common::project::in_crate;
use crate::common::{folder, layership, run, write};
use crate::{Schema, printed, toml};

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

/// What the tool refuses but a schema cannot, because it is about two places of a file, about its surroundings, or
/// about what a placeholder comes to.
const BEYOND_THE_SCHEMA: [&str; 21] = [
    "accounts-and-regions-share-a-bucket",
    "accounts-share-a-bucket",
    "include-declares-twice",
    "include-matches-nothing",
    "key-too-long",
    "layers-and-regions-share-a-prefix",
    "layers-share-a-backup-prefix",
    "layers-share-a-name",
    "layers-share-a-parameter",
    "layers-share-a-prefix",
    "layers-share-a-staged-key",
    "name-too-long-in-govcloud",
    "parameter-that-is-reserved",
    "placeholder-account-without-account",
    "places-in-the-folder-of-a-version",
    "regions-share-a-bucket",
    "role-is-a-name",
    "target-unknown",
    "targets-are-the-same-place",
    "variable-is-not-shown-in-a-shared-place",
    "variable-unset",
];

#[test]
fn the_schema_refuses_what_the_tool_refuses_as_far_as_it_can() {
    let schema = Schema::of("layers");
    let samples = std::fs::read_dir(in_crate("tests/sample-configs/invalid")).unwrap();
    let mut paths: Vec<_> = samples
        .map(|sample| sample.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    paths.sort();
    let taken: Vec<String> = paths
        .into_iter()
        .filter(|path| {
            let Ok(text) = std::fs::read_to_string(path) else { return false };
            // TOML's integers have 64 bits.
            let text = text.replace("99999999999999999999", "901");
            // What is no TOML is refused by every editor.
            toml::from_str(&text).is_ok_and(|document| schema.problems(&document).is_none())
        })
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(taken, BEYOND_THE_SCHEMA);
}

/// An included file has a schema of its own: what it does not say may be in the defaults of the file that includes it.
#[test]
fn the_schema_of_included_files_takes_what_the_tool_takes() {
    let schema = Schema::of("included");
    let read = |path: &str| toml(&crate::text(&format!("tests/sample-configs/{path}")));
    for taken in ["team-a", "team-b"] {
        assert_eq!(schema.problems(&read(&format!("valid/included/{taken}/layers.toml"))), None, "{taken}");
    }
    assert!(schema.problems(&read("invalid/included/problems-1.toml")).is_some());
    for of_the_first_file in ["settings", "targets", "include"] {
        let document = json!({ of_the_first_file: {}, "layers": { "a": { "manifest": "uv.lock" } } });
        assert!(schema.problems(&document).is_some(), "{of_the_first_file}");
    }
}

/// Values that one key or another takes, and some that none does.
fn values() -> Vec<Value> {
    let texts = [
        "",
        ".",
        "..",
        "../a",
        "a/..",
        "/a",
        "a/",
        "a",
        "abc.d-e",
        "A_b",
        "a b",
        "é",
        "a\tb",
        "{layer}",
        "{prefix}/a",
        "{account}",
        "{nothing}",
        "{env:AWS_REGION}",
        "a{",
        "a}",
        "123456789012",
        "us-east-1",
        "us-gov-west-1",
        "arn:aws:iam::123456789012:role/a",
        "arn:aws:iam::{account}:role/a",
        "warn",
    ];
    let lists =
        [json!([]), json!(["a"]), json!(["python3.12"]), json!(["arm64", "x86_64"]), json!(["us-*"]), json!([1])];
    let long = [64, 141, 257, 513, 1012, 1025].map(|length| json!("x".repeat(length)));
    texts.map(Value::from).into_iter().chain(lists).chain(long).chain([json!(1), json!(true), json!({})]).collect()
}

/// Every key with every value: what the tool takes, no editor may mark as wrong.
#[test]
fn the_schema_refuses_nothing_that_the_tool_takes() {
    let (schema, all): (_, Value) = (Schema::of("layers"), serde_json::from_str(&printed("layers")).unwrap());
    let folder = folder();
    let mut taken = 0;
    for (table, definition) in [("layers", "LayerTable"), ("targets", "TargetTable")] {
        for key in all["definitions"][definition]["properties"].as_object().unwrap().keys() {
            let mut document = json!({
                "defaults": { "bucket": "artifacts", "prefix": "{layer}/{target}", "manifest": "requirements.txt" },
                "layers": { "requests": { "name": "{layer}" } },
            });
            for (number, value) in values().into_iter().enumerate() {
                document[table][format!("us-east-{number}")] = json!({ key: value });
            }
            write(folder.path(), "layers.toml", toml::to_string(&document).unwrap());
            let mut command = layership(folder.path());
            command.env("AWS_REGION", "us-east-1");
            let told = run(command, ["check"]).expect(2).stderr;
            for (number, value) in values().into_iter().enumerate() {
                let name = format!("{table}.us-east-{number}");
                let is_about = |line: &&str| !line.trim().starts_with("warning") && line.contains(&name);
                let beyond = |line: &str| line[line.find(&name).unwrap() + name.len()..].starts_with(['.', ':', '[']);
                if told.lines().filter(is_about).any(beyond) {
                    continue;
                }
                let mut one = document.clone();
                one[table] = json!({ format!("us-east-{number}"): { key: value } });
                assert_eq!(schema.problems(&one), None, "{name}.{key} = {value}\n{told}");
                taken += 1;
            }
        }
    }
    assert!(taken > 100, "only {taken} were taken");
}
