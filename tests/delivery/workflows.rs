//! The workflows that people copy, carried out: every script of theirs, as its runner runs it, with the real binary against
//! the sandbox.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::common::project::{Project, in_crate};
use crate::common::{Ended, LAYERSHIP};
use crate::packing::text;
use crate::python::{Python, json, script};

/// A script of a workflow.
pub struct Script {
    pub job: String,
    pub name: String,
    text: String,
    env: BTreeMap<String, String>,
}

/// The scripts of a workflow of GitHub, those of the action among them.
pub fn github(python: &Python, project: &Project, name: &str) -> Vec<Script> {
    let paths = [in_crate(&format!("examples/ci/github/{name}.yml")), in_crate("action.yml")];
    scripts(python, project, &paths)
}

/// The scripts of the workflow of GitLab.
pub fn gitlab(python: &Python, project: &Project) -> Vec<Script> {
    scripts(python, project, &[in_crate("examples/ci/gitlab/layers.gitlab-ci.yml")])
}

fn scripts(python: &Python, project: &Project, paths: &[PathBuf]) -> Vec<Script> {
    let mut command = python.command(&project.folder());
    command.arg(script("workflow_scripts.py")).args(paths);
    let found = json(command);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let found = found.as_array().expect("scripts").iter().map(|one| Script {
        job: text(&one["job"]),
        name: text(&one["name"]),
        text: text(&one["script"]),
        env: one["env"].as_object().unwrap().iter().map(|(name, value)| (name.clone(), text(value))).collect(),
    });
    found.collect()
}

