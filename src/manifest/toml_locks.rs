//! Lock files written in TOML: uv, Poetry, PDM, PEP 751 and Cargo.

use super::dependencies::Dependencies;
use toml::{Table, Value};

/// Where a locked package comes from.
enum PackageSource {
    /// A package index: name and version say it all.
    Index,
    /// A repository, URL or path: this, not the version, tells one state from another.
    Place(String),
    /// The project that is locked, which is not a dependency of itself.
    Project,
}

pub(super) fn uv(text: &str) -> Option<Dependencies> {
    read(text, "package", |package| {
        let Some(source) = package.get("source").and_then(Value::as_table) else { return PackageSource::Index };
        match source {
            source if source.contains_key("virtual") || string(source, "editable") == Some(".") => {
                PackageSource::Project
            }
            source => place(["git", "url", "path", "directory", "editable"].map(|key| string(source, key))),
        }
    })
}

pub(super) fn poetry(text: &str) -> Option<Dependencies> {
    read(text, "package", |package| {
        let Some(source) = package.get("source").and_then(Value::as_table) else { return PackageSource::Index };
        match (string(source, "type"), string(source, "url")) {
            (Some("legacy"), _) | (_, None) => PackageSource::Index,
            (_, Some(url)) => PackageSource::Place(at_commit(url, string(source, "resolved_reference"))),
        }
    })
}

pub(super) fn pdm(text: &str) -> Option<Dependencies> {
    read(text, "package", |package| match string(package, "git") {
        Some(git) => PackageSource::Place(at_commit(git, string(package, "revision"))),
        None => place(["url", "path"].map(|key| string(package, key))),
    })
}

pub(super) fn pylock(text: &str) -> Option<Dependencies> {
    read(text, "packages", |package| {
        let of = |table: &str, key: &str| package.get(table)?.as_table().and_then(|table| string(table, key));
        match of("vcs", "url").or(of("vcs", "path")) {
            Some(url) => PackageSource::Place(at_commit(url, of("vcs", "commit-id"))),
            None => place([of("archive", "url"), of("archive", "path"), of("directory", "path")]),
        }
    })
}

pub(super) fn cargo(text: &str) -> Option<Dependencies> {
    read(text, "package", |package| match string(package, "source") {
        Some(source) if source.starts_with("git+") => PackageSource::Place(source.to_owned()),
        Some(_) => PackageSource::Index,
        None => PackageSource::Project,
    })
}

fn read(text: &str, key: &str, origin: impl Fn(&Table) -> PackageSource) -> Option<Dependencies> {
    let lock: Table = toml::from_str(text).ok()?;
    let packages = match lock.get(key) {
        Some(packages) => packages.as_array()?.as_slice(),
        None if lock.is_empty() => return None,
        None => &[],
    };
    let mut dependencies = Dependencies::default();
    for package in packages {
        let package = package.as_table()?;
        let name = string(package, "name")?;
        match origin(package) {
            PackageSource::Index => dependencies.insert(name, string(package, "version").unwrap_or_default()),
            PackageSource::Place(place) => dependencies.insert(name, &place),
            PackageSource::Project => {}
        }
    }
    Some(dependencies)
}

fn string<'a>(table: &'a Table, key: &str) -> Option<&'a str> {
    table.get(key).and_then(Value::as_str)
}

/// The first place that is named, or the index if none is.
fn place<const N: usize>(candidates: [Option<&str>; N]) -> PackageSource {
    let place = candidates.into_iter().flatten().next();
    place.map_or(PackageSource::Index, |place| PackageSource::Place(place.to_owned()))
}

fn at_commit(url: &str, commit: Option<&str>) -> String {
    commit.map_or_else(|| url.to_owned(), |commit| format!("{url}#{commit}"))
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
    fn origins_other_than_an_index_take_the_place_of_the_version() {
        let table: [(Read, &str, &str); 12] = [
            (uv, "source = { git = \"https://t@h/x?rev=v1#c0ffee\" }", "x https://****@h/x?****#c0ffee"),
            (uv, "source = { editable = \"packages/x\" }", "x packages/x"),
            (uv, "source = { virtual = \"packages/x\" }", ""),
            (uv, "source = { editable = \".\" }", ""),
            (
                poetry,
                "source = { type = \"git\", url = \"https://u:p@h/x.git\", resolved_reference = \"c0ffee\" }",
                "x https://****@h/x.git#c0ffee",
            ),
            (poetry, "source = { type = \"legacy\", url = \"https://u:p@h/simple\", reference = \"r\" }", "x 1.0"),
            (poetry, "source = { type = \"file\", url = \"x.whl\" }", "x x.whl"),
            (pdm, "git = \"https://h/x.git\"\nrevision = \"c0ffee\"", "x https://h/x.git#c0ffee"),
            (pdm, "path = \"./x\"", "x ./x"),
            (cargo, "source = \"git+https://h/x?tag=v1#c0ffee\"", "x git+https://h/x?****#c0ffee"),
            (cargo, "source = \"registry+https://github.com/rust-lang/crates.io-index\"", "x 1.0"),
            (cargo, "", ""),
        ];
        for (read, origin, expected) in table {
            let lock = format!("[[package]]\nname = \"x\"\nversion = \"1.0\"\n{origin}\n");
            assert_eq!(shown(read(&lock)).as_deref(), Some(expected), "{origin}");
        }
        let vcs =
            "[[packages]]\nname = \"x\"\nvcs = { type = \"git\", url = \"https://h/x\", commit-id = \"c0ffee\" }\n";
        assert_eq!(shown(pylock(vcs)).as_deref(), Some("x https://h/x#c0ffee"));
        assert_eq!(shown(pylock("[[packages]]\nname = \"x\"\ndirectory = { path = \"x\" }")).as_deref(), Some("x x"));
    }

    #[test]
    fn what_is_no_lock_is_not_read() {
        let table = ["", "=", "package = 1", "package = [1]", "[[package]]\nversion = \"1\"", "[[package]]\nname = 1"];
        for text in table {
            for read in [uv as Read, poetry, pdm, cargo] {
                assert_eq!(read(text), None, "{text}");
            }
        }
        assert_eq!(pylock("packages = 1"), None);
        assert_eq!(shown(uv("version = 1")).as_deref(), Some(""), "a project without dependencies has an empty lock");
        assert_eq!(shown(uv("[[package]]\nname = \"x\"")).as_deref(), Some("x *"));
    }

    #[test]
    fn deep_nesting_is_refused_not_followed() {
        assert_eq!(uv(&format!("a = {}", "[".repeat(100_000))), None);
        assert_eq!(uv(&format!("{} = 1", vec!["a"; 100_000].join("."))), None);
    }
}
