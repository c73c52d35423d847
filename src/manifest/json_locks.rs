//! Lock files written in JSON: Pipenv, npm and Composer.

use super::dependencies::{Dependencies, Found, Need};
use super::requirements::normalised;
use super::unreadable::Unreadable;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Reads only what is asked for: a large lock as a tree of values would take ten times its size.
fn read<T: DeserializeOwned>(text: &str, tool: &str) -> Result<T, Unreadable> {
    serde_json::from_str(text).map_err(|error| {
        // The error's own words may quote the file.
        let why =
            if error.is_data() { format!("it is not a lock file of {tool}") } else { "it is not JSON".to_owned() };
        Unreadable::at(error.line(), why)
    })
}

#[derive(Deserialize)]
struct PipfileLock {
    #[serde(rename = "_meta")]
    _meta: IgnoredAny,
    // Besides `default` and `develop`, a Pipfile may have categories of its own.
    #[serde(flatten)]
    categories: BTreeMap<String, BTreeMap<String, PipfilePackage>>,
}

#[derive(Deserialize)]
struct PipfilePackage {
    version: Option<String>,
    git: Option<String>,
    #[serde(rename = "ref")]
    commit: Option<String>,
    file: Option<String>,
    path: Option<String>,
    markers: Option<String>,
    #[serde(default)]
    hashes: Vec<String>,
}

pub(super) fn pipfile(text: &str) -> Result<Dependencies, Unreadable> {
    let lock: PipfileLock = read(text, "Pipenv")?;
    let mut dependencies = Dependencies::default();
    for (category, packages) in &lock.categories {
        for (name, package) in packages {
            let found = Found::new(normalised(name), package.version());
            let found = found.with_hashes(package.hashes.iter().map(String::as_str));
            let need = if category == "default" { Need::Required } else { Need::Development };
            dependencies.insert(found.needed(need).with_marker(package.markers.as_deref()));
        }
    }
    Ok(dependencies)
}

impl PipfilePackage {
    fn version(&self) -> Cow<'_, str> {
        if let Some(git) = &self.git {
            return at_commit(git, self.commit.as_deref());
        }
        let place = self.file.as_deref().or(self.path.as_deref());
        place.or(self.version.as_deref()).unwrap_or_default().trim_start_matches("==").into()
    }
}

