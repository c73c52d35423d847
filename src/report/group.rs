//! Which texts say the same of different jobs.
//!
//! A failure names its layer, its S3 URI, its request id: two hundred jobs that a missing permission stops have two
//! hundred different texts. Here the words that are a job's own become slots. What is left is equal when the cause is,
//! and the slots of a group are filled again with what their values have in common: `scipy-*`.

use std::collections::BTreeSet;

use crate::outcome::JobReport;
use crate::report::wording::names;

/// Stands for a slot in a template: a private-use character, which no message has a reason to contain.
const SLOT: char = '\u{e000}';

/// A text with its job's own words taken out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Masked {
    /// What is left; equal for equal causes.
    pub template: String,
    /// What was taken out, in order.
    pub values: Vec<Value>,
}

/// One of a job's own words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// A name, path, URI …
    Word(String),
    /// A digest or an id: what several share at their beginning is chance.
    Digest(String),
    /// The request id, which is worth showing even when every job has another.
    Request(String),
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
            Self::Word(text) | Self::Digest(text) | Self::Request(text) => text,
        }
    }
}

/// Takes a job's own words out of a text.
pub fn mask(text: &str, job: &JobReport) -> Masked {
    let request_id = job.error.as_ref().and_then(|error| error.request_id.as_deref());
    let own = own_words(job, request_id);
    let mut masked = Masked { template: String::with_capacity(text.len()), values: Vec::new() };
    let mut rest = text;
    let mut before = None;
    let mut quoted = false;
    while let Some(c) = rest.chars().next() {
        let here = if before.is_some_and(is_of_word) { None } else { own_word(rest, before, quoted, &own) };
        let taken = here.unwrap_or_else(|| &rest[..c.len_utf8()]);
        if here.is_some() || c == SLOT {
            masked.template.push(SLOT);
            masked.values.push(Value::new(taken, request_id));
        } else {
            masked.template.push_str(taken);
        }
        quoted ^= c == '`';
        before = taken.chars().last();
        rest = &rest[taken.len()..];
    }
    masked
}

/// Fills the slots of several texts with equal templates.
pub fn merge(group: &[&Masked]) -> String {
    let Some(first) = group.first() else { return String::new() };
    let mut slot = 0;
    let mut text = String::with_capacity(first.template.len());
    for c in first.template.chars() {
        if c == SLOT {
            let values: Vec<&Value> = group.iter().filter_map(|one| one.values.get(slot)).collect();
            text.push_str(&common(&values));
            slot += 1;
        } else {
            text.push(c);
        }
    }
    text
}

/// The words of a job that another job would have otherwise, longest first: a layer's name may be part of its URI.
fn own_words<'a>(job: &'a JobReport, request_id: Option<&'a str>) -> Vec<&'a str> {
    let optional = [request_id, job.manifest.backup.as_deref(), job.account.as_deref()];
    let always =
        [job.layer.as_str(), &job.layer_name, &job.target, &job.region, &job.manifest.path, &job.archive.staged];
    let mut words: Vec<&str> = always.into_iter().chain(optional.into_iter().flatten()).collect();
    words.retain(|word| !word.is_empty());
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words
}

/// The own word, or the digest or id, that the text begins with.
fn own_word<'a>(text: &'a str, before: Option<char>, quoted: bool, own: &[&str]) -> Option<&'a str> {
    // A layer called `requests` does not own the word in "too many requests": plain words count only where they are
    // quoted or part of an ARN or a path.
    let literal = quoted || before.is_some_and(|c| matches!(c, '\'' | '"' | '/' | ':' | '`'));
    let matches = |word: &str| text.starts_with(word) && !text[word.len()..].starts_with(is_of_word);
    let specific = |word: &str| word.contains('/') || word.contains(|c: char| c.is_ascii_digit()) && word.len() >= 12;
    own.iter()
        .find(|word| (literal || specific(word)) && matches(word))
        .map(|word| &text[..word.len()])
        .or_else(|| digest(text))
}

/// A digest or a UUID: at least 32 hexadecimal digits.
fn digest(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !(c.is_ascii_hexdigit() || c == '-')).unwrap_or(text.len());
    let digits = text[..end].chars().filter(char::is_ascii_hexdigit).count();
    (digits >= 32 && !text[end..].starts_with(is_of_word)).then_some(&text[..end])
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_')
}

