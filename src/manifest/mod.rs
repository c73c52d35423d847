//! What a manifest says: its bytes decide, its dependencies explain.
//!
//! Whether a layer changed is decided by the manifest's bytes ([`same_text()`]), or by the dependencies that it names
//! where the layer says so. Everything else here makes that decision readable: which dependencies a manifest names
//! ([`dependencies()`]), what differs between two of them ([`difference()`]), which lines leave a version open
//! ([`Manifest::open_lines()`]) and which carry credentials ([`Manifest::secret()`]). All of it is pure, takes any bytes without a panic, in
//! time and memory that follow their number, and never lets a credential of a URL out ([`mask()`]).

mod alike;
mod askers;
mod bytes_of;
mod constraints;
mod credentials;
mod dependencies;
mod difference;
mod environment;
mod escapes;
mod first;
mod format;
mod hosts;
mod includes;
mod indexes;
mod json;
mod json_locks;
mod keys;
mod left_out;
mod line_locks;
mod lines;
mod manner;
mod marker;
mod marker_form;
mod mask;
mod meaning;
mod named;
mod node;
mod npm_lock;
mod options;
mod parse;
mod pins;
mod placeholder;
mod pnpm_keys;
mod pnpm_lock;
mod pnpm_needs;
mod pylock_groups;
mod quoted;
mod read;
mod requirements;
mod secrets;
mod survey;
mod text;
mod tokens;
mod toml_locks;
mod toml_parts;
mod toml_sums;
mod unreadable;
mod urls;
mod uses;
mod uv_graph;
mod uv_ways;
mod variables;
mod versions;
mod yaml;
mod yaml_tree;
mod yarn_lock;

#[cfg(test)]
mod halted;
#[cfg(test)]
mod reading;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod samples;

pub use askers::Askers;
pub use bytes_of::ReadError;
pub use dependencies::Dependencies;
pub use difference::{Changed, Dependency, Difference, Only, both, difference};
pub use environment::Environments;
pub use format::Format;
pub use includes::{Included, Includes, NotIncluded, plain};
pub use indexes::names_other_indexes;
pub use left_out::{is_left_out, is_left_out_with_botocore};
pub use mask::{hide_credentials, is_open, mask};
pub use meaning::same_meaning;
pub use parse::{dependencies, locked, readable_part};
pub use pins::{Open, Unpinned};
pub use read::{Manifest, included_paths, read};
pub use requirements::normalised;
pub use text::same_text;
pub use versions::{About, Contents, Details, Need, Version, Versions};
