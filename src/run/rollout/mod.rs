//! A rollout: functions that use older versions of layers are found, and get the newest ones, each with what was there
//! before kept in a file.
//!
//! ```text
//! survey    one sweep of ListFunctions for each account and Region, then GetFunction of those that it is about
//! carry_out a wave of a few functions, then the rest: for each one
//!           mover: UpdateFunctionConfiguration ► wait ► read again ─► PublishVersion ─► UpdateAlias
//! ```

mod mover;
mod sizes;
mod survey;
mod trail;
mod undo;
mod wave;

pub use survey::{Survey, Surveyed, Wish, survey};
pub use undo::put_back;
pub use wave::{Wave, carry_out, tell};
