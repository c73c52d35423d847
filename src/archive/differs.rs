//! Whether an archive holds what its manifest pins.

use super::packages::{Ecosystem, Packages};
use crate::bounds::Outside;
use crate::finding::{Check, Finding};
use crate::halt::Halt;
use crate::manifest::{About, Dependencies, Environments, Format, Need, Version, Versions, is_left_out};
use std::str::FromStr as _;

/// How many packages a message names.
const SHOWN: usize = 3;

/// A manifest that was read.
#[derive(Clone, Copy)]
pub struct Pins<'a> {
    /// Its file name, for messages.
    pub name: &'a str,
    /// What kind of manifest it is.
    pub format: Format,
    /// What it names.
    pub dependencies: &'a Dependencies,
    /// Why no message names what it does, if so; asked where there is something to name.
    pub unshown: &'a dyn Fn() -> Option<Outside>,
}

/// That no package in an archive tells its version, where it would have to be held against a manifest of this name.
pub fn not_compared(packages: &Packages, format: Format, name: &str) -> Option<Finding> {
    let ecosystem = Ecosystem::of(format)?;
    let message = || format!("no package in it tells its version, so it was not compared with `{name}`");
    let hint = "keep the packages' metadata in the archive (`*.dist-info` of Python, `package.json` of Node)";
    packages.are_unknown(ecosystem).then(|| Finding::advice(Check::ArchiveNotCompared, message(), hint))
}

/// What differs between the packages of an archive and the manifest, for a layer that is used in these environments. Of
/// what is found where nobody waits any more, nothing can be made.
///
/// | in the archive | in the manifest | |
/// |---|---|---|
/// | another version | pinned | error |
/// | missing | pinned, and installed in one of the environments | warning |
/// | there | not named | warning |
///
/// Lock files of Yarn and pnpm name neither what packages bring along in themselves nor, in a workspace, what one project of it
/// needs; Yarn's do not tell what is for development. Of these, only another version of what was installed counts.
///
/// An archive without any metadata is not compared (see [`not_compared`]): many strip it to save space. What Lambda's runtimes bring, and tools
/// that only build, may be missing.
pub fn differs(packages: &Packages, pins: Pins<'_>, environments: &Environments, halt: &Halt) -> Vec<Finding> {
    let Some(ecosystem) = Ecosystem::of(pins.format) else { return Vec::new() };
    let look = Look { ecosystem, environments, halt };
    let is_complete = !matches!(pins.format, Format::YarnLock | Format::PnpmLock);
    let (mut wrong, mut missing) = (Vec::new(), Vec::new());
    for (name, versions) in halt.over(pins.dependencies.iter()) {
        match packages.versions(ecosystem, name) {
            Some(held) => {
                let counts = |held: &&str| is_complete || packages.is_installed(name, held);
                let held: Vec<&str> = held.iter().map(String::as_str).filter(counts).collect();
                wrong.extend(look.other_versions(name, &held, versions));
            }
            None if is_complete && look.is_expected(name, versions) => missing.push(format!("`{name}`")),
            None => {}
        }
    }
    let is_loose = |name: &str| {
        pins.dependencies.versions(name).is_none() && !pins.dependencies.is_project(name) && !is_left_out(name)
    };
    let loose = packages.of(ecosystem).map(|(name, _)| name).filter(|name| is_complete && is_loose(name));
    let loose: Vec<String> = loose.map(|name| format!("`{name}`")).collect();
    let told = [pins.told_wrong(&wrong), pins.told_missing(&missing), pins.told_loose(&loose)];
    told.into_iter().flatten().collect()
}

/// What packages are looked at for.
struct Look<'a> {
    ecosystem: Ecosystem,
    environments: &'a Environments,
    halt: &'a Halt,
}

