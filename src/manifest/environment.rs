//! Where a layer's packages are installed: a Python of Lambda on one architecture.

use super::marker::holds;
use super::versions::{About, Need};
use crate::layer::{Architecture, LayerSettings};
use std::collections::BTreeSet;

/// Which patch release Lambda runs is not known; a marker may ask for it, so the first and the last possible one count.
const PATCHES: [&str; 2] = ["0", "99"];

/// Where a layer's packages are installed: each of its Python runtimes on each of its architectures.
#[derive(Debug, Clone, Default)]
pub struct Environments(Vec<Environment>);

impl Environments {
    /// All that a layer is for. None where it is for no Python: then no marker rules anything out.
    pub fn of(settings: &LayerSettings) -> Self {
        let declared: Vec<&str> = settings.compatible_architectures.iter().map(Architecture::as_str).collect();
        let architectures = if declared.is_empty() { vec!["x86_64", "arm64"] } else { declared };
        let runtimes = settings.compatible_runtimes.iter();
        let versions = runtimes.filter_map(|runtime| runtime.as_str().strip_prefix("python"));
        let versions = versions.flat_map(|version| PATCHES.map(|patch| (version, patch)));
        let all = versions.flat_map(|(version, patch)| {
            architectures.iter().map(move |architecture| Environment::of(version, patch, architecture))
        });
        Self(all.collect())
    }

    /// Whether a package is installed in any of them. A marker that cannot be read counts as one that holds.
    pub fn install(&self, about: &About) -> bool {
        let is_marked_out = || !self.0.is_empty() && !about.markers.is_empty() && !self.hold(&about.markers);
        about.need != Need::Development && !is_marked_out()
    }

    fn hold(&self, markers: &BTreeSet<String>) -> bool {
        let mut pairs = markers.iter().flat_map(|marker| self.0.iter().map(move |here| (marker, here)));
        pairs.any(|(marker, here)| holds(marker, &|name| here.value(name)).unwrap_or(true))
    }
}

/// One Python on one architecture.
#[derive(Debug, Clone)]
struct Environment {
    version: String,
    full_version: String,
    machine: String,
}

impl Environment {
    fn of(version: &str, patch: &str, architecture: &str) -> Environment {
        Environment {
            version: version.to_owned(),
            full_version: format!("{version}.{patch}"),
            // The kernel's name for it is what a marker asks for.
            machine: if architecture == "arm64" { "aarch64" } else { architecture }.to_owned(),
        }
    }

    /// What a variable of a marker is here; `None` for one that does not exist.
    fn value(&self, name: &str) -> Option<&str> {
        match name {
            "python_version" => Some(&self.version),
            "python_full_version" | "implementation_version" => Some(&self.full_version),
            "platform_machine" => Some(&self.machine),
            "os_name" => Some("posix"),
            "sys_platform" => Some("linux"),
            "platform_system" => Some("Linux"),
            "implementation_name" => Some("cpython"),
            "platform_python_implementation" => Some("CPython"),
            // No extra and no group is asked for.
            "extra" | "extras" | "dependency_groups" => Some(""),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Runtime;

    fn environments(version: &str, architecture: &str) -> Environments {
        Environments(PATCHES.map(|patch| Environment::of(version, patch, architecture)).to_vec())
    }

    fn marked(markers: &[&str]) -> About {
        About { markers: markers.iter().map(|marker| (*marker).to_owned()).collect(), ..About::default() }
    }

    #[test]
    fn markers_are_those_of_lambda() {
        let here = environments("3.12", "arm64");
        let table: [(&[&str], bool); 14] = [
            (&[], true),
            (&["python_version >= '3.12'"], true),
            (&["python_version < '3.10'"], false),
            (&["sys_platform == 'win32'"], false),
            (&["platform_machine == 'aarch64' and os_name == 'posix'"], true),
            (&["platform_machine == 'x86_64'"], false),
            (&["sys_platform == 'win32'", "python_full_version >= '3.11'"], true),
            (&["extra == 'socks'"], false),
            (&["implementation_name == 'cpython' and (python_version == '3.11' or python_version == '3.12')"], true),
            (&["this is not a marker"], true),
            (&["platform_release >= '5'"], true),
            (&["python_full_version >= '3.12.4'"], true),
            (&["python_full_version < '3.12.4'"], true),
            (&["'dev' in dependency_groups"], false),
        ];
        for (markers, installed) in table {
            assert_eq!(here.install(&marked(markers)), installed, "{markers:?}");
        }
        assert!(!here.install(&About { need: Need::Development, ..About::default() }));
    }

    #[test]
    fn a_layer_is_for_each_runtime_on_each_architecture() {
        let runtimes = ["python3.12", "python3.13", "nodejs22.x"].map(|name| name.parse::<Runtime>().unwrap()).to_vec();
        let settings = LayerSettings { compatible_runtimes: runtimes, ..LayerSettings::default() };
        assert_eq!(Environments::of(&settings).0.len(), 4 * PATCHES.len());
        let settings = LayerSettings { compatible_architectures: vec!["arm64".parse().unwrap()], ..settings };
        assert_eq!(Environments::of(&settings).0.len(), 2 * PATCHES.len());
        let nowhere = Environments::of(&LayerSettings::default());
        assert!(nowhere.0.is_empty() && nowhere.install(&marked(&["sys_platform == 'win32'"])));
        assert!(!nowhere.install(&About { need: Need::Development, ..About::default() }));
    }
}
