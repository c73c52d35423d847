//! Where an archive has packages for Python and Node, and which runtimes look there.

use crate::layer::Runtime;
use std::collections::BTreeSet;

/// More runtimes than this there are none; it bounds what names can take of memory.
const LIMIT: usize = 64;

/// Where the packages of Python and Node lie.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Homes {
    python: Homed,
    node: Homed,
    /// Folders with packages where no Python looks.
    nowhere: BTreeSet<String>,
    /// There is `python/lib64/pythonX.Y/site-packages/`, where none looks either: what is installed below a prefix is there on some
    /// systems, or is linked there.
    lib64: Option<String>,
    /// Where a Python would look that was installed here itself: the first `lib/pythonX.Y/site-packages/` at the root.
    prefix: Option<String>,
    /// The first package of Python at the root.
    root: Option<String>,
}

/// Where the packages for one language lie.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Homed {
    /// Some lie where every version of it looks.
    everywhere: bool,
    /// Versions that have a folder of their own: `3.12` has `python/lib/python3.12/site-packages/`, `20` has
    /// `nodejs/node20/node_modules/`.
    own: BTreeSet<String>,
}

impl Homes {
    /// Takes note of the path of a file.
    pub(super) fn meet(&mut self, path: &[u8]) {
        let Ok(path) = std::str::from_utf8(path) else { return };
        let Some((home, rest)) = path.trim_start_matches("./").split_once('/') else { return };
        match home {
            "python" => self.meet_python(rest),
            "nodejs" => self.meet_node(rest),
            "lib" => self.prefix = self.prefix.take().or_else(|| own(rest).map(str::to_owned)),
            _ if rest == "__init__.py" => _ = self.root.get_or_insert_with(|| home.to_owned()),
            _ => {}
        }
    }

    fn meet_python(&mut self, path: &str) {
        match path.split_once('/') {
            Some(("site-packages", _)) => self.note_nowhere("site-packages"),
            Some(("lib", rest)) => self.python.have(own(rest)),
            Some(("lib64", rest)) if self.lib64.is_none() => self.lib64 = own(rest).map(str::to_owned),
            Some((data, rest)) if is_scheme(data, rest) => self.note_nowhere(&path[..data.len() + "/purelib".len()]),
            // What comes beside packages, where they are installed below a prefix.
            Some(("bin" | "include" | "lib64" | "share", _)) => {}
            _ => self.python.everywhere = true,
        }
    }

    fn meet_node(&mut self, path: &str) {
        match path.split_once('/') {
            Some(("node_modules", _)) => self.node.everywhere = true,
            Some((version, rest)) if rest.starts_with("node_modules/") => self.node.have(version.strip_prefix("node")),
            _ => {}
        }
    }

    fn note_nowhere(&mut self, folder: &str) {
        if self.nowhere.len() < LIMIT {
            self.nowhere.insert(folder.to_owned());
        }
    }

    /// What is wrong if packages lie where a declared runtime does not look; `None` if all is well.
    pub fn misplaced(&self, runtimes: &[Runtime]) -> Option<String> {
        let nowhere =
            |folder: &str| Some(format!("its packages in `python/{folder}/` are where no Python of Lambda looks"));
        if let Some(folder) = self.nowhere.first() {
            return nowhere(folder);
        }
        if let Some(version) = self.lib64.as_ref().filter(|_| self.python == Homed::default()) {
            return nowhere(&format!("lib64/python{version}/site-packages"));
        }
        self.outside(runtimes).or_else(|| {
            let python =
                |version: &str| (format!("python{version}"), format!("python/lib/python{version}/site-packages/"));
            let node = |version: &str| (format!("nodejs{version}.x"), format!("nodejs/node{version}/node_modules/"));
            self.python.misplaced("python", runtimes, python).or_else(|| self.node.misplaced("nodejs", runtimes, node))
        })
    }

    /// The same of packages for Python outside of `python/`, where all are.
    fn outside(&self, runtimes: &[Runtime]) -> Option<String> {
        let is_for_python = declared("python", runtimes).next().is_some();
        if !is_for_python || self.python != Homed::default() {
            return None;
        }
        let (place, meant) = match (&self.prefix, &self.root) {
            (Some(version), _) => {
                let place = format!("lib/python{version}/site-packages/");
                (place.clone(), format!("python/{place}"))
            }
            (None, Some(package)) => (format!("{package}/"), format!("python/{package}/")),
            (None, None) => return None,
        };
        Some(format!("`{place}` at the root of the zip should be `{meant}`: no Python of Lambda looks there"))
    }
}

impl Homed {
    fn have(&mut self, own: Option<&str>) {
        self.own.extend(own.filter(|_| self.own.len() < LIMIT).map(str::to_owned));
    }

    /// What is wrong if packages lie in folders of versions alone that are not declared, each with its runtime and its folder.
    fn misplaced(&self, family: &str, runtimes: &[Runtime], of: impl Fn(&str) -> (String, String)) -> Option<String> {
        let (_, first) = of(self.own.first().filter(|_| !self.everywhere)?);
        let own: BTreeSet<String> = self.own.iter().map(|version| of(version).0).collect();
        let missing: Vec<&str> = declared(family, runtimes).filter(|runtime| !own.contains(*runtime)).collect();
        let message = || format!("its packages in `{first}` are where {} does not look", missing.join(" or "));
        (!missing.is_empty()).then(message)
    }
}