/// A job of a build server: the files that a runner names to a step, and what the expressions of the workflow stand for.
pub struct Runner<'a> {
    project: &'a Project,
    values: Vec<(&'a str, String)>,
    environment: Vec<(&'a str, String)>,
}

impl<'a> Runner<'a> {
    pub fn github(project: &'a Project) -> Self {
        let file = |name: &str| text(&project.write(&format!("runner/{name}"), "")).to_owned();
        let environment = vec![
            ("GITHUB_ACTIONS", "true".to_owned()),
            ("GITHUB_ACTION_PATH", env!("CARGO_MANIFEST_DIR").to_owned()),
            ("GITHUB_OUTPUT", file("output")),
            ("GITHUB_STEP_SUMMARY", file("summary")),
            ("RUNNER_TEMP", text(&project.folder().join("runner")).to_owned()),
        ];
        Self { project, values: vec![("github.token", "a-token".to_owned())], environment }
    }

    pub fn gitlab(project: &'a Project) -> Self {
        Self { project, values: Vec::new(), environment: vec![("GITLAB_CI", "true".to_owned())] }
    }

    /// What an expression such as `matrix.part` stands for.
    pub fn value(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.values.push((name, value.into()));
        self
    }

    /// A variable of the runner.
    pub fn variable(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    /// Runs a script as the runner does.
    #[track_caller]
    pub fn run(&self, script: &Script, code: i32) -> Ended {
        let mut bash = Command::new("bash");
        bash.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", &script.text]);
        let of_binary = self.project.command();
        bash.env_clear().current_dir(self.project.folder());
        bash.envs(of_binary.get_envs().filter_map(|(name, value)| Some((name, value?))));
        bash.env("PATH", path_with(Path::new(LAYERSHIP).parent().expect("a folder")));
        bash.envs(self.environment.iter().map(|(name, value)| (name, value)));
        bash.envs(script.env.iter().map(|(name, value)| (name, self.filled(value))));
        Ended::from(bash.output().expect("bash starts")).expect(code)
    }

    /// Runs all scripts of a job, and returns what the last one said.
    #[track_caller]
    pub fn run_job(&self, scripts: &[Script], job: &str) {
        let own: Vec<&Script> = scripts.iter().filter(|script| script.job == job).collect();
        assert!(!own.is_empty(), "there is no job {job}");
        own.into_iter().for_each(|script| drop(self.run(script, 0)));
    }

    fn filled(&self, text: &str) -> String {
        let expression = |(name, value): &(&str, String)| (format!("${{{{ {name} }}}}"), value.clone());
        let all = self.values.iter().map(expression);
        let filled = all.fold(text.to_owned(), |text, (name, value)| text.replace(&name, &value));
        assert!(!filled.contains("${{"), "nobody says what {filled} stands for");
        filled
    }
}

/// The PATH with a folder before the others.
pub fn path_with(folder: &Path) -> String {
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default())
}

/// Three layers that a command builds.
pub fn project() -> Project {
    let project = Project::new("");
    let build = r#"build = '''
mkdir -p "$LAYERSHIP_LAYER/layer/python" && cp "$LAYERSHIP_LAYER/requirements.txt" "$LAYERSHIP_LAYER/layer/python/"
'''"#;
    project.declare(&LAYERS, build);
    for name in LAYERS {
        std::fs::remove_dir_all(project.folder().join(name).join("layer")).unwrap();
    }
    project
}

const LAYERS: [&str; 3] = ["http", "numeric", "text"];

/// The outcome of each layer in a report of the project.
fn outcomes(project: &Project, path: &str) -> Vec<String> {
    let report = project.json(path);
    let jobs = report["jobs"].as_array().unwrap();
    jobs.iter().map(|job| format!("{} {}", job["layer"].as_str().unwrap(), job["outcome"].as_str().unwrap())).collect()
}

const ALL_PUBLISHED: [&str; 3] = ["http published", "numeric published", "text published"];

#[test]
fn publish_keeps_its_report() {
    let Some(python) = Python::with("tools.txt") else { return };
    let project = project();
    let scripts = github(&python, &project, "publish");
    Runner::github(&project).run_job(&scripts, "publish");
    assert_eq!(outcomes(&project, "layers.json"), ALL_PUBLISHED);
    let arns = project.json("layers.auto.tfvars.json");
    assert!(arns["layers"]["us-east-1"]["http"].as_str().unwrap().ends_with(":layer:http:1"), "{arns}");
    let outputs = String::from_utf8(project.read("runner/output")).unwrap();
    // What the action hands on is what there is.
    let action = std::fs::read_to_string(in_crate("action.yml")).unwrap();
    for named in ["published", "failed", "unchanged", "any-published", "arns"] {
        assert!(outputs.lines().any(|line| line.starts_with(&format!("{named}="))), "{named}: {outputs}");
        assert!(action.contains(&format!("${{{{ steps.run.outputs.{named} }}}}")), "{named}");
    }
}

#[test]
fn a_matrix_has_a_machine_for_each_changed_layer() {
    let Some(python) = Python::with("tools.txt") else { return };
    let project = project();
    let scripts = github(&python, &project, "matrix");
    Runner::github(&project).run_job(&scripts, "changed");
    let outputs = String::from_utf8(project.read("runner/output")).unwrap();
    assert!(outputs.contains("any-changed=true\n"), "{outputs}");
    let matrix = outputs.lines().find_map(|line| line.strip_prefix("matrix=")).unwrap();
    let matrix: Value = serde_json::from_str(matrix).unwrap();
    let machines = matrix["include"].as_array().unwrap();
    assert_eq!(machines.len(), 3);
    for (index, machine) in machines.iter().enumerate() {
        let runner = Runner::github(&project)
            .value("matrix.layers", machine["layers"].as_str().unwrap())
            .value("strategy.job-index", index.to_string());
        runner.run_job(&scripts, "publish");
    }
    Runner::github(&project).run_job(&scripts, "report");
    assert_eq!(outcomes(&project, "layers.json"), ALL_PUBLISHED);
    let summary = String::from_utf8(project.read("runner/summary")).unwrap();
    assert!(summary.contains("numeric"), "{summary}");
}

#[test]
fn parts_make_one_report_and_a_missing_one_is_told() {
    let Some(python) = Python::with("tools.txt") else { return };
    let project = project();
    let scripts = github(&python, &project, "parts");
    for part in 1..=4 {
        Runner::github(&project).value("matrix.part", part.to_string()).run_job(&scripts, "publish");
    }
    Runner::github(&project).run_job(&scripts, "report");
    assert_eq!(outcomes(&project, "layers.json"), ALL_PUBLISHED);
    std::fs::remove_file(project.folder().join("part-2.json")).unwrap();
    let merge = scripts.iter().rfind(|script| script.job == "report").unwrap();
    Runner::github(&project).run(merge, 1);
}

#[test]
fn gitlab_publishes_in_parts_and_keeps_one_report() {
    let Some(python) = Python::with("tools.txt") else { return };
    let project = project();
    let scripts = gitlab(&python, &project);
    let plan = scripts.iter().find(|script| script.job == "plan-layers" && script.name == "script").unwrap();
    Runner::gitlab(&project).run(plan, 0);
    let planned = String::from_utf8(project.read("plan.md")).unwrap();
    assert!(planned.contains("numeric") && project.effects().is_empty(), "{planned}");
    for part in ["1", "2"] {
        let runner = Runner::gitlab(&project).variable("CI_NODE_INDEX", part).variable("CI_NODE_TOTAL", "2");
        runner.run_job(&scripts, "publish-layers");
    }
    Runner::gitlab(&project).run_job(&scripts, "report-layers");
    assert_eq!(outcomes(&project, "layers.json"), ALL_PUBLISHED);
    // However many layers there are: GitLab takes no more than 20 variables everywhere.
    let counts = "LAYERS_PUBLISHED=3\nLAYERS_ADOPTED=0\nLAYERS_UNCHANGED=0\nLAYERS_FAILED=0\n";
    assert_eq!(String::from_utf8(project.read("layers.env")).unwrap(), counts);
    let arns = project.json("layers.auto.tfvars.json");
    assert_eq!(arns["layers"]["us-east-1"].as_object().unwrap().len(), 3, "{arns}");

    // A part that is missing fails the job, and what there is is counted all the same.
    let report = scripts.iter().find(|script| script.job == "report-layers").unwrap();
    let there = project.json("part-1.json")["jobs"].as_array().unwrap().len();
    std::fs::remove_file(project.folder().join("part-2.json")).unwrap();
    let counted = |code: i32| {
        let kept = ["layers.json", "layers.env", "layers.auto.tfvars.json"];
        kept.iter().for_each(|file| _ = std::fs::remove_file(project.folder().join(file)));
        Runner::gitlab(&project).run(report, code).stderr
    };
    let said = counted(1);
    assert!(said.contains("error: the report is not whole: there is no part 2/2"), "{said}");
    let counts = String::from_utf8(project.read("layers.env")).unwrap();
    assert!(counts.starts_with(&format!("LAYERS_PUBLISHED={there}\n")), "{counts}");
    // Nothing is counted where there is nothing, and no other error covers that one.
    std::fs::remove_file(project.folder().join("part-1.json")).unwrap();
    let said = counted(2);
    assert!(said.contains("part-*.json") && !said.contains("Traceback"), "{said}");
    assert!(!project.folder().join("layers.env").exists());
}

#[test]
fn what_the_release_tries_works() {
    let Some(python) = Python::with("tools.txt") else { return };
    let project = Project::new("");
    let paths = [in_crate(".github/workflows/release.yml"), in_crate("action.yml")];
    let scripts = scripts(&python, &project, &paths);
    let tried = scripts.iter().find(|script| script.name == "Try it").unwrap();
    let built = project.folder().join("target/this-one/release");
    std::fs::create_dir_all(&built).unwrap();
    std::os::unix::fs::symlink(LAYERSHIP, built.join("layership")).unwrap();
    let copied = Command::new("cp").arg("-r").args([in_crate("examples"), project.folder()]).status();
    assert!(copied.unwrap().success());
    let environment = project.write("environment", "");
    let runner = Runner { project: &project, values: Vec::new(), environment: Vec::new() };
    let runner = runner.variable("TARGET", "this-one").variable("GITHUB_ENV", text(&environment));
    runner.run(tried, 0);
    assert_eq!(project.read("environment"), b"BINARY=target/this-one/release/layership\n");
}

#[test]
fn the_action_hands_on_all_outputs() {
    let action = std::fs::read_to_string(in_crate("action.yml")).unwrap();
    let reports = std::fs::read_to_string(in_crate("docs/reports.md")).unwrap();
    let project = Project::of(&["a"]);
    project.declare(&["a"], "keep = 1\nbuild = \"true\"");
    let mut outputs = std::collections::BTreeSet::new();
    let jobs = ["check", "changed", "build", "plan --stage", "stage", "publish", "status", "prune --yes"];
    project
        .write("record.json", r#"{"rollout_record": 1, "tool": "layership", "run": "r", "written_at": "2026-11-22T10:00:00Z", "functions": []}"#);
    for line in jobs.into_iter().chain(["rollout", "rollout --apply", "rollout --undo record.json"]) {
        let path = project.write("output", "");
        let mut command = project.command();
        command.env("GITHUB_ACTIONS", "true").env("GITHUB_OUTPUT", &path).env("RUNNER_TEMP", project.folder());
        Ended::from(command.args(line.split(' ')).output().unwrap()).expect(0);
        let written = std::fs::read_to_string(path).unwrap();
        outputs.extend(written.lines().map(|line| line.split_once('=').unwrap().0.to_owned()));
    }
    assert!(outputs.len() > 15, "{outputs:?}");
    for name in &outputs {
        assert!(action.contains(&format!("\n  {name}:\n")), "{name}");
        assert!(action.contains(&format!("${{{{ steps.run.outputs.{name} }}}}")), "{name}");
    }
    for any in outputs.iter().filter(|name| name.starts_with("any-")) {
        assert!(reports.contains(&format!("`{any}`")), "docs/reports.md does not name {any}");
    }
}

/// Quotes are taken off, and nothing of it is carried out.
#[test]
fn the_action_takes_words_as_a_shell_does_and_runs_none_of_them() {
    let Some(python) = Python::with("tools.txt") else { return };
    let project = Project::of(&["layer-001", "layer-002", "other"]);
    let scripts = scripts(&python, &project, &[in_crate("examples/ci/github/plan.yml"), in_crate("action.yml")]);
    let mut run = scripts.into_iter().find(|script| script.name == "Run layership").unwrap();
    let runner = Runner::github(&project);
    let mut outputs = |args: &str, code: i32| {
        run.env.insert("ARGS".to_owned(), args.to_owned());
        run.env.insert("COMMENT".to_owned(), String::new());
        runner.run(&run, code)
    };
    project.write("layer-00x", "a name that a pattern would find");
    let ended = outputs("check 'layer-00*' --report \"json=my report.json\"\n--report csv=its\\ own.csv", 0);
    assert!(ended.stdout.contains("2 jobs OK"), "{ended:?}");
    assert_eq!(project.json("my report.json")["summary"]["jobs"], 2);
    assert!(project.folder().join("its own.csv").is_file());
    assert!(outputs("check layer-00*", 0).stdout.contains("2 jobs OK"));
    for hostile in ["check $(touch pwned)", "check `touch pwned`", "check ; touch pwned", "check '$(touch pwned)'"] {
        outputs(hostile, 2);
    }
    outputs("check 'layer", 1);
    assert!(!project.folder().join("pwned").exists());
}

#[test]
fn the_action_installs_the_version_of_this_repository() {
    let action = std::fs::read_to_string(in_crate("action.yml")).unwrap();
    assert!(action.contains(&format!("default: \"{}\"\n", env!("CARGO_PKG_VERSION"))));
    let examples = crate::linters::files("examples/ci/github", ".yml");
    let gitlab = crate::linters::files("examples/ci/gitlab", ".yml");
    for path in [examples, gitlab].concat() {
        let text = std::fs::read_to_string(&path).unwrap();
        let version = env!("CARGO_PKG_VERSION");
        let named = text.matches("layership/layership@").count() + text.matches("layership==").count();
        let right = text.matches(&format!("layership/layership@v{version}\n")).count()
            + text.matches(&format!("layership=={version}\n")).count();
        assert!(named > 0 && named == right, "{} names another version", path.display());
    }
}
