//! The dependencies of a manifest, by its format.

use super::dependencies::Dependencies;
use super::format::Format;
use super::text::decode;
use super::{json_locks, line_locks, requirements, toml_locks};

/// The dependencies that a manifest of this format names, or `None` if the bytes cannot be read as that format.
///
/// Never an error: what cannot be read is compared by its bytes and shown without names.
pub fn dependencies(format: Format, bytes: &[u8]) -> Option<Dependencies> {
    let text = decode(bytes)?;
    match format {
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
        Format::Unknown => None,
    }
}
