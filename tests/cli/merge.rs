//! `report merge`: what several machines did, as one report.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::common::project::Project;

fn project() -> Project {
    Project::of(&["a", "b", "c", "d", "e", "f"])
}

/// Publishes in three parts, each with a report of its own.
fn published_in_parts(project: &Project) {
    for part in 1..=3 {
        project.run(&format!("publish --stage --partition {part}/3 --report json={part}.json"), 0);
    }
}

#[test]
fn the_parts_of_a_run_become_the_whole_in_whatever_order() {
    let project = project();
    published_in_parts(&project);
    assert_eq!(project.json("2.json")["part"]["part"], "2/3");
    let whole = project.run("publish --format json", 0).report();
    let merged = |order: &str| project.run(&format!("report merge {order}"), 0).report();
    let one = merged("1.json 2.json 3.json");
    assert_eq!(one, merged("3.json 1.json 2.json"));
    let identities = |report: &Value| {
        let jobs = report["jobs"].as_array().unwrap().clone();
        jobs.iter()
            .map(|job| [&job["layer"], &job["target"], &job["version"]].map(ToString::to_string))
            .collect::<Vec<_>>()
    };
    assert_eq!(identities(&one), identities(&whole));
    assert_eq!((&one["summary"]["published"], &one["summary"]["jobs"], one.get("part")), (&6.into(), &6.into(), None));
    project.run("report merge 1.json 2.json 3.json --report json=all.json --report csv=all.csv", 0);
    assert_eq!(project.json("all.json"), one);
    assert_eq!(String::from_utf8(project.read("all.csv")).unwrap().lines().count(), 7);
}

