//! Plans that are kept: `plan --out`, `plan --show`, `publish --plan`.

use serde_json::Value;

use crate::common::project::{Project, in_crate, layer};
use crate::common::{Ended, folder, run, write};

/// Three staged layers: one to publish for the first time, one whose dependencies changed, one to keep.
fn staged() -> Project {
    let project = Project::of(&["first", "kept", "moved"]);
    project.run("publish --stage kept moved", 0);
    project.build("moved", "six==1.17.0\n");
    project.run("stage", 0);
    project
}

/// The same, with the plan of it in `plan.json`.
fn planned() -> Project {
    let project = staged();
    project.run_writing_nothing("plan --out plan.json", 0);
    project
}

/// What became of each job, as `layer outcome version`, and the kind of its error.
fn jobs(ended: &Ended) -> Vec<String> {
    let report: Value = serde_json::from_str(&ended.stdout).expect("a report");
    let one = |job: &Value| {
        let code = job["error"]["code"].as_str().map(|code| format!(" {code}")).unwrap_or_default();
        format!("{} {} {}{code}", job["layer"].as_str().unwrap(), job["outcome"].as_str().unwrap(), job["version"])
    };
    report["jobs"].as_array().expect("jobs").iter().map(one).collect()
}

fn carry_out(project: &Project, code: i32) -> Vec<String> {
    jobs(&project.run("publish --plan plan.json --format json", code))
}

fn publishes(project: &Project) -> usize {
    project.requests().iter().filter(|request| request.starts_with("PublishLayerVersion ")).count()
}