fn at_commit<'a>(place: &'a str, commit: Option<&str>) -> Cow<'a, str> {
    commit.map_or_else(|| place.into(), |commit| format!("{place}#{commit}").into())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NpmLock {
    #[serde(rename = "lockfileVersion")]
    _version: IgnoredAny,
    packages: Option<BTreeMap<String, NpmPackage>>,
    dependencies: Option<BTreeMap<String, NpmNode>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NpmPackage {
    name: Option<String>,
    version: Option<String>,
    resolved: Option<String>,
    integrity: Option<String>,
    #[serde(default)]
    link: bool,
    #[serde(default)]
    dev: bool,
    #[serde(default)]
    optional: bool,
    #[serde(default)]
    dev_optional: bool,
    #[serde(default)]
    peer: bool,
}

/// A package of version 1, with those that are installed below it. serde_json refuses to nest deeper than the stack can
/// follow.
#[derive(Deserialize)]
struct NpmNode {
    #[serde(flatten)]
    package: NpmPackage,
    dependencies: Option<BTreeMap<String, NpmNode>>,
}

/// `package-lock.json` of any version. Version 2 carries the tree in both forms; `packages` is the newer.
pub(super) fn npm(text: &str) -> Result<Dependencies, Unreadable> {
    let lock: NpmLock = read(text, "npm")?;
    let mut dependencies = Dependencies::default();
    match (&lock.packages, &lock.dependencies) {
        (Some(packages), _) => npm_packages(packages, &mut dependencies),
        (None, Some(tree)) => npm_tree(tree, &mut dependencies),
        (None, None) => {}
    }
    Ok(dependencies)
}

/// Versions 2 and 3: a flat list, keyed by where a package is installed.
fn npm_packages(packages: &BTreeMap<String, NpmPackage>, dependencies: &mut Dependencies) {
    for (path, package) in packages {
        // Without `node_modules/` it is the project or one of its workspaces, which links point to.
        let Some((_, installed_as)) = path.rsplit_once("node_modules/") else { continue };
        if !package.link {
            let name = package.name.as_deref().unwrap_or(installed_as);
            dependencies.insert(package.found(name));
        }
    }
}

fn npm_tree(tree: &BTreeMap<String, NpmNode>, dependencies: &mut Dependencies) {
    for (name, node) in tree {
        dependencies.insert(node.package.found(name));
        if let Some(nested) = &node.dependencies {
            npm_tree(nested, dependencies);
        }
    }
}

impl NpmPackage {
    fn found<'a>(&'a self, name: &'a str) -> Found<'a> {
        Found::new(name, self.version()).with_hashes(self.integrity.as_deref()).needed(self.need())
    }

    /// Peers are left out with `--legacy-peer-deps`; what is optional, where another platform needs it.
    fn need(&self) -> Need {
        match self {
            Self { dev: true, .. } => Need::Development,
            Self { optional: true, .. } | Self { dev_optional: true, .. } | Self { peer: true, .. } => Need::Optional,
            _ => Need::Required,
        }
    }

    /// The version, or for a package from git the repository with its commit.
    fn version(&self) -> &str {
        let git = self.resolved.as_deref().filter(|resolved| resolved.starts_with("git"));
        git.or(self.version.as_deref()).unwrap_or_default()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct ComposerLock {
    packages: Vec<ComposerPackage>,
    #[serde(default)]
    packages_dev: Vec<ComposerPackage>,
}

#[derive(Deserialize)]
struct ComposerPackage {
    name: String,
    version: Option<String>,
    source: Option<ComposerPlace>,
    dist: Option<ComposerPlace>,
}

#[derive(Deserialize)]
struct ComposerPlace {
    reference: Option<String>,
    shasum: Option<String>,
}

pub(super) fn composer(text: &str) -> Result<Dependencies, Unreadable> {
    let lock: ComposerLock = read(text, "Composer")?;
    let mut dependencies = Dependencies::default();
    for (packages, need) in [(&lock.packages, Need::Required), (&lock.packages_dev, Need::Development)] {
        for package in packages {
            let hash = package.dist.as_ref().and_then(|dist| dist.shasum.as_deref()).filter(|hash| !hash.is_empty());
            let found = Found::new(package.name.as_str(), package.version()).with_hashes(hash);
            dependencies.insert(found.needed(need));
        }
    }
    Ok(dependencies)
}

impl ComposerPackage {
    /// A branch keeps its version while its commits move on, so the commit is shown with it.
    fn version(&self) -> Cow<'_, str> {
        let version = self.version.as_deref().unwrap_or_default();
        let commit = self.source.as_ref().and_then(|source| source.reference.as_deref());
        let is_branch = version.starts_with("dev-") || version.ends_with("-dev");
        at_commit(version, commit.filter(|_| is_branch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read = fn(&str) -> Result<Dependencies, Unreadable>;

    fn shown(dependencies: Result<Dependencies, Unreadable>) -> Option<String> {
        let dependencies = dependencies.ok()?;
        let pairs = dependencies
            .iter()
            .flat_map(|(name, versions)| versions.keys().map(move |version| format!("{name} {}", version.as_str())));
        Some(pairs.collect::<Vec<_>>().join(", "))
    }

    #[test]
    fn unusual_packages_are_read() {
        let table: [(Read, &str, &str); 9] = [
            (
                npm,
                r#"{"lockfileVersion":3,"packages":{"":{"version":"9"},"libs/x":{"version":"1"},"node_modules/x":{"resolved":"libs/x","link":true}}}"#,
                "",
            ),
            (npm, r#"{"lockfileVersion":3,"packages":{"node_modules/alias":{"name":"real","version":"1"}}}"#, "real 1"),
            (npm, r#"{"lockfileVersion":3,"packages":{"node_modules/a/node_modules/@s/b":{"version":"1"}}}"#, "@s/b 1"),
            (
                npm,
                r#"{"lockfileVersion":3,"packages":{"node_modules/x":{"version":"1","resolved":"git+ssh://git@h/x.git#c0ffee"}}}"#,
                "x git+ssh://****@h/x.git#c0ffee",
            ),
            (
                npm,
                r#"{"lockfileVersion":1,"dependencies":{"x":{"version":"git+https://t@h/x.git#c0ffee"}}}"#,
                "x git+https://****@h/x.git#c0ffee",
            ),
            (npm, r#"{"lockfileVersion":3}"#, ""),
            (
                pipfile,
                r#"{"_meta":{},"default":{"My_X":{"git":"https://t@h/x","ref":"c0ffee"}},"docs":{"y":{"version":"==1","markers":"m"}}}"#,
                "my-x https://****@h/x#c0ffee, y 1",
            ),
            (pipfile, r#"{"_meta":{},"default":{"x":{"path":"."}}}"#, "x ."),
            (
                composer,
                r#"{"packages":[{"name":"a/x","version":"2.x-dev","source":{"reference":"c0ffee"}}],"packages-dev":[{"name":"a/y","version":"1"}]}"#,
                "a/x 2.x-dev#c0ffee, a/y 1",
            ),
        ];
        for (read, text, expected) in table {
            assert_eq!(shown(read(text)).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_lock_is_not_read() {
        let table = [
            "",
            "[]",
            "{}",
            "{",
            r#"{"lockfileVersion":3,"packages":1}"#,
            r#"{"_meta":1,"default":[]}"#,
            r#"{"packages":{}}"#,
            r#"{"packages":[{}]}"#,
        ];
        for text in table {
            for read in [npm as Read, pipfile, composer] {
                assert!(read(text).is_err(), "{text}");
            }
        }
    }

    #[test]
    fn deep_nesting_is_refused_not_followed() {
        let nested = r#"{"dependencies":{"a":"#.repeat(10_000);
        assert!(npm(&format!(r#"{{"lockfileVersion":1,"dependencies":{{"a":{nested}"#)).is_err());
    }

    #[test]
    fn development_hashes_and_markers_are_known() {
        let about = |read: Read, text: &str, name: &str| {
            let dependencies = read(text).unwrap();
            dependencies.versions(name).unwrap().values().next().unwrap().clone()
        };
        let lock = r#"{"_meta":{},"default":{"x":{"version":"==1","markers":"sys_platform == 'win32'","hashes":["sha256:a","sha256:b"]}},"develop":{"y":{"version":"==1"}}}"#;
        let x = about(pipfile, lock, "x");
        assert_eq!((x.need, x.markers), (Need::Required, ["sys_platform == 'win32'".to_owned()].into()));
        assert_eq!(
            x.files,
            about(pipfile, &lock.replace(r#""sha256:a","sha256:b""#, r#""sha256:b","sha256:a""#), "x").files
        );
        assert_ne!(x.files, about(pipfile, &lock.replace("sha256:a", "sha256:c"), "x").files);
        assert_eq!(about(pipfile, lock, "y").need, Need::Development);
        let lock =
            r#"{"lockfileVersion":3,"packages":{"node_modules/x":{"version":"1","dev":true,"integrity":"sha512-a"}}}"#;
        let x = about(npm, lock, "x");
        assert!(x.need == Need::Development && x.files.is_some());
        for key in ["optional", "devOptional", "peer"] {
            assert_eq!(about(npm, &lock.replace("dev", key), "x").need, Need::Optional, "{key}");
        }
        let lock = r#"{"packages":[],"packages-dev":[{"name":"a/y","version":"1","dist":{"shasum":""}}]}"#;
        let y = about(composer, lock, "a/y");
        assert!(y.need == Need::Development && y.files.is_none());
    }

    #[test]
    fn what_cannot_be_read_has_its_line() {
        assert_eq!(npm("{\n\n  oops").unwrap_err().to_string(), "line 3: it is not JSON");
        let wrong = npm("{\"lockfileVersion\":3,\n\"packages\":1}").unwrap_err();
        assert_eq!(wrong.to_string(), "line 2: it is not a lock file of npm");
    }
}
