mod node;
mod places;

use super::*;
use crate::finding::Level;
use crate::layer::LayerSettings;
use crate::manifest::{dependencies, readable_part};

/// What is told of an archive with these paths under a requirements file.
fn told(paths: &[&str], requirements: &str) -> String {
    told_if(None, paths, requirements)
}

fn told_if(unshown: Option<Outside>, paths: &[&str], requirements: &str) -> String {
    told_from(unshown, (Format::Requirements, "requirements.txt"), paths, requirements)
}

/// The same under another manifest.
fn told_under(format: Format, paths: &[&str], text: &str) -> String {
    told_from(None, (format, "lock"), paths, text)
}

fn told_from(unshown: Option<Outside>, (format, name): (Format, &str), paths: &[&str], text: &str) -> String {
    let mut packages = Packages::default();
    paths.iter().for_each(|path| packages.meet(format!("python/{path}.dist-info/METADATA").as_bytes()));
    let dependencies = dependencies(format, text.as_bytes(), &Halt::default()).unwrap().unwrap();
    let pins = Pins { name, format, dependencies: &dependencies, is_partial: false, unshown: &|| unshown };
    let settings = LayerSettings {
        compatible_runtimes: vec!["python3.12".parse().unwrap()],
        compatible_architectures: vec!["x86_64".parse().unwrap()],
        ..LayerSettings::default()
    };
    let found = match not_compared(&packages, pins.format, pins.name) {
        Some(advice) => vec![advice],
        None => differs(&packages, pins, &settings, &Halt::default()),
    };
    found.iter().map(|found| format!("{} {}", found.check, found.message)).collect::<Vec<_>>().join("\n")
}

/// The runtimes bring botocore with what it needs; of that, other packages may need something as well.
#[test]
fn what_comes_with_botocore_may_be_missing_with_it() {
    let named = "a==1\nbotocore==1\njmespath==1\npython-dateutil==2\nsix==1\nurllib3==2\n";
    let missing = "package-missing `jmespath`, `python-dateutil`, `six` of `requirements.txt` are not in it";
    assert_eq!(told(&["a-1"], named), "");
    assert_eq!(told(&["a-1", "botocore-1"], named), missing);
    assert_eq!(told(&["a-1"], &named.replace("botocore==1\n", "")), missing);
}

#[test]
fn versions_are_compared_as_python_does() {
    let fine = [
        ("requests-2.32.4", "requests==2.32.4"),
        ("requests-2.32.4", "Requests == 2.32.4"),
        ("torch-2.1.0+cu121", "torch==2.1.0"),
        ("x-1.0", "x==1"),
        ("x-1!2.0rc1", "x==1!2.0.0.RC1"),
        ("x-1.5", "x>=1,<2"),
        ("x-1.5", "x"),
        ("x-1.5", "x @ https://host/x.whl"),
        ("x-1.5", "x @ file:x.whl"),
        ("x-1.5", "x-1.0-py3-none-any.whl --hash=sha256:aa"),
        ("x-1.5", "-e x"),
        ("x-1.5", "x @ 2.0"),
        ("numpy-2.0.0", "numpy==1.26.4 ; python_version<'3.12'\nnumpy==2.0.0 ; python_version>='3.12'"),
        ("x-1.0", "x==1.0 ; sys_platform == 'win32'"),
        ("x-1.5", "x==${VERSION}"),
        ("x-1.5", "x==1.${MINOR}"),
    ];
    for (held, pinned) in fine {
        assert_eq!(told(&[held], pinned), "", "{held} {pinned}");
    }
    let wrong = [
        ("requests-2.32.3", "requests==2.32.4"),
        ("x-1.0.post1", "x==1.0"),
        ("x-2.0", "x>=1,<2"),
        ("x-2004b", "x==1"),
        ("numpy-1.26.4", "numpy==1.26.4 ; python_version<'3.12'\nnumpy==2.0.0 ; python_version>='3.12'"),
        ("x-2.0", "x==1.0 ; sys_platform == 'win32'"),
        ("boto3-1.34.0", "boto3==1.35.0"),
    ];
    for (held, pinned) in wrong {
        assert!(told(&[held], pinned).starts_with("archive-differs it does not hold"), "{held} {pinned}");
    }
}