#[test]
fn a_plan_is_kept_shown_and_carried_out_once() {
    let project = staged();
    assert_shown!(project.run_writing_nothing("plan --out plan.json", 0), @"
    exit code 0
    --- stdout ---
    Plan for 3 layers at 1 target from layers.toml, account 123456789012

      + first  us-east-1           first version
      ~ moved  us-east-1  after 1  dependencies changed: +six 1.17.0, -moved 1.0.0

    Plan: 1 first version, 1 changed, 1 unchanged
    --- stderr ---
           Saved plan.json with digest DIGEST
    ");
    assert_shown!(project.run("plan --show plan.json", 0), @"
    exit code 0
    --- stdout ---
    Plan for 3 layers at 1 target from plan.json, account 123456789012

      + first  us-east-1           first version
      ~ moved  us-east-1  after 1  dependencies changed: +six 1.17.0, -moved 1.0.0

    Plan: 1 first version, 1 changed, 1 unchanged
    The digest of this plan is DIGEST
    ");
    assert_shown!(project.run("plan --show plan.json --format markdown", 0), @"
    exit code 0
    --- stdout ---
    ## Layers to publish

    3 jobs: 2 planned, 1 unchanged

    | Outcome | Layer | Target | Version | Reason | ARN |
    |---|---|---|---|---|---|
    | planned | `first` | `us-east-1` |  | first version |  |
    | planned | `moved` | `us-east-1` | after 1 | dependencies changed |  |

    ### Dependencies

    <details><summary><code>moved</code>: 0 changed, 1 added, 1 removed</summary>

    | Package | From | To |
    |---|---|---|
    | `six` |  | `1.17.0` |
    | `moved` | `1.0.0` |  |

    </details>


    The digest of this plan is DIGEST
    ");
    assert_eq!(project.run("plan --show plan.json --format json", 0).stdout.as_bytes(), project.read("plan.json"));
    assert_eq!(carry_out(&project, 0), ["first published 1", "kept unchanged 1", "moved published 2"]);
    // Once more does no harm.
    project.forget_requests();
    assert_eq!(carry_out(&project, 0), ["first unchanged 1", "kept unchanged 1", "moved unchanged 2"]);
    assert_eq!(project.effects(), [""; 0]);
}

#[test]
fn the_same_plan_is_the_same_file_on_another_machine_and_names_none() {
    let project = planned();
    let elsewhere = folder();
    for file in ["layers.toml", "first/requirements.txt", "kept/requirements.txt", "moved/requirements.txt"] {
        write(elsewhere.path(), file, project.read(file));
    }
    run(project.sandbox.layership(elsewhere.path()), ["plan", "--out", "plan.json"]).expect(0);
    let there = std::fs::read(elsewhere.path().join("plan.json")).unwrap();
    assert_eq!(there, project.read("plan.json"));
    let text = String::from_utf8(there).unwrap();
    assert!(!text.contains("layership-test-"), "a path of this machine: {text}");
    // Whatever is another plan has another digest.
    let digest = |project: &Project| project.json("plan.json")["digest"].clone();
    let before = digest(&project);
    project.build("moved", "six==1.18.0\n");
    project.run("stage", 0);
    project.run("plan --out plan.json", 0);
    assert_ne!(digest(&project), before);
}

#[test]
fn a_plan_that_was_cut_off_is_finished_the_next_time() {
    let project = planned();
    project.inject(r#"[{"operation": "PutObject", "match": "requirements.txt", "fault": "access-denied"}]"#);
    let ended = carry_out(&project, 1);
    assert_eq!(ended, ["first failed 1 backup-failed", "kept unchanged 1", "moved failed 2 backup-failed"]);
    project.heal();
    project.forget_requests();
    assert_eq!(carry_out(&project, 0), ["first adopted 1", "kept unchanged 1", "moved adopted 2"]);
    assert_eq!(publishes(&project), 0);
}

#[test]
fn a_forced_plan_publishes_once_however_often_it_is_carried_out() {
    let project = staged();
    project.run("plan --force --out plan.json kept", 0);
    assert_eq!(carry_out(&project, 0), ["kept published 2"]);
    assert_eq!(carry_out(&project, 0), ["kept unchanged 2"]);
}

#[test]
fn a_plan_of_what_is_not_staged_yet_stages_it() {
    let project = Project::of(&["first"]);
    project.run_writing_nothing("plan --stage --out plan.json", 0);
    assert_eq!(carry_out(&project, 0), ["first published 1"]);
    assert_eq!(carry_out(&project, 0), ["first unchanged 1"]);
    // Built anew, with other content.
    project.build("first", "six==1.17.0\n");
    project.run("plan --stage --out plan.json", 0);
    project.write("first/layer/python/first.py", "NAME = 'another'\n");
    // What nobody has looked at is not even uploaded.
    assert_shown!(project.run_writing_nothing("publish --plan plan.json", 1), @"
    exit code 1
    --- stdout ---
    LAYER  TARGET     OUTCOME  VERSION  ARN
    first  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) first us-east-1: plan-stale

    error: first at us-east-1: it is not as it was planned
      Caused by: SHA-256 of the archive: 847f58fded867665645c537e29b35a96fb7cce3b529484f6bc2c8ec37b1ea060 when it was planned, b3debf6c0be43acd1fe2460ebd84dfdf62afcf785bc9e1533d43e3852cd756ab now

    hint: make the plan again, have it looked at, and carry that one out

         Summary [  TIMEs] 1 job: 1 failed
    ");
}

#[test]
fn a_job_that_another_run_moved_on_is_stale_and_the_others_are_done() {
    let project = planned();
    project.build("moved", "six==1.18.0\n");
    project.run("publish --stage moved", 0);
    assert_shown!(project.run("publish --plan plan.json --concurrency 1", 1), @r#"
    exit code 1
    --- stdout ---
    LAYER  TARGET     OUTCOME    VERSION  ARN
    first  us-east-1  published  1        arn:aws:lambda:us-east-1:123456789012:layer:first:1
    kept   us-east-1  unchanged  1        arn:aws:lambda:us-east-1:123456789012:layer:kept:1
    moved  us-east-1  failed     -        -
    --- stderr ---
       Published [  TIMEs] (1/3) first us-east-1 version 1
          Failed [  TIMEs] (3/3) moved us-east-1: plan-stale (and 1 unchanged)

    error: moved at us-east-1: it is not as it was planned
      Caused by: latest version: 1 when it was planned, 2 now
      Caused by: manifest: requirements.txt with MD5 1521ab968367f9d47a68e59de9c6b546 when it was planned, requirements.txt with MD5 c4a4ba705a8065a41498078f9cc409d8 now
      Caused by: SHA-256 of the staged archive: 56a67995d71e8ad8df8c35ef0a72dfcb6849d8209a61cd0b18efaf7c0976f3d9 when it was planned, 2c4e68101427061a6d46b66863c710159c93816e91b9ca88a4b22c91eed81d19 now
      Caused by: entity tag of the staged archive: "c0649632bc664c8bc81c5215910a5635" when it was planned, "e69dad8e48be24a57c53d367aa3db117" now
      Caused by: version of the staged archive in S3: ONE when it was planned, ANOTHER now
      Caused by: decision: publish, dependencies changed when it was planned, keep, unchanged now

    hint: make the plan again, have it looked at, and carry that one out

         Summary [  TIMEs] 3 jobs: 1 published, 1 unchanged, 1 failed
    "#);
}

#[test]
fn another_zip_for_the_same_manifest_is_stale() {
    let project = planned();
    project.write("first/layer/python/first.py", "NAME = 'another'\n");
    project.run("stage first", 0);
    assert_eq!(carry_out(&project, 1)[0], "first failed null plan-stale");
    assert_eq!(publishes(&project), 1, "moved alone, which is as it was planned");
}

#[test]
fn another_account_is_stale_before_anything_is_written() {
    let project = planned();
    let mut command = project.command();
    command.env("AWS_ACCESS_KEY_ID", "210987654321");
    project.forget_requests();
    let ended = run(command, ["publish", "--plan", "plan.json"]).expect(1);
    assert!(ended.stderr.contains("account: 123456789012 when it was planned, 210987654321 now"), "{}", ended.stderr);
    assert_eq!(project.writes(), [""; 0]);
}

#[test]
fn with_all_or_nothing_a_stale_job_stops_the_others() {
    let project = planned();
    project.build("moved", "six==1.18.0\n");
    project.run("publish --stage moved", 0);
    project.forget_requests();
    let ended = project.run("publish --plan plan.json --all-or-nothing --format json", 1);
    assert_eq!(jobs(&ended), ["first cancelled null", "kept unchanged 1", "moved failed null plan-stale"]);
    assert_eq!(project.writes(), [""; 0]);
}

/// Refused before the first request.
#[track_caller]
fn refused(project: &Project, args: &str) -> String {
    project.forget_requests();
    let ended = project.run(args, 2);
    assert_eq!(project.requests(), [""; 0]);
    ended.stderr
}

#[test]
fn a_plan_that_does_not_describe_the_run_is_refused() {
    let project = planned();
    let apply = "publish --plan plan.json";
    insta::assert_snapshot!(refused(&project, &format!("{apply} moved")), @"
    error: the plan was made for another selection of layers and targets

    hint: leave the selection out to carry out the whole plan, or make a plan for this selection
    ");
    let text = String::from_utf8(project.read("plan.json")).unwrap();
    project.write("plan.json", text.replace("\"publish\"", "\"keep\""));
    let changed = "error: `plan.json` was changed after it was made: it says digest ";
    let said = refused(&project, apply);
    assert!(said.starts_with(changed), "{said}");
    project.write("plan.json", text.replace("\"plan\": 2", "\"plan\": 3"));
    insta::assert_snapshot!(refused(&project, apply), @"
    error: `plan.json` has format 3, and this layership knows formats 1 to 2

    hint: `layership plan --out FILE` makes one
    ");
    project.write("plan.json", "not a plan");
    insta::assert_snapshot!(refused(&project, apply), @"
    error: `plan.json` is not a saved plan: expected ident at line 1 column 2

    hint: `layership plan --out FILE` makes one
    ");
    insta::assert_snapshot!(refused(&project, "publish --plan none.json"), @"error: there is no saved plan `none.json`");
    project.write("plan.json", &text);
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", layers + &layer("another"));
    insta::assert_snapshot!(refused(&project, apply), @"
    error: the layers file is not the one that the plan was made of

    hint: make the plan again with `layership plan --out FILE`
    ");
}

#[test]
fn half_a_plan_is_not_kept() {
    let project = staged();
    project.build("first", "six==1.18.0\n");
    let ended = project.run("plan --out plan.json", 1);
    assert!(
        ended.stderr.contains("Not saved the plan: only one without failures is kept in plan.json"),
        "{}",
        ended.stderr
    );
    assert!(!project.folder().join("plan.json").exists());
}

#[test]
fn a_plan_is_never_written_over_what_it_is_made_of() {
    let project = staged();
    insta::assert_snapshot!(refused(&project, "plan --out layers.toml"), @"error: cannot write the plan to `layers.toml`: it is the layers file");
    insta::assert_snapshot!(refused(&project, "plan --out plan.json --report json=plan.json"), @"error: cannot write the report to `plan.json`: it is the saved plan");
}

/// A plan that was kept before plans had `storage`, with the digest that somebody may have approved.
#[test]
fn a_plan_of_an_older_format_is_read_and_one_of_a_newer_is_not() {
    let project = Project::new("");
    let sample = |name: &str| std::fs::read_to_string(in_crate(&format!("tests/samples/plans/{name}"))).unwrap();
    let (old, file) = (sample("format-1.json"), sample("format-1.toml"));
    project.write("layers.toml", &file);
    project.write("first/requirements.txt", "six==1.16.0\n");
    project.write("first/layer/python/six.py", "x=1\n");
    project.write("plan.json", &old);
    let digest = old.split('"').nth(5).unwrap();
    let shown = project.run("plan --show plan.json", 0).stdout;
    assert!(shown.contains("first version") && shown.contains(digest), "{shown}");
    assert_eq!(project.run("plan --show plan.json --format json", 0).stdout, old);
    assert_eq!(carry_out(&project, 0), ["first published 1"]);
    for other in ["0", "3"] {
        project.write("plan.json", old.replacen("\"plan\": 1", &format!("\"plan\": {other}"), 1));
        let refused = project.run_writing_nothing("publish --plan plan.json", 2).stderr;
        assert!(refused.contains(&format!("has format {other}, and this layership knows formats 1 to 2")), "{refused}");
    }
}
