//! What a JSON Schema expects of a value, as far as the schema of the layers file says it.

use serde_json::{Map, Value as Json};

/// A schema whose references can be followed.
#[derive(Clone, Copy, Debug)]
pub struct SchemaNode<'s> {
    root: &'s Json,
    schema: &'s Json,
}

impl<'s> SchemaNode<'s> {
    /// A whole schema.
    pub fn root(schema: &'s Json) -> Self {
        Self { root: schema, schema }
    }

    fn at(self, schema: &'s Json) -> Self {
        Self { schema, ..self }.resolved()
    }

    /// Follows `$ref`, and the `allOf` that the generator wraps around documented references.
    fn resolved(self) -> Self {
        if let Some(inner) = self.schema.get("allOf").and_then(Json::as_array).and_then(|all| all.first()) {
            return self.at(inner);
        }
        let name = self.schema.get("$ref").and_then(Json::as_str).and_then(|path| path.strip_prefix("#/definitions/"));
        match name.and_then(|name| self.root.get("definitions")?.get(name)) {
            Some(definition) => self.at(definition),
            None => self,
        }
    }

    fn properties(self) -> Option<&'s Map<String, Json>> {
        self.schema.get("properties").and_then(Json::as_object)
    }

    /// The names that a table may have, where they are fixed.
    pub fn names(self) -> Vec<&'s str> {
        self.properties().into_iter().flat_map(Map::keys).map(String::as_str).collect()
    }

    /// What is expected under a name; `None` for a name that a table may not have.
    pub fn property(self, name: &str) -> Option<Self> {
        let others = || self.schema.get("additionalProperties").filter(|others| others.is_object());
        self.properties().and_then(|known| known.get(name)).or_else(others).map(|schema| self.at(schema))
    }

    /// What is expected of each entry of an array.
    pub fn items(self) -> Option<Self> {
        self.schema.get("items").map(|items| self.at(items))
    }

    /// A bound such as `maximum` or `maxItems`.
    pub fn bound(self, name: &str) -> Option<i64> {
        self.schema.get(name).and_then(Json::as_i64)
    }

    /// The value that counts where none is given.
    pub fn default(self) -> Option<&'s Json> {
        self.schema.get("default")
    }

    /// Whether a value may be of this type.
    pub fn accepts(self, kind: &str) -> bool {
        if kind == "string" && !self.choices().is_empty() {
            return true;
        }
        match self.schema.get("type") {
            Some(Json::String(one)) => one == kind,
            Some(Json::Array(several)) => several.iter().any(|one| one == kind),
            _ => false,
        }
    }

    /// The only texts that are accepted; empty where any is.
    pub fn choices(self) -> Vec<&'s str> {
        let list = |schema: &'s Json, name: &str| schema.get(name).and_then(Json::as_array).into_iter().flatten();
        let documented =
            list(self.schema, "oneOf").flat_map(move |one| one.get("const").into_iter().chain(list(one, "enum")));
        list(self.schema, "enum").chain(documented).filter_map(Json::as_str).collect()
    }

    /// `an integer`, ``one of `warn`, `deny` ``
    pub fn description(self) -> String {
        let choices = self.choices();
        if !choices.is_empty() {
            return format!("one of {}", quoted(&choices));
        }
        let first = self.schema.get("type").map(|kind| kind.get(0).unwrap_or(kind));
        with_article(first.and_then(Json::as_str).unwrap_or("value"))
    }
}

/// The name of a type of TOML or JSON with its article.
pub fn with_article(kind: &str) -> String {
    match kind {
        "object" | "table" => "a table".to_owned(),
        "integer" | "array" => format!("an {kind}"),
        "datetime" => "a date".to_owned(),
        kind => format!("a {kind}"),
    }
}

/// The words, each in back ticks.
pub fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
