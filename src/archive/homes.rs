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
    /// `python/site-packages/` is there, where none looks.
    nowhere: bool,
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
            Some(("site-packages", _)) => self.nowhere = true,
            Some(("lib", rest)) => self.own.extend(own(rest).filter(|_| self.own.len() < LIMIT).map(str::to_owned)),
            // What comes beside packages, where they are installed below a prefix.
            Some(("bin" | "include" | "lib64" | "share", _)) => {}
            _ => self.everywhere = true,
        }
    }

    /// What is wrong if packages lie where a declared Python does not look; `None` if all is well.
    pub fn misplaced(&self, runtimes: &[Runtime]) -> Option<String> {
        if self.nowhere {
            return Some("its packages in `python/site-packages/` are where no Python of Lambda looks".to_owned());
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
        insta::assert_snapshot!(told(&["python/site-packages/a.py"], &[]), @"its packages in `python/site-packages/` are where no Python of Lambda looks");
    }
}