/// A layer may be built with an extra: the version that is locked for that is not another one.
#[test]
fn a_version_that_is_locked_for_an_extra_is_allowed() {
    let lock = "[[package]]\nname = \"root\"\nversion = \"1\"\nsource = { virtual = \".\" }\ndependencies = [\n\
        { name = \"x\", version = \"1\", marker = \"extra == 'extra-4-root-old' and python_version < '3.13'\" },\n\
        { name = \"x\", version = \"2\", marker = \"extra == 'extra-4-root-new' or extra != 'extra-4-root-old'\" },\n\
        { name = \"x\", version = \"3\", marker = \"extra == 'extra-4-root-old' and python_version >= '3.13'\" },\n]\n\
        [package.optional-dependencies]\nold = [{ name = \"y\" }]\n\
        [[package]]\nname = \"x\"\nversion = \"1\"\n[[package]]\nname = \"x\"\nversion = \"2\"\n\
        [[package]]\nname = \"x\"\nversion = \"3\"\n[[package]]\nname = \"y\"\nversion = \"1\"\n";
    for (held, is_wrong) in [("x-1", false), ("x-2", false), ("x-3", true), ("x-4", true)] {
        assert_eq!(told_under(Format::UvLock, &[held], lock).contains("archive-differs"), is_wrong, "{held}");
    }
}

