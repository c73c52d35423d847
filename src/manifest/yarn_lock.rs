//! `yarn.lock`. That of classic Yarn is no YAML, and is read by its indentation; since its second version Yarn writes YAML.
//!
//! The crate for classic Yarn holds all of a file and cannot be told to end.

use super::dependencies::{Dependencies, Found};
use super::line_locks::unmerged;
use super::node::{content, split_at_sign, stands_for};
use super::unreadable::Unreadable;
use super::uses::{Uses, digest};
use super::yaml::Yaml;
use crate::halt::Halt;

const NO_LOCK: &str = "it is not a lock file of Yarn";

/// A lock file of any version of Yarn.
pub(super) fn yarn(text: &str, halt: &Halt) -> Result<Dependencies, Unreadable> {
    unmerged(text)?;
    if is_classic(text) { Ok(classic(text, halt)) } else { modern(text, halt) }
}

/// Whether it is of classic Yarn, told as Yarn itself tells it: by a comment before all else.
pub(super) fn is_classic(text: &str) -> bool {
    let mut comments = text.lines().take_while(|line| line.starts_with('#') || line.trim().is_empty());
    comments.any(|line| line.contains("yarn lockfile v1"))
}

/// A header line of descriptors without indentation, facts below it.
fn classic(text: &str, halt: &Halt) -> Dependencies {
    let mut locked = Locked::default();
    let mut package = None;
    for line in halt.over(text.lines()).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match (line.strip_prefix("  "), &mut package) {
            (None, _) => locked.keep(package.replace(Package::new(line.trim_start_matches('"')))),
            (Some(fact), Some(package)) => package.read_line(fact),
            (Some(_), None) => {}
        }
    }
    locked.keep(package);
    locked.told()
}

/// A map of packages by their descriptors, and what is said of the file itself.
fn modern(text: &str, halt: &Halt) -> Result<Dependencies, Unreadable> {
    let (mut locked, mut is_lock) = (Locked::default(), false);
    Yaml::new(text, halt).documents(|yaml| {
        if is_lock {
            return Err(yaml.wrong("it has a second document"));
        }
        yaml.entries(|yaml, descriptors| {
            if descriptors == "__metadata" {
                is_lock = true;
                return yaml.skip();
            }
            let mut package = Package::new(&descriptors);
            let is_project = descriptors.contains("@workspace:");
            yaml.entries(|yaml, key| {
                if is_project && key == "dependencies" {
                    return locked.read_uses(yaml, &descriptors);
                }
                if let Some(value) = yaml.text()? {
                    package.read(&key, &value);
                }
                Ok(())
            })?;
            locked.keep(Some(package));
            Ok(())
        })?;
        Ok(())
    })?;
    if is_lock { Ok(locked.told()) } else { Err(Unreadable::new(NO_LOCK)) }
}

/// What was found, and which of the descriptors by which it is asked for lead to what.
#[derive(Default)]
struct Locked {
    dependencies: Dependencies,
    uses: Uses,
}

#[derive(Default)]
struct Package {
    name: String,
    /// A digest of the descriptors.
    descriptors: u64,
    version: String,
    origin: Option<String>,
    resolved: Option<String>,
    hash: Option<String>,
    /// The hash of a patch, or of a file of the repository.
    content: Option<String>,
    is_workspace: bool,
}

impl Package {
    /// From descriptors such as `@scope/name@^1.0.0, @scope/name@^1.1.0`. Where one asks for it by another name, such as
    /// `other@npm:name@^1.0.0`, its own stands behind that.
    fn new(descriptors: &str) -> Package {
        let named = descriptors.split("@npm:").skip(1).filter_map(split_at_sign);
        let own = named.map(|(name, _)| name).find(|name| is_name(name));
        let name = own.or_else(|| split_at_sign(descriptors).map(|(name, _)| name)).unwrap_or_default();
        Package { name: name.to_owned(), descriptors: digest(descriptors), ..Package::default() }
    }

