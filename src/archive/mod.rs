//! The layer's zip: what it says of itself, whether Lambda would find its content, and how a folder becomes one.
//!
//! [`inspect()`] reads any zip through ranged reads and never whole, [`misplaced`] judges its layout, [`pack()`] turns
//! a folder into a zip whose bytes depend on nothing but the folder's content.

mod digest;
mod fails_once;
mod inspect;
mod layout;
mod local;
mod note;
mod pack;
mod tree;

pub use digest::{Digest, digest};
pub use inspect::{InspectError, Inspection, ReadAt, UNZIPPED_LIMIT, inspect};
pub use layout::misplaced;
pub use local::LocalZip;
pub use pack::{PackError, Packed, pack};
