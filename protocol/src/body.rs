//! What a lock says.

mod read;
mod write;

use alloc::string::String;
use alloc::sync::Arc;
use core::time::Duration;

pub use read::{BODY_LIMIT, Content};

use crate::digest::{Md5, Sha256};
use crate::time::{Nonce, Time};

/// A layer version's number; 0 stands for none.
pub type Version = u64;

/// The format that is written. A lock of a higher one is never overwritten.
pub const FORMAT: u64 = 1;

/// Names and ids in a lock are cut off here, in bytes.
const TEXT_LIMIT: usize = 1024;

/// Who holds a lock, or wrote it last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Holder {
    /// Id of the run.
    pub run: String,
    /// Run, layer and target: no other job has the same.
    pub owner: String,
    /// Name of the machine.
    pub host: String,
    /// Id of the process.
    pub process: u32,
    /// Name of the layer.
    pub layer: String,
}

impl Holder {
    /// Whether it is the same job. What a lock cuts off does not count.
    pub fn is(&self, other: &Self) -> bool {
        clipped(&self.owner) == clipped(&other.owner)
    }
}

/// As much of a text as a lock holds.
fn clipped(text: &str) -> &str {
    let end = (0..=TEXT_LIMIT.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or_default()]
}

/// A lock.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Body {
    /// What its holder is doing.
    pub phase: Phase,
    /// Who wrote it.
    pub holder: Arc<Holder>,
    /// When it was written, by its writer's estimate of S3's clock. For people: Last-Modified counts.
    pub time: Time,
    /// The highest version that its holder, and those whose work it took over, knew of.
    pub seen: Version,
    /// What was published last under this lock.
    pub last: Option<Last>,
    /// Fresh with every write.
    pub nonce: Nonce,
}

/// What the holder of a lock is doing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Nobody holds it.
    Free,
    /// Held, and nothing was sent.
    Holding {
        /// How long it lives from its last writing.
        lease: Duration,
    },
    /// Held, and a publish may have been sent.
    Sending {
        /// How long it lives from its last writing.
        lease: Duration,
        /// What may have been sent.
        mark: Mark,
    },
    /// A lock of ours that does not say enough: of version 0.1.0, or without its times. Anything may have been sent.
    Unclear {
        /// How long it lives from its last writing.
        lease: Duration,
    },
}

/// What is said before a publish is sent. Each mark allows one request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mark {
    /// The layer, for people who read the lock.
    pub layer_arn: Arc<str>,
    /// The latest version that the sender knew of.
    pub seen: Version,
    /// Content of the version to come; `None` if the lock does not say.
    pub sha256: Option<Sha256>,
    /// Manifest of the version to come; `None` if the lock does not say.
    pub manifest_md5: Option<Md5>,
    /// After this moment Lambda refuses the request.
    pub accepted_until: Time,
    /// After this moment the request's version is visible, or there is none.
    pub settled_at: Time,
}

/// The version that was published last under a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Last {
    /// Its number.
    pub version: Version,
    /// Its content, where it is known.
    pub sha256: Option<Sha256>,
    /// Its manifest, where it is known.
    pub manifest_md5: Option<Md5>,
}
