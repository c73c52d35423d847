//! What `docs/operations.md` promises, held against what the binary does.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::common::get;
use crate::common::project::{Project, in_crate};
use crate::common::zips::large_zip;

fn document() -> String {
    std::fs::read_to_string(in_crate("docs/operations.md")).expect("docs/operations.md")
}

/// The JSON blocks of the document.
fn blocks() -> Vec<Value> {
    let document = document();
    let blocks = document.split("```json").skip(1).filter_map(|rest| rest.split_once("```")).map(|(json, _)| json);
    blocks.map(|json| serde_json::from_str(json).expect("JSON")).collect()
}

/// The actions that a policy of the document allows: that of `publish`, and what `prune` needs beside it.
fn policy(number: usize) -> BTreeSet<String> {
    let mut policies = blocks().into_iter().filter(|block| block.get("Statement").is_some());
    let policy = policies.nth(number).expect("a policy");
    let statements = policy["Statement"].as_array().expect("statements").clone();
    let actions = statements.iter().flat_map(|statement| statement["Action"].as_array().expect("actions").clone());
    actions.map(|action| action.as_str().expect("an action").to_owned()).collect()
}

/// The action that IAM asks for where this operation is called.
fn action(operation: &str) -> String {
    match operation {
        "HeadBucket" | "ListObjectsV2" => "s3:ListBucket".to_owned(),
        "HeadObject" | "GetObject" => "s3:GetObject".to_owned(),
        "PutObject" | "CreateMultipartUpload" | "UploadPart" | "CompleteMultipartUpload" => "s3:PutObject".to_owned(),
        // And "s3:GetObject" on its source, which is the same object.
        "CopyObject" => "s3:PutObject".to_owned(),
        "AbortMultipartUpload" | "DeleteObject" => format!("s3:{operation}"),
        "GetBucketVersioning" | "GetBucketPolicy" => format!("s3:{operation}"),
        "ListFunctions" | "DeleteLayerVersion" => format!("lambda:{operation}"),
        "ListLayers" | "ListLayerVersions" | "GetLayerVersion" | "PublishLayerVersion" => format!("lambda:{operation}"),
        "GetParameters" | "PutParameter" => format!("ssm:{operation}"),
        permission if permission.contains("LayerVersionP") => format!("lambda:{operation}"),
        // It needs none.
        "GetCallerIdentity" => String::new(),
        other => format!("an action that this test does not know: {other}"),
    }
}

/// The actions of all requests so far.
fn used(project: &Project) -> BTreeSet<String> {
    let requests = project.requests();
    let actions = requests.iter().map(|request| action(request.split(' ').next().unwrap_or_default()));
    actions.filter(|action| !action.is_empty()).collect()
}

#[test]
fn pruning_needs_three_actions_more_and_nothing_else_deletes() {
    let project = Project::of(&[]);
    project.declare(&["alpha"], "keep = 1");
    ["publish --stage", "publish --force", "publish --force"].iter().for_each(|args| drop(project.run(args, 0)));
    assert!(!used(&project).iter().any(|action| action.contains("Delete")), "something else deletes");
    project.forget_requests();
    project.run("prune --yes --backups", 0);
    let more: BTreeSet<String> = used(&project).difference(&policy(0)).cloned().collect();
    assert_eq!(more, policy(1));
}

#[test]
fn publishing_needs_no_more_than_the_smallest_policy() {
    let project = Project::of(&["alpha", "beta"]);
    project.run("publish --stage", 0);
    project.write("alpha/requirements.txt", "alpha==2.0.0\n");
    project.write("alpha/layer/python/alpha.py", "NAME = 2\n");
    // An answer that is lost has to be looked for.
    project.inject(r#"{"operation": "PublishLayerVersion", "times": 1, "fault": "cut-after"}"#);
    project.run("publish --stage", 0);
    // So has an upload in parts that fails to be aborted.
    std::fs::remove_dir_all(project.folder().join("beta/layer")).expect("a folder");
    project.write("beta/layer", large_zip(33 << 20));
    project.inject(r#"{"operation": "UploadPart", "times": 1, "fault": "access-denied"}"#);
    project.run("stage", 1);
    project.run("stage", 0);
    project.run("status --all-versions", 0);
    // What is shared is granted, looked at, and taken away; and a parameter is read and written.
    for (share, flags) in [("\"210987654321\"", ""), ("", " --revoke")] {
        project.declare(&["alpha"], &format!("share = [{share}]\nparameter = \"/layers/{{layer}}\""));
        project.run(&format!("publish --stage{flags}"), 0);
    }
    // And one that stays in the bucket.
    project.declare(&["alpha"], "storage = \"reference\"");
    project.build("alpha", "alpha==3.0.0\n");
    project.run("publish --stage", 0);
    let (allowed, used) = (policy(0), used(&project));
    assert!(used.contains("lambda:GetLayerVersion") && used.contains("lambda:PublishLayerVersion"), "{used:?}");
    assert_eq!(used.difference(&allowed).collect::<Vec<_>>(), [""; 0], "the policy is too small");
    // For what this log does not show: many layers, 404 instead of 403, and a GET or HEAD that names a version.
    let unseen: Vec<&String> = allowed.difference(&used).collect();
    assert!(
        unseen
            .iter()
            .all(|action| ["lambda:ListLayers", "s3:ListBucket", "s3:GetObjectVersion"].contains(&action.as_str())),
        "{unseen:?}"
    );
}

#[test]
fn the_lock_stays_and_remembers_what_was_published_last() {
    let project = Project::of(&["alpha"]);
    project.run("publish --stage", 0);
    let lock = get(&project.sandbox, "/_sandbox/objects/artifacts/layers/alpha/layer/publish.lock");
    let lock: Value = serde_json::from_slice(&lock).expect("JSON");
    assert_eq!((&lock["phase"], &lock["last"]["version"]), (&"free".into(), &1.into()), "{lock:#}");
    // Taken, marked, freed.
    let writes = project.writes();
    assert_eq!(writes.iter().filter(|write| write.ends_with("publish.lock")).count(), 3, "{writes:?}");
    assert!(document().contains("each publish leaves three noncurrent versions of the lock"));
    // A layer that is unchanged is not locked.
    project.run_writing_nothing("publish --stage", 0);
}

#[test]
fn the_lifecycle_rules_leave_current_objects_alone() {
    let rules = blocks().into_iter().filter_map(|block| Some(block.get("Rules")?[0].as_object()?.clone()));
    let names: Vec<Vec<String>> = rules.map(|rule| rule.keys().cloned().collect()).collect();
    let noncurrent = ["Filter", "ID", "NoncurrentVersionExpiration", "Status"];
    let unfinished = ["AbortIncompleteMultipartUpload", "Filter", "ID", "Status"];
    assert_eq!(names, [noncurrent, unfinished]);
}
