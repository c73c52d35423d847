//! What a reader of a lock file reads, as one line, for the tests of all of them.

use super::dependencies::Dependencies;
use super::unreadable::Unreadable;
use crate::halt::Halt;

/// A reader of one format.
pub(super) type Read = fn(&str, &Halt) -> Result<Dependencies, Unreadable>;

/// Each name with each version, or `None` where nothing could be read.
pub(super) fn shown(dependencies: Result<Dependencies, Unreadable>) -> Option<String> {
    Some(line_of(&dependencies.ok()?))
}

/// The same of what was read.
pub(super) fn line_of(dependencies: &Dependencies) -> String {
    let named = dependencies.iter().flat_map(|(name, versions)| versions.keys().map(move |version| (name, version)));
    named.map(|(name, version)| format!("{name} {}", version.as_str())).collect::<Vec<_>>().join(", ")
}
