//! Packages of Node: where they lie, and what they say of themselves.

/// How a version of a package of Node is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// Installed under its name.
    Direct,
    /// In another package, which may have brought it along.
    Within,
    /// Installed under another name.
    Renamed,
    /// Where no installation puts one: part of what a package ships, or where Node does not look.
    Other,
}

/// What a `package.json` says of its package.
#[derive(serde::Deserialize)]
pub(super) struct About {
    pub name: Option<String>,
    pub version: Option<String>,
    /// Names of packages that it brings along in itself; `true` for all that it needs.
    #[serde(rename = "bundleDependencies")]
    bundle: Option<serde_json::Value>,
    /// The same.
    #[serde(rename = "bundledDependencies")]
    bundled: Option<serde_json::Value>,
}

impl About {
    /// Whether it brings any along.
    pub fn brings(&self) -> bool {
        let any = |value: &serde_json::Value| *value == true || value.as_array().is_some_and(|names| !names.is_empty());
        [&self.bundle, &self.bundled].into_iter().flatten().any(any)
    }
}

/// `NAME` or `@SCOPE/NAME` of `nodejs/…/node_modules/NAME/package.json`, and how it is there.
pub(super) fn package(path: &str) -> Option<(&str, Place)> {
    let path = path.trim_start_matches("./").strip_prefix("nodejs/")?.strip_suffix("/package.json")?;
    let (above, name) = path.rsplit_once("node_modules/")?;
    is_name(name).then(|| (name, place(above)))
}

/// How a package is there that lies in the `node_modules/` of this folder. In the store of pnpm each lies beside those that it
/// needs.
fn place(above: &str) -> Place {
    let mut homes = above.split("node_modules/").map(|home| home.trim_end_matches('/'));
    if !homes.next().is_none_or(is_searched) {
        return Place::Other;
    }
    let homes = homes.filter(|home| !home.starts_with(".pnpm/"));
    homes.map(|home| if is_name(home) { Place::Within } else { Place::Other }).max().unwrap_or(Place::Direct)
}

/// Whether Node looks into `node_modules/` of this folder of `nodejs/`: that itself, or `node22` for one version.
fn is_searched(folder: &str) -> bool {
    let version = folder.strip_prefix("node");
    folder.is_empty()
        || version.is_some_and(|version| !version.is_empty() && version.bytes().all(|digit| digit.is_ascii_digit()))
}

/// `NAME` or `@SCOPE/NAME`.
fn is_name(text: &str) -> bool {
    match text.split_once('/') {
        Some((scope, name)) => scope.starts_with('@') && !name.contains('/'),
        None => !text.starts_with('@') && !text.is_empty(),
    }
}

/// A version without what makes no other one of it (semver): `1.0.0` of `v1.0.0+build5`.
pub(super) fn plain(version: &str) -> &str {
    let version = version.trim().trim_start_matches(['v', '=']);
    version.split_once('+').map_or(version, |(version, _)| version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_where_nothing_is_installed_is_told_apart() {
        let table = [
            ("node_modules/a", Place::Direct),
            ("node20/node_modules/a", Place::Direct),
            ("node_modules/@s/b/node_modules/a", Place::Within),
            ("node_modules/.pnpm/a@1/node_modules/a", Place::Direct),
            ("node_modules/b/test/node_modules/a", Place::Other),
            ("app/node_modules/a", Place::Other),
            ("node/node_modules/a", Place::Other),
            ("nodes/node_modules/b/node_modules/a", Place::Other),
        ];
        for (folder, place) in table {
            assert_eq!(package(&format!("./nodejs/{folder}/package.json")), Some(("a", place)), "{folder}");
        }
    }

    #[test]
    fn versions_are_those_of_semver() {
        for version in ["1.0.0", "v1.0.0", "=v1.0.0", " 1.0.0+build5"] {
            assert_eq!(plain(version), "1.0.0", "{version}");
        }
        assert_eq!(plain("1.0.0-rc.1+x"), "1.0.0-rc.1");
    }
}
