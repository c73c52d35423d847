//! Where an archive has packages for Python, and which Pythons look there.

use crate::layer::Runtime;
use std::collections::BTreeSet;

/// More Pythons than this there are none; it bounds what names can take of memory.
const LIMIT: usize = 64;

/// Where the packages of Python lie.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Homes {
    /// Some lie where every Python looks.
    everywhere: bool,
    /// Pythons that have a folder of their own: `3.12` has `python/lib/python3.12/site-packages/`.
    own: BTreeSet<String>,
    /// Folders with packages where none looks.
    nowhere: BTreeSet<String>,
    /// There is `python/lib64/pythonX.Y/site-packages/`, where none looks either: what is installed below a prefix is there on some
    /// systems, or is linked there.
    lib64: Option<String>,
}

impl Homes {
    /// Takes note of the path of a file.
    pub(super) fn meet(&mut self, path: &[u8]) {
        let Some(path) =
            std::str::from_utf8(path).ok().and_then(|path| path.trim_start_matches("./").strip_prefix("python/"))
        else {
            return;
        };
        match path.split_once('/') {
            Some(("site-packages", _)) => self.note_nowhere("site-packages"),
            Some(("lib", rest)) => self.own.extend(own(rest).filter(|_| self.own.len() < LIMIT).map(str::to_owned)),
            Some(("lib64", rest)) if self.lib64.is_none() => self.lib64 = own(rest).map(str::to_owned),
            Some((data, rest)) if is_scheme(data, rest) => self.note_nowhere(&path[..data.len() + "/purelib".len()]),
            // What comes beside packages, where they are installed below a prefix.
            Some(("bin" | "include" | "lib64" | "share", _)) => {}
            _ => self.everywhere = true,
        }
    }

    fn note_nowhere(&mut self, folder: &str) {
        if self.nowhere.len() < LIMIT {
            self.nowhere.insert(folder.to_owned());
        }
    }

    /// What is wrong if packages lie where a declared Python does not look; `None` if all is well.
    pub fn misplaced(&self, runtimes: &[Runtime]) -> Option<String> {
        let nowhere =
            |folder: &str| Some(format!("its packages in `python/{folder}/` are where no Python of Lambda looks"));
        if let Some(folder) = self.nowhere.first() {
            return nowhere(folder);
        }
        if let Some(version) = self.lib64.as_ref().filter(|_| !self.everywhere && self.own.is_empty()) {
            return nowhere(&format!("lib64/python{version}/site-packages"));
        }
        let first = self.own.first().filter(|_| !self.everywhere)?;
        let pythons = runtimes.iter().map(Runtime::as_str).filter(|runtime| runtime.starts_with("python"));
        let missing: Vec<&str> = pythons.filter(|python| !self.own.contains(&python["python".len()..])).collect();
        let message = || {
            format!(
                "its packages in `python/lib/python{first}/site-packages/` are where {} does not look",
                missing.join(" or ")
            )
        };
        (!missing.is_empty()).then(message)
    }
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
            (vec!["lib/python3.11/site-packages/a.py"], vec!["python3.12"]),
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
    }
}
