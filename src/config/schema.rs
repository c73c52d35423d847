//! The JSON Schema of the layers file: what editors complete from and mark while one types. It accepts everything that
//! `check` accepts, and refuses what `check` refuses as far as draft-07 can say it.

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::{Value as Json, json};

use crate::layer::{Architecture, KNOWN_RUNTIMES};

/// The form of a Region.
pub const REGION: &str = "^[a-z]+(-[a-z]+)+-[0-9]+$";

/// The schema (draft-07, which editors' TOML support reads) of a type.
pub fn of<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft07().with_transform(RecursiveTransform(without_null));
    settings.into_generator().into_root_schema_for::<T>()
}

/// A key that is left out is not `null`: TOML has none. And no table has a default.
fn without_null(schema: &mut Schema) {
    if let Some(Json::Array(types)) = schema.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            schema.insert("type".to_owned(), one);
        }
    }
    if schema.get("default").is_some_and(|default| default.is_null() || default.is_object()) {
        schema.remove("default");
    }
    if let Some(Json::Array(mut either)) = schema.remove("anyOf") {
        either.retain(|one| one.get("type").is_none_or(|kind| kind != "null"));
        // A reference alone: what stands beside one does not count in draft-07.
        let name = if either.len() == 1 { "allOf" } else { "anyOf" };
        schema.insert(name.to_owned(), Json::Array(either));
    }
}

/// What one key asks of others: a manifest, a bucket and a name for each layer, wherever they are written.
pub fn required_somewhere() -> Json {
    let in_defaults =
        |key: &str| json!({ "required": ["defaults"], "properties": { "defaults": { "required": [key] } } });
    let in_each_layer =
        |key: &str| json!({ "properties": { "layers": { "additionalProperties": { "required": [key] } } } });
    let at_no_target =
        json!({ "properties": { "targets": { "additionalProperties": { "not": { "required": ["bucket"] } } } } });
    let named_unless_the_key_is_a_name =
        json!({ "patternProperties": { "[^a-zA-Z0-9_-]|^$|^.{141}": { "required": ["name"] } } });
    json!([
        { "if": { "not": in_defaults("manifest") }, "then": in_each_layer("manifest") },
        { "if": { "allOf": [{ "not": in_defaults("bucket") }, at_no_target] }, "then": in_each_layer("bucket") },
        { "if": { "not": in_defaults("name") }, "then": { "properties": { "layers": named_unless_the_key_is_a_name } } },
    ])
}

/// Targets by name: one whose name is not a Region says its Region.
pub fn targets() -> Json {
    json!({ "allOf": [{ "$ref": "#/definitions/TargetTable" }], "required": ["region"] })
}

/// A text of these characters (a class of a regular expression) and of placeholders with these names.
pub fn template(characters: &str, placeholders: &str) -> String {
    format!("^([{characters}]|{})*$", placeholder(placeholders))
}

/// The key of an object: without a slash at its beginning, and without control characters.
pub fn object_key(placeholders: &str) -> String {
    let (first, other, placeholder) =
        (r"[^{}/\x00-\x1f\x7f-\x9f]", r"[^{}\x00-\x1f\x7f-\x9f]", placeholder(placeholders));
    format!("^(({first}|{placeholder})({other}|{placeholder})*)?$")
}

/// The ARN of a role, or a text with placeholders that may come to one.
pub fn role_arn() -> String {
    let placeholder = placeholder("target|region|account");
    format!("^(arn:aws(-[a-z-]+)?:iam::[0-9]{{12}}:role/[!-z|~]+|[^{{}}]*{placeholder}([^{{}}]|{placeholder})*)$")
}

fn placeholder(names: &str) -> String {
    format!(r"\{{({names}|env:[^{{}}]+)\}}")
}

/// A bound that counts only where no placeholder makes a text longer or shorter.
pub fn lengths(least: u64, most: u64) -> Json {
    json!([{ "minLength": least, "maxLength": most }, { "pattern": r"\{" }])
}

/// A path that ends in the name of a file.
pub fn file_path() -> Json {
    json!({ "pattern": r"(^|/)\.\./*$|^[./]*$" })
}

/// The runtimes to complete from. Any other name is one, too: the service learns new runtimes before any tool.
pub fn runtime() -> Json {
    json!({ "type": "string", "minLength": 1, "anyOf": [{ "enum": KNOWN_RUNTIMES }, { "type": "string" }] })
}

/// The architectures that Lambda runs on, and no others: one that is misspelt is refused.
pub fn architecture() -> Json {
    json!({ "type": "string", "enum": Architecture::KNOWN })
}
