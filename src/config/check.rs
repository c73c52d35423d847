//! Holds a parsed layers file against its JSON Schema, so that every problem of a file is found at once, each on its
//! line. Serde alone would stop at the first one. Here it is about types, keys and bounds; what a text may say is
//! checked where it is read.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::expected::{SchemaNode, quoted, with_article};
use super::file::{IncludedFile, LayersFile};
use super::problem::Problem;
use super::problems::Problems;
use super::schema;
use super::words::{excerpt, nearest};

/// What other tools call an architecture: `amd64` looks more like `arm64` than like what it is.
const OTHER_NAMES: [(&str, &str); 4] =
    [("amd64", "x86_64"), ("x64", "x86_64"), ("x86-64", "x86_64"), ("aarch64", "arm64")];

/// What only the file that includes others may say.
const OF_THE_FIRST_FILE: [&str; 3] = ["include", "settings", "targets"];

/// Reads a layers file against its schema. What cannot be read is told and left out, so that the rest can be looked at
/// as well and all problems are told at once; `None` where there are too many to go on.
pub fn read(problems: &mut Problems<'_>) -> Option<LayersFile> {
    tables(problems)
}

/// The same for the included file that is looked at.
pub fn read_included(problems: &mut Problems<'_>) -> Option<IncludedFile> {
    tables(problems)
}

