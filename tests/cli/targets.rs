//! Many targets at once: one that is down, or not opted into, fails its own jobs and delays no other.

use crate::common::process::Running;
use crate::common::project::{Project, layer, until};
use crate::common::{requirements, run};

const REGIONS: [&str; 8] =
    ["ap-east-1", "ap-south-1", "ca-central-1", "eu-central-1", "eu-west-1", "sa-east-1", "us-east-1", "us-west-2"];

/// Three layers at eight targets; the first of them is a Region that is not opted into.
fn project() -> Project {
    let names = ["alpha", "beta", "gamma"];
    let targets: String = REGIONS.iter().map(|region| format!("{region} = {{}}\n")).collect();
    let layers: String = names.iter().map(|name| layer(name)).collect();
    let defaults = "[defaults]\nbucket = \"artifacts-{region}\"\ncompatible-runtimes = [\"python3.12\"]\n";
    let text = format!("[targets]\n{targets}{defaults}{layers}");
    let project = Project::with_flags(&text, &["--closed-region", "ap-east-1"]);
    for name in names {
        project.write(&format!("{name}/requirements.txt"), requirements(name, "1.0.0"));
        project.write(&format!("{name}/layer/python/{name}.py"), format!("NAME = \"{name}\"\n"));
    }
    project
}

#[test]
fn a_region_that_is_not_opted_into_fails_its_own_jobs_with_one_message() {
    let project = project();
    let ended = run(project.command(), ["publish", "--stage", "--format", "json"]).expect(1);
    let report = ended.report();
    assert_eq!((&report["summary"]["published"], &report["summary"]["failed"]), (&21.into(), &3.into()));
    let said = &ended.stderr;
    assert_eq!(said.matches("\nerror: ").count(), 1, "{said}");
    assert!(said.contains("3 layers at ap-east-1: the credentials were not accepted"), "{said}");
    assert!(said.contains("has not opted into answers the same: opt in, or remove the target"), "{said}");
    // As a best effort it changes nothing.
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", layers.replace("ap-east-1 = {}", "ap-east-1 = { best-effort = true }"));
    project.run("publish", 0);
}

#[test]
fn a_target_that_is_never_given_up_delays_no_other() {
    let project = project();
    project.inject(r#"{"operation": "*", "match": "artifacts-eu-west-1*", "fault": "hang"}"#);
    let mut command = project.command();
    // As few slots as there are targets: those that wait for ever hold theirs to the end.
    command.args(["publish", "--stage", "--request-timeout-seconds", "600", "--concurrency", "8"]);
    let running = Running::start(command);
    let others = REGIONS.iter().filter(|region| !["ap-east-1", "eu-west-1"].contains(region));
    let wanted: Vec<String> = others
        .flat_map(|region| ["alpha", "beta", "gamma"].map(|name| format!("123456789012/{region}/{name}")))
        .collect();
    until("all other targets are published", || {
        let layers = project.state()["layers"].clone();
        wanted.iter().all(|layer| layers[layer]["last"] == 1).then_some(())
    });
    running.signal("KILL");
    running.end();
}

#[test]
fn an_archive_is_packed_once_for_all_targets() {
    let project = project();
    let ended = run(project.command(), ["publish", "--stage", "-vv"]).expect(1);
    let packed = ended.stderr.lines().filter(|line| line.contains("packed") && line.contains("alpha/layer"));
    assert_eq!(packed.count(), 1, "{}", ended.stderr);
    // Nothing changed: nothing is packed.
    project.write("alpha/layer/python/more.py", "");
    let ended = run(project.command(), ["stage", "-vv"]).expect(1);
    assert_eq!(ended.stderr.lines().filter(|line| line.contains("packed")).count(), 1, "{}", ended.stderr);
}

#[test]
fn a_target_that_hangs_delays_no_other_of_eight() {
    let project = project();
    project.inject(r#"{"operation": "*", "match": "artifacts-eu-west-1*", "fault": "hang"}"#);
    let report = run(project.command(), ["publish", "--stage", "--format", "json", "--request-timeout-seconds", "1"])
        .expect(1)
        .report();
    assert_eq!((&report["summary"]["published"], &report["summary"]["failed"]), (&18.into(), &6.into()), "{report:#}");
    for job in report["jobs"].as_array().unwrap() {
        let is_off = ["ap-east-1", "eu-west-1"].iter().any(|target| job["target"] == *target);
        assert_eq!(job["outcome"], if is_off { "failed" } else { "published" }, "{job:#}");
    }
}
