//! Archives that were not built again, where what changed does not stand in the manifest itself, or not under its name.

use serde_json::json;

use super::stale::{allow, edited, holding, publishes, staged_by_the_library};
use super::{code, refused};
use crate::common::project::Project;
use crate::common::zips::zip;

/// A layer whose manifest includes another file by this option, published without metadata.
fn including(option: &str) -> Project {
    let project = Project::of(&[]);
    project.declare(&["requests"], "detect = [\"dependencies\", \"settings\"]");
    project.write("requests/base.txt", "six==1.16.0\n");
    project.build("requests", format!("{option} base.txt\nrequests==2.32.3\n"));
    project.run("publish --stage", 0);
    project.forget_requests();
    project.write("requests/base.txt", "six==1.16.0  # why\n");
    project.run_writing_nothing("publish --stage", 0);
    project
}

/// The requirements that another file has changed, and nobody built it again.
#[test]
fn what_an_included_file_asks_for_changed() {
    let project = including("-r");
    project.write("requests/base.txt", "six==1.17.0\n");
    project.run("publish --stage --report json=report.json", 1);
    assert_eq!(code(&project), "archive-stale");
    let told = "but what a file asks for that the manifest includes changed: it was not built again";
    assert!(project.run("plan --stage", 1).stderr.contains(told));
    assert!(!publishes(&project));
    let layers = project.read("layers.toml");
    allow(&project, "\"archive-stale\"");
    project.run("plan --stage", 0);
    project.write("layers.toml", layers);
    project.write("requests/layer/python/six.py", "VERSION = \"1.17.0\"\n");
    project.run("publish --stage", 0);
    assert!(publishes(&project));
}

/// A shared file was locked again: no package of this layer is another one.
#[test]
fn what_an_included_file_asks_for_did_not_change() {
    let hash = "0".repeat(64);
    for base in [
        format!("six==1.16.0 --hash=sha256:{hash}\n"),
        "six==1.16.0 ; python_version >= \"3.8\"\npywin32==306 ; sys_platform == \"win32\"\n".to_owned(),
        "six==1.16.0\n-c bounds.txt\n".to_owned(),
    ] {
        let project = including("-r");
        project.write("requests/bounds.txt", "certifi==2024.7.4\n");
        project.write("requests/base.txt", &base);
        let stderr = project.run("publish --stage", 0).stderr;
        assert!(stderr.contains("but a file that the manifest includes changed"), "{base}: {stderr}");
        assert!(publishes(&project), "{base}");
        let backup = "layers/requests/layer/000002/requirements.txt";
        let notes = project.state()["buckets"]["artifacts"]["objects"][backup]["metadata"].clone();
        let names: Vec<&str> = notes.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["layership-includes", "layership-includes-asked", "layership-sha256"]);
    }
}

/// Many layers share a file of bounds, most of which are of what others ask for: without metadata nobody knows, and each of them
/// would be refused for each of its lines.
#[test]
fn bounds_that_changed_refuse_no_archive_without_metadata() {
    let project = including("-c");
    project.write("requests/base.txt", "six==1.17.0\n");
    let stderr = project.run("publish --stage", 0).stderr;
    assert!(stderr.contains("but a file that the manifest includes changed"), "{stderr}");
    assert!(publishes(&project));
}

/// A line that pip would not read hides nothing that the others say.
#[test]
fn a_manifest_with_a_line_that_cannot_be_read() {
    let project = edited("requests==2.32.3\nnot a requirement\n", "requests==2.32.4\nnot a requirement\n");
    project.run("publish --stage --report json=report.json", 1);
    assert_eq!(code(&project), "archive-stale");
    // Which of them changed that cannot be read is not known, and said.
    project.write("requests/requirements.txt", "requests==2.32.3\nno requirement either\n");
    let stderr = project.run("publish --stage", 0).stderr;
    assert!(
        stderr.contains("a line that cannot be read may have: whether it was to be built again is not known"),
        "{stderr}"
    );
    let project = holding(&["requests-2.32.3"], "requests==2.32.4\nnot a requirement\n");
    project.run("check --report json=report.json", 1);
    assert_eq!(code(&project), "archive-differs");
}

