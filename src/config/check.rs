//! Holds a parsed layers file against its JSON Schema, so that every problem of a file is found at once, each on its
//! line. Serde alone would stop at the first one.

use serde::Deserialize as _;
use serde_json::Value as Json;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::file::{LayersFile, schema};
use super::problem::{Problem, nearest};
use super::source::Source;

/// What other tools call an architecture: `amd64` looks more like `arm64` than like what it is.
const OTHER_NAMES: [(&str, &str); 4] =
    [("amd64", "x86_64"), ("x64", "x86_64"), ("x86-64", "x86_64"), ("aarch64", "arm64")];

/// What a layers file says, as far as it can be read.
pub struct Read {
    /// All of it that is well-formed.
    pub file: LayersFile,
    /// What is not, by line.
    pub problems: Vec<Problem>,
    malformed: Vec<Vec<String>>,
}

/// Reads a layers file against its schema. What is malformed is told and left out, so that the rest can be looked at
/// as well and all problems are told at once.
pub fn read(source: &Source<'_>) -> Read {
    let schema = schema();
    let mut checker =
        Checker { root: schema.as_value(), source, problems: Vec::new(), malformed: Vec::new(), here: Vec::new() };
    checker.table(source.tree().get_ref(), schema.as_value(), "");
    let Checker { mut problems, malformed, .. } = checker;
    let mut tree = source.tree().clone();
    malformed.iter().for_each(|path| prune(tree.get_mut(), path));
    let file = LayersFile::deserialize(toml::de::Deserializer::from(tree)).unwrap_or_else(|error| {
        problems.push(source.syntax_problem(&error));
        LayersFile::default()
    });
    problems.sort_by_key(|problem| problem.line);
    Read { file, problems, malformed }
}

impl Read {
    /// Whether a problem of the plan may only be there because something malformed was left out.
    pub fn explains(&self, problem: &Problem) -> bool {
        self.malformed.iter().any(|path| {
            let Some((key, table)) = path.split_last() else { return false };
            let table = table.join(".");
            match path.first().map(String::as_str) {
                Some("targets") if problem.message.starts_with("there is no target") => true,
                Some("defaults") => problem.message.starts_with(&format!("has no `{key}`")),
                _ if table.is_empty() => problem.message == "the file has no layers",
                _ => problem.key == table || problem.key.starts_with(&format!("{table}.")),
            }
        })
    }
}

fn prune(table: &mut DeTable<'_>, path: &[String]) {
    match path {
        [] => {}
        [key] => {
            table.remove(key.as_str());
        }
        [key, rest @ ..] => {
            if let Some(DeValue::Table(inner)) = table.get_mut(key.as_str()).map(Spanned::get_mut) {
                prune(inner, rest);
            }
        }
    }
}

struct Checker<'a> {
    root: &'a Json,
    source: &'a Source<'a>,
    problems: Vec<Problem>,
    /// Key paths of what cannot be read.
    malformed: Vec<Vec<String>>,
    /// The key path that is looked at.
    here: Vec<String>,
}

