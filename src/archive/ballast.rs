//! What a layer carries for nothing: it counts towards Lambda's limit.

use super::limit::megabytes;
use super::packages::below_python;
use crate::finding::{Check, Finding};

/// Packages that Lambda's Python runtimes bring.
const BROUGHT: [&str; 4] = ["boto3", "botocore", "s3transfer", "jmespath"];

/// Less is not worth a word.
const WORTH: u64 = 1_000_000;

/// How much of an archive is of no use in a layer, unzipped, in bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ballast {
    /// Bytecode. Python uses it only where the times of the sources are those at which it was compiled, and a folder that
    /// is packed reproducibly keeps no times.
    caches: u64,
    /// What the runtime brings.
    brought: u64,
}

impl Ballast {
    pub(super) fn meet(&mut self, path: &[u8], size: u64) {
        let is_cache = path.split(|byte| *byte == b'/').any(|part| part == b"__pycache__");
        let package = str::from_utf8(path).ok().and_then(below_python).and_then(|path| path.split_once('/'));
        let is_brought = package.is_some_and(|(package, _)| BROUGHT.contains(&package));
        let kind = match (is_cache, is_brought) {
            (true, _) => &mut self.caches,
            (_, true) => &mut self.brought,
            _ => return,
        };
        *kind = kind.saturating_add(size);
    }

    /// What could be left out.
    pub fn judge(&self) -> Option<Finding> {
        let kinds =
            [(self.caches, "bytecode in `__pycache__`"), (self.brought, "packages that the runtime brings (boto3)")];
        let worth = kinds.into_iter().filter(|(bytes, _)| *bytes >= WORTH);
        let told: Vec<String> = worth.map(|(bytes, what)| format!("{} of {what}", megabytes(bytes))).collect();
        let hint = "leave it out where the layer is built, for example with `pip install --no-compile`";
        let message = format!("it holds {}", told.join(" and "));
        (!told.is_empty()).then(|| Finding::advice(Check::ArchiveBallast, message, hint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(entries: &[(&str, u64)]) -> Option<String> {
        let mut ballast = Ballast::default();
        entries.iter().for_each(|(path, size)| ballast.meet(path.as_bytes(), *size));
        ballast.judge().map(|finding| finding.message)
    }

    #[test]
    fn only_what_is_of_no_use_is_told() {
        insta::assert_snapshot!(told(&[
            ("python/botocore/data/ec2/service-2.json", 2_000_000),
            ("./python/boto3/session.py", 100_000),
            ("python/lib/python3.12/site-packages/boto3/session.py", 300_000),
            ("python/a/__pycache__/a.cpython-312.pyc", 1_200_000),
            ("python/botocore/__pycache__/b.cpython-312.pyc", 100_000),
        ]).unwrap(), @"it holds 1.3 MB of bytecode in `__pycache__` and 2.4 MB of packages that the runtime brings (boto3)");
        let small_or_used = [
            ("python/boto3/a.py", WORTH - 1),
            ("python/a/__pycache__/a.pyc", WORTH - 1),
            ("python/requests/boto3/a.py", WORTH),
            ("python/boto3-stubs/a.pyi", WORTH),
            ("nodejs/boto3/a.py", WORTH),
            ("python/lib/boto3/a.py", WORTH),
            ("python/boto3", WORTH),
            ("boto3", WORTH),
            ("", WORTH),
        ];
        assert_eq!(told(&small_or_used), None);
        assert!(told(&[("python/__pycache__/a.pyc", u64::MAX), ("python/__pycache__/b.pyc", 1)]).is_some());
    }
}
