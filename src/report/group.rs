//! Which texts say the same of different jobs.
//!
//! A failure names its layer, its S3 URI, its request id: two hundred jobs that a missing permission stops have two
//! hundred different texts. Here the words that are a layer's own become slots. What is left is equal when the cause is,
//! and a slot of a group is filled again where all its values are equal. A target's words stay: another account or
//! Region is another cause.

use std::collections::BTreeSet;

use crate::outcome::JobReport;

/// Stands for a slot in a template: a private-use character, which no message has a reason to contain.
const SLOT: char = '\u{e000}';
/// Stands in a text for words that differ from job to job.
const DIFFERENT: &str = "…";
/// A name, path or URI that is longer is taken for a text as any other, in bytes: each word of a message is held against it.
const LONGEST: usize = 1_200;

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
    /// A name, path, URI …
    Word(String),
    /// A digest or an id, which tells a person nothing.
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

/// Takes a layer's own words out of a text.
pub fn mask(text: &str, job: &JobReport) -> Masked {
    let request_id = job.error.as_ref().and_then(|error| error.request_id.as_deref());
    let own = own_words(job, request_id);
    let mut masked = Masked { template: String::with_capacity(text.len()), values: Vec::new() };
    let mut at = 0;
    let mut quoted = false;
    while let Some(c) = text[at..].chars().next() {
        let here = own_word(&text[..at], &text[at..], quoted, &own);
        let taken = here.unwrap_or_else(|| &text[at..at + c.len_utf8()]);
        if here.is_some() || c == SLOT {
            masked.template.push(SLOT);
            masked.values.push(Value::new(taken, request_id));
        } else {
            masked.template.push_str(taken);
        }
        quoted ^= taken == "`";
        at += taken.len();
    }
    masked
}

/// The text that several masked texts with equal templates have in common.
pub fn merge(group: &[&Masked]) -> String {
    let Some(first) = group.first() else { return String::new() };
    let mut slot = 0;
    let mut text = String::with_capacity(first.template.len());
    for c in first.template.chars() {
        if c == SLOT {
            text.push_str(&common(&values(group, slot)));
            slot += 1;
        } else {
            text.push(c);
        }
    }
    text
}

/// What tells the jobs of a group apart: the values, each once, of the first word that is not the same in all.
pub fn different<'a>(group: &[&'a Masked]) -> Vec<&'a str> {
    let slots = group.first().map_or(0, |first| first.values.len());
    let of_slot = (0..slots).map(|slot| values(group, slot));
    let differ = |values: &Vec<&Value>| matches!(values[0], Value::Word(_)) && values.iter().any(|v| v != &values[0]);
    let mut seen = BTreeSet::new();
    let words = of_slot.into_iter().find(differ).unwrap_or_default();
    words.into_iter().map(Value::text).filter(|word| seen.insert(*word)).collect()
}

fn values<'a>(group: &[&'a Masked], slot: usize) -> Vec<&'a Value> {
    group.iter().filter_map(|one| one.values.get(slot)).collect()
}

/// The words of a layer that another layer would have otherwise, longest first: a layer's name may be part of its URI.
fn own_words(job: &JobReport, request_id: Option<&str>) -> Vec<String> {
    let versions = [job.version, job.previous_version].into_iter().flatten();
    let optional = [request_id, job.manifest.backup.as_deref()];
    let always = [job.layer.as_str(), &job.layer_name, &job.manifest.path, &job.archive.staged];
    let words =
        always.into_iter().chain(optional.into_iter().flatten()).filter(|word| (1..=LONGEST).contains(&word.len()));
    let mut words: Vec<String> = words.map(str::to_owned).collect();
    // As keys of backups have them.
    words.extend(versions.map(|version| format!("{version:06}")));
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words
}

/// The own word, or the path, digest or id, that a text goes on with after what was read.
fn own_word<'a>(read: &str, text: &'a str, quoted: bool, own: &[String]) -> Option<&'a str> {
    let before = read.chars().last();
    if before.is_some_and(is_of_word) {
        return None;
    }
    // A layer called `requests` does not own the word in "too many requests": plain words count only where they are
    // quoted or part of an ARN or a path.
    let literal = quoted || before.is_some_and(|c| matches!(c, '\'' | '"' | '/' | ':' | '`'));
    let matches = |word: &str| text.starts_with(word) && !text[word.len()..].starts_with(is_of_word);
    let specific = |word: &str| word.contains('/') || word.contains(|c: char| c.is_ascii_digit()) && word.len() >= 12;
    own.iter()
        .find(|word| matches(word) && (literal || specific(word)))
        .map(|word| &text[..word.len()])
        .or_else(|| uri(text))
        .or_else(|| path(text, before == Some('`') && quoted))
        .or_else(|| bare_path(text, before))
        .or_else(|| version(read, text))
        .or_else(|| digest(text))
}

