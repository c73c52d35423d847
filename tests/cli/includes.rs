//! Staged archives of manifests that include other files: built before one of these changed, they are not published as if they
//! had been built after that.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::Digest as _;
use serde_json::{Value, json};

use crate::common::project::Project;
use crate::common::zips::zip;
use crate::common::{Ended, run};

const KEY: &str = "layers/requests/layer/layer.zip";

/// A layer whose manifest includes a file of packages and one of bounds.
fn project(defaults: &str) -> Project {
    let project = Project::of(&[]);
    project.declare(&["requests"], defaults);
    project.write("requests/base.txt", "six==1.16.0\n");
    project.write("bounds.txt", "idna==3.7\n");
    project.build("requests", "-r base.txt\n-c ../bounds.txt\nrequests==2.32.3\n");
    project
}

/// The same without bounds, staged: its zip is of `six` 1.16.0, and now it includes another one.
fn forgotten(defaults: &str) -> Project {
    let project = project(defaults);
    project.write("requests/requirements.txt", "-r base.txt\nrequests==2.32.3\n");
    project.run("stage", 0);
    project.write("requests/base.txt", "six==1.17.0\n");
    project
}

fn noted(project: &Project) -> Value {
    project.state()["buckets"]["artifacts"]["objects"][KEY]["metadata"]["layership-includes"].clone()
}

fn publishes(project: &Project) -> bool {
    let found = project.requests().iter().any(|request| request.starts_with("PublishLayerVersion "));
    project.forget_requests();
    found
}

/// The code of the only job's error, which wrote nothing.
#[track_caller]
fn refused(project: &Project, command: &str) -> String {
    let report = project.run_writing_nothing(&format!("{command} --format json"), 1).report();
    report["jobs"][0]["error"]["code"].as_str().unwrap().to_owned()
}

fn warnings(ended: &Ended) -> Vec<String> {
    let report = ended.report();
    let all = report["jobs"][0]["warnings"].as_array().unwrap().clone();
    all.iter().map(|one| one["code"].as_str().unwrap().to_owned()).filter(|code| code != "include-not-kept").collect()
}

/// Replaces the staged archive as other tools do: with the MD5 of the manifest, and nothing else.
fn staged_by_another_tool(project: &Project) {
    let md5: [u8; 16] = md5::Md5::digest(project.read("requests/requirements.txt")).into();
    let md5: String = md5.iter().map(|byte| format!("{byte:02x}")).collect();
    let body = STANDARD.encode(zip(&[("python/requests.py", "NAME = 1\n")]));
    let fault = json!({"kind": "replace-object", "body": body, "metadata": {"manifest_md5": md5}});
    project.inject(&json!([{"operation": "HeadObject", "match": "layer.zip", "times": 1, "fault": fault}]).to_string());
    run(project.command(), ["plan"]);
    project.heal();
    project.forget_requests();
}

