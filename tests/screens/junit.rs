//! The JUnit report, held against the schema that Jenkins's xUnit plugin reads such files by. It is the strictest that is
//! published; what it accepts, GitLab and GitHub's actions accept as well.

use serde_json::Value;

use crate::common::project::Project;
use crate::common::run;
use crate::python::{Python, json, script};

/// What the schema says of each file: nothing, where it is valid.
fn problems(python: &Python, project: &Project, files: &[&str]) -> Vec<Value> {
    let mut command = python.command(&project.folder());
    command.arg(script("junit.py")).arg(crate::common::project::in_crate("tests/samples/junit-10.xsd")).args(files);
    json(command).as_array().unwrap().clone()
}

#[test]
fn build_servers_read_it() {
    let Some(python) = Python::with("screens.txt") else { return };
    let project = Project::of(&[]);
    project.declare(&["a", "b", "c"], "keep = 1");
    project.run("publish --stage a", 0);
    project.run("stage b", 0);
    // One unchanged, one published, one failed.
    project.run("publish --report junit=publish.xml --report json=report.json", 1);
    project.run("plan --report junit=plan.xml", 1);
    project.run("prune --dry-run --report junit=prune.xml", 0);
    project.run("status --report junit=status.xml", 0);
    project.run("check --report junit=check.xml", 0);

    // A run that took half a day, was stopped, and in which a stranger had the last word.
    let mut report = project.json("report.json");
    report["seconds"] = 43_210.987_654.into();
    let hostile = "]]><x/>&#0;&undefined; \u{1b}[31m \u{0} \u{fffe} é";
    for (n, job) in report["jobs"].as_array_mut().unwrap().iter_mut().enumerate() {
        job["layer"] = format!("{hostile}{n}").into();
        (job["target"], job["seconds"]) = (hostile.into(), 12_345.678_9.into());
        job["warnings"] = serde_json::json!([{"code": hostile, "message": hostile}]);
    }
    report["jobs"][1]["outcome"] = "cancelled".into();
    report["jobs"][2]["error"]["message"] = hostile.into();
    project.write("hostile.json", report.to_string());
    run(project.command(), ["report", "convert", "hostile.json", "junit=hostile.xml"]).expect(0);

    project.write("wrong.xml", "<testsuites><testsuite name=\"a\"><testcase/></testsuite></testsuites>");
    let late = "<testsuites><testsuite name=\"a\" tests=\"1\" failures=\"0\" errors=\"0\" time=\"1\">\
                <testcase name=\"a\" classname=\"a\" time=\"3\"/></testsuite></testsuites>";
    project.write("late.xml", late);
    let files =
        ["publish.xml", "plan.xml", "prune.xml", "status.xml", "check.xml", "hostile.xml", "wrong.xml", "late.xml"];
    let found = problems(&python, &project, &files);
    for (file, problems) in files[..6].iter().zip(&found) {
        assert_eq!(problems, &serde_json::json!([]), "{file}: {}", String::from_utf8_lossy(&project.read(file)));
    }
    assert!(found[6].to_string().contains("'name'"), "the schema finds what is wrong: {}", found[6]);
    assert!(found[7].to_string().contains("the suite took 1.0 s, and its cases 3.0 s"), "{}", found[7]);
}
