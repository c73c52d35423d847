//! What a TAB does in an interactive bash, which splits words at `=`, and what `explain` shows at a terminal.

use std::path::Path;

use crate::common::{LAYERSHIP, folder, isolated, write};
use crate::tmux::Terminal;

/// Reads the script, and has a key that keeps the line as it stands there.
const RC: &str = r#"
PS1='ready> '
source <(layership completions bash)
keep() { printf '%s|\n' "$READLINE_LINE" >> lines; READLINE_LINE=; READLINE_POINT=0; }
bind -x '"\C-x": keep'
"#;

#[test]
fn bash_completes_what_was_begun_behind_an_equals_sign() {
    let project = folder();
    write(
        project.path(),
        "layers.toml",
        "[targets]\ntokyo = {}\nus-east-1 = {}\n[layers.requests]\nmanifest = \"r.txt\"\n",
    );
    write(project.path(), "other.toml", "[layers.elsewhere]\nmanifest = \"r.txt\"\n");
    write(project.path(), "bashrc", RC);
    let beside = Path::new(LAYERSHIP).parent().unwrap().display();
    let mut bash = isolated("bash", project.path());
    bash.env("PATH", format!("{beside}:{}", std::env::var("PATH").unwrap()));
    let terminal = Terminal::run((100, 20), &bash, "bash --noprofile --rcfile bashrc -i");
    terminal.until("a prompt", |screen| screen.contains("ready>"));
    let lines = [
        ("layership plan --target=t", "layership plan --target=tokyo "),
        ("layership plan --color=al", "layership plan --color=always "),
        ("layership plan --format=j", "layership plan --format=json "),
        ("layership plan --fail-fast=t", "layership plan --fail-fast=true "),
        ("layership plan --target us", "layership plan --target us-east-1 "),
        ("layership plan --config=other.toml e", "layership plan --config=other.toml elsewhere "),
        ("layership plan --report js", "layership plan --report json="),
        ("layership plan --report=js", "layership plan --report=json="),
        ("layership plan req", "layership plan requests "),
    ];
    for (count, (typed, _)) in (1..).zip(&lines) {
        terminal.press(typed);
        terminal.press("Tab");
        terminal.press("C-x");
        terminal.until("the line", |_| kept(project.path()).len() == count);
    }
    let expected: Vec<String> = lines.iter().map(|(_, line)| (*line).to_owned()).collect();
    assert_eq!(kept(project.path()), expected);
}

/// The lines that were kept, without the mark at their end.
fn kept(folder: &Path) -> Vec<String> {
    let lines = std::fs::read_to_string(folder.join("lines")).unwrap_or_default();
    lines.lines().filter_map(|line| line.strip_suffix('|')).map(str::to_owned).collect()
}

#[test]
fn at_a_terminal_codes_are_listed_with_what_they_mean() {
    let project = folder();
    let command = crate::common::layership(project.path());
    let terminal = Terminal::run((120, 50), &command, &format!("{LAYERSHIP} explain"));
    assert_eq!(terminal.end(), 0);
    let shown = terminal.everything();
    let lines: Vec<&str> = shown.lines().take_while(|line| !line.is_empty()).collect();
    assert!(lines.len() > 50 && lines.iter().all(|line| line.chars().count() <= 110), "{shown}");
    assert!(lines.iter().any(|line| line.starts_with("archive-inconsistent  ")), "{shown}");
    assert!(!shown.contains("## ") && shown.contains("`layership explain CODE` says more"), "{shown}");
}

/// A terminal of 80 columns breaks no line of either, which it would do in the middle of a word.
#[test]
fn at_a_terminal_what_a_code_means_is_broken_between_words() {
    let project = folder();
    let command = crate::common::layership(project.path());
    let shown = |arguments: &str| {
        let terminal = Terminal::run((80, 50), &command, &format!("{LAYERSHIP} {arguments}"));
        assert_eq!(terminal.end(), 0);
        terminal.everything()
    };
    let list = shown("explain");
    let is_code = |line: &str| {
        line.split("  ").next().is_some_and(|code| code.bytes().all(|c| c.is_ascii_lowercase() || c == b'-'))
    };
    assert!(list.lines().take_while(|line| !line.is_empty()).all(is_code), "{list}");
    let entry = shown("explain archive-stale");
    let plain =
        crate::common::run(crate::common::layership(project.path()), ["explain", "archive-stale"]).expect(0).stdout;
    assert!(plain.lines().any(|line| line.len() > 500), "{plain}");
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    // In this locale a terminal shows no ellipsis; and behind all stands that the command ended.
    let expected = words(&plain.replace('…', "..."));
    assert_eq!(words(&entry)[..expected.len()], expected);
}

/// The same of what `init` says first, whose lines are wider than that.
#[test]
fn at_a_terminal_what_init_says_is_broken_between_words() {
    let started = || {
        let project = folder();
        write(project.path(), "requirements.txt", "six==1.16.0\n");
        project
    };
    let (here, there) = (started(), started());
    let plain = crate::common::run(crate::common::layership(there.path()), ["init"]).expect(0).stdout;
    assert!(plain.lines().any(|line| line.len() > 80), "{plain}");
    let terminal = Terminal::run((80, 50), &crate::common::layership(here.path()), &format!("{LAYERSHIP} init"));
    assert_eq!(terminal.end(), 0);
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let shown = terminal.everything();
    let expected = words(&plain);
    assert_eq!(words(&shown)[..expected.len()], expected, "{shown}");
}
