//! What ran: the command line, the commit that was checked out, and the page of the build, in the report.

use std::process::Command;

use serde_json::{Value, json};

use crate::common::project::Project;
use crate::common::{Ended, requirements};
use crate::since::{commit, git};

fn ran(mut command: Command, args: &str) -> Value {
    let ended = Ended::from(command.args(args.split(' ')).output().unwrap()).expect(0);
    ended.report()["ran"].clone()
}

fn git_of(project: &Project) -> Value {
    ran(project.command(), "check --format json")["git"].clone()
}

#[test]
fn the_report_says_the_command_and_nothing_where_there_is_nothing_to_say() {
    let project = Project::of(&["a"]);
    let words = ["layership", "check", "a", "--format", "json"];
    assert_eq!(ran(project.command(), "check a --format json"), json!({"command": words, "git": null, "ci": null}));
    // Nothing is committed yet, or there is no git at all.
    git(&project, &["init", "-q"]);
    assert_eq!(git_of(&project), Value::Null);
    let mut without_git = project.command();
    without_git.env("PATH", "");
    assert_eq!(ran(without_git, "check --format json")["git"], Value::Null);
}

#[test]
fn the_commit_its_branch_and_whether_the_run_saw_what_it_has() {
    let project = Project::of(&["a", "b"]);
    git(&project, &["init", "-q", "-b", "main"]);
    commit(&project);
    let id = git(&project, &["rev-parse", "HEAD"]).trim().to_owned();
    let state = |branch: Option<&str>, dirty| json!({"commit": id, "branch": branch, "dirty": dirty});
    assert_eq!(git_of(&project), state(Some("main"), false));
    // What the run does not read does not count, nor what a build made that git does not know.
    project.write("README.md", "x");
    project.write("a/layer/python/made.py", "");
    assert_eq!(git_of(&project), state(Some("main"), false));
    let original = project.read("layers.toml");
    for (path, content) in [
        ("a/requirements.txt", requirements("a", "2.0.0").into_bytes()),
        ("b/layer/python/b.py", b"NAME = 2\n".to_vec()),
        ("layers.toml", [b"# a comment\n".as_slice(), &original].concat()),
    ] {
        project.write(path, content);
        assert_eq!(git_of(&project), state(Some("main"), true), "{path}");
        git(&project, &["checkout", "-q", "--", path]);
    }
    // Only of the layers that are selected.
    project.write("a/requirements.txt", requirements("a", "2.0.0"));
    assert_eq!(ran(project.command(), "check b --format json")["git"]["dirty"], false);
    git(&project, &["checkout", "-q", "--detach"]);
    assert_eq!(git_of(&project), state(None, true));
    let mut on_github = project.command();
    on_github.env("GITHUB_HEAD_REF", "feature");
    assert_eq!(ran(on_github, "check --format json --no-ci")["git"]["branch"], "feature");
}

#[test]
fn the_page_of_the_build_is_that_of_the_environment() {
    let project = Project::of(&["a"]);
    let page = |variables: &[(&str, &str)]| {
        let mut command = project.command();
        command.envs(variables.iter().copied());
        ran(command, "check --format json")["ci"].clone()
    };
    assert_eq!(page(&[("CI_JOB_URL", "https://gitlab.example/acme/-/jobs/7")]), "https://gitlab.example/acme/-/jobs/7");
    assert_eq!(page(&[("LAYERSHIP_RUN_URL", "https://me:pw@ci.example/1?token=x")]), "https://****@ci.example/1?****");
}

#[test]
fn no_secret_of_the_command_line_or_the_environment_is_told() {
    let project = Project::of(&["a"]);
    let mut command = project.command();
    command.env("DEPLOY_TOKEN", "hunter2-and-more");
    let args = "check --format json --report csv=hunter2-and-more.csv --report markdown=https://u:pw@x/y.md?key=1";
    std::fs::create_dir_all(project.folder().join("https:/u:pw@x")).unwrap();
    let ran = ran(command, args)["command"].clone();
    assert_eq!(ran[5], "csv={env:DEPLOY_TOKEN}.csv", "{ran}");
    assert_eq!(ran[7], "markdown=https://****@x/y.md?****", "{ran}");
}

/// A pull request shows what ran, and a link that leads to the build; hostile words mean nothing there.
#[test]
fn people_read_it_in_markdown_and_on_the_page() {
    let project = Project::of(&["a"]);
    git(&project, &["init", "-q", "-b", "x`@all`<b>"]);
    commit(&project);
    let id = git(&project, &["rev-parse", "--short=12", "HEAD"]).trim().to_owned();
    let mut command = project.command();
    command.env("LAYERSHIP_RUN_URL", "https://ci.example/1");
    command.args(["plan", "--stage", "--report", "html=r.html", "--format", "markdown"]);
    let text = Ended::from(command.output().unwrap()).expect(0).stdout;
    let line = text.lines().find(|line| line.starts_with("<sub>")).unwrap();
    let words = "ran `layership plan --stage --report html=r.html --format markdown`";
    let build = "[in this build](https://ci.example/1)";
    assert_eq!(line, format!("<sub>{words} on commit `{id}` of `x'@all'<b>` {build}</sub>"));
    let page = String::from_utf8(project.read("r.html")).unwrap();
    let line = page.lines().find(|line| line.starts_with("<p class=\"ran\">")).unwrap();
    assert!(line.contains(&format!("<code>{id}</code> of <code>x`@all`&lt;b&gt;</code>")), "{line}");
    assert!(line.ends_with("<a href=\"https://ci.example/1\">in this build</a></p>"), "{line}");
}
