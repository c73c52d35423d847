//! The same versions, installed elsewhere, otherwise, or under other names.

use super::*;

/// Lock files name it by its own name, and so does its `package.json`.
#[test]
fn a_package_that_is_installed_under_another_name_is_known_by_its_own() {
    let classic = |version: &str| format!("# yarn lockfile v1\n\n\"b@npm:a@^1\":\n  version \"{version}\"\n");
    let modern = |version: &str| {
        format!("__metadata:\n  version: 8\n\"b@npm:a@^1\":\n  version: {version}\n  resolution: \"a@npm:{version}\"\n")
    };
    let npm = |version: &str, rest: &str| {
        let package = format!(r#"{{"name":"a","version":"{version}"{rest}}}"#);
        format!(r#"{{"lockfileVersion":3,"packages":{{"node_modules/b":{package}}}}}"#)
    };
    for (format, old, new, level) in [
        (Format::YarnLock, classic("1.0.0"), classic("1.0.1"), "error"),
        (Format::YarnLock, modern("1.0.0"), modern("1.0.1"), "error"),
        (Format::NpmLock, npm("1.0.0", ""), npm("1.0.1", ""), "error"),
        (Format::NpmLock, npm("1.0.0", ",\"dev\":true"), npm("1.0.0", ""), "warning"),
        (Format::YarnLock, classic("1.1.0"), classic("1.1.1"), "warning"),
    ] {
        let told = told(format, &["b=a@1.0.0", "c@1.0.0"], &old, &new);
        assert_eq!(told.split(':').next(), Some(level), "{old} {new}: {told}");
    }
}

/// All versions stay, and yet others use them.
#[test]
fn another_use_of_the_same_versions_is_no_other_text() {
    let npm = |top: &str, below: &str, workspaces: &str| {
        format!(
            r#"{{"lockfileVersion":3,"packages":{{"":{{{workspaces}"dependencies":{{"m":"x"}}}},"node_modules/m":{{"version":"{top}"}},
                "node_modules/n":{{"version":"1"}},"node_modules/n/node_modules/m":{{"version":"{below}"}}}}}}"#
        )
    };
    let npm_of_1 = |top: &str, below: &str| {
        let n = format!(r#"{{"version":"1","dependencies":{{"m":{{"version":"{below}"}}}}}}"#);
        format!(r#"{{"lockfileVersion":1,"dependencies":{{"m":{{"version":"{top}"}},"n":{n}}}}}"#)
    };
    let classic = |one: &str, two: &str| {
        format!("# yarn lockfile v1\n\n\"m@^1\":\n  version \"{one}\"\n\n\"m@>1\":\n  version \"{two}\"\n")
    };
    let modern = |range: &str| {
        let m =
            |version: &str| format!("\"m@npm:{version}\":\n  version: {version}\n  resolution: \"m@npm:{version}\"\n");
        let own = format!(
            "\"p@workspace:.\":\n  version: 0\n  resolution: \"p@workspace:.\"\n  dependencies:\n    m: \"npm:{range}\"\n"
        );
        format!("__metadata:\n  version: 8\n{}{}{own}", m("1"), m("2"))
    };
    let pnpm = |root: &str, below: &str| {
        format!(
            "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      m:\n        specifier: x\n        version: {root}\n      \
             n:\n        version: '1'\npackages:\n  m@1: {{}}\n  m@2: {{}}\n  n@1: {{}}\nsnapshots:\n  m@1: {{}}\n  m@2: {{}}\n  n@1:\n    \
             dependencies:\n      m: '{below}'\n"
        )
    };
    let pnpm_of_5 = |root: &str, below: &str| {
        format!(
            "lockfileVersion: 5.4\ndependencies:\n  m: '{root}'\n  n: '1'\npackages:\n  /m/1: {{}}\n  /m/2: {{}}\n  /n/1:\n    \
             dependencies:\n      m: '{below}'\n"
        )
    };
    let cargo = |root: &str, below: &str| {
        let package = |name: &str, version: &str, rest: &str| {
            format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n{rest}\n")
        };
        let (source, m) = ("source = \"registry+h\"\n", |version: &str| format!("dependencies = [\"m {version}\"]"));
        let ms = package("m", "1", source) + &package("m", "2", source);
        package("p", "0", &m(root)) + &ms + &package("n", "1", &format!("{source}{}", m(below)))
    };
    let (at_1, at_2) = (&["m@1", "n/node_modules/m=m@2", "n@1"][..], &["m@2", "n/node_modules/m=m@1", "n@1"][..]);
    let table = [
        (Format::NpmLock, at_1, npm("1", "2", ""), npm("2", "1", ""), "error"),
        (Format::NpmLock, at_2, npm("1", "2", ""), npm("2", "1", ""), "warning"),
        (Format::NpmLock, &["n@1"], npm("1", "2", ""), npm("2", "1", ""), "warning"),
        (
            Format::NpmLock,
            at_1,
            npm("1", "2", "\"workspaces\":[\"p\"],"),
            npm("2", "1", "\"workspaces\":[\"p\"],"),
            "warning",
        ),
        (
            Format::NpmLock,
            at_1,
            npm("1", "2", "").replace("\"dependencies\":{\"m\":\"x\"}", ""),
            npm("2", "1", ""),
            "warning",
        ),
        (Format::NpmLock, at_1, npm_of_1("1", "2"), npm_of_1("2", "1"), "warning"),
        (Format::YarnLock, at_1, classic("1", "2"), classic("2", "1"), "warning"),
        (Format::YarnLock, at_1, modern("1"), modern("2"), "warning"),
        (Format::PnpmLock, at_1, pnpm("1", "2"), pnpm("2", "2"), "warning"),
        (Format::PnpmLock, at_1, pnpm("1", "2"), pnpm("1", "1"), "warning"),
        (Format::PnpmLock, at_1, pnpm_of_5("1", "2"), pnpm_of_5("2", "2"), "warning"),
        (Format::PnpmLock, at_1, pnpm_of_5("1", "2"), pnpm_of_5("1", "1"), "warning"),
        (Format::CargoLock, &[], cargo("1", "2"), cargo("2", "2"), "warning"),
        (Format::CargoLock, &[], cargo("1", "2"), cargo("1", "1"), "warning"),
    ];
    for (format, held, old, new, level) in table {
        let told = |new: &str| told(format, held, &old, new);
        let said = told(&new);
        assert_eq!(said.split(':').next(), Some(level), "{old} {new}: {said}");
        assert!(said.contains(if level == "error" { "`m` changed" } else { "for whom" }), "{said}");
        assert_eq!(told(&old), "", "{old}");
    }
    // Of one version there is but one use.
    let one =
        |place: &str| format!(r#"{{"lockfileVersion":3,"packages":{{"{place}node_modules/m":{{"version":"1"}}}}}}"#);
    assert_eq!(told(Format::NpmLock, &["m@1"], &one(""), &one("node_modules/n/")), "");
}

/// The version and the place stay, and yet it is installed in another way.
#[test]
fn another_way_to_install_the_same_is_no_other_text() {
    let package = |rest: &str| format!("[[package]]\nname = \"a\"\nversion = \"1\"\n{rest}\n");
    let table = [
        (Format::Requirements, "./a".to_owned(), "-e ./a".to_owned()),
        (Format::Requirements, "a==1".to_owned(), "a==1 --config-settings=x=y".to_owned()),
        (
            Format::Requirements,
            "a==1 --hash=sha256:aa".to_owned(),
            "a==1 --hash=sha256:aa --global-option=x".to_owned(),
        ),
        (Format::Requirements, "a==1".to_owned(), "--no-binary :all:\na==1".to_owned()),
        (Format::Requirements, "a\n--pre".to_owned(), "a".to_owned()),
        (Format::UvLock, package("source = { directory = \"a\" }"), package("source = { editable = \"a\" }")),
        (
            Format::PoetryLock,
            package("develop = false\n[package.source]\ntype = \"directory\"\nurl = \"a\""),
            package("develop = true\n[package.source]\ntype = \"directory\"\nurl = \"a\""),
        ),
        (Format::PdmLock, package("path = \"./a\""), package("path = \"./a\"\neditable = true")),
        (
            Format::Pylock,
            package("directory = { path = \"a\" }").replace("package", "packages"),
            package("directory = { path = \"a\", editable = true }").replace("package", "packages"),
        ),
        (
            Format::PipfileLock,
            r#"{"_meta":{},"default":{"a":{"path":"./a"}}}"#.to_owned(),
            r#"{"_meta":{},"default":{"a":{"path":"./a","editable":true}}}"#.to_owned(),
        ),
    ];
    for (format, old, new) in &table {
        for (old, new) in [(old, new), (new, old)] {
            let told = told(*format, &["a-1"], old, new);
            assert!(told.ends_with("or where, how or for whom a version is installed"), "{old} {new}: {told}");
        }
    }
    // Where it is looked for is told elsewhere.
    assert_eq!(told(Format::Requirements, &["a-1"], "a==1", "-i https://h/simple\na==1"), "");
}
