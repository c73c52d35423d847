//! The layer's zip: what it says of itself, whether Lambda would find its content, and how a folder becomes one.
//!
//! [`inspect()`] reads any zip through ranged reads and never whole, [`judge()`] says what is wrong with it. A [`Tree`] is
//! a folder as it was looked at; [`pack()`] turns it into a zip whose bytes depend on nothing but the folder's content.

mod ballast;
mod beside;
mod blocks;
mod built_for;
mod differs;
mod entry;
mod folder;
mod homes;
mod inspect;
mod judge;
mod layout;
mod limit;
mod link;
mod links_read;
mod local;
mod natives;
mod node;
mod note;
mod oddities;
mod pack;
mod pack_error;
mod packages;
mod pin;
mod sample;
mod seal;
mod stale;
mod switched;
mod tree;
mod unzip;
mod window;

pub use differs::{Pins, differs, first_of, not_compared, together};
pub use inspect::{InspectError, Inspection, ReadAt, ZIP_LIMIT, inspect, inspect_within};
pub use judge::judge;
pub use limit::UNZIPPED_LIMIT;
pub use local::{Digests, Local, LocalZip, OpenError, Stretch};
pub use note::{Note, Purpose};
pub use pack::pack;
pub use pack_error::PackError;
pub use seal::TreeDigest;
pub use stale::{Change, IncludedFiles, stale};
pub use switched::switched;
pub use tree::Tree;
pub use window::TAIL;
