//! How far a layers file reaches: what it includes lies in its checkout, and nothing that lies elsewhere is shown.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use crate::common::project::layer;
use crate::common::{Ended, folder, layership, requirements, run, write};

const SECRET: &str = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY";

/// `home/repo`, a checkout with one layer, and credentials beside it and in it.
fn home() -> tempfile::TempDir {
    let home = folder();
    let credentials = format!("[default]\naws_secret_access_key = {SECRET}\n");
    write(home.path(), ".aws/credentials", &credentials);
    write(home.path(), "repo/.git/config", format!("[remote \"origin\"]\n\turl = https://x:{SECRET}@example.org/\n"));
    write(home.path(), "repo/.git/HEAD", "ref: refs/heads/main\n");
    write(home.path(), "repo/a/requirements.txt", requirements("a", "1.0.0"));
    write(home.path(), "repo/a/layer/python/a.py", "");
    declare(home.path(), &[]);
    home
}

/// Writes the first layers file, which includes these.
fn declare(home: &Path, include: &[&str]) {
    let include = if include.is_empty() { String::new() } else { format!("include = {include:?}\n") };
    let layer = layer("a");
    write(home, "repo/layers.toml", format!("{include}[defaults]\nbucket = \"artifacts\"\n{layer}"));
}

fn check(home: &Path, args: &[&str]) -> Ended {
    let mut command = layership(home.join("repo"));
    command.env("AWS_REGION", "us-east-1").arg("check");
    let ended = run(command, args);
    for said in [&ended.stdout, &ended.stderr] {
        assert!(!said.contains(SECRET), "{said}");
    }
    ended
}

#[test]
fn what_lies_outside_of_the_checkout_or_is_of_git_is_not_included_and_not_shown() {
    let home = home();
    let outside = home.path().join(".aws/credentials");
    symlink(&outside, home.path().join("repo/linked.toml")).unwrap();
    symlink(home.path().join(".aws"), home.path().join("repo/aws")).unwrap();
    symlink("../.git/config", home.path().join("repo/a/layers.toml")).unwrap();
    let outside = outside.to_str().unwrap();
    for (include, why) in [
        (outside, "leads out of the git checkout"),
        ("../.aws/credentials", "leads out of the git checkout"),
        ("../.aws/*", "leads out of the git checkout"),
        ("linked.toml", "leads out of the git checkout"),
        ("l*d.toml", "matches `linked.toml`, which leads out of the git checkout"),
        ("aws/credentials", "leads out of the git checkout"),
        ("*/credentials", "the link `aws` leads out of the checkout and is not followed"),
        (".git/config", "lies among git's own files"),
        ("*/layers.toml", "matches `a/layers.toml`, which lies among git's own files"),
    ] {
        declare(home.path(), &[include]);
        let ended = check(home.path(), &[]).expect(2);
        assert!(ended.stderr.contains(why), "{include}: {}", ended.stderr);
    }
    declare(home.path(), &["a.toml"]);
    write(home.path(), "repo/a.toml", layer("a").replace("layers.a", "layers.b"));
    check(home.path(), &[]).expect(0);
}

/// The first file may be a link to anywhere: it works, and where something is wrong, the line's number alone is told.
#[test]
fn of_a_layers_file_that_is_linked_elsewhere_no_line_is_shown() {
    let home = home();
    for (name, to) in [("out.toml", "../.aws/credentials"), ("git.toml", ".git/config")] {
        symlink(to, home.path().join("repo").join(name)).unwrap();
        let ended = check(home.path(), &["-c", name]).expect(2);
        assert!(
            ended.stderr.contains(&format!("{name}:2:")) || ended.stderr.contains(&format!("{name}:1:")),
            "{}",
            ended.stderr
        );
        assert!(!ended.stderr.contains(" | "), "{}", ended.stderr);
    }
    // As Kubernetes mounts it: through links within the folder.
    std::fs::create_dir(home.path().join("repo/..2026")).unwrap();
    std::fs::rename(home.path().join("repo/layers.toml"), home.path().join("repo/..2026/layers.toml")).unwrap();
    symlink("..2026", home.path().join("repo/..data")).unwrap();
    symlink("..data/layers.toml", home.path().join("repo/layers.toml")).unwrap();
    check(home.path(), &[]).expect(0);
    write(home.path(), "repo/layers.toml", "layers = 3\n");
    assert!(check(home.path(), &[]).expect(2).stderr.contains("1 | layers = 3"));
    // What is linked from elsewhere and right is taken.
    write(home.path(), "right.toml", format!("[defaults]\nbucket = \"artifacts\"\n{}", layer("a")));
    symlink("../right.toml", home.path().join("repo/right.toml")).unwrap();
    check(home.path(), &["-c", "right.toml"]).expect(0);
}