/// The value if all are equal, else what can be said of all of them.
fn common(values: &[&Value]) -> String {
    let Some((first, others)) = values.split_first() else { return String::new() };
    match first {
        _ if others.iter().all(|other| other == first) => first.text().to_owned(),
        Value::Request(id) => format!("{id} and {} more", others.len()),
        Value::Digest(_) => "…".to_owned(),
        Value::Word(word) => beginning(word, others.iter().map(|other| other.text())).unwrap_or_else(|| listed(values)),
    }
}

/// Each of them once, as many as fit.
fn listed(values: &[&Value]) -> String {
    let distinct: BTreeSet<&str> = values.iter().map(|value| value.text()).collect();
    names(distinct).to_string()
}

/// What the words begin with, up to a separator, and `*`; `None` if they share nothing.
fn beginning<'a>(first: &str, others: impl Iterator<Item = &'a str>) -> Option<String> {
    let shared = others.fold(first.len(), |shared, other| {
        first.bytes().take(shared).zip(other.bytes()).take_while(|(a, b)| a == b).count()
    });
    // Separators are ASCII, so a cut behind one is on a character's border.
    let last = first.as_bytes()[..shared].iter().rposition(|b| b"-_/.:".contains(b))?;
    Some(format!("{}*", &first[..=last]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{ErrorCode, Outcome};
    use crate::report::samples::{failed, job};

    fn merged(text: impl Fn(&JobReport) -> String, layers: &[&str]) -> Vec<String> {
        let masked: Vec<Masked> = layers
            .iter()
            .map(|layer| job(layer, "us-east-1", Outcome::Failed))
            .map(|job| mask(&text(&job), &job))
            .collect();
        let all: Vec<&Masked> = masked.iter().collect();
        if masked.iter().all(|one| one.template == masked[0].template) {
            return vec![merge(&all)];
        }
        all.iter().map(|one| merge(&[*one])).collect()
    }

    #[test]
    fn texts_that_differ_in_their_own_words_say_the_same() {
        let merged = |text: &dyn Fn(&JobReport) -> String| merged(text, &["scipy-py311", "scipy-py312"]).join("|");
        assert_eq!(merged(&|j| format!("not allowed on layer `{}`", j.layer)), "not allowed on layer `scipy-*`");
        let arn = "arn:aws:lambda:us-east-1:123456789012:layer";
        assert_eq!(merged(&|j| format!("on resource: {arn}:{}", j.layer)), format!("on resource: {arn}:scipy-*"));
        let staged = merged(&|j| format!("{} does not exist", j.archive.staged));
        assert_eq!(staged, "s3://acme/layers/scipy-* does not exist");
        assert_eq!(merged(&|j| format!("run `layership stage {}`", j.layer)), "run `layership stage scipy-*`");
        assert_eq!(merged(&|j| format!("MD5 {}", crate::layer::Md5::of(j.layer.as_bytes()))), "MD5 …");
    }

    #[test]
    fn other_words_stay_as_they_are() {
        assert_eq!(merged(|_| "too many requests".to_owned(), &["requests", "many"]), ["too many requests"]);
        let different = merged(|j| format!("layer `{}` is {}", j.layer, j.layer.len()), &["a", "bb"]);
        assert_eq!(different, ["layer `a` is 1", "layer `bb` is 2"]);
        assert_eq!(merged(|_| "a slot \u{e000} of its own".to_owned(), &["a", "b"]), ["a slot \u{e000} of its own"]);
    }

    #[test]
    fn a_shared_beginning_ends_at_a_separator() {
        assert_eq!(beginning("scipy-py311", ["scipy-py312"].into_iter()).as_deref(), Some("scipy-*"));
        assert_eq!(beginning("requests", ["numpy"].into_iter()), None);
        assert_eq!(beginning("é-1", ["è-1"].into_iter()), None);
        assert_eq!(beginning("a-", ["a-b"].into_iter()).as_deref(), Some("a-*"));
    }

    #[test]
    fn one_request_id_is_kept_for_the_support_of_the_service() {
        let ids = ["4442587FB7D0A2F9", "99AC587FB7D0A2F9"];
        let masked = ids.map(|id| {
            let mut job = failed("a", "x", ErrorCode::AccessDenied, "no");
            job.error.as_mut().unwrap().request_id = Some(id.to_owned());
            mask(&format!("AccessDenied (HTTP 403, request {id})"), &job)
        });
        let all: Vec<&Masked> = masked.iter().collect();
        assert_eq!(merge(&all), "AccessDenied (HTTP 403, request 4442587FB7D0A2F9 and 1 more)");
    }
}
