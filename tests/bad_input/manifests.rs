//! Manifests that are missing, unreadable, empty or loose.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::refused;
use crate::common::project::Project;

/// A project whose one archive is staged.
fn staged() -> Project {
    let project = Project::of(&["requests"]);
    project.run("stage", 0);
    project
}

fn remove(project: &Project) -> std::path::PathBuf {
    let path = project.folder().join("requests/requirements.txt");
    std::fs::remove_file(&path).unwrap();
    path
}

#[test]
fn missing() {
    let project = staged();
    remove(&project);
    assert_shown!(refused(&project, "", "manifest-missing"), @"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: manifest-missing

    error: requests at us-east-1: the manifest `requests/requirements.txt` does not exist

    hint: correct `manifest` of layer `requests` in the layers file, or lock its dependencies

         Summary [  TIMEs] 1 job: 1 failed
    ");
    assert!(project.requests().iter().all(|request| request.starts_with("GetCallerIdentity")));
}

#[test]
fn a_folder() {
    let project = staged();
    std::fs::create_dir(remove(&project)).unwrap();
    assert_shown!(refused(&project, "", "manifest-missing"), @"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: manifest-missing

    error: requests at us-east-1: the manifest `requests/requirements.txt` is a folder, not a file

    hint: correct `manifest` of layer `requests` in the layers file, or lock its dependencies

         Summary [  TIMEs] 1 job: 1 failed
    ");
}

#[test]
fn empty() {
    let project = staged();
    project.write("requests/requirements.txt", "");
    assert_shown!(refused(&project, "", "manifest-missing"), @"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: manifest-missing

    error: requests at us-east-1: the manifest `requests/requirements.txt` is empty

    hint: correct `manifest` of layer `requests` in the layers file, or lock its dependencies

         Summary [  TIMEs] 1 job: 1 failed
    ");
}

/// The superuser reads whatever the mode says; a link that leads to itself is unreadable for everybody.
#[test]
fn unreadable() {
    let project = staged();
    let path = remove(&project);
    symlink("requirements.txt", path).unwrap();
    assert_shown!(refused(&project, "", "manifest-missing"), @"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: manifest-missing

    error: requests at us-east-1: the manifest `requests/requirements.txt` cannot be read: Too many levels of symbolic links (os error 40)

    hint: correct `manifest` of layer `requests` in the layers file, or lock its dependencies

         Summary [  TIMEs] 1 job: 1 failed
    ");
}

#[test]
fn without_permission() {
    let project = staged();
    let path = project.folder().join("requests/requirements.txt");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::read(&path).is_ok() {
        // The superuser: `unreadable` is the test that counts here.
        assert!(is_superuser(), "a file without permissions could be read");
        return;
    }
    let ended = refused(&project, "", "manifest-missing");
    assert!(ended.stderr.contains("`requests/requirements.txt` cannot be read: Permission denied"), "{}", ended.stderr);
}

fn is_superuser() -> bool {
    let id = std::process::Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

#[test]
fn far_too_large() {
    let project = staged();
    let manifest = std::fs::File::create(project.folder().join("requests/requirements.txt")).unwrap();
    manifest.set_len((64 << 20) + 1).unwrap();
    let told = "the manifest `requests/requirements.txt` has more than 67 MB: that is not a dependency manifest";
    let ended = refused(&project, "", "manifest-missing");
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
    // As large as it may be it is read, and is nothing that pip would read.
    manifest.set_len(64 << 20).unwrap();
    let ended = project.run("check", 0);
    assert!(
        ended.stderr.contains("what it names is not known") && ended.stderr.len() < 2_000,
        "{}",
        ended.stderr.len()
    );
}

#[test]
fn unpinned_and_denied() {
    let project = Project::new("");
    project.declare(&["requests"], "unpinned = \"deny\"");
    project.run("stage", 0);
    let secret = "--index-url https://user:password@example.com/simple\nrequests==2.0.0\nsix\nurllib3>=2\n";
    project.write("requests/requirements.txt", secret);
    assert_shown!(refused(&project, "", "manifest-unpinned"), @r#"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
          Failed [  TIMEs] (1/1) requests us-east-1: manifest-unpinned

    error: requests at us-east-1: requests/requirements.txt:3: `six` is not pinned: it names no version; and 1 more: requests/requirements.txt:4

    hint: write `==` and a version, for example with `uv pip compile` or `pip-compile`; or set `unpinned = "warn"`

         Summary [  TIMEs] 1 job: 1 failed
    "#);
}

#[test]
fn unpinned_and_warned_about_or_allowed() {
    let project = staged();
    project.write("requests/requirements.txt", "six\n");
    assert_shown!(project.run("publish --stage", 0), @"
    exit code 0
    --- stdout ---
    LAYER     TARGET     OUTCOME    VERSION  ARN
    requests  us-east-1  published  1        arn:aws:lambda:us-east-1:123456789012:layer:requests:1
    --- stderr ---
       Published [  TIMEs] (1/1) requests us-east-1 version 1

    warning: requests/requirements.txt:1: `six` is not pinned: it names no version; changes to it are not noticed

         Summary [  TIMEs] 1 job: 1 published
    ");
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", layers + "unpinned = \"allow\"\n");
    assert_shown!(project.run("publish", 0), @"
    exit code 0
    --- stdout ---
    LAYER     TARGET     OUTCOME    VERSION  ARN
    requests  us-east-1  unchanged  1        arn:aws:lambda:us-east-1:123456789012:layer:requests:1
    --- stderr ---
         Summary [  TIMEs] 1 job: 1 unchanged
    ");
}

/// What is told of a manifest never shows a password.
#[test]
fn secrets_in_a_manifest_are_masked() {
    let project = Project::new("");
    project.declare(&["requests"], "unpinned = \"deny\"");
    project.run("stage", 0);
    project.write("requests/requirements.txt", "six @ git+https://user:hunter2@example.com/six.git\n");
    let ended = refused(&project, "-v", "manifest-unpinned");
    assert_shown!(ended, @r#"
    exit code 1
    --- stdout ---
    LAYER     TARGET     OUTCOME  VERSION  ARN
    requests  us-east-1  failed   -        -
    --- stderr ---
    setting concurrency = 32 (default)
    setting fail-fast = false (default)
    setting lambda-requests-per-second = 15 (default)
    setting lock-wait-seconds = 60 (default)
    setting publish-settle-seconds = 60 (default)
    setting request-timeout-seconds = 30 (default)
        Checking [  TIMEs]       requests us-east-1: manifest requests/requirements.txt has MD5 47a92357b5cfc38e1024390662f5a568
          Failed [  TIMEs] (1/1) requests us-east-1: manifest-unpinned

    error: requests at us-east-1: requests/requirements.txt:1: `six @ git+https://****@example.com/six.git` is not pinned: it names no full commit, and branches and tags move

    hint: write `==` and a version, for example with `uv pip compile` or `pip-compile`; or set `unpinned = "warn"`

         Summary [  TIMEs] 1 job: 1 failed
    "#);
    let report = String::from_utf8(project.read("report.json")).unwrap();
    for text in [&ended.stdout, &ended.stderr, &report] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}

/// The two that every user knows: pinned with hashes passes, a range does not; beside them, what else leaves something open.
#[test]
fn what_leaves_something_open_is_told_with_line_and_text() {
    let project = Project::new("");
    project.declare(&["requests"], "unpinned = \"deny\"");
    let hashed = |name: &str| format!("{name}==1.0.0 --hash=sha256:{}\n", "ab".repeat(32));
    project.write("requests/requirements.txt", hashed("requests") + &hashed("urllib3"));
    project.run("check", 0);
    let table = [
        ("urllib3>=1.0", "it allows several versions"),
        ("urllib3==1.*", "it has a wildcard for a version"),
        ("urllib3==1.0.0", "it has no hash, though other lines have one"),
        ("-e ./urllib3", "it installs a folder that may change"),
        ("urllib3 @ git+https://host/urllib3.git@main", "it names no full commit, and branches and tags move"),
        ("urllib3 @ git+https://host/urllib3.git#sha256=ab", "it names no full commit, and branches and tags move"),
        ("-r nowhere.txt", "what it includes was not read"),
        ("-r open.txt", "it names no version"),
    ];
    project.write("requests/open.txt", "urllib3\n");
    for (line, why) in table {
        project.write("requests/requirements.txt", hashed("requests") + line + "\n");
        let ended = project.run("check", 1);
        let place =
            if line == "-r open.txt" { "requests/open.txt:1: `urllib3`" } else { "requests/requirements.txt:2: `" };
        assert!(
            ended.stderr.contains(place) && ended.stderr.contains(&format!("is not pinned: {why}")),
            "{}",
            ended.stderr
        );
    }
    let extra = "--extra-index-url https://host/simple\nrequests==1.0.0\n";
    project.write("requests/requirements.txt", extra);
    let told =
        "requests/requirements.txt:1: `--extra-index-url https://host/simple` is not pinned: another index may answer";
    assert!(project.run("check", 1).stderr.contains(told));
    // What bounds versions may name an index, too, and pip asks it for whatever the other files name.
    project.write("requests/requirements.txt", "-c bounds.txt\nrequests==1.0.0\n");
    project.write("requests/bounds.txt", "urllib3<2\n--extra-index-url https://host/simple\n");
    let told = told.replace("requirements.txt:1", "bounds.txt:2");
    assert!(project.run("check", 1).stderr.contains(&told));
    project.write("requests/requirements.txt", "-c bounds.txt\n".to_owned() + &hashed("requests"));
    project.run("check", 0);
}
