//! `changed`: what has to be built, by what S3 alone tells.

use serde_json::Value;

use crate::common::project::Project;
use crate::common::requirements;
use crate::hostile::put;

/// Requests of a run that are about something: who the credentials belong to is asked once.
fn asked(project: &Project) -> Vec<String> {
    let mut requests = project.requests();
    requests.retain(|request| !request.starts_with("GetCallerIdentity"));
    requests.sort();
    requests
}

fn matrix(project: &Project) -> Value {
    serde_json::from_str(&project.run("changed --format github-matrix", 0).stdout).expect("JSON")
}

#[test]
fn nothing_that_has_to_be_built_is_needed_to_know_it() {
    let project = Project::of(&["numpy", "six"]);
    for layer in ["numpy", "six"] {
        std::fs::remove_dir_all(project.folder().join(layer).join("layer")).unwrap();
    }
    assert_shown!(project.run_writing_nothing("changed", 0), @"
    exit code 0
    --- stdout ---
      + numpy  us-east-1  no backup yet
      + six    us-east-1  no backup yet
    Changed in layers.toml: 2 of 2 layers
    ");
    assert_eq!(asked(&project).len(), 2, "{:?}", asked(&project));
    project.run("changed --exit-code", 3);
}

#[test]
fn an_unchanged_layer_costs_one_listing_and_a_changed_one_a_look_at_its_backup() {
    let project = Project::of(&["numpy", "requests", "six"]);
    project.run("publish --stage", 0);
    project.run_writing_nothing("changed --exit-code", 0);
    assert_eq!(asked(&project), ["ListObjectsV2 artifacts"; 3]);
    assert_eq!(matrix(&project), serde_json::json!({ "include": [] }));

    project.build("requests", requirements("requests", "2.0.0"));
    // Line endings are no change.
    project.write("six/requirements.txt", "six==1.0.0\r\n");
    project.write("numpy/uv.lock", "version = 1\n");
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", layers.replace("numpy/requirements.txt", "numpy/uv.lock"));
    assert_shown!(project.run_writing_nothing("changed", 0), @"
    exit code 0
    --- stdout ---
      ~ numpy     us-east-1  since 1  its backup is of a manifest with another name
      ~ requests  us-east-1  since 1  requests 1.0.0 -> 2.0.0
    Changed in layers.toml: 2 of 3 layers
    ");
    assert_eq!(
        asked(&project),
        [
            "GetObject artifacts/layers/requests/layer/000001/requirements.txt",
            "GetObject artifacts/layers/six/layer/000001/requirements.txt",
            "ListObjectsV2 artifacts",
            "ListObjectsV2 artifacts",
            "ListObjectsV2 artifacts",
        ]
    );
    assert_eq!(project.run("changed --format lines --exit-code", 3).stdout, "numpy\nrequests\n");
    assert_eq!(matrix(&project), serde_json::json!({ "include": [{ "layers": "numpy" }, { "layers": "requests" }] }));
    let report = project.run("changed --format json", 0).report();
    assert_eq!((&report["mode"], &report["summary"]["changed"]), (&"changed".into(), &2.into()), "{report:#}");
    let job = &report["jobs"][1];
    assert_eq!((&job["outcome"], &job["reason"]), (&"changed".into(), &"dependencies-changed".into()));
    assert_eq!((&job["previous_version"], &job["version"]), (&1.into(), &Value::Null));
    assert_eq!(job["dependencies"]["changed"][0]["to"], "2.0.0");
    project.run("publish --stage", 0);
    project.run("changed --exit-code", 0);
}

/// Without permission to list the bucket, the latest version is Lambda's to tell.
#[test]
fn lambda_is_asked_where_the_bucket_may_not_be_listed() {
    let project = Project::of(&["numpy"]);
    let denied = r#"{"operation": "ListObjectsV2", "fault": {"kind": "error", "status": 403, "code": "AccessDenied", "message": "no"}}"#;
    project.inject(denied);
    assert_eq!(project.run("changed --format lines", 0).stdout, "numpy\n");
    project.run("publish --stage", 0);
    project.forget_requests();
    project.run("changed --exit-code", 0);
    assert_eq!(
        asked(&project),
        [
            "GetObject artifacts/layers/numpy/layer/000001/requirements.txt",
            "ListLayerVersions numpy",
            "ListObjectsV2 artifacts",
        ]
    );
    project.write("numpy/requirements.txt", requirements("numpy", "2.0.0"));
    project.run("changed --exit-code", 3);
}

/// A layer with more than a thousand versions: the newest backup is on the second page.
#[test]
fn the_newest_backup_is_found_behind_a_thousand_others() {
    let project = Project::of(&["numpy"]);
    let manifest = String::from_utf8(project.read("numpy/requirements.txt")).unwrap();
    let backups = (1..=1002).map(|version| {
        let content = if version == 1002 { manifest.clone() } else { "numpy==0.1\n".to_owned() };
        (format!("layers/numpy/layer/{version:06}/requirements.txt"), content.into_bytes())
    });
    put(&project, backups.collect());
    project.forget_requests();
    let report = project.run("changed --exit-code --format json", 0).report();
    assert_eq!(report["jobs"][0]["previous_version"], 1002);
    assert_eq!(asked(&project), ["ListObjectsV2 artifacts"; 2]);
}

#[test]
fn a_layer_that_cannot_be_compared_fails_and_the_others_are_told() {
    let project = Project::of(&["numpy", "six"]);
    std::fs::remove_file(project.folder().join("numpy/requirements.txt")).unwrap();
    assert_shown!(project.run("changed", 1), @"
    exit code 1
    --- stdout ---
      + six    us-east-1  no backup yet
      ! numpy  us-east-1  failed: manifest-missing
    Changed in layers.toml: 1 of 2 layers
    --- stderr ---

    error: numpy at us-east-1: the manifest `numpy/requirements.txt` does not exist

    hint: correct `manifest` of layer `numpy` in the layers file, or lock its dependencies

         Summary [  TIMEs] 2 jobs: 1 changed, 1 failed
    ");
}