    /// `version "1.0.0"`. Deeper lines begin with a blank and so have an empty key.
    fn read_line(&mut self, fact: &str) {
        if let Some((key, value)) = fact.split_once(' ') {
            self.read(key, value.trim().trim_matches('"'));
        }
    }

    fn read(&mut self, key: &str, value: &str) {
        match key {
            "version" => value.clone_into(&mut self.version),
            "resolved" => self.resolved = Some(value.to_owned()),
            "integrity" | "checksum" => self.hash = Some(value.to_owned()),
            "resolution" => self.read_resolution(value),
            _ => {}
        }
    }

    fn read_resolution(&mut self, resolution: &str) {
        let (name, reference) = split_at_sign(resolution).unwrap_or(("", resolution));
        if !name.is_empty() {
            // Where it is asked for by another name, this is its own.
            name.clone_into(&mut self.name);
        }
        self.is_workspace = reference.starts_with("workspace:");
        self.content = content_hash(reference).map(str::to_owned);
        if reference.contains("#commit=") || reference.starts_with("http") {
            self.origin = Some(reference.to_owned());
        }
    }
}

/// Whether a text is the name of a package, and not a range or what follows one.
fn is_name(text: &str) -> bool {
    let is_part = |next: char| next.is_ascii_alphanumeric() || matches!(next, '/' | '-' | '_' | '.' | '~');
    let rest = text.strip_prefix('@').unwrap_or(text);
    rest.starts_with(|first: char| first.is_ascii_alphanumeric()) && rest.chars().all(is_part)
}

/// `patch:…#./x.patch::version=1.0.0&hash=c0ffee` or `file:…::hash=c0ffee&locator=…`. The patches that Yarn brings along change
/// with Yarn, and not by anybody's hand.
fn content_hash(reference: &str) -> Option<&str> {
    let (place, parameters) = reference.rsplit_once("::")?;
    let is_own = !place.contains("builtin<");
    parameters.split('&').find_map(|one| one.strip_prefix("hash=")).filter(|_| is_own)
}

impl Locked {
    fn keep(&mut self, package: Option<Package>) {
        let Some(package) = package.filter(|package| !package.name.is_empty() && !package.is_workspace) else { return };
        let resolved = package.resolved.as_deref();
        let place = resolved.filter(|place| stands_for(place, &package.version, package.hash.is_some()));
        let version = package.origin.as_deref().or(place).unwrap_or(&package.version);
        // Older ones have the hash behind the place alone.
        let digest = resolved.and_then(|place| place.split_once('#')).map(|(_, digest)| digest);
        let of_file = content(resolved, &package.version, package.hash.as_deref());
        let found = Found::new(&package.name, version).with_hashes(package.hash.as_deref());
        let found = found.with_content(package.content.as_deref().or(of_file));
        self.uses.add(&package.name, (package.descriptors, version));
        self.dependencies.insert(found.noting(digest.filter(|_| package.hash.is_none())));
    }

    /// Reads what a project asks for.
    fn read_uses(&mut self, yaml: &mut Yaml<'_, '_>, project: &str) -> Result<(), Unreadable> {
        yaml.entries(|yaml, name| {
            self.uses.add(&name, (project, yaml.text()?));
            Ok(())
        })?;
        Ok(())
    }

