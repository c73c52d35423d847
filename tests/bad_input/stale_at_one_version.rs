//! Archives that were not built again although what belongs into them changed, while no version did.

use super::code;
use super::stale::{allow, edited, holding, publishes};
use crate::common::project::Project;

/// Its version stays, and it was never built for this layer.
#[test]
fn a_package_that_begins_to_belong_into_an_archive_that_was_not_built_again() {
    let out = "requests==2.32.3\nsix==1.16.0 ; python_version < '3.8'\n";
    let project = edited(out, "requests==2.32.3\nsix==1.16.0\n");
    let ended = project.run("publish --stage --report json=report.json", 1);
    assert_eq!(code(&project), "archive-stale");
    assert!(ended.stderr.contains("but `six` changed: it was not built again"), "{}", ended.stderr);
    assert!(!publishes(&project));
    let project = edited("requests==2.32.3\nsix==1.16.0\n", out);
    let ended = project.run("publish --stage", 0);
    assert!(publishes(&project) && ended.stderr.contains("where, how or for whom"), "{}", ended.stderr);
}

/// A patch of a package is told, and keeps a zip from being published that was built with the patch before.
#[test]
fn another_patch_of_a_package() {
    let project = Project::of(&["requests"]);
    let layers = String::from_utf8(project.read("layers.toml")).unwrap();
    project.write("layers.toml", layers.replace("requirements.txt", "pnpm-lock.yaml"));
    let lock = "lockfileVersion: '9.0'\npatchedDependencies:\n  y@1.0.0:\n    hash: HASH\n    path: y.patch\nimporters:\n  .:\n    \
                dependencies:\n      y:\n        version: 1.0.0(patch_hash=HASH)\npackages:\n  y@1.0.0:\n    resolution: \
                {integrity: x}\nsnapshots:\n  y@1.0.0(patch_hash=HASH): {}\n";
    project.write("requests/pnpm-lock.yaml", lock.replace("HASH", "aaa"));
    project.run("publish --stage", 0);
    project.write("requests/pnpm-lock.yaml", lock.replace("HASH", "bbb"));
    let ended = project.run("publish --stage --report json=report.json", 1);
    assert_eq!(code(&project), "archive-stale");
    assert!(ended.stderr.contains("but `y` changed: it was not built again"), "{}", ended.stderr);
    allow(&project, "\"archive-stale\"");
    let difference = &project.run("publish --stage --format json", 0).report()["jobs"][0]["dependencies"];
    assert_eq!(difference["rehashed"][0]["name"], "y", "{difference:#}");
}

/// Each bound of an included file counts where its own marker holds.
#[test]
fn an_archive_is_held_against_the_bound_for_its_python() {
    for (held, exit) in [("numpy-2.3.5", 0), ("numpy-2.2.6", 1)] {
        let project = holding(&[held], "-c bounds.txt\nnumpy\n");
        let bounds = "numpy==2.2.6 ; python_version < \"3.11\"\nnumpy==2.3.5 ; python_version >= \"3.11\"\n";
        project.write("requests/bounds.txt", bounds);
        let ended = project.run("check", exit);
        let told = "`numpy` 2.2.6, pinned is 2.3.5";
        assert_eq!(ended.stderr.contains(told), exit == 1, "{held}: {}", ended.stderr);
    }
}
