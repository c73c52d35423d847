//! Lock files written in JSON: Pipenv and Composer.

use super::dependencies::{Dependencies, Found};
use super::json::{Text, elements, read};
use super::requirements::normalised;
use super::unreadable::Unreadable;
use super::versions::{Contents, Need};
use crate::halt::Halt;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

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
            map.next_value_seed(Category { halt: self.halt, need, found: &mut found })?;
        }
        if has_meta { Ok(found) } else { Err(A::Error::missing_field("_meta")) }
    }
}

/// Packages of a category.
struct Category<'h, 'f> {
    halt: &'h Halt,
    need: Need,
    found: &'f mut Dependencies,
}

impl<'de> DeserializeSeed<'de> for Category<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Category<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(name)) = map.next_key()? {
            self.halt.check().map_err(A::Error::custom)?;
            let package = map.next_value_seed(PipfilePackage { halt: self.halt, name })?;
            self.found.insert(package.needed(self.need));
        }
        Ok(())
    }
}

/// Reads a package of this name. It may have hashes without end.
struct PipfilePackage<'h, 'n> {
    halt: &'h Halt,
    name: Cow<'n, str>,
}

impl<'de> DeserializeSeed<'de> for PipfilePackage<'_, '_> {
    type Value = Found<'de>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Found<'de>, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for PipfilePackage<'_, '_> {
    type Value = Found<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a package")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found<'de>, A::Error> {
        let (mut place, mut about) = (PipfilePlace::default(), Found::default());
        let mut contents = Contents::default();
        while let Some(Text(key)) = map.next_key()? {
            match &*key {
                "version" => place.version = map.next_value()?,
                "git" => place.git = map.next_value()?,
                "ref" => place.commit = map.next_value()?,
                "file" => place.file = map.next_value()?,
                "path" => place.path = map.next_value()?,
                "markers" => {
                    let marker: Option<Text<'_>> = map.next_value()?;
                    about = about.with_marker(text(marker.as_ref()));
                }
                "hashes" => map.next_value_seed(elements(self.halt, |Text(hash): Text<'de>| {
                    about.add_hash(&hash);
                    contents = contents.and(Contents::of(&hash));
                }))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        if place.is_file() {
            about.about.contents = contents;
        }
        let found = Found::new(normalised(&self.name).into_owned(), place.version().into_owned());
        Ok(Found { about: about.about, ..found.placed(place.is_place()) })
    }
}

/// What may stand for the version of a package.
#[derive(Default)]
struct PipfilePlace<'a> {
    version: Option<Text<'a>>,
    git: Option<Text<'a>>,
    commit: Option<Text<'a>>,
    file: Option<Text<'a>>,
    path: Option<Text<'a>>,
}

pub(super) fn pipfile(text: &str, halt: &Halt) -> Result<Dependencies, Unreadable> {
    read(text, "Pipenv", Pipfile { halt })
}

impl PipfilePlace<'_> {
    /// Whether it is a file that no index has: whoever makes it may do so again at the same version.
    fn is_file(&self) -> bool {
        self.file.is_some() || self.path.is_some()
    }

    fn is_place(&self) -> bool {
        self.git.is_some() || self.is_file()
    }

    fn version(&self) -> Cow<'_, str> {
        if let Some(Text(git)) = &self.git {
            return at_commit(git, text(self.commit.as_ref()));
        }
        match text(self.file.as_ref().or(self.path.as_ref())) {
            // What is no version has a slash in it.
            Some(name) if !name.contains(['/', ':']) && !name.starts_with('.') => format!("./{name}").into(),
            Some(place) => place.into(),
            None => text(self.version.as_ref()).unwrap_or_default().trim_start_matches("==").into(),
        }
    }
}

fn text<'a>(text: Option<&'a Text<'_>>) -> Option<&'a str> {
    text.map(|Text(text)| &**text)
}

fn at_commit<'a>(place: &'a str, commit: Option<&str>) -> Cow<'a, str> {
    commit.map_or_else(|| place.into(), |commit| format!("{place}#{commit}").into())
}

