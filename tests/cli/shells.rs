//! Completions: in the shells themselves, and asked for as the shells ask.

use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::common::{Ended, LAYERSHIP, folder, isolated, layership, run, write};

const LAYERS: &str = r#"include = ["services/*/layers.toml"]
[targets]
tokyo = { region = "ap-northeast-1" }
us-east-1 = {}
[defaults]
bucket = "artifacts"
[layers.requests]
manifest = "requests/requirements.txt"
[layers.numpy-arm]
manifest = "numpy/requirements.txt"
[layers."$(touch pwned)"]
name = "hostile"
manifest = "hostile/requirements.txt"
"#;

/// Names as a hostile file may have them stand beside honest ones.
fn project() -> TempDir {
    let folder = folder();
    write(folder.path(), "layers.toml", LAYERS);
    write(folder.path(), "services/mail/layers.toml", "[layers.mailer]\nmanifest = \"requirements.txt\"\n");
    write(folder.path(), "other.toml", "[layers.elsewhere]\nmanifest = \"requirements.txt\"\n");
    folder
}

/// A shell that finds layership, unless it is missing: that is never silent, and in CI a failure.
fn shell(name: &str, folder: &Path) -> Option<Command> {
    let path = std::env::var("PATH").unwrap_or_default();
    if !std::env::split_paths(&path).any(|folder| folder.join(name).is_file()) {
        // Not `eprintln!`: the test harness would keep it to itself, as the test passes.
        let _ = writeln!(std::io::stderr(), "SKIPPED completions: {name} is missing");
        assert!(std::env::var("CI").unwrap_or_default().is_empty(), "in CI nothing is skipped");
        return None;
    }
    let beside = Path::new(LAYERSHIP).parent().expect("a folder");
    let mut command = isolated(name, folder);
    command.env("PATH", format!("{}:{path}", beside.display())).env("TERM", "dumb");
    Some(command)
}

/// What is offered, as the shell's script gets it, and what is said.
fn asked(folder: &Path, words: &[&str]) -> Ended {
    let mut command = layership(folder);
    command.env("_LAYERSHIP_COMPLETE", "fish").arg("--").arg("layership");
    run(command, words)
}

