//! What is released fits together: the archives that `cargo binstall` asks for, the targets of the workflow, the packages,
//! and the one version in `Cargo.toml`.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::common::project::in_crate;
use crate::packing::{has_python, packed, script, text, unpacked};

fn read(path: &str) -> String {
    std::fs::read_to_string(in_crate(path)).expect(path)
}

fn manifest() -> toml::Table {
    read("Cargo.toml").parse().expect("TOML")
}

/// The targets in the workflow's matrix, and whether packages are made of them.
fn targets() -> Vec<(String, bool)> {
    let workflow = read(".github/workflows/release.yml");
    let lines = workflow.lines().filter_map(|line| line.trim().strip_prefix("- { target: "));
    lines.map(|line| (line.split_once(',').expect("more").0.to_owned(), line.contains("packages: true"))).collect()
}

/// What a template of `cargo binstall` stands for.
fn filled(template: &str, target: &str) -> String {
    let suffix = if target.contains("windows") { ".exe" } else { "" };
    let repository = manifest()["workspace"]["package"]["repository"].as_str().unwrap().to_owned();
    let version = env!("CARGO_PKG_VERSION");
    [
        ("repo", repository.as_str()),
        ("version", version),
        ("name", "layership"),
        ("bin", "layership"),
        ("target", target),
        ("binary-ext", suffix),
    ]
    .into_iter()
    .fold(template.to_owned(), |text, (name, value)| text.replace(&format!("{{ {name} }}"), value))
}

#[test]
fn binstall_finds_the_binary_where_the_archives_have_it() {
    if !has_python() {
        return;
    }
    let binstall = manifest()["package"]["metadata"]["binstall"].clone();
    let folder = crate::common::folder();
    for (target, _) in targets() {
        let own = binstall["overrides"].get(&target);
        let of = |key: &str| own.and_then(|own| own.get(key)).unwrap_or_else(|| &binstall[key]).as_str().unwrap();
        let suffix = if target.contains("windows") { ".exe" } else { "" };
        let path = folder.path().join(format!("layership{suffix}"));
        std::fs::write(&path, "a binary").unwrap();
        let (_out, archive) = packed("archive.py", &["--binary", text(&path), "--target", &target]);
        let name = archive.file_name().unwrap().to_str().unwrap();
        let url = filled(of("pkg-url"), &target);
        assert!(url.ends_with(&format!("/releases/download/v{}/{name}", env!("CARGO_PKG_VERSION"))), "{url}: {name}");
        assert_eq!(of("pkg-fmt"), if target.contains("windows") { "zip" } else { "tgz" }, "{target}");
        let inside = filled(of("bin-dir"), &target);
        assert_eq!(unpacked(&archive, &inside), "a binary", "{target}: {inside}");
    }
}

#[test]
fn the_workflow_builds_what_the_packages_name() {
    if !has_python() {
        return;
    }
    let (_out, main) = packed("npm.py", &["--main"]);
    let package: Value = serde_json::from_str(&unpacked(&main, "package/package.json")).unwrap();
    let named: BTreeSet<String> = package["optionalDependencies"].as_object().unwrap().keys().cloned().collect();
    let built = targets().into_iter().filter(|(_, packages)| *packages).map(|(target, _)| {
        let cpu = if target.starts_with("aarch64") { "arm64" } else { "x64" };
        let systems = [("linux-musl", "linux"), ("apple-darwin", "darwin"), ("windows", "win32")];
        let (_, system) = systems.into_iter().find(|(part, _)| target.contains(part)).expect("a system");
        format!("@layership/{system}-{cpu}")
    });
    assert_eq!(built.collect::<BTreeSet<_>>(), named);
    let versions: BTreeSet<&str> = package["optionalDependencies"]
        .as_object()
        .unwrap()
        .values()
        .map(|version| version.as_str().unwrap())
        .collect();
    assert_eq!(versions, [env!("CARGO_PKG_VERSION")].into());
}

/// Whether each crate can be built from what is packed of it takes too long to be tried here.
#[test]
fn no_release_is_drafted_before_each_crate_was_built_from_its_package() {
    let workflow = read(".github/workflows/release.yml");
    let job = |name: &str| {
        let rest = workflow.split_once(&format!("\n  {name}:\n")).expect(name).1;
        rest.split("\n\n  ").next().unwrap().to_owned()
    };
    let packages: Vec<String> =
        job("crates").lines().filter(|line| line.contains("cargo package")).map(str::to_owned).collect();
    assert_eq!(packages, ["      - run: cargo package --workspace --locked"]);
    assert!(job("draft").contains("needs: [build, reproduce, crates]\n"), "{}", job("draft"));
}

#[test]
fn a_tag_that_is_not_the_version_is_refused() {
    if !has_python() {
        return;
    }
    script("tag.py", &[&format!("v{}", env!("CARGO_PKG_VERSION"))]).expect(0);
    for tag in [&["v9.9.9"] as &[&str], &[], &[env!("CARGO_PKG_VERSION")]] {
        assert!(script("tag.py", tag).expect(1).stderr.contains("Cargo.toml says v"), "{tag:?}");
    }
}

#[test]
fn all_crates_have_one_version_and_one_home() {
    let root = manifest();
    let version = root["package"]["version"].as_str().unwrap();
    for member in ["protocol", "sandbox"] {
        let own: toml::Table = read(&format!("{member}/Cargo.toml")).parse().unwrap();
        assert_eq!(own["package"]["version"].as_str(), Some(version), "{member}");
        let name = own["package"]["name"].as_str().unwrap();
        assert_eq!(root["dependencies"][name]["version"].as_str(), Some(version), "{member}");
        assert_eq!(own["package"]["repository"]["workspace"].as_bool(), Some(true), "{member}");
    }
}

#[test]
fn the_image_has_the_binary_as_its_entry_and_is_not_root() {
    let dockerfile = read("packaging/Dockerfile");
    let rust = manifest()["workspace"]["package"]["rust-version"].as_str().unwrap().to_owned();
    let argument = |name: &str| {
        let found = dockerfile.lines().find_map(|line| line.strip_prefix(&format!("ARG {name}=")));
        found.unwrap_or_else(|| panic!("no {name}")).to_owned()
    };
    let (build, base) = (argument("BUILD_IMAGE"), argument("BASE_IMAGE"));
    assert!(build.starts_with(&format!("rust:{rust}-")), "built with {build}, and all else with {rust}");
    assert_eq!(base, "gcr.io/distroless/static-debian12:nonroot");
    assert!(dockerfile.contains("\nFROM $BUILD_IMAGE AS build\n"));
    // The workflow looks up what these names stand for, and what is built for a release is built of that.
    let step = ["sed -n 's/^ARG \\([A-Z]*_IMAGE=.*\\)$/\\1/p' packaging/Dockerfile", "> dist/layership-images.txt"];
    let workflow = read(".github/workflows/release.yml");
    assert!(step.iter().all(|part| workflow.contains(part)), "{workflow}");
    assert!(read("docs/releasing.md").contains("$(sed 's/^/--build-arg /' dist/layership-images.txt)"));
    let last = dockerfile.rsplit("\nFROM ").next().unwrap();
    assert!(last.starts_with("$BASE_IMAGE\n"), "{last}");
    let copied = last.lines().find_map(|line| line.strip_prefix("COPY --from=build ")).unwrap();
    assert_eq!(copied, "/layership /layership");
    assert!(last.ends_with("ENTRYPOINT [\"/layership\"]\n"), "{last}");
}
