//! What ran: the command line, the commit that was checked out, the page of the build.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::report::Report;

/// A longer command line is cut where people read it; the JSON report has all of it.
const COMMAND_SHOWN: usize = 300;
/// What tells one commit from another, for people.
const COMMIT_SHOWN: usize = 12;

/// What ran, and for what. In a merged report each is there only where all its parts have the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ran {
    /// The command line, word by word. Credentials in URLs are hidden, and so are values of environment variables that look
    /// like secrets.
    pub command: Option<Vec<String>>,
    /// The commit that was checked out where the layers file is; null where that is no git checkout.
    pub git: Option<CheckedOut>,
    /// The page of the build that ran it, as its environment names it; null elsewhere.
    pub ci: Option<String>,
}

/// A commit, and whether the run saw what it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CheckedOut {
    /// The commit's id.
    pub commit: String,
    /// The branch that was checked out, or that the build server names; null where neither tells.
    pub branch: Option<String>,
    /// Whether a layers file, a manifest of a job, or what git knows of an archive, is not what the commit has.
    pub dirty: bool,
}

impl Ran {
    /// What two parts of a run have in common.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        Self {
            command: self.command.filter(|command| other.command.as_ref() == Some(command)),
            git: self.git.filter(|git| other.git.as_ref() == Some(git)),
            ci: self.ci.filter(|ci| other.ci.as_ref() == Some(ci)),
        }
    }

    /// For people, apart from the page of the build: each a word that says what it is, and foreign text.
    pub fn told(&self) -> Vec<(&'static str, String)> {
        let mut told = Vec::new();
        if let Some(command) = &self.command {
            let words: Vec<String> = command.iter().map(|word| quoted(word)).collect();
            told.push(("ran", cut(&words.join(" "))));
        }
        if let Some(git) = &self.git {
            told.push((if git.dirty { "with changes on commit" } else { "on commit" }, start(&git.commit)));
            told.extend(git.branch.iter().map(|branch| ("of", cut(branch))));
        }
        told
    }

    /// The page of the build, if its address cannot be anything else.
    pub fn page(&self) -> Option<&str> {
        self.ci.as_deref().filter(|address| is_plain(address))
    }
}

/// Whether an address of a page can stand in a document of any format as it is.
fn is_plain(address: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#=&%+,".contains(c);
    let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && rest.len() < 500 && rest.chars().all(is_plain))
}

fn start(commit: &str) -> String {
    commit.chars().take(COMMIT_SHOWN).collect()
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(COMMAND_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A word as it would be typed.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-._/:=,@+%{}*".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) { word.to_owned() } else { format!("'{word}'") }
}

impl Report {
    /// The same, with what ran.
    #[must_use]
    pub fn with_ran(self, ran: Ran) -> Self {
        Self { ran, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(command: &[&str], ci: &str) -> Ran {
        let git = CheckedOut { commit: "0123456789abcdef".to_owned(), branch: Some("main".to_owned()), dirty: true };
        let command = command.iter().map(|word| (*word).to_owned()).collect();
        Ran { command: Some(command), git: Some(git), ci: Some(ci.to_owned()) }
    }

    #[test]
    fn people_read_one_line_of_it() {
        let told = ran(&["layership", "plan", "a b", "numpy-*"], "https://ci.example/1").told();
        let line: Vec<String> = told.iter().map(|(word, text)| format!("{word} {text}")).collect();
        assert_eq!(line.join(" "), "ran layership plan 'a b' numpy-* with changes on commit 0123456789ab of main");
        let long = ran(&["x"; 1000], "").told();
        assert_eq!(long[0].1.chars().count(), COMMAND_SHOWN + 1);
    }

    #[test]
    fn only_an_address_becomes_a_link() {
        for (address, plain) in [
            ("https://github.com/acme/layers/actions/runs/1/attempts/2", true),
            ("http://jenkins:8080/job/layers/1/", true),
            ("javascript:alert(1)", false),
            ("https://", false),
            ("https://x/)[y](z", false),
            ("https://x/\"onload", false),
            ("https://x/ y", false),
        ] {
            assert_eq!(ran(&[], address).page().is_some(), plain, "{address}");
        }
    }

    #[test]
    fn parts_of_a_run_have_in_common_what_is_the_same() {
        let (one, other) = (ran(&["layership", "--partition", "1/2"], "https://x"), ran(&["layership"], "https://x"));
        assert_eq!(one.clone().and(&one), one);
        assert_eq!(one.clone().and(&other), Ran { command: None, ..other });
        assert_eq!(one.and(&Ran::default()), Ran::default());
    }
}