impl Look<'_> {
    /// Versions that the archive holds and the manifest does not pin. A pin is read once, and few of either are told: a
    /// package may have many in both.
    fn other_versions(&self, name: &str, held: &[&str], versions: &Versions) -> Vec<String> {
        let used = versions.iter().filter(|(_, about)| self.environments.install(about, self.halt));
        let used: Vec<&str> = used.map(|(version, _)| version.as_str()).collect();
        // Whatever rules all of them out, the archive holds the package: then it has to be one of them at least.
        let all = self.ecosystem == Ecosystem::Node || used.is_empty();
        let pinned = if all { versions.keys().map(Version::as_str).collect() } else { used };
        let mut others: Vec<Held<'_>> = held.iter().map(|held| Held::of(self.ecosystem, held)).collect();
        for pin in self.halt.over(&pinned) {
            let pin = Pin::of(self.ecosystem, pin);
            others.retain(|held| !pin.allows(held));
        }
        let shown = pinned.iter().take(SHOWN).copied().collect::<Vec<_>>().join(" or ");
        let more = match pinned.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" or one of {more} more"),
        };
        others.iter().map(|held| format!("`{name}` {}, pinned is {shown}{more}", held.text)).collect()
    }

    /// Whether a package should be in the archive.
    fn is_expected(&self, name: &str, versions: &Versions) -> bool {
        let is_expected = |version: &Version, about: &About| {
            about.need == Need::Required && self.environments.install(about, self.halt) && !is_place(version.as_str())
        };
        !is_left_out(name) && versions.iter().any(|(version, about)| is_expected(version, about))
    }
}

/// Whether an archive holds this version of a package, or one that tells no version.
pub(super) fn holds(packages: &Packages, ecosystem: Ecosystem, name: &str, version: &Version) -> bool {
    let pin = Pin::of(ecosystem, version.as_str());
    // What another package of Node brought along is not there for itself.
    let counts = |held: &str| ecosystem != Ecosystem::Node || packages.is_installed(name, held);
    let is_it = |held: &String| counts(held) && pin.allows(&Held::of(ecosystem, held));
    packages.versions(ecosystem, name).is_some_and(|all| all.is_empty() || all.iter().any(is_it))
}

/// A repository, URL or path in place of a version: what it holds is not told, and perhaps not even its name.
fn is_place(pin: &str) -> bool {
    pin.contains(['/', ':']) || pin.starts_with('.')
}

/// A version that the archive holds.
struct Held<'a> {
    text: &'a str,
    /// Of a package of Python, where it can be read.
    version: Option<pep440_rs::Version>,
}

impl<'a> Held<'a> {
    fn of(ecosystem: Ecosystem, text: &'a str) -> Self {
        let is_python = ecosystem == Ecosystem::Python;
        Self { text, version: is_python.then(|| pep440_rs::Version::from_str(text).ok()).flatten() }
    }
}

