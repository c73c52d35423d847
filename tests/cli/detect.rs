//! What counts as a change: `detect`.

use crate::common::project::Project;

fn publishes(project: &Project) -> bool {
    let found = project.requests().iter().any(|request| request.starts_with("PublishLayerVersion "));
    project.forget_requests();
    found
}

/// A published layer for which what its manifest says counts, and not how it is written.
fn published(detect: &str) -> Project {
    let project = Project::of(&[]);
    project.declare(&["requests"], &format!("detect = [{detect}]"));
    project.build("requests", "requests==2.32.3\nidna==3.7\n");
    project.run("publish --stage", 0);
    project.forget_requests();
    project
}

#[test]
fn comments_and_order_alone_do_not_publish() {
    let project = published("\"dependencies\", \"settings\"");
    project.write("requests/requirements.txt", "# sorted\r\nidna==3.7  # via requests\r\nrequests==2.32.3\r\n");
    project.run("changed --exit-code", 0);
    // Not built, not staged: the staged archive is that of the same dependencies.
    project.run_writing_nothing("plan --exit-code", 0);
    project.run_writing_nothing("publish", 0);
    project.run("publish --stage", 0);
    project.run_writing_nothing("publish --stage", 0);
    assert!(!publishes(&project));
    for manifest in ["idna==3.7\nrequests[socks]==2.32.3\n", "--pre\nidna==3.7\nrequests[socks]==2.32.3\n"] {
        project.build("requests", manifest);
        project.run("changed --exit-code", 3);
        project.run("publish", 1);
        project.run("publish --stage", 0);
        assert!(publishes(&project), "{manifest}");
    }
}

/// Nor in the lock files of tools that sort them themselves.
#[test]
fn the_order_of_a_lock_file_alone_does_not_publish() {
    for (name, head, packages) in [
        ("pnpm-lock.yaml", "lockfileVersion: '9.0'\n\npackages:\n", ["\n  a@1.0.0: {}\n", "\n  b@1.0.0: {}\n"]),
        ("yarn.lock", "__metadata:\n  version: 8\n", ["\na@1:\n  version: 1.0.0\n", "\nb@1:\n  version: 1.0.0\n"]),
        ("Gemfile.lock", "GEM\n  remote: https://h/\n  specs:\n", ["    a (1.0.0)\n", "    b (1.0.0)\n"]),
    ] {
        let project = Project::of(&[]);
        project.declare(&["requests"], "detect = [\"dependencies\"]");
        project.build("requests", "idna==3.7\n");
        let layers = String::from_utf8(project.read("layers.toml")).unwrap();
        project.write("layers.toml", layers.replace("requirements.txt", name));
        let write =
            |packages: [&str; 2]| project.write(&format!("requests/{name}"), head.to_owned() + &packages.concat());
        let [a, b] = packages;
        write([a, b]);
        project.run("publish --stage", 0);
        write([b, a]);
        project.run("changed --exit-code", 0);
        write([b, &a.replace("1.0.0", "1.0.1")]);
        project.run("changed --exit-code", 3);
    }
}

#[test]
fn beside_the_manifest_the_dependencies_change_nothing() {
    for detect in ["\"manifest\"", "\"manifest\", \"dependencies\""] {
        let project = published(detect);
        project.write("requests/requirements.txt", "idna==3.7\nrequests==2.32.3\n");
        let ended = project.run("publish --stage --report markdown=report.md", 0);
        assert!(ended.stdout.contains("published"), "{}", ended.stdout);
        let report = String::from_utf8(project.read("report.md")).unwrap();
        let told = "- `requests`: no dependency differs, only comments, order or options";
        assert!(report.contains(told), "{report}");
        assert!(publishes(&project), "{detect}");
    }
}