fn jobs(ended: &Ended) -> &str {
    ended.stdout.lines().last().unwrap_or_default()
}

#[test]
fn folders_that_are_linked_within_the_checkout_are_looked_into_and_others_are_told() {
    let home = home();
    declare(home.path(), &["services/*/layers.toml", "**/layers.toml"]);
    write(home.path(), "repo/elsewhere/layers.toml", layer("x"));
    write(home.path(), "repo/elsewhere/x/requirements.txt", requirements("x", "1.0.0"));
    write(home.path(), "repo/elsewhere/x/layer/python/x.py", "");
    std::fs::create_dir(home.path().join("repo/services")).unwrap();
    symlink("../elsewhere", home.path().join("repo/services/x")).unwrap();
    // Circles end.
    symlink("../..", home.path().join("repo/services/circle")).unwrap();
    let ended = check(home.path(), &[]).expect(0);
    assert_eq!(
        (jobs(&ended), ended.stderr.contains("warning")),
        ("Check of layers.toml: 2 jobs OK", false),
        "{ended:?}"
    );
    symlink(home.path().join(".aws"), home.path().join("repo/services/out")).unwrap();
    let ended = check(home.path(), &[]).expect(0);
    let told = "`services/*/layers.toml` does not follow the link `services/out`, which leads out of the checkout [include-outside]";
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
    symlink("gone.toml", home.path().join("repo/services/layers.toml")).unwrap();
    let ended = check(home.path(), &[]).expect(2);
    assert!(ended.stderr.contains("cannot look at `./services/layers.toml`"), "{}", ended.stderr);
}

/// As git: what lies above the checkout, and what is meant for another tool, ignores nothing.
#[test]
fn only_what_git_ignores_in_the_checkout_is_left_out() {
    let home = home();
    write(home.path(), ".gitignore", "*\n");
    write(home.path(), "repo/.ignore", "*\n");
    declare(home.path(), &["services/*/layers.toml"]);
    write(home.path(), "repo/services/a/layers.toml", layer("x"));
    write(home.path(), "repo/services/a/x/requirements.txt", requirements("x", "1.0.0"));
    write(home.path(), "repo/services/a/x/layer/python/x.py", "");
    assert_eq!(jobs(&check(home.path(), &[]).expect(0)), "Check of layers.toml: 2 jobs OK");
    let init = run(layership(home.path().join("repo")), ["init", "-c", "new.toml"]).expect(0);
    assert!(init.stdout.contains("new.toml: 2 layers"), "{init:?}");
    write(home.path(), "repo/.gitignore", "/services/a\n");
    assert!(check(home.path(), &[]).expect(2).stderr.contains("matches no file"));
}

/// As somebody who is not the superuser, whom nothing is forbidden.
fn as_a_user(mut command: Command, home: &Path) -> Command {
    if Command::new("id").arg("-u").output().unwrap().stdout == b"0\n" {
        command.uid(65_534).gid(65_534);
        for path in [home.to_owned(), home.join("repo")] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).unwrap();
        }
    }
    command
}

#[test]
fn a_folder_that_cannot_be_read_is_told() {
    let home = home();
    declare(home.path(), &["*/layers.toml"]);
    write(home.path(), "repo/b/layers.toml", "");
    std::fs::create_dir_all(home.path().join("repo/closed")).unwrap();
    let closed = |mode| {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(home.path().join("repo/closed"), permissions).unwrap();
    };
    closed(0o000);
    let ended = run(as_a_user(layership(home.path().join("repo")), home.path()), ["check"]).expect(2);
    assert!(ended.stderr.contains("`*/layers.toml` cannot look at `./closed`: permission denied"), "{}", ended.stderr);
    let ended = run(as_a_user(layership(home.path().join("repo")), home.path()), ["init", "-c", "new.toml"]).expect(0);
    assert!(ended.stderr.contains("warning: left out what cannot be read: `./closed`: permission denied"), "{ended:?}");
    closed(0o700);
}

#[test]
fn too_many_files_are_one_problem() {
    let home = home();
    for number in 0..1001 {
        write(home.path(), &format!("repo/many/{number}.toml"), "");
    }
    write(home.path(), "repo/layers.toml", "include = [\"many/*.toml\"]\n");
    let ended = check(home.path(), &[]).expect(2);
    assert!(ended.stderr.contains("matches 1001 files; at most 1000 can be included"), "{}", ended.stderr);
    assert!(ended.stderr.contains("has a problem") && !ended.stderr.contains("no layers"), "{}", ended.stderr);
}
