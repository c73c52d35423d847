//! `--changed-since REV`: what changed in a git checkout, and nothing that the checkout's configuration names is run.

use std::process::Command;

use crate::common::isolated;
use crate::common::project::{Project, layer};
use crate::common::requirements;
use crate::prune::function;

/// What git prints, run by a person.
pub fn git(project: &Project, args: &[&str]) -> String {
    let mut command = isolated("git", project.folder());
    for name in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{name}_NAME"), "a").env(format!("GIT_{name}_EMAIL"), "a@example.com");
    }
    let output = command.args(args).output().expect("git");
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Commits everything.
pub fn commit(project: &Project) {
    git(project, &["add", "-A"]);
    git(project, &["commit", "-q", "--allow-empty", "-m", "state"]);
}

/// A checkout with one commit of these layers, called `then`.
fn checkout(layers: &[&str]) -> Project {
    let project = Project::of(layers);
    git(&project, &["init", "-q"]);
    commit(&project);
    git(&project, &["tag", "then"]);
    project
}

#[track_caller]
fn changed(project: &Project) -> Vec<String> {
    let report = project.run("check --format json --changed-since then", 0).report();
    report["jobs"].as_array().unwrap().iter().map(|job| job["layer"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_layer_is_selected_when_its_manifest_or_tracked_archive_changed_committed_or_not() {
    let project = checkout(&["a", "b", "c", "d", "e"]);
    assert_eq!(changed(&project), [""; 0]);
    project.write("a/requirements.txt", requirements("a", "2.0.0"));
    project.write("b/layer/python/b.py", "NAME = 2\n");
    // Made by a build, and unknown to git.
    project.write("c/layer/python/made.py", "");
    project.write("d/requirements.txt", "d==1.0.0\r\n");
    assert_eq!(changed(&project), ["a", "b"]);
    commit(&project);
    assert_eq!(changed(&project), ["a", "b", "c", "d"], "what is committed is known, and is what it is");
    git(&project, &["checkout", "-q", "then", "--", "a", "b", "d"]);
    commit(&project);
    assert_eq!(changed(&project), ["c"]);
    std::fs::rename(project.folder().join("e/layer/python/e.py"), project.folder().join("e/layer/python/f.py"))
        .unwrap();
    assert_eq!(changed(&project), ["c", "e"]);
    // A name selects among them, and a wrong one is wrong all the same.
    assert!(project.run("check --changed-since then a", 0).stdout.contains("0 jobs"));
    project.run("check --changed-since then none-such", 2);
}

#[test]
fn a_declaration_that_changed_selects_its_layer_and_defaults_select_all_that_they_hold_for() {
    let project = checkout(&["a", "b"]);
    let first = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", format!("# a comment\n[settings]\nconcurrency = 3\n{first}"));
    assert_eq!(changed(&project), [""; 0]);
    project.write("layers.toml", first.replace("[layers.b]", "[layers.b]\nlicense = \"MIT\""));
    assert_eq!(changed(&project), ["b"]);
    project.write("layers.toml", first.replace("[defaults]", "[defaults]\nlicense = \"MIT\""));
    assert_eq!(changed(&project), ["a", "b"]);
    project.write("layers.toml", format!("{first}{}", layer("c").replace("c/", "a/")));
    assert_eq!(changed(&project), ["c"]);

    project.write("layers.toml", format!("include = [\"teams/*.toml\"]\n{first}"));
    let team = |name: &str| layer(name).replace(&format!("{name}/"), &format!("../{name}/"));
    project.write("teams/x.toml", team("x"));
    project.write("teams/y.toml", team("y"));
    for name in ["x", "y"] {
        project.write(&format!("{name}/requirements.txt"), requirements(name, "1.0.0"));
        project.write(&format!("{name}/layer/python/{name}.py"), "");
    }
    commit(&project);
    git(&project, &["tag", "-f", "then"]);
    assert_eq!(changed(&project), [""; 0]);
    project.write("teams/x.toml", format!("[defaults]\nlicense = \"MIT\"\n{}", team("x")));
    assert_eq!(changed(&project), ["x"]);
}

/// A link and what it leads to are two things for git; a change of either is one of the layer.
#[test]
fn what_is_linked_counts_as_what_it_leads_to_and_as_the_link() {
    use std::os::unix::fs::symlink;
    let project = checkout(&["a", "b", "c", "d"]);
    let at = |path: &str| project.folder().join(path);
    std::fs::create_dir_all(at("shared/layer")).unwrap();
    for (path, to) in [("a/requirements.txt", "shared/a.txt"), ("b/layer", "shared/layer/b"), ("d", "shared/d")] {
        std::fs::rename(at(path), at(to)).unwrap();
        let up = "../".repeat(path.matches('/').count());
        symlink(format!("{up}{to}"), at(path)).unwrap();
    }
    project.write("shared/e/requirements.txt", requirements("d", "1.0.0"));
    project.write("shared/e/layer/python/d.py", "NAME = \"d\"\n");
    std::fs::rename(at("layers.toml"), at("shared/layers.toml")).unwrap();
    symlink("shared/layers.toml", at("layers.toml")).unwrap();
    commit(&project);
    git(&project, &["tag", "-f", "then"]);
    assert_eq!(changed(&project), [""; 0]);
    let back = || {
        git(&project, &["checkout", "-q", "then", "--", "."]);
    };
    project.write("shared/a.txt", requirements("a", "2.0.0"));
    project.write("shared/layer/b/python/b.py", "NAME = 2\n");
    assert_eq!(changed(&project), ["a", "b"]);
    back();
    // Another folder of the same files, and another file: what they hold did not change.
    std::fs::remove_file(at("d")).unwrap();
    symlink("shared/e", at("d")).unwrap();
    assert_eq!(changed(&project), ["d"]);
    git(&project, &["reset", "-q", "--hard", "then"]);
    let first = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("shared/layers.toml", first.replace("[layers.c]", "[layers.c]\nlicense = \"MIT\""));
    assert_eq!(changed(&project), ["c"]);
}

#[test]
fn what_was_added_and_what_may_be_run_now_counts_before_it_is_committed() {
    let project = checkout(&["a", "b", "c"]);
    let chmod = |mode: &str, path: &str| {
        assert!(Command::new("chmod").arg(mode).arg(project.folder().join(path)).status().unwrap().success());
    };
    project.write("a/layer/python/new.py", "");
    assert_eq!(changed(&project), [""; 0], "git does not know it");
    git(&project, &["add", "a"]);
    chmod("+x", "b/layer/python/b.py");
    chmod("go-r", "c/layer/python/c.py");
    assert_eq!(changed(&project), ["a", "b"]);
    assert_eq!(project.run("check --format json a", 0).report()["ran"]["git"]["dirty"], true);
    git(&project, &["config", "core.fileMode", "false"]);
    assert_eq!(changed(&project), ["a"], "modes mean nothing here, says git");
}

#[test]
fn files_that_a_manifest_includes_count_where_its_dependencies_do() {
    let project = Project::of(&["a", "b"]);
    project.write("a/requirements.txt", "-r ../base.txt\n");
    project.write("b/requirements.txt", "-r ../base.txt\n");
    project.write("base.txt", "-r more.txt\nsix==1.16.0\n");
    project.write("more.txt", "idna==3.7\n");
    let first = String::from_utf8(project.read("layers.toml")).unwrap();
    let counts = "[layers.a]\ndetect = [\"dependencies\", \"settings\"]";
    project.write("layers.toml", first.replace("[layers.a]", counts));
    git(&project, &["init", "-q"]);
    commit(&project);
    git(&project, &["tag", "then"]);
    assert_eq!(changed(&project), [""; 0]);
    project.write("more.txt", "idna==3.8\n");
    assert_eq!(changed(&project), ["a"]);
    std::fs::remove_file(project.folder().join("more.txt")).unwrap();
    assert_eq!(changed(&project), ["a"]);
}

#[test]
fn what_git_cannot_tell_is_an_error_before_anything_starts() {
    let project = Project::of(&["a"]);
    let ended = project.run("check --changed-since HEAD", 2);
    assert!(
        ended.stderr.contains("is not in a git checkout that can be read: not a git repository"),
        "{}",
        ended.stderr
    );
    git(&project, &["init", "-q"]);
    commit(&project);
    for revision in ["none-such", "--upload-pack=x", "HEAD:layers.toml", ""] {
        let mut command = project.command();
        command.arg("check").arg(format!("--changed-since={revision}"));
        let ended = crate::common::run(command, [""; 0]).expect(2);
        assert!(ended.stderr.contains(&format!("git knows no commit `{revision}`")), "{}", ended.stderr);
    }
    let mut without_git = project.command();
    without_git.env("PATH", "").args(["check", "--changed-since", "HEAD"]);
    let ended = crate::common::run(without_git, [""; 0]).expect(2);
    assert!(ended.stderr.contains("cannot run `git`"), "{}", ended.stderr);
}

/// Whatever a repository's configuration can name, git would run for one command or another.
#[test]
fn nothing_that_the_repository_names_is_run() {
    let project = checkout(&["a", "b"]);
    let marker = project.folder().parent().unwrap().join("it-ran");
    let trap = format!("touch {}", marker.display());
    project.write("trap.sh", format!("#!/bin/sh\n{trap}\ncat\n"));
    let script = project.folder().join("trap.sh");
    Command::new("chmod").arg("+x").arg(&script).status().unwrap();
    let script = script.to_str().unwrap();
    project.write(".gitattributes", "* filter=trap diff=trap\n");
    // Before the configuration: adding files would already run it.
    project.write("a/requirements.txt", requirements("a", "2.0.0"));
    let first = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", first.replace("[layers.b]", "[layers.b]\nlicense = \"MIT\""));
    commit(&project);
    // It speaks no protocol: who waits for it is told so.
    let fetched = project.write("fetched.sh", format!("#!/bin/sh\n{trap}\nexit 1\n"));
    Command::new("chmod").arg("+x").arg(&fetched).status().unwrap();
    let remote = format!("ext::{}", fetched.display());
    for (name, value) in [
        ("core.fsmonitor", script),
        ("core.pager", script),
        ("core.hooksPath", project.folder().to_str().unwrap()),
        ("core.sshCommand", script),
        ("core.gitProxy", script),
        ("core.askPass", script),
        ("core.editor", script),
        ("diff.external", script),
        ("diff.trap.command", script),
        ("diff.trap.textconv", script),
        ("filter.trap.clean", script),
        ("filter.trap.smudge", script),
        ("filter.trap.process", script),
        ("filter.trap.required", "true"),
        ("pager.ls-tree", script),
        ("alias.ls-tree", &format!("!{trap}")),
        ("pager.ls-files", script),
        ("alias.ls-files", &format!("!{trap}")),
        ("credential.helper", &format!("!{trap}")),
        ("uploadpack.packObjectsHook", script),
        ("remote.origin.url", &remote),
        ("remote.origin.uploadpack", script),
        ("remote.origin.promisor", "true"),
        ("remote.origin.partialCloneFilter", "blob:none"),
        ("protocol.ext.allow", "always"),
        ("protocol.allow", "always"),
    ] {
        git(&project, &["config", name, value]);
    }
    git(&project, &["config", "core.repositoryformatversion", "1"]);
    git(&project, &["config", "extensions.partialClone", "origin"]);
    // As if touched: git would hash the files again, through the filters.
    for file in ["a/requirements.txt", "b/requirements.txt", "b/layer/python/b.py", "layers.toml"] {
        let content = project.read(file);
        project.write(file, content);
    }
    assert_eq!(changed(&project), ["a", "b"]);
    let report = project.run("check --format json", 0).report();
    assert_eq!(report["ran"]["git"]["dirty"], false);
    // The object that a declaration is compared with has gone: it would be fetched.
    let id = git(&project, &["rev-parse", "then:layers.toml"]).trim().to_owned();
    let object = project.folder().join(".git/objects").join(&id[..2]).join(&id[2..]);
    std::fs::remove_file(object).unwrap();
    let ended = project.run("check --changed-since then", 2);
    assert!(ended.stderr.contains("git failed"), "{}", ended.stderr);
    assert!(!marker.exists(), "something was run that the repository names");
    // The traps work: git itself walks into them.
    for walk in [["cat-file", "blob", &id], ["status", "--short", "."]] {
        let _ = isolated("git", project.folder()).args(walk).output();
        assert!(marker.exists(), "git {walk:?} walks into no trap: the test cannot fail");
        std::fs::remove_file(&marker).unwrap();
    }
}

/// `rollout` has a way of its own from the layers file to what is done.
#[test]
fn functions_are_moved_to_the_newest_versions_of_changed_layers_alone() {
    let project = checkout(&["alpha", "beta"]);
    ["publish --stage", "publish --force"].iter().for_each(|args| drop(project.run(args, 0)));
    function(&project, "orders", 1);
    let rollout = |args: &str| {
        let report = project.run(&format!("rollout --format json --changed-since then {args}"), 0).report();
        let functions = report["functions"].as_array().unwrap().iter();
        functions.map(|one| format!("{} {}", one["function"], one["outcome"]).replace('"', "")).collect::<Vec<_>>()
    };
    project.write("beta/requirements.txt", requirements("beta", "2.0.0"));
    assert_eq!(rollout(""), [""; 0], "no function uses what changed");
    project.write("alpha/requirements.txt", requirements("alpha", "2.0.0"));
    assert_eq!(rollout(""), ["orders planned"]);
    assert_eq!(rollout("beta --apply"), [""; 0]);
    assert_eq!(rollout("--apply"), ["orders moved"]);
}
