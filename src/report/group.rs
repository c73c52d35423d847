//! Which texts say the same of different jobs.
//!
//! A failure names its layer, its S3 URI, its request id: two hundred jobs that a missing permission stops have two
//! hundred different texts. Here the words that are a layer's own become slots. What is left is equal when the cause is,
//! and a slot of a group is filled again where all its values are equal. A target's words stay: another account or
//! Region is another cause. Failures are masked loosely: what a message only gives as an example, such as the name of a
//! package or a size, is a slot too.

mod words;

use std::collections::BTreeSet;

use words::{SLOT, digest, is_of_word, own_word, own_words, quoted, quoted_word, size};

use crate::outcome::JobReport;

/// Stands in a text for words that differ from job to job.
const DIFFERENT: &str = "…";

/// A text with its layer's own words taken out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Masked {
    /// What is left; equal for equal causes.
    pub template: String,
    /// What was taken out, in order.
    values: Vec<Value>,
}

/// One of a layer's own words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    /// A name, path, URI …; with its quotes where the text is masked loosely.
    Word(String),
    /// A digest or an id, which tells a person nothing.
    Digest(String),
    /// The request id, which is worth showing even when every job has another.
    Request(String),
    /// Quoted words, with their quotes, or a size: what the message says of this layer alone.
    Example(String),
}

impl Value {
    fn new(text: &str, request_id: Option<&str>) -> Self {
        match text {
            id if Some(id) == request_id => Self::Request(id.to_owned()),
            hex if digest(hex) == Some(hex) => Self::Digest(hex.to_owned()),
            word => Self::Word(word.to_owned()),
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Word(text) | Self::Digest(text) | Self::Request(text) | Self::Example(text) => text,
        }
    }
}

/// Takes a layer's own words out of a text.
pub fn mask(text: &str, job: &JobReport) -> Masked {
    masked(text, job, None)
}

/// The same, and what the text gives as an example. What is known by name is none: the targets of a run, their Regions …
pub fn mask_loosely(text: &str, job: &JobReport, known: &BTreeSet<&str>) -> Masked {
    masked(text, job, Some(known))
}

fn masked(text: &str, job: &JobReport, loosely: Option<&BTreeSet<&str>>) -> Masked {
    let request_id = job.error.as_ref().and_then(|error| error.request_id.as_deref());
    let own = own_words(job, request_id);
    let mut masked = Masked { template: String::with_capacity(text.len()), values: Vec::new() };
    let mut at = 0;
    let mut quoted = false;
    while let Some(c) = text[at..].chars().next() {
        let (read, rest) = text.split_at(at);
        let example = loosely.filter(|_| !quoted).and_then(|known| example(read, rest, known, &own));
        let own_word = || own_word(read, rest, quoted, &own).map(|word| Value::new(word, request_id));
        let slot = || (c == SLOT).then(|| Value::Word(c.to_string()));
        if let Some(value) = example.or_else(own_word).or_else(slot) {
            at += value.text().len();
            masked.template.push(SLOT);
            masked.values.push(value);
        } else {
            at += c.len_utf8();
            masked.template.push(c);
            quoted ^= c == '`';
        }
    }
    masked
}

/// What the text goes on with and only gives as an example. Of quoted words, those that are the layer's own are more than that.
fn example(read: &str, text: &str, known: &BTreeSet<&str>, own: &[String]) -> Option<Value> {
    // Within a word, and within a number, nothing begins: each place would be looked at to its end.
    if read.ends_with(|c| is_of_word(c) || c == '.') {
        return None;
    }
    if let Some(size) = size(text) {
        return Some(Value::Example(size.to_owned()));
    }
    let (word, _) = quoted_word(text)?;
    if known.contains(word) {
        return None;
    }
    match own_word("`", &text[1..], true, own).map(|own| own == word && digest(own).is_none()) {
        Some(true) => Some(Value::Word(quoted(text)?.to_owned())),
        Some(false) => None,
        None => Some(Value::Example(quoted(text)?.to_owned())),
    }
}

/// The text that several masked texts with equal templates have in common.
pub fn merge(group: &[&Masked]) -> String {
    let Some(first) = group.first() else { return String::new() };
    let mut slot = 0;
    let mut text = String::with_capacity(first.template.len());
    for c in first.template.chars() {
        if c == SLOT {
            let common = common(&values(group, slot));
            // What the text is about has to be told, and there is room for one.
            text.push_str(&if text.is_empty() && common == DIFFERENT { each(&values(group, slot)) } else { common });
            slot += 1;
        } else {
            text.push(c);
        }
    }
    text
}

/// The first slot with a word that is not the same in all.
pub fn differing_word(group: &[&Masked]) -> Option<usize> {
    let is_word = |slot: &usize| group.first().is_some_and(|first| first.word(*slot).is_some());
    differing(group).into_iter().find(is_word)
}

/// The slots whose values are not the same in all.
pub fn differing(group: &[&Masked]) -> Vec<usize> {
    let slots = group.first().map_or(0, |first| first.values.len());
    let differ = |slot: &usize| values(group, *slot).windows(2).any(|pair| pair[0] != pair[1]);
    (0..slots).filter(differ).collect()
}

impl Masked {
    /// The name, path or URI that was taken out there, if it was one.
    pub fn word(&self, slot: usize) -> Option<&str> {
        let value = self.values.get(slot).filter(|value| matches!(value, Value::Word(_)))?;
        Some(value.text().trim_matches('`'))
    }

    /// The example that was taken out there, if it was one.
    pub fn example(&self, slot: usize) -> Option<&str> {
        self.values.get(slot).filter(|value| matches!(value, Value::Example(_))).map(Value::text)
    }
}

fn once<'a>(values: &[&'a Value]) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    values.iter().map(|value| value.text().trim_matches('`')).filter(|word| seen.insert(*word)).collect()
}

fn values<'a>(group: &[&'a Masked], slot: usize) -> Vec<&'a Value> {
    group.iter().filter_map(|one| one.values.get(slot)).collect()
}

/// `each of s3://acme/six.zip and 2 more`
fn each(values: &[&Value]) -> String {
    let words = once(values);
    format!("each of {} and {} more", words.first().copied().unwrap_or_default(), words.len().saturating_sub(1))
}

/// The value if all are equal, else a mark that they are not.
fn common(values: &[&Value]) -> String {
    match values {
        [first, others @ ..] if others.iter().all(|other| other == first) => first.text().to_owned(),
        [Value::Request(id), others @ ..] => format!("{id} and {} more", others.len()),
        [first, ..] if first.text().starts_with('`') => format!("`{DIFFERENT}`"),
        _ => DIFFERENT.to_owned(),
    }
}

#[cfg(test)]
mod tests;
