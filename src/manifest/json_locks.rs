//! Lock files written in JSON: Pipenv and Composer.

use super::dependencies::{Dependencies, Found};
use super::json::{Entries, Take, Text, elements, read};
use super::manner::EDITABLE;
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
            let take = Category { halt: self.halt, need, found: &mut found };
            map.next_value_seed(Entries { halt: self.halt, take })?;
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

impl<'de> Take<'de> for Category<'_, '_> {
    fn take<A: MapAccess<'de>>(&mut self, name: Cow<'de, str>, map: &mut A) -> Result<(), A::Error> {
        let package = map.next_value_seed(PipfilePackage { halt: self.halt, name })?;
        self.found.insert(package.needed(self.need));
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
                "editable" => {
                    let is_editable: Option<bool> = map.next_value()?;
                    about = about.in_manner(is_editable.unwrap_or_default().then_some(EDITABLE));
                }
                "subdirectory" => place.folder = map.next_value()?,
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
    /// Which of its folders the package is in.
    folder: Option<Text<'a>>,
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
        let place = self.place();
        match text(self.folder.as_ref()) {
            Some(folder) if self.is_place() => {
                let sign = if place.contains('#') { '&' } else { '#' };
                format!("{place}{sign}subdirectory={folder}").into()
            }
            _ => place,
        }
    }

    fn place(&self) -> Cow<'_, str> {
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
        let found = Found::new(&*self.name.0, self.version()).with_hashes(hash);
        // Which of the two is installed is said where that is done.
        self.commits().fold(found, |found, commit| found.noting(Some(commit)))
    }

    /// A branch keeps its version while its commits move on, so the commit is shown with it: that of its repository or, where
    /// it comes without one, that of its archive.
    fn version(&self) -> Cow<'_, str> {
        let version = text(self.version.as_ref()).unwrap_or_default();
        let is_branch = version.starts_with("dev-") || version.ends_with("-dev");
        at_commit(version, self.commit().filter(|_| is_branch))
    }

    fn commit(&self) -> Option<&str> {
        self.commits().next()
    }

    /// Of a version, too: a tag may move. Nearly always the repository and the archive have the same.
    fn commits(&self) -> impl Iterator<Item = &str> {
        let [source, dist] =
            [&self.source, &self.dist].map(|place| place.as_ref().and_then(|place| text(place.reference.as_ref())));
        source.into_iter().chain(dist.filter(|dist| source != Some(dist)))
    }
}

#[cfg(test)]
mod tests;
