//! What a build server is told without being asked: read as its runner reads it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use crate::common::Ended;
use crate::common::project::Project;

/// A command in a log, parsed as `ActionCommand.TryParseV2` of actions/runner does.
#[derive(Debug, PartialEq, Eq)]
struct Parsed {
    name: String,
    properties: BTreeMap<String, String>,
    message: String,
}

fn parse(line: &str) -> Option<Parsed> {
    let (head, message) = line.trim_start().strip_prefix("::")?.split_once("::")?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    let unescape = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n");
    let property = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        Some((name.to_owned(), unescape(value).replace("%3A", ":").replace("%2C", ",").replace("%25", "%")))
    };
    Some(Parsed {
        name: name.to_owned(),
        properties: properties.split(',').filter_map(property).collect(),
        message: unescape(message).replace("%25", "%"),
    })
}

fn commands(ended: &Ended) -> Vec<Parsed> {
    ended.stdout.lines().chain(ended.stderr.lines()).filter_map(parse).collect()
}

/// The files that a runner names to a step, empty.
pub struct Step {
    folder: tempfile::TempDir,
}

impl Step {
    pub fn new() -> Self {
        let step = Self { folder: crate::common::folder() };
        for file in ["summary", "output"] {
            std::fs::write(step.path(file), "").unwrap();
        }
        step
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// The outputs as the runner reads them: one `name=value` a line.
    pub fn outputs(&self) -> BTreeMap<String, String> {
        let pair = |line: &str| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.read("output").lines().map(|line| pair(line).unwrap_or_else(|| panic!("no output: {line}"))).collect()
    }

    fn command(&self, project: &Project) -> Command {
        let mut command = project.command();
        command.env("GITHUB_ACTIONS", "true").env("GITHUB_WORKSPACE", project.folder());
        command.env("GITHUB_STEP_SUMMARY", self.path("summary")).env("GITHUB_OUTPUT", self.path("output"));
        command.env("RUNNER_TEMP", self.folder.path());
        command
    }

    pub fn run(&self, project: &Project, args: &str, code: i32) -> Ended {
        Ended::from(self.command(project).args(args.split(' ')).output().unwrap()).expect(code)
    }
}

#[test]
fn a_step_has_summary_outputs_and_annotations_also_when_jobs_failed() {
    let project = Project::of(&["a", "b"]);
    project.run("stage a", 0);
    let step = Step::new();
    let ended = step.run(&project, "publish", 1);
    let commands = commands(&ended);
    assert_eq!(commands.len(), 1, "{commands:?}");
    assert_eq!((commands[0].name.as_str(), commands[0].properties["file"].as_str()), ("error", "layers.toml"));
    let line = String::from_utf8(project.read("layers.toml")).unwrap();
    let line = line.lines().position(|line| line == "[layers.b]").unwrap() + 1;
    assert_eq!(commands[0].properties["line"], line.to_string());
    assert!(commands[0].message.starts_with("b at us-east-1: there is no staged archive"), "{commands:?}");

    assert!(step.read("summary").contains("| published | `a` |"), "{}", step.read("summary"));
    let outputs = step.outputs();
    let expected = [("published", "1"), ("failed", "1"), ("unchanged", "0"), ("any-published", "true")];
    expected.iter().for_each(|(name, value)| assert_eq!(outputs[*name], *value, "{name}"));
    let arns: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&outputs["arns"]).unwrap()).unwrap();
    assert_eq!(arns["layers"]["us-east-1"]["a"], "arn:aws:lambda:us-east-1:123456789012:layer:a:1");

    // The next command of the step adds its own.
    step.run(&project, "plan a", 0);
    assert!(
        step.read("summary").contains("## Layers published") && step.read("summary").contains("## Layers to publish")
    );
    assert_eq!(step.outputs()["any-planned"], "false");
}

/// `printf foo=bar >> "$GITHUB_OUTPUT"` in an earlier line of the step.
#[test]
fn a_line_that_was_left_open_takes_nothing_in() {
    let project = Project::of(&["a"]);
    let step = Step::new();
    std::fs::write(step.path("output"), "foo=bar").unwrap();
    std::fs::write(step.path("summary"), "hello").unwrap();
    step.run(&project, "check", 0);
    let outputs = step.outputs();
    assert_eq!((outputs["foo"].as_str(), outputs["checked"].as_str()), ("bar", "1"));
    assert!(step.read("summary").starts_with("hello\n## Layers checked\n"), "{}", step.read("summary"));
}