fn tables<T: JsonSchema + DeserializeOwned>(problems: &mut Problems<'_>) -> Option<T> {
    let schema = schema::of::<T>();
    let source = problems.source();
    let mut checker = Checker { problems, left_out: Vec::new(), here: Vec::new() };
    checker.table(source.tree().get_ref(), SchemaNode::root(schema.as_value()));
    let left_out = checker.left_out;
    if problems.is_full() {
        return None;
    }
    let mut tree = source.tree().clone();
    for path in left_out {
        prune(tree.get_mut(), &path);
        problems.unreadable(path);
    }
    let file = T::deserialize(toml::de::Deserializer::from(tree));
    file.map_err(|error| problems.push(source.syntax_problem(&error))).ok()
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

struct Checker<'c, 'a> {
    problems: &'c mut Problems<'a>,
    /// Key paths of what cannot be read.
    left_out: Vec<Vec<String>>,
    /// The key path that is looked at.
    here: Vec<String>,
}

impl Checker<'_, '_> {
    fn table(&mut self, table: &DeTable<'_>, schema: SchemaNode<'_>) {
        for (key, value) in table {
            if self.problems.is_full() {
                return;
            }
            let name = key.get_ref().as_ref();
            self.here.push(name.to_owned());
            match schema.property(name) {
                Some(schema) => self.value(value, schema, ""),
                None => self.unknown_key(key, &schema.names()),
            }
            self.here.pop();
        }
    }

    /// `index` is the place in an array, such as `[2]`.
    fn value(&mut self, value: &Spanned<DeValue<'_>>, schema: SchemaNode<'_>, index: &str) {
        match value.get_ref() {
            DeValue::Table(table) if schema.accepts("object") => {
                self.inline_table(value, table);
                self.table(table, schema);
            }
            DeValue::Array(array) if schema.accepts("array") => self.array(value, array, schema),
            DeValue::String(text) if schema.accepts("string") => self.string(value, text, schema, index),
            DeValue::Integer(integer) if schema.accepts("integer") => {
                let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok();
                self.integer(value, number, schema);
            }
            DeValue::Boolean(_) if schema.accepts("boolean") => {}
            other => {
                let found = with_article(other.type_str());
                self.error(value, index, format!("expected {}, found {found}", schema.description()));
            }
        }
    }

    fn array(&mut self, value: &Spanned<DeValue<'_>>, array: &DeArray<'_>, schema: SchemaNode<'_>) {
        if let Some(most) =
            schema.bound("maxItems").filter(|most| i64::try_from(array.len()).is_ok_and(|is| is > *most))
        {
            self.error(value, "", format!("has {} entries; at most {most} are accepted", array.len()));
        }
        for (index, item) in array.iter().enumerate() {
            if let Some(items) = schema.items().filter(|_| !self.problems.is_full()) {
                self.value(item, items, &format!("[{index}]"));
            }
        }
    }

    fn string(&mut self, value: &Spanned<DeValue<'_>>, text: &str, schema: SchemaNode<'_>, index: &str) {
        let choices = schema.choices();
        if text.is_empty() && schema.bound("minLength").is_some() {
            self.error(value, index, "is empty".to_owned());
        } else if !choices.is_empty() && !choices.contains(&text) {
            let message = format!("unknown value `{}`, expected one of {}", excerpt(text), quoted(&choices));
            let other_name = OTHER_NAMES.iter().find(|(name, _)| *name == text).map(|(_, word)| *word);
            let problem = self.problem(value, index, message);
            self.leave_out(problem.did_you_mean(other_name.or_else(|| nearest(text, choices))));
        }
    }

    fn integer(&mut self, value: &Spanned<DeValue<'_>>, number: Option<i64>, schema: SchemaNode<'_>) {
        let (least, most) = (schema.bound("minimum").unwrap_or(0), schema.bound("maximum").unwrap_or(i64::MAX));
        if !number.is_some_and(|number| (least..=most).contains(&number)) {
            let found = number.map(|number| format!(", found `{number}`")).unwrap_or_default();
            self.error(value, "", format!("expected a number from {least} to {most}{found}"));
        }
    }

    /// TOML 1.1 lets an inline table go on over several lines, and end with a comma. Most other tools read TOML 1.0 and
    /// refuse the whole file.
    fn inline_table(&mut self, value: &Spanned<DeValue<'_>>, table: &DeTable<'_>) {
        let text = self.problems.source().text(value.span());
        if !text.starts_with('{') {
            return;
        }
        // Line breaks inside of its values are their own business.
        let mut between = String::new();
        let mut at = value.span().start;
        let mut inner: Vec<_> = table.values().map(Spanned::span).collect();
        inner.sort_by_key(|span| span.start);
        for span in inner.into_iter().filter(|span| value.span().contains(&span.start)) {
            between.push_str(self.problems.source().text(at..span.start));
            at = span.end;
        }
        between.push_str(self.problems.source().text(at..value.span().end));
        let ends_with_comma = between.trim_end_matches('}').trim_end().ends_with(',');
        if between.contains('\n') || ends_with_comma {
            let message = "an inline table over several lines, or with a comma at its end, is not TOML 1.0";
            let problem = self.problem(value, "", message.to_owned());
            let hint = format!("write it on one line, or as a table `[{}]`", self.here.join("."));
            self.problems.push(problem.hint(hint));
        }
    }

    fn unknown_key(&mut self, key: &Spanned<std::borrow::Cow<'_, str>>, known: &[&str]) {
        let origin = self.problems.source().origin_of(&key.span());
        let problem = Problem::error(origin, excerpt(&self.here.join(".")), "unknown key");
        if matches!(self.here.as_slice(), [one] if OF_THE_FIRST_FILE.contains(&one.as_str())) {
            return self.leave_out(problem.hint("it belongs in the file that includes this one"));
        }
        match nearest(key.get_ref(), known.iter().copied()) {
            Some(near) => {
                // What was meant is not missing, it is misspelt.
                let table = self.here.iter().take(self.here.len() - 1).cloned();
                let meant = table.chain([near.to_owned()]).collect();
                self.left_out.push(meant);
                self.leave_out(problem.did_you_mean(Some(near)));
            }
            None => self.leave_out(problem.hint(format!("known here: {}", known.join(", ")))),
        }
    }

    fn problem(&self, value: &Spanned<DeValue<'_>>, index: &str, message: String) -> Problem {
        let key = format!("{}{index}", excerpt(&self.here.join(".")));
        Problem::error(self.problems.source().origin_of(&value.span()), key, message)
    }

    fn error(&mut self, value: &Spanned<DeValue<'_>>, index: &str, message: String) {
        let problem = self.problem(value, index, message);
        self.leave_out(problem);
    }

    fn leave_out(&mut self, problem: Problem) {
        self.problems.push(problem);
        self.left_out.push(self.here.clone());
    }
}
