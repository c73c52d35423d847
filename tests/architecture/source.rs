//! The files of a folder as modules, and the paths that their code names.

use std::collections::BTreeSet;
use std::path::Path;

use super::words;

/// A source file.
#[derive(Debug)]
pub struct File {
    /// Path below the folder, with `/`.
    pub path: String,
    /// The whole text.
    pub text: String,
    /// The text without comments, contents of literals and tests.
    pub code: String,
    /// The module path: `["run", "pool"]` for `run/pool.rs`.
    pub module: Vec<String>,
}

impl File {
    /// A file with this text.
    pub fn new(path: &str, text: &str) -> Self {
        let (code, _) = words::without_tests(&words::code(text));
        let module = path.trim_end_matches(".rs").split('/').filter(|part| !matches!(*part, "mod" | "lib" | "main"));
        Self { path: path.to_owned(), text: text.to_owned(), code, module: module.map(str::to_owned).collect() }
    }

    /// The module of the crate it belongs to; none for the crate's root and for `main.rs`.
    pub fn top(&self) -> Option<&str> {
        self.module.first().map(String::as_str)
    }
}

/// All Rust files below a folder, without those that only tests see.
pub fn files(folder: &Path) -> Vec<File> {
    let mut all = Vec::new();
    collect(folder, folder, &mut all);
    all.sort_by(|a, b| a.path.cmp(&b.path));
    let tests: BTreeSet<Vec<String>> = all.iter().flat_map(test_modules).collect();
    all.retain(|file| !(1..=file.module.len()).any(|depth| tests.contains(&file.module[..depth])));
    all
}

fn collect(root: &Path, folder: &Path, all: &mut Vec<File>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(root, &path, all);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let below = path.strip_prefix(root).expect("below").to_string_lossy().replace('\\', "/");
            all.push(File::new(&below, &std::fs::read_to_string(&path).expect("a text")));
        }
    }
}

/// Module paths of the files that are tests of this one.
fn test_modules(file: &File) -> Vec<Vec<String>> {
    let (_, names) = words::without_tests(&words::code(&file.text));
    names.into_iter().map(|name| [file.module.clone(), vec![name]].concat()).collect()
}

/// A path in the code, and the line it is on.
#[derive(Debug, PartialEq, Eq)]
pub struct Named {
    /// From the crate's root: `["aws", "Session"]`.
    pub path: Vec<String>,
    /// Counted from 1.
    pub line: usize,
}

/// Every path of this crate that the code names: by `crate::` or `super::`, in `use` and elsewhere, groups spread out.
pub fn named(file: &File) -> Vec<Named> {
    let code = &file.code;
    let mut found = Vec::new();
    for (at, start) in starts(code) {
        let mut base = file.module.clone();
        let mut rest = &code[at..];
        match start {
            "crate" => base.clear(),
            _ => drop(base.pop()),
        }
        rest = &rest[start.len()..];
        while let Some(next) = rest.trim_start().strip_prefix("::").map(str::trim_start) {
            let Some(next) = next.strip_prefix("super").filter(|after| after.trim_start().starts_with("::")) else {
                rest = next;
                break;
            };
            base.pop();
            rest = next;
        }
        let line = code[..at].matches('\n').count() + 1;
        found.extend(spread(rest, &base).0.into_iter().map(|path| Named { path, line }));
    }
    found
}

/// Where paths of this crate begin, and with which word.
fn starts(code: &str) -> Vec<(usize, &'static str)> {
    let mut found = Vec::new();
    for word in ["crate", "super"] {
        for (at, _) in code.match_indices(word) {
            let before = code[..at].trim_end();
            let alone = !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$');
            // A `super` behind `::` belongs to the path that is already found.
            if alone && !before.ends_with("::") && code[at + word.len()..].trim_start().starts_with("::") {
                found.push((at, word));
            }
        }
    }
    found.sort_unstable();
    found
}

/// Spreads `a::{b, c::d}` into paths below `base`; returns also what stands behind.
fn spread<'a>(text: &'a str, base: &[String]) -> (Vec<Vec<String>>, &'a str) {
    let mut path = base.to_vec();
    let mut rest = text.trim_start();
    loop {
        if let Some(group) = rest.strip_prefix('{') {
            let mut all = Vec::new();
            let mut inner = group.trim_start();
            while !inner.is_empty() && !inner.starts_with('}') {
                let (paths, behind) = spread(inner, &path);
                all.extend(paths);
                let behind = behind.trim_start();
                // An alias: `as _`.
                let behind = &behind[behind.find([',', '}']).unwrap_or(behind.len())..];
                inner = behind.strip_prefix(',').unwrap_or(behind).trim_start();
            }
            return (all, inner.strip_prefix('}').unwrap_or(inner));
        }
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        if end > 0 && &rest[..end] != "self" {
            path.push(rest[..end].to_owned());
        }
        rest = &rest[end..];
        match rest.trim_start().strip_prefix("::").map(str::trim_start) {
            Some(next) if next.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '{') => rest = next,
            _ => return (vec![path], rest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(path: &str, text: &str) -> Vec<String> {
        named(&File::new(path, text)).into_iter().map(|named| named.path.join("::")).collect()
    }

    #[test]
    fn paths_are_found_wherever_they_stand() {
        let text = "use crate::aws::{self, S3, lambda::{Lambda, Published as P}};\nfn f(x: &crate::plan::Job) {}\n// crate::run\n";
        assert_eq!(
            paths("report/text.rs", text),
            ["aws", "aws::S3", "aws::lambda::Lambda", "aws::lambda::Published", "plan::Job"]
        );
    }

    #[test]
    fn ways_up_are_followed() {
        assert_eq!(
            paths("run/pool.rs", "use super::super::aws::S3; use super::job::blank;"),
            ["aws::S3", "run::job::blank"]
        );
        assert_eq!(paths("layer.rs", "use super::report;"), ["report"]);
        assert_eq!(paths("aws/mod.rs", "pub(in crate::aws) fn f() {} pub(super) fn g() {}"), ["aws"]);
    }

    #[test]
    fn lines_are_counted() {
        let found = named(&File::new("a.rs", "/*\n*/\n\nuse crate::b;"));
        assert_eq!(found, [Named { path: vec!["b".to_owned()], line: 4 }]);
    }
}
