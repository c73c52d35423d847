//! Archives that other tools made or staged.

use std::fmt::Write as _;

use super::stale::staged_by_the_library;
use crate::common::project::Project;
use crate::common::zips::{zip, zip_with_link};

/// A text that deflate makes no less than a megabyte of, so that what stands before it in a zip is far from its end.
fn ballast() -> String {
    let (mut state, mut text) = (0x9e37_79b9_7f4a_7c15_u64, String::new());
    for _ in 0..200_000 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let _ = write!(text, "{state:016x}");
    }
    text
}

/// A layer for Node, under a lock of ten packages and one that is installed under another name.
fn locked() -> Project {
    let project = Project::of(&["requests"]);
    // So that something is staged that can be replaced.
    project.run("stage", 0);
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    let layers = layers.replace("requirements.txt", "package-lock.json").replace("python3.12", "nodejs22.x");
    project.write("layers.toml", layers);
    let mut lock = r#"{"lockfileVersion":3,"packages":{"":{},"#.to_owned();
    for number in 0..10 {
        let _ = write!(lock, r#""node_modules/p{number}":{{"version":"1.0.0"}},"#);
    }
    lock.push_str(r#""node_modules/lodash4":{"name":"lodash","version":"4.17.21"}}}"#);
    project.write("requests/package-lock.json", &lock);
    // That is where it is read to be staged.
    project.write("requests/requirements.txt", &lock);
    project
}

/// The zip of such a layer; these folders stand between the packages.
fn built(more: &[&str]) -> Vec<u8> {
    let about = |name: &str, version: &str| format!(r#"{{"name":"{name}","version":"{version}"}}"#);
    let mut files = vec![("nodejs/node_modules/p0/package.json".to_owned(), about("p0", "1.0.0"))];
    files.extend(
        more.iter().map(|folder| (format!("nodejs/node_modules/{folder}/package.json"), about("lodash", "4.17.21"))),
    );
    files.extend(
        (1..10).map(|number| {
            (format!("nodejs/node_modules/p{number}/package.json"), about(&format!("p{number}"), "1.0.0"))
        }),
    );
    files.push(("nodejs/data.txt".to_owned(), ballast()));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    zip(&files)
}

/// Of a zip that is far away a few files are read; what they would say is in the lock, by the name of the folder.
#[test]
fn an_honest_layer_for_node_is_not_doubted() {
    let project = locked();
    let sampled = "it was compared with `package-lock.json` as far as the versions of a few of its packages were read";
    staged_by_the_library(&project, &built(&["lodash4"]));
    let ended = project.run("plan -v --strict", 0);
    assert!(!ended.stderr.contains("warning"), "{}", ended.stderr);
    assert!(ended.stderr.contains(sampled), "{}", ended.stderr);
    assert!(!project.run("plan", 0).stderr.contains(sampled));
    staged_by_the_library(&project, &built(&["lodash5"]));
    let ended = project.run("plan", 0);
    assert!(ended.stderr.contains("`lodash` of `package-lock.json` is not in it"), "{}", ended.stderr);
    assert!(ended.stderr.contains("it holds `lodash5`, which"), "{}", ended.stderr);
}

/// S3 tells whole seconds of when something was staged.
#[test]
fn what_was_staged_in_the_second_of_the_publish_is_told() {
    let project = Project::of(&["requests"]);
    project.run("publish --stage", 0);
    project.write("requests/layer/python/more.py", "MORE = True\n");
    project.run("stage", 0);
    let stderr = project.run("plan", 0).stderr;
    assert!(stderr.contains("it is not what version 1 holds"), "{stderr}");
}

/// A layer is unzipped to `/opt`.
#[test]
fn links_may_lead_to_where_the_layer_will_be() {
    let project = Project::of(&["requests"]);
    #[cfg(unix)]
    {
        let link = project.folder().join("requests/layer/python/link");
        std::os::unix::fs::symlink("/opt/python/requests.py", link).unwrap();
        assert!(!project.run("check --strict", 0).stderr.contains("link"));
    }
    std::fs::remove_dir_all(project.folder().join("requests/layer")).unwrap();
    project.write("requests/layer", zip_with_link("python/link", "/opt/python/requests.py"));
    assert!(!project.run("check", 0).stderr.contains("link"));
}

#[test]
fn backslashes_are_no_folders() {
    let project = Project::of(&["requests"]);
    std::fs::remove_dir_all(project.folder().join("requests/layer")).unwrap();
    project.write("requests/layer", zip(&[("python/requests.py", "NAME = 1"), ("python\\b.py", "B = 1")]));
    let stderr = project.run("check", 0).stderr;
    assert!(stderr.contains(r"warning: requests/layer: a path in the zip has `\` in it"), "{stderr}");
    project.write("requests/layer", zip(&[("python/requests.py", "NAME = 1"), ("..\\..\\c", "C = 1")]));
    let stderr = project.run("check", 1).stderr;
    assert!(stderr.contains(r"a path in the zip has `..` in it: `..\..\c`"), "{stderr}");
}
