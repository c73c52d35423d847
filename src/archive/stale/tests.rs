use super::*;
use crate::finding::Level;
use crate::layer::LayerSettings;
use crate::manifest::{dependencies, readable_part};
use std::collections::BTreeSet;

/// What is told of an unchanged archive, where a manifest changed.
fn told(format: Format, held: &[&str], old: &str, new: &str) -> String {
    told_if(None, (format, held), old, new)
}

fn told_if(unshown: Option<Outside>, (format, held): (Format, &[&str]), old: &str, new: &str) -> String {
    told_with((unshown, IncludedFiles::Same), (format, held), old, new)
}

/// Of what the archive holds, packages of Python are told as `NAME-VERSION`, those of Node as `NAME@VERSION`, with the name that
/// they are installed under and `=` in front where it is another one, and anything else as a path in `python/`.
fn packages_of(held: &[&str]) -> Packages {
    let mut packages = Packages::default();
    for one in held {
        if let Some((name, version)) = one.rsplit_once('@') {
            let (installed_as, name) = name.split_once('=').unwrap_or((name, name));
            let (path, about) = (
                format!("nodejs/node_modules/{installed_as}/package.json"),
                format!(r#"{{"name":"{name}","version":"{version}"}}"#),
            );
            packages.meet(path.as_bytes());
            packages.see_node(path.as_bytes(), about.as_bytes(), true);
        } else if one.contains('/') {
            packages.meet(format!("python/{one}").as_bytes());
        } else {
            packages.meet(format!("python/{one}.dist-info/METADATA").as_bytes());
            packages.meet(format!("ruby/gems/3.3.0/specifications/{one}.gemspec").as_bytes());
        }
    }
    packages
}

fn told_with(how: (Option<Outside>, IncludedFiles), (format, held): (Format, &[&str]), old: &str, new: &str) -> String {
    match found_with(how, (format, held), old, new) {
        Some(Finding { level: Level::Error, message, .. }) => format!("error: {message}"),
        Some(Finding { level: Level::Warning, message, .. }) => format!("warning: {message}"),
        Some(Finding { message, .. }) => format!("advice: {message}"),
        None => String::new(),
    }
}

fn found_with(
    (unshown, included): (Option<Outside>, IncludedFiles),
    (format, held): (Format, &[&str]),
    old: &str,
    new: &str,
) -> Option<Finding> {
    let packages = packages_of(held);
    let read = |text: &str| {
        let whole = dependencies(format, text.as_bytes(), &Halt::default());
        let is_partial = whole.is_err();
        (whole.ok().flatten().or_else(|| readable_part(format, text.as_bytes(), &Halt::default())), is_partial)
    };
    let ((old, is_old_partial), (new, is_new_partial)) = (read(old), read(new));
    let (old, new, packages) = (old.as_ref(), new.as_ref(), &packages);
    let is_partial = is_old_partial || is_new_partial;
    let change = Change { format, old, new, is_partial, all: new, included, packages, unshown };
    let settings =
        LayerSettings { compatible_runtimes: vec!["python3.12".parse().unwrap()], ..LayerSettings::default() };
    stale(3, change, &Environments::of(&settings), &Halt::default())
}

#[test]
fn what_changed_decides() {
    let table: [(&[&str], &str, &str, &str); 25] = [
        (&[], "a==1", "a==2", "error"),
        (&[], "a==1\nb==1", "a==1", "error"),
        (&[], "a==1", "a==1\nb==1", "error"),
        (&["a-1"], "a==1", "a==2", "error"),
        (&["b-1"], "a==1", "a==2", "error"),
        (&[], "a==1\nurllib3==1", "a==1\nurllib3==2", "warning"),
        (&["urllib3-1"], "urllib3==1", "urllib3==2", "error"),
        (&[], "w==1 ; os_name == 'nt'", "w==2 ; os_name == 'nt'", "warning"),
        (&["w-1"], "w==1 ; os_name == 'nt'", "w==2 ; os_name == 'nt'", "error"),
        (
            &["n-2"],
            "n==1 ; python_version<'3.12'\nn==2 ; python_version>='3.12'",
            "n==1.1 ; python_version<'3.12'\nn==2 ; python_version>='3.12'",
            "advice",
        ),
        (&[], "a==1 --hash=sha256:aa", "a==1 --hash=sha256:bb", "warning"),
        (&[], "a==1 ; os_name == 'nt'", "a==1", "error"),
        (&[], "a==1", "a==1 ; os_name == 'nt'", "warning"),
        (&[], "a==1 ; python_version<'3.9'", "a==1 ; python_version<'3.10'", "warning"),
        (&[], "a==1 ; python_version<'3.9'", "a==1 ; python_version<'3.13'", "error"),
        (&[], "a==1 ; python_version<'3.13'", "a==1", "warning"),
        (&["b-1"], "a==1 ; os_name == 'nt'", "a==1", "error"),
        (&["a-1"], "a==1.0 ; os_name == 'nt'", "a==1.0", "warning"),
        (&["a-2"], "a==1 ; os_name == 'nt'", "a==1", "error"),
        (&[], "a==1\npip==1 ; os_name == 'nt'", "a==1\npip==1", "warning"),
        (&[], "a==1", "a[x]==1", "error"),
        (&[], "a[x, y]==1", "A[Y,x] == 1", ""),
        (&[], "a[x]==1 ; os_name == 'nt'", "a[y]==1 ; os_name == 'nt'", "warning"),
        (&[], "a==1\nb==1", "# why\nb==1\r\na==1", ""),
        (&[], "a==1", "this is not a requirement", "warning"),
    ];
    for (held, old, new, level) in table {
        let told = told(Format::Requirements, held, old, new);
        assert_eq!(told.split(':').next(), Some(level), "{held:?} {old} {new}: {told}");
    }
}

/// Of a package that is locked in several versions, those for other Pythons need not be in the archive.
#[test]
fn a_locked_version_for_another_python_need_not_be_there() {
    let lock = |old: &str, new: &str| {
        format!(
            "[[package]]\nname = \"p\"\nsource = {{ virtual = \".\" }}\ndependencies = [\n\
             {{ name = \"n\", version = \"{old}\", marker = \"python_full_version < '3.11'\" }},\n\
             {{ name = \"n\", version = \"{new}\", marker = \"python_full_version >= '3.11'\" }},\n]\n\
             [[package]]\nname = \"n\"\nversion = \"{old}\"\n[[package]]\nname = \"n\"\nversion = \"{new}\"\n"
        )
    };
    for (old, new, level) in [("1.1", "2", "advice"), ("1", "2.1", "error")] {
        let told = told(Format::UvLock, &["n-2"], &lock("1", "2"), &lock(old, new));
        assert_eq!(told.split(':').next(), Some(level), "{old} {new}: {told}");
    }
}

#[test]
fn extras_and_groups_count_where_the_archive_holds_them() {
    let lock = |version: &str, extra: &str| {
        format!("[[package]]\nname = \"x\"\nversion = \"{version}\"\noptional = true\n{extra}\n")
    };
    let table = [
        (&[][..], "", "error"),
        (&["x-1"], "", "error"),
        (&["y-1"], "", "warning"),
        (&["y-1"], "groups = [\"dev\"]", "warning"),
        (&[], "groups = [\"dev\"]", "warning"),
        (&["x-1"], "groups = [\"dev\"]", "error"),
    ];
    for (held, extra, level) in table {
        let told = told(Format::PoetryLock, held, &lock("1", extra), &lock("2", extra));
        assert_eq!(told.split(':').next(), Some(level), "{held:?} {extra}: {told}");
    }
}

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

/// Whether an archive without metadata was built with extras nobody knows: who did not build them is told what to do.
#[test]
fn who_is_told_of_something_optional_alone_is_told_so() {
    let lock = |x: &str, y: &str| {
        let package = |name: &str, version: &str| format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n");
        let root = "[[package]]\nname = \"root\"\nsource = { virtual = \".\" }\ndependencies = [{ name = \"y\" }]\n\
                    [package.optional-dependencies]\ne = [{ name = \"x\" }]\n";
        format!("{root}{}{}", package("x", x), package("y", y))
    };
    let table = [
        (&[][..], lock("2", "1"), Some(OPTIONAL_HINT)),
        (&[], lock("1", "2"), Some(HINT)),
        (&[], lock("2", "2"), Some(HINT)),
        (&["x-1", "y-1"], lock("2", "1"), Some(HINT)),
        (&["y-1"], lock("2", "1"), None),
    ];
    for (held, new, expected) in table {
        let how = (None, IncludedFiles::Same);
        let found = found_with(how, (Format::UvLock, held), &lock("1", "1"), &new);
        let hint = found.filter(|found| found.level == Level::Error).map(|found| found.hint);
        assert_eq!(hint, expected, "{held:?} {new}");
    }
}

/// An archive without metadata may be of a project that does not need what changed.
#[test]
fn what_not_all_projects_of_a_workspace_need_may_be_for_another() {
    let lock = |x: &str, y: &str| {
        let project = |name: &str, asked: &str| {
            format!("[[package]]\nname = \"{name}\"\nsource = {{ virtual = \"{name}\" }}\ndependencies = [{asked}]\n")
        };
        let package = |name: &str, version: &str| format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n");
        let projects = project("p", "{ name = \"x\" }") + &project("q", "{ name = \"x\" }, { name = \"y\" }");
        format!("[manifest]\nmembers = [\"p\", \"q\"]\n{projects}{}{}", package("x", x), package("y", y))
    };
    let added = lock("1", "1") + "[[package]]\nname = \"z\"\nversion = \"1\"\n";
    let added = added.replace("{ name = \"y\" }", "{ name = \"y\" }, { name = \"z\" }");
    for (held, new, level) in [
        (&[][..], lock("2", "1"), "error"),
        (&[], lock("1", "2"), "warning"),
        (&["x-1"], lock("1", "2"), "warning"),
        (&["x-1"], lock("2", "1"), "error"),
        (&["x-1", "y-1"], lock("1", "2"), "error"),
        (&["x-1"], added.clone(), "warning"),
        (&["x-1", "y-1"], added, "error"),
    ] {
        let told = told(Format::UvLock, held, &lock("1", "1"), &new);
        assert_eq!(told.split(':').next(), Some(level), "{held:?} {new}: {told}");
    }
}

/// The version stays, and yet the archive lacks what nobody but developers, or an extra, asked for before.
#[test]
fn a_package_that_begins_to_be_required_has_to_be_there() {
    let poetry = |group: &str| format!("[[package]]\nname = \"y\"\nversion = \"1\"\ngroups = [\"{group}\"]\n");
    let npm = |facts: &str| {
        format!(r#"{{"lockfileVersion":3,"packages":{{"node_modules/y":{{"version":"1.0.0"{facts}}}}}}}"#)
    };
    let table = [
        (Format::PoetryLock, &[][..], poetry("dev"), poetry("main"), "error"),
        (Format::PoetryLock, &["x-1"], poetry("dev"), poetry("main"), "error"),
        (Format::PoetryLock, &["y-1"], poetry("dev"), poetry("main"), "warning"),
        (Format::PoetryLock, &[], poetry("main"), poetry("dev"), "warning"),
        (Format::NpmLock, &[], npm(",\"dev\":true"), npm(""), "error"),
        (Format::NpmLock, &[], npm(",\"optional\":true"), npm(""), "error"),
        (Format::NpmLock, &[], npm(""), npm(",\"dev\":true"), "warning"),
    ];
    for (format, held, old, new, level) in table {
        let told = told(format, held, &old, &new);
        assert_eq!(told.split(':').next(), Some(level), "{held:?} {old} {new}: {told}");
    }
}

/// The version stays, and yet it is another package.
#[test]
fn another_patch_or_file_at_one_version_is_another_content() {
    let npm = |place: &str| {
        format!(
            r#"{{"lockfileVersion":3,"packages":{{"node_modules/y":{{"version":"1.0.0","resolved":"{place}","integrity":"sha512-HASH"}}}}}}"#
        )
    };
    let berry = |reference: &str| {
        let resolution = format!("  resolution: \"y@{reference}\"\n");
        format!("__metadata:\n  version: 8\n\n\"y@x\":\n  version: 1.0.0\n{resolution}  checksum: HASH\n")
    };
    let pnpm = "lockfileVersion: '9.0'\npatchedDependencies:\n  y@1.0.0:\n    hash: HASH\n    path: p.patch\nimporters:\n  .:\n    \
                dependencies:\n      y:\n        version: 1.0.0(patch_hash=HASH)(z@1.0.0)\npackages:\n  y@1.0.0:\n    \
                resolution: {integrity: x}\n  z@1.0.0: {}\nsnapshots:\n  y@1.0.0(patch_hash=HASH)(z@1.0.0): {}\n  z@1.0.0: {}\n";
    let pnpm_of_6 = "lockfileVersion: '6.0'\npackages:\n  /y@1.0.0(patch_hash=HASH):\n    resolution: {integrity: x}\n    dev: false\n";
    let pnpm_of_5 =
        "lockfileVersion: 5.4\npackages:\n  /y/1.0.0_HASH:\n    resolution: {integrity: x}\n    dev: false\n";
    let pnpm_file = "lockfileVersion: '9.0'\npackages:\n  y@file:y-1.0.0.tgz:\n    resolution: {integrity: HASH, tarball: file:y-1.0.0.tgz}\n    \
                     version: 1.0.0\n";
    let pnpm_folder = "lockfileVersion: '6.0'\npackages:\n  /y@1.0.0:\n    resolution: {commit: c0ffee, path: HASH, repo: r, type: git}\n";
    let package = |key: &str, rest: &str| format!("[[{key}]]\nname = \"y\"\nversion = \"1.0.0\"\n{rest}\n");
    let uv =
        |source: &str| package("package", &format!("source = {{ {source} }}\nwheels = [{{ hash = \"sha256:HASH\" }}]"));
    let files = "files = [{ file = \"y.whl\", hash = \"sha256:HASH\" }]";
    let poetry = |source: &str| package("package", &format!("{files}\n\n[package.source]\n{source}"));
    let pdm = |place: &str| package("package", &format!("{place}\n{files}"));
    let pylock = |place: &str| package("packages", place);
    let pipfile = |place: &str| format!(r#"{{"_meta":{{}},"default":{{"y":{{{place},"hashes":["sha256:HASH"]}}}}}}"#);
    let patched_of_5 = format!("{pnpm_of_5}    patched: true\n");
    let table = [
        (Format::PnpmLock, pnpm.to_owned(), "error"),
        (Format::PnpmLock, pnpm_of_6.to_owned(), "error"),
        (Format::PnpmLock, patched_of_5, "error"),
        (Format::PnpmLock, pnpm_file.to_owned(), "error"),
        (Format::PnpmLock, pnpm_folder.to_owned(), "error"),
        // Its peers may change, and it stays what it is.
        (Format::PnpmLock, pnpm_of_5.to_owned(), ""),
        (Format::YarnLock, berry("patch:y@npm%3A1.0.0#./p.patch::version=1.0.0&hash=HASH"), "error"),
        (Format::YarnLock, berry("patch:y@npm%3A1.0.0#./p.patch::version=1.0.0&hash=HASH&locator=p"), "error"),
        (Format::YarnLock, berry("file:./y.tgz#./y.tgz::hash=HASH&locator=p%40workspace%3A."), "error"),
        (Format::YarnLock, berry("patch:y@npm%3A1.0.0#optional!builtin<compat/y>::version=1.0.0&hash=HASH"), "warning"),
        (Format::YarnLock, berry("npm:1.0.0"), "warning"),
        (Format::NpmLock, npm("https://h/HASH.tgz"), "error"),
        (Format::NpmLock, npm("https://h/y.tgz"), "error"),
        (Format::NpmLock, npm("file:y-HASH.tgz"), "error"),
        (Format::NpmLock, npm("file:y-1.0.0.tgz"), "error"),
        (Format::NpmLock, npm("https://r/y/-/y-1.0.0.tgz"), "warning"),
        (Format::UvLock, uv("path = \"y-1.0.0-py3-none-any.whl\""), "error"),
        (Format::UvLock, uv("url = \"https://h/y.whl\""), "error"),
        (Format::UvLock, uv("registry = \"https://h/simple\""), "warning"),
        (Format::PoetryLock, poetry("type = \"file\"\nurl = \"y.whl\""), "error"),
        (Format::PoetryLock, poetry("type = \"url\"\nurl = \"https://h/y.whl\""), "error"),
        (Format::PoetryLock, poetry("type = \"legacy\"\nurl = \"https://h/simple\""), "warning"),
        (Format::PdmLock, pdm("path = \"./y.whl\""), "error"),
        (Format::PdmLock, pdm("url = \"https://h/y.whl\""), "error"),
        (Format::PdmLock, pdm(""), "warning"),
        (Format::Pylock, pylock("archive = { path = \"y.whl\", hashes = { sha256 = \"HASH\" } }"), "error"),
        (Format::Pylock, pylock("archive = { url = \"https://h/y.whl\", hashes = { sha256 = \"HASH\" } }"), "error"),
        (Format::Pylock, pylock("wheels = [{ url = \"https://h/y.whl\", hashes = { sha256 = \"HASH\" } }]"), "warning"),
        (Format::PipfileLock, pipfile("\"file\":\"https://h/y.whl\""), "error"),
        (Format::PipfileLock, pipfile("\"path\":\"./y.whl\""), "error"),
        (Format::PipfileLock, pipfile("\"version\":\"==1.0.0\""), "warning"),
        (Format::Requirements, "./y-1.0.0.zip --hash=sha256:HASH\n".to_owned(), "error"),
        (Format::Requirements, "y==1.0.0 --hash=sha256:HASH\n".to_owned(), "warning"),
    ];
    for (format, lock, level) in table {
        let told = told(format, &[], &lock.replace("HASH", "aaa"), &lock.replace("HASH", "bbb"));
        assert_eq!(told.split(':').next(), Some(level), "{lock}: {told}");
    }
    // A file that is installed in one more place is the same.
    let once = npm("file:y.tgz");
    let twice = once.replace(
        "}}}",
        r#"},"node_modules/z/node_modules/y":{"version":"1.0.0","resolved":"file:y.tgz","integrity":"sha512-HASH"}}}"#,
    );
    assert!(told(Format::NpmLock, &[], &once, &twice).starts_with("warning"), "{twice}");
    // Where the same file lies elsewhere it is the same, and so is a registry's.
    for (from, to) in
        [("https://h/a.tgz", "https://h/b.tgz"), ("https://r/y/-/y-1.0.0.tgz", "https://s/y/-/y-1.0.0.tgz")]
    {
        assert_eq!(told(Format::NpmLock, &[], &npm(from), &npm(to)), "", "{from} {to}");
    }
}

#[test]
fn it_is_told_what_changed() {
    let told = |old, new| told(Format::Requirements, &[], old, new);
    insta::assert_snapshot!(told("a==1\nb==1", "a==2\nc==1"), @"error: it has the very content of version 3, but `a` and 2 more changed: it was not built again");
    insta::assert_snapshot!(told("a==1\npip==1", "a==1\npip==2"), @"warning: it has the very content of version 3; only `pip` changed, which need not be in it");
    insta::assert_snapshot!(told("a==1 --hash=md5:aa", "a==1"), @"warning: it has the very content of version 3, but hashes in the manifest changed, or where, how or for whom a version is installed");
    let elsewhere = told_if(Some(Outside::Git), (Format::Requirements, &[]), "a==1\nb==1", "a==2\nc==1");
    insta::assert_snapshot!(elsewhere, @"error: it has the very content of version 3, but 3 packages (which ones is not shown, because the file is one of git's own) changed: it was not built again");
    insta::assert_snapshot!(told("?", "a==1"), @"warning: it has the very content of version 3, but the manifest changed, and a line that cannot be read may have: whether it was to be built again is not known");
}

#[test]
fn what_the_runtime_brings_counts_where_it_is_there_or_nothing_else_is_named() {
    let (old, new) = ("boto3==1\nsix==1\nurllib3==1", "boto3==1\nsix==1\nurllib3==2");
    let table: [(&[&str], &str, &str, &str); 13] = [
        (&[], old, new, "warning"),
        (&["six-1"], old, new, "warning"),
        (&["urllib3/__init__.py"], old, new, "error"),
        (&["lib/python3.12/site-packages/urllib3/__init__.py", "six-1"], old, new, "error"),
        (&["other/urllib3/__init__.py"], old, new, "warning"),
        (&[], "boto3==1\nurllib3==1", "boto3==1\nurllib3==2", "error"),
        (&["other-1"], "other==1\nbotocore==1\nsix==1", "other==1\nbotocore==2\nsix==2", "warning"),
        (&["other-1", "botocore-1"], "other==1\nbotocore==1\nsix==1", "other==1\nbotocore==1\nsix==2", "error"),
        (&["other-1", "six-1"], "other==1\nbotocore==1\nsix==1", "other==1\nbotocore==1\nsix==2", "error"),
        (&["other-1"], "other==1\nsix==1", "other==1\nsix==2", "error"),
        (&[], "other==1\nbotocore==1\nsix==1", "other==1\nbotocore==1\nsix==2", "error"),
        (&["other-1"], "boto3==1\nurllib3==1", "boto3==1\nurllib3==2", "warning"),
        (&[], "boto3==1 ; os_name == 'nt'", "boto3==2 ; os_name == 'nt'", "warning"),
    ];
    for (held, old, new, level) in table {
        let told = told(Format::Requirements, held, old, new);
        assert_eq!(told.split(':').next(), Some(level), "{held:?} {old} {new}: {told}");
    }
}

/// What is for development such lock files do not tell, but what the archive holds does.
#[test]
fn where_nobody_tells_what_is_for_development_the_archive_does() {
    type Locked<'l> = &'l [(&'l str, &'l str)];
    type Write<'w> = &'w dyn Fn(Locked<'_>) -> String;
    let yarn = |packages: Locked<'_>| {
        let each = packages.iter().map(|(name, version)| format!("{name}@x:\n  version \"{version}\"\n"));
        format!("# yarn lockfile v1\n\n{}", each.collect::<String>())
    };
    let gems = |packages: Locked<'_>| {
        let each = packages.iter().map(|(name, version)| format!("    {name} ({version})\n"));
        format!("GEM\n  remote: https://rubygems.org/\n  specs:\n{}", each.collect::<String>())
    };
    let poetry = |packages: Locked<'_>| -> String {
        let each =
            packages.iter().map(|(name, version)| format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n"));
        each.collect()
    };
    let pnpm = |packages: Locked<'_>| {
        let importers = "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      z:\n        version: 1.0.0\n  \
                         other:\n    dependencies:\n";
        let asked = packages.iter().map(|(name, version)| format!("      {name}:\n        version: {version}\n"));
        let locked = |end: &str| -> String {
            packages.iter().map(|(name, version)| format!("  {name}@{version}: {end}\n")).collect()
        };
        let asked: String = asked.collect();
        format!("{importers}{asked}packages:\n{}snapshots:\n{}", locked("{resolution: {integrity: x}}"), locked("{}"))
    };
    let uv = |packages: Locked<'_>| {
        let asked: String = packages.iter().map(|(name, _)| format!("{{ name = \"{name}\" }}, ")).collect();
        let project = |name: &str, asked: &str| {
            format!("[[package]]\nname = \"{name}\"\nsource = {{ editable = \"{name}\" }}\ndependencies = [{asked}]\n")
        };
        let projects = project("p", &asked) + &project("q", "{ name = \"p\" }");
        format!("[manifest]\nmembers = [\"p\", \"q\"]\n{projects}{}", poetry(packages))
    };
    let npm = |packages: Locked<'_>| {
        let each =
            packages.iter().map(|(name, version)| format!(r#""node_modules/{name}":{{"version":"{version}"}},"#));
        let projects = r#""":{"workspaces":["p"]},"node_modules/p":{"resolved":"p","link":true},"p":{}"#;
        format!(r#"{{"lockfileVersion":3,"packages":{{{}{projects}}}}}"#, each.collect::<String>())
    };
    let formats: [(Format, &str, Write<'_>); 7] = [
        (Format::UvLock, "-", &uv),
        (Format::NpmLock, "@", &npm),
        (Format::PdmLock, "-", &poetry),
        (Format::YarnLock, "@", &yarn),
        (Format::PnpmLock, "@", &pnpm),
        (Format::GemfileLock, "-", &gems),
        (Format::PoetryLock, "-", &poetry),
    ];
    let (a, d) = (("a", "1"), ("d", "1"));
    let table: [(Locked<'_>, Locked<'_>, Locked<'_>, &str); 12] = [
        // Held in the version that was locked.
        (&[a], &[a, d], &[("a", "2"), d], "error"),
        (&[a], &[a, d], &[d], "error"),
        // Held in none.
        (&[a], &[a, d], &[a, ("d", "2")], "warning"),
        (&[a], &[a, d], &[a], "warning"),
        // Held as it is locked now.
        (&[("a", "2")], &[a, d], &[("a", "2"), d], "advice"),
        // Added: all else is there, or something is left out.
        (&[a], &[a], &[a, d], "error"),
        (&[a], &[a, d], &[a, d, ("e", "1")], "warning"),
        (&[a, d], &[a], &[a, d], "advice"),
        (&[a, d], &[a, d], &[("a", "2"), d], "error"),
        // Nothing tells what is there.
        (&[], &[a, d], &[a, ("d", "2")], "error"),
        (&[], &[a], &[a, d], "error"),
        (&[a], &[a], &[a], ""),
    ];
    for (format, sign, write) in formats {
        for (held, old, new, level) in table {
            let held: Vec<String> = held.iter().map(|(name, version)| format!("{name}{sign}{version}")).collect();
            let held: Vec<&str> = held.iter().map(String::as_str).collect();
            let told = told(format, &held, &write(old), &write(new));
            assert_eq!(told.split(':').next(), Some(level), "{held:?} {}\n{}: {told}", write(old), write(new));
        }
    }
    // Of what is compiled nothing tells it.
    let told = told(Format::GoSum, &[], "a/b v1.0.0 h1:x=\n", "a/b v1.0.1 h1:y=\n");
    assert!(told.starts_with("error"), "{told}");
}

/// The layer was built with an extra, and what is installed without it changed.
#[test]
fn another_version_than_that_of_the_extra_need_not_be_there() {
    let lock = |old: &str, new: &str| {
        format!(
            "[[package]]\nname = \"root\"\nversion = \"1\"\nsource = {{ virtual = \".\" }}\ndependencies = [\n\
             {{ name = \"x\", version = \"{old}\", marker = \"extra == 'extra-4-root-old'\" }},\n\
             {{ name = \"x\", version = \"{new}\", marker = \"extra != 'extra-4-root-old'\" }},\n]\n\
             [[package]]\nname = \"x\"\nversion = \"{old}\"\n[[package]]\nname = \"x\"\nversion = \"{new}\"\n"
        )
    };
    for (held, old, new, level) in [
        ("x-1", "1", "3", "warning"),
        ("x-1", "1.1", "2", "error"),
        ("x-2", "1", "3", "error"),
        ("x-2", "1.1", "2", "advice"),
    ] {
        let told = told(Format::UvLock, &[held], &lock("1", "2"), &lock(old, new));
        assert_eq!(told.split(':').next(), Some(level), "{held} {old} {new}: {told}");
    }
}

#[test]
fn what_an_included_file_asks_for_counts_unless_all_of_it_is_there() {
    let table: [(IncludedFiles, &[&str], &str); 9] = [
        (IncludedFiles::Alike, &[], "warning"),
        (IncludedFiles::Alike, &["a-2"], "error"),
        (IncludedFiles::Alike, &["a-1"], "warning"),
        (IncludedFiles::Changed, &[], "error"),
        (IncludedFiles::Changed, &["b-1"], "error"),
        (IncludedFiles::Changed, &["a-2"], "error"),
        (IncludedFiles::Changed, &["a-1"], "warning"),
        (IncludedFiles::Unknown, &[], "warning"),
        (IncludedFiles::Same, &[], ""),
    ];
    for (included, held, level) in table {
        // What it names here is all that is installed.
        let told = told_with((None, included), (Format::Requirements, held), "a==1\nboto3==1", "a==1\nboto3==1");
        assert_eq!(told.split(':').next(), Some(level), "{included:?} {held:?}: {told}");
    }
}

/// Built again, it has the same bytes: there would be no way out.
#[test]
fn an_archive_that_holds_what_is_named_now_is_not_stale() {
    let table: [(&[&str], &str, &str, &str); 13] = [
        (&["a-3.7"], "a==3.7", "a==3.7.0", "advice"),
        (&["a-1.5"], "a>=1", "a==1.5", "advice"),
        (&["a-1.5"], "a==1.5", "a~=1.5", "advice"),
        (&["a-1.5"], "a", "a==1.5", "advice"),
        (&["a-1", "b-2"], "a==1", "a==1\nb==2", "advice"),
        (&["a-1", "b-2"], "a>=1", "a==1\nb==2", "advice"),
        (&["a-1", "b-2"], "a==1", "a==1\nb==3", "error"),
        (&["a-1", "b-2"], "a>=1", "a==1\nb==3", "error"),
        (&["a-1", "b-2"], "a==1\nb==2", "a==1", "error"),
        (&["a-1.5"], "a>=1", "a>=1.6", "error"),
        (&["a-1"], "a==1", "a[x]==1", "error"),
        (&["a-1"], "a @ https://h/a.git@aa", "a @ https://h/a.git@bb", "error"),
        (&["a-1"], "a @ https://h/a-1.zip", "a==1", "error"),
    ];
    for (held, old, new, level) in table {
        let told = told(Format::Requirements, held, old, new);
        assert_eq!(told.split(':').next(), Some(level), "{held:?} {old} {new}: {told}");
    }
    let moved = told(Format::Requirements, &["a-3.7"], "a==3.7", "a==3.7.0");
    insta::assert_snapshot!(moved, @"advice: it has the very content of version 3, and holds `a` as the manifest names it now");
}

/// A line that pip would not read says nothing of the others.
#[test]
fn what_can_be_read_of_a_manifest_is_compared() {
    let table: [(&[&str], &str, &str, &str); 6] = [
        (&[], "a==1\n?", "a==2\n?", "error"),
        (&["a-1"], "a==1", "a==2\n?", "error"),
        (&[], "a==1\n?", "a==1\n!", "warning"),
        (&[], "a==1\n?", "a==1\nb==1", "warning"),
        (&[], "a==1\nb==1", "a==1\n?", "warning"),
        (&[], "boto3==1\na==1\n?", "boto3==2\na==1\n?", "warning"),
    ];
    for (held, old, new, level) in table {
        let told = told(Format::Requirements, held, old, new);
        assert_eq!(told.split(':').next(), Some(level), "{held:?} {old} {new}: {told}");
    }
}

/// A package as `uv.lock` has it: its dependencies are names, with a marker behind `;`.
fn uv_package(name: &str, rest: &str, asks: &[&str]) -> String {
    format!("[[package]]\nname = \"{name}\"\nversion = \"1\"\n{rest}dependencies = [{}]\n", uv_list(asks))
}

fn uv_list(asks: &[&str]) -> String {
    let each = asks.iter().map(|one| match one.split_once(';') {
        Some((name, marker)) => format!("{{ name = \"{name}\", marker = \"{marker}\" }}"),
        None => format!("{{ name = \"{one}\" }}"),
    });
    each.collect::<Vec<_>>().join(", ")
}

fn uv_lists(table: &str, lists: &[(&str, &[&str])]) -> String {
    let each = lists.iter().map(|(name, asks)| format!("{name} = [{}]\n", uv_list(asks)));
    format!("[package.{table}]\n{}", each.collect::<String>())
}

/// A layer for each group, or with an extra: what it holds tells for which it was built.
#[test]
fn what_is_added_for_whom_the_archive_was_built_for_has_to_be_there() {
    type Lists<'l> = &'l [(&'l str, &'l [&'l str])];
    let lock = |table: &str, lists: Lists<'_>| {
        let project = uv_package("p", "source = { virtual = \".\" }\n", &["main"]) + &uv_lists(table, lists);
        let asked = lists.iter().flat_map(|(_, asks)| *asks).filter_map(|asked| asked.split(';').next());
        let mut all: BTreeSet<&str> = asked.chain(["main"]).collect();
        all.extend(all.contains("deep").then_some("new"));
        let asks = |name: &str| if name == "deep" { &["new"][..] } else { &[] };
        project + &all.into_iter().map(|name| uv_package(name, "", asks(name))).collect::<String>()
    };
    let before: Lists<'_> = &[("web", &["http", "main"]), ("db", &["orm"]), ("dev", &["test", "http"])];
    let table: [(&[&str], Lists<'_>, &str); 9] = [
        (&["http-1"], &[("web", &["http", "main", "new"]), ("db", &["orm"]), ("dev", &["test", "http"])], "warning"),
        (&["http-1", "main-1"], &[("web", &["http", "main", "new"]), ("db", &["orm"]), ("dev", &["test"])], "warning"),
        (&["orm-1"], &[("web", &["http"]), ("db", &["orm", "new"]), ("dev", &["test", "http"])], "error"),
        (&["orm-1"], &[("web", &["http"]), ("db", &["orm", "deep"]), ("dev", &["test", "http"])], "error"),
        (&["orm-1"], &[("web", &["http", "new"]), ("db", &["orm"]), ("dev", &["test", "http"])], "warning"),
        (
            &["orm-1"],
            &[("web", &["http"]), ("db", &["orm", "new;sys_platform == 'win32'"]), ("dev", &["test"])],
            "warning",
        ),
        (&["orm-1"], &[("db", &["orm", "http"])], "error"),
        (
            &["orm-1", "main-1", "new-1"],
            &[("web", &["http", "main"]), ("db", &["orm", "new"]), ("dev", &["test", "http"])],
            "advice",
        ),
        (&["main-1"], &[("web", &[]), ("db", &["orm", "new"]), ("dev", &["test"])], "warning"),
    ];
    for kind in ["dev-dependencies", "optional-dependencies"] {
        for (held, after, level) in table {
            let told = told(Format::UvLock, held, &lock(kind, before), &lock(kind, after));
            assert_eq!(told.split(':').next(), Some(level), "{kind} {held:?} {after:?}: {told}");
        }
    }
    let poetry = |etl: &str, groups: &str| {
        let each = [("main", "\"main\""), ("etl", "\"etl\""), ("new", groups)];
        let each = each.iter().filter(|(name, _)| *name != "new" || !groups.is_empty());
        let each = each.map(|(name, groups)| {
            format!("[[package]]\nname = \"{name}\"\nversion = \"1\"\ngroups = [{groups}]\n{etl}")
        });
        each.collect::<String>()
    };
    for (held, groups, level) in [
        (&["main-1", "etl-1"][..], "\"etl\"", "error"),
        (&["main-1"], "\"etl\"", "warning"),
        (&["main-1", "etl-1", "new-1"], "\"etl\"", "advice"),
        (&["main-1", "etl-1"], "\"dev\"", "warning"),
    ] {
        for format in [Format::PoetryLock, Format::PdmLock] {
            let told = told(format, held, &poetry("", ""), &poetry("", groups));
            assert_eq!(told.split(':').next(), Some(level), "{held:?} {groups}: {told}");
        }
    }
    let own = "markers = { etl = \"sys_platform == 'win32'\", dev = \"python_version > '3'\" }\n";
    let marked = told(Format::PoetryLock, &["main-1", "etl-1"], &poetry("", ""), &poetry(own, "\"etl\", \"dev\""));
    assert_eq!(marked.split(':').next(), Some("warning"), "{marked}");
}

/// A layer of one project of a workspace, with the project itself or without.
#[test]
fn what_is_added_to_the_project_that_the_archive_was_built_for_has_to_be_there() {
    let lock = |version: &str, a: &[&str], b: &[&str]| {
        let at = |name: &str| format!("source = {{ editable = \"{name}\" }}\n");
        let projects = uv_package("a", &at("a"), a).replace("version = \"1\"", &format!("version = \"{version}\""));
        let all: BTreeSet<&str> = a.iter().chain(b).copied().collect();
        let all: String = all.into_iter().map(|name| uv_package(name, "", &[])).collect();
        format!("[manifest]\nmembers = [\"a\", \"b\"]\n{projects}{}{all}", uv_package("b", &at("b"), b))
    };
    let before = lock("1", &["x", "both"], &["y", "both"]);
    let (to_a, to_b) =
        (lock("1", &["x", "both", "new"], &["y", "both"]), lock("1", &["x", "both"], &["y", "both", "new"]));
    let table: [(&[&str], &str, &str); 7] = [
        (&["x-1", "both-1"], &to_a, "error"),
        (&["a-1", "x-1", "both-1"], &to_a, "error"),
        (&["x-1", "both-1"], &to_b, "warning"),
        (&["x-1", "y-1", "both-1"], &to_b, "error"),
        (&["a-1", "x-1", "both-1"], &lock("2", &["x", "both"], &["y", "both"]), "error"),
        (&["x-1", "both-1"], &lock("2", &["x", "both"], &["y", "both"]), ""),
        (&["a-2", "x-1", "both-1"], &lock("2", &["x", "both"], &["y", "both"]), ""),
    ];
    for (held, after, level) in table {
        let told = told(Format::UvLock, held, &before, after);
        assert_eq!(told.split(':').next(), Some(level), "{held:?} {after}: {told}");
    }
    insta::assert_snapshot!(told(Format::UvLock, &["x-1", "both-1"], &before, &to_b), @"warning: it has the very content of version 3; only `new` changed, and such a lock file does not tell whether it was to be built again for that");
    let dev = |asks: &[&str]| {
        uv_package("p", "source = { virtual = \".\" }\n", &[]) + &uv_lists("dev-dependencies", &[("dev", asks)])
    };
    let (before, after) = (dev(&["x"]) + &uv_package("x", "", &[]), dev(&[]));
    insta::assert_snapshot!(told(Format::UvLock, &["y-1"], &before, &after), @"warning: it has the very content of version 3; only `x` changed, for an extra, a group or development: built without these, it need not be built again");
}
