//! Where a layer's packages are installed: a Python of Lambda on one architecture.

use super::marker::{Known, Places, Value, Variable, holds};
use super::versions::{About, Details, Need};
use crate::halt::Halt;
use crate::layer::{Architecture, LayerSettings};

/// Which patch release Lambda runs is not known; a marker may ask for it, so the first and the last possible one count.
const PATCHES: [&str; 2] = ["0", "99"];

/// The minor versions of Python 3 that are looked at where none is declared.
const ANY_MINOR: std::ops::Range<u8> = 6..21;

/// Where a layer's packages are installed: each of its Python runtimes on each of its architectures. Lambda takes fifteen
/// runtimes and two architectures, so that there is a bit for each.
#[derive(Debug, Clone, Default)]
pub struct Environments {
    all: Places,
    versions: Vec<Value>,
    full_versions: Vec<Value>,
    machines: Vec<Value>,
}

impl Environments {
    /// All that a layer is for. None where it is for no Python: then no marker rules anything out.
    pub fn of(settings: &LayerSettings) -> Self {
        let declared: Vec<&str> = settings.compatible_architectures.iter().map(Architecture::as_str).collect();
        let architectures = if declared.is_empty() { vec!["x86_64", "arm64"] } else { declared };
        let runtimes = settings.compatible_runtimes.iter();
        let versions = runtimes.filter_map(|runtime| runtime.as_str().strip_prefix("python"));
        let mut environments = Self::default();
        for version in versions {
            for architecture in &architectures {
                PATCHES.iter().for_each(|patch| environments.add(version, patch, architecture));
            }
        }
        environments
    }

    fn add(&mut self, version: &str, patch: &str, architecture: &str) {
        // None, once every bit is taken.
        let here = self.all.wrapping_add(1) & !self.all;
        self.all |= here;
        // The kernel's name for it is what a marker asks for.
        let machine = if architecture == "arm64" { "aarch64" } else { architecture };
        Value::version(version.to_owned()).note(here, &mut self.versions);
        Value::version(format!("{version}.{patch}")).note(here, &mut self.full_versions);
        Value::text(machine.to_owned()).note(here, &mut self.machines);
    }

    /// Any Python that may ever be a runtime: as many minor versions as there are bits for.
    pub(super) fn of_any_python() -> Self {
        let mut environments = Self::default();
        for minor in ANY_MINOR {
            for architecture in ["x86_64", "arm64"] {
                PATCHES.iter().for_each(|patch| environments.add(&format!("3.{minor}"), patch, architecture));
            }
        }
        environments
    }

    /// Whether a package is installed in any of them. A marker that cannot be read counts as one that holds. What is said
    /// where nobody waits any more means nothing.
    pub fn install(&self, about: &About, halt: &Halt) -> bool {
        self.install_as(self, about, halt)
    }

    /// Whether a package may be installed in any of them, whichever extras are asked for: a layer may be built with some.
    pub fn allow(&self, about: &About, halt: &Halt) -> bool {
        self.install_as(&WithExtras(self), about, halt)
    }

    /// Whether a package is installed in any of them where it is asked for.
    pub fn admit(&self, about: &About, halt: &Halt) -> bool {
        self.admit_as(self, about, halt)
    }

    fn install_as(&self, known: &impl Known, about: &About, halt: &Halt) -> bool {
        about.need != Need::Development && self.admit_as(known, about, halt)
    }

    fn admit_as(&self, known: &impl Known, about: &About, halt: &Halt) -> bool {
        let Details { markers, unless, .. } = about.details();
        let within = || if markers.is_empty() { self.all } else { where_one_holds(markers, known, halt) };
        let is_marked_out = || self.all != 0 && within() & !where_one_holds(unless, self, halt) == 0;
        !is_marked_out()
    }

    /// Whether one of these markers holds in each of them.
    pub(super) fn are_covered<'m>(&self, markers: impl IntoIterator<Item = &'m String>, halt: &Halt) -> bool {
        where_one_holds(markers, self, halt) == self.all
    }
}

fn where_one_holds<'m>(markers: impl IntoIterator<Item = &'m String>, known: &impl Known, halt: &Halt) -> Places {
    let mut found = 0;
    for marker in markers {
        found |= holds(marker, known, halt).unwrap_or(known.everywhere());
        if found == known.everywhere() {
            break;
        }
    }
    found
}

/// The same where any extra may be asked for.
struct WithExtras<'e>(&'e Environments);

impl Known for WithExtras<'_> {
    fn everywhere(&self) -> Places {
        self.0.all
    }

    fn variable(&self, name: &str) -> Option<Variable<'_>> {
        if name == "extra" { Some(Variable::Open) } else { self.0.variable(name) }
    }
}

