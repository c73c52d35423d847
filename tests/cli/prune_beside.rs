//! Deleting old versions while others publish, and after a prune that was killed or stopped.

use serde_json::{Value, json};

use crate::common::get;
use crate::common::process::Running;
use crate::common::project::{Project, until};
use crate::consent::{at_a_terminal, at_a_terminal_after};
use crate::prune::{kept, left, lock, project, pruned};

#[test]
fn a_layer_that_another_run_publishes_is_left_alone() {
    let project = project("");
    project.build("alpha", "alpha==2.0.0\n");
    project.inject(r#"{"operation": "PublishLayerVersion", "fault": "hang"}"#);
    let mut command = project.command();
    command.args(["publish", "--stage"]);
    let running = Running::start(command);
    until("the publish hangs", || (project.unanswered("PublishLayerVersion").0 == 1).then_some(()));
    let ended = project.run("prune --yes --lock-wait-seconds 0 --format json", 1);
    assert_eq!(ended.report()["jobs"][0]["error"]["code"], "locked");
    running.signal("KILL");
    running.end();
    assert_eq!(left(&project, "alpha"), [1, 2, 3, 4, 5]);
}

#[test]
fn a_version_that_appears_meanwhile_counts() {
    let project = project("");
    project.inject(r#"{"operation": "GetLayerVersionPolicy", "times": 1, "fault": "hang"}"#);
    let mut command = project.command();
    command.args(["prune", "--yes", "--request-timeout-seconds", "2", "--format", "json"]);
    let running = Running::start(command);
    until("it has looked at the versions", || (project.unanswered("GetLayerVersionPolicy").0 == 1).then_some(()));
    project.run("publish --force", 0);
    let ended = running.end().expect(0);
    assert_eq!(kept(&ended), ["6 latest", "5 newest"]);
    assert_eq!((left(&project, "alpha"), &lock(&project)["last"]["version"]), (vec![5, 6], &json!(6)));
}

#[test]
fn what_became_old_while_somebody_was_asked_stays() {
    let project = project("");
    let publish = ["publish", "--force"];
    let ended = at_a_terminal_after(&project, &publish, "y\n", "prune --report json=report.json").expect(0);
    assert!(ended.stdout.contains("3 versions to delete"), "{}", ended.stdout);
    assert_eq!(left(&project, "alpha"), [4, 5, 6]);
    assert!(ended.stdout.contains("6 latest; 5 newest; 4 not shown before"), "{}", ended.stdout);
    let kept = &project.json("report.json")["jobs"][0]["prune"]["kept"];
    assert_eq!(kept[2], json!({"version": 4, "because": "unseen"}));
}

/// Whoever is asked knows that it is not all; what failed is told in full once, whatever the answer is.
#[test]
fn what_fails_before_the_question_is_told_once() {
    let project = Project::of(&[]);
    project.declare(&["alpha", "beta"], "keep = 1");
    ["publish --stage", "publish --force"].iter().for_each(|args| drop(project.run(args, 0)));
    project.inject(r#"{"operation": "ListLayerVersions", "match": "beta", "fault": "access-denied"}"#);
    for (answer, code) in [("n\n", 2), ("y\n", 1)] {
        let said = at_a_terminal(&project, answer, "prune").expect(code).stdout;
        assert_eq!((said.matches("beta at us-east-1: ").count(), said.matches("hint").count()), (1, 1), "{said}");
        let (before, _) = said.split_once("delete these versions?").expect("the question");
        assert!(before.contains("1 job failed: nothing is deleted there") && !before.contains("Failed"), "{said}");
    }
    project.heal();
    assert_eq!((left(&project, "alpha"), left(&project, "beta")), (vec![2], vec![1, 2]));
}

/// Deletes and looks at policies count in the account's quota like all else: sent as fast as they can be, most are refused. A few
/// are in any case, as the runs before have used the quota up.
#[test]
fn what_is_deleted_is_paced_like_everything_else() {
    let project = Project::with_flags("", &["--lambda-requests-per-second", "15"]);
    project.declare(&["alpha", "beta", "gamma"], "keep = 1");
    project.run("publish --stage", 0);
    (0..9).for_each(|_| drop(project.run("publish --force", 0)));
    project.forget_requests();
    let report = project.run("prune --yes --format json", 0).report();
    assert_eq!(report["jobs"][2]["prune"]["deleted"].as_array().map(Vec::len), Some(9), "{report:#}");
    let log: Value = serde_json::from_slice(&get(&project.sandbox, "/_sandbox/requests?summary")).expect("JSON");
    let throttled = log["throttled"].as_u64().expect("a number");
    assert!(throttled <= 8 && log["counts"]["DeleteLayerVersion"].as_u64() >= Some(27), "{log:#}");
}

#[test]
fn killed_in_the_middle_the_next_run_finishes() {
    let project = project("");
    project.inject(r#"{"operation": "DeleteLayerVersion", "skip": 1, "times": 1, "fault": "hang-after"}"#);
    let mut command = project.command();
    command.args(["prune", "--yes"]);
    let running = Running::start(command);
    until("it hangs", || (project.unanswered("DeleteLayerVersion").1 == 1).then_some(()));
    running.signal("KILL");
    running.end();
    assert_eq!((left(&project, "alpha"), &lock(&project)["phase"]), (vec![3, 4, 5], &json!("holding")));
    project.heal();
    project.advance(31);
    project.run("prune --yes", 0);
    assert_eq!((left(&project, "alpha"), &lock(&project)["phase"]), (vec![4, 5], &json!("free")));
}

#[test]
fn a_stop_finishes_the_version_in_hand_and_frees_the_lock() {
    let project = project("");
    project.inject(r#"{"operation": "DeleteLayerVersion", "times": 1, "fault": "hang"}"#);
    let mut command = project.command();
    command.args(["prune", "--yes", "--request-timeout-seconds", "2", "--format", "json"]);
    let running = Running::start(command);
    until("it hangs", || (project.unanswered("DeleteLayerVersion").0 == 1).then_some(()));
    running.signal("INT");
    let ended = running.end().expect(130);
    assert_eq!(ended.report()["jobs"][0]["outcome"], "cancelled");
    assert_eq!((&pruned(&ended)["deleted"], left(&project, "alpha")), (&json!([1]), vec![2, 3, 4, 5]));
    assert_eq!(lock(&project)["phase"], "free");
}
