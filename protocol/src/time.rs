//! Moments and nonces: what the protocol needs from outside and may not make itself.

use core::fmt;
use core::ops::{Add, Sub};
use core::time::Duration;

/// A moment by S3's clock, in milliseconds since 1970.
///
/// Whoever drives the protocol takes it from the `Date` of S3's last answer and a clock that never jumps, and never
/// gives one that is later than the truth: an estimate that is early only makes a signature expire sooner and a wait
/// last longer.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// The moment this many milliseconds after 1970 began.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970 began.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this is; nothing if it is before it.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    fn add(self, later: Duration) -> Self {
        Self(self.0.saturating_add(millis(later)))
    }
}

impl Sub<Duration> for Time {
    type Output = Self;

    fn sub(self, earlier: Duration) -> Self {
        Self(self.0.saturating_sub(millis(earlier)))
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

/// A duration in whole milliseconds.
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A number that no other write of a lock has.
///
/// Entity tags are made from the content: two writes of the same bytes would have the same tag, and a late one could
/// pass for the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nonce(pub u64);

/// When something was seen, and a nonce for the write that may follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Moment {
    /// Now, by S3's clock.
    pub now: Time,
    /// Fresh with every moment.
    pub nonce: Nonce,
}

/// Pauses between looks: once, twice, four times … sixteen times as long.
pub fn pause(first: Duration, looks: u32) -> Duration {
    first * 2u32.pow(looks.min(4))
}
