//! The layer's zip: what it says of itself, whether Lambda would find its content, and how a folder becomes one.
//!
//! [`inspect()`] reads any zip through ranged reads and never whole, [`judge()`] says what is wrong with it,
//! [`pack()`] turns a folder into a zip whose bytes depend on nothing but the folder's content.

mod digest;
mod entry;
mod fails_once;
mod inspect;
mod judge;
mod layout;
mod local;
mod note;
mod oddities;
mod pack;
mod tree;
mod window;

pub use inspect::{InspectError, Inspection, ReadAt, UNZIPPED_LIMIT, inspect};
pub use judge::judge;
pub use local::{Local, LocalZip, OpenError};
pub use oddities::{Met, Oddities, Oddity};
pub use pack::{PackError, Packed, inspect_folder, pack};