impl Known for Environments {
    fn everywhere(&self) -> Places {
        self.all
    }

    fn variable(&self, name: &str) -> Option<Variable<'_>> {
        Some(match name {
            // The names with dots, and the last one, are older ones (PEP 345), which pip still knows.
            "python_version" => Variable::Varying(&self.versions),
            "python_full_version" | "implementation_version" => Variable::Varying(&self.full_versions),
            "platform_machine" | "platform.machine" => Variable::Varying(&self.machines),
            "os_name" | "os.name" => Variable::Fixed("posix"),
            "sys_platform" | "sys.platform" => Variable::Fixed("linux"),
            "platform_system" => Variable::Fixed("Linux"),
            "implementation_name" => Variable::Fixed("cpython"),
            "platform_python_implementation" | "platform.python_implementation" | "python_implementation" => {
                Variable::Fixed("CPython")
            }
            // No extra and no group is asked for.
            "extra" => Variable::Name(""),
            "extras" | "dependency_groups" => Variable::Fixed(""),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Runtime;
    use crate::manifest::dependencies::Found;

    fn environments(version: &str, architecture: &str) -> Environments {
        let mut environments = Environments::default();
        PATCHES.iter().for_each(|patch| environments.add(version, patch, architecture));
        environments
    }

    fn installs(environments: &Environments, about: &About) -> bool {
        environments.install(about, &Halt::default())
    }

    fn marked(markers: &[&str]) -> About {
        let mut about = About::default();
        about.details_mut().markers.extend(markers.iter().map(|marker| (*marker).to_owned()));
        about
    }

    fn of_developers() -> About {
        Found::new("", "").needed(Need::Development).about
    }

    #[test]
    fn markers_are_those_of_lambda() {
        let here = environments("3.12", "arm64");
        let table: [(&[&str], bool); 21] = [
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
            (&["os.name == 'nt'"], false),
            (&["sys.platform == 'win32'"], false),
            (&["platform.machine == 'x86_64'"], false),
            (&["platform.machine == 'aarch64'"], true),
            (&["platform.python_implementation == 'PyPy'"], false),
            (&["python_implementation == 'PyPy'"], false),
            (&["platform.version == '5'"], true),
        ];
        for (markers, installed) in table {
            assert_eq!(installs(&here, &marked(markers)), installed, "{markers:?}");
        }
        assert!(!installs(&here, &of_developers()));
    }

    #[test]
    fn a_layer_is_for_each_runtime_on_each_architecture() {
        let runtimes = ["python3.12", "python3.13", "nodejs22.x"].map(|name| name.parse::<Runtime>().unwrap()).to_vec();
        let settings = LayerSettings { compatible_runtimes: runtimes, ..LayerSettings::default() };
        let all = Environments::of(&settings);
        assert_eq!(all.all.count_ones(), 8);
        assert!(installs(&all, &marked(&["python_version == '3.13' and platform_machine == 'x86_64'"])));
        let settings = LayerSettings { compatible_architectures: vec!["arm64".parse().unwrap()], ..settings };
        let some = Environments::of(&settings);
        assert_eq!(some.all.count_ones(), 4);
        assert!(!installs(&some, &marked(&["python_version == '3.13' and platform_machine == 'x86_64'"])));
        let nowhere = Environments::of(&LayerSettings::default());
        assert!(nowhere.all == 0 && installs(&nowhere, &marked(&["sys_platform == 'win32'"])));
        assert!(!installs(&nowhere, &of_developers()));
    }

    /// Each was read once for each runtime on each architecture: sixty times, and a manifest may be full of them.
    #[test]
    fn a_marker_is_read_once_for_all_runtimes_and_no_longer_than_somebody_waits() {
        let runtimes = (0..15).map(|minor| format!("python3.{minor}").parse().unwrap()).collect();
        let all = Environments::of(&LayerSettings { compatible_runtimes: runtimes, ..LayerSettings::default() });
        assert_eq!(all.all.count_ones(), 60);
        let long = "python_full_version > '4' or ".repeat(999) + "os_name == 'nt'";
        let many: Vec<String> = (0..1_000).map(|n| format!("python_version > '4.{n}'")).collect();
        for markers in [vec![long.as_str()], many.iter().map(String::as_str).collect()] {
            let (whole, halt) = (Halt::default(), Halt::after(50));
            assert!(!all.install(&marked(&markers), &whole));
            assert_eq!(whole.polls(), 1_000, "once for each comparison");
            all.install(&marked(&markers), &halt);
            assert_eq!(halt.polls(), 51, "it went on");
        }
    }
}
