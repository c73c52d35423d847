//! Packages of Python of which an archive holds nothing but the metadata: they were installed as editable (`pip install -e`,
//! `uv sync`), and their code is where they were built.

use super::{Look, Pins, listed};
use crate::archive::packages::Ecosystem;
use crate::finding::{Check, Finding};
use crate::manifest::{Need, Versions};

const HINT: &str = "install them with their code: `uv sync --no-editable`, or `pip install` without `-e`; `allow = [\"package-missing\"]` accepts it";

/// A warning where the manifest asks for one of them, as for what is missing. The project itself may well be meant to be elsewhere.
pub(super) fn told_editable(look: &Look<'_>, pins: Pins<'_>) -> Option<Finding> {
    if look.ecosystem != Ecosystem::Python {
        return None;
    }
    let is_asked_for = |name: &&str| {
        let versions = pins.dependencies.versions(name);
        !pins.dependencies.is_project(name) && versions.is_some_and(|versions| look.asks_for_other(versions))
    };
    let seen = look.packages.editable().filter(|name| look.is_seen(name));
    let (asked, own): (Vec<&str>, Vec<&str>) = seen.partition(is_asked_for);
    let level =
        if asked.is_empty() || !pins.dependencies.tells_who_asks() { Finding::advice } else { Finding::warning };
    let names = if asked.is_empty() { own } else { asked };
    let verb = if names.len() == 1 { "was" } else { "were" };
    let all: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let message = || {
        format!(
            "{} {verb} installed as editable: the code stayed where it was built, and is not in it",
            listed(&all, ", ")
        )
    };
    (!all.is_empty()).then(|| level(Check::PackageMissing, message(), HINT))
}

impl Look<'_> {
    /// Whether a package is required for this layer, and is another one than the folder of the manifest.
    fn asks_for_other(&self, versions: &Versions) -> bool {
        let all = self.homes.first();
        versions.iter().any(|(version, about)| {
            let is_used = || all.is_some_and(|all| all.environments.install(about, self.halt));
            about.need == Need::Required && !matches!(version.as_str().trim_end_matches('/'), "." | "") && is_used()
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::archive::differs::{Pins, differs};
    use crate::archive::packages::Packages;
    use crate::halt::Halt;
    use crate::layer::LayerSettings;
    use crate::manifest::{Format, dependencies};

    /// What is told of an archive with these packages, of which the first is editable.
    fn told((format, text): (Format, &str), held: &[&str]) -> String {
        let mut packages = Packages::default();
        let path = |held: &str| format!("python/{held}.dist-info/direct_url.json");
        held.iter().for_each(|held| packages.meet(path(held).as_bytes()));
        packages.see_direct_url(path(held[0]).as_bytes(), br#"{"url":"file:///x","dir_info":{"editable":true}}"#);
        let dependencies = dependencies(format, text.as_bytes(), &Halt::default()).unwrap().unwrap();
        let pins = Pins { name: "LOCK", format, dependencies: &dependencies, is_partial: false, unshown: &|| None };
        let compatible_runtimes = vec!["python3.12".parse().unwrap()];
        let settings = LayerSettings { compatible_runtimes, ..LayerSettings::default() };
        let found = differs(&packages, pins, &settings, &Halt::default());
        let found = found.iter().map(|found| format!("{:?} {} {}", found.level, found.check, found.message));
        found.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_is_asked_for_and_only_editable_is_not_in_it() {
        let warning = "Warning package-missing `x` was installed as editable: the code stayed where it was built, and is not in it";
        let advice = warning.replace("Warning", "Advice");
        let uv = |source: &str| {
            format!("[[package]]\nname = \"x\"\nversion = \"1\"\nsource = {{ editable = \"{source}\" }}\n")
        };
        for (format, manifest, expected) in [
            (Format::Requirements, "x==1\ny==1", warning),
            (Format::Requirements, "-e ./x\ny==1", warning),
            (Format::Requirements, "-e git+https://host/x.git@v1\ny==1", warning),
            (Format::Requirements, "-e .\ny==1", &advice),
            (Format::Requirements, "-e ./\ny==1", &advice),
            // Who exports a lock without the project asks for what others need.
            (Format::Requirements, "y==1", &advice),
            (Format::Requirements, "x==1 ; sys_platform == 'win32'\ny==1", &advice),
            (Format::UvLock, &format!("{}[[package]]\nname = \"y\"\nversion = \"1\"\n", uv("packages/x")), warning),
            (Format::UvLock, &format!("{}[[package]]\nname = \"y\"\nversion = \"1\"\n", uv(".")), &advice),
        ] {
            assert_eq!(told((format, manifest), &["x-1", "y-1"]), *expected, "{manifest}");
        }
        assert_eq!(
            told((Format::PipfileLock, r#"{"_meta":{},"default":{"x":{"editable":true,"path":"."}}}"#), &["x-1"]),
            advice
        );
    }
}
