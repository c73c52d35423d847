//! Lock files of one line per fact, read by their indentation: Yarn, pnpm, Bundler and Go.

use super::dependencies::Dependencies;

/// `yarn.lock`: a header line of descriptors without indentation, facts below it.
pub(super) fn yarn(text: &str) -> Option<Dependencies> {
    if !text.contains("yarn lockfile v1") && !text.contains("__metadata:") {
        return None;
    }
    let mut dependencies = Dependencies::default();
    let mut package = None;
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match (line.strip_prefix("  "), &mut package) {
            (None, _) => keep(package.replace(YarnPackage::new(line)), &mut dependencies),
            (Some(fact), Some(package)) => package.read(fact),
            (Some(_), None) => {}
        }
    }
    keep(package, &mut dependencies);
    Some(dependencies)
}

#[derive(Default)]
struct YarnPackage {
    name: String,
    version: String,
    origin: Option<String>,
    is_workspace: bool,
}

impl YarnPackage {
    /// From a header such as `"@scope/name@^1.0.0", "@scope/name@^1.1.0":`.
    fn new(header: &str) -> YarnPackage {
        let descriptor = header.trim_start_matches("? ").trim_start_matches('"');
        let (name, _) = split_at_sign(descriptor).unwrap_or(("", descriptor));
        YarnPackage { name: name.to_owned(), ..YarnPackage::default() }
    }

    /// `version "1.0.0"` (classic) or `version: 1.0.0` (Yarn 2 and later). Deeper lines begin with a blank and so
    /// have an empty key.
    fn read(&mut self, fact: &str) {
        let Some((key, value)) = fact.split_once([' ', ':']) else { return };
        let value = value.trim().trim_matches('"');
        match key {
            "version" => value.clone_into(&mut self.version),
            "resolved" if value.starts_with("git") => self.origin = Some(value.to_owned()),
            "resolution" => self.read_resolution(value),
            _ => {}
        }
    }

    fn read_resolution(&mut self, resolution: &str) {
        let (_, reference) = split_at_sign(resolution).unwrap_or(("", resolution));
        self.is_workspace = reference.starts_with("workspace:");
        if reference.contains("#commit=") || reference.starts_with("http") {
            self.origin = Some(reference.to_owned());
        }
    }
}

fn keep(package: Option<YarnPackage>, dependencies: &mut Dependencies) {
    // `__metadata` has a version, too, but no `@` and thus no name.
    let Some(package) = package.filter(|package| !package.name.is_empty() && !package.is_workspace) else { return };
    dependencies.insert(&package.name, package.origin.as_ref().unwrap_or(&package.version));
}

/// `pnpm-lock.yaml`: the keys of its `packages:` section.
pub(super) fn pnpm(text: &str) -> Option<Dependencies> {
    let version = text.lines().find_map(|line| line.strip_prefix("lockfileVersion:"))?;
    let is_old = version.trim().trim_matches(['\'', '"']).starts_with('5');
    let mut dependencies = Dependencies::default();
    let section = text.lines().skip_while(|line| *line != "packages:").skip(1);
    let section = section.take_while(|line| line.is_empty() || line.starts_with(' '));
    for key in section.filter_map(pnpm_key) {
        let (name, version) = if is_old { split_old_pnpm_key(key) } else { split_pnpm_key(key) };
        dependencies.insert(name, version);
    }
    Some(dependencies)
}

/// The key of a line such as `  '@scope/name@1.0.0(peer@2.0.0)':`, without quotes and without the peers.
fn pnpm_key(line: &str) -> Option<&str> {
    let key = line.strip_prefix("  ").filter(|key| !key.starts_with([' ', '#']))?;
    let key = key.strip_suffix(": {}").or_else(|| key.strip_suffix(':'))?;
    let key = key.trim_matches(['\'', '"']);
    let key = key.strip_prefix('/').unwrap_or(key);
    Some(key.split('(').next().unwrap_or(key))
}

fn split_pnpm_key(key: &str) -> (&str, &str) {
    split_at_sign(key).unwrap_or((key, ""))
}

/// Before lock file version 6: `@scope/name/1.0.0_peer@2.0.0`.
fn split_old_pnpm_key(key: &str) -> (&str, &str) {
    let key = key.split('_').next().unwrap_or(key);
    key.rsplit_once('/').unwrap_or((key, ""))
}

/// `@scope/name@rest` at the `@` behind the name.
fn split_at_sign(text: &str) -> Option<(&str, &str)> {
    let behind_first = text.chars().next().map_or(0, char::len_utf8);
    let at = text[behind_first..].find('@')? + behind_first;
    Some((&text[..at], &text[at + 1..]))
}