/// What a manifest pins.
enum Pin<'a> {
    /// A version as it is written, which has to be the same text.
    Text(&'a str),
    /// The platform of a gem stands behind its version in the lock file, and is no part of the gem's own version.
    Gem(&'a str),
    /// Versions of Python.
    Python(&'a str, pep440_rs::VersionSpecifiers),
    /// Whatever is held.
    Anything,
}

impl<'a> Pin<'a> {
    fn of(ecosystem: Ecosystem, pin: &'a str) -> Self {
        // Who installs it fills in a variable.
        if pin == "*" || is_place(pin) || pin.contains("${") {
            return Self::Anything;
        }
        match ecosystem {
            Ecosystem::Ruby => Self::Gem(pin),
            Ecosystem::Python => {
                let is_version = pin.starts_with(|first: char| first.is_ascii_alphanumeric());
                let specifiers = if is_version { format!("=={pin}") } else { pin.to_owned() };
                let specifiers = pep440_rs::VersionSpecifiers::from_str(&specifiers);
                specifiers.map_or(Self::Text(pin), |specifiers| Self::Python(pin, specifiers))
            }
            Ecosystem::Node => Self::Text(pin),
        }
    }

    /// Whether a version is one that it allows.
    fn allows(&self, held: &Held<'_>) -> bool {
        match self {
            Self::Anything => true,
            Self::Text(pin) => *pin == held.text,
            Self::Gem(pin) => *pin == held.text || pin.split('-').next() == Some(held.text),
            Self::Python(pin, specifiers) => {
                *pin == held.text || held.version.as_ref().is_some_and(|version| specifiers.contains(version))
            }
        }
    }
}

impl Pins<'_> {
    fn told_wrong(&self, wrong: &[String]) -> Option<Finding> {
        let hint = "build it again from the manifest, then stage it; where another version is meant, `allow = [\"archive-differs\"]`";
        let message = || format!("it does not hold what `{}` pins: {}", self.name, self.listed(wrong, "; "));
        (!wrong.is_empty()).then(|| Finding::error(Check::ArchiveDiffers, message(), hint))
    }

    fn told_missing(&self, missing: &[String]) -> Option<Finding> {
        let hint =
            "build it again from the manifest; what is left out on purpose, `allow = [\"package-missing\"]` accepts";
        let verb = if missing.len() == 1 { "is" } else { "are" };
        let message = || match (self.unshown)() {
            None => format!("{} of `{}` {verb} not in it", listed(missing, ", "), self.name),
            Some(_) => format!("`{}` names what is not in it: {}", self.name, self.listed(missing, ", ")),
        };
        (!missing.is_empty()).then(|| Finding::warning(Check::PackageMissing, message(), hint))
    }

    /// What is named here is the archive's own.
    fn told_loose(&self, loose: &[String]) -> Option<Finding> {
        let hint = "lock all that is installed, for example with `uv pip compile` or `pip freeze`: changes to the rest are not noticed";
        let message = || format!("it holds {}, which `{}` does not name", listed(loose, ", "), self.name);
        (!loose.is_empty()).then(|| Finding::warning(Check::PackageNotLocked, message(), hint))
    }

    /// What is made of names in the manifest, as far as they may be told.
    fn listed(&self, items: &[String], between: &str) -> String {
        match (self.unshown)() {
            None => listed(items, between),
            Some(outside) => format!("{}; which ones {}", counted(items.len()), outside.is_why()),
        }
    }
}

/// So many packages.
pub(super) fn counted(packages: usize) -> String {
    if packages == 1 { "1 package".to_owned() } else { format!("{packages} packages") }
}

fn listed(items: &[String], between: &str) -> String {
    let shown = items.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(between);
    match items.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::LayerSettings;
    use crate::manifest::dependencies;

    /// What is told of an archive with these paths under a requirements file.
    fn told(paths: &[&str], requirements: &str) -> String {
        told_if(None, paths, requirements)
    }

    fn told_if(unshown: Option<Outside>, paths: &[&str], requirements: &str) -> String {
        let mut packages = Packages::default();
        paths.iter().for_each(|path| packages.meet(format!("python/{path}.dist-info/METADATA").as_bytes()));
        let dependencies =
            dependencies(Format::Requirements, requirements.as_bytes(), &Halt::default()).unwrap().unwrap();
        let (name, format) = ("requirements.txt", Format::Requirements);
        let pins = Pins { name, format, dependencies: &dependencies, unshown: &|| unshown };
        let settings = LayerSettings {
            compatible_runtimes: vec!["python3.12".parse().unwrap()],
            compatible_architectures: vec!["x86_64".parse().unwrap()],
            ..LayerSettings::default()
        };
        let found = match not_compared(&packages, pins.format, pins.name) {
            Some(advice) => vec![advice],
            None => differs(&packages, pins, &Environments::of(&settings), &Halt::default()),
        };
        found.iter().map(|found| format!("{} {}", found.check, found.message)).collect::<Vec<_>>().join("\n")
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

    /// The lock says which of its versions is for which Python.
    #[test]
    fn of_several_locked_versions_that_of_the_runtime_counts() {
        let lock = include_bytes!("../../tests/interop/projects/numeric/uv.lock");
        let dependencies = dependencies(Format::UvLock, lock, &Halt::default()).unwrap().unwrap();
        let pins = Pins { name: "uv.lock", format: Format::UvLock, dependencies: &dependencies, unshown: &|| None };
        let python = |version: &str| LayerSettings {
            compatible_runtimes: vec![format!("python{version}").parse().unwrap()],
            ..LayerSettings::default()
        };
        for (held, runtime, is_wrong) in
            [("2.3.5", "3.12", false), ("2.2.6", "3.12", true), ("2.2.6", "3.10", false), ("2.3.5", "3.10", true)]
        {
            let mut packages = Packages::default();
            packages.meet(format!("python/numpy-{held}.dist-info/METADATA").as_bytes());
            let found = differs(&packages, pins, &Environments::of(&python(runtime)), &Halt::default());
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
        let pins = Pins { name, format, dependencies: &dependencies, unshown: &|| None };
        let settings = LayerSettings {
            compatible_runtimes: (8..14).map(|minor| format!("python3.{minor}").parse().unwrap()).collect(),
            ..LayerSettings::default()
        };
        let (whole, halt) = (Halt::default(), Halt::after(50));
        for halt in [&whole, &halt] {
            differs(&Packages::default(), pins, &Environments::of(&settings), halt);
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
        insta::assert_snapshot!(told(&held, &pinned), @"archive-differs it does not hold what `requirements.txt` pins: `a` 2.0, pinned is 1.0 or 1.1 or 1.10 or one of 3997 more; `a` 2.1, pinned is 1.0 or 1.1 or 1.10 or one of 3997 more; `a` 2.10, pinned is 1.0 or 1.1 or 1.10 or one of 3997 more and 61 more");
    }
}