/// Reads a `composer.lock`.
struct Composer<'h> {
    halt: &'h Halt,
}

impl<'de> DeserializeSeed<'de> for Composer<'_> {
    type Value = Dependencies;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Dependencies, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Composer<'_> {
    type Value = Dependencies;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a lock file of Composer")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Dependencies, A::Error> {
        let (mut found, mut has_packages) = (Dependencies::default(), false);
        while let Some(Text(key)) = map.next_key()? {
            let need = match &*key {
                "packages" => Need::Required,
                "packages-dev" => Need::Development,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            has_packages |= need == Need::Required;
            map.next_value_seed(elements(self.halt, |package: ComposerPackage<'de>| {
                found.insert(package.found().needed(need));
            }))?;
        }
        if has_packages { Ok(found) } else { Err(A::Error::missing_field("packages")) }
    }
}

#[derive(Deserialize)]
struct ComposerPackage<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    version: Option<Text<'a>>,
    #[serde(borrow)]
    source: Option<ComposerPlace<'a>>,
    #[serde(borrow)]
    dist: Option<ComposerPlace<'a>>,
}

#[derive(Deserialize)]
struct ComposerPlace<'a> {
    #[serde(borrow)]
    reference: Option<Text<'a>>,
    #[serde(borrow)]
    shasum: Option<Text<'a>>,
}

pub(super) fn composer(text: &str, halt: &Halt) -> Result<Dependencies, Unreadable> {
    read(text, "Composer", Composer { halt })
}

impl ComposerPackage<'_> {
    fn found(&self) -> Found<'_> {
        let hash = text(self.dist.as_ref().and_then(|dist| dist.shasum.as_ref())).filter(|hash| !hash.is_empty());
        Found::new(&*self.name.0, self.version()).with_hashes(hash).noting(self.commit())
    }

    /// A branch keeps its version while its commits move on, so the commit is shown with it: that of its repository or, where
    /// it comes without one, that of its archive.
    fn version(&self) -> Cow<'_, str> {
        let version = text(self.version.as_ref()).unwrap_or_default();
        let is_branch = version.starts_with("dev-") || version.ends_with("-dev");
        at_commit(version, self.commit().filter(|_| is_branch))
    }

    /// Of a version, too: a tag may move.
    fn commit(&self) -> Option<&str> {
        let mut places = [&self.source, &self.dist].into_iter().flatten();
        places.find_map(|place| text(place.reference.as_ref()))
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
        let table: [(Read, &str, &str); 13] = [
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
            (
                npm,
                r#"{"lockfileVersion":3,"packages":{"node_modules/x":{"version":"1.0.0","resolved":"https://codeload.github.com/o/x/tar.gz/c0ffee"}}}"#,
                "x https://codeload.github.com/o/x/tar.gz/c0ffee",
            ),
            (
                npm,
                r#"{"lockfileVersion":2,"packages":{"node_modules/x":{"version":"1.0.0","resolved":"https://h/x.git#c0ffee"},"node_modules/y":{"version":"1.0.0","resolved":"https://registry.npmjs.org/y/-/y-1.0.0.tgz"}}}"#,
                "x https://h/x.git#c0ffee, y 1.0.0",
            ),
            (
                npm,
                r#"{"lockfileVersion":1,"dependencies":{"alias":{"version":"npm:@s/real@1.0.0","resolved":"https://registry.npmjs.org/@s/real/-/real-1.0.0.tgz"}}}"#,
                "@s/real 1.0.0",
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
            // Locked without those for development.
            (composer, r#"{"packages":[{"name":"a/x","version":"1"}],"packages-dev":null}"#, "a/x 1"),
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
        assert_eq!(x.need, Need::Required);
        assert!(x.details().markers.iter().eq(["sys_platform == 'win32'"]));
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
        let lock = r#"{"packages":[{"name":"a/x","version":"1","source":{"reference":"c0ffee"}}]}"#;
        assert_ne!(about(composer, lock, "a/x").files, about(composer, &lock.replace("c0ffee", "decaf"), "a/x").files);
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