#[test]
fn a_part_that_is_missing_is_told_and_the_rest_is_written() {
    let project = project();
    published_in_parts(&project);
    assert_shown!(project.run("report merge 3.json 1.json --report csv=all.csv", 1), @"
    exit code 1
    --- stderr ---
    error: the report is not whole: there is no part 2/3

    hint: the report has what there is; merge its JSON with the parts that are missing, or all parts again
    ");
    assert!(project.read("all.csv").len() > 100);
}

/// The part that failed comes later, when the others may be gone.
#[test]
fn a_report_that_lacks_a_part_is_made_whole_by_it() {
    let project = project();
    published_in_parts(&project);
    let whole = project.run("report merge 1.json 2.json 3.json", 0).report();
    project.run("report merge 3.json 1.json --report json=some.json", 1);
    assert_eq!(project.json("some.json")["made_of"]["parts"], serde_json::json!(["1/3", "3/3"]));
    project.run("report merge 2.json 3.json --report json=others.json", 1);
    for reports in ["some.json 2.json", "2.json some.json", "some.json others.json", "some.json 1.json 2.json 3.json"] {
        assert_eq!(project.run(&format!("report merge {reports}"), 0).report(), whole, "{reports}");
    }
    let ended = project.run("report merge some.json 1.json --report json=again.json", 1);
    assert!(ended.stderr.contains("there is no part 2/3"), "{}", ended.stderr);
    assert_eq!(project.json("again.json"), project.json("some.json"));
    // Published again, a part tells another story.
    project.run("publish --force --partition 1/3 --report json=1.json", 0);
    let ended = project.run("report merge some.json 1.json 2.json", 2);
    assert!(
        ended.stderr.contains("`some.json` and `1.json` both have part 1/3, and do not tell the same"),
        "{ended:?}"
    );
}

/// Whoever looks at a document alone must not take it for the whole.
#[test]
fn every_document_for_people_and_servers_names_the_part_that_is_missing() {
    let project = project();
    published_in_parts(&project);
    let formats = ["json", "markdown", "html", "junit"];
    let to: String = formats.iter().map(|format| format!(" --report {format}=all.{format}")).collect();
    project.run(&format!("report merge 3.json 1.json{to}"), 1);
    let text = |format: &str| String::from_utf8(project.read(&format!("all.{format}"))).unwrap();
    assert_eq!(project.json("all.json")["missing"], serde_json::json!(["2/3"]));
    for format in ["markdown", "html"] {
        assert!(text(format).contains("not whole: part 2/3 of the run is missing"), "{}", text(format));
    }
    let junit = text("junit");
    assert!(junit.contains(r#" errors="1""#) && junit.contains(r#"name="part 2/3 of the run""#), "{junit}");
    // Made of what does not have it, nothing has it.
    project.run("report convert all.json markdown=again.markdown", 0);
    assert_eq!(text("markdown"), String::from_utf8(project.read("again.markdown")).unwrap());
    project.run("report merge all.json --report json=again.json", 1);
    assert_eq!(project.json("again.json")["missing"], serde_json::json!(["2/3"]));
    project.run(&format!("report merge 3.json 1.json 2.json{to}"), 0);
    assert!(formats.iter().all(|format| !text(format).contains("missing")));
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let project = project();
    published_in_parts(&project);
    project.run("plan --report json=plan.json", 0);
    project.run("publish a b c --partition 2/3 --report json=other.json", 0);
    for (reports, why) in [
        ("1.json 1.json", "`1.json` is given twice"),
        ("1.json ./1.json", "`1.json` and `./1.json` are both part 1/3"),
        ("1.json plan.json", "`1.json` is of `publish`, and `plan.json` is of `plan`"),
        ("1.json other.json", "`1.json` and `other.json` are parts of different runs"),
        ("plan.json ./plan.json", "layer `a` at `us-east-1` is both in `plan.json` and in `./plan.json`"),
    ] {
        let ended = project.run(&format!("report merge {reports} --report json=all.json"), 2);
        assert!(ended.stderr.contains(why), "{reports}: {}", ended.stderr);
        assert!(!project.folder().join("all.json").exists(), "{reports}: a report was written");
    }
    let ended = project.run("report merge 1.json 2.json --report json=2.json", 2);
    assert!(ended.stderr.contains("a report to merge"), "{}", ended.stderr);
}

#[test]
fn parts_of_two_builds_are_told_apart_and_one_that_is_run_again_is_not() {
    let project = project();
    for (build, attempt, part) in [("17", "1", 1), ("17", "2", 2), ("17", "1", 3), ("18", "1", 3)] {
        let mut command = project.command();
        command.envs([("GITHUB_RUN_ID", build), ("GITHUB_RUN_ATTEMPT", attempt)]);
        let args = format!("publish --stage --partition {part}/3 --report json={build}-{part}.json");
        crate::common::run(command, args.split(' ')).expect(0);
    }
    project.run("report merge 17-1.json 17-2.json 17-3.json", 0);
    let ended = project.run("report merge 17-1.json 17-2.json 18-3.json", 2);
    assert!(ended.stderr.contains("`17-1.json` and `18-3.json` are parts of different runs"), "{}", ended.stderr);
}

#[test]
fn what_is_no_report_is_called_what_it_is() {
    let project = project();
    project.run("stage", 0);
    project.run("plan --out plan.json", 0);
    project.run("rollout --report json=rollout.json", 0);
    for (args, what) in [
        ("merge plan.json", "a plan that `plan --out` kept"),
        ("convert plan.json markdown=out.md", "a plan that `plan --out` kept"),
        ("merge rollout.json", "it is of a rollout, which is not made of parts"),
    ] {
        let ended = project.run(&format!("report {args}"), 2);
        assert!(ended.stderr.contains(what), "{}", ended.stderr);
    }
}

/// Whoever mends one only to meet the next has to guess what was written meanwhile.
#[test]
fn of_several_reports_all_that_is_refused_is_told_and_none_is_written() {
    let project = Project::of(&["a"]);
    project.run("publish --stage --report json=report.json", 0);
    let mut report = project.json("report.json");
    report["jobs"][0]["layer_version_arn"] = "$(touch pwned)".into();
    project.write("evil.json", report.to_string());
    let files = || {
        let all = std::fs::read_dir(project.folder()).unwrap().map(|file| file.unwrap().file_name());
        all.collect::<BTreeSet<_>>()
    };
    let before = files();
    for command in ["convert evil.json", "merge evil.json"] {
        let flag = if command.starts_with("merge") { "--report " } else { "" };
        let to = ["csv=out.csv", "env=out.env", "index=out.json", "html=missing/out.html", "junit=layers.toml"];
        let to = to.map(|to| format!("{flag}{to}")).join(" ");
        let ended = project.run(&format!("report {command} {to}"), 2);
        let expected = "error: cannot write the report as `env` and `index`: `$(touch pwned)`, of layer `a` at `us-east-1`, is not \
                        the ARN of a layer version; and cannot write the report to `missing/out.html`: the folder `missing` does \
                        not exist; and cannot write the report to `layers.toml`: it is a layers file; nothing was written\n";
        assert!(ended.stderr.starts_with(expected), "{}", ended.stderr);
        assert_eq!(files(), before, "{command}");
    }
}

/// What `prune` deleted, and what it is to delete, in every report that is made of its own.
#[test]
fn what_prune_deleted_is_in_every_format_and_in_the_whole_of_several() {
    let project = Project::of(&[]);
    project.declare(&["a", "b"], "keep = 1");
    project.run("publish --stage", 0);
    (0..2).for_each(|_| drop(project.run("publish --force", 0)));
    project.run("prune --yes a --report json=a.json --report junit=a.xml --report html=a.html --report csv=a.csv", 0);
    project.run("prune --dry-run b --report json=b.json", 0);
    let whole = project.run("report merge a.json b.json --report json=all.json --report csv=all.csv", 0);
    assert_eq!(whole.stdout, "");
    let text = |path: &str| String::from_utf8(project.read(path)).unwrap();
    let ends: Vec<String> = text("all.csv").lines().map(|line| line.rsplit(',').skip(2).take(2).collect()).collect();
    assert_eq!(ends, ["versions_to_deletedeleted_versions", "1 2", "1 2"], "one deleted, one to delete");
    assert!(text("all.csv").lines().nth(1).unwrap().ends_with(",1 2,,,"), "{}", text("all.csv"));
    assert!(text("a.csv").lines().nth(1).unwrap().ends_with(",1 2,,,"), "{}", text("a.csv"));
    for path in ["a.xml", "a.html"] {
        assert!(text(path).contains("1-2 deleted"), "{path}: {}", text(path));
    }
    let merged = project.json("all.json");
    assert_eq!(merged["jobs"][0]["prune"]["deleted"], serde_json::json!([1, 2]));
    assert_eq!(merged["jobs"][1]["prune"]["to_delete"], serde_json::json!([1, 2]));
    assert_eq!((&merged["summary"]["pruned"], &merged["summary"]["planned"]), (&1.into(), &1.into()));
    let markdown = project.run("report convert all.json markdown=-", 0).stdout;
    assert!(
        markdown.contains("- `a` at `us-east-1`: 1-2 deleted") && markdown.contains("1-2 to be deleted"),
        "{markdown}"
    );
}
