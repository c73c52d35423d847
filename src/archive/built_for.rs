//! What native code was built for, as names and the first bytes of files tell.

/// Architectures of Lambda, in its words.
pub(super) const LAMBDA: [&str; 2] = ["x86_64", "arm64"];

const MACOS: &str = "macOS";
const WINDOWS: &str = "Windows";

/// Machines and systems as Python's names have them, and as they are told.
const NAMED: [(&str, &str); 8] = [
    ("x86_64", "x86_64"),
    ("aarch64", "arm64"),
    ("arm", "32-bit ARM"),
    ("i386", "i386"),
    ("riscv64", "riscv64"),
    ("powerpc64le", "ppc64le"),
    ("s390x", "s390x"),
    ("darwin", MACOS),
];

/// What an extension module of Python was built for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct BuiltFor {
    /// `3.12`
    pub python: String,
    /// An architecture as Lambda names it, or another machine or system.
    pub machine: &'static str,
}

/// Modules for the other C library, that of Alpine: no Python of Lambda finds them, or could load them.
const MUSL: [(&str, &str); 2] = [("x86_64", "x86_64 (musl)"), ("arm64", "arm64 (musl)")];

impl BuiltFor {
    /// What the header of such a file tells.
    pub fn header(&self) -> &'static str {
        MUSL.iter().find(|(_, machine)| *machine == self.machine).map_or(self.machine, |(header, _)| header)
    }

    /// Whether it is for the other C library.
    pub fn is_for_musl(&self) -> bool {
        MUSL.iter().any(|(_, machine)| *machine == self.machine)
    }

    /// Of `python/…/name.cpython-312-x86_64-linux-gnu.so`, or `name.cp312-win_amd64.pyd`.
    pub fn of_name(path: &str) -> Option<Self> {
        let path = path.trim_start_matches("./").strip_prefix("python/")?;
        if let Some((_, tag)) = path.strip_suffix(".pyd").and_then(|path| path.rsplit_once(".cp")) {
            return Some(Self {
                python: python(tag.split_once("-win").map(|(version, _)| version)?)?,
                machine: WINDOWS,
            });
        }
        let (_, tag) = path.strip_suffix(".so")?.rsplit_once(".cpython-")?;
        let mut parts = tag.split('-');
        let (version, machine) = (parts.next()?, parts.next()?);
        let (_, machine) = NAMED.iter().find(|(name, _)| *name == machine)?;
        let musl = MUSL.iter().find(|(glibc, _)| glibc == machine && tag.ends_with("-musl"));
        let machine = musl.map_or(machine, |(_, musl)| musl);
        Some(Self { python: python(version)?, machine })
    }
}

/// `3.12` of `312`. 3.13t is the Python without a global lock, which Lambda does not have.
fn python(version: &str) -> Option<String> {
    let minor = version.strip_prefix('3')?;
    let is_minor = !minor.is_empty() && minor.bytes().all(|byte| byte.is_ascii_digit());
    is_minor.then(|| format!("3.{minor}"))
}

/// An extension module where each Python of the layer looks, without what it was built for; and the Python that its name
/// tells: without one, any finds it.
pub(super) fn module(path: &str) -> Option<(&str, Option<String>)> {
    let path = path.trim_start_matches("./").strip_prefix("python/").filter(|path| !path.starts_with("lib/python"))?;
    let stem = path.strip_suffix(".so")?;
    Some(match stem.rsplit_once(".cpython-") {
        Some((stem, tag)) => (stem, Some(python(tag.split('-').next()?)?)),
        None => (stem.strip_suffix(".abi3").unwrap_or(stem), None),
    })
}

