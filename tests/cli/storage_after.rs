//! What becomes of layers that stay in the bucket: runs that are cut off, plans that are carried out later, and pruning.

use std::process::Stdio;

use serde_json::json;

use crate::common::project::until;
use crate::prune::left;
use crate::storage::{code, content, job, kept, project};

#[test]
fn an_answer_that_was_lost_makes_no_second_object_and_no_second_version() {
    for operation in ["CopyObject", "PublishLayerVersion"] {
        let project = project(&["alpha"], "");
        project.run("stage", 0);
        project.inject(&format!(r#"[{{"operation": "{operation}", "times": 1, "fault": "cut-after"}}]"#));
        project.run("publish --publish-settle-seconds 10", 0);
        assert_eq!((left(&project, "alpha"), kept(&project).len()), (vec![1], 1), "{operation}");
        assert_eq!(kept(&project)[0].1, 1, "{operation}: written once");
    }
}

#[test]
fn prune_deletes_what_no_version_needs_and_spares_the_rest() {
    let project = project(&["alpha"], "keep = 2");
    project.run("publish --stage", 0);
    // The third version has the content of the first.
    let first = project.read("alpha/requirements.txt");
    let built = kept(&project)[0].0.clone();
    project.build("alpha", "alpha==2.0.0\n");
    project.run("publish --stage", 0);
    std::fs::remove_file(project.folder().join("alpha/layer/python/built.py")).unwrap();
    project.write("alpha/requirements.txt", first);
    project.run("publish --stage", 0);
    project.build("alpha", "alpha==4.0.0\n");
    project.run("publish --stage", 0);
    assert_eq!(kept(&project).len(), 3);
    let planned = project.run_writing_nothing("prune --dry-run --format json", 0);
    let of_second = content(&project, "alpha", 2).resolved_s3_object.unwrap().s3_key.unwrap();
    let prune = job(&planned)["prune"].clone();
    assert_eq!(prune["to_delete"], json!([1, 2]));
    assert_eq!(
        prune["archives_to_delete"],
        json!([format!("s3://artifacts/{of_second}")]),
        "version 3 needs that of 1"
    );
    project.forget_requests();
    let pruned = job(&project.run("prune --yes --format json", 0))["prune"].clone();
    assert_eq!((&pruned["deleted"], &pruned["archives_deleted"]), (&json!([1, 2]), &prune["archives_to_delete"]));
    assert_eq!(pruned.get("archives_to_delete"), None);
    let keys: Vec<String> = kept(&project).into_iter().map(|(key, _)| key).collect();
    assert!(keys.len() == 2 && keys.contains(&built), "{keys:?}");
    // The versions go first: what a stop leaves is an archive too many, never one too few.
    let order = project.requests();
    let at = |what: &str| order.iter().rposition(|request| request.starts_with(what)).expect(what);
    assert!(at("DeleteLayerVersion") < at("DeleteObject"), "{order:?}");
    let ended = project.run_writing_nothing("prune --yes --format json", 0);
    assert_eq!(job(&ended)["outcome"], "unchanged");
    project.run("status --exit-code", 0);
}

#[test]
fn an_archive_that_was_left_over_is_deleted_by_the_next_prune() {
    let project = project(&["alpha"], "keep = 1");
    project.run("publish --stage", 0);
    project.build("alpha", "alpha==2.0.0\n");
    project.run("publish --stage", 0);
    project.inject(r#"[{"operation": "DeleteObject", "times": 1, "fault": "access-denied"}]"#);
    let cut = project.run("prune --yes --format json", 1);
    assert_eq!((code(&cut), &job(&cut)["prune"]["deleted"]), ("access-denied".to_owned(), &json!([1])));
    assert_eq!(job(&cut)["prune"]["archives_to_delete"].as_array().unwrap().len(), 1);
    // Also where the layer has gone back to copies.
    project.declare(&["alpha"], "keep = 1");
    project.build("alpha", "alpha==2.0.0\n");
    assert_shown!(project.run("prune --yes", 0), @"
    exit code 0
    --- stdout ---
    LAYER  TARGET     OUTCOME  VERSIONS           KEPT
    alpha  us-east-1  pruned   1 archive deleted  2 latest

    1 archive deleted
    --- stderr ---
          Pruned [  TIMEs] (1/1) alpha us-east-1: 1 archive deleted
         Summary [  TIMEs] 1 job: 1 pruned
    ");
    assert_eq!(kept(&project).len(), 1);
}

#[test]
fn nothing_is_deleted_where_lambda_does_not_tell_what_the_others_need() {
    let project = project(&["alpha"], "keep = 1");
    project.run("publish --stage", 0);
    project.build("alpha", "alpha==2.0.0\n");
    project.run("publish --stage", 0);
    project.inject(r#"[{"operation": "GetLayerVersion", "fault": "access-denied"}]"#);
    assert_eq!(code(&project.run_writing_nothing("prune --yes --format json", 1)), "access-denied");
    assert_eq!(kept(&project).len(), 2);
}

#[test]
fn a_saved_plan_says_where_the_layer_is_to_stay() {
    let project = project(&["alpha"], "");
    project.run("stage", 0);
    project.run_writing_nothing("plan --out plan.json", 0);
    let plan = project.json("plan.json");
    assert_eq!((&plan["plan"], &plan["jobs"][0]["settings"]["storage"]), (&json!(2), &json!("reference")));
    let shown = project.run("plan --show plan.json", 0).stdout;
    assert!(shown.contains("first version; to stay in the bucket"), "{shown}");
    project.run("publish --plan plan.json", 0);
    assert!(content(&project, "alpha", 1).resolved_s3_object().is_some());
    // Carried out once more it does nothing.
    project.forget_requests();
    project.run("publish --plan plan.json", 0);
    assert_eq!(project.effects(), [""; 0]);
}

#[test]
fn killed_while_the_archive_is_put_there_or_published_the_next_run_ends_as_an_undisturbed_one() {
    for (operation, kind) in
        [("CopyObject", "hang"), ("CopyObject", "hang-after"), ("PublishLayerVersion", "hang-after")]
    {
        let project = project(&["alpha"], "");
        project.run("stage", 0);
        project.inject(&format!(r#"{{"operation": "{operation}", "times": 1, "fault": "{kind}"}}"#));
        let mut command = project.command();
        let run = command.arg("publish").stdout(Stdio::null()).stderr(Stdio::null());
        let mut running = run.spawn().unwrap();
        let held = || match project.unanswered(operation) {
            (1, done) if kind == "hang" || done == 1 => Some(()),
            _ => None,
        };
        until("a request that hangs", held);
        running.kill().unwrap();
        running.wait().unwrap();
        project.heal();
        project.advance(600);
        project.run("publish", 0);
        assert_eq!(left(&project, "alpha"), [1], "{operation} {kind}");
        let kept = kept(&project);
        assert_eq!((kept.len(), kept[0].1), (1, 1), "{operation} {kind}: {kept:?}");
        assert_eq!(crate::prune::lock(&project)["phase"], "free", "{operation} {kind}");
        project.run("status --exit-code", 0);
    }
}