/// A path that leads nowhere is a mistake of the runner: told, and no reason to fail or to leave the rest out.
#[test]
fn a_file_of_the_step_that_is_missing_is_told() {
    let project = Project::of(&["a"]);
    for (missing, other) in [("GITHUB_STEP_SUMMARY", "output"), ("GITHUB_OUTPUT", "summary")] {
        let step = Step::new();
        let told = |line: &str, code: i32| {
            let mut command = step.command(&project);
            command.env(missing, "nowhere/file").args(line.split(' '));
            Ended::from(command.output().unwrap()).expect(code).stderr
        };
        let warning = "warning: cannot write to `nowhere/file`, which GitHub reads: there is no such file\n";
        assert_eq!(told("check", 0).matches(warning).count(), 1);
        let before = step.read(other);
        assert!(!before.is_empty(), "{other}");
        assert_eq!(told("check --report json=missing/r.json", 2).matches(warning).count(), 1);
        assert!(step.read(other).len() > before.len(), "{other}");
    }
}

/// Nine of 30 warnings are told, each on the line of its layer; a screen tells fewer.
#[test]
fn warnings_stand_on_the_lines_of_their_layers() {
    let names: Vec<String> = (0..30).map(|n| format!("l{n:02}")).collect();
    let project = Project::of(&names.iter().map(String::as_str).collect::<Vec<_>>());
    names.iter().for_each(|name| drop(project.write(&format!("{name}/requirements.txt"), "six\n")));
    let warnings = commands(&Step::new().run(&project, "check", 0));
    assert!(warnings.iter().all(|command| command.name == "warning"), "{warnings:?}");
    assert_eq!((warnings.len(), warnings[9].message.as_str()), (10, "… and 21 more: see the summary of this step"));
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    for (name, warning) in names.iter().zip(&warnings[..9]) {
        let line = layers.lines().position(|line| line == format!("[layers.{name}]")).unwrap() + 1;
        let place = (warning.properties["file"].as_str(), warning.properties["line"].as_str());
        assert_eq!(place, ("layers.toml", line.to_string().as_str()), "{warning:?}");
        assert!(warning.message.starts_with(&format!("{name}/requirements.txt:1: `six` is not pinned")), "{warning:?}");
    }
}