/// Another index may have another file at the same version: who reads of it should not take it for a comment.
#[test]
fn another_index_is_told_as_one() {
    let project = published("\"manifest\"");
    let manifest = String::from_utf8(project.read("requests/requirements.txt")).unwrap();
    project.write("requests/requirements.txt", format!("--index-url https://pypi.example/simple\n{manifest}"));
    let ended = project.run("plan --stage --exit-code", 3);
    let told = "dependencies changed: no version differs, only the index that they come from";
    assert!(ended.stdout.contains(told), "{}", ended.stdout);
}

/// What it includes counts, although the backup holds only the manifest itself.
#[test]
fn included_files_count_where_dependencies_do() {
    let project = Project::of(&[]);
    project.declare(&["requests"], "detect = [\"dependencies\", \"settings\"]");
    project.write("requests/base.txt", "idna==3.7\nsix==1.16.0\n");
    project.write("bounds.txt", "urllib3==2.2.1\n");
    project.build("requests", "-r base.txt\n-c ../bounds.txt\nrequests==2.32.3\n");
    // What is staged in the second of the publish costs a look at the backup later on.
    project.run("stage", 0);
    project.advance(2);
    let ended = project.run("publish", 0);
    let told = "requests/requirements.txt: its backup holds only the file itself, not `requests/base.txt` and 1 more";
    assert!(ended.stderr.contains(told) && !ended.stderr.contains("publish nothing"), "{}", ended.stderr);
    project.write("requests/base.txt", "# sorted\r\nsix==1.16.0\r\nidna==3.7\r\n");
    project.run("changed --exit-code", 0);
    project.run_writing_nothing("publish --stage", 0);
    let is_s3 = |request: &String| request.contains(" artifacts/");
    assert_eq!(
        project.requests().into_iter().filter(is_s3).count(),
        2,
        "no more than for any other: {:?}",
        project.requests()
    );
    let asks = "but what a file asks for that the manifest includes changed: it was not built again";
    let bounds = "but a file that the manifest includes changed";
    for (path, content, stale, code) in
        [("requests/base.txt", "idna==3.8\nsix==1.16.0\n", asks, 1), ("bounds.txt", "urllib3==2.2.2\n", bounds, 0)]
    {
        project.write(path, content);
        project.run("changed --exit-code", 3);
        let ended = project.run("plan --stage", code);
        assert!(ended.stderr.contains("it has the very content of version") && ended.stderr.contains(stale));
        project.write("requests/layer/python/built.py", path);
        let ended = project.run("plan --stage --exit-code", 3);
        assert!(ended.stdout.contains("dependencies changed: in an included file"), "{}", ended.stdout);
        let ended = project.run("publish --stage", 0);
        assert!(!ended.stderr.contains(stale) && publishes(&project), "{}", ended.stderr);
        project.run_writing_nothing("publish --stage", 0);
    }
}

/// A version whose backup says nothing of included files was not published under these.
#[test]
fn a_backup_that_says_nothing_of_included_files_is_no_reason_to_keep() {
    let project = published("\"manifest\", \"settings\"");
    project.write("requests/base.txt", "six==1.16.0\n");
    project.build("requests", "-r base.txt\nrequests==2.32.3\n");
    let ended = project.run("publish --stage", 0);
    assert!(ended.stderr.contains("changes to included files alone publish nothing"), "{}", ended.stderr);
    project.write("requests/base.txt", "six==1.17.0\n");
    project.run_writing_nothing("publish", 0);
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", layers.replace("\"manifest\", \"settings\"", "\"dependencies\""));
    project.write("requests/layer/python/built.py", "BUILT = \"again\"\n");
    assert!(project.run("plan --stage --exit-code", 3).stdout.contains("in an included file"));
}

