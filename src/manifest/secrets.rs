//! Credentials in a manifest: its backup would keep them in S3, byte for byte.

use std::borrow::Cow;
use std::ops::ControlFlow;

use memchr::{memchr, memchr_iter, memchr2_iter};

use super::credentials::is_credential;
use super::escapes::unescaped;
use super::first::First;
use super::lines::ends_line_of_python;
use super::mask::{HIDDEN, mask};
use super::named::{credentials, find_name};
use super::urls::{find_scheme, url_parts};
use super::variables::{self, find_variable};
use crate::halt::Halt;

/// A line that carries a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// Where it stands, counted from 1.
    pub line: usize,
    /// The URL, or what could be told of it, masked; `None` where it may not be shown.
    pub shown: Option<String>,
}

/// How many characters of a line are shown.
const SHOWN: usize = 160;

/// The lines of a manifest, of whatever format, with a password, a token or a signature in a URL, in an option or in a setting,
/// however its characters are escaped. A placeholder that a tool fills in (`${TOKEN}`) is no secret.
pub fn secrets(text: &str, halt: &Halt) -> Option<First<Secret>> {
    let text = unescaped(text);
    let text = uncut(&text);
    let lines =
        halt.over(suspects(&text)).filter_map(|(number, line)| with_secret(line, halt).map(|line| (number, line)));
    First::of(lines, |(line, text)| Secret { line, shown: Some(shown(&text)) })
}

/// The lines with a URL, or with a name that a credential may follow, each with its number, counted from 1. They end with LF, CR
/// or both. One that goes on behind a `\` is one with those that follow, as pip reads it.
fn suspects(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let (mut done, mut number) = (0, 1);
    let mut all = [find_scheme, find_name, find_variable].map(|find| Next { find, at: Some(0) });
    std::iter::from_fn(move || {
        let at = all.iter_mut().filter_map(|next| next.behind(text, done)).min()?;
        let start = text[done..at].rfind(ENDS).map_or(done, |end| done + end + 1);
        let end = end_of_line(text, at);
        number += line_breaks(&text[done..start]);
        let found = (number, &text[start..end]);
        number += line_breaks(&text[start..end]);
        done = end;
        Some(found)
    })
}

/// Where the next thing is of one kind, so that none is looked for twice.
struct Next {
    find: fn(&str) -> Option<usize>,
    at: Option<usize>,
}

impl Next {
    fn behind(&mut self, text: &str, done: usize) -> Option<usize> {
        if self.at? < done || done == 0 {
            self.at = (self.find)(&text[done..]).map(|at| done + at);
        }
        self.at
    }
}

const ENDS: [char; 2] = ['\n', '\r'];

/// The text with each word whole that a line goes on in the middle of. Its lines stay what they are.
fn uncut(text: &str) -> Cow<'_, str> {
    let (mut whole, mut done) = (String::new(), 0);
    for at in memchr_iter(b'\\', text.as_bytes()) {
        if at < done || cut(&text[..at], &text[at..]).is_none() {
            continue;
        }
        let (mut rest, mut cuts) = (&text[at..], String::new());
        whole.push_str(&text[done..at]);
        while let Some(length) = cut(&whole, rest) {
            cuts.push_str(&rest[..length]);
            let part = length + end_of_part(&rest[length..]);
            whole.push_str(&rest[length..part]);
            rest = &rest[part..];
        }
        // What follows the word stays apart from it where the lines are joined again.
        whole.extend([" ", &cuts]);
        done = text.len() - rest.len();
    }
    if done == 0 { text.into() } else { (whole + &text[done..]).into() }
}

/// How long what cuts a word is, behind this. Blanks behind that part words for pip; TOML and YAML leave them out, which makes a
/// difference in `://`.
fn cut(before: &str, text: &str) -> Option<usize> {
    let last = before.chars().next_back().filter(|last| !last.is_whitespace())?;
    let length = continuation(text)?;
    (matches!(last, ':' | '/') || !text[..length].ends_with([' ', '\t'])).then_some(length)
}

/// Where a word ends, or a line goes on in the middle of it.
fn end_of_part(text: &str) -> usize {
    let ends =
        |&(at, next): &(usize, char)| next.is_whitespace() || next == '\\' && continuation(&text[at..]).is_some();
    text.char_indices().find(ends).map_or(text.len(), |(at, _)| at)
}

/// How long a `\` is with the end of the line behind it, and with the blanks that TOML and YAML leave out. For pip more
/// characters end a line than for an editor.
fn continuation(text: &str) -> Option<usize> {
    let behind = text.strip_prefix('\\')?;
    let behind = behind.strip_prefix("\r\n").or_else(|| behind.strip_prefix(ends_line))?;
    Some(text.len() - behind.trim_start_matches([' ', '\t']).len())
}

