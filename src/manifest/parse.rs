//! The dependencies of a manifest, by its format.

use super::dependencies::{Dependencies, keeping_hashes};
use super::format::Format;
use super::includes::Includes;
use super::survey::{bounded, readable, survey};
use super::text::decode;
use super::unreadable::Unreadable;
use super::{json_locks, line_locks, npm_lock, pnpm_lock, toml_locks, yarn_lock};
use crate::halt::Halt;

/// The dependencies that a manifest of this format names; `None` for a format that is only compared by its bytes.
///
/// # Errors
/// Where the bytes cannot be read as that format: the line and the reason. Such a manifest is compared by its bytes.
pub fn dependencies(format: Format, bytes: &[u8], halt: &Halt) -> Result<Option<Dependencies>, Unreadable> {
    if format == Format::Unknown {
        return Ok(None);
    }
    let text = decode(bytes).ok_or_else(Unreadable::no_text)?;
    let found = match format {
        Format::Requirements => survey(&text, halt).named,
        Format::UvLock => toml_locks::uv(&text, halt),
        Format::PoetryLock => toml_locks::poetry(&text, halt),
        Format::PdmLock => toml_locks::pdm(&text, halt),
        Format::Pylock => toml_locks::pylock(&text, halt),
        Format::CargoLock => toml_locks::cargo(&text, halt),
        Format::PipfileLock => json_locks::pipfile(&text, halt),
        Format::NpmLock => npm_lock::npm(&text, halt),
        Format::ComposerLock => json_locks::composer(&text, halt),
        Format::YarnLock => yarn_lock::yarn(&text, halt),
        Format::PnpmLock => pnpm_lock::pnpm(&text, halt),
        Format::GemfileLock => line_locks::gemfile(&text, halt),
        Format::GoSum => line_locks::go_sum(&text, halt),
        Format::Unknown => return Ok(None),
    }?;
    let mut found = bounded(found)?;
    if tells_nobody(format) {
        found.leave_untold_who_asks();
    }
    Ok(Some(found))
}

/// Whether no file of this format says what is only for development.
fn tells_nobody(format: Format) -> bool {
    matches!(format, Format::YarnLock | Format::GemfileLock | Format::CargoLock | Format::GoSum)
}

/// What the lines of a requirements file name that can be read, where others cannot. Any text may end up there: it is to be
/// compared, and not to be shown where it lies elsewhere.
pub fn readable_part(format: Format, bytes: &[u8], halt: &Halt) -> Option<Dependencies> {
    let text = decode(bytes).filter(|_| format == Format::Requirements)?;
    bounded(readable(&text, halt)).ok()
}

/// What a manifest of this format locks, together with what it includes, and with the hashes of files as they are written;
/// `None` where that cannot be read, or the format is only compared by its bytes.
pub fn locked(format: Format, bytes: &[u8], includes: &Includes, halt: &Halt) -> Option<Dependencies> {
    keeping_hashes(|| match includes.files.is_empty() {
        true => dependencies(format, bytes, halt).ok().flatten(),
        false => includes.joined(&decode(bytes)?, halt).ok(),
    })
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    fn hashes(read: Option<Dependencies>) -> usize {
        read.unwrap()
            .iter()
            .flat_map(|(_, versions)| versions.iter())
            .map(|(_, about)| about.details().hashes.len())
            .sum()
    }

    #[test]
    fn hashes_are_kept_for_who_asks_and_for_nobody_else() {
        let (halt, none) = (Halt::default(), Includes::default());
        let manifest = format!("a==1 --hash=sha256:{}\n", "ab".repeat(32));
        let read = || dependencies(Format::Requirements, manifest.as_bytes(), &halt).unwrap();
        assert_eq!(hashes(locked(Format::Requirements, manifest.as_bytes(), &none, &halt)), 1);
        assert_eq!(hashes(read()), 0);
        // The same thread reads other manifests afterwards.
        assert!(catch_unwind(|| keeping_hashes(|| panic!("a defect of a reader"))).is_err());
        assert_eq!(hashes(read()), 0);
    }
}
