//! Projects, and places that stand for versions.

use super::*;

/// What a folder or a file beside a lock file holds the lock does not tell, whatever it is called.
#[test]
fn a_path_is_no_version() {
    let table = [
        (Format::UvLock, "[[package]]\nname = \"x\"\nversion = \"1\"\nsource = { editable = \"x\" }\n"),
        (Format::UvLock, "[[package]]\nname = \"x\"\nversion = \"1\"\nsource = { path = \"x.whl\" }\n"),
        (
            Format::PoetryLock,
            "[[package]]\nname = \"x\"\nversion = \"1\"\n[package.source]\ntype = \"directory\"\nurl = \"x\"\n",
        ),
        (Format::PdmLock, "[[package]]\nname = \"x\"\nversion = \"1\"\npath = \"2\"\n"),
        (Format::Pylock, "[[packages]]\nname = \"x\"\ndirectory = { path = \"x\" }\n"),
        (Format::Pylock, "[[packages]]\nname = \"x\"\narchive = { path = \"x.zip\", hashes = {} }\n"),
        (Format::PipfileLock, "{\"_meta\":{},\"default\":{\"x\":{\"editable\":true,\"path\":\"x\"}}}"),
        (Format::PipfileLock, "{\"_meta\":{},\"default\":{\"x\":{\"file\":\"x.whl\"}}}"),
    ];
    for (format, lock) in table {
        assert_eq!(told_under(format, &["x-1.5"], lock), "", "{lock}");
    }
}

/// A folder has another name than its project, and a project is no dependency of itself.
#[test]
fn what_a_project_calls_itself_is_neither_missed_nor_foreign() {
    let six = "six-1.16.0";
    let fine: [(&[&str], &str); 6] = [
        (&[six, "my_project-0.1.0"], "six==1.16.0\n-e .\n"),
        (&[six, "my_project-0.1.0"], "six==1.16.0\n.\n"),
        (&[six, "tool-0.1.0"], "six==1.16.0\n./packages/tool\n"),
        (&[six, "my_tool-0.1.0", "my_other-1.0"], "six==1.16.0\n./packages/tool\n-e git+https://h/other.git@v1\n"),
        (&[six], "six==1.16.0\n-e .\n./packages/tool\ntool-1.0.zip\n"),
        (&[six, "tool-1.0"], "six==1.16.0\ntool-1.0.zip\n"),
    ];
    for (held, requirements) in fine {
        assert_eq!(told(held, requirements), "", "{held:?} {requirements}");
    }
    let foreign: [(&[&str], &str); 5] = [
        (&[six, "my_project-0.1.0", "other-1"], "six==1.16.0\n-e .\n"),
        (&[six, "tool-0.1.0", "other-1"], "six==1.16.0\n./packages/tool\n"),
        (&[six, "other-1"], "six==1.16.0\nx @ https://h/x.zip\n"),
        (&[six, "other-1"], "six==1.16.0\n-e git+https://h/x.git@v1#egg=x\n"),
        (&[six, "other-1"], "six==1.16.0\nhttps://h/x-1.0-py3-none-any.whl\n"),
    ];
    for (held, requirements) in foreign {
        assert!(told(held, requirements).starts_with("package-not-locked"), "{held:?} {requirements}");
    }
}

/// pip and uv note where a package came from that no index has.
#[test]
fn a_project_that_its_lock_does_not_name_is_not_foreign() {
    let told = |format: Format, lock: &str, held: &[&str]| {
        let mut packages = Packages::default();
        held.iter().for_each(|path| packages.meet(format!("python/{path}").as_bytes()));
        told_of(&packages, format, lock, &["python3.12"])
    };
    let (six, own) = ("six-1.16.0.dist-info/METADATA", "own-0.1.0.dist-info/direct_url.json");
    let package = |key: &str, rest: &str| format!("[[{key}]]\nname = \"six\"\nversion = \"1.16.0\"\n{rest}");
    let locks = [
        (Format::PoetryLock, package("package", "")),
        (Format::PdmLock, package("package", "")),
        (Format::Pylock, package("packages", "")),
        (Format::PipfileLock, r#"{"_meta":{},"default":{"six":{"version":"==1.16.0"}}}"#.to_owned()),
        (Format::UvLock, package("package", "[[package]]\nname = \"own\"\nsource = { editable = \".\" }\n")),
    ];
    for (format, lock) in &locks {
        assert_eq!(told(*format, lock, &[six, own]), "", "{lock}");
        let foreign = told(*format, lock, &[six, own, "x-1.dist-info/METADATA"]);
        assert_eq!(foreign, "package-not-locked it holds `x`, which `LOCK` does not name", "{lock}");
    }
    let (_, poetry) = &locks[0];
    let two = told(Format::PoetryLock, poetry, &[six, own, "x-1.dist-info/direct_url.json"]);
    assert_eq!(two, "package-not-locked it holds `own`, `x`, which `LOCK` does not name");
    let requirements = told(Format::Requirements, "six==1.16.0\n", &[six, own]);
    assert_eq!(requirements, "package-not-locked it holds `own`, which `LOCK` does not name");
}

/// A folder or a file beside a lock file has no version.
#[test]
fn a_place_without_a_slash_is_no_version() {
    let package = |rest: &str| format!("[[package]]\nname = \"x\"\nversion = \"1.0\"\n{rest}\n");
    let locks = [
        (Format::UvLock, package("source = { editable = \"x\" }")),
        (Format::UvLock, package("source = { directory = \"x\" }")),
        (Format::UvLock, package("source = { path = \"x-1.0-py3-none-any.whl\" }")),
        (Format::PoetryLock, package("[package.source]\ntype = \"directory\"\nurl = \"x\"")),
        (Format::PdmLock, package("path = \"x\"")),
        (Format::PipfileLock, r#"{"_meta":{},"default":{"x":{"path":"x","editable":true}}}"#.to_owned()),
    ];
    for (format, lock) in &locks {
        for held in ["x-1.0", "y-1.0"] {
            let mut packages = Packages::default();
            packages.meet(format!("python/{held}.dist-info/METADATA").as_bytes());
            let told = told_of(&packages, *format, lock, &["python3.12"]);
            let expected = if held == "x-1.0" { "" } else { "package-not-locked" };
            assert_eq!(told.split(' ').next(), Some(expected), "{lock}: {told}");
        }
    }
}
