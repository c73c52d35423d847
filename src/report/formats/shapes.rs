//! Whatever a report says, a document of each format has the shape that it has for plain words, and no secret in it.

use std::process::Command;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::select;

use super::{FORMATS, arns, csv, html, json, junit, markdown};
use crate::event::Mode;
use crate::manifest::{Dependency, Difference};
use crate::outcome::{ErrorCode, JobReport, Outcome};
use crate::report::Shown;
use crate::report::model::Report;
use crate::report::samples::{failed, job, report, warning};
use crate::report::wording::shell_word;

/// What quoting turns into something else, what URLs with credentials are recognised by, and what shells, tables, pages and
/// build servers act on.
const PIECES: [&str; 38] = [
    "://",
    "https://",
    "?token=",
    "?",
    "key=",
    "%3A%2F%2F",
    "%3A%2F%2F<u@h",
    "%3A%2F%2F`u@h",
    "%3Ftoken%3D",
    "@",
    "#",
    "&",
    "=",
    "/",
    ";",
    ":",
    "'",
    "\"",
    "`",
    "``",
    "\\",
    ",",
    "|",
    "\n",
    "\r",
    "<",
    ">",
    "</td>",
    "<script>",
    "-->",
    "]]>",
    "&quot;",
    "$(touch /tmp/layership-was-here)",
    "::error::x",
    "##[group]x",
    "[click](http://evil.example)",
    " ",
    "a",
];

const SECRET: &str = "s3cr3tPlant3d";
const URLS: [&str; 3] =
    ["https://u:s3cr3tPlant3d@h/x", "https://h/x?token=s3cr3tPlant3d", "%3A%2F%2Fu%3As3cr3tPlant3d%40h"];

/// A value, and at times a credential as a word of it. It is never empty, for which formats have a shape of their own.
fn value() -> impl Strategy<Value = String> {
    let pieces = || prop::collection::vec(select(&PIECES[..]), 0..6).prop_map(|pieces| pieces.concat());
    let word =
        prop::option::of(select(&URLS[..])).prop_map(|url| url.map(|url| format!(" {url} ")).unwrap_or_default());
    (pieces(), word, pieces(), select(&["z", "'z", "z`", "z\\", "z\""][..])).prop_map(|(a, b, c, d)| a + &b + &c + d)
}

fn values() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(value(), 12)
}

/// A job of each kind that formats tell apart, in an order of their own, with these values in all of its texts.
fn filled_with(values: &[String]) -> Report {
    let text = |n: usize| values[n].clone();
    let one = |n: usize| Dependency { name: text(n), version: text(n + 1) };
    let mut done =
        JobReport { region: text(0), account: Some(text(1)), layer_name: text(2), ..job("a", "x", Outcome::Published) };
    (done.layer, done.target, done.layer_version_arn) =
        (format!("a{}", values[3]), format!("x{}", values[4]), Some(text(5)));
    (done.manifest.path, done.archive.staged) = (text(6), text(7));
    done.dependencies = Arc::new(Difference { added: vec![one(8)], removed: vec![one(9)], ..Difference::default() });
    done.warnings = vec![warning("w", &values[10])];
    let mut broken = failed(&format!("b{}", values[0]), &format!("y{}", values[1]), ErrorCode::Internal, &values[2]);
    // A cause of several lines has a block of its own in Markdown.
    let line = |n: usize| values[n].replace('\n', "");
    broken.error = broken.error.map(|error| error.cause(line(3)).hint(text(4)));
    broken.error.iter_mut().for_each(|error| error.request_id = Some(line(11)));
    let mut all = report(Mode::Publish, vec![done, broken]);
    all.ran.command = Some(vec![text(5), text(6)]);
    all
}

fn plain() -> Report {
    filled_with(&(0..12).map(|n| format!("v{}", char::from(b'a' + n))).collect::<Vec<_>>())
}

/// How many fields each row of a CSV document has, as RFC 4180 takes it apart.
fn fields(document: &str) -> Vec<usize> {
    let (mut rows, mut count, mut quoted) = (Vec::new(), 1, false);
    for c in document.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => count += 1,
            '\n' if !quoted => rows.push(std::mem::replace(&mut count, 1)),
            _ => {}
        }
    }
    assert!(!quoted, "a quotation mark is open: {document}");
    rows
}

