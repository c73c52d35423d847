//! A run of two hundred layers in terminals of several sizes, resized while it goes on, in colour and without, in UTF-8 and
//! in ASCII: looked at in tmux.

use crate::common::LAYERSHIP;
use crate::common::gate::Gate;
use crate::common::project::Project;
use crate::tmux::Terminal;

/// What no quota slows down, and what waits for a held request as long as it takes.
const PATIENT: &str = "--lambda-requests-per-second 1000 --request-timeout-seconds 600";

/// Two hundred layers, of which eight were not staged.
fn two_hundred() -> Project {
    let names: Vec<String> = (0..200).map(|n| format!("layer-{n:03}")).collect();
    let project = Project::of(&names.iter().map(String::as_str).collect::<Vec<_>>());
    project.run("stage layer-0* layer-18* layer-17* layer-16* layer-15* layer-14* layer-13* layer-12* layer-11* layer-10* layer-190 layer-191", 0);
    project
}

/// Starts it in a terminal, with its publishes held.
fn held(project: &Project, size: (u16, u16), more: &str) -> (Gate, Terminal) {
    let gate = Gate::before(&project.sandbox.endpoint, "POST /2018-10-31/layers/");
    let mut command = project.command();
    command.env("AWS_ENDPOINT_URL", &gate.endpoint).env("LC_ALL", "C.UTF-8");
    let terminal = Terminal::run(size, &command, &format!("{more} {LAYERSHIP} publish --concurrency 16 {PATIENT}"));
    gate.until_held(16);
    (gate, terminal)
}

/// The live region: from the bar to the end of the screen.
fn region(screen: &str) -> Vec<&str> {
    let lines: Vec<&str> = screen.trim_end().lines().collect();
    let bar = lines.iter().position(|line| line.contains("/200: ")).unwrap_or(lines.len());
    lines[bar..].to_vec()
}

/// One bar, each running job once, and a line that counts the others.
fn is_whole(screen: &str, jobs: usize) -> bool {
    let lines = region(screen);
    let (Some(bar), Some(rest)) = (lines.first(), lines.last()) else { return false };
    let is_counted = rest.trim() == format!("... and {} more running", 16 - jobs);
    let is_bar = bar.contains("16 running") && screen.matches("/200: ").count() == 1;
    is_bar && is_counted && lines.len() == jobs + 2 && lines[1..=jobs].iter().all(|line| line.contains("layer-"))
}

#[test]
fn two_hundred_layers_on_a_small_screen_and_on_a_large_one_and_resized_meanwhile() {
    let project = two_hundred();
    let (gate, terminal) = held(&project, (80, 24), "");
    let screen = terminal.until("a region of ten lines", |screen| is_whole(screen, 8));
    assert!(region(&screen)[0].starts_with("  Publishing [") && region(&screen)[0].contains("[>"), "{screen}");

    terminal.resize(200, 50);
    let screen = terminal.until("the same on a large screen", |screen| is_whole(screen, 8));
    assert!(region(&screen)[0].contains("[>                          ]"), "the bar has room now: {screen}");

    // Smaller than what was drawn: nothing of it stays behind, and no line is wider than the screen.
    terminal.resize(44, 12);
    terminal.until("the same on a tiny screen", |screen| is_whole(screen, 4));
    terminal.resize(80, 24);
    terminal.until("the same once more", |screen| is_whole(screen, 8));

    gate.open();
    assert_eq!(terminal.end(), 1);
    let everything = terminal.everything();
    assert_eq!(everything.matches("Published [").count(), 192, "{everything}");
    assert!(!everything.contains("/200: ") && !everything.contains("more running"), "the region is gone: {everything}");
}