fn ends_line(next: char) -> bool {
    ENDS.contains(&next) || ends_line_of_python(next)
}

/// Where the line ends that goes on from here.
fn end_of_line(text: &str, from: usize) -> usize {
    let goes_on = |end: usize| {
        let line = &text[..end];
        line.ends_with('\\') || text[end..].starts_with('\n') && line.ends_with("\\\r")
    };
    memchr2_iter(b'\n', b'\r', &text.as_bytes()[from..])
        .map(|end| from + end)
        .find(|end| !goes_on(*end))
        .unwrap_or(text.len())
}

/// A line as it is meant where it has a credential. Where it goes on, the blanks behind are a part of it for pip, and are left
/// out by TOML and YAML, unless some stand in front, too.
fn with_secret<'t>(line: &'t str, halt: &Halt) -> Option<Cow<'t, str>> {
    if !line.contains(ends_line) {
        return has_secret(line, halt).then_some(line.into());
    }
    let readings = ["", " "].into_iter().map(|blank| joined(line, blank));
    readings.filter(|line| has_secret(line, halt)).map(Cow::Owned).next()
}

/// A line without what continues it, with this in the place of blanks behind that.
fn joined(line: &str, blank: &str) -> String {
    let (mut joined, mut rest) = (String::new(), line);
    while let Some(at) = memchr(b'\\', rest.as_bytes()) {
        joined.push_str(&rest[..at]);
        let length = continuation(&rest[at..]);
        if length.is_none() {
            joined.push('\\');
        } else if joined.ends_with(char::is_whitespace) {
            joined.push(' ');
        } else if rest[..at + length.unwrap_or(1)].ends_with([' ', '\t']) {
            joined.push_str(blank);
        }
        rest = &rest[at + length.unwrap_or(1)..];
    }
    joined + rest
}

/// How many lines end in a text.
fn line_breaks(text: &str) -> usize {
    let is_half = |end: usize| text[end..].starts_with("\r\n");
    memchr2_iter(b'\n', b'\r', text.as_bytes()).filter(|end| !is_half(*end)).count()
}

fn shown(line: &str) -> String {
    // A password may have blanks in it.
    let masked = mask(line);
    let words: Vec<&str> = masked.split_whitespace().collect();
    let is_value = |word: &&str| word.trim_start_matches(['"', '\'', '\\']).starts_with(HIDDEN);
    let is_told = |&(at, word): &(usize, &&str)| {
        find_scheme(word).is_some() || word.contains(HIDDEN) || words.get(at + 1).is_some_and(is_value)
    };
    let told: Vec<&str> = words.iter().enumerate().filter(is_told).map(|(_, word)| *word).collect();
    told.join(" ").chars().take(SHOWN).collect()
}

