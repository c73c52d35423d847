//! What a manifest says: its bytes decide, its dependencies explain.
//!
//! Whether a layer changed is decided by the manifest's bytes alone ([`same_text()`]). Everything else here makes
//! that decision readable: which dependencies a manifest names ([`dependencies()`]), what differs between two of
//! them ([`difference()`]), and which lines leave a version open ([`unpinned()`]). All of it is pure, takes any
//! bytes without a panic, and never lets user info of a URL out ([`mask()`]).

mod dependencies;
mod difference;
mod format;
mod json_locks;
mod line_locks;
mod mask;
mod parse;
mod pins;
mod read;
mod requirements;
mod text;
mod toml_locks;
mod urls;

#[cfg(test)]
mod samples;

pub use dependencies::Dependencies;
#[cfg(test)]
pub use difference::{Changed, Dependency};
pub use difference::{Difference, difference};
pub use format::Format;
pub use mask::mask;
pub use parse::dependencies;
pub use pins::unpinned;
pub use read::{Manifest, ReadError, read};
pub use text::same_text;
