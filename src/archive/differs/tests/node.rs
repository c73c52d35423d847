//! Packages of Node.

use super::*;

/// What is told of these packages of Node; of those that say nothing, nothing was read.
fn told_of_npm(held: &[(&str, &str)]) -> String {
    let lock = r#"{"lockfileVersion":3,"packages":{
        "node_modules/a":{"version":"1.0.0"},
        "node_modules/b":{"version":"1.0.0"},
        "node_modules/a/node_modules/old-b":{"name":"b-original","version":"0.5.0"}}}"#;
    let mut packages = Packages::default();
    let path = |folder: &str| format!("nodejs/{folder}/package.json").into_bytes();
    held.iter().for_each(|(folder, _)| packages.meet(&path(folder)));
    let read: Vec<_> = held.iter().filter(|(_, about)| !about.is_empty()).collect();
    for (folder, about) in &read {
        packages.see_node(&path(folder), about.as_bytes(), read.len() == held.len());
    }
    told_of(&packages, Format::NpmLock, lock, &["nodejs22.x"])
}

#[test]
fn packages_of_node_that_were_not_read_are_known_by_the_name_they_are_installed_under() {
    let (a, b, renamed) = ("node_modules/a", "node_modules/b", "node_modules/a/node_modules/old-b");
    let version = |name: &str, version: &str| format!(r#"{{"name":"{name}","version":"{version}"}}"#);
    let (about_a, about_b, original) = (version("a", "1.0.0"), version("b", "1.0.0"), version("b-original", "0.5.0"));
    assert_eq!(told_of_npm(&[(a, &about_a), (b, &about_b), (renamed, &original)]), "");
    let sampled =
        "archive-not-compared it was compared with `LOCK` as far as the versions of a few of its packages were read";
    assert_eq!(told_of_npm(&[(a, &about_a), (b, ""), (renamed, "")]), sampled);
    assert_eq!(told_of_npm(&[(a, ""), (b, ""), (renamed, &original)]), sampled);
    insta::assert_snapshot!(told_of_npm(&[(a, &about_a), (b, ""), ("node_modules/c", "")]), @"
    package-missing `b-original` of `LOCK` is not in it
    package-not-locked it holds `c`, which `LOCK` does not name
    archive-not-compared it was compared with `LOCK` as far as the versions of a few of its packages were read
    ");
    let other = version("b-original", "0.4.0");
    assert!(told_of_npm(&[(a, &about_a), (b, &about_b), (renamed, &other)]).starts_with("archive-differs"));
}

/// What a link leads to is copied in its place, where a build follows it.
#[test]
fn what_is_linked_is_a_project_that_is_locked() {
    let lock = r#"{"lockfileVersion":3,"packages":{"":{"name":"l"},
        "node_modules/shared":{"resolved":"shared","link":true},"shared":{"version":"1.0.0"},
        "node_modules/@s/own":{"resolved":"libs/x","link":true},"libs/x":{"name":"@s/own","version":"1.0.0"}}}"#;
    let told = |names: &[&str]| {
        let mut packages = Packages::default();
        for name in names {
            let (path, about) = (
                format!("nodejs/node_modules/{name}/package.json"),
                format!(r#"{{"name":"{name}","version":"1.0.0"}}"#),
            );
            packages.meet(path.as_bytes());
            packages.see_node(path.as_bytes(), about.as_bytes(), true);
        }
        told_of(&packages, Format::NpmLock, lock, &["nodejs22.x"])
    };
    assert_eq!(told(&["shared", "@s/own", "l"]), "");
    insta::assert_snapshot!(told(&["shared", "x"]), @"package-not-locked it holds `x`, which `LOCK` does not name");
}

/// A package ships what it likes, and the lock says nothing of that.
#[test]
fn what_npm_did_not_install_is_not_compared() {
    let version = |name: &str, version: &str| format!(r#"{{"name":"{name}","version":"{version}"}}"#);
    let (a, b, original) = (version("a", "v1.0.0"), version("b", "1.0.0+build5"), version("b-original", "0.5.0"));
    let (old, loose) = (version("b", "0.0.1"), version("zz", "1.0.0"));
    let installed = [("node_modules/a", &*a), ("node_modules/b", &b), ("node_modules/old-b", &original)];
    for folder in ["node_modules/a/test/fixtures/node_modules/b", "app/node_modules/b"] {
        let held = [&installed[..], &[(folder, &old), ("app/node_modules/zz", &loose)]].concat();
        assert_eq!(told_of_npm(&held), "", "{folder}");
    }
    let nested = [&installed[..], &[("node_modules/a/node_modules/b", &*old)]].concat();
    assert!(told_of_npm(&nested).starts_with("archive-differs"));
    // It may be installed there by a project of its own.
    assert_eq!(told_of_npm(&[installed[0], ("packages/x/node_modules/b", &b), installed[2]]), "");
}

/// Where npm puts a package depends on how it is asked to (`--install-strategy`), so the lock's paths are not compared: a version
/// that the lock names anywhere may lie anywhere, and one that it names nowhere was installed from another state of it, also in
/// another package (`overrides` reach those). What a package says that it brings along in itself is in the lock as well.
#[test]
fn versions_of_nested_packages_are_those_of_the_lock_wherever_they_lie() {
    let lock = r#"{"lockfileVersion":3,"packages":{
        "node_modules/a":{"version":"1.0.0"},
        "node_modules/b":{"version":"2.0.0"},
        "node_modules/c":{"version":"1.0.0"},
        "node_modules/c/node_modules/b":{"version":"1.0.0"},
        "node_modules/d":{"version":"1.0.0","bundleDependencies":["e"]},
        "node_modules/d/node_modules/e":{"version":"0.9.0","inBundle":true}}}"#;
    let told = |nested: &[(&str, &str)]| {
        let installed = [("a", "1.0.0"), ("b", "2.0.0"), ("c", "1.0.0"), ("d", "1.0.0"), ("d/node_modules/e", "0.9.0")];
        let mut packages = Packages::default();
        for (path, version) in installed.iter().chain(nested) {
            let about = format!(r#"{{"name":"{}","version":"{version}"}}"#, path.rsplit('/').next().unwrap());
            let path = format!("nodejs/node_modules/{path}/package.json");
            packages.meet(path.as_bytes());
            packages.see_node(path.as_bytes(), about.as_bytes(), true);
        }
        told_of(&packages, Format::NpmLock, lock, &["nodejs22.x"])
    };
    for nested in
        [&[("c/node_modules/b", "1.0.0")][..], &[], &[("a/node_modules/b", "1.0.0")], &[("a/node_modules/b", "2.0.0")]]
    {
        assert_eq!(told(nested), "", "{nested:?}");
    }
    insta::assert_snapshot!(told(&[("a/node_modules/b", "1.5.0")]), @"archive-differs it does not hold what `LOCK` pins: `b` 1.5.0, pinned is 1.0.0 or 2.0.0");
    insta::assert_snapshot!(told(&[("a/node_modules/z", "1.0.0")]), @"package-not-locked it holds `z`, which `LOCK` does not name");
}
