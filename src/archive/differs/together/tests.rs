use super::*;
use crate::archive::differs::{Pins, differs};
use crate::halt::Halt;
use crate::manifest::{Format, dependencies};

fn packages(paths: &[&str]) -> Packages {
    let mut packages = Packages::default();
    paths.iter().for_each(|path| packages.meet(path.as_bytes()));
    packages
}

fn settings(runtimes: &[&str]) -> LayerSettings {
    let compatible_runtimes = runtimes.iter().map(|runtime| runtime.parse().unwrap()).collect();
    LayerSettings { compatible_runtimes, ..LayerSettings::default() }
}

/// What is told of an archive with these paths in `python/`, by its level.
fn told(paths: &[&str], requirements: &str, runtimes: &[&str]) -> String {
    let paths: Vec<String> = paths.iter().map(|path| format!("python/{path}")).collect();
    let packages = packages(&paths.iter().map(String::as_str).collect::<Vec<_>>());
    let (name, format) = ("requirements.txt", Format::Requirements);
    let dependencies = dependencies(format, requirements.as_bytes(), &Halt::default()).unwrap().unwrap();
    let pins = Pins { name, format, dependencies: &dependencies, is_partial: false, unshown: &|| None };
    let found = differs(&packages, pins, &settings(runtimes), &Halt::default());
    let found = found.iter().map(|found| format!("{:?} {} {}", found.level, found.check, found.message));
    found.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_folder_that_was_built_over_an_older_one_is_told_with_both_versions() {
    let both = ["x-1.10.dist-info/RECORD", "x-1.9.dist-info/RECORD"];
    for (pinned, end, level) in [
        ("x==1.10", ", pinned is 1.10", "Error"),
        ("x==1.9", ", pinned is 1.9", "Error"),
        ("x==2", ", pinned is 2", "Error"),
        ("x>=1", "", "Warning"),
        ("x", "", "Warning"),
        ("x==1.9 ; python_version < '3.12'\nx==1.10 ; python_version >= '3.12'", ", pinned is 1.10", "Error"),
    ] {
        let expected = format!(
            "{level} archive-differs it holds several versions of one package, as a build over an older one leaves them: `x` 1.9 and 1.10{end}"
        );
        assert_eq!(told(&both, pinned, &["python3.12"]), expected, "{pinned}");
        assert_eq!(told(&["x-1.10.dist-info/RECORD", "x-1.9-py3.8.egg-info"], pinned, &["python3.12"]), expected);
    }
    let several = ["x-1.dist-info/RECORD", "x-2.dist-info/RECORD", "y-1.dist-info/RECORD", "y-2.dist-info/RECORD"];
    insta::assert_snapshot!(told(&[&several[..], &["z-1.dist-info/RECORD"]].concat(), "x==2\nz==2", &[]), @r"
        Error archive-differs it holds several versions of one package, as a build over an older one leaves them: `x` 1 and 2, pinned is 2; `y` 1 and 2
        Error archive-differs it does not hold what `requirements.txt` pins: `z` 1, pinned is 2
        Warning package-not-locked it holds `y`, which `requirements.txt` does not name
        ");
}

/// Each Python has a folder of its own, what is written in two ways is one version, and what others vendor is no part of it.
#[test]
fn what_lies_in_two_folders_or_is_written_in_two_ways_is_no_such() {
    let own = |minor: u8, version: &str| format!("lib/python3.{minor}/site-packages/x-{version}.dist-info/RECORD");
    let (old, new) = (own(11, "1.0"), own(12, "1.1"));
    for paths in [
        vec![old.as_str(), new.as_str()],
        vec!["x-1.0.dist-info/RECORD", &new],
        vec!["x-1.0.dist-info/RECORD", "x-1.0.0.dist-info/RECORD"],
        vec!["x-1.0.dist-info/RECORD", "X-1.0-py3.12.egg-info/PKG-INFO"],
        vec!["x-1_1.0.dist-info/RECORD", "x-1!1.0.dist-info/RECORD"],
        vec!["x-1.0.dist-info/RECORD", "y/_vendor/x-1.1.dist-info/RECORD"],
    ] {
        assert_eq!(told(&paths, "x>=1.0", &["python3.11", "python3.12"]), "", "{paths:?}");
        assert_eq!(told(&paths, "x>=1.0", &[]), "", "{paths:?}");
    }
    let told = |runtimes: &[&str]| told(&[&own(11, "1.0"), &own(11, "1.1"), &own(12, "1.1")], "x==1.1", runtimes);
    insta::assert_snapshot!(told(&["python3.11"]), @"Error archive-differs it holds several versions of one package, as a build over an older one leaves them: `x` 1.0 and 1.1 for python3.11, pinned is 1.1");
    insta::assert_snapshot!(told(&[]), @"Error archive-differs it holds several versions of one package, as a build over an older one leaves them: `x` 1.0 and 1.1 for python3.11, pinned is 1.1");
    assert_eq!(told(&["python3.12"]), "", "no runtime of the layer looks there");
}

#[test]
fn it_is_told_where_no_manifest_can_be_read() {
    let found = together(&packages(&["python/x-1.dist-info/", "python/x-2.dist-info/"]), &settings(&[])).unwrap();
    insta::assert_snapshot!(found.message, @"it holds several versions of one package, as a build over an older one leaves them: `x` 1 and 2");
    assert!(together(&packages(&["python/x-1.dist-info/", "python/y-2.dist-info/"]), &settings(&[])).is_none());
    let gems = ["ruby/3.3.0/specifications/x-1.gemspec", "ruby/3.3.0/specifications/x-2.gemspec"];
    assert!(together(&packages(&gems), &settings(&[])).is_none());
}

#[test]
fn the_work_for_them_is_bounded() {
    let mut packages = Packages::default();
    for name in 0..LIMIT + 10 {
        (0..64).for_each(|version| packages.meet(format!("python/p{name}-1_{version}_a_b.dist-info/").as_bytes()));
    }
    let crowds = Together::of(&packages, &crate::archive::differs::homes(&settings(&[])));
    assert_eq!(crowds.0.len(), LIMIT);
    assert!(crowds.0.iter().all(|crowd| crowd.held.len() == VERSIONS_LIMIT));
    assert!(crowds.has("p7", "1_63_a_b") && !crowds.has("p7", "1") && !crowds.has("p", "1_63_a_b"));
}
