//! Lock files written in JSON: Pipenv, npm and Composer.

use super::dependencies::Dependencies;
use super::requirements::normalised;
use serde_json::{Map, Value};

type Object = Map<String, Value>;

pub(super) fn pipfile(text: &str) -> Option<Dependencies> {
    let lock: Object = serde_json::from_str(text).ok()?;
    lock.get("_meta")?;
    let mut dependencies = Dependencies::default();
    // Besides `default` and `develop`, a Pipfile may have categories of its own.
    for (_, packages) in lock.iter().filter(|(category, _)| *category != "_meta") {
        for (name, package) in packages.as_object()? {
            dependencies.insert(&normalised(name), &pipfile_version(package.as_object()?));
        }
    }
    Some(dependencies)
}

fn pipfile_version(package: &Object) -> String {
    if let Some(git) = string(package, "git") {
        return string(package, "ref").map_or_else(|| git.to_owned(), |commit| format!("{git}#{commit}"));
    }
    let place = string(package, "file").or(string(package, "path"));
    place.or(string(package, "version")).unwrap_or_default().trim_start_matches("==").to_owned()
}

/// `package-lock.json` of any version. Version 2 carries the tree in both forms; `packages` is the newer.
pub(super) fn npm(text: &str) -> Option<Dependencies> {
    let lock: Object = serde_json::from_str(text).ok()?;
    lock.get("lockfileVersion")?;
    let mut dependencies = Dependencies::default();
    match (lock.get("packages"), lock.get("dependencies")) {
        (Some(packages), _) => npm_packages(packages.as_object()?, &mut dependencies)?,
        (None, Some(tree)) => npm_tree(tree.as_object()?, &mut dependencies)?,
        (None, None) => {}
    }
    Some(dependencies)
}

/// Versions 2 and 3: a flat list, keyed by where a package is installed.
fn npm_packages(packages: &Object, dependencies: &mut Dependencies) -> Option<()> {
    for (path, package) in packages {
        let package = package.as_object()?;
        // Without `node_modules/` it is the project or one of its workspaces, which links point to.
        let Some((_, installed_as)) = path.rsplit_once("node_modules/") else { continue };
        if package.get("link").and_then(Value::as_bool) == Some(true) {
            continue;
        }
        let name = string(package, "name").unwrap_or(installed_as);
        dependencies.insert(name, npm_version(package));
    }
    Some(())
}

/// Version 1: a tree. serde_json refuses to nest deeper than the stack can follow.
fn npm_tree(tree: &Object, dependencies: &mut Dependencies) -> Option<()> {
    for (name, package) in tree {
        let package = package.as_object()?;
        dependencies.insert(name, npm_version(package));
        if let Some(nested) = package.get("dependencies") {
            npm_tree(nested.as_object()?, dependencies)?;
        }
    }
    Some(())
}

/// The version, or for a package from git the repository with its commit.
fn npm_version(package: &Object) -> &str {
    let git = string(package, "resolved").filter(|resolved| resolved.starts_with("git"));
    git.or(string(package, "version")).unwrap_or_default()
}

pub(super) fn composer(text: &str) -> Option<Dependencies> {
    let lock: Object = serde_json::from_str(text).ok()?;
    let mut dependencies = Dependencies::default();
    let lists = [Some(lock.get("packages")?), lock.get("packages-dev")];
    for list in lists.into_iter().flatten() {
        for package in list.as_array()? {
            let package = package.as_object()?;
            dependencies.insert(string(package, "name")?, &composer_version(package));
        }
    }
    Some(dependencies)
}

/// A branch keeps its version while its commits move on, so the commit is shown with it.
fn composer_version(package: &Object) -> String {
    let version = string(package, "version").unwrap_or_default();
    let source = package.get("source").and_then(Value::as_object);
    let commit = source.and_then(|source| string(source, "reference"));
    let is_branch = version.starts_with("dev-") || version.ends_with("-dev");
    match commit {
        Some(commit) if is_branch => format!("{version}#{commit}"),
        _ => version.to_owned(),
    }
}

fn string<'a>(object: &'a Object, key: &str) -> Option<&'a str> {
    object.get(key).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read = fn(&str) -> Option<Dependencies>;

    fn shown(dependencies: Option<Dependencies>) -> Option<String> {
        let dependencies = dependencies?;
        let pairs =
            dependencies.iter().flat_map(|(name, all)| all.iter().map(move |version| format!("{name} {version}")));
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
                assert_eq!(read(text), None, "{text}");
            }
        }
    }

    #[test]
    fn deep_nesting_is_refused_not_followed() {
        let nested = r#"{"dependencies":{"a":"#.repeat(10_000);
        assert_eq!(npm(&format!(r#"{{"lockfileVersion":1,"dependencies":{{"a":{nested}"#)), None);
    }
}
