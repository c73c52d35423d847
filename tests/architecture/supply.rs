//! What the crates are built of: the toolchain, the licences and the sources of every dependency.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect(path)
}

/// All packages of `Cargo.lock` that are built on this platform, as cargo knows them: the others may never have been
/// fetched.
fn packages() -> Vec<Value> {
    let version = Command::new("rustc").arg("-vV").output().expect("rustc");
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("a platform");
    let args = ["metadata", "--format-version=1", "--locked", "--offline", "--filter-platform", host];
    let output =
        Command::new(env!("CARGO")).args(args).current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages").clone();
    assert!(packages.len() > 100, "only {} packages", packages.len());
    packages
}

fn text<'a>(package: &'a Value, key: &str) -> &'a str {
    package[key].as_str().unwrap_or_default()
}

/// `1.94.1` as numbers, the missing ones 0.
fn version(text: &str) -> [u64; 3] {
    let mut parts = text.split('.').map(|part| part.parse().expect("a number"));
    [0; 3].map(|_: u64| parts.next().unwrap_or_default())
}

#[test]
fn the_toolchain_that_is_asked_for_is_new_enough_for_every_dependency() {
    let manifest: toml::Table = read("Cargo.toml").parse().expect("TOML");
    let wanted = manifest["workspace"]["package"]["rust-version"].as_str().expect("a version");
    for package in packages() {
        let needed = text(&package, "rust_version");
        let enough = needed.is_empty() || version(needed) <= version(wanted);
        assert!(enough, "{} needs Rust {needed}, Cargo.toml says {wanted}", package["name"]);
        // Those without a source are ours.
        assert!(!package["source"].is_null() || needed == wanted, "{} says {needed}", package["name"]);
    }
}

#[test]
fn licences_and_sources_are_those_of_deny_toml() {
    let deny: toml::Table = read("deny.toml").parse().expect("TOML");
    let list = |value: &toml::Value| -> Vec<String> {
        value.as_array().expect("a list").iter().map(|item| item.as_str().expect("a text").to_owned()).collect()
    };
    let (licences, registries) = (list(&deny["licenses"]["allow"]), list(&deny["sources"]["allow-registry"]));
    for package in packages() {
        let licence = text(&package, "license");
        assert!(is_allowed(licence, &licences), "{}: licence `{licence}`", package["name"]);
        let registry = text(&package, "source").trim_start_matches("registry+");
        assert!(
            registry.is_empty() || registries.iter().any(|known| known == registry),
            "{}: {registry}",
            package["name"]
        );
    }
}

/// What is only needed to fuzz.
const OF_THE_FUZZER: [&str; 3] = ["layership-fuzz", "libfuzzer-sys", "arbitrary"];

#[test]
fn what_is_fuzzed_is_what_is_built() {
    let locked = |path: &str| -> Vec<(String, String)> {
        let lock: toml::Table = read(path).parse().expect("TOML");
        let text = |package: &toml::Value, key: &str| package[key].as_str().expect("a text").to_owned();
        let packages = lock["package"].as_array().expect("packages");
        packages.iter().map(|package| (text(package, "name"), text(package, "version"))).collect()
    };
    let (built, fuzzed) = (locked("Cargo.lock"), locked("fuzz/Cargo.lock"));
    assert!(fuzzed.len() > 50, "only {} packages", fuzzed.len());
    let is_other = |package: &&(String, String)| !built.contains(package) && !OF_THE_FUZZER.contains(&&*package.0);
    let others: Vec<_> = fuzzed.iter().filter(is_other).collect();
    assert!(others.is_empty(), "copy Cargo.lock to fuzz/, then `cargo fuzz build -s none`: {others:?}");
}

/// Whether an SPDX expression can be satisfied by these licences. `/` is how `OR` was written once.
fn is_allowed(expression: &str, licences: &[String]) -> bool {
    let spread = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = spread.split_whitespace().peekable();
    let allowed = any(&mut words, licences);
    allowed && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any(words: &mut Words<'_>, licences: &[String]) -> bool {
    let mut allowed = all(words, licences);
    while words.next_if_eq(&"OR").is_some() {
        allowed |= all(words, licences);
    }
    allowed
}

fn all(words: &mut Words<'_>, licences: &[String]) -> bool {
    let mut allowed = one(words, licences);
    while words.next_if_eq(&"AND").is_some() {
        allowed &= one(words, licences);
    }
    allowed
}

fn one(words: &mut Words<'_>, licences: &[String]) -> bool {
    if words.next_if_eq(&"(").is_some() {
        let allowed = any(words, licences);
        return words.next() == Some(")") && allowed;
    }
    let mut licence = words.next().unwrap_or_default().to_owned();
    if words.next_if_eq(&"WITH").is_some() {
        licence = format!("{licence} WITH {}", words.next().unwrap_or_default());
    }
    licences.contains(&licence)
}

#[test]
fn licence_expressions_are_read_as_they_are_meant() {
    let licences = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
    let allowed = |expression| is_allowed(expression, &licences);
    assert!(
        allowed("MIT") && allowed("GPL-3.0 OR MIT") && allowed("Apache-2.0/MIT") && allowed("MIT AND (ISC OR GPL-3.0)")
    );
    assert!(allowed("Apache-2.0 WITH LLVM-exception") && !allowed("Apache-2.0"));
    assert!(!allowed("") && !allowed("MIT AND GPL-3.0") && !allowed("(MIT") && !allowed("MIT ISC"));
}
