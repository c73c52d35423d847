//! How long, how often, how far.

use core::time::Duration;

/// The protocol's constants. [`Rules::default`] is what runs in production; a model takes smaller ones.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rules {
    /// How long a lock lives without being renewed.
    pub lease: Duration,
    /// How often it is renewed while it is held.
    pub renewal: Duration,
    /// How often a lock that another holds is looked at, and the first pause between two looks for a version.
    pub poll: Duration,
    /// How long a living holder is waited for: the setting `lock-wait-seconds`.
    pub lock_wait: Duration,
    /// How long a lock is tried that can neither be read nor written, and a look that fails once all is settled.
    pub patience: Duration,
    /// How long throttled publishes are repeated.
    pub throttle_patience: Duration,
    /// The age from which Lambda refuses a signature: "Signature expired … - 5 min.".
    pub signature_age: Duration,
    /// How long a back-dated publish can be accepted: it is signed as of `signature_age` − `window` ago.
    pub window: Duration,
    /// What Lambda may need to finish a publish that it accepted, and to show it: `publish-settle-seconds`.
    pub settle: Duration,
    /// No time in a lock counts for longer than this after the lock's Last-Modified.
    pub longest: Duration,
    /// How often a publish may be sent without a clear answer.
    pub sends: u32,
    /// How often it is begun anew after it never left this machine, or came too late.
    pub retries: u32,
    /// How many numbers behind a version are asked for one by one.
    pub neighbours: u64,
}

/// The least that `publish-settle-seconds` may be.
pub const LEAST_SETTLE: Duration = Duration::from_secs(10);

impl Default for Rules {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(30),
            renewal: Duration::from_secs(10),
            poll: Duration::from_secs(1),
            lock_wait: Duration::from_secs(60),
            patience: Duration::from_secs(60),
            throttle_patience: Duration::from_secs(600),
            signature_age: Duration::from_secs(300),
            window: Duration::from_secs(60),
            settle: Duration::from_secs(60),
            longest: Duration::from_secs(360),
            sends: 3,
            retries: 8,
            neighbours: 8,
        }
    }
}

impl Rules {
    /// The rules with the two durations that are settings; a settle time below [`LEAST_SETTLE`] counts as that.
    pub fn with(lock_wait: Duration, settle: Duration) -> Self {
        Self { lock_wait, settle: settle.max(LEAST_SETTLE), ..Self::default() }
    }
}
