//! Who asks for what changed: the project, its extras and groups, projects of a workspace, and nobody knows who.

use super::*;
use std::collections::BTreeSet;

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
