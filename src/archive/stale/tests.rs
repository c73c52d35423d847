mod asked;
mod installed;

use super::*;
use crate::finding::Level;
use crate::layer::LayerSettings;
use crate::manifest::{dependencies, readable_part};

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