/// The names of all tags, in order.
fn tags(document: &str) -> Vec<String> {
    document.split('<').skip(1).map(|tag| tag.split([' ', '>', '\n']).next().unwrap_or_default().to_owned()).collect()
}

/// What is outside of spans of code, line by line, and how many spans there are; of lines of HTML, which has none, the tags.
fn outside(document: &str) -> Vec<String> {
    let of_line = |line: &str| match line.starts_with("<details>") {
        true => tags(line).join("<"),
        false => line.split('`').step_by(2).collect::<Vec<_>>().join("`"),
    };
    document.lines().map(of_line).collect()
}

/// A table of GitHub's takes every bar for the end of a cell, also in a span of code, but one behind a backslash.
fn bars(document: &str) -> Vec<usize> {
    document
        .lines()
        .filter(|line| line.starts_with('|'))
        .map(|line| line.replace("\\|", "").matches('|').count())
        .collect()
}

/// What a shell makes of a script, with what it says behind it.
fn sh(script: &str) -> String {
    let ended = Command::new("sh").env_clear().args(["-c", script]).output().unwrap();
    assert!(ended.status.success() && ended.stderr.is_empty(), "{script}: {ended:?}");
    String::from_utf8(ended.stdout).unwrap()
}

proptest! {
    #[test]
    fn documents_keep_their_shape_whatever_they_say(values in values()) {
        let (hostile, plain) = (filled_with(&values), plain());
        prop_assert_eq!(fields(&csv::render(&hostile)), fields(&csv::render(&plain)), "{}", csv::render(&hostile).as_str());
        prop_assert_eq!(tags(&html::render(&hostile)), tags(&html::render(&plain)), "{}", html::render(&hostile));
        prop_assert_eq!(tags(&junit::render(&hostile)), tags(&junit::render(&plain)), "{}", junit::render(&hostile));
        prop_assert!(quick_junit::Report::deserialize_from_str(&junit::render(&hostile)).is_ok());
        let (comment, expected) = (markdown::comment(&hostile), markdown::comment(&plain));
        prop_assert_eq!(outside(&comment), outside(&expected), "{}", comment);
        prop_assert_eq!(bars(&comment), bars(&expected), "{}", comment);
        let read: Report = serde_json::from_str(&json::render(&hostile)).unwrap();
        prop_assert_eq!(json::render(&read), json::render(&hostile));
    }

    #[test]
    fn no_format_shows_a_credential(values in values()) {
        let report = filled_with(&values);
        for format in FORMATS {
            let document = (format.render)(&report);
            prop_assert!(!document.contains(SECRET), "{}: {}", format.name, document);
        }
    }

    #[test]
    fn a_shell_takes_a_word_for_what_it_is(value in value()) {
        let word = shell_word(&value);
        prop_assert_eq!(sh(&format!("printf %s {word}")), Shown::one_line(&value).to_string());
    }
}

#[test]
fn an_env_report_sets_its_variables_and_does_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let command = format!("$(touch {}/ran)", folder.path().display());
    let arns = ["https://h/?token=", &command, "https://h/?token=", "arn:aws:lambda:us-east-1:123456789012:layer:d:3"];
    let published = |(layer, arn): (&str, &str)| JobReport {
        layer_version_arn: Some(arn.to_owned()),
        ..job(layer, "x", Outcome::Published)
    };
    let jobs = ["a", "b", "c", "d"].into_iter().zip(arns).map(published).collect();
    let text = arns::env(&report(Mode::Publish, jobs));
    let set = sh(&format!("{}\nset", text.as_str()));
    let set: Vec<&str> = set.lines().filter(|line| line.starts_with("LAYER_ARN_")).collect();
    assert_eq!(set, ["LAYER_ARN_D__X='arn:aws:lambda:us-east-1:123456789012:layer:d:3'"], "{}", text.as_str());
    assert!(!folder.path().join("ran").exists());
}
