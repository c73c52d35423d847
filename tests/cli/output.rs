//! Data on standard output, the run on standard error, and reports where they are asked for.

use serde_json::json;

use crate::common::project::Project;
use crate::common::run;

#[test]
fn the_report_is_the_same_on_standard_output_and_in_a_file() {
    let project = Project::of(&["numpy"]);
    let ended = project.run("publish --stage --format json --report json=report.json", 0);
    assert_eq!(ended.stdout.as_bytes(), project.read("report.json"));
    assert_shown!(ended, @r#"
    exit code 0
    --- stdout ---
    {
      "report": 1,
      "tool": "layership 0.1.0",
      "mode": "publish",
      "run": "RUN",
      "ran": {
        "command": [
          "layership",
          "publish",
          "--stage",
          "--format",
          "json",
          "--report",
          "json=report.json"
        ],
        "git": null,
        "ci": null
      },
      "started_at": "INSTANT",
      "finished_at": "INSTANT",
      "seconds": 0.0,
      "summary": {
        "jobs": 1,
        "published": 1,
        "adopted": 0,
        "unchanged": 0,
        "failed": 0,
        "cancelled": 0
      },
      "jobs": [
        {
          "layer": "numpy",
          "target": "us-east-1",
          "region": "us-east-1",
          "account": "123456789012",
          "layer_name": "numpy",
          "decision": "publish",
          "reason": "first-version",
          "outcome": "published",
          "previous_version": null,
          "version": 1,
          "layer_arn": "arn:aws:lambda:us-east-1:123456789012:layer:numpy",
          "layer_version_arn": "arn:aws:lambda:us-east-1:123456789012:layer:numpy:1",
          "manifest": {
            "path": "numpy/requirements.txt",
            "md5": "b285f58ab57a01ff7fda7fcd7f200528",
            "backup": "s3://artifacts/layers/numpy/layer/000001/requirements.txt",
            "backup_page": "https://s3.console.aws.amazon.com/s3/object/artifacts?prefix=layers/numpy/layer/000001/requirements.txt",
            "dependencies": [
              {
                "name": "numpy",
                "version": "1.0.0"
              }
            ]
          },
          "archive": {
            "staged": "s3://artifacts/layers/numpy/layer/layer.zip",
            "sha256": "2250ad3c59e2cd43009d93b7647f9088dac289fc2f68305f0be7443774969a59",
            "size": 170,
            "entity_tag": "\"f10dde1428d42921254c84f8263f9c1a\"",
            "version_id": "VERSION-ID"
          },
          "dependencies": {
            "added": [],
            "removed": [],
            "changed": []
          },
          "settings": [],
          "warnings": [],
          "seconds": 0.0,
          "error": null
        }
      ]
    }
    --- stderr ---
       Published [  TIMEs] (1/1) numpy us-east-1 version 1
         Summary [  TIMEs] 1 job: 1 published
    "#);
}

#[test]
fn a_plan_reports_what_is_planned() {
    let project = Project::of(&["numpy", "requests"]);
    project.run("publish --stage requests", 0);
    let report = project.run("plan --stage --format json", 0).report();
    assert_eq!(report["mode"], "plan");
    assert_eq!(report["summary"], json!({"jobs": 2, "planned": 1, "unchanged": 1, "failed": 0, "cancelled": 0}));
    assert_eq!(report["jobs"][0]["outcome"], "planned");
    assert_eq!(report["jobs"][0]["version"], serde_json::Value::Null);
    // A kept job names the version to use.
    assert_eq!(report["jobs"][1]["outcome"], "unchanged");
    assert_eq!(report["jobs"][1]["version"], 1);
    assert_eq!(report["jobs"][1]["layer_version_arn"], "arn:aws:lambda:us-east-1:123456789012:layer:requests:1");
}

#[test]
fn a_report_that_cannot_be_written_is_found_before_anything_is_sent() {
    let project = Project::of(&["numpy"]);
    assert_shown!(project.run("publish --stage --report json=missing/report.json", 2), @"
    exit code 2
    --- stderr ---
    error: cannot write the report to `missing/report.json`: the folder `missing` does not exist
    ");
    assert_shown!(project.run("publish --stage --report json=numpy", 2), @"
    exit code 2
    --- stderr ---
    error: cannot write the report to `numpy`: it is a folder
    ");
    assert_shown!(project.run("publish --stage --report json=layers.toml/report.json", 2), @"
    exit code 2
    --- stderr ---
    error: cannot write the report to `layers.toml/report.json`: `layers.toml` is not a folder
    ");
    assert_eq!(project.requests(), [""; 0]);
}

#[test]
fn a_report_never_overwrites_what_the_run_reads() {
    let project = Project::of(&["numpy", "requests"]);
    let read = ["layers.toml", "numpy/requirements.txt", "requests/requirements.txt"];
    let before: Vec<_> = read.iter().map(|path| project.read(path)).collect();
    for (path, why) in [
        ("layers.toml", "it is the layers file"),
        ("./numpy/../layers.toml", "it is the layers file"),
        ("numpy/requirements.txt", "it is a manifest"),
        // Of a layer that is not selected.
        ("requests/requirements.txt", "it is a manifest"),
        ("numpy/layer", "it is an archive"),
    ] {
        let ended = project.run(&format!("publish --stage numpy --report json={path}"), 2);
        assert_eq!(ended.stderr, format!("error: cannot write the report to `{path}`: {why}\n"));
    }
    let ended = project.run("publish --stage numpy --report json=numpy/layer/python/report.json", 2);
    assert!(ended.stderr.contains("it lies in an archive"), "{}", ended.stderr);
    let ended = project.run("publish --stage numpy --report json=report.json --report json=./report.json", 2);
    assert_eq!(ended.stderr, "error: cannot write the report to `./report.json`: another report is written there\n");
    assert_eq!(read.iter().map(|path| project.read(path)).collect::<Vec<_>>(), before);
    assert_eq!(project.requests(), [""; 0]);
}

#[test]
#[cfg(unix)]
fn a_report_goes_where_a_link_leads_also_where_nothing_is_yet() {
    let project = Project::of(&["numpy"]);
    let link = project.folder().join("latest.json");
    std::os::unix::fs::symlink("reports/today.json", &link).unwrap();
    let ended = project.run("plan --stage --report json=latest.json", 2);
    assert!(ended.stderr.contains("does not exist"), "{}", ended.stderr);
    project.write("reports/.keep", "");
    for _ in 0..2 {
        project.run("plan --stage --report json=latest.json", 0);
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink(), "the link was replaced");
        assert_eq!(project.json("reports/today.json")["mode"], "plan");
    }
}

#[test]
fn a_failing_run_writes_its_report_too() {
    let project = Project::of(&["numpy", "requests"]);
    project.run("stage numpy", 0);
    project.run("publish --report json=report.json --report json=again.json", 1);
    assert_eq!(project.read("report.json"), project.read("again.json"));
    let report = project.json("report.json");
    assert_eq!(report["summary"]["published"], 1);
    assert_eq!(report["summary"]["failed"], 1);
    assert_eq!(report["jobs"][0]["error"], serde_json::Value::Null);
    assert_eq!(report["jobs"][1]["error"]["code"], "archive-missing");
}

#[test]
fn the_report_can_go_to_standard_output() {
    let project = Project::of(&["numpy"]);
    let ended = project.run("plan --stage -q --report json=- --report json=report.json", 0);
    // What the file holds, byte for byte, and nothing else.
    assert_eq!(ended.stdout.as_bytes(), project.read("report.json"));
    let report = project.json("report.json");
    assert_eq!((&report["report"], &report["mode"]), (&json!(1), &json!("plan")));
    assert_eq!(report["summary"], json!({"jobs": 1, "planned": 1, "unchanged": 0, "failed": 0, "cancelled": 0}));
    assert_eq!(report["jobs"].as_array().unwrap().len(), 1);
    let job = &report["jobs"][0];
    let is = [&job["layer"], &job["outcome"], &job["reason"], &job["error"]];
    assert_eq!(is, [&json!("numpy"), &json!("planned"), &json!("first-version"), &json!(null)]);
}

#[test]
fn quiet_and_progress_never_leave_warnings_and_errors() {
    let project = Project::of(&["a", "b"]);
    project.write("a/requirements.txt", "a>=1\n");
    project.run("stage a", 0);
    assert_shown!(project.run("publish -q --concurrency 1", 1), @"
    exit code 1
    --- stdout ---
    LAYER  TARGET     OUTCOME    VERSION  ARN
    a      us-east-1  published  1        arn:aws:lambda:us-east-1:123456789012:layer:a:1
    b      us-east-1  failed     -        -
    --- stderr ---

    warning: a/requirements.txt:1: `a>=1` is not pinned: it allows several versions; changes to it are not noticed

    error: b at us-east-1: there is no staged archive s3://artifacts/layers/b/layer/layer.zip

    hint: stage it first: `layership stage`, or `layership publish --stage`
    ");
    assert_shown!(project.run("publish --progress never --concurrency 1", 1), @"
    exit code 1
    --- stdout ---
    LAYER  TARGET     OUTCOME    VERSION  ARN
    a      us-east-1  unchanged  1        arn:aws:lambda:us-east-1:123456789012:layer:a:1
    b      us-east-1  failed     -        -
    --- stderr ---

    warning: a/requirements.txt:1: `a>=1` is not pinned: it allows several versions; changes to it are not noticed

    error: b at us-east-1: there is no staged archive s3://artifacts/layers/b/layer/layer.zip

    hint: stage it first: `layership stage`, or `layership publish --stage`
    ");
    assert_shown!(project.run("publish -q a", 0), @"
    exit code 0
    --- stdout ---
    LAYER  TARGET     OUTCOME    VERSION  ARN
    a      us-east-1  unchanged  1        arn:aws:lambda:us-east-1:123456789012:layer:a:1
    --- stderr ---

    warning: a/requirements.txt:1: `a>=1` is not pinned: it allows several versions; changes to it are not noticed
    ");
    assert_shown!(project.run("publish -q -v a", 2), @"
    exit code 2
    --- stderr ---
    error: the argument '--quiet' cannot be used with '--verbose...'

    Usage: layership publish --quiet <LAYER>...

    For more information, try '--help'.
    ");
}

#[test]
fn verbose_tells_each_step() {
    let project = Project::of(&["numpy"]);
    project.run("stage", 0);
    assert_shown!(project.run("publish -v", 0), @"
    exit code 0
    --- stdout ---
    LAYER  TARGET     OUTCOME    VERSION  ARN
    numpy  us-east-1  published  1        arn:aws:lambda:us-east-1:123456789012:layer:numpy:1
    --- stderr ---
    setting concurrency = 32 (default)
    setting fail-fast = false (default)
    setting lambda-requests-per-second = 15 (default)
    setting lock-wait-seconds = 60 (default)
    setting publish-settle-seconds = 60 (default)
    setting request-timeout-seconds = 30 (default)
        Checking [  TIMEs]       numpy us-east-1: manifest numpy/requirements.txt has MD5 b285f58ab57a01ff7fda7fcd7f200528
        Checking [  TIMEs]       numpy us-east-1: credentials belong to account 123456789012
        Checking [  TIMEs]       numpy us-east-1: staged archive s3://artifacts/layers/numpy/layer/layer.zip is there
        Checking [  TIMEs]       numpy us-east-1: staged archive was built from this requirements.txt
        Checking [  TIMEs]       numpy us-east-1: layer `numpy` has no version yet
        Checking [  TIMEs]       numpy us-east-1: to be published: first version
        Checking [  TIMEs]       numpy us-east-1: archive has 1 file, 15 bytes unzipped
         Locking [  TIMEs]       numpy us-east-1: lock taken: s3://artifacts/layers/numpy/layer/publish.lock
        Queueing [  TIMEs]       numpy us-east-1: its turn in Lambda's quota, at 15 requests a second
      Publishing [  TIMEs]       numpy us-east-1: published arn:aws:lambda:us-east-1:123456789012:layer:numpy:1 (request REQUEST)
      Publishing [  TIMEs]       numpy us-east-1: version to use is arn:aws:lambda:us-east-1:123456789012:layer:numpy:1
      Publishing [  TIMEs]       numpy us-east-1: its content is the staged archive that was checked
       Recording [  TIMEs]       numpy us-east-1: manifest stored at s3://artifacts/layers/numpy/layer/000001/requirements.txt (request REQUEST)
       Recording [  TIMEs]       numpy us-east-1: see it at https://s3.console.aws.amazon.com/s3/object/artifacts?prefix=layers/numpy/layer/000001/requirements.txt
       Recording [  TIMEs]       numpy us-east-1: lock released
       Published [  TIMEs] (1/1) numpy us-east-1 version 1
         Summary [  TIMEs] 1 job: 1 published
    ");
}

#[test]
fn colour_is_only_where_it_is_asked_for() {
    let project = Project::of(&["numpy"]);
    assert!(!project.run("plan", 1).stderr.contains('\u{1b}'));
    let coloured = project.run("plan --color always", 1);
    assert!(coloured.stderr.contains('\u{1b}'));
    assert!(coloured.stdout.contains("\u{1b}[1;31m!\u{1b}[0m numpy"), "{coloured:?}");
    for format in ["json", "markdown"] {
        let data = project.run(&format!("plan --color always --format {format}"), 1).stdout;
        assert!(!data.contains('\u{1b}'), "{data}");
    }
}

/// Errors that stop a command, too.
#[test]
fn what_stops_a_command_is_coloured_as_the_command_line_asks() {
    let project = Project::new("[layers.a]\nmanifset = \"a\"\n");
    let stderr = |variables: &[(&str, &str)], flags: &str| {
        let mut command = project.command();
        command.envs(variables.iter().copied());
        run(command, flags.split_whitespace()).expect(2).stderr
    };
    let forced: &[(&str, &str)] = &[("CLICOLOR_FORCE", "1")];
    let stopped = ["check", "rollout", "plan --config none.toml", "publish nothing --config none.toml"];
    // Command lines that cannot be read: an unknown flag, a value that is none, too many words.
    let unread = ["plan --colour", "publish --concurrency many", "rollout a --apply --undo x", "explain --nope"];
    for command in stopped.into_iter().chain(unread) {
        assert!(
            stderr(&[], &format!("{command} --color always")).starts_with("\u{1b}[1;31merror\u{1b}[0m: "),
            "{command}"
        );
        assert!(!stderr(forced, &format!("{command} --color never")).contains('\u{1b}'), "{command}");
        assert!(!stderr(forced, &format!("--color=never {command}")).contains('\u{1b}'), "{command}");
        assert!(stderr(forced, command).contains('\u{1b}'), "{command}");
        assert!(!stderr(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], command).contains('\u{1b}'), "{command}");
    }
    // It is known before a command, and to commands that have no jobs: none is coloured by a flag that it refuses.
    for command in ["nope", "explain nope", "report convert none.json csv=x", "completions", "plan --nope"] {
        for line in [format!("--color always {command}"), format!("{command} --color always")] {
            let said = stderr(&[], &line);
            assert!(said.starts_with("\u{1b}[1;31merror\u{1b}[0m: ") && !said.contains("'--color'"), "{line}: {said}");
        }
    }
    assert!(project.run("--color always check", 2).stderr.contains("layers.toml has "));
    // Behind `--` it is a name.
    assert!(stderr(forced, "check --nope -- --color=never").contains('\u{1b}'));
}

#[test]
fn a_reader_that_leaves_early_does_not_break_the_run() {
    let project = Project::of(&["numpy"]);
    let mut command = project.command();
    let mut child = command
        .args(["publish", "--stage", "--report", "json=report.json"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert_eq!(project.json("report.json")["jobs"][0]["outcome"], "published");
}

#[test]
fn the_console_shows_a_backup_where_its_partition_has_one() {
    for (region, host) in [("cn-north-1", Some("https://console.amazonaws.cn/")), ("us-iso-east-1", None)] {
        let project = Project::of(&["numpy"]);
        let layers = String::from_utf8(project.read("layers.toml")).unwrap();
        project.write("layers.toml", format!("[targets.{region}]\n{layers}"));
        let ended = project.run("publish --stage -v --report json=report.json", 0);
        let page = project.json("report.json")["jobs"][0]["manifest"]["backup_page"].clone();
        assert_eq!(page.as_str().map(|page| page.starts_with(host.unwrap_or("none"))), host.map(|_| true), "{page}");
        assert_eq!(ended.stderr.contains("see it at "), host.is_some(), "{}", ended.stderr);
        // An unchanged layer has its backup's page too.
        assert_eq!(project.run("plan --format json", 0).report()["jobs"][0]["manifest"]["backup_page"], page);
    }
}

#[test]
fn a_plan_is_coloured_where_somebody_asks_and_says_the_same_without() {
    let project = Project::of(&["a"]);
    project.run("stage", 0);
    let plan = |variables: &[(&str, &str)], flags: &str| {
        let mut command = project.command();
        command.envs(variables.iter().copied());
        run(command, format!("plan {flags}").split_whitespace()).expect(0).stdout
    };
    let plain = plan(&[], "");
    assert!(plain.contains("\n  + a  us-east-1"), "{plain}");
    let coloured = plain.replace("  + a", "  \u{1b}[1;32m+\u{1b}[0m a");
    assert_eq!(plan(&[("CLICOLOR_FORCE", "1")], ""), coloured);
    assert_eq!(plan(&[], "--color always"), coloured);
    for (variables, flags) in [
        (&[("CLICOLOR_FORCE", "0")] as &[(&str, &str)], ""),
        (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], ""),
        (&[("CLICOLOR_FORCE", "1")], "--color never"),
    ] {
        assert_eq!(plan(variables, flags), plain, "{variables:?} {flags}");
    }
}