/// Those of the layers file and those of the jobs have one room, and the summary has them all.
#[test]
fn a_step_shows_ten_warnings_of_whatever_kind_and_its_summary_all() {
    let names: Vec<String> = (0..23).map(|n| format!("l{n:02}")).collect();
    let project = Project::of(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let mut layers = "[defaults]\nbucket = \"artifacts\"\n".to_owned();
    for (n, name) in names.iter().enumerate() {
        project.write(&format!("{name}/requirements.txt"), "six\n".repeat(n + 1));
        layers += &format!("[layers.{name}]\nmanifest = \"{name}/requirements.txt\"\n");
        layers += &format!("compatible-runtimes = [\"python9.{n}\"]\n");
    }
    project.write("layers.toml", layers);
    let step = Step::new();
    let warnings = commands(&step.run(&project, "check", 0));
    assert!(warnings.iter().all(|command| command.name == "warning"), "{warnings:?}");
    assert_eq!((warnings.len(), warnings[9].message.as_str()), (10, "… and 37 more: see the summary of this step"));
    let summary = step.read("summary");
    for (n, name) in names.iter().enumerate() {
        assert!(summary.contains(&format!("python9.{n}'")), "{n}: {summary}");
        assert!(summary.contains(&format!("- `{name}/requirements.txt:1: 'six' is not pinned")), "{name}: {summary}");
    }
}

#[test]
fn problems_of_the_layers_file_stand_on_their_lines_and_in_the_summary() {
    let project = Project::new("[layers.a]\nmanifset = \"a\"\n\n[layers.b]\nbukcet = \"x\"\n");
    let step = Step::new();
    let ended = step.run(&project, "check", 2);
    let summary = step.read("summary");
    assert!(summary.starts_with("## Nothing was started\n") && summary.contains("layers.b.bukcet"), "{summary}");
    let lines: Vec<String> = commands(&ended).iter().filter_map(|one| one.properties.get("line").cloned()).collect();
    assert!(lines.contains(&"2".to_owned()) && lines.contains(&"5".to_owned()), "{ended:?}");
}

/// The run itself is what failed: whoever asks whether nothing failed is told so.
#[test]
fn a_run_that_ended_before_its_first_job_has_outputs_and_a_summary_all_the_same() {
    let good = String::from_utf8(Project::of(&["a"]).read("layers.toml")).unwrap();
    let bad = "[layers.a]\nmanifset = \"a\"\n";
    for (layers, args, why) in [
        (Some(bad), "publish", "layers.a.manifset"),
        (Some(good.as_str()), "publish nothing-like-it", "nothing-like-it"),
        (Some(good.as_str()), "publish --report json=missing/report.json", "missing/report.json"),
        (Some(good.as_str()), "publish --plan nope.json", "nope.json"),
        (None, "publish", "layers.toml"),
    ] {
        let project = Project::new("");
        match layers {
            Some(layers) => drop(project.write("layers.toml", layers)),
            None => std::fs::remove_file(project.folder().join("layers.toml")).unwrap(),
        }
        project.write("a/requirements.txt", "six==1.16.0\n");
        let step = Step::new();
        let ended = step.run(&project, args, 2);
        let outputs = step.outputs();
        let told: Vec<_> = outputs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let expected =
            ["adopted=0", "any-published=false", "cancelled=0", "failed=1", "published=0", "unchanged=0"].to_vec();
        assert_eq!(told, expected, "{args}");
        let summary = step.read("summary");
        assert!(summary.starts_with("## Nothing was started\n") && summary.contains(why), "{args}: {summary}");
        assert!(
            commands(&ended).iter().any(|one| one.name == "error" && one.message.contains(why)),
            "{args}: {ended:?}"
        );

        let step = Step::new();
        let ended = step.run(&project, &format!("{args} --no-ci"), 2);
        assert_eq!((step.read("summary"), step.read("output")), (String::new(), String::new()), "{args}");
        assert!(commands(&ended).is_empty(), "{args}: {ended:?}");
    }
    let project = Project::new(bad);
    for (args, any) in [
        ("plan", "any-planned"),
        ("changed", "any-changed"),
        ("build", "any-built"),
        ("status", "any-finding"),
        ("status --partition 1/2", "any-finding"),
        ("prune", "any-pruned"),
    ] {
        let step = Step::new();
        step.run(&project, args, 2);
        assert_eq!((step.outputs()[any].as_str(), step.outputs()["failed"].as_str()), ("false", "1"), "{args}");
    }
}

/// GitLab takes what lies there, whoever wrote it.
#[test]
fn a_dotenv_report_of_an_older_run_is_emptied_where_a_run_never_began() {
    let project = Project::of(&["a"]);
    let good = project.read("layers.toml");
    project.run("publish --stage --report env=layers.env", 0);
    let older = project.read("layers.env");
    assert!(older.starts_with(b"LAYER_ARN_A__US_EAST_1="));
    project.write("layers.toml", "[layers.a]\nmanifset = \"a\"\n");
    let gitlab = |args: &str| {
        let mut command = project.command();
        command.env("GITLAB_CI", "true").args(args.split(' '));
        Ended::from(command.output().unwrap()).expect(2)
    };
    gitlab("publish --no-ci --report env=layers.env");
    project.run("publish --report env=layers.env", 2);
    assert_eq!(project.read("layers.env"), older, "nobody asked for that");
    gitlab("publish --report env=layers.env --report env=new.env --report env=layers.toml");
    assert_eq!((project.read("layers.env"), project.read("new.env")), (Vec::new(), Vec::new()));
    project.write("layers.toml", good);
    gitlab("publish --report env=layers.toml");
    assert!(project.read("layers.toml").starts_with(b"[defaults]"), "an input was emptied");
}

#[test]
fn github_shows_ten_errors_so_the_tenth_counts_the_rest() {
    let text: String = (0..23).map(|n| format!("[layers.l{n:02}]\nmanifset = \"a\"\n")).collect();
    let project = Project::new(&text);
    let ended = Step::new().run(&project, "check", 2);
    let errors: Vec<Parsed> = commands(&ended).into_iter().filter(|command| command.name == "error").collect();
    assert_eq!(errors.len(), 10, "{errors:?}");
    let lines: Vec<&str> = errors[..9].iter().map(|error| error.properties["line"].as_str()).collect();
    assert_eq!(lines[..3], ["1", "2", "3"], "{errors:?}");
    let rest: usize = errors[9].message.split(' ').nth(2).unwrap().parse().unwrap();
    assert!(errors[9].message.ends_with(" more: see the summary of this step") && rest >= 14, "{errors:?}");
}

/// After a hundred nobody looks any further, so nobody knows how many there are.
#[test]
fn of_more_problems_than_are_kept_no_false_number_is_told() {
    let text: String = (0..400).map(|n| format!("[layers.l{n:03}]\nmanifset = \"a\"\n")).collect();
    let project = Project::new(&text);
    let step = Step::new();
    let ended = step.run(&project, "plan", 2);
    let errors: Vec<Parsed> = commands(&ended).into_iter().filter(|command| command.name == "error").collect();
    assert_eq!(errors[9].message, "… and at least 91 more: see the summary of this step");
    let summary = step.read("summary");
    assert_eq!(summary.matches("\n- `").count(), 100, "{summary}");
    assert!(summary.ends_with("… and there are more: these are the first\n"), "{summary}");
    // The first ones have their lines all the same.
    assert_eq!(ended.stderr.matches(" | manifset = ").count(), 10, "{}", ended.stderr);
}

#[test]
fn hostile_text_becomes_no_command() {
    let hostile = "x%0A::set-output name=a::b\n::error::c ##[error]d";
    let project = Project::new("");
    let key = format!("[layers.a]\nmanifest = {hostile:?}\n");
    project.write("layers.toml", format!("[defaults]\nbucket = \"artifacts\"\n{key}"));
    let ended = Step::new().run(&project, "check", 1);
    let commands = commands(&ended);
    assert!(commands.iter().all(|command| command.name == "error" || command.name == "warning"), "{commands:?}");
    assert_eq!(commands.len(), 1, "{commands:?}");
    assert!(commands[0].message.contains("x%0A::set-output"), "it was not shown as it is: {commands:?}");
    assert!(!ended.stderr.contains("##[") && !ended.stdout.contains("##["));
}

#[test]
fn nothing_fails_for_want_of_a_file_and_no_ci_says_nothing() {
    let project = Project::of(&["a"]);
    let step = Step::new();
    for file in ["summary", "output"] {
        std::fs::remove_file(step.path(file)).unwrap();
    }
    let ended = step.run(&project, "publish --stage", 0);
    assert!(!step.path("summary").exists() && ended.stderr.contains("there is no such file"), "{ended:?}");
    let mut bare = project.command();
    bare.env("GITHUB_ACTIONS", "true").arg("plan");
    let ended = Ended::from(bare.output().unwrap()).expect(0);
    assert!(!ended.stderr.contains("warning"), "where no file is named, none is missed: {ended:?}");

    let step = Step::new();
    let ended = step.run(&project, "publish --no-ci --stage --force", 0);
    assert_eq!((step.read("summary"), step.read("output")), (String::new(), String::new()));
    assert!(commands(&ended).is_empty());
}

#[test]
fn gitlab_is_told_before_it_drops_a_report() {
    let names: Vec<String> = (0..21).map(|n| format!("l{n:02}")).collect();
    let project = Project::of(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let mut command = project.command();
    command.env("GITLAB_CI", "true").args(["publish", "--stage", "--report", "env=layers.env"]);
    let ended = Ended::from(command.output().unwrap()).expect(0);
    assert!(ended.stderr.contains("GitLab takes a dotenv report of 5 KiB"), "{}", ended.stderr);
    assert!(!project.run("publish --stage --report env=layers.env --report json=1.json", 0).stderr.contains("GitLab"));
    for written in ["report convert 1.json env=layers.env", "report merge 1.json --report env=layers.env"] {
        let mut command = project.command();
        command.env("GITLAB_CI", "true").args(written.split(' '));
        let told = Ended::from(command.output().unwrap()).expect(0).stderr;
        assert!(told.contains("GitLab takes a dotenv report of 5 KiB"), "{written}: {told}");
        assert_eq!(project.run(written, 0).stderr, "", "{written}");
        let mut silent = project.command();
        silent.env("GITLAB_CI", "true").args(written.split(' ')).arg("--no-ci");
        assert_eq!(Ended::from(silent.output().unwrap()).expect(0).stderr, "", "{written}");
    }
}

/// A problem, and a failure, is shown on its line of the file that it stands in.
#[test]
fn annotations_stand_in_the_included_file() {
    let project = Project::of(&["own"]);
    let first = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", format!("include = [\"teams/*.toml\"]\n{first}"));
    project.write("teams/a.toml", "# team a\n[layers.web]\nmanifest = \"missing.txt\"\n");
    let placed = |ended: &Ended| {
        let place = |one: &Parsed| (one.properties.get("file").cloned(), one.properties.get("line").cloned());
        commands(ended).iter().filter(|one| one.name == "error").map(place).collect::<Vec<_>>()
    };
    let here = |line: &str| vec![(Some("teams/a.toml".to_owned()), Some(line.to_owned()))];
    let step = Step::new();
    assert_eq!(placed(&step.run(&project, "check", 1)), here("2"));
    project.write("teams/a.toml", "# team a\n[layers.web]\nmanfest = \"missing.txt\"\n");
    assert_eq!(placed(&step.run(&project, "check", 2)), here("3"));
}