/// `Gemfile.lock`: the specs of every source, four blanks deep.
pub(super) fn gemfile(text: &str) -> Option<Dependencies> {
    text.lines().find(|line| line.trim_end() == "  specs:")?;
    let mut dependencies = Dependencies::default();
    let mut source = GemSource::default();
    for line in text.lines() {
        if !line.starts_with(' ') {
            source = GemSource { has_specs: matches!(line.trim_end(), "GEM" | "GIT" | "PATH"), ..GemSource::default() };
        } else if let Some(remote) = line.strip_prefix("  remote: ") {
            source.remote = remote.trim();
        } else if let Some(revision) = line.strip_prefix("  revision: ") {
            source.revision = revision.trim();
        } else if source.has_specs {
            source.keep(line, &mut dependencies);
        }
    }
    Some(dependencies)
}

#[derive(Default)]
struct GemSource<'a> {
    has_specs: bool,
    remote: &'a str,
    revision: &'a str,
}

impl GemSource<'_> {
    /// `    name (1.0.0)`; deeper lines are what that gem asks for.
    fn keep(&self, line: &str, dependencies: &mut Dependencies) {
        let Some(spec) = line.strip_prefix("    ").filter(|spec| !spec.starts_with(' ')) else { return };
        let (name, version) = spec.trim_end().split_once(" (").unwrap_or((spec, ""));
        match self.revision {
            "" => dependencies.insert(name, version.trim_end_matches(')')),
            revision => dependencies.insert(name, &format!("{}#{revision}", self.remote)),
        }
    }
}

/// `go.sum`: modules by the hash of their content. Those with only the hash of their `go.mod` are not built.
pub(super) fn go_sum(text: &str) -> Option<Dependencies> {
    let mut dependencies = Dependencies::default();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [module, version, hash] = fields[..] else { return None };
        if !hash.contains(':') {
            return None;
        }
        if !version.ends_with("/go.mod") {
            dependencies.insert(module, version);
        }
    }
    Some(dependencies)
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
        let table: [(Read, &str, &str); 12] = [
            (
                yarn,
                "# yarn lockfile v1\n\"@s/x@^1\", \"@s/x@^1.1\":\n  version \"1.2.0\"\n  dependencies:\n    version \"9\"\n",
                "@s/x 1.2.0",
            ),
            (
                yarn,
                "# yarn lockfile v1\n\"x@git+https://h/x\":\n  version \"1\"\n  resolved \"git+https://t@h/x#c0ffee\"\n",
                "x git+https://****@h/x#c0ffee",
            ),
            (
                yarn,
                "__metadata:\n  version: 8\n\n\"x@https://h/x.git\":\n  version: 1\n  resolution: \"x@https://h/x.git#commit=c0ffee\"\n",
                "x https://h/x.git#commit=c0ffee",
            ),
            (yarn, "__metadata:\n  version: 8\n\n? \"x@npm:^1, x@npm:^2\"\n:\n  version: 1\n", "x *"),
            (
                pnpm,
                "lockfileVersion: 5.4\npackages:\n\n  /@s/x/1.0.0_react@17.0.2:\n    dev: false\n  /y/2.0.0:\n",
                "@s/x 1.0.0, y 2.0.0",
            ),
            (
                pnpm,
                "lockfileVersion: '6.0'\n\npackages:\n\n  /@s/x@1.0.0(react@17.0.2):\n    resolution: {}\n\nother:\n  z@1:\n",
                "@s/x 1.0.0",
            ),
            (pnpm, "lockfileVersion: '9.0'\n", ""),
            (
                yarn,
                "__metadata:\n  version: 8\n\n\"own@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"own@workspace:.\"\n",
                "",
            ),
            (
                gemfile,
                "GIT\n  remote: https://t@h/x.git\n  revision: c0ffee\n  specs:\n    x (1.0)\n      rack (>= 3)\n\nGEM\n  remote: https://rubygems.org/\n  specs:\n    rack (3.0.8)\n\nDEPENDENCIES\n    no (9)\n",
                "rack 3.0.8, x https://****@h/x.git#c0ffee",
            ),
            (gemfile, "PATH\n  remote: .\n  specs:\n    own (0.1.0)\n", "own 0.1.0"),
            (go_sum, "a/b v1.0.0 h1:x=\na/b v1.0.0/go.mod h1:y=\n\na/c v2.0.0/go.mod h1:z=\n", "a/b v1.0.0"),
            (go_sum, "", ""),
        ];
        for (read, text, expected) in table {
            assert_eq!(shown(read(text)).as_deref(), Some(expected), "{text}");
            assert_eq!(shown(read(&text.replace('\n', "\r\n"))).as_deref(), Some(expected), "with CRLF: {text}");
        }
    }

    #[test]
    fn what_is_no_lock_is_not_read() {
        let table = ["lockfile", "a b", "a b c", "packages:", "GEM", "é@"];
        for text in table {
            for read in [yarn as Read, pnpm, gemfile, go_sum] {
                assert_eq!(read(text), None, "{text}");
            }
        }
    }
}