#[test]
fn files_that_are_included_in_vain_are_told_with_their_line() {
    let project = Project::of(&["requests"]);
    project.write("requests/more/base.txt", "six==1.16.0\n-r nowhere.txt\n");
    let text = "-r more/base.txt\nrequests==2.32.3\n-r https://user:SECRET@host/x.txt\n-c requirements.txt\n";
    project.write("requests/requirements.txt", text);
    let ended = project.run("check", 0);
    insta::assert_snapshot!(ended.stderr.lines().filter(|line| line.contains("include")).collect::<Vec<_>>().join("\n"), @"
    warning: requests/requirements.txt: its backup holds only the file itself, not `requests/more/base.txt`, and changes to included files alone publish nothing
    warning: requests/more/base.txt:2: `nowhere.txt`, which it includes, does not exist
    warning: requests/requirements.txt:3: `https://****@host/x.txt`, which it includes, is a URL, which is not fetched
    warning: requests/requirements.txt:4: `requirements.txt`, which it includes, includes itself
    ");
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", layers + "allow = [\"include-unreadable\", \"include-not-kept\"]\n");
    assert!(!project.run("check", 0).stderr.contains("include"));
}

#[test]
fn hashes_and_markers_alone_are_told_as_such() {
    let project = published("\"manifest\"");
    let told = |manifest: &str| {
        project.build("requests", manifest);
        project.run("stage", 0);
        let shown = project.run("plan --exit-code --report markdown=report.md", 3).stdout;
        shown + &String::from_utf8(project.read("report.md")).unwrap()
    };
    let marked = told("requests==2.32.3 ; python_version > '3'\nidna==3.7\n");
    assert!(marked.contains("no version differs, only where, how or for whom one is installed"), "{marked}");
    let hashed = told("requests==2.32.3 --hash=sha256:aa\nidna==3.7\n");
    assert!(hashed.contains("requests 2.32.3 with other hashes"), "{hashed}");
    assert!(hashed.contains("0 changed, 0 added, 0 removed, 1 with other hashes"), "{hashed}");
    assert!(hashed.contains("| `requests` | `2.32.3` | `2.32.3, other hashes` |"), "{hashed}");
}

/// A manifest that cannot be read is compared by its bytes: no edit of it is taken for none.
#[test]
fn no_edit_of_what_cannot_be_read_is_taken_for_none() {
    let project = published("\"dependencies\", \"settings\"");
    for manifest in ["this is not a requirement\n", "this is not a requirement either\n", "# why\nthis is not\n"] {
        project.build("requests", manifest);
        let ended = project.run("changed --exit-code", 3);
        assert!(ended.stderr.contains("what it names is not known, so its bytes are compared"), "{}", ended.stderr);
        project.run("stage", 0);
        let planned = project.run("plan", 0).stdout;
        assert!(planned.contains("which ones is not known, since a manifest cannot be read"), "{planned}");
        project.run("publish", 0);
        assert!(publishes(&project), "{manifest}");
    }
}

#[test]
fn a_long_difference_is_short_on_the_screen_and_whole_in_the_report() {
    let project = published("\"manifest\", \"settings\"");
    let manifest: String = (0..60).map(|number| format!("package-{number:02}==1.0.0\n")).collect();
    project.build("requests", &manifest);
    project.run("stage", 0);
    let ended = project.run("plan --report json=report.json --report markdown=report.md", 0);
    let told = |text: &str| text.matches("package-").count();
    assert_eq!(told(&ended.stdout), 4, "{}", ended.stdout);
    assert!(ended.stdout.contains("+package-03 1.0.0, and 58 more"), "{}", ended.stdout);
    let dependencies = &project.json("report.json")["jobs"][0]["dependencies"];
    assert_eq!(dependencies["added"].as_array().unwrap().len(), 60);
    assert_eq!(dependencies["removed"].as_array().unwrap().len(), 2);
    let markdown = String::from_utf8(project.read("report.md")).unwrap();
    assert_eq!(told(&markdown), 60, "{markdown}");
    let published = project.run("publish", 0).stdout;
    assert!(
        published
            .ends_with("  +package-00 1.0.0, +package-01 1.0.0, +package-02 1.0.0, +package-03 1.0.0, and 58 more\n"),
        "{published}"
    );
    let published = project.run("publish", 0);
    assert!(told(&published.stderr) < 20, "{}", published.stderr);
}
