//! Lock files written in JSON: Pipenv and Composer.

use super::dependencies::{Dependencies, Found};
use super::json::{Text, entries, read};
use super::requirements::normalised;
use super::unreadable::Unreadable;
use super::versions::Need;
use crate::halt::Halt;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// Reads a `Pipfile.lock`: besides `default` and `develop`, a Pipfile may have categories of its own.
struct Pipfile<'h> {
    halt: &'h Halt,
}

impl<'de> DeserializeSeed<'de> for Pipfile<'_> {
    type Value = Dependencies;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Dependencies, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Pipfile<'_> {
    type Value = Dependencies;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a lock file of Pipenv")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Dependencies, A::Error> {
        let (mut found, mut has_meta) = (Dependencies::default(), false);
        while let Some(Text(category)) = map.next_key()? {
            if category == "_meta" {
                has_meta = true;
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let need = if category == "default" { Need::Required } else { Need::Development };
            map.next_value_seed(entries(self.halt, |name: Text<'de>, package: PipfilePackage<'de>| {
                found.insert(package.found(&name.0).needed(need));
            }))?;
        }
        if has_meta { Ok(found) } else { Err(A::Error::missing_field("_meta")) }
    }
}

#[derive(Deserialize)]
struct PipfilePackage<'a> {
    #[serde(borrow)]
    version: Option<Text<'a>>,
    #[serde(borrow)]
    git: Option<Text<'a>>,
    #[serde(borrow, rename = "ref")]
    commit: Option<Text<'a>>,
    #[serde(borrow)]
    file: Option<Text<'a>>,
    #[serde(borrow)]
    path: Option<Text<'a>>,
    #[serde(borrow)]
    markers: Option<Text<'a>>,
    #[serde(borrow, default)]
    hashes: Vec<Text<'a>>,
}

pub(super) fn pipfile(text: &str, halt: &Halt) -> Result<Dependencies, Unreadable> {
    read(text, "Pipenv", Pipfile { halt })
}

impl PipfilePackage<'_> {
    fn found<'f>(&'f self, name: &'f str) -> Found<'f> {
        let found = Found::new(normalised(name), self.version());
        found.with_hashes(self.hashes.iter().map(|Text(hash)| &**hash)).with_marker(text(self.markers.as_ref()))
    }

    fn version(&self) -> Cow<'_, str> {
        if let Some(Text(git)) = &self.git {
            return at_commit(git, text(self.commit.as_ref()));
        }
        let place = self.file.as_ref().or(self.path.as_ref());
        text(place.or(self.version.as_ref())).unwrap_or_default().trim_start_matches("==").into()
    }
}

fn text<'a>(text: Option<&'a Text<'_>>) -> Option<&'a str> {
    text.map(|Text(text)| &**text)
}

fn at_commit<'a>(place: &'a str, commit: Option<&str>) -> Cow<'a, str> {
    commit.map_or_else(|| place.into(), |commit| format!("{place}#{commit}").into())
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

pub(super) fn composer(text: &str, halt: &Halt) -> Result<Dependencies, Unreadable> {
    let lock = read(text, "Composer", PhantomData::<ComposerLock>)?;
    let mut dependencies = Dependencies::default();
    for (packages, need) in [(&lock.packages, Need::Required), (&lock.packages_dev, Need::Development)] {
        for package in halt.over(packages) {
            let hash = package.dist.as_ref().and_then(|dist| dist.shasum.as_deref()).filter(|hash| !hash.is_empty());
            let found = Found::new(package.name.as_str(), package.version()).with_hashes(hash);
            dependencies.insert(found.needed(need));
        }
    }
    Ok(dependencies)
}

impl ComposerPackage {
    /// A branch keeps its version while its commits move on, so the commit is shown with it: that of its repository or, where
    /// it comes without one, that of its archive.
    fn version(&self) -> Cow<'_, str> {
        let version = self.version.as_deref().unwrap_or_default();
        let mut places = [&self.source, &self.dist].into_iter().flatten();
        let commit = places.find_map(|place| place.reference.as_deref());
        let is_branch = version.starts_with("dev-") || version.ends_with("-dev");
        at_commit(version, commit.filter(|_| is_branch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::npm_lock::npm;

    type Read = fn(&str, &Halt) -> Result<Dependencies, Unreadable>;

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
            assert_eq!(shown(read(text, &Halt::default())).as_deref(), Some(expected), "{text}");
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
                assert!(read(text, &Halt::default()).is_err(), "{text}");
            }
        }
    }

    #[test]
    fn deep_nesting_is_refused_not_followed() {
        let nested = r#"{"dependencies":{"a":"#.repeat(10_000);
        let nested = format!(r#"{{"lockfileVersion":1,"dependencies":{{"a":{nested}"#);
        assert!(npm(&nested, &Halt::default()).is_err());
    }

    #[test]
    fn development_hashes_and_markers_are_known() {
        let about = |read: Read, text: &str, name: &str| {
            let dependencies = read(text, &Halt::default()).unwrap();
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
        assert_eq!(npm("{\n\n  oops", &Halt::default()).unwrap_err().to_string(), "line 3: it is not JSON");
        let wrong = npm("{\"lockfileVersion\":3,\n\"packages\":1}", &Halt::default()).unwrap_err();
        assert_eq!(wrong.to_string(), "line 2: it is not a lock file of npm");
    }
}