fn has_secret(line: &str, halt: &Halt) -> bool {
    let found = url_parts(line, |part, range| {
        let is_secret = is_credential(line, part, &range);
        if is_secret || halt.is_raised() { ControlFlow::Break(is_secret) } else { ControlFlow::Continue(()) }
    });
    found == ControlFlow::Break(true) || credentials(line).chain(variables::credentials(line)).next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> bool {
        secrets(line, &Halt::default()).is_some()
    }

    #[test]
    fn credentials_are_found() {
        let table = [
            "--index-url https://user:password@host/simple",
            "--extra-index-url=https://__token__:pypi-AgEIcH@host/simple",
            "x @ https://ghp_0123456789@github.com/a/b.zip",
            "x @ git+https://0123456789abcdef01234@host/x.git@main",
            "x @ https://host/x.whl?token=abc",
            "x @ https://host/x.whl?b=1&X-Amz-Signature=abc",
            "x @ https://host/x.whl?X-Amz-Credential=abc#sha256=00",
            "x @ https://host/x.whl?sv=1&sig=abc",
            "x @ https://host/x.whl#egg=x&access_token=abc",
            r#"      "resolved": "https://host/x.tgz?auth=abc","#,
            "wheels = [{ url = \"https://u:p@host/x.whl\" }]",
            // Gemfury's token, and GitHub's.
            "--extra-index-url https://1fe2a-0123:@pypi.fury.io/me/",
            "x @ git+https://ghp_0123456789:@github.com/a/b.git",
            "x @ https://ghp_0123456789:${PASSWORD}@github.com/a/b.zip",
            "x @ https://AKIAIOSFODNN7EXAMPLE@host/x.whl",
            // Nobody fills these in.
            "--index-url https://user:$word@host/simple",
            "--index-url https://user:$WORD@host/simple",
            "--index-url https://user:%word%@host/simple",
            "--index-url https://user:${WORD}more@host/simple",
            "--index-url https://user:{{word@host/simple",
            "x @ https://host/x.whl?token=$word",
            "x @ https://host/x.whl?user=me&pass=word",
            "x @ https://host/x.whl?passphrase=word",
            "--index-url https://user:pa<ss@host/simple",
            "--index-url https://user:pa>s`s@host/simple",
            // PHP escapes slashes.
            r#""url":"https:\/\/user:p@host\/x.zip""#,
            r#""url":"https:\/\/host\/x.zip?token=abc""#,
            r#""url":"https:\/\/host\/glpat-0123456789-_abcdefg\/x.zip""#,
            "--index-url https://host/ghp_0123456789abcdefghij/simple/",
            "x @ https://host/github_pat_0123456789abcdefghij@v1",
            "--index-url https://user:\\\np@host/simple",
            "--index-url https://us\\\r\ner:\\\r\np@host/simple",
            "--index-url https://us\\\rer:\\\rp@host/simple",
            "--index-url https://user:pa\"ss@host/simple",
            "x @ https://host/x.whl?token=<abc>",
            "x @ https://host/x;token=abc/x.whl",
            "x @ https://host/x;v=1;sig=abc",
            "x @ https://proxy/get?url=https://user:p@host/x.whl",
            "x @ https://proxy/get?url=https://host/x.whl?token=abc",
            // Strings of JSON, TOML and YAML.
            r#""resolved": "https://host/x.tgz?a=1\u0026token=abc""#,
            r#""resolved": "https\u003a//user:p@host/x.tgz""#,
            r#""resolved": "https:\u002f\u002fuser:p@host/x.tgz""#,
            r#""resolved": "https://user:p\u0040host/x.tgz""#,
            r#""resolved": "https://user:p\u0022\u0020w@host/x.tgz""#,
            r#""resolved": "https://user:p\"w@host/x.tgz""#,
            r#""resolved": "https://user:p\\\u0040host/x.tgz""#,
            r#""url":"https:\/\/host\/x.zip?a=1\u0026token=abc""#,
            r#"source = { registry = "https\u003A//user:p@host/simple" }"#,
            r#"source = { registry = "https\U0000003A\x2f\x2Fuser:p@host/simple" }"#,
            r#"resolution: "@s/x@npm:1.0.0::__archiveUrl=https%3A%2F%2Fuser%3Ap%40host%2Fx.tgz""#,
            r#"resolution: "@s/x@npm:1.0.0::__archiveUrl=https%3a%2f%2fhost%2fx.tgz%3ftoken%3dabc""#,
            "x @ https://proxy/get?url=https%3A%2F%2Fuser%3Ap%40host%2Fx.whl",
            // curl and npm send these to the host, and pip what stands between quotes.
            r#""resolved": "https:/user:p@host/x.tgz""#,
            r#""resolved": "https:///user:p@host/x.tgz""#,
            r#""resolved": "HTTPS:user:p@host/x.tgz""#,
            r#""resolved": "git+https:/user:p@host/x.git#00""#,
            r#""url":"https:\/user:p@host\/x.zip""#,
            r#""resolved": "https://user:my pass@host/x.tgz""#,
            "--index-url 'https://user:my pass word@host/simple'",
            "registry = \"https://user:p w@host:8080/simple\"",
            "x @ https://host/x.whl#token=abc",
            "x @ https://host/x.whl#sha256=00&private_key=abc",
        ];
        for line in table {
            assert!(found(line), "{line}");
        }
    }

    #[test]
    fn what_is_no_credential_is_left_alone() {
        let table = [
            "requests==2.32.3",
            "x @ git+ssh://git@github.com/a/b.git@main",
            "x @ https://${USER}:${TOKEN}@host/x.whl",
            "x @ https://$TOKEN@host/x.whl",
            "x @ https://host/x.whl?token=${TOKEN}",
            "x @ https://user:****@host/x.whl",
            "x @ https://jenkins@host/x.git",
            "x @ https://host/x.whl?rev=main&egg=x#sha256=00ff",
            r#""resolved": "git+ssh://git@github.com/a/b.git#0e322af87745eff34caffe4df68456ebc20d9068""#,
            "https://host/@scope/name",
            "{ name = \"token\" }",
            "x @ https://user:{{token}}@host/x.whl",
            "--index-url='https://host/simple?token=${TOKEN}'",
            "x @ git+https://git:@host/a/b.git",
            "x @ https://host/ghp_short/npm_internal-registry-of-2026/pypi-mirror-of-the-company/x.whl",
            "x @ https://host/x \\\n    --hash=sha256:00 # me:p@host",
            "see <https://host:8080> or <me@host>",
            "`https://host`,`me:you@host`",
            r"C:\\Users\\me:x@host",
            "x @ https://host/x.whl;python_version>'3'",
            r#""url":"https\\u003a//user:p@host""#,
            r#"{"text":"{\"url\":\"https://host:8080\",\"mail\":\"me:you@host\"}"}"#,
            r#"{"url":"https://host:word","mail":"me:you@host"}"#,
            r#"resolution: "@s/x@npm:1.0.0::__archiveUrl=https%3A%2F%2Fhost%2F%40s%2Fx.tgz""#,
            "x @ https://host/100%25/%3A%2F/x.whl",
            // Nobody takes these for a user and a password: it is a port, or no URL at all.
            "x @ https://user:8080/S@h/x.whl",
            "x @ git+user:p@host/x.git",
            "x @ git+https://host/x.git@main#egg=ghp",
            "a @ https://host/x@1.0",
            "https:/host/@scope/x@1.0",
            "https:///host/x@1.0",
            "http:x@1.0 https: me:p@host http:/x",
            "\"https://host:8080 or me@host\"",
            "\"see https://host: write to me@host\"",
            "\"https://host: write to me@host\"",
            "# the 'https://host' of me:p@host",
            r"https:\u00 \u \x \U1 \ud800 \é me:x@host",
        ];
        for line in table {
            assert!(!found(line), "{line}");
        }
    }

    #[test]
    fn a_credential_that_is_cut_by_the_end_of_a_line_is_found() {
        for cut in ["\n", "\r\n", "\n    ", "\r", "\x0c", "\x0b", "\u{2028}", "\u{85}"] {
            let url = "https://user:SECRET@host/simple";
            for at in 6..15 {
                let text = format!("six==1\n-i {}\\{cut}{}\nx==1\n", &url[..at], &url[at..]);
                let found = secrets(&text, &Halt::default()).map(|found| (found.first.line, found.first.shown));
                assert_eq!(found, Some((2, Some("https://****@host/simple".to_owned()))), "{text:?}");
            }
            let twice = format!("-i https:\\{cut}/\\{cut}/user:\\{cut}SECRET@host");
            assert!(found(&twice), "{twice:?}");
        }
        for text in ["a: \\\n  //b:c@d", "https:\n//user:p@host", "a:\\\n b", ":\\", "https://host \\\n  me:p@host"] {
            assert!(!found(text), "{text:?}");
        }
        assert!(!found(&":\\\n".repeat(100_000)));
    }

    #[test]
    fn a_secret_is_told_by_its_line_and_never_shown() {
        let text = "six==1.16.0\n--index-url https://user:SECRET@host/simple?token=SECRET\n";
        let first = Secret { line: 2, shown: Some("https://****@host/simple?****".to_owned()) };
        assert_eq!(secrets(text, &Halt::default()), Some(First { first: first.clone(), more: 0 }));
        assert_eq!(secrets(&format!("{text}{text}"), &Halt::default()), Some(First { first, more: 1 }));
        let continued =
            "a==1 \\\n  --hash=x\n\n-i https://user:\\\nSECRET@host\n-i https://host\n-i https://u:SECRET@host\n";
        let lines: Vec<_> = suspects(continued).map(|(line, _)| line).collect();
        assert_eq!(lines, [4, 6, 7]);
        let first = Secret { line: 4, shown: Some("https://****@host".to_owned()) };
        for text in [continued.to_owned(), continued.replace('\n', "\r\n"), continued.replace('\n', "\r")] {
            let first = first.clone();
            assert_eq!(secrets(&text, &Halt::default()), Some(First { first, more: 1 }), "{text:?}");
        }
        let blanks = "a==1\n-i 'https://user:SEC RET@host/simple' # https://host\n";
        let first = Secret { line: 2, shown: Some("'https://****@host/simple' https://host".to_owned()) };
        assert_eq!(secrets(blanks, &Halt::default()), Some(First { first, more: 0 }));
        let escaped = "\"\\n\\r\\u000a\\u000d\\u2028\"\r\n\r\r\"https\\u003a//u:SECRET@host\"\n";
        let first = Secret { line: 4, shown: Some("\"https://****@host\"".to_owned()) };
        assert_eq!(secrets(escaped, &Halt::default()), Some(First { first, more: 0 }));
    }
}