#[test]
fn what_eyes_land_on_is_the_summary_and_each_cause_once() {
    let project = two_hundred();
    let command = {
        let mut command = project.command();
        command.env("LC_ALL", "C.UTF-8");
        command
    };
    let terminal = Terminal::run((80, 24), &command, &format!("{LAYERSHIP} publish {PATIENT}"));
    assert_eq!(terminal.end(), 1);
    let screen = terminal.screen();
    // All of it fits on the last screen, whatever scrolled away.
    for (what, times) in [("Summary [", 1), ("200 jobs: 192 published, 8 failed", 1), ("error: ", 1), ("hint: ", 1)] {
        assert_eq!(screen.matches(what).count(), times, "{what:?} in\n{screen}");
    }
    let last = screen.trim_end().lines().rev().nth(1).unwrap_or_default();
    assert!(last.starts_with("     Summary ["), "the summary is the last line: {screen}");
    assert!(screen.contains("error: 8 layers at us-east-1: there is no staged archive"), "{screen}");
}

/// What a plan of one layer looks like in a terminal with these variables, with its colours.
fn plan(variables: &[(&str, &str)], line: &str) -> String {
    let project = Project::of(&["requests"]);
    let mut command = project.command();
    command.env("LC_ALL", "C.UTF-8").envs(variables.iter().copied());
    let terminal = Terminal::run((80, 24), &command, &line.replace("layership", LAYERSHIP));
    assert_eq!(terminal.end(), 0);
    terminal.in_colour()
}

#[test]
fn colours_are_there_on_a_terminal_and_gone_where_nobody_wants_them() {
    let line = "layership plan --stage";
    let coloured = plan(&[], line);
    assert!(coloured.contains("\u{1b}[32m+\u{1b}[0m"), "{coloured:?}");
    for (variables, line) in [
        (&[("NO_COLOR", "1")][..], line),
        (&[], "layership plan --stage --color never"),
        (&[], "layership plan --stage 2>&1 | cat"),
        (&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], line),
    ] {
        let plain = plan(variables, line);
        assert!(!plain.contains('\u{1b}') && plain.contains("+ requests"), "{variables:?}: {plain:?}");
    }
    let forced = plan(&[("CLICOLOR_FORCE", "1")], "layership plan --stage | cat");
    assert!(forced.contains("\u{1b}[32m+\u{1b}[0m"), "{forced:?}");
}

#[test]
fn a_terminal_that_shows_ascii_alone_gets_nothing_else() {
    let project = two_hundred();
    let (gate, terminal) = held(&project, (36, 12), "LC_ALL=C");
    // Lines are cut here.
    let is_cut = |line: &str| line.starts_with("  Publishing [") && line.ends_with("...");
    terminal.until("a cut line", |screen| screen.lines().any(is_cut));
    gate.open();
    assert_eq!(terminal.end(), 1);
    let everything = terminal.everything();
    assert!(everything.is_ascii(), "{everything}");
    // Whoever reads a file gets what was meant, whatever the terminal shows.
    let project = Project::new(
        "[defaults]\nbucket = \"artifacts\"\n[layers.\"caf\u{e9}\"]\nname = \"cafe\"\nmanifest = \"none.txt\"\n",
    );
    for (locale, expected) in [("C", "caf\\u{e9}"), ("C.UTF-8", "caf\u{e9}")] {
        let mut command = project.command();
        command.env("LC_ALL", locale);
        let terminal = Terminal::run((80, 24), &command, &format!("{LAYERSHIP} check; {LAYERSHIP} check 2> log"));
        assert_eq!(terminal.end(), 1);
        assert!(terminal.screen().contains(expected), "{locale}: {}", terminal.screen());
        let log = String::from_utf8(project.read("log")).unwrap();
        assert!(log.contains("caf\u{e9}"), "{log}");
    }
}

#[test]
fn ctrl_c_at_the_keyboard_finishes_what_is_publishing_and_says_so() {
    let project = two_hundred();
    let (gate, terminal) = held(&project, (80, 24), "");
    terminal.press("C-c");
    terminal.until("the answer to a key", |screen| screen.contains("Stopping ["));
    let said = terminal.everything();
    assert!(said.contains("jobs that are publishing will finish; interrupt again to stop at once"), "{said}");
    gate.open();
    assert_eq!(terminal.end(), 130);
    let everything = terminal.everything();
    assert!(everything.contains("200 jobs: 16 published"), "{everything}");
    assert_eq!(everything.matches("cancelled").count(), 1, "what was not begun is counted, not listed: {everything}");
}