/// An S3 URI. As with all that follows, its end is only looked for where one begins: a message may be long.
fn uri(text: &str) -> Option<&str> {
    let inside = text.strip_prefix("s3://")?;
    let end = inside.find([' ', '`', '"', '\'', ',', ';']).unwrap_or(inside.len());
    Some(&text[..text.len() - inside.len() + end])
}

/// What is quoted and is a path.
fn path(text: &str, quote_opened: bool) -> Option<&str> {
    let path = if quote_opened { &text[..text.find('`')?] } else { return None };
    (path.contains('/') && !path.contains([' ', SLOT])).then_some(path)
}

/// A path at the beginning of a word: `requests/layer is not a zip`.
fn bare_path(text: &str, before: Option<char>) -> Option<&str> {
    if before.is_some_and(|c| !c.is_whitespace()) {
        return None;
    }
    let end = text.find(|c: char| !(is_of_word(c) || matches!(c, '.' | '/'))).unwrap_or(text.len());
    (text[..end].contains('/') && !text[end..].starts_with("://")).then_some(&text[..end])
}

/// The number in `version 17`.
fn version<'a>(read: &str, text: &'a str) -> Option<&'a str> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (end > 0 && read.ends_with("version ")).then_some(&text[..end])
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

/// The value if all are equal, else a mark that they are not.
fn common(values: &[&Value]) -> String {
    match values {
        [first, others @ ..] if others.iter().all(|other| other == first) => first.text().to_owned(),
        [Value::Request(id), others @ ..] => format!("{id} and {} more", others.len()),
        _ => DIFFERENT.to_owned(),
    }
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
        assert_eq!(merged(&|j| format!("not allowed on layer `{}`", j.layer)), "not allowed on layer `…`");
        let arn = "arn:aws:lambda:us-east-1:123456789012:layer";
        assert_eq!(merged(&|j| format!("on resource: {arn}:{}", j.layer)), format!("on resource: {arn}:…"));
        assert_eq!(merged(&|j| format!("{} does not exist", j.archive.staged)), "… does not exist");
        assert_eq!(merged(&|j| format!("s3://acme/{}/x, too", j.layer)), "…, too");
        assert_eq!(merged(&|j| format!("the archive `build/{}` is empty", j.layer)), "the archive `…` is empty");
        assert_eq!(merged(&|j| format!("build/{}.zip is empty", j.layer)), "… is empty");
        assert_eq!(merged(&|j| format!("run `layership stage {}`", j.layer)), "run `layership stage …`");
        assert_eq!(merged(&|j| format!("version {} is there", &j.layer[8..])), "version … is there");
        assert_eq!(merged(&|j| format!("MD5 {}", crate::layer::Md5::of(j.layer.as_bytes()))), "MD5 …");
    }

    #[test]
    fn other_words_stay_as_they_are() {
        assert_eq!(merged(|_| "too many requests".to_owned(), &["requests", "many"]), ["too many requests"]);
        let different = merged(|j| format!("layer `{}` is {}", j.layer, j.layer.len()), &["a", "bb"]);
        assert_eq!(different, ["layer `a` is 1", "layer `bb` is 2"]);
        assert_eq!(merged(|_| "a slot \u{e000} of its own".to_owned(), &["a", "b"]), ["a slot \u{e000} of its own"]);
    }

    /// Where each place were looked at to the end, this would take minutes.
    #[test]
    fn the_end_of_a_word_is_only_looked_for_where_one_begins() {
        const MANY: usize = 100_000;
        let mut job = job("a", "x", Outcome::Failed);
        job.layer_name = "!".repeat(MANY);
        for text in
            ["!".repeat(MANY), format!("!{}", "/".repeat(MANY)), "!s3:/".repeat(MANY / 5), "` ".repeat(MANY / 2)]
        {
            assert_eq!(mask(&text, &job).template, text);
        }
        let uris = "s3://b/k ".repeat(MANY / 9);
        assert_eq!(mask(&uris, &job).template.chars().filter(|c| *c == SLOT).count(), MANY / 9);
    }

    #[test]
    fn words_of_a_target_are_another_cause() {
        let of = |target: &str| {
            let job = job("a", target, Outcome::Failed);
            mask(&format!("no credentials for target `{target}`"), &job).template
        };
        assert_ne!(of("east"), of("west"));
    }

    #[test]
    fn what_tells_jobs_apart_is_real_and_said_once() {
        let masked = ["a", "b", "a"].map(|layer| {
            let job = job(layer, "x", Outcome::Failed);
            mask(&format!("`lambda:Publish` on {} of `{layer}`", job.archive.staged), &job)
        });
        let all: Vec<&Masked> = masked.iter().collect();
        assert_eq!(different(&all), ["s3://acme/layers/a/layer/layer.zip", "s3://acme/layers/b/layer/layer.zip"]);
        assert_eq!(different(&all[..1]), [""; 0]);
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