    fn told(mut self) -> Dependencies {
        self.uses.tell(&mut self.dependencies);
        self.dependencies
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::reading::line_of;

    const CLASSIC: &str = "# THIS IS AN AUTOGENERATED FILE. DO NOT EDIT THIS FILE DIRECTLY.\n# yarn lockfile v1\n\n";
    const MODERN: &str = "# This file is generated\n\n__metadata:\n  version: 8\n\n";

    fn shown(text: &str) -> String {
        let [unix, windows] = [text, &text.replace('\n', "\r\n")].map(|text| yarn(text, &Halt::default()).unwrap());
        assert_eq!(unix, windows, "CRLF: {text}");
        line_of(&unix)
    }

    #[test]
    fn unusual_packages_are_read() {
        for (version, packages, expected) in [
            (
                CLASSIC,
                "\"@s/x@^1\", \"@s/x@^1.1\":\n  version \"1.2.0\"\n  dependencies:\n    version \"9\"\n",
                "@s/x 1.2.0",
            ),
            (
                CLASSIC,
                "\"x@git+https://h/x\":\n  version \"1\"\n  resolved \"git+https://t@h/x#c0ffee\"\n",
                "x git+https://****@h/x#c0ffee",
            ),
            (
                CLASSIC,
                "x@o/x:\n  version \"1.0.0\"\n  resolved \"https://codeload.github.com/o/x/tar.gz/c0ffee\"\n",
                "x https://codeload.github.com/o/x/tar.gz/c0ffee",
            ),
            (
                CLASSIC,
                "x@^1:\n  version \"1.0.0\"\n  resolved \"https://registry.yarnpkg.com/x/-/x-1.0.0.tgz#abc\"\n",
                "x 1.0.0",
            ),
            (
                MODERN,
                "\"x@https://h/x.git\":\n  version: 1\n  resolution: \"x@https://h/x.git#commit=c0ffee\"\n",
                "x https://h/x.git#commit=c0ffee",
            ),
            (CLASSIC, "\"alias@npm:@s/x@^1\":\n  version \"1.0.0\"\n", "@s/x 1.0.0"),
            (CLASSIC, "\"alias@npm:x@^1\", x@^1.0:\n  version \"1.0.0\"\n", "x 1.0.0"),
            (CLASSIC, "x@^1, \"y@npm:x@^1\":\n  version \"1.0.0\"\n", "x 1.0.0"),
            (CLASSIC, "x@npm:^1, x@npm:1:\n  version \"1.0.0\"\n", "x 1.0.0"),
            (CLASSIC, "x@npm:1.0, x@npm:^1.0:\n  version \"1.0.0\"\n", "x 1.0.0"),
            (MODERN, "\"alias@npm:@s/x@1\":\n  version: 1\n  resolution: \"@s/x@npm:1\"\n", "@s/x 1"),
            (MODERN, "? \"x@npm:^1, x@npm:^2\"\n:\n  version: 1\n", "x 1"),
            (MODERN, "{\"x@npm:^1, x@npm:^2\": {version: '1', dependencies: {version: 2}}}\n", "x 1"),
            (MODERN, "\"own@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"own@workspace:.\"\n", ""),
        ] {
            let text = match packages.starts_with('{') {
                true => packages.replacen('{', "{__metadata: {version: 8}, ", 1),
                false => format!("{version}{packages}"),
            };
            assert_eq!(shown(&text), expected, "{text}");
        }
    }

    #[test]
    fn hashes_are_known() {
        for (version, package) in [
            (CLASSIC, "x@^1:\n  version \"1\"\n  integrity HASH\n"),
            (CLASSIC, "x@^1:\n  version \"1\"\n  resolved \"https://r/x/-/x-1.tgz#HASH\"\n"),
            (MODERN, "\"x@npm:^1\":\n  version: 1\n  checksum: HASH\n"),
        ] {
            let files = |package: &str| {
                let read = yarn(&format!("{version}{package}"), &Halt::default()).unwrap();
                read.versions("x").unwrap().values().next().unwrap().files
            };
            assert!(files(package).is_some(), "{package}");
            assert_ne!(files(package), files(&package.replace("HASH", "OTHER")), "{package}");
        }
    }

    #[test]
    fn what_is_no_lock_is_not_read() {
        let twice = format!("{MODERN}\"x@1\":\n  version: 1\n\"x@1\":\n  version: 2\n");
        for (text, expected) in [
            ("a: 1\n", NO_LOCK),
            ("x@^1:\n  version \"1\"\n", NO_LOCK),
            (&format!("{MODERN}---\na: 1\n"), "line 6: it has a second document"),
            (&format!("{MODERN}x@1:\n  version: 1: 2\n"), "line 7: it is not YAML"),
            (&twice, "line 8: a key stands twice in one map"),
        ] {
            assert_eq!(yarn(text, &Halt::default()).unwrap_err().to_string(), expected, "{text}");
        }
    }
}
