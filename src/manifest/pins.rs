//! Which lines of a manifest leave open what will be installed.

use super::format::Format;
use super::mask::mask;
use super::requirements::{Asks, Line, exact_version, lines, revision};
use super::text::decode;

/// A line that leaves open what will be installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpinned {
    /// Where the line starts, counted from 1.
    pub line: usize,
    /// What it asks for, masked, without comment and hashes.
    pub text: String,
}

/// The lines of a requirements file that leave open what will be installed; none for lock files, which are
/// pinned by nature.
///
/// | line | pinned |
/// |---|---|
/// | `name==1.0`, `name===1.0`, also beside other clauses | yes |
/// | `name`, `name>=1`, `name~=1.0`, `name==1.*`, `name==${VERSION}` | no |
/// | `name @ URL`, or a URL or path alone | only with `#sha256=…` (or another hash pip knows) or `--hash` |
/// | `git+https://…@REVISION`, also behind `-e` | only with a full commit id, 40 or 64 hex digits |
/// | `-e PATH` | no |
/// | `-r FILE` | no: what it includes lies outside the manifest's bytes |
/// | `-c FILE`, `--index-url` and other options | no requirement, never listed |
pub fn unpinned(format: Format, bytes: &[u8]) -> Vec<Unpinned> {
    if format != Format::Requirements {
        return Vec::new();
    }
    // Bytes that are not text are still judged line by line: better a warning too many.
    let text = decode(bytes).unwrap_or_else(|| String::from_utf8_lossy(bytes));
    let open = lines(&text).filter(|line| !is_pinned(line));
    open.map(|line| Unpinned { line: line.number, text: shown(&line.text) }).collect()
}

/// Masked, and on one line with single blanks, however it was continued.
fn shown(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    mask(&words.join(" ")).into_owned()
}

fn is_pinned(line: &Line) -> bool {
    match &line.asks {
        Asks::Version { specifier, .. } => exact_version(specifier).is_some(),
        Asks::Location { url, .. } => !line.hashes.is_empty() || has_hash(url) || has_commit(url),
        Asks::Editable { url, .. } => has_commit(url),
        Asks::Include(_) | Asks::Unreadable => false,
    }
}

/// Whether a URL's fragment names the hash of the file.
fn has_hash(url: &str) -> bool {
    let (_, fragment) = url.split_once('#').unwrap_or((url, ""));
    fragment.split('&').filter_map(|part| part.split_once('=')).any(|(algorithm, digest)| {
        ["sha512", "sha384", "sha256", "sha224", "sha1", "md5"].contains(&algorithm) && is_hex(digest)
    })
}

/// Whether a version control URL names a full commit id: a branch or tag moves, and a short id may.
fn has_commit(url: &str) -> bool {
    revision(url).is_some_and(|revision| [40, 64].contains(&revision.len()) && is_hex(revision))
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::{Format, Unpinned, unpinned};

    const COMMIT: &str = "0e322af87745eff34caffe4df68456ebc20d9068";

    fn judged(text: &str) -> Vec<Unpinned> {
        unpinned(Format::Requirements, text.as_bytes())
    }

    #[test]
    fn pinned_lines_are_silent() {
        let table = [
            "requests==2.31.0",
            "requests == 2.31.0  # why",
            "requests===2.31.0",
            "requests[socks]==2.31.0; python_version < '3.12'",
            "requests (==2.31.0)",
            "requests>=2,==2.31.0",
            "numpy==1!2.0+local.1 --hash=sha256:abc",
            "requests==2.31.0 \\\n    --hash=sha256:abc \\\n    --hash=sha256:def",
            "# comment only",
            "",
            "--index-url https://host/simple",
            "-c constraints.txt",
            "--require-hashes",
            "--no-binary :all:",
            "tool @ https://host/tool-1.0-py3-none-any.whl#sha256=00ff",
            "tool @ https://host/tool.zip#egg=tool&md5=00ff ; python_version < '4'",
            "https://host/tool-1.0-py3-none-any.whl --hash=sha256:00ff",
        ];
        for text in table {
            assert_eq!(judged(text), [], "{text}");
        }
        assert_eq!(judged(&format!("tool @ git+https://host/tool.git@{COMMIT}#egg=tool")), []);
        assert_eq!(judged(&format!("-e git+ssh://git@host/tool.git@{COMMIT}")), []);
    }

    #[test]
    fn open_lines_are_listed() {
        let table = [
            "requests",
            "requests>=2.31.0",
            "requests~=2.31.0",
            "requests==2.*",
            "requests==2.31.*",
            "requests==${VERSION}",
            "requests!=2.31.0",
            "requests; python_version == '3.12'",
            "requests<=2.31.0,!=2.30",
            "requests ==",
            "-r other.txt",
            "-rother.txt",
            "--requirement other.txt",
            "--requirement=other.txt",
            "-e .",
            "--editable ./tool",
            "./tool",
            "tool-1.0-py3-none-any.whl",
            "tool @ https://host/tool-1.0-py3-none-any.whl",
            "tool @ https://host/tool.whl#sha256=",
            "tool @ git+https://host/tool.git",
            "tool @ git+https://host/tool.git@main",
            "tool @ git+https://host/tool.git@0e322af",
            "this is no requirement",
        ];
        for text in table {
            assert_eq!(judged(text), [Unpinned { line: 1, text: text.to_owned() }], "{text}");
        }
    }

    #[test]
    fn a_commit_belongs_to_version_control_only() {
        assert_eq!(judged(&format!("tool @ https://host/tool@{COMMIT}")).len(), 1);
    }

    #[test]
    fn lines_are_counted_as_an_editor_does_and_masked() {
        let text = "# top\r\nsix==1.16.0 \\\r\n  --hash=sha256:ab\r\n\r\nrequests \\\r\n  >=2 --hash=sha256:ab  # why\r\n-e git+https://user:SECRET@host/tool.git@main#egg=tool\r\n";
        let expected = [
            Unpinned { line: 5, text: "requests >=2".to_owned() },
            Unpinned { line: 7, text: "-e git+https://****@host/tool.git@main#egg=tool".to_owned() },
        ];
        assert_eq!(judged(text), expected);
    }

    #[test]
    fn lock_files_are_pinned_by_nature_and_bytes_never_panic() {
        assert_eq!(unpinned(Format::UvLock, b"requests>=2"), []);
        assert_eq!(unpinned(Format::Unknown, b"requests>=2"), []);
        assert_eq!(unpinned(Format::Requirements, b"requests\xff\n").len(), 1);
    }
}
