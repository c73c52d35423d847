//! Lock files written in TOML, a package at a time.

use crate::halt::Halt;
use memchr::{memchr2_iter, memchr3_iter};
use toml::{Table, Value};

/// What a part may take of memory once it is read, in bytes. Of all lock files those of old Poetry have the largest: the hashes
/// of all files at the end, and this is room for a hundred thousand.
const MOST: usize = 512 * 1024 * 1024;

/// Whether a part of a text would take more memory than any lock file: nine bytes can make a table, and two a value.
pub(super) fn is_too_much(part: &str) -> bool {
    const TABLE: usize = 1_000;
    const VALUE: usize = 160;
    let bytes = part.as_bytes();
    let weight =
        || memchr3_iter(b'[', b'{', b'.', bytes).count() * TABLE + memchr2_iter(b',', b'=', bytes).count() * VALUE;
    part.len() > MOST / TABLE && weight() > MOST
}

/// What a text says, in a form that is the same in whatever order its packages, their files and its keys stand; `None` where it
/// cannot be read, or has a number that its reader rounds.
pub(super) fn canonical_parts(text: &str, key: &str, halt: &Halt) -> Option<Vec<String>> {
    let mut said = Vec::new();
    for (_, part) in halt.over(parts(text, key)) {
        if is_too_much(part) {
            return None;
        }
        // What follows the last package is no part of it.
        for (name, value) in toml::from_str::<Table>(part).ok()? {
            let each = match value {
                Value::Array(packages) if name == key => packages,
                other => vec![other],
            };
            for mut value in each {
                if is_rounded(&value) {
                    return None;
                }
                sort_tables(&mut value);
                said.push(toml::to_string(&Table::from_iter([(name.clone(), value)])).ok()?);
            }
        }
    }
    said.sort_unstable();
    Some(said)
}

/// Whether there is a number with a fraction in it: two of them may be one to the reader. A whole one that is too large is no TOML.
fn is_rounded(value: &Value) -> bool {
    match value {
        Value::Float(_) => true,
        Value::Array(list) => list.iter().any(is_rounded),
        Value::Table(table) => table.values().any(is_rounded),
        _ => false,
    }
}

/// Sorts lists of tables, such as files and those that are asked for: their order says nothing.
fn sort_tables(value: &mut Value) {
    match value {
        Value::Table(table) => table.iter_mut().for_each(|(_, value)| sort_tables(value)),
        Value::Array(list) if list.iter().all(Value::is_table) => {
            list.iter_mut().for_each(sort_tables);
            list.sort_by_cached_key(Value::to_string);
        }
        _ => {}
    }
}

/// What stands in front of the first package, where that can be read.
pub(super) fn head(text: &str, key: &str) -> Option<Table> {
    let (_, head) = parts(text, key).next()?;
    if is_too_much(head) { None } else { toml::from_str(head).ok() }
}

/// The text cut before each `[[package]]` that begins a line, and the line where each part begins.
pub(super) fn parts<'a>(text: &'a str, key: &str) -> impl Iterator<Item = (usize, &'a str)> {
    let header = format!("[[{key}]]");
    let mut rest = text;
    let mut line = 1;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let next = rest.match_indices(&header).find(|(at, _)| *at > 0 && rest.as_bytes()[at - 1] == b'\n');
        let (part, after) = rest.split_at(next.map_or(rest.len(), |(at, _)| at));
        let start = line;
        line += part.matches('\n').count();
        rest = after;
        Some((start, part))
    })
}
