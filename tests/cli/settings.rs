//! Settings: file, then environment, then flags; and `-v` says where each came from.

use crate::common::gate::Gate;
use crate::common::process::Running;
use crate::common::project::Project;
use crate::common::run;

/// The settings and their origins that `-v` tells.
fn origins(project: &Project, env: &[(&str, &str)], args: &str) -> Vec<String> {
    let mut command = project.command();
    command.envs(env.iter().copied());
    let ended = run(command, format!("check -v {args}").split_whitespace()).expect(0);
    ended.stderr.lines().filter_map(|line| line.strip_prefix("setting ")).map(str::to_owned).collect()
}

fn project(settings: &str) -> Project {
    let project = Project::of(&["numpy"]);
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", format!("[settings]\n{settings}{layers}"));
    project
}

#[test]
fn flags_beat_the_environment_which_beats_the_file() {
    let project = project("concurrency = 3\nfail-fast = true\nlock-wait-seconds = 7\n");
    let env = [("LAYERSHIP_CONCURRENCY", "5"), ("LAYERSHIP_REQUEST_TIMEOUT_SECONDS", "9")];
    insta::assert_snapshot!(origins(&project, &[], "").join("\n"), @"
    concurrency = 3 (layers.toml:2)
    fail-fast = true (layers.toml:3)
    lambda-requests-per-second = 15 (default)
    lock-wait-seconds = 7 (layers.toml:4)
    publish-settle-seconds = 60 (default)
    request-timeout-seconds = 30 (default)
    ");
    insta::assert_snapshot!(origins(&project, &env, "").join("\n"), @"
    concurrency = 5 (LAYERSHIP_CONCURRENCY)
    fail-fast = true (layers.toml:3)
    lambda-requests-per-second = 15 (default)
    lock-wait-seconds = 7 (layers.toml:4)
    publish-settle-seconds = 60 (default)
    request-timeout-seconds = 9 (LAYERSHIP_REQUEST_TIMEOUT_SECONDS)
    ");
    let flags = "--concurrency 6 --request-timeout-seconds 10 --lambda-requests-per-second 14 --lock-wait-seconds 0";
    insta::assert_snapshot!(origins(&project, &env, flags).join("\n"), @"
    concurrency = 6 (--concurrency)
    fail-fast = true (layers.toml:3)
    lambda-requests-per-second = 14 (--lambda-requests-per-second)
    lock-wait-seconds = 0 (--lock-wait-seconds)
    publish-settle-seconds = 60 (default)
    request-timeout-seconds = 10 (--request-timeout-seconds)
    ");
    let quicker = [("LAYERSHIP_FAIL_FAST", "false")];
    assert!(origins(&project, &quicker, "").contains(&"fail-fast = false (LAYERSHIP_FAIL_FAST)".to_owned()));
    assert!(origins(&project, &quicker, "--fail-fast").contains(&"fail-fast = true (--fail-fast)".to_owned()));
    assert!(origins(&project, &[], "--fail-fast=false").contains(&"fail-fast = false (--fail-fast)".to_owned()));
}

#[test]
fn concurrency_is_what_the_settings_say() {
    let project = Project::of(&["a", "b", "c", "d", "e", "f", "g", "h"]);
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", format!("[settings]\nconcurrency = 1\n\n{layers}"));
    // One job has at most two requests in flight: its staged archive and its latest version.
    project.run("publish --stage", 0);
    assert!(project.most_in_flight() <= 2, "{} requests in flight", project.most_in_flight());
    // Eight jobs wait at the same time for an answer that no one gets before all have asked.
    let gate = Gate::before(&project.sandbox.endpoint, "HEAD /");
    let mut command = project.command();
    command.env("AWS_ENDPOINT_URL", &gate.endpoint).args(["publish", "--concurrency", "8"]);
    let running = Running::start(command);
    gate.until_held(8);
    gate.open();
    running.end().expect(0);
}

#[test]
fn settings_that_do_not_fit_are_told_with_their_origin() {
    let project = project("concurrency = 0\nfail-fast = \"yes\"\n");
    assert_shown!(project.run("check", 2), @r#"
    exit code 2
    --- stderr ---
    error: layers.toml has 2 problems
      layers.toml:2: settings.concurrency: expected a number from 1 to 1024, found `0`
        2 | concurrency = 0
          |               ^
      layers.toml:3: settings.fail-fast: expected a boolean, found a string
        3 | fail-fast = "yes"
          |             ^^^^^
    "#);
    let project = Project::of(&["numpy"]);
    let with = |name: &str, value: &str, args: &str| {
        let mut command = project.command();
        command.env(name, value);
        run(command, args.split_whitespace())
    };
    assert_shown!(with("LAYERSHIP_CONCURRENCY", "many", "check --request-timeout-seconds 0"), @"
    exit code 2
    --- stderr ---
    error: the settings have 2 problems
      LAYERSHIP_CONCURRENCY: expected a number from 1 to 1024, found `many`
      --request-timeout-seconds: expected a number from 1 to 900, found `0`
    ");
    assert_shown!(with("LAYERSHIP_FAIL_FAST", "perhaps", "check"), @"
    exit code 2
    --- stderr ---
    error: the settings have a problem
      LAYERSHIP_FAIL_FAST: expected true or false, found `perhaps`
    ");
    assert_shown!(with("LAYERSHIP_CONCURENCY", "4", "check"), @"
    exit code 0
    --- stdout ---
    Check of layers.toml: 1 job OK
    --- stderr ---
    warning: LAYERSHIP_CONCURENCY: this environment variable is not a setting; did you mean `LAYERSHIP_CONCURRENCY`? [setting-unknown]
    ");
}

#[test]
fn the_layers_file_can_come_from_the_environment() {
    let project = Project::of(&["numpy"]);
    std::fs::rename(project.folder().join("layers.toml"), project.folder().join("other.toml")).unwrap();
    let mut command = project.command();
    command.env("LAYERSHIP_CONFIG", "other.toml");
    let ended = run(command, ["check"]).expect(0);
    assert!(ended.stdout.contains("other.toml"), "{}", ended.stdout);
    assert_eq!(ended.stderr.matches("warning").count(), 0, "{}", ended.stderr);
}