/// A folder of the package is there although nothing tells its version, so that it had to be built.
#[test]
fn what_the_runtime_brings_is_in_the_archive_all_the_same() {
    let (from, to) = ("six==1.16.0\nurllib3==2.2.0\n", "six==1.16.0\nurllib3==2.2.1\n");
    let project = edited(from, to);
    project.write("requests/requirements.txt", from);
    project.write("requests/layer/python/urllib3/__init__.py", "VERSION = \"2.2.0\"\n");
    project.run("publish --stage --force", 0);
    project.forget_requests();
    project.write("requests/requirements.txt", to);
    project.run("publish --stage --report json=report.json", 1);
    assert_eq!(code(&project), "archive-stale");
    assert!(!publishes(&project));
}

/// A layer that has got a manifest of another name.
fn renamed(from: &str, name: &str, to: &str) -> Project {
    let project = edited(from, from);
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", layers.replace("requirements.txt", name));
    project.write(&format!("requests/{name}"), to);
    project
}

/// Nothing lay beside the new name, so that whatever it said was recorded.
#[test]
fn a_manifest_of_another_name_that_says_something_else() {
    let project = renamed("requests==2.32.3\n", "requirements-lock.txt", "requests==2.32.4\nidna==3.7\n");
    for command in ["plan --stage", "publish --stage"] {
        project.run(&format!("{command} --report json=report.json"), 1);
        assert_eq!(code(&project), "archive-stale", "{command}");
    }
    let message = project.json("report.json")["jobs"][0]["error"]["message"].as_str().unwrap().to_owned();
    let told = "but `requirements-lock.txt` pins other packages than `requirements.txt` did, for which it was published: `requests`";
    assert!(message.contains(told), "{message}");
    allow(&project, "\"archive-stale\"");
    assert_eq!(project.run("publish --stage --format json", 0).report()["jobs"][0]["outcome"], "adopted");
}

#[test]
fn a_manifest_of_another_name_that_says_the_same() {
    let lock = "version = 1\n[[package]]\nname = \"requests\"\nversion = \"2.32.3\"\n[[package]]\nname = \"idna\"\nversion = \"3.7\"\n";
    let project = renamed("requests==2.32.3\n", "uv.lock", lock);
    let report = project.run("publish --stage --format json", 0).report();
    assert_eq!(report["jobs"][0]["outcome"], "adopted");
    assert_eq!(report["jobs"][0]["warnings"], json!([]));
    // What has nothing in common with it cannot be compared.
    let project = renamed("requests==2.32.3\n", "environment.yml", "dependencies: [requests=2.32.4]\n");
    let stderr = project.run("publish --stage", 0).stderr;
    assert!(stderr.contains("which was published for another manifest than `environment.yml`"), "{stderr}");
}

/// It was published by hand, or by another tool: no lock remembers for what.
#[test]
fn a_version_that_does_not_hold_what_the_manifest_pins_is_not_adopted() {
    let project = holding(&["requests-2.32.3"], "requests==2.32.3\n");
    project.run("stage", 0);
    project.inject(r#"[{"operation": "PutObject", "match": "requirements.txt", "fault": "access-denied"}]"#);
    project.run("publish", 1);
    project.heal();
    let built = project.layer_archive("us-east-1", "requests", 1);
    project.write("requests/requirements.txt", "requests==2.32.4\n");
    allow(&project, "\"archive-stale\"");
    staged_by_the_library(&project, &built);
    refused(&project, "", "archive-differs");
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", layers.replace("\"archive-stale\"", "\"archive-stale\", \"archive-differs\""));
    assert_eq!(project.run("publish --format json", 0).report()["jobs"][0]["outcome"], "adopted");
}

/// What the folder of a workspace is called is no version.
#[test]
fn a_project_of_a_workspace_beside_the_lock() {
    let project = Project::of(&["requests"]);
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", layers.replace("requirements.txt", "uv.lock"));
    let member = |name: &str| {
        format!("[[package]]\nname = \"{name}\"\nversion = \"1.2.3\"\nsource = {{ editable = \"{name}\" }}\n")
    };
    project.write("requests/uv.lock", format!("version = 1\n{}{}", member("liba"), member("libb")));
    std::fs::remove_dir_all(project.folder().join("requests/layer")).unwrap();
    let held = ["python/liba-1.2.3.dist-info/METADATA", "python/libb-1.2.3.dist-info/METADATA"].map(|path| (path, ""));
    project.write("requests/layer", zip(&held));
    assert!(!project.run("publish --stage --strict", 0).stderr.contains("warning"));
}