/// The names without their explanations.
fn offered(folder: &Path, words: &[&str]) -> Vec<String> {
    let ended = asked(folder, words).expect(0);
    assert_eq!(ended.stderr, "");
    ended.stdout.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn bash_completes_layers_targets_and_flags() {
    let project = project();
    let Some(_) = shell("bash", project.path()) else { return };
    // What bash does at a TAB, with the function that the script registered for the command.
    let at_tab = |words: &str| {
        let script = format!(
            "source <(layership completions bash); COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             function=$(complete -p layership | sed 's/.*-F \\([^ ]*\\) .*/\\1/'); \
             \"$function\" layership \"${{COMP_WORDS[COMP_CWORD]}}\"; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        let bash = shell("bash", project.path()).expect("bash");
        let ended = run(bash, ["--norc", "-c", &script]).expect(0);
        assert_eq!(ended.stderr, "");
        ended.stdout
    };
    assert_eq!(at_tab("layership plan ma"), "mailer\n");
    assert_eq!(at_tab("layership plan --target to"), "tokyo\n");
    assert_eq!(at_tab("layership publish --all"), "--all-or-nothing\n");
    // bash splits words at `=`.
    assert_eq!(at_tab("layership plan --config = other.toml el"), "elsewhere\n");
    assert_eq!(at_tab("layership plan --target = to"), "tokyo\n");
    assert_eq!(at_tab("layership plan --format = j"), "json\n");
    assert_eq!(at_tab("layership plan --fail-fast ="), "true\nfalse\n");
    assert_eq!(at_tab("layership plan --target = ''"), "tokyo\nus-east-1\n");
    assert_eq!(at_tab("layership plan --report js"), "json=\n");
    assert_eq!(at_tab("layership plan --report = js"), "json=\n");
    assert!(!project.path().join("pwned").exists());
}

#[test]
fn fish_completes_layers_targets_and_flags() {
    let project = project();
    let Some(mut fish) = shell("fish", project.path()) else { return };
    let lines = ["plan num", "plan --target us", "plan -c other.toml e", "publish --all"];
    let ask = lines.map(|line| format!("complete -C 'layership {line}'")).join("; ");
    fish.env("XDG_CONFIG_HOME", project.path()).env("XDG_DATA_HOME", project.path());
    let ended = run(fish, ["--no-config", "-c", &format!("layership completions fish | source; {ask}")]).expect(0);
    assert_eq!(ended.stderr, "");
    assert_eq!(
        ended.stdout,
        "numpy-arm\nus-east-1\nelsewhere\n--all-or-nothing\tFinish all preflights first, and write nothing if one failed\n"
    );
}

/// zsh completes only at a prompt: one is typed into, and what its line became is kept by a key of its own.
#[test]
fn zsh_completes_layers_targets_and_flags() {
    const TYPED: &str = r#"
        zmodload zsh/zpty
        typed() {
            zpty prompt zsh -f -i
            zpty -w prompt 'autoload -Uz compinit && compinit -u -D && source <(layership completions zsh)'
            zpty -w prompt 'keep() { print -r -- $BUFFER >> lines; exit }; zle -N keep; bindkey "^X" keep'
            zpty -n -w prompt $1$'\t\x18'
            while zpty -r prompt shown; do :; done
            zpty -d prompt
        }
        typed 'layership plan req'
        typed 'layership plan --target tok'
        typed 'layership plan -c other.toml els'
        typed 'layership publish --all'
    "#;
    let project = project();
    let Some(zsh) = shell("zsh", project.path()) else { return };
    run(zsh, ["-f", "-c", TYPED]).expect(0);
    let lines = std::fs::read_to_string(project.path().join("lines")).expect("lines");
    let lines: Vec<&str> = lines.lines().map(str::trim_end).collect();
    assert_eq!(
        lines,
        [
            "layership plan requests",
            "layership plan --target tokyo",
            "layership plan -c other.toml elsewhere",
            "layership publish --all-or-nothing"
        ]
    );
    assert!(!project.path().join("pwned").exists());
}

#[test]
fn the_script_for_powershell() {
    let script = run(layership(folder().path()), ["completions", "powershell"]).expect(0).stdout;
    // What is typed may be half of a command that somebody pasted.
    for evaluates in ["Invoke-Expression", "iex", "ScriptBlock]", "ExpandString"] {
        assert!(!script.contains(evaluates), "{evaluates}");
    }
    assert_eq!(script.matches("$env:_LAYERSHIP_COMPLETE").count(), 3);
    insta::assert_snapshot!(script);
}

#[test]
fn only_names_that_a_shell_reads_as_names_are_offered() {
    let project = project();
    assert_eq!(offered(project.path(), &["stage", ""])[..3], ["mailer", "numpy-arm", "requests"]);
    let everything = asked(project.path(), &["stage", ""]).stdout;
    assert!(!everything.contains("touch"), "{everything}");
    assert_eq!(offered(project.path(), &["explain", "archive-in"]), ["archive-inconsistent", "archive-invalid"]);
}

#[test]
fn formats_of_reports_and_names_of_git_are_offered() {
    let project = project();
    let in_project = |words: &[&str]| offered(project.path(), words);
    assert_eq!(in_project(&["plan", "--report", "j"]), ["json=", "junit="]);
    assert_eq!(in_project(&["plan", "--report=cs"]), ["--report=csv="]);
    assert_eq!(in_project(&["rollout", "--report", ""])[..3], ["json=", "markdown=", "csv="]);
    assert_eq!(in_project(&["report", "convert", "r.json", "ju"]), ["junit="]);
    assert_eq!(in_project(&["report", "merge", "r.json", "--report", "ht"]), ["html="]);
    assert_eq!(in_project(&["plan", "--changed-since", ""]), [""; 0], "there is no checkout");
    write(project.path(), ".git/refs/heads/main", "");
    write(project.path(), ".git/refs/remotes/origin/main", "");
    write(project.path(), ".git/refs/heads/$(touch pwned)", "");
    assert_eq!(in_project(&["plan", "--changed-since", ""]), ["HEAD", "main", "origin/main"]);
    assert_eq!(in_project(&["plan", "--changed-since", "or"]), ["origin/main"]);
}

#[test]
fn who_asks_is_not_bothered_with_what_is_wrong() {
    let folder = folder();
    let in_folder = |words: &[&str]| offered(folder.path(), words);
    assert_eq!(in_folder(&["plan", "re"]), [""; 0], "there is no layers file");
    write(folder.path(), "layers.toml", "[layers.requests\n");
    assert_eq!(in_folder(&["plan", "re"]), [""; 0], "it is not TOML");
    write(folder.path(), "layers.toml", "[layers.requests]\nmanifets = 1\n[settings]\nconcurrency = \"x\"\n");
    assert_eq!(in_folder(&["plan", "re"]), ["requests"], "a file that is being written has mistakes");
    symlink("/dev/zero", folder.path().join("endless.toml")).expect("a link");
    assert_eq!(in_folder(&["plan", "-c", "endless.toml", "re"]), [""; 0]);
    let mut command = layership(folder.path());
    command.env("_LAYERSHIP_COMPLETE", "tcsh").args(["--", "layership", "pl"]);
    let ended = run(command, [""; 0]).expect(1);
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""));
}

#[test]
fn what_is_offered_is_bounded() {
    let folder = folder();
    let layers = (0..1500).map(|n| format!("[layers.layer-{n:04}]\nmanifest = \"requirements.txt\"\n"));
    write(folder.path(), "layers.toml", layers.collect::<String>());
    assert_eq!(offered(folder.path(), &["plan", "layer-"]).len(), 1000);
    assert_eq!(offered(folder.path(), &["plan", "layer-149"]).len(), 10);
}

/// Runs one of these tests where there is no shell.
fn without_shells(ci: &str) -> Ended {
    let nothing = folder();
    let mut command = Command::new(std::env::current_exe().expect("this test binary"));
    command.args(["--exact", "shells::fish_completes_layers_targets_and_flags"]);
    command.env("PATH", nothing.path()).env("CI", ci).output().expect("it starts").into()
}

#[test]
fn a_shell_that_is_missing_is_never_missed_in_silence() {
    let ended = without_shells("").expect(0);
    assert!(ended.stderr.contains("SKIPPED completions: fish is missing"), "{ended:?}");
    let ended = without_shells("true").expect(101);
    assert!(ended.stdout.contains("in CI nothing is skipped"), "{ended:?}");
}
