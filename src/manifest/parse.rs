//! The dependencies of a manifest, by its format.

use super::dependencies::{Dependencies, LIMIT};
use super::format::Format;
use super::text::decode;
use super::unreadable::Unreadable;
use super::{json_locks, line_locks, requirements, toml_locks};

/// The dependencies that a manifest of this format names; `None` for a format that is only compared by its bytes.
///
/// # Errors
/// Where the bytes cannot be read as that format: the line and the reason. Such a manifest is compared by its bytes.
pub fn dependencies(format: Format, bytes: &[u8]) -> Result<Option<Dependencies>, Unreadable> {
    if format == Format::Unknown {
        return Ok(None);
    }
    let text = decode(bytes).ok_or_else(|| Unreadable::new("it is not text"))?;
    let found = match format {
        Format::Requirements => requirements::dependencies(&text),
        Format::UvLock => toml_locks::uv(&text),
        Format::PoetryLock => toml_locks::poetry(&text),
        Format::PdmLock => toml_locks::pdm(&text),
        Format::Pylock => toml_locks::pylock(&text),
        Format::CargoLock => toml_locks::cargo(&text),
        Format::PipfileLock => json_locks::pipfile(&text),
        Format::NpmLock => json_locks::npm(&text),
        Format::ComposerLock => json_locks::composer(&text),
        Format::YarnLock => line_locks::yarn(&text),
        Format::PnpmLock => line_locks::pnpm(&text),
        Format::GemfileLock => line_locks::gemfile(&text),
        Format::GoSum => line_locks::go_sum(&text),
        Format::Unknown => return Ok(None),
    }?;
    if found.overflowed() {
        return Err(Unreadable::new(format!("it names more than {LIMIT} dependencies")));
    }
    Ok(Some(found))
}