#[test]
fn a_zip_that_was_staged_before_an_included_file_changed_is_not_published() {
    let project = forgotten("");
    assert_shown!(project.run_writing_nothing("publish", 1), @"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: archive-inconsistent

    warning: requests/requirements.txt: its backup holds only the file itself, not `requests/base.txt`, and changes to included files alone publish nothing

    error: requests at us-east-1: the staged archive s3://artifacts/layers/requests/layer/layer.zip was not built from `requests/base.txt` as it is now, which `requests/requirements.txt` includes
      Caused by: its metadata note another digest of all that is included (`layership-includes`)

    hint: build the zip again if it is older than what changed, and stage it again: `layership stage`

         Summary [  TIMEs] 1 job: 1 failed
    ");
    assert_eq!(refused(&project, "plan"), "archive-inconsistent");
    // Nothing but the note tells this zip from what is staged: it goes up again all the same.
    let before = noted(&project);
    assert_eq!(project.run("stage --format json", 0).report()["jobs"][0]["outcome"], "staged");
    assert_ne!(noted(&project), before);
    assert_eq!(project.run("stage --format json", 0).report()["jobs"][0]["outcome"], "unchanged");
    project.run("publish", 0);
    assert!(publishes(&project));
}

/// Whatever it is to be published for.
#[test]
fn nor_is_it_where_a_version_is_there_already() {
    let dependencies = "detect = [\"dependencies\", \"settings\"]";
    for (defaults, more, flag) in
        [(dependencies, "", ""), ("", "license = \"MIT\"\n", ""), ("", "", "--force"), (dependencies, "", "--force")]
    {
        let project = project(defaults);
        project.run("publish --stage", 0);
        project.write("bounds.txt", "idna==3.8\n");
        let layers = String::from_utf8(project.read("layers.toml")).unwrap();
        project.write("layers.toml", layers + more);
        for command in ["plan", "publish"] {
            let code = refused(&project, &format!("{command} {flag}"));
            assert_eq!(code, "archive-inconsistent", "{defaults} {more} {command} {flag}");
        }
        project.write("requests/layer/python/built.py", "BUILT = \"again\"\n");
        project.run(&format!("publish --stage {flag}"), 0);
        assert!(publishes(&project));
        project.run_writing_nothing("publish", 0);
    }
}

/// A version without its backup is given one only of what it was built for.
#[test]
fn nor_is_it_adopted() {
    let project = forgotten("");
    project.write("requests/base.txt", "six==1.16.0\n");
    project.inject(r#"[{"operation": "PutObject", "match": "requirements.txt", "fault": "access-denied"}]"#);
    project.run("publish", 1);
    project.heal();
    project.write("requests/base.txt", "six==1.17.0\n");
    assert_eq!(refused(&project, "publish"), "archive-inconsistent");
    project.write("requests/base.txt", "six==1.16.0\n");
    assert_eq!(project.run("publish --format json", 0).report()["jobs"][0]["outcome"], "adopted");
}

#[test]
fn what_does_not_count_in_included_files_is_no_other_state() {
    let project = project("");
    project.run("stage", 0);
    project.write("requests/base.txt", "# why\r\nsix == 1.16.0  # via nothing\r\n");
    assert_eq!(project.run("stage --format json", 0).report()["jobs"][0]["outcome"], "unchanged");
    project.run("publish", 0);
    assert!(publishes(&project));
}

/// A layer that counts the manifest alone is as unchanged as ever.
#[test]
fn where_nothing_is_to_be_published_nothing_is_refused_and_nothing_told() {
    let project = project("");
    project.run("publish --stage", 0);
    project.write("requests/base.txt", "six==1.17.0\n");
    for command in ["plan", "publish"] {
        let ended = project.run_writing_nothing(&format!("{command} --format json"), 0);
        assert_eq!(warnings(&ended), [""; 0], "{command}");
    }
    staged_by_another_tool(&project);
    assert!(!warnings(&project.run("plan --format json", 0)).contains(&"include-not-noted".to_owned()));
}

#[test]
fn a_zip_that_says_nothing_of_included_files_is_told_where_it_is_to_be_published() {
    let project = project("");
    project.run("stage", 0);
    staged_by_another_tool(&project);
    let ended = project.run("plan", 0);
    let told = "warning: s3://artifacts/layers/requests/layer/layer.zip: it is not known whether it was built from `requests/base.txt` \
                and 1 more as they are now, which `requests/requirements.txt` includes: its metadata note nothing of that \
                (`layership-includes`)";
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
    assert_eq!(warnings(&project.run("plan --format json", 0)), ["include-not-noted"]);
    assert_eq!(refused(&project, "publish --strict"), "archive-inconsistent");
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", format!("{layers}allow = [\"include-not-noted\"]\n"));
    assert_eq!(warnings(&project.run("plan --strict --format json", 0)), [""; 0]);
    project.write("layers.toml", layers);
    assert_eq!(warnings(&project.run("publish --stage --format json", 0)), [""; 0]);
    assert!(publishes(&project));
}

/// What is staged while a plan is carried out is held against it as well.
#[test]
fn a_plan_holds_what_the_manifest_includes() {
    let project = project("");
    project.run("plan --stage --out plan.json", 0);
    let planned = project.json("plan.json")["jobs"][0]["manifest"]["includes"].clone();
    assert_eq!(planned.as_str().map(str::len), Some(32));
    let report = project.run("plan --stage --format json", 0).report();
    assert_eq!(report["jobs"][0]["manifest"]["includes"], planned);
    project.write("requests/base.txt", "six==1.17.0\n");
    let ended = project.run_writing_nothing("publish --plan plan.json", 1);
    let told =
        format!("Caused by: digest of what the manifest includes: {} when it was planned, ", planned.as_str().unwrap());
    assert!(ended.stderr.contains(&told), "{}", ended.stderr);
    assert_eq!(refused(&project, "publish --plan plan.json"), "plan-stale");
    project.write("requests/base.txt", "six==1.16.0\n");
    project.run("publish --plan plan.json", 0);
    assert!(publishes(&project));
}
