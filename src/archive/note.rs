//! An inspection as a short text, to travel as metadata of a staged archive.

use super::Inspection;

/// User metadata of an object in S3 has at most 2 KB in all; a zip whose root is too crowded for this gets no note.
const LIMIT: usize = 1024;

impl Inspection {
    /// `entries=3 files=2 unzipped=1234 top=python/,bin/`; `None` where that would be too long, or no plain ASCII.
    pub fn to_note(&self) -> Option<String> {
        let top: Vec<&str> = self.top_level.iter().map(String::as_str).collect();
        let plain = |name: &&str| name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',');
        let note =
            format!("entries={} files={} unzipped={} top={}", self.entries, self.files, self.unzipped, top.join(","));
        (top.iter().all(plain) && note.len() <= LIMIT).then_some(note)
    }

    /// Reads a note; `None` if it is not one.
    pub fn from_note(note: &str) -> Option<Self> {
        let mut parts = note.split(' ');
        let mut value = |name: &str| parts.next()?.strip_prefix(name)?.strip_prefix('=');
        let entries = value("entries")?.parse().ok()?;
        let files = value("files")?.parse().ok()?;
        let unzipped = value("unzipped")?.parse().ok()?;
        let top_level = value("top")?.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        Some(Self { entries, files, unzipped, top_level })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_reads_back_and_nothing_else_is_one() {
        let inspection = Inspection {
            entries: 3,
            files: 2,
            unzipped: 1_234,
            top_level: ["python/".to_owned(), "bin/".to_owned()].into(),
        };
        let note = inspection.to_note().unwrap();
        assert_eq!(note, "entries=3 files=2 unzipped=1234 top=bin/,python/");
        assert_eq!(Inspection::from_note(&note), Some(inspection));
        for bad in ["", "entries=3", "entries=x files=2 unzipped=1 top=", "files=2 entries=3 unzipped=1 top=a"] {
            assert_eq!(Inspection::from_note(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_root_that_does_not_fit_has_no_note() {
        let named = |name: String| Inspection { top_level: [name].into(), ..Inspection::default() };
        assert_eq!(named("naïve/".to_owned()).to_note(), None);
        assert_eq!(named("a b/".to_owned()).to_note(), None);
        assert_eq!(named("a,b/".to_owned()).to_note(), None);
        assert_eq!(named("a".repeat(LIMIT)).to_note(), None);
    }
}