impl<'a> Checker<'a> {
    fn table(&mut self, table: &DeTable<'_>, schema: &'a Json, path: &str) {
        let known = schema.get("properties").and_then(Json::as_object);
        let others = schema.get("additionalProperties");
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            self.here.push(name.to_owned());
            match known.and_then(|known| known.get(name)).or(others.filter(|others| others.is_object())) {
                Some(schema) => self.value(value, schema, &path),
                None => {
                    let line = self.source.line_of(&key.span());
                    self.push(unknown_key(line, &path, name, known));
                }
            }
            self.here.pop();
        }
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, schema: &'a Json, path: &str) {
        let schema = self.resolve(schema);
        let expected = expected(schema);
        let fits = match value.get_ref() {
            DeValue::Table(table) if expected.types.contains(&"object") => return self.table(table, schema, path),
            DeValue::Array(array) if expected.types.contains(&"array") => {
                return self.array(value, array, schema, path);
            }
            DeValue::String(text) if !expected.words.is_empty() => {
                return self.word(value, text, &expected.words, path);
            }
            DeValue::String(text) if expected.types.contains(&"string") => {
                return self.string(value, text, schema, path);
            }
            DeValue::Integer(integer) if expected.types.contains(&"integer") => {
                let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok();
                return self.integer(value, number, schema, path);
            }
            DeValue::Boolean(_) => expected.types.contains(&"boolean"),
            _ => false,
        };
        if !fits {
            self.add(
                value,
                path,
                format!("expected {}, found {}", expected.describe(), with_article(value.get_ref().type_str())),
            );
        }
    }

    fn array(&mut self, value: &Spanned<DeValue<'_>>, array: &DeArray<'_>, schema: &'a Json, path: &str) {
        if let Some(most) = schema.get("maxItems").and_then(Json::as_u64).filter(|most| array.len() as u64 > *most) {
            self.add(value, path, format!("has {} entries; Lambda accepts at most {most}", array.len()));
        }
        if let Some(items) = schema.get("items") {
            for (index, item) in array.iter().enumerate() {
                self.value(item, items, &format!("{path}[{index}]"));
            }
        }
    }

    fn word(&mut self, value: &Spanned<DeValue<'_>>, text: &str, words: &[&str], path: &str) {
        if words.contains(&text) {
            return;
        }
        let line = self.source.line_of(&value.span());
        let problem =
            Problem::error(Some(line), path, format!("unknown value `{text}`, expected one of {}", quoted(words)));
        let other_name = OTHER_NAMES.iter().find(|(name, _)| *name == text).map(|(_, word)| *word);
        self.push(match other_name.or_else(|| nearest(text, words.iter().copied())) {
            Some(near) => problem.hint(format!("did you mean `{near}`?")),
            None => problem,
        });
    }

    fn string(&mut self, value: &Spanned<DeValue<'_>>, text: &str, schema: &Json, path: &str) {
        if schema.get("minLength").is_some() && text.is_empty() {
            self.add(value, path, "is empty".to_owned());
        }
        // The one pattern of the schema is the account id; a regular expression engine for it would be too much.
        if schema.get("pattern").is_some() && !(text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())) {
            self.add(value, path, format!("`{text}` is no account id; expected twelve digits in quotes"));
        }
    }

    fn integer(&mut self, value: &Spanned<DeValue<'_>>, number: Option<i64>, schema: &Json, path: &str) {
        let bound = |name: &str, other: i64| schema.get(name).and_then(Json::as_i64).unwrap_or(other);
        let (least, most) = (bound("minimum", 0), bound("maximum", i64::MAX));
        if !number.is_some_and(|number| (least..=most).contains(&number)) {
            let found = number.map(|number| format!(", found `{number}`")).unwrap_or_default();
            self.add(value, path, format!("expected a number from {least} to {most}{found}"));
        }
    }

    fn add(&mut self, value: &Spanned<DeValue<'_>>, path: &str, message: String) {
        let line = self.source.line_of(&value.span());
        self.push(Problem::error(Some(line), path, message));
    }

    fn push(&mut self, problem: Problem) {
        self.problems.push(problem);
        self.malformed.push(self.here.clone());
    }

    /// Follows `$ref`, and the `anyOf`/`allOf` that the generator wraps around optional and documented references.
    fn resolve(&self, schema: &'a Json) -> &'a Json {
        let wrapped = ["anyOf", "allOf"].iter().find_map(|key| schema.get(key)?.as_array()?.first());
        if let Some(inner) = wrapped {
            return self.resolve(inner);
        }
        let name = schema.get("$ref").and_then(Json::as_str).and_then(|path| path.strip_prefix("#/definitions/"));
        match name.and_then(|name| self.root.get("definitions")?.get(name)) {
            Some(definition) => self.resolve(definition),
            None => schema,
        }
    }
}

fn unknown_key(line: usize, path: &str, name: &str, known: Option<&serde_json::Map<String, Json>>) -> Problem {
    let problem = Problem::error(Some(line), path, "unknown key");
    let names: Vec<&str> = known.into_iter().flat_map(|known| known.keys().map(String::as_str)).collect();
    match nearest(name, names.iter().copied()) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem.hint(format!("known here: {}", names.join(", "))),
    }
}

/// What a schema accepts, in the words of its `type` and `enum`.
struct Expected<'s> {
    types: Vec<&'s str>,
    words: Vec<&'s str>,
}

impl Expected<'_> {
    fn describe(&self) -> String {
        let first = self.types.first().copied().unwrap_or("value");
        if self.words.is_empty() { with_article(first) } else { format!("one of {}", quoted(&self.words)) }
    }
}

fn expected(schema: &Json) -> Expected<'_> {
    let types = match schema.get("type") {
        Some(Json::String(one)) => vec![one.as_str()],
        Some(Json::Array(several)) => several.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    };
    let plain = schema.get("enum").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
    let documented = schema.get("oneOf").and_then(Json::as_array).into_iter().flatten();
    let documented = documented.flat_map(|word| {
        let one = word.get("const").and_then(Json::as_str);
        let several = word.get("enum").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
        one.into_iter().chain(several)
    });
    Expected { types, words: plain.chain(documented).collect() }
}

fn with_article(kind: &str) -> String {
    match kind {
        "object" | "table" => "a table".to_owned(),
        "integer" | "array" => format!("an {kind}"),
        "datetime" => "a date".to_owned(),
        kind => format!("a {kind}"),
    }
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
