//! What was there is kept before anything is touched, and put back exactly.

use std::fs;

use crate::fleet::{Fleet, arn, outcome};

#[test]
fn what_was_there_is_put_back_exactly() {
    let fleet = Fleet::of(&["alpha", "beta"]);
    fleet.function("both", &["beta:1", "alpha:1"]);
    fleet.function("orders", &["alpha:1"]);
    fleet.function("since", &["alpha:1"]);
    let before = fleet.functions();
    let applied = fleet.report("--apply", 0);
    let record = applied["record"].as_str().unwrap();
    let kept = fleet.project.json(record);
    assert_eq!(kept["functions"][0]["before"], serde_json::json!([arn("beta:1"), arn("alpha:1")]));
    assert_eq!(kept["functions"][0]["after"], serde_json::json!([arn("beta:2"), arn("alpha:2")]));
    fleet.set("since", &["beta:1"]);
    let undone = fleet.report(&format!("--undo {record}"), 1);
    let outcomes = ["both", "orders", "since"].map(|name| outcome(&undone, name));
    assert_eq!(outcomes, ["restored", "restored", "refused changed-since"]);
    assert_eq!(fleet.layers("since"), ["beta:1"], "what somebody made of it stays");
    fleet.set("since", &["alpha:1"]);
    assert_eq!(fleet.functions(), before);
    let again = fleet.report(&format!("--undo {record}"), 0);
    assert_eq!(["both", "orders", "since"].map(|name| outcome(&again, name)), ["unchanged"; 3]);
}

#[test]
fn nothing_is_touched_where_it_cannot_be_kept() {
    let fleet = Fleet::of(&["alpha"]);
    fleet.function("orders", &["alpha:1"]);
    fleet.project.write(".layership", "a file");
    let ended = fleet.rollout("--apply", 1);
    assert!(ended.stderr.contains("cannot keep what was there before"), "{ended:?}");
    #[cfg(unix)]
    {
        fs::remove_file(fleet.project.folder().join(".layership")).unwrap();
        let elsewhere = fleet.project.folder().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, fleet.project.folder().join(".layership")).unwrap();
        fleet.rollout("--apply", 1);
        assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0, "it was led elsewhere");
    }
    assert_eq!(fleet.layers("orders"), ["alpha:1"]);
}

#[test]
fn a_file_of_something_else_is_refused_before_the_first_call() {
    let fleet = Fleet::of(&["alpha"]);
    fleet.function("orders", &["alpha:1"]);
    let record = fleet.report("--apply", 0)["record"].as_str().unwrap().to_owned();
    let text = String::from_utf8(fleet.project.read(&record)).unwrap();
    for (name, wrong) in [
        ("nonsense", "nonsense".to_owned()),
        ("plan", "{\"plan\": 1}".to_owned()),
        ("newer", text.replace("\"rollout_record\": 1", "\"rollout_record\": 2")),
        ("hostile", text.replace("\"orders\"", "\"orders/../x\"")),
        ("more", text.replace("\"run\"", "\"more\": 1, \"run\"")),
    ] {
        fleet.project.write("wrong.json", wrong);
        fleet.project.forget_requests();
        fleet.rollout("--undo wrong.json", 2);
        assert_eq!(fleet.project.requests(), [""; 0], "{name}");
    }
    // Another account, or a target that is not there any more.
    for (from, to) in [("123456789012\"", "210987654321\""), ("\"target\": \"us-east-1\"", "\"target\": \"tokyo\"")] {
        fleet.project.write("wrong.json", text.replace(from, to));
        let report = fleet.report("--undo wrong.json", 1);
        assert_eq!(outcome(&report, "orders"), "failed wrong-account");
    }
    assert_eq!(fleet.layers("orders"), ["alpha:2"]);
}