/// The declared runtimes of a family.
fn declared<'r>(family: &'r str, runtimes: &'r [Runtime]) -> impl Iterator<Item = &'r str> {
    runtimes.iter().map(Runtime::as_str).filter(move |runtime| runtime.starts_with(family))
}

/// Whether this is the code of a wheel that was unzipped and not installed: that of `NAME-VERSION.data/` belongs beside it.
fn is_scheme(folder: &str, rest: &str) -> bool {
    let is_code = rest.split_once('/').is_some_and(|(scheme, _)| matches!(scheme, "purelib" | "platlib"));
    is_code && folder.strip_suffix(".data").is_some_and(|wheel| wheel.contains('-'))
}

/// `3.12` of `python3.12/site-packages/…`
fn own(path: &str) -> Option<&str> {
    let (version, rest) = path.strip_prefix("python")?.split_once('/')?;
    rest.starts_with("site-packages/").then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_where_the_declared_pythons_look() {
        let own = |version: &str| format!("python/lib/python{version}/site-packages/a.py");
        let told = |paths: &[&str], runtimes: &[&str]| {
            let mut homes = Homes::default();
            paths.iter().for_each(|path| homes.meet(path.as_bytes()));
            let runtimes: Vec<Runtime> = runtimes.iter().map(|runtime| runtime.parse().unwrap()).collect();
            homes.misplaced(&runtimes).unwrap_or_default()
        };
        let (old, new) = (own("3.11"), own("3.12"));
        for (paths, runtimes) in [
            (vec![new.as_str()], vec!["python3.12"]),
            (vec![&new, "python/bin/tool"], vec!["python3.12", "nodejs22.x"]),
            (vec![&old, &new], vec!["python3.12"]),
            (vec![&old, "./python/a.py"], vec!["python3.12"]),
            (vec![&old, "python/a/b.py"], vec!["python3.12"]),
            (vec![&old], vec![]),
            (vec![&old], vec!["nodejs22.x"]),
            // A Python of the layer's own.
            (vec!["lib/python3.12/site-packages/a.py"], vec!["provided.al2023"]),
            (vec!["lib/python3.12/site-packages/a.py"], vec![]),
            (vec!["lib/python3.12/site-packages/a.py", "python/a.py"], vec!["python3.12"]),
            (vec!["a/__init__.py", "python/a.py"], vec!["python3.12"]),
            (vec!["a/__init__.py", "nodejs/node_modules/a/index.js"], vec!["nodejs22.x"]),
            (vec!["extensions/a/__init__.py", "bin/a"], vec!["python3.12"]),
            (vec!["nodejs/node22/node_modules/a/index.js"], vec!["nodejs22.x"]),
            (vec!["nodejs/node22/node_modules/a/index.js"], vec![]),
            (vec!["nodejs/node20/node_modules/a/index.js", "nodejs/node_modules/a/index.js"], vec!["nodejs22.x"]),
            (vec!["nodejs/src/node_modules.js"], vec!["nodejs22.x"]),
        ] {
            assert_eq!(told(&paths, &runtimes), "", "{paths:?} {runtimes:?}");
        }
        insta::assert_snapshot!(told(&[&old, "python/bin/tool"], &["python3.12"]), @"its packages in `python/lib/python3.11/site-packages/` are where python3.12 does not look");
        insta::assert_snapshot!(told(&[&old], &["python3.11", "python3.12", "python3.13"]), @"its packages in `python/lib/python3.11/site-packages/` are where python3.12 or python3.13 does not look");
        let lib64 = "python/lib64/python3.12/site-packages/a.py";
        for paths in
            [&[lib64, "python/b.py"][..], &[lib64, &new], &["python/lib64/libx.so"], &["python/x.data/purelib/a.py"]]
        {
            assert_eq!(told(paths, &["python3.12"]), "", "{paths:?}");
        }
        insta::assert_snapshot!(told(&[lib64], &["python3.12"]), @"its packages in `python/lib64/python3.12/site-packages/` are where no Python of Lambda looks");
        insta::assert_snapshot!(told(&["python/b.py", "python/x-1.0.data/platlib/x.so", "python/x-1.0.data/scripts/x"], &[]), @"its packages in `python/x-1.0.data/platlib/` are where no Python of Lambda looks");
        insta::assert_snapshot!(told(&["python/site-packages/a.py"], &[]), @"its packages in `python/site-packages/` are where no Python of Lambda looks");
        insta::assert_snapshot!(told(&["lib/python3.12/site-packages/a.py"], &["python3.12"]), @"`lib/python3.12/site-packages/` at the root of the zip should be `python/lib/python3.12/site-packages/`: no Python of Lambda looks there");
        insta::assert_snapshot!(told(&["bin/a", "a/__init__.py", "b/__init__.py"], &["python3.12"]), @"`a/` at the root of the zip should be `python/a/`: no Python of Lambda looks there");
        let node = "nodejs/node20/node_modules/a/index.js";
        insta::assert_snapshot!(told(&[node, "nodejs/package.json"], &["nodejs20.x", "nodejs22.x"]), @"its packages in `nodejs/node20/node_modules/` are where nodejs22.x does not look");
    }
}