/// The groups that a lock of PEP 751 installs by default are those of the layer.
#[test]
fn packages_of_groups_that_are_installed_by_default_are_expected() {
    let package = |name: &str, group: &str| {
        format!("[[packages]]\nname = \"{name}\"\nversion = \"1\"\nmarker = \"'{group}' in dependency_groups\"\n")
    };
    let lock = format!("default-groups = [\"default\"]\n{}{}", package("x", "default"), package("y", "dev"));
    insta::assert_snapshot!(told_under(Format::Pylock, &["z-1"], &lock), @r"
    package-missing `x` of `lock` is not in it
    package-not-locked it holds `z`, which `lock` does not name
    ");
}

/// The lock says which of its versions is for which Python.
#[test]
fn of_several_locked_versions_that_of_the_runtime_counts() {
    let lock = include_bytes!("../../../tests/interop/projects/numeric/uv.lock");
    let dependencies = dependencies(Format::UvLock, lock, &Halt::default()).unwrap().unwrap();
    let pins = Pins {
        name: "uv.lock",
        format: Format::UvLock,
        dependencies: &dependencies,
        is_partial: false,
        unshown: &|| None,
    };
    let python = |version: &str| LayerSettings {
        compatible_runtimes: vec![format!("python{version}").parse().unwrap()],
        ..LayerSettings::default()
    };
    for (held, runtime, is_wrong) in
        [("2.3.5", "3.12", false), ("2.2.6", "3.12", true), ("2.2.6", "3.10", false), ("2.3.5", "3.10", true)]
    {
        let mut packages = Packages::default();
        packages.meet(format!("python/numpy-{held}.dist-info/METADATA").as_bytes());
        let found = differs(&packages, pins, &python(runtime), &Halt::default());
        assert_eq!(found.iter().any(|found| found.check == Check::ArchiveDiffers), is_wrong, "{held} {runtime}");
    }
}

#[test]
fn what_is_missing_or_not_locked_is_told() {
    let requirements = "a==1\nb==1\nc==1\nd==1\nboto3==1\nw==1 ; os_name == 'nt'\nu @ https://host/u.zip\n";
    insta::assert_snapshot!(told(&["a-2", "x-1", "y-1", "wheel-1"], requirements), @"
    archive-differs it does not hold what `requirements.txt` pins: `a` 2, pinned is 1
    package-missing `b`, `c`, `d` of `requirements.txt` are not in it
    package-not-locked it holds `x`, `y`, which `requirements.txt` does not name
    ");
    insta::assert_snapshot!(told(&["a-2", "b-2", "c-2", "d-2"], requirements), @"archive-differs it does not hold what `requirements.txt` pins: `a` 2, pinned is 1; `b` 2, pinned is 1; `c` 2, pinned is 1 and 1 more");
    insta::assert_snapshot!(told(&[], requirements), @"archive-not-compared no package in it tells its version, so it was not compared with `requirements.txt`");
}

#[test]
fn what_lies_elsewhere_is_not_named() {
    let told = |held: &[&str]| told_if(Some(Outside::Checkout), held, "a==1\nb==1\nc==1\n");
    insta::assert_snapshot!(told(&["a-2", "x-1"]), @"
    archive-differs it does not hold what `requirements.txt` pins: 1 package; which ones is not shown, because the file lies outside of the git checkout
    package-missing `requirements.txt` names what is not in it: 2 packages; which ones is not shown, because the file lies outside of the git checkout
    package-not-locked it holds `x`, which `requirements.txt` does not name
    ");
}

#[test]
fn packages_are_compared_no_longer_than_somebody_waits() {
    let text: String = (0..1_000).map(|n| format!("p{n}==1 ; python_version < '3.{n}'\n")).collect();
    let dependencies = dependencies(Format::Requirements, text.as_bytes(), &Halt::default()).unwrap().unwrap();
    let (name, format) = ("requirements.txt", Format::Requirements);
    let pins = Pins { name, format, dependencies: &dependencies, is_partial: false, unshown: &|| None };
    let settings = LayerSettings {
        compatible_runtimes: (8..14).map(|minor| format!("python3.{minor}").parse().unwrap()).collect(),
        ..LayerSettings::default()
    };
    let (whole, halt) = (Halt::default(), Halt::after(50));
    for halt in [&whole, &halt] {
        differs(&Packages::default(), pins, &settings, halt);
    }
    assert_eq!(whole.polls(), 2_000, "once for each package, and once for its marker");
    assert!(halt.polls() <= 52, "it went on: {} questions", halt.polls());
}

/// Each version that is held was compared with each that is pinned, and told with all of them: gigabytes.
#[test]
fn many_versions_on_both_sides_are_told_within_bounds() {
    let held: Vec<String> = (0..1_000).map(|number| format!("a-2.{number}")).collect();
    let held: Vec<&str> = held.iter().map(String::as_str).collect();
    let pinned: String = (0..4_000).map(|number| format!("a==1.{number}\n")).collect();
    insta::assert_snapshot!(told(&held, &pinned), @"archive-differs it holds several versions of one package, as a build over an older one leaves them: `a` 2.0, 2.1, 2.2, 60 more and 2.22, pinned is 1.0 or 1.1 or 1.10 or one of 3997 more");
    let mut packages = Packages::default();
    let gem = |version: &String| format!("ruby/3.3.0/specifications/{version}.gemspec");
    (0..1_000).for_each(|number| packages.meet(gem(&format!("a-2.{number}")).as_bytes()));
    let lock: String = (0..4_000).map(|number| format!("    a (1.{number})\n")).collect();
    let lock = format!("GEM\n  remote: https://rubygems.org/\n  specs:\n{lock}");
    insta::assert_snapshot!(told_of(&packages, Format::GemfileLock, &lock, &[]), @"archive-differs it does not hold what `LOCK` pins: `a` 2.0, pinned is 1.0 or 1.1 or 1.10 or one of 3997 more; `a` 2.1, pinned is 1.0 or 1.1 or 1.10 or one of 3997 more; `a` 2.10, pinned is 1.0 or 1.1 or 1.10 or one of 3997 more and 61 more");
}

/// What is told of an archive under a manifest of these runtimes.
fn told_of(packages: &Packages, format: Format, manifest: &str, runtimes: &[&str]) -> String {
    let dependencies = dependencies(format, manifest.as_bytes(), &Halt::default()).unwrap().unwrap();
    let pins = Pins { name: "LOCK", format, dependencies: &dependencies, is_partial: false, unshown: &|| None };
    let settings = LayerSettings {
        compatible_runtimes: runtimes.iter().map(|runtime| runtime.parse().unwrap()).collect(),
        ..LayerSettings::default()
    };
    let found = differs(packages, pins, &settings, &Halt::default());
    found.iter().map(|found| format!("{} {}", found.check, found.message)).collect::<Vec<_>>().join("\n")
}

/// Each Python has its own folder, and looks into no other's.
#[test]
fn packages_are_held_against_what_is_pinned_for_the_python_that_looks_there() {
    let told = |held: &[&str], requirements: &str, runtimes: &[&str]| {
        let mut packages = Packages::default();
        held.iter().for_each(|path| packages.meet(format!("python/{path}.dist-info/METADATA").as_bytes()));
        told_of(&packages, Format::Requirements, requirements, runtimes)
    };
    let (old, new) = ("lib/python3.11/site-packages", "lib/python3.12/site-packages");
    let (both, one) = ("x==1 ; python_version < '3.12'\nx==2 ; python_version >= '3.12'", "x==2");
    let table: [(&[&str], &str, &[&str], &str); 9] = [
        (&["{old}/x-1", "{new}/x-2"], one, &["python3.12"], ""),
        (&["{old}/x-2", "{new}/x-1"], one, &["python3.12"], "archive-differs"),
        (&["x-2", "{old}/x-1"], one, &["python3.12"], ""),
        (&["{old}/x-2"], one, &["python3.12"], "package-missing"),
        (&["x-2", "{old}/y-1"], one, &["python3.12"], ""),
        (&["x-2", "{new}/y-1"], one, &["python3.12"], "package-not-locked"),
        (&["{old}/x-1", "{new}/x-2"], both, &["python3.11", "python3.12"], ""),
        (&["{old}/x-2", "{new}/x-1"], both, &["python3.11", "python3.12"], "archive-differs"),
        (&["{old}/x-1"], one, &[], "archive-differs"),
    ];
    for (held, requirements, runtimes, expected) in table {
        let held: Vec<String> = held.iter().map(|path| path.replace("{old}", old).replace("{new}", new)).collect();
        let held: Vec<&str> = held.iter().map(String::as_str).collect();
        let told = told(&held, requirements, runtimes);
        assert_eq!(told.split(' ').next(), Some(expected), "{held:?} {runtimes:?}: {told}");
    }
    let swapped = [format!("{old}/x-2"), format!("{new}/x-1")];
    let swapped: Vec<&str> = swapped.iter().map(String::as_str).collect();
    insta::assert_snapshot!(told(&swapped, both, &["python3.11", "python3.12"]), @"archive-differs it does not hold what `LOCK` pins: `x` 2 for python3.11, pinned is 1; `x` 1 for python3.12, pinned is 2");
}

/// Where nobody tells what is for development, for another platform or for another project, what is missing may be that.
#[test]
fn what_is_missing_is_only_worth_knowing_where_it_may_be_for_development() {
    let levels = |format: Format, text: &str| -> Vec<Level> {
        let mut packages = Packages::default();
        packages.meet(b"python/x-1.dist-info/METADATA");
        packages.meet(b"nodejs/node_modules/x/package.json");
        packages.see_node(b"nodejs/node_modules/x/package.json", br#"{"version":"1"}"#, true);
        let dependencies = dependencies(format, text.as_bytes(), &Halt::default()).unwrap().unwrap();
        let pins = Pins { name: "lock", format, dependencies: &dependencies, is_partial: false, unshown: &|| None };
        let found = differs(&packages, pins, &LayerSettings::default(), &Halt::default());
        found.iter().map(|found| found.level).collect()
    };
    let package = |name: &str, groups: &str| format!("[[package]]\nname = \"{name}\"\nversion = \"1\"\n{groups}\n");
    let both = |groups: &str| package("x", groups) + &package("y", groups);
    let uv = |members: &str| {
        let project = |name: &str, rest: &str| package(name, &format!("source = {{ {rest}"));
        let projects = project("p", "virtual = \".\" }\ndependencies = [{ name = \"x\" }]")
            + &project("q", "editable = \"q\" }\ndependencies = [{ name = \"y\" }]");
        members.to_owned() + &projects + &both("")
    };
    let npm = |workspaces: &str| {
        let packages = r#""node_modules/x":{"version":"1"},"node_modules/y":{"version":"1"}"#;
        format!(r#"{{"lockfileVersion":3,"packages":{{"":{{"name":"p"{workspaces}}},{packages}}}}}"#)
    };
    let table = [
        (Format::PoetryLock, both(""), &[Level::Advice][..]),
        (Format::PoetryLock, both("groups = [\"main\"]"), &[Level::Warning]),
        (Format::PoetryLock, both("category = \"main\""), &[Level::Advice]),
        (Format::PoetryLock, both("groups = [\"dev\"]"), &[]),
        (Format::PdmLock, both(""), &[Level::Advice]),
        (Format::PdmLock, both("groups = [\"default\"]"), &[Level::Warning]),
        (Format::PdmLock, both("groups = [\"dev\"]"), &[]),
        (Format::UvLock, uv("[manifest]\nmembers = [\"p\", \"q\"]\n"), &[]),
        (
            Format::UvLock,
            uv("[manifest]\nmembers = [\"p\", \"q\"]\n").replace("\"x\" }]", "\"x\" }, { name = \"y\" }]"),
            &[Level::Advice],
        ),
        (Format::UvLock, uv(""), &[]),
        (Format::UvLock, both(""), &[Level::Warning]),
        (
            Format::UvLock,
            format!("[manifest.dependency-groups]\ndev = [{{ name = \"x\" }}]\n{}", both("")),
            &[Level::Advice],
        ),
        (Format::NpmLock, npm(""), &[Level::Warning]),
        (Format::NpmLock, npm(r#","workspaces":["q"]"#), &[Level::Advice]),
    ];
    for (format, lock, expected) in table {
        assert_eq!(levels(format, &lock), expected, "{lock}");
    }
}

/// Any text may be a requirements file: of one that cannot be read as a whole, only what contradicts the archive is told.
#[test]
fn of_lines_that_can_be_read_beside_others_only_another_version_counts() {
    let mut packages = Packages::default();
    [&b"python/x-1.dist-info/METADATA"[..], b"python/z-1.dist-info/METADATA"]
        .iter()
        .for_each(|path| packages.meet(path));
    let part = readable_part(Format::Requirements, b"x==2\ny==1\n?\n", &Halt::default()).unwrap();
    let (name, format) = ("requirements.txt", Format::Requirements);
    let pins = Pins { name, format, dependencies: &part, is_partial: true, unshown: &|| None };
    let found = differs(&packages, pins, &LayerSettings::default(), &Halt::default());
    assert_eq!(found.iter().map(|found| found.check).collect::<Vec<_>>(), [Check::ArchiveDiffers]);
}

/// A gem of the project is used where it is, the installer is every Ruby's, and what builds a gem is no part of one that was
/// built for its platform.
#[test]
fn gems_that_bundler_does_not_install_are_not_missed() {
    let lock = "PATH\n  remote: .\n  specs:\n    own (0.1.0)\n      nokogiri\n\nGEM\n  remote: https://rubygems.org/\n  specs:\n    \
                bundler (2.5.0)\n    mini_portile2 (2.8.5)\n    nokogiri (1.16.0)\n      mini_portile2 (~> 2.8.2)\n    \
                nokogiri (1.16.0-x86_64-linux)\n    rack (3.0.8)\n";
    let told = |held: &[&str]| {
        let mut packages = Packages::default();
        held.iter().for_each(|gem| packages.meet(format!("ruby/gems/3.3.0/specifications/{gem}.gemspec").as_bytes()));
        told_of(&packages, Format::GemfileLock, lock, &["ruby3.3"])
    };
    assert_eq!(told(&["nokogiri-1.16.0-x86_64-linux", "rack-3.0.8"]), "");
    assert_eq!(told(&["nokogiri-1.16.0", "rack-3.0.8", "mini_portile2-2.8.5", "bundler-2.5.0", "own-0.1.0"]), "");
    insta::assert_snapshot!(told(&["nokogiri-1.16.0"]), @"package-missing `rack` of `LOCK` is not in it");
    insta::assert_snapshot!(told(&["nokogiri-1.16.0", "rack-3.0.8", "own-0.2.0"]), @"archive-differs it does not hold what `LOCK` pins: `own` 0.2.0, pinned is 0.1.0");
}
