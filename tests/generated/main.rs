//! What is generated stays what it is generated from: the schemas, the references in `docs/`, and what `init` writes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

#[path = "../common/mod.rs"]
#[macro_use]
mod common;

mod allowed;
mod docs;
mod example;
mod figures;
mod layers;
mod man;
mod provoked;
mod reports;

use boon::{Compiler, Draft, SchemaIndex, Schemas};
use serde_json::Value;

use common::project::in_crate;
use common::{folder, layership, run};

fn text(path: &str) -> String {
    std::fs::read_to_string(in_crate(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn printed(of: &str) -> String {
    run(layership(folder().path()), ["schema", of]).expect(0).stdout
}

/// What is generated stands in the repository, so that it can be read there and linked to.
#[track_caller]
fn pinned(path: &str, generated: &str) {
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(in_crate(path), generated).unwrap();
    }
    let is = std::fs::read_to_string(in_crate(path)).unwrap_or_default();
    assert!(is == generated, "{path} is out of date; write it again with `UPDATE=1 cargo test --test generated`");
}

#[test]
fn the_schemas_are_up_to_date() {
    for of in ["layers", "included", "report", "events", "plan", "status", "rollout", "index"] {
        pinned(&format!("schemas/{of}.schema.json"), &printed(of));
    }
}

/// A schema as a validator reads it that knows nothing of this crate.
struct Schema {
    all: Schemas,
    one: SchemaIndex,
}

impl Schema {
    fn of(kind: &str) -> Self {
        Self::compiled(kind, serde_json::from_str(&printed(kind)).unwrap())
    }

    /// The same, but what it does not name must not be there.
    fn strictly_of(kind: &str) -> Self {
        let mut schema: Value = serde_json::from_str(&printed(kind)).unwrap();
        close(&mut schema);
        Self::compiled(kind, schema)
    }

    fn compiled(kind: &str, schema: Value) -> Self {
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

/// Lets no object of a schema have other fields than those that are named.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if object.contains_key("properties") {
                object.entry("additionalProperties").or_insert(Value::Bool(false));
            }
            object.values_mut().for_each(close);
        }
        Value::Array(all) => all.iter_mut().for_each(close),
        _ => {}
    }
}

fn toml(text: &str) -> Value {
    toml::from_str(text).unwrap_or_else(|error| panic!("{error}"))
}

/// Promises of the README that stand elsewhere, too.
#[test]
fn the_readme_names_the_version_of_rust_that_is_needed() {
    let manifest: Value = toml(&text("Cargo.toml"));
    let version = manifest["workspace"]["package"]["rust-version"].as_str().unwrap();
    assert!(
        text("README.md").contains(&format!("Rust ({version} or newer")),
        "README.md does not ask for Rust {version}"
    );
}