/// What the first bytes of a library or a program tell.
pub(super) fn of_header(content: &[u8]) -> Option<&'static str> {
    match content.get(..4)? {
        b"\x7fELF" => elf(content),
        b"\xfe\xed\xfa\xce" | b"\xfe\xed\xfa\xcf" | b"\xce\xfa\xed\xfe" | b"\xcf\xfa\xed\xfe" | b"\xca\xfe\xba\xbe" => {
            Some(MACOS)
        }
        [b'M', b'Z', ..] => Some(WINDOWS),
        _ => None,
    }
}

fn elf(content: &[u8]) -> Option<&'static str> {
    const LITTLE: u8 = 1;
    let (bits, order) = (*content.get(4)?, *content.get(5)?);
    let machine = [*content.get(18)?, *content.get(19)?];
    let machine = if order == LITTLE { u16::from_le_bytes(machine) } else { u16::from_be_bytes(machine) };
    Some(match (bits, order, machine) {
        (2, LITTLE, 62) => "x86_64",
        (2, LITTLE, 183) => "arm64",
        (_, _, 40) => "32-bit ARM",
        (_, _, 3) => "i386",
        (_, _, 243) => "riscv64",
        (_, _, 21) => "ppc64le",
        (_, _, 22) => "s390x",
        _ => "another machine",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_python_and_machine() {
        let table = [
            ("python/a.cpython-312-x86_64-linux-gnu.so", Some(("3.12", "x86_64"))),
            (
                "./python/lib/python3.9/site-packages/b/a.cpython-39-aarch64-linux-musl.so",
                Some(("3.9", "arm64 (musl)")),
            ),
            ("python/a.cpython-312-arm-linux-gnueabihf.so", Some(("3.12", "32-bit ARM"))),
            ("python/a.cpython-312-darwin.so", Some(("3.12", "macOS"))),
            ("python/a.cp312-win_amd64.pyd", Some(("3.12", "Windows"))),
            ("python/a.cp313t-win_amd64.pyd", None),
            ("python/a.pyd", None),
            ("python/cryptography/_rust.abi3.so", None),
            ("python/numpy.libs/libscipy_openblas64_.so", None),
            ("python/a.cpython-313t-x86_64-linux-gnu.so", None),
            ("python/a.cpython-312-x86_64-linux-gnu.so.txt", None),
            ("python/a.cpython-312-vax-linux-gnu.so", None),
            ("python/a.cpython-.so", None),
            ("python/a.cpython-3-x86_64.so", None),
            ("lib/a.cpython-312-x86_64-linux-gnu.so", None),
        ];
        for (path, expected) in table {
            let built_for = expected.map(|(python, machine)| BuiltFor { python: python.to_owned(), machine });
            assert_eq!(BuiltFor::of_name(path), built_for, "{path}");
        }
    }

    #[test]
    fn headers_tell_the_machine() {
        let elf = |bits: u8, order: u8, machine: [u8; 2]| {
            [b"\x7fELF".as_slice(), &[bits, order, 1], &[0; 11], &machine, &[0; 44]].concat()
        };
        let table = [
            (elf(2, 1, [62, 0]), Some("x86_64")),
            (elf(2, 1, [183, 0]), Some("arm64")),
            (elf(1, 1, [40, 0]), Some("32-bit ARM")),
            (elf(1, 1, [3, 0]), Some("i386")),
            (elf(2, 1, [243, 0]), Some("riscv64")),
            (elf(2, 2, [0, 22]), Some("s390x")),
            (elf(1, 1, [62, 0]), Some("another machine")),
            (elf(2, 2, [0, 183]), Some("another machine")),
            (b"\xcf\xfa\xed\xfe\x07".to_vec(), Some("macOS")),
            (b"\xca\xfe\xba\xbe".to_vec(), Some("macOS")),
            (b"MZ\x90\0".to_vec(), Some("Windows")),
            (b"\x7fELF\x02\x01".to_vec(), None),
            (b"#!/bin/sh".to_vec(), None),
            (b"".to_vec(), None),
        ];
        for (content, expected) in table {
            assert_eq!(of_header(&content), expected, "{content:?}");
        }
    }
}
