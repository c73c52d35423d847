//! Whatever comes from a file, a server, another run or the command line is shown escaped: it moves no cursor, hides
//! nothing beside it, and commands no build server that reads the log.

use crate::common::project::{Project, layer};
use crate::common::{Ended, run};

/// Everything at once: escape codes, a line break before a command, a command inside a line, and a mark that turns the
/// rest of a line around.
const HOSTILE: &str = "x\u{1b}[31m\r\n  ::set-output name=a::b\n\u{a0}::error::c ##[error]d \u{202e}e\u{2066}\u{9b}2Jf";

/// What GitHub's runner does with a line, as its source has it (`ActionCommand.TryParseV2` and `TryParse`): a line
/// that begins with `::` after whitespace is a command, and so is `##[command]` anywhere in it.
fn is_command(line: &str) -> bool {
    let anywhere = line.split("##[").skip(1).any(|rest| rest.contains(']'));
    anywhere || line.trim_start().strip_prefix("::").is_some_and(|rest| rest.contains("::"))
}

/// What a terminal would do something about: control characters, and marks that change the direction of text.
fn is_unsafe(c: char) -> bool {
    c.is_control() && c != '\n'
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[track_caller]
pub fn assert_harmless(text: &str) {
    let lines = text.split(['\n', '\r']).filter(|line| is_command(line) || line.contains(is_unsafe));
    assert_eq!(lines.collect::<Vec<_>>(), [""; 0], "{text}");
}

/// Asserts that both streams are harmless, and that the value was shown at all: a test that never shows it proves
/// nothing.
#[track_caller]
fn harmless(ended: Ended, code: i32) -> Ended {
    let ended = ended.expect(code);
    assert_harmless(&ended.stdout);
    assert_harmless(&ended.stderr);
    assert!(format!("{}{}", ended.stdout, ended.stderr).contains("set-output"), "it was not shown: {ended:?}");
    ended
}

/// The value as a basic string of TOML, which has escapes for all of it.
fn toml(value: &str) -> String {
    value.chars().fold("\"".to_owned(), |text, c| text + &format!("\\U{:08X}", u32::from(c))) + "\""
}

fn layers_file(text: &str) -> Ended {
    let project = Project::of(&["a"]);
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", format!("{layers}{text}"));
    run(project.command(), ["check"])
}

#[test]
fn the_judge_knows_a_command_when_it_sees_one() {
    for line in ["::error::x", "  ::set-output name=a::b", "\u{3000}::debug::", "a ##[error]b"] {
        assert!(is_command(line), "{line}");
    }
    for line in ["layers.toml: ::error::x", "::", "## [error]", "#[error]"] {
        assert!(!is_command(line), "{line}");
    }
    assert!(HOSTILE.split(['\n', '\r']).filter(|line| is_command(line)).count() == 2 && HOSTILE.contains(is_unsafe));
}

#[test]
fn keys_and_values_of_the_layers_file() {
    let hostile = toml(HOSTILE);
    for text in [
        format!("{hostile} = 1\n"),
        format!("[layers.{hostile}]\nmanifest = \"a/requirements.txt\"\n"),
        format!("[layers.b]\nmanifest = \"a/requirements.txt\"\nname = {hostile}\n"),
        format!("[layers.b]\nmanifest = \"a/requirements.txt\"\nbucket = {}\n", toml(&format!("{{{HOSTILE}}}"))),
        format!("[layers.b]\nmanifest = \"a/requirements.txt\"\ncompatible-architectures = [{hostile}]\n"),
        format!("[layers.b]\nmanifest = \"a/requirements.txt\"\ntargets = [{hostile}]\n"),
        format!("[targets]\n{hostile} = {{ region = \"us-east-1\", account = {hostile} }}\n"),
        format!("[settings]\n{hostile} = 3\n"),
    ] {
        harmless(layers_file(&text), 2);
    }
    harmless(layers_file(&format!("[layers.b]\nmanifest = {hostile}\n")), 1);
}

#[test]
fn an_error_of_syntax_that_quotes_its_line() {
    harmless(layers_file("\"::set-output name=a::b ##[error]c\" = 1\n\"::set-output name=a::b ##[error]c\" = 2\n"), 2);
}

#[test]
fn arguments() {
    let project = Project::of(&["a"]);
    for args in [
        vec!["check", HOSTILE],
        vec!["check", "--config", HOSTILE],
        vec!["check", "--target", HOSTILE],
        vec!["check", "--progress", HOSTILE],
        vec!["check", "--concurrency", HOSTILE],
        vec!["check", "--report", HOSTILE],
        vec!["check", "--report", &format!("json={HOSTILE}/report.json")],
        vec![HOSTILE],
        vec!["check", &format!("--{HOSTILE}")],
        vec!["schema", HOSTILE],
    ] {
        harmless(run(project.command(), args), 2);
    }
    let path = format!("{}/layers.toml", HOSTILE.replace('/', ""));
    harmless(run(project.command(), ["init", "--config", &path]), 2);
}

#[test]
fn variables() {
    let project = Project::of(&["a"]);
    let mut command = project.command();
    command.env("LAYERSHIP_CONCURRENCY", HOSTILE).arg("check");
    harmless(command.output().unwrap().into(), 2);
}

#[test]
fn the_path_of_a_layers_file_that_is_in_order() {
    let project = Project::of(&["a"]);
    let path = project.folder().join(HOSTILE);
    std::fs::create_dir_all(&path).unwrap();
    std::fs::copy(project.folder().join("layers.toml"), path.join("layers.toml")).unwrap();
    let mut command = project.command();
    command.arg("check").arg("--config").arg(path.join("layers.toml"));
    harmless(command.output().unwrap().into(), 1);
}

#[test]
fn lines_of_a_manifest() {
    let project = Project::of(&["a"]);
    let line = HOSTILE.replace(['\r', '\n'], " ");
    project.write("a/requirements.txt", format!("::set-output::b\n{line}\n"));
    for args in ["check", "check --format json", "publish --stage -v"] {
        harmless(run(project.command(), args.split(' ')), 0);
    }
    // The next plan compares with what lies in S3, which is as foreign.
    project.write("a/requirements.txt", "a==1.0.0\n");
    assert_harmless(&project.run("plan --stage -v", 0).stdout);
}

#[test]
#[cfg(unix)]
fn a_file_whose_name_breaks_the_line() {
    let project = Project::of(&["a"]);
    std::os::unix::fs::symlink("/etc/passwd", project.folder().join("a/layer/python").join(HOSTILE.replace('/', "")))
        .unwrap();
    for args in ["check", "stage -v", "publish --stage --format json"] {
        harmless(run(project.command(), args.split(' ')), 1);
    }
}

#[test]
fn what_a_service_answers() {
    for operation in ["HeadObject", "ListLayerVersions", "PublishLayerVersion", "PutObject"] {
        let project = Project::of(&["a"]);
        project.run("stage", 0);
        let fault = serde_json::json!({"kind": "error", "status": 400, "code": "Odd", "message": HOSTILE});
        let rule = serde_json::json!([{"operation": operation, "fault": fault}]);
        // S3's answers are XML, which has no escape codes; what is left of the value is hostile enough.
        let rule = rule.to_string().replace("\\u001b", "").replace('\u{9b}', "").replace("\\r", "");
        project.inject(&rule);
        for args in ["publish -vv", "publish --format json"] {
            let ended = run(project.command(), args.split(' ')).expect(1);
            assert_harmless(&ended.stdout);
            assert_harmless(&ended.stderr);
            let shown = operation == "HeadObject" || ended.stderr.contains("set-output");
            assert!(shown, "{operation}: it was not shown: {}", ended.stderr);
        }
    }
}

/// Uploads as somebody else, with AWS's own SDK.
pub fn put(project: &Project, objects: Vec<(String, Vec<u8>)>) {
    use futures::StreamExt as _;
    let client = s3(project);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let put = |(key, body): (String, Vec<u8>)| {
        let request = client.put_object().bucket("artifacts").key(key).body(body.into());
        async { request.send().await.unwrap() }
    };
    runtime.block_on(futures::stream::iter(objects).map(put).buffer_unordered(32).for_each(|_| std::future::ready(())));
}

/// Deletes an object, as a person with a console does.
pub fn delete(project: &Project, bucket: &str, key: &str) {
    let client = s3(project);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(client.delete_object().bucket(bucket).key(key).send()).unwrap();
}

fn s3(project: &Project) -> aws_sdk_s3::Client {
    use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
    let variable = |name| project.sandbox.variables.iter().find(|(known, _)| known == name).unwrap().1.clone();
    let key_pair = (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"));
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(&project.sandbox.endpoint)
        .credentials_provider(Credentials::new(key_pair.0, key_pair.1, None, None, "test"));
    aws_sdk_s3::Client::from_conf(config.build())
}

#[test]
fn a_lock_that_somebody_else_wrote() {
    let project = Project::of(&["a"]);
    project.run("stage", 0);
    let held = serde_json::json!({"run": HOSTILE, "host": HOSTILE, "owner": HOSTILE, "lease_seconds": 360});
    put(&project, vec![("layers/a/layer/publish.lock".to_owned(), held.to_string().into_bytes())]);
    harmless(run(project.command(), ["publish", "-v", "--lock-wait-seconds", "0"]), 1);
}

#[test]
fn a_folder_for_the_sandbox() {
    let project = Project::of(&["a"]);
    let mut command = project.command();
    command.args(["plan", "--stage", &format!("--sandbox={HOSTILE}")]);
    harmless(command.output().unwrap().into(), 0);
}

/// The report is JSON, where an escaped mark means the same: who reads it gets every character.
#[test]
fn the_report_keeps_what_it_escapes() {
    let project = Project::new("");
    let name = "\u{202e}##[error]::x";
    let layers = format!("[defaults]\nbucket = \"artifacts\"\n{}", layer("a").replace("a/layer", &format!("a/{name}")));
    project.write("layers.toml", layers);
    project.write("a/requirements.txt", "a==1.0.0\n");
    let ended = run(project.command(), ["check", "--format", "json"]).expect(1);
    assert_harmless(&ended.stdout);
    let report = ended.report();
    assert!(report["jobs"][0]["error"]["message"].as_str().unwrap().contains(name), "{report:#}");
}
